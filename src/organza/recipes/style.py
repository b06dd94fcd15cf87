"""Systems that make pictures from noise by way of styles, and R3GAN, which does without all that they need.

The small forms, for a CPU, have the games, losses and layers of the large ones, and few channels. What differs besides is said
beside it.
"""

from __future__ import annotations

from dataclasses import replace

from organza.games import Adam, NoiseToImage, PlayerOptions, Style
from organza.games.augmenting import Adaptive, NoAugmentation, Rising
from organza.games.schedules import BurnIn
from organza.losses.penalties import R1, R1R2
from organza.networks.r3gan import R3GANDiscriminatorOptions, R3GANGeneratorOptions
from organza.networks.style.stylegan import StyleGANDiscriminatorOptions, StyleGANGeneratorOptions
from organza.networks.style.stylegan2 import StyleGAN2DiscriminatorOptions, StyleGAN2GeneratorOptions
from organza.recipes.fields import override
from organza.recipes.recipe import Recipe
from organza.recipes.table import enter

# Of the small forms: channels times pixels a side, channels at most, entries of z and w.
BASE, MOST, LENGTH = 1024, 64, 64
BETAS = (0.0, 0.99)

# Both papers have gamma 10 at 1024 pixels and batches of 32, where the rule by which it follows other sizes says 6.6.
STYLEGAN_GAME = Style(
    generator=PlayerOptions(StyleGANGeneratorOptions(), Adam(1e-3, BETAS)),
    discriminator=PlayerOptions(StyleGANDiscriminatorOptions(), Adam(1e-3, BETAS)),
    penalty=R1("auto"),
    z_dim=512,
    growing=True,
)
STYLEGAN = Recipe(
    name="stylegan",
    summary="Style-based generator: a mapped latent vector steers every layer; grows from 8x8 to 1024x1024",
    paper="Karras et al. 2019, arXiv:1812.04948",
    cost="25 million images, a week on eight V100 at 1024 pixels (the paper)",
    game=STYLEGAN_GAME,
    images=25_000_000,
    batch=32,
    size=1024,
    flip=True,
)
enter(STYLEGAN)

STYLEGAN2_GAME = Style(
    generator=PlayerOptions(StyleGAN2GeneratorOptions(), Adam(2e-3, BETAS)),
    discriminator=PlayerOptions(StyleGAN2DiscriminatorOptions(), Adam(2e-3, BETAS)),
    penalty=R1("auto"),
    penalty_every=16,
    path_length_weight=2.0,
    z_dim=512,
)
STYLEGAN2 = replace(
    STYLEGAN,
    name="stylegan2",
    summary="StyleGAN without its artefacts: demodulated convolutions, skips and residuals, lazy R1 and path lengths",
    paper="Karras et al. 2020, arXiv:1912.04958",
    cost="25 million images, 101 hours on eight A100 at 1024 pixels (NVlabs/stylegan3, docs/configs.md)",
    game=STYLEGAN2_GAME,
)
enter(STYLEGAN2)

# The authors' configuration "auto", for pictures of 256 pixels on one GPU.
ADA = replace(
    STYLEGAN2,
    name="stylegan2-ada",
    summary="StyleGAN2 for few pictures: all that the discriminator sees is augmented, as much as its over-fitting asks for",
    paper="Karras et al. 2020, arXiv:2006.06676",
    cost="25 million images at most, made for GPUs",
    game=replace(
        STYLEGAN2_GAME,
        generator=PlayerOptions(StyleGAN2GeneratorOptions(channel_base=16384, mapping_layers=2), Adam(2.5e-3, BETAS)),
        discriminator=PlayerOptions(StyleGAN2DiscriminatorOptions(channel_base=16384), Adam(2.5e-3, BETAS)),
        augmentation=Adaptive(),
    ),
    batch=16,
    size=256,
    ema_half_life=5_000,
    ema_ramp=0.05,
)
enter(ADA)

# Twice the rate of the large form, and gamma 1; its penalty comes in every 16th step only, as the second's, which saves a third
# of the time. Small batches, from the beginning, because in a quarter of an hour it is steps that are short.
enter(
    replace(
        STYLEGAN,
        name="stylegan-tiny",
        summary="StyleGAN for a CPU: 32x32, 64 channels, 4 layers from z to w, grows from 8x8",
        cost="44,000 images, 14 minutes of one CPU core",
        game=replace(
            STYLEGAN_GAME,
            generator=PlayerOptions(
                StyleGANGeneratorOptions(channel_base=BASE, channel_max=MOST, w_dim=LENGTH, mapping_layers=4),
                Adam(2e-3, BETAS),
            ),
            discriminator=PlayerOptions(
                StyleGANDiscriminatorOptions(channel_base=BASE, channel_max=MOST), Adam(2e-3, BETAS)
            ),
            penalty=R1(1.0),
            penalty_every=16,
            z_dim=LENGTH,
            growing_batches=False,
            growing_phase=0.15,
        ),
        images=44_000,
        batch=16,
        size=32,
        flip=False,
        ema_ramp=0.05,
    )
)

