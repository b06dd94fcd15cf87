"""Systems that make pictures from pictures. Each takes the form in which it was published; its counts are tested.

The small forms, for a CPU, are narrow networks on small squares, with the games and losses of the large ones.
"""

from __future__ import annotations

from dataclasses import replace

from organza.data.degrade import Hole, MotionBlur, Shrink
from organza.games import Adam, Cycle, Deblur, Paired, PlayerOptions
from organza.games.schedules import Halvings, LinearDecay, Steps
from organza.losses.content import ContentOptions
from organza.losses.penalties import GradientPenalty
from organza.networks.fpn import FPNGeneratorOptions
from organza.networks.ganilla import GanillaGeneratorOptions
from organza.networks.patchgan import PatchGANOptions
from organza.networks.resnet import ResNetGeneratorOptions
from organza.networks.super_resolution import RRDBOptions, SRGANDiscriminatorOptions, SRResNetOptions
from organza.networks.unet import UNetGeneratorOptions
from organza.recipes.recipe import Recipe
from organza.recipes.table import enter

ZHU = "Zhu et al. 2017, arXiv:1703.10593"
HORSES = 200 * 1334  # epochs of the larger domain of horse2zebra, as its archive has it
GOPRO = 2103  # pictures for training

CYCLES = Cycle(
    generator=PlayerOptions(ResNetGeneratorOptions(), Adam()),
    discriminator=PlayerOptions(PatchGANOptions(), Adam()),
    schedule=LinearDecay(),
)
CYCLEGAN = Recipe(
    name="cyclegan",
    summary="Two folders that nothing pairs become translators into each other, at 256x256",
    paper=ZHU,
    cost="200 epochs of horse2zebra, made for a GPU",
    game=CYCLES,
    images=HORSES,
    batch=1,
    size=256,
    flip=True,
    load=286,
    ema_half_life=0,
)
SIX_BLOCKS = replace(CYCLES, generator=PlayerOptions(ResNetGeneratorOptions(blocks=6), Adam()))

enter(CYCLEGAN)
enter(
    replace(
        CYCLEGAN,
        name="cyclegan-128",
        summary="The same at 128x128, with 6 residual blocks",
        game=SIX_BLOCKS,
        size=128,
        load=143,
    )
)
enter(
    replace(
        CYCLEGAN,
        name="cyclegan-seed",
        summary="The same in the form of the survey: 6 residual blocks at 256x256",
        game=SIX_BLOCKS,
    )
)
enter(
    replace(
        CYCLEGAN,
        name="cyclegan-tiny",
        summary="CycleGAN for a CPU: 32x32, 2 residual blocks",
        cost="about 20 minutes of one CPU core; simple worlds need less than half",
        game=Cycle(
            generator=PlayerOptions(ResNetGeneratorOptions(width=16, blocks=2), Adam(1e-3)),
            discriminator=PlayerOptions(PatchGANOptions(width=16, layers=2), Adam(1e-3)),
            schedule=LinearDecay(),
        ),
        images=60_000,
        batch=8,
        size=32,
        flip=False,
        load=0,
    )
)

GANILLA = replace(
    CYCLEGAN,
    name="ganilla",
    summary="CycleGAN's game with a generator that keeps what is in a picture and changes its style, for illustrations",
    paper="Hicsonmez et al. 2020, arXiv:2002.05638",
    cost="200 epochs of 5,402 photographs, made for a GPU",
    game=replace(CYCLES, generator=PlayerOptions(GanillaGeneratorOptions(), Adam())),
    images=200 * 5402,
)
enter(GANILLA)
enter(
    replace(
        GANILLA,
        name="ganilla-tiny",
        summary="GANILLA for a CPU: 64x64",
        cost="about 30 minutes of one CPU core",
        game=Cycle(
            generator=PlayerOptions(GanillaGeneratorOptions(width=16), Adam(1e-3)),
            discriminator=PlayerOptions(PatchGANOptions(width=16, layers=2), Adam(1e-3)),
            schedule=LinearDecay(),
        ),
        images=20_000,
        batch=4,
        size=64,
        load=72,
    )
)

PAIRS = Paired(
    generator=PlayerOptions(UNetGeneratorOptions(), Adam()),
    discriminator=PlayerOptions(PatchGANOptions(norm="batch"), Adam()),
    content=ContentOptions(pixel="l1", pixel_weight=100.0),
    own_statistics=True,
    test_dropout=True,
    schedule=LinearDecay(),
)
PIX2PIX = Recipe(
    name="pix2pix",
    summary="Pairs of pictures become a translator from one to the other, at 256x256",
    paper="Isola et al. 2017, arXiv:1611.07004",
    cost="200 epochs of 400 facades, made for a GPU",
    game=PAIRS,
    images=200 * 400,
    batch=1,
    size=256,
    flip=True,
    load=286,
    ema_half_life=0,
)
SMALL_PAIRS = replace(
    PAIRS,
    generator=PlayerOptions(UNetGeneratorOptions(width=16, downs=5, dropout=0.0), Adam(5e-4)),
    discriminator=PlayerOptions(PatchGANOptions(width=16, layers=2, norm="batch"), Adam(5e-4)),
    own_statistics=False,  # batches are large enough for those of the training
    test_dropout=False,
)
PIX2PIX_TINY = replace(
    PIX2PIX,
    name="pix2pix-tiny",
    summary="pix2pix for a CPU: 64x64, batches of 16",
    cost="about 5 minutes of one CPU core",
    game=SMALL_PAIRS,
    images=40_000,
    batch=16,
    size=64,
    load=72,
)

