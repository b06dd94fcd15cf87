"""Systems that make pictures from noise. Each takes the form in which it was published; its counts are tested."""

from __future__ import annotations

from dataclasses import replace

from organza.games import Adam, NoiseToImage, PlayerOptions, RMSprop
from organza.losses.penalties import GradientPenalty
from organza.networks.cgan import CGANDiscriminatorOptions, CGANGeneratorOptions
from organza.networks.dcgan import DCGANDiscriminatorOptions, DCGANGeneratorOptions
from organza.networks.mlp import MLPDiscriminatorOptions, MLPGeneratorOptions
from organza.recipes.recipe import Recipe
from organza.recipes.table import enter

enter(
    Recipe(
        name="gan",
        summary="The first GAN: two perceptrons of one hidden layer, in the form of the lab report on MNIST",
        paper="Goodfellow et al. 2014, arXiv:1406.2661",
        cost="100 epochs of MNIST, about 4 minutes on 2 CPU cores at the speed in docs/speed.md",
        # The report's own optimiser, SGD at 0.3 for both players, diverges within 100 steps: docs/findings.md.
        game=NoiseToImage(
            generator=PlayerOptions(MLPGeneratorOptions(), Adam()),
            discriminator=PlayerOptions(MLPDiscriminatorOptions(), Adam()),
            z_dim=100,
        ),
        images=6_000_000,
        batch=64,
        size=28,
        channels=1,
    )
)

DCGAN = NoiseToImage(
    generator=PlayerOptions(DCGANGeneratorOptions(), Adam()),
    discriminator=PlayerOptions(DCGANDiscriminatorOptions(), Adam()),
    z_dim=128,
)

enter(
    Recipe(
        name="dcgan",
        summary="Convolutional GAN at 32x32, in the form of the lecture notes on CIFAR-10",
        paper="Radford et al. 2016, arXiv:1511.06434",
        cost="25 epochs of CIFAR-10, about 1.5 hours on 2 CPU cores at the speed in docs/speed.md",
        game=DCGAN,
        images=1_250_000,
        batch=128,
        size=32,
    )
)

enter(
    Recipe(
        name="dcgan-64",
        summary="Convolutional GAN at 64x64, the authors' own form",
        paper="Radford et al. 2016, arXiv:1511.06434",
        cost="25 epochs of LSUN bedrooms (3,033,042 images), made for a GPU",
        game=NoiseToImage(
            generator=PlayerOptions(
                DCGANGeneratorOptions(width=128, kernel=5, base=4, bias="none", normalise_dense=True),
                Adam(weight_decay=1e-5),
            ),
            discriminator=PlayerOptions(
                DCGANDiscriminatorOptions(width=128, kernel=5, base=4, bias="none"), Adam(weight_decay=1e-5)
            ),
            z_dim=100,
            z_law="uniform",
        ),
        images=75_826_050,
        batch=128,
        size=64,
    )
)

# The relativistic paper's settings for all losses that are compared there: Adam at 1e-4, batches of 32, one turn each.
COMPARED = replace(
    DCGAN,
    generator=replace(DCGAN.generator, optimiser=Adam(1e-4)),
    discriminator=replace(DCGAN.discriminator, optimiser=Adam(1e-4)),
)

for name, loss, summary, paper in (
    (
        "lsgan",
        "least-squares",
        "Least squares instead of cross-entropy: no vanishing gradient for samples that are far from the real ones",
        "Mao et al. 2017, arXiv:1611.04076",
    ),
    (
        "rsgan",
        "relativistic",
        "Relativistic: the discriminator says which one of a pair, a real and a generated sample, is the more real",
        "Jolicoeur-Martineau 2018, arXiv:1807.00734",
    ),
    (
        "rasgan",
        "relativistic-average",
        "Relativistic average: more real than the other kind is on average",
        "Jolicoeur-Martineau 2018, arXiv:1807.00734",
    ),
    (
        "ralsgan",
        "relativistic-average-least-squares",
        "Relativistic average with least squares",
        "Jolicoeur-Martineau 2018, arXiv:1807.00734",
    ),
):
    enter(
        Recipe(
            name=name,
            summary=summary,
            paper=paper,
            cost="100,000 steps as in the relativistic paper, made for a GPU; a quarter of the width suits a CPU",
            game=replace(COMPARED, loss=loss),
            images=3_200_000,
            batch=32,
            size=32,
        )
    )

