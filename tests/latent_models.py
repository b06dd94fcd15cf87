"""Analytic generators with known directions, wrapped as models: what is found in them can be told from the formula."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import torch
from torch import nn

from organza.exchange import Model
from organza.games import Abilities, FromNoise, Styles


class Disc(nn.Module):
    """z -> w -> a disc whose size, brightness and place across depend linearly on w: attributes = w @ axes, in deviations.

    The axes are neither across each other nor of one length, so that a plane for one of them cuts the others.
    """

    SIDE, W = 24, 6

    def __init__(self):
        super().__init__()
        generator = torch.Generator().manual_seed(3)
        self.mixing = nn.Linear(self.W, self.W, bias=False)
        self.axes = nn.Parameter(torch.eye(self.W)[:, :3].clone())
        with torch.no_grad():
            self.mixing.weight.copy_(torch.eye(self.W) + 0.3 * torch.randn(self.W, self.W, generator=generator))
            self.axes[1, 0] = 0.5  # brightness brings size along
            self.axes[2, 1] = 0.4
            self.axes /= (self.mixing.weight.T @ self.axes).norm(dim=0)

    def paint(self, w):
        size, light, place = (w @ self.axes).unbind(1)
        grid = torch.linspace(-1, 1, self.SIDE)
        down, across = torch.meshgrid(grid, grid, indexing="ij")
        radius = (0.4 + 0.08 * size.clamp(-4, 4))[:, None, None]
        distance = ((across - 0.12 * place[:, None, None]) ** 2 + down**2).sqrt()
        inside = torch.sigmoid((radius - distance) * 40)
        level = (0.6 + 0.08 * light.clamp(-4, 4))[:, None, None]
        return (2 * inside * level - 1)[:, None]


@dataclass(frozen=True)
class DiscJudge:
    """Measures a picture of `Disc`, and says how sure it is that size, brightness and place are above the middle."""

    source: str = "disc-judge"
    names: tuple[str, ...] = ("large", "bright", "right")

    def values(self, images):
        light = ((images[:, 0] + 1) / 2).double()
        level = light.flatten(1).max(1).values
        area = light.sum((1, 2)) / level / (Disc.SIDE / 2) ** 2
        size = ((area / torch.pi).sqrt() - 0.4) / 0.08
        places = torch.linspace(-1, 1, Disc.SIDE, dtype=torch.float64)
        place = (light.sum(1) * places).sum(1) / light.sum((1, 2)) / 0.12
        return torch.stack([size, (level - 0.6) / 0.08, place], 1)

    def probabilities(self, images):
        return torch.sigmoid(3 * self.values(images))


def model_of(networks, abilities, sample, **facts):
    """A model without a folder."""
    shape = tuple(sample)
    recipe = SimpleNamespace(
        name="analytic", sample=shape, channels=shape[0], size=shape[1],
        build=lambda: SimpleNamespace(abilities=abilities, labelled=False),
    )  # fmt: skip
    config = {"crop": 0, "classes": [], "weights_sha256": "0" * 64, "source": "none", **facts}
    return Model(networks, recipe, config, None)


def normal(length):
    return lambda generator, count: torch.randn(count, length, generator=generator)


def disc_model():
    """Has styles: one style input, no noise."""
    disc = Disc().requires_grad_(False)
    styles = Styles(
        (Disc.SIDE,), (), lambda networks, z, label=None: disc.mixing(z), lambda networks: torch.zeros(Disc.W),
        lambda networks, ws, noise=None: disc.paint(ws[:, 0]),
    )  # fmt: skip
    from_noise = FromNoise(normal(Disc.W), lambda networks, z, label=None: disc.paint(disc.mixing(z)).clamp(-1, 1))
    return model_of({"generator": disc}, Abilities(from_noise, styles=styles), (1, Disc.SIDE, Disc.SIDE))


def linear_model(weight, side):
    """An ordinary generator: its pictures are linear in z, by a matrix [side * side, z_dim]."""
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=False)
    layer.weight = nn.Parameter(weight.clone(), requires_grad=False)
    network = nn.Sequential(layer, nn.Unflatten(1, (1, side, side)))
    from_noise = FromNoise(normal(weight.shape[1]), lambda networks, z, label=None: networks["generator"](z))
    return model_of({"generator": network}, Abilities(from_noise), (1, side, side))