enter(PIX2PIX)
enter(PIX2PIX_TINY)
enter(
    replace(
        PIX2PIX_TINY,
        name="pix2pix-completion",
        summary="Fills a square hole: any folder of pictures will do, the holes are made on the way",
        paper="Isola et al. 2017, arXiv:1611.07004; Pathak et al. 2016, arXiv:1604.07379",
        game=replace(SMALL_PAIRS, degrade=Hole()),
    )
)
enter(
    replace(
        PIX2PIX_TINY,
        name="pix2pix-segmentation",
        summary="From a picture to the mask of what is in it: pairs of both",
        flip=False,
        load=0,
    )
)

enter(
    Recipe(
        name="deblurgan",
        summary="Takes motion blur out of photographs: WGAN-GP and what VGG-19 sees; sharp photographs are blurred on the way",
        paper="Kupyn et al. 2018, arXiv:1711.07064",
        cost="300 epochs of GoPro, made for a GPU: 6 days in the paper",
        game=Deblur(
            generator=PlayerOptions(ResNetGeneratorOptions(dropout=0.5, residual=True), Adam(1e-4)),
            discriminator=PlayerOptions(PatchGANOptions(padding=2), Adam(1e-4)),
            loss="wasserstein",
            penalty=GradientPenalty(penalty_axis="pixel", penalty_mix="batch"),
            n_critic=5,
            # The substitute's weight is about that of pixels: as much as the critic's output moves in the first steps.
            content=ContentOptions(perceptual_weight=100.0, substitute_weight=100.0),
            schedule=LinearDecay(schedule_constant=151, schedule_decay=149),
        ),
        images=300 * GOPRO,
        batch=1,
        size=256,
        flip=True,
        native=True,
        ema_half_life=0,
    )
)
enter(
    Recipe(
        name="deblurgan-tiny",
        summary="DeblurGAN for a CPU: 64x64, 4 residual blocks",
        paper="Kupyn et al. 2018, arXiv:1711.07064",
        cost="about 20 minutes of one CPU core",
        game=Deblur(
            generator=PlayerOptions(ResNetGeneratorOptions(width=16, blocks=4, residual=True), Adam(1e-3)),
            discriminator=PlayerOptions(PatchGANOptions(width=16, layers=2, padding=2), Adam(1e-3)),
            loss="wasserstein",
            penalty=GradientPenalty(),
            n_critic=2,
            content=ContentOptions(perceptual_weight=100.0, substitute_weight=100.0),
            degrade=MotionBlur(degrade_exposure="short"),
            schedule=LinearDecay(),
        ),
        images=30_000,
        batch=8,
        size=64,
        flip=True,
        native=True,
        ema_half_life=0,
    )
)

ADAM_V2 = Adam(1e-4, betas=(0.9, 0.999))
SHARPENING = Deblur(
    generator=PlayerOptions(FPNGeneratorOptions(), ADAM_V2),
    discriminator=PlayerOptions(PatchGANOptions(padding=2, initial="torch"), ADAM_V2),
    full_layers=5,
    history=50,
    adversarial=0.001,
    # The paper's weights; its authors' code takes the pixels' 0.5 after a normalisation that makes it 2.45 of ours.
    content=ContentOptions(pixel="mse", pixel_weight=0.5, perceptual_weight=0.006, substitute_weight=0.5),
    frozen=3 / 200,
    corrupt=True,
    schedule=LinearDecay(schedule_constant=51, schedule_decay=149, schedule_span=200, schedule_last=1e-3),
)
INCEPTION = Recipe(
    name="deblurgan-v2-inception",
    summary="Takes motion blur out of photographs: a pyramid over Inception-ResNet-v2, judged by patches and as a whole",
    paper="Kupyn et al. 2019, arXiv:1908.03826",
    cost="200 epochs of 1,000 pictures, made for a GPU",
    game=SHARPENING,
    images=200_000,
    batch=1,
    size=256,
    native=True,
    augment=True,
    ema_half_life=0,
)
MOBILENET = FPNGeneratorOptions(backbone="mobilenet-v2", width=128, head_width=64)