enter(
    Recipe(
        name="hinge",
        summary="Hinge loss with spectral normalisation instead of batch normalisation in the discriminator",
        paper="Miyato et al. 2018, arXiv:1802.05957",
        cost="100,000 steps, made for a GPU; a quarter of the width suits a CPU",
        game=replace(
            DCGAN,
            loss="hinge",
            discriminator=PlayerOptions(
                DCGANDiscriminatorOptions(norm="none", spectral_norm=True, initial="he"), Adam()
            ),
        ),
        images=6_400_000,
        batch=64,
        size=32,
    )
)

enter(
    Recipe(
        name="wgan",
        summary="Wasserstein GAN: a critic with clipped weights estimates a distance instead of a probability",
        paper="Arjovsky et al. 2017, arXiv:1701.07875",
        cost="25 epochs of CIFAR-10, made for a GPU; a quarter of the width suits a CPU",
        game=NoiseToImage(
            generator=PlayerOptions(DCGANGeneratorOptions(bias="unnormalised"), RMSprop()),
            discriminator=PlayerOptions(DCGANDiscriminatorOptions(bias="unnormalised"), RMSprop()),
            loss="wasserstein",
            clip=0.01,
            z_dim=128,
            n_critic=5,
            n_critic_boost=100,
        ),
        images=1_250_000,
        batch=64,
        size=32,
    )
)

enter(
    Recipe(
        name="wgan-gp",
        summary="Wasserstein GAN with a penalty on the critic's slope instead of clipped weights",
        paper="Gulrajani et al. 2017, arXiv:1704.00028",
        cost="200,000 steps of 5 + 1 turns on CIFAR-10, made for a GPU",
        game=NoiseToImage(
            generator=PlayerOptions(
                DCGANGeneratorOptions(width=128, kernel=5, base=4, normalise_dense=True, initial="he"),
                Adam(1e-4, (0.5, 0.9)),
            ),
            discriminator=PlayerOptions(
                DCGANDiscriminatorOptions(width=128, kernel=5, base=4, norm="none", initial="he"),
                Adam(1e-4, (0.5, 0.9)),
            ),
            loss="wasserstein",
            penalty=GradientPenalty(),
            z_dim=128,
            n_critic=5,
        ),
        images=64_000_000,
        batch=64,
        size=32,
    )
)

CGAN = NoiseToImage(
    generator=PlayerOptions(CGANGeneratorOptions(), Adam()),
    discriminator=PlayerOptions(CGANDiscriminatorOptions(condition="embedding", dropout=0.4), Adam()),
    z_dim=100,
)

CONDITIONAL = Recipe(
    name="cgan",
    summary="Conditional GAN: a label becomes one more feature map in both networks, in the form of the tutorial",
    paper="Mirza and Osindero 2014, arXiv:1411.1784",
    cost="100 epochs of Fashion-MNIST, made for a GPU; docs/studies/label-entry.md has a narrow one for 5 minutes of a CPU",
    game=CGAN,
    images=6_000_000,
    batch=128,
    size=28,
    channels=1,
    classes=10,
)
enter(CONDITIONAL)

enter(
    replace(
        CONDITIONAL,
        name="cgan-seed",
        summary="Conditional GAN in the lecture notes' other form: a discriminator of four convolutions that ends in 2x2x512",
        game=NoiseToImage(
            generator=PlayerOptions(CGANGeneratorOptions(width=64, last="up", norm="batch"), Adam()),
            discriminator=PlayerOptions(
                CGANDiscriminatorOptions(width=64, kernel=5, stages=4, growth=2, condition="embedding"), Adam()
            ),
            z_dim=100,
        ),
    )
)

