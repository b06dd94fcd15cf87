"""A small game whose models have styles and noise inputs, and model folders of it, for tests of what is done with them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from organza.exchange import save_model
from organza.games import GAMES, Abilities, FromNoise, Game, Losses, Stage, StagePlan, Styles, Turn
from organza.networks.style.generator import StyleGenerator, levels
from organza.networks.style.layers import Mapping
from throwaway import PLAYERS, draw_z, recipe

Z, W, WIDTH = 6, 5, 4


class Weave(StyleGenerator):
    """Two style inputs and two noise inputs at each side from 4 on: features are scaled by styles, and noise is added."""

    def __init__(self, sides, channels=3, classes=0):
        super().__init__()
        self.mapping = Mapping(Z, W, 2, classes=classes, rate=1.0)
        self.mapping.average.normal_()
        self.resolutions = tuple(side for side in sides for _ in range(2))
        self.constant = nn.Parameter(torch.randn(1, WIDTH, 4, 4))
        self.scales = nn.ModuleList(nn.Linear(W, WIDTH) for _ in self.resolutions)
        self.convolutions = nn.ModuleList(nn.Conv2d(WIDTH, WIDTH, 3, padding=1) for _ in self.resolutions)
        for number, side in enumerate(self.resolutions):
            self.register_buffer(f"noise_{number}", torch.randn(1, 1, side, side))
        self.to_colours = nn.Conv2d(WIDTH, channels, 1)

    def synthesise(self, styles, noise=None):
        noise = noise or [getattr(self, f"noise_{number}") for number in range(len(self.resolutions))]
        features = self.constant.expand(len(styles), -1, -1, -1)
        for number, side in enumerate(self.resolutions):
            if features.shape[-1] < side:
                features = nn.functional.interpolate(features, scale_factor=2)
            scale = self.scales[number](styles[:, number])[:, :, None, None]
            features = torch.tanh(self.convolutions[number](features) * (1 + scale) + 0.2 * noise[number])
        return 1.2 * self.to_colours(features)


@GAMES.register("throwaway-styles")
@dataclass(frozen=True)
class Woven:
    """Samples from styles, with labels or without; `noisy` as false: without noise inputs."""

    labelled: bool = False
    noisy: bool = True

    def build(self, shape, images=0):
        channels, sides = shape.sample[0], levels(shape.sample)

        def stage(before):
            networks = {"generator": Weave(sides, channels, shape.classes if self.labelled else 0)}
            return Stage(
                {**networks, "discriminator": nn.Linear(2, 1)},
                PLAYERS,
                (Turn("one", "discriminator", draw_z, lambda networks, inputs: Losses({})),),
            )

        from_noise = FromNoise(
            lambda generator, count: torch.randn(count, Z, generator=generator),
            lambda networks, z, label=None: networks["generator"](z, label).clamp(-1, 1),
        )
        resolutions = tuple(side for side in sides for _ in range(2))
        styles = Styles(
            resolutions,
            resolutions if self.noisy else (),
            lambda networks, z, label=None: networks["generator"].mapping(z, label),
            lambda networks: networks["generator"].mapping.average,
            lambda networks, styles, noise=None: networks["generator"].synthesise(styles, noise),
        )
        return Game((StagePlan("main", stage),), Abilities(from_noise, styles=styles), labelled=self.labelled)


def save_style_model(folder, size=16, channels=3, **options):
    """A model folder with weights of a fixed seed; labelled=True gives it three classes."""
    classes = ["a", "b", "c"] if options.get("labelled") else []
    own = recipe("weaver", Woven(**options), channels=channels, size=size, classes=len(classes))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        networks = own.build().stage("main").build(None).networks
    facts = {"crop": 0, "classes": classes, "images": 0, "seed": 0, "source": "none", "stage": "main"}
    facts |= {"label_kind": "classes", "label_shares": [0.2, 0.3, 0.5]} if classes else {}
    save_model(folder, own, {"generator": networks["generator"].eval()}, {}, facts)
    return folder


def save_point_model(folder):
    """A model folder of points of the plane, which has no styles."""
    from throwaway import SharedFake

    own = recipe("points", SharedFake())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        networks = own.build().stage("main").build(None).networks
    facts = {"crop": 0, "classes": [], "images": 0, "seed": 0, "source": "none", "stage": "main"}
    save_model(folder, own, {"generator": networks["generator"].eval()}, {}, facts)
    return folder
