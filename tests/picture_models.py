"""A small game whose models make pictures from pictures, and model folders of it, for tests of what is done with them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from organza.exchange import save_model
from organza.games import GAMES, Abilities, Game, Losses, Stage, StagePlan, Translation, Turn
from throwaway import PLAYERS, draw_z, recipe


class Painter(nn.Module):
    """Pictures [n, C, H, W] -> pictures [n, C, scale H, scale W]: the input enlarged, and something small added to it."""

    def __init__(self, channels=3, scale=1, norm="instance", dropout=0.0):
        super().__init__()
        norms = {"instance": nn.InstanceNorm2d, "batch": nn.BatchNorm2d, "none": lambda width: nn.Identity()}
        self.scale = scale
        self.layers = nn.Sequential(
            nn.Conv2d(channels, 6, 3, padding=1), norms[norm](6), nn.ReLU(), nn.Dropout(dropout),
            nn.Conv2d(6, 6, 4, 2, 1), norms[norm](6), nn.ReLU(),
            nn.ConvTranspose2d(6, 6, 4, 2, 1), norms[norm](6), nn.ReLU(),
            nn.Conv2d(6, channels, 3, padding=1), nn.Tanh(),
        )  # fmt: skip

    def forward(self, pictures):
        large = nn.functional.interpolate(pictures, scale_factor=self.scale)
        return (large + 0.3 * self.layers(large)).clamp(-1, 1)


@GAMES.register("throwaway-pictures")
@dataclass(frozen=True)
class Pictures:
    """Both ways between two domains, sharper, and larger, as `can` says."""

    can: str = "deblurs"
    norm: str = "instance"
    own: bool = False
    dropout: float = 0.0

    def build(self, shape, images):
        self_channels = shape.sample[0]

        def way(network, scale=1):
            return Translation(
                lambda networks, pictures: networks[network](pictures), network,
                multiple=4, smallest=8, scale=scale, own_statistics=self.own, dropout=self.dropout > 0,
            )  # fmt: skip

        def stage(before):
            networks = {name: self.painter(self_channels) for name in ("one", "other")}
            return Stage(
                {**networks, "discriminator": nn.Linear(2, 1)},
                PLAYERS,
                (Turn("one", "discriminator", draw_z, lambda networks, inputs: Losses({})),),
            )

        abilities = {
            "deblurs": Abilities(deblurs=way("one")),
            "enlarges": Abilities(enlarges=way("one", 2)),
            "translates": Abilities(translates={"a": way("other"), "b": way("one")}),
            "to-night": Abilities(translates={"night": way("one")}),
        }[self.can]
        return Game((StagePlan("main", stage),), abilities)

    def painter(self, channels):
        scale = 2 if self.can == "enlarges" else 1
        return Painter(channels, scale, self.norm, self.dropout)


def save_picture_model(folder, can="deblurs", channels=3, **options):
    """A model folder with weights of a fixed seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        own = recipe("painter", Pictures(can, **options), channels=channels, size=16)
        networks = own.build().stage("main").build(None).networks
        for module in networks["one"].modules():
            if isinstance(module, nn.BatchNorm2d):
                module.running_mean.normal_()
    kept = {name: networks[name].eval() for name in ("one", "other")}
    facts = {"crop": 0, "classes": [], "images": 0, "seed": 0, "source": "none", "stage": "main"}
    save_model(folder, own, kept, {}, facts)
    return folder
