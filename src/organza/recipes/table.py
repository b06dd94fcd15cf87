"""The table of systems. Each takes the form in which it was published; its counts are tested."""

from __future__ import annotations

from organza.games import Adam, NoiseToImage, PlayerOptions
from organza.networks.dcgan import DCGANDiscriminatorOptions, DCGANGeneratorOptions
from organza.networks.mlp import MLPDiscriminatorOptions, MLPGeneratorOptions
from organza.recipes.recipe import Recipe
from organza.registry import Registry

RECIPES: Registry[Recipe] = Registry("recipe")


def enter(recipe: Recipe) -> Recipe:
    """Add a recipe to the table under its own name."""
    return RECIPES.add(recipe.name, recipe)


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

enter(
    Recipe(
        name="dcgan",
        summary="Convolutional GAN at 32x32, in the form of the lecture notes on CIFAR-10",
        paper="Radford et al. 2016, arXiv:1511.06434",
        cost="25 epochs of CIFAR-10, about 1.5 hours on 2 CPU cores at the speed in docs/speed.md",
        game=NoiseToImage(
            generator=PlayerOptions(DCGANGeneratorOptions(), Adam()),
            discriminator=PlayerOptions(DCGANDiscriminatorOptions(), Adam()),
            z_dim=128,
        ),
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

enter(
    Recipe(
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
)
