"""The multi-layer perceptrons of the first GAN (Goodfellow et al. 2014) in the form of the lab report's MNIST practice.

One hidden layer on each side: G z -> 128 -> 784, D 784 -> 128 -> 1. With z of 100 on 28x28: G 114,064, D 100,609. A label
enters beside z and beside the flattened sample, as in Mirza and Osindero 2014 (arXiv:1411.1784).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import ClassVar, Literal

from torch import Tensor, nn

from organza.bounds import Count, Natural, Rate, Share
from organza.networks.labels import VectorCondition, beside, input_vector
from organza.networks.layers import Initial, MinibatchStdDev, initialise, normalise_spectrally
from organza.networks.network import NETWORKS, Dims, NetworkOptions, Role

Output = Literal["tanh", "linear"]


def perceptron(widths: list[int], slope: float, dropout: float = 0.0) -> list[nn.Module]:
    """Linear layers from widths[0] to widths[-1], leaky ReLU of this slope (and dropout) after each."""
    layers: list[nn.Module] = []
    for inputs, outputs in pairwise(widths):
        layers += [nn.Linear(inputs, outputs), nn.LeakyReLU(slope) if slope else nn.ReLU()]
        layers += [nn.Dropout(dropout)] if dropout else []
    return layers


class MLPGenerator(nn.Module):
    """[B, z_dim] -> [B, C, H, W], images in (-1, 1), points of the plane anywhere."""

    def __init__(self, dims: Dims, options: MLPGeneratorOptions) -> None:
        super().__init__()
        self.sample = dims.sample
        self.entry, more = input_vector(options.condition, dims.labelled if options.conditional else 0)
        hidden = [options.width] * options.hidden_layers
        widths = [dims.z_dim + more, *hidden]
        self.layers = nn.Sequential(*perceptron(widths, options.slope), nn.Linear(widths[-1], prod(dims.sample)))
        self.output = nn.Tanh() if options.output == "tanh" else nn.Identity()
        initialise(self.layers, options.initial)

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        samples: Tensor = self.output(self.layers(beside(z, label, self.entry)))
        return samples.view(-1, *self.sample)


class MLPDiscriminator(nn.Module):
    """[B, C, H, W] -> logits [B, 1]."""

    def __init__(self, dims: Dims, options: MLPDiscriminatorOptions) -> None:
        super().__init__()
        self.entry, more = input_vector(options.condition, dims.labelled if options.conditional else 0)
        widths = [prod(dims.sample) + more] + [options.width] * options.hidden_layers
        self.layers = nn.Sequential(*perceptron(widths, options.slope, options.dropout))
        self.deviation = MinibatchStdDev() if options.minibatch_stddev else None
        self.last = nn.Linear(widths[-1] + options.minibatch_stddev, 1)
        for part in (self.layers, self.last):
            initialise(part, options.initial)
        if options.spectral_norm:
            normalise_spectrally(self)

    def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
        features = self.layers(beside(images.flatten(1), label, self.entry))
        if self.deviation:
            features = self.deviation(features[:, :, None, None]).flatten(1)
        logits: Tensor = self.last(features)
        return logits


@NETWORKS.register("mlp-generator")
@dataclass(frozen=True)
class MLPGeneratorOptions(NetworkOptions):
    """Options of `MLPGenerator`.

    Attributes:
        width: Units of each hidden layer.
        hidden_layers: How many of them.
        slope: Of the leaky ReLUs for negative inputs; 0 makes them plain ReLUs.
        output: What ends it: tanh for images, nothing for points of the plane.
        condition: How a label enters: beside z, as it is or embedded.
        initial: First weights: PyTorch's own, N(0, 0.02), or He's.
    """

    width: Count = 128
    hidden_layers: Natural = 1
    slope: Rate = 0.2
    output: Output = "tanh"
    condition: VectorCondition = "none"
    initial: Initial = "torch"

    @property
    def conditional(self) -> bool:
        return self.condition != "none"

    def build(self, dims: Dims) -> nn.Module:
        return MLPGenerator(dims, self)


@NETWORKS.register("mlp-discriminator")
@dataclass(frozen=True)
class MLPDiscriminatorOptions(NetworkOptions):
    """Options of `MLPDiscriminator`, as of the generator.

    Attributes:
        width: Units of each hidden layer.
        hidden_layers: How many of them.
        slope: Of the leaky ReLUs for negative inputs; 0 makes them plain ReLUs.
        dropout: Share of the hidden units that are left out at random.
        minibatch_stddev: Whether the last layer sees how much the batch varies.
        spectral_norm: Whether every weight is divided by its largest singular value.
        condition: How a label enters: beside the flattened sample, as it is or embedded.
        initial: First weights: PyTorch's own, N(0, 0.02), or He's.
    """

    role: ClassVar[Role] = "discriminator"

    width: Count = 128
    hidden_layers: Natural = 1
    slope: Rate = 0.2
    dropout: Share = 0.0
    minibatch_stddev: bool = False
    spectral_norm: bool = False
    condition: VectorCondition = "none"
    initial: Initial = "torch"

    @property
    def conditional(self) -> bool:
        return self.condition != "none"

    @property
    def bounds_slope(self) -> bool:
        return self.spectral_norm

    def build(self, dims: Dims) -> nn.Module:
        return MLPDiscriminator(dims, self)