# How the label enters, on one trunk: batch normalisation in the generator everywhere, because one of the ways needs it.
for name, summary, paper, generator, discriminator in (
    (
        "cgan-onehot",
        "Conditional GAN: the label as it is, beside z and as constant planes beside the picture",
        "Mirza and Osindero 2014, arXiv:1411.1784",
        CGANGeneratorOptions(norm="batch", condition="one-hot"),
        CGANDiscriminatorOptions(condition="one-hot", dropout=0.4),
    ),
    (
        "cgan-embedding",
        "Conditional GAN: the label as a learned vector that becomes one feature map beside the others",
        "Mirza and Osindero 2014, arXiv:1411.1784",
        CGANGeneratorOptions(norm="batch", condition="embedding"),
        CGANDiscriminatorOptions(condition="embedding", dropout=0.4),
    ),
    (
        "cgan-every-layer",
        "Conditional GAN: the label as gain and bias of the generator's batch normalisation, in every layer",
        "de Vries et al. 2017, arXiv:1707.00683; Dumoulin et al. 2017, arXiv:1610.07629",
        CGANGeneratorOptions(condition="every-layer"),
        CGANDiscriminatorOptions(condition="embedding", dropout=0.4),
    ),
):
    enter(
        replace(
            CONDITIONAL,
            name=name,
            summary=summary,
            paper=paper,
            game=replace(
                CGAN,
                generator=PlayerOptions(generator, Adam()),
                discriminator=PlayerOptions(discriminator, Adam()),
            ),
        )
    )

enter(
    replace(
        CONDITIONAL,
        name="cgan-projection",
        summary="Conditional GAN: the label in every layer of the generator, and as a projection in the discriminator",
        paper="Miyato and Koyama 2018, arXiv:1802.05637",
        game=replace(
            CGAN,
            loss="hinge",
            generator=PlayerOptions(CGANGeneratorOptions(condition="every-layer"), Adam(betas=(0.0, 0.9))),
            discriminator=PlayerOptions(
                CGANDiscriminatorOptions(condition="projection", spectral_norm=True), Adam(betas=(0.0, 0.9))
            ),
            n_critic=5,
        ),
    )
)

TOY = Recipe(
    name="ring",
    summary="The toy: perceptrons of three hidden layers learn a mixture of Gaussians in the plane",
    paper="the 8-Gaussian ring of Metz et al. 2017, arXiv:1611.02163",
    cost="4,000 steps, under a minute on one CPU core",
    game=NoiseToImage(
        generator=PlayerOptions(
            MLPGeneratorOptions(hidden_layers=3, slope=0.0, output="linear"), Adam(lr=1e-3, betas=(0.5, 0.9))
        ),
        discriminator=PlayerOptions(
            MLPDiscriminatorOptions(hidden_layers=3, slope=0.0), Adam(lr=1e-3, betas=(0.5, 0.9))
        ),
        z_dim=2,
    ),
    images=1_024_000,
    batch=256,
    size=1,
    channels=2,
)
enter(TOY)

enter(
    replace(
        TOY,
        name="ring-wide",
        summary="The toy of WGAN-GP: perceptrons of three hidden layers of 512 units, a critic with a gradient penalty",
        paper="Gulrajani et al. 2017, arXiv:1704.00028",
        cost="100,000 steps of 5 + 1 turns; the first few thousand show it",
        game=NoiseToImage(
            generator=PlayerOptions(
                MLPGeneratorOptions(width=512, hidden_layers=3, slope=0.0, output="linear", initial="he"),
                Adam(1e-4, (0.5, 0.9)),
            ),
            discriminator=PlayerOptions(
                MLPDiscriminatorOptions(width=512, hidden_layers=3, slope=0.0, initial="he"), Adam(1e-4, (0.5, 0.9))
            ),
            loss="wasserstein",
            penalty=GradientPenalty(penalty_weight=0.1),
            z_dim=2,
            n_critic=5,
        ),
        images=128_000_000,
    )
)
