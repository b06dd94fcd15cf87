"""Small generators of one picture, and model folders of them, for tests of what is done with them. Nothing is trained."""

from dataclasses import replace

import torch
from torch import nn

from organza.exchange import save_model
from organza.networks.pyramid.growing import GrowingGeneratorOptions
from organza.networks.pyramid.scales import ScaleGeneratorOptions
from organza.recipes import RECIPES

SIZES = ((8, 12), (11, 17), (16, 24))
OPTIONS = {
    "scales": ScaleGeneratorOptions(width=4),
    "noise": ScaleGeneratorOptions(width=4, padding="noise"),
    "each": ScaleGeneratorOptions(width=4, padding="each", resizing="bilinear", unlinked=2),
    "growing": GrowingGeneratorOptions(width=4),
    "zeros": GrowingGeneratorOptions(width=4, padding="zeros"),
}
KINDS = tuple(OPTIONS)


def lively(generator, seed=3):
    """The generator, with weights that do something, an anchor, and noise at every scale."""
    stream = torch.Generator().manual_seed(seed)
    coarsest = torch.rand(1, generator.channels, *generator.sizes[0], generator=stream) * 2 - 1
    generator.begin(coarsest, stream)
    generator.amplitudes[1:] = 0.3
    for module in generator.modules():
        if isinstance(module, nn.Conv2d):
            module.weight.data.copy_(
                torch.randn(module.weight.shape, generator=stream) / module.weight[0].numel() ** 0.5
            )
    return generator.eval().requires_grad_(False)


def generator_of(kind, sizes=SIZES, channels=3):
    """A generator with all its scales."""
    made = OPTIONS[kind].pyramid(channels, sizes)
    while made.built < len(sizes):
        made.grow()
    return lively(made)


def save_one_picture_model(folder, name="singan", channels=3, share=1.0):
    """A model folder of a recipe, of 24 x 16 pixels, three scales (the last trained by a share), and weights of a fixed seed."""
    recipe = RECIPES[name]
    network = replace(recipe.game.generator.network, width=4)
    game = replace(recipe.game, generator=replace(recipe.game.generator, network=network), smallest=12, scales=3)
    own = replace(recipe, game=game, size=24, sides=(16, 24), channels=channels)
    plan = own.build().stages[-1]
    networks = {key: each for key, each in plan.build(None).networks.items() if key.startswith("generator")}
    networks = {key: lively(each, seed) for seed, (key, each) in enumerate(networks.items())}
    facts = {
        "crop": 0,
        "classes": [],
        "images": 0,
        "seed": 0,
        "source": "none",
        "stage": plan.name,
        "stage_share": share,
    }
    save_model(folder, own, networks, {}, facts)
    return folder
