"""Systems that learn from one picture, or from one pair of pictures, scale by scale."""

from __future__ import annotations

from dataclasses import replace

from organza.games import Adam, Analogy, OnePicture, PlayerOptions
from organza.games.schedules import Constant
from organza.losses import NoPenalty
from organza.networks.pyramid.critic import PatchCriticOptions
from organza.networks.pyramid.growing import GrowingGeneratorOptions
from organza.networks.pyramid.scales import ScaleGeneratorOptions
from organza.recipes.recipe import Recipe
from organza.recipes.table import enter

RATE = Adam(5e-4, (0.5, 0.999))

SINGAN_GAME = OnePicture(
    generator=PlayerOptions(ScaleGeneratorOptions(), RATE),
    discriminator=PlayerOptions(PatchCriticOptions(), RATE),
)
SINGAN = Recipe(
    name="singan",
    summary="Variations of one picture: a small generator and a critic of patches at every scale",
    paper="Shaham et al. 2019, arXiv:1905.01164",
    cost="2,000 steps a scale, 30 minutes for 256 pixels on a GTX 1080Ti (the paper)",
    game=SINGAN_GAME,
    images=20_000,
    batch=1,
    size=250,
    ema_half_life=0,
    hold_out=0,  # there is no critic of whole pictures whose over-fitting would show
)
enter(SINGAN)

enter(
    replace(
        SINGAN,
        name="singan-enlarging",
        summary="SinGAN for enlarging one picture: the step from each scale to the next is learnt, and taken again",
        game=replace(SINGAN_GAME, reconstruction=100.0, smallest=18, ratio=2 ** (-1 / 3)),
        images=26_000,
    )
)

CONSINGAN_GAME = OnePicture(
    generator=PlayerOptions(GrowingGeneratorOptions(), RATE),
    discriminator=PlayerOptions(PatchCriticOptions(width=64, norm="none", slope=0.05, each=False), RATE),
    n_generator=1,
    moves=3,
    fresh_noise=True,
    scales=6,
    rescaling="concave",
)
CONSINGAN = replace(
    SINGAN,
    name="consingan",
    summary="Variations of one picture: one generator that grows, its newest three scales trained together",
    paper="Hinz et al. 2021, arXiv:2003.11512",
    cost="2,000 steps a scale, 20 to 25 minutes on a GTX 1080Ti (tohinz/ConSinGAN)",
    game=CONSINGAN_GAME,
    images=12_000,
)
enter(CONSINGAN)

STRUCTURAL_GAME = Analogy(
    generator=PlayerOptions(ScaleGeneratorOptions(padding="each", resizing="bilinear", unlinked=2), RATE),
    discriminator=PlayerOptions(PatchCriticOptions(), Adam(1e-4, (0.5, 0.999))),
    reconstruction=1.0,
    cycle=10.0,
    schedule=Constant(),
    iterations=20_000,
    smallest=18,
    original=(220, 220),
)
STRUCTURAL = replace(
    SINGAN,
    name="structural-analogy",
    summary="A picture or video with the looks of another picture: two pyramids that map into each other",
    paper="Benaim et al. 2021, arXiv:2004.02222",
    cost="20,000 steps a scale, 11 scales; made for GPUs",
    game=STRUCTURAL_GAME,
    images=220_000,
    size=220,
)
enter(STRUCTURAL)

ANALOGY_GAME = Analogy(
    generator=CONSINGAN_GAME.generator,
    discriminator=CONSINGAN_GAME.discriminator,
    n_critic=3,
    moves=3,
    cycle=1.0,
    mapped=0,
    scales=6,
    rescaling="concave",
    original=(220, 220),
)
enter(
    replace(
        STRUCTURAL,
        name="analogy-6",
        summary="The thesis's analogy: two generators that grow, 6 scales, features carried, half the parameters",
        paper="document D, after Benaim et al. 2021 and Hinz et al. 2021",
        cost="2,000 steps a scale, 6 scales; the document names no time",
        game=ANALOGY_GAME,
        images=12_000,
    )
)

# Narrow networks, because in a given time it is steps that are short; instance normalisation, which is the same in training and
# later; least squares, which need no penalty. The reasons: docs/analogies.md.
PLUS_GAME = replace(
    STRUCTURAL_GAME,
    generator=PlayerOptions(ScaleGeneratorOptions(norm="instance", padding="each", widest=1), RATE),
    discriminator=PlayerOptions(PatchCriticOptions(norm="none", widest=1), RATE),
    loss="least-squares",
    penalty=NoPenalty(),
    reconstruction=10.0,
    crossed_weight=0.0,
    self_weight=1.0,
    content=10.0,
    palette=10.0,
    colours=True,
    balance=0.5,
    steady=2.0,
    iterations=2_000,
    smallest=25,
    scales=5,
)
enter(
    replace(
        STRUCTURAL,
        name="analogy-plus",
        summary="Our analogy: colours moved first, narrow networks with skips, real pictures translated, steady videos",
        paper="after Benaim et al. 2021, arXiv:2004.02222, and document D",
        cost="2,000 steps a scale; 100 to 250 in 3 minutes of a CPU core at 64 pixels",
        game=PLUS_GAME,
        images=10_000,
    )
)