# Gamma 1, where the rule says 0.01: in some thousand steps the discriminator must not run ahead. Small batches, as above.
TINY2_GAME = replace(
    STYLEGAN2_GAME,
    generator=PlayerOptions(
        StyleGAN2GeneratorOptions(channel_base=BASE, channel_max=MOST, w_dim=LENGTH, mapping_layers=4),
        Adam(2e-3, BETAS),
    ),
    discriminator=PlayerOptions(StyleGAN2DiscriminatorOptions(channel_base=BASE, channel_max=MOST), Adam(2e-3, BETAS)),
    penalty=R1(1.0),
    z_dim=LENGTH,
)
TINY2 = replace(
    STYLEGAN2,
    name="stylegan2-tiny",
    summary="StyleGAN2 for a CPU: 32x32, 64 channels, 4 layers from z to w",
    cost="60,000 images, 14 minutes of one CPU core",
    game=TINY2_GAME,
    images=60_000,
    batch=16,
    size=32,
    flip=False,
    ema_ramp=0.05,
)
enter(TINY2)

enter(
    replace(
        TINY2,
        name="stylegan2-ada-tiny",
        summary="StyleGAN2 with adaptive augmentation for a CPU: 32x32, 64 channels",
        cost="60,000 images, a quarter of an hour or more of one CPU core; not measured",
        paper=ADA.paper,
        game=replace(TINY2_GAME, augmentation=Adaptive(augmentation_images=50_000)),
    )
)

# In the authors' code the average's half-life rises along half a cosine, too; here in a straight line, which gets there at the
# same 20 million images.
R3GAN_GAME = NoiseToImage(
    generator=PlayerOptions(R3GANGeneratorOptions(), Adam(2e-4, (0.0, 0.9))),
    discriminator=PlayerOptions(R3GANDiscriminatorOptions(), Adam(2e-4, (0.0, 0.9))),
    loss="relativistic",
    penalty=R1R2(0.05),
    augmentation=Rising(augmentation_colour=0.5, augmentation_cutout=1.0, augmentation_last=0.55),
    schedule=BurnIn(),
    z_dim=64,
)
R3GAN = Recipe(
    name="r3gan",
    summary="A modern baseline: relativistic loss with R1 and R2, residual networks without normalisation, as on CIFAR-10",
    paper="Huang et al. 2024, arXiv:2501.05441",
    cost="250 million images, 4 days on eight L40 (brownvc/R3GAN, issue 19)",
    game=R3GAN_GAME,
    images=250_000_000,
    batch=512,
    size=32,
    flip=True,
    ema_half_life=5_000_000,
    ema_ramp=0.25,
)
enter(R3GAN)

SMALL = {"width": (128,), "full_to": 8, "blocks": (1,), "expansion": 1, "group_width": (32,)}

# Five times the rate of the large form and ten times its gamma, which falls to a fifth; the penalty comes in every fourth step
# only; Adam's memory is constant, and the burn-in takes nearly all of the budget: the rate falls to a quarter in it.
enter(
    replace(
        R3GAN,
        name="r3gan-tiny",
        summary="R3GAN for a CPU: 32x32, 32 to 128 channels, one block at each size, no augmentation",
        cost="64,000 images, 15 minutes of one CPU core",
        game=replace(
            R3GAN_GAME,
            generator=PlayerOptions(override(R3GANGeneratorOptions(), SMALL), Adam(1e-3, BETAS)),
            discriminator=PlayerOptions(override(R3GANDiscriminatorOptions(), SMALL), Adam(1e-3, BETAS)),
            penalty=R1R2(0.5),
            penalty_every=4,
            augmentation=NoAugmentation(),
            schedule=BurnIn(schedule_share=0.9, schedule_penalty=0.2, schedule_memory=(0.99, 0.99)),
        ),
        images=64_000,
        batch=16,
        flip=False,
        ema_half_life=10_000,
        ema_ramp=0.05,
    )
)