enter(INCEPTION)
for name, summary, network in (
    ("deblurgan-v2-mobilenet", "The same over MobileNetV2: a fraction of the arithmetic", MOBILENET),
    (
        "deblurgan-v2-dsc",
        "The same with the pyramid's convolutions split by channel: smaller still",
        replace(MOBILENET, depthwise=True),
    ),
):
    enter(
        replace(
            INCEPTION,
            name=name,
            summary=summary,
            game=replace(SHARPENING, generator=PlayerOptions(network, ADAM_V2)),
        )
    )
SMALL_ADAM = Adam(1e-3, betas=(0.9, 0.999))
enter(
    replace(
        INCEPTION,
        name="deblurgan-v2-tiny",
        summary="DeblurGAN-v2 for a CPU: a narrow pyramid over MobileNetV2, with a few residual blocks, squares of 64x64",
        cost="about 15 minutes of one CPU core",
        game=replace(
            SHARPENING,
            generator=PlayerOptions(
                FPNGeneratorOptions(
                    backbone="mobilenet-v2", width=64, head_width=32, backbone_width=0.5, norm="none", detail=4
                ),
                SMALL_ADAM,
            ),
            discriminator=PlayerOptions(PatchGANOptions(width=8, padding=2), SMALL_ADAM),
            full_layers=4,
            own_statistics=False,  # batches are large enough for those of the training
            corrupt=False,
            content=ContentOptions(pixel="l1", pixel_weight=1.0),
            degrade=MotionBlur(degrade_exposure="short"),
        ),
        images=36_000,
        batch=8,
        size=64,
        augment=False,
        flip=True,
    )
)

ENLARGING = Paired(
    generator=PlayerOptions(SRResNetOptions(), Adam(1e-4, betas=(0.9, 0.999))),
    discriminator=PlayerOptions(SRGANDiscriminatorOptions(), Adam(1e-4, betas=(0.9, 0.999))),
    conditional=False,
    discriminator_weight=1.0,
    adversarial=1e-3,
    content=ContentOptions(perceptual="vgg19-conv5_4", perceptual_weight=1 / 12.75**2, substitute_weight=1.0),
    first=5 / 6,
    ability="enlarges",
    degrade=Shrink(degrade_scale=4),
    schedule=Steps(),
)
SRGAN = Recipe(
    name="srgan",
    summary="Enlarges photographs four times: first by the pixels alone, then against a discriminator",
    paper="Ledig et al. 2017, arXiv:1609.04802",
    cost="1,200,000 steps of 16 squares, made for a GPU",
    game=ENLARGING,
    images=1_200_000 * 16,
    batch=16,
    size=96,
    flip=True,
    native=True,
    ema_half_life=0,
)
WITHOUT_NORM = replace(
    ENLARGING,
    generator=PlayerOptions(RRDBOptions(), Adam(1e-4, betas=(0.9, 0.999))),
    loss="relativistic-average",
    adversarial=5e-3,
    content=ContentOptions(
        pixel="l1",
        pixel_weight=1e-2,
        perceptual="vgg19-conv5_4-pre",
        perceptual_weight=1.0,
        perceptual_difference="l1",
    ),
    first=1_000_000 / 1_400_000,
    first_content=ContentOptions(pixel="l1", pixel_weight=1.0),
    schedule=Halvings(),
)
ESRGAN = replace(
    SRGAN,
    name="esrgan",
    summary="Enlarges photographs four times: dense residual blocks without batch normalisation, and a relativistic judge",
    paper="Wang et al. 2018, arXiv:1809.00219",
    cost="1,400,000 steps of 16 squares, made for a GPU",
    game=WITHOUT_NORM,
    images=1_400_000 * 16,
    size=128,
)
TINY_SR = Adam(1e-3, betas=(0.9, 0.999))

enter(SRGAN)
enter(ESRGAN)
enter(
    replace(
        SRGAN,
        name="srgan-tiny",
        summary="SRGAN for a CPU: twice as large, 4 blocks, squares of 48x48",
        cost="about 7 minutes of one CPU core",
        game=replace(
            ENLARGING,
            generator=PlayerOptions(SRResNetOptions(width=32, blocks=4, scale=2, norm="none", residual=True), TINY_SR),
            discriminator=PlayerOptions(SRGANDiscriminatorOptions(width=8), TINY_SR),
            degrade=Shrink(degrade_scale=2),
            content=replace(ENLARGING.content, pixel="mse", pixel_weight=1.0),
        ),
        images=40_000,
        size=48,
    )
)
enter(
    replace(
        ESRGAN,
        name="esrgan-tiny",
        summary="ESRGAN for a CPU: twice as large, 2 dense residual blocks, squares of 48x48",
        cost="about 15 minutes of one CPU core",
        game=replace(
            WITHOUT_NORM,
            generator=PlayerOptions(RRDBOptions(width=16, growth=8, blocks=2, scale=2), TINY_SR),
            discriminator=PlayerOptions(SRGANDiscriminatorOptions(width=8), TINY_SR),
            degrade=Shrink(degrade_scale=2),
        ),
        images=100_000,
        size=48,
    )
)
