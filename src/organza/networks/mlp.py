"""The multi-layer perceptrons of the first GAN (Goodfellow et al. 2014) in the form of the lab report's MNIST practice.

One hidden layer on each side: G z -> 128 -> 784, D 784 -> 128 -> 1. With z of 100 on 28x28: G 114,064, D 100,609.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Literal

from torch import Tensor, nn

from organza.bounds import Count, Natural, Rate
from organza.networks.network import NETWORKS, Dims

Output = Literal["tanh", "linear"]


def perceptron(widths: list[int], slope: float) -> nn.Sequential:
    """Linear layers from widths[0] to widths[-1], leaky ReLU of this slope between them and none after the last."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [nn.Linear(inputs, outputs), nn.LeakyReLU(slope) if slope else nn.ReLU()]
    return nn.Sequential(*layers[:-1])


class MLPGenerator(nn.Module):
    """[B, z_dim] -> [B, C, H, W], images in (-1, 1), points of the plane anywhere."""

    def __init__(
        self,
        z_dim: int,
        sample: tuple[int, int, int],
        width: int = 128,
        hidden_layers: int = 1,
        slope: float = 0.2,
        output: Output = "tanh",
    ) -> None:
        super().__init__()
        self.sample = sample
        self.layers = perceptron([z_dim] + [width] * hidden_layers + [prod(sample)], slope)
        self.output = nn.Tanh() if output == "tanh" else nn.Identity()

    def forward(self, z: Tensor) -> Tensor:
        samples: Tensor = self.output(self.layers(z))
        return samples.view(-1, *self.sample)


class MLPDiscriminator(nn.Module):
    """[B, C, H, W] -> logits [B, 1]."""

    def __init__(
        self, sample: tuple[int, int, int], width: int = 128, hidden_layers: int = 1, slope: float = 0.2
    ) -> None:
        super().__init__()
        self.layers = perceptron([prod(sample)] + [width] * hidden_layers + [1], slope)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.layers(images.flatten(1))
        return logits


@NETWORKS.register("mlp-generator")
@dataclass(frozen=True)
class MLPGeneratorOptions:
    """Options of `MLPGenerator`.

    Attributes:
        width: Units of each hidden layer.
        hidden_layers: How many of them.
        slope: Of the leaky ReLUs for negative inputs; 0 makes them plain ReLUs.
        output: What ends it: tanh for images, nothing for points of the plane.
    """

    width: Count = 128
    hidden_layers: Natural = 1
    slope: Rate = 0.2
    output: Output = "tanh"

    def build(self, dims: Dims) -> nn.Module:
        return MLPGenerator(dims.z_dim, dims.sample, self.width, self.hidden_layers, self.slope, self.output)


@NETWORKS.register("mlp-discriminator")
@dataclass(frozen=True)
class MLPDiscriminatorOptions:
    """Options of `MLPDiscriminator`, as of the generator."""

    width: Count = 128
    hidden_layers: Natural = 1
    slope: Rate = 0.2

    def build(self, dims: Dims) -> nn.Module:
        return MLPDiscriminator(dims.sample, self.width, self.hidden_layers, self.slope)
