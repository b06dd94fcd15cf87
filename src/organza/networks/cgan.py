"""The conditional GAN (Mirza and Osindero 2014, arXiv:1411.1784) in the convolutional form of lecture notes and tutorials.

A label becomes a learned map: 7x7 beside the generator's first feature maps, and 28x28 beside the picture that the
discriminator judges. Two forms have been published, which the notes mix up (docs/errata.md):

* the tutorial's: two convolutions on each side, 28 -> 14 -> 7 (G 1,169,336, D 196,773);
* the one that ends in 2x2x512, which takes four, 28 -> 14 -> 7 -> 4 -> 2 (D 4,347,493 with 5x5 kernels), with the least
  generator that the notes' text allows (G 769,784).

Any size that halves to a first feature map of 7 to 13 pixels a side will do: 28, and the powers of two from 32 on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import prod
from typing import Literal

from torch import Tensor, nn

from organza.bounds import Count
from organza.errors import UsageError
from organza.networks.conv import ConvDiscriminator, ConvDiscriminatorOptions, Features
from organza.networks.labels import GeneratorCondition, LabelledSequential, LabelPlane, beside, label_normalisation
from organza.networks.layers import Initial, Norm, initialise, normalisation
from organza.networks.network import NETWORKS, Dims, NetworkOptions

SMALLEST = 7  # pixels a side of the first feature map at least, as in the published form


def halvings(sample: tuple[int, int, int]) -> tuple[int, tuple[int, int]]:
    """How often the sides can be halved until a feature map has 7 to 13 pixels a side, and its (height, width).

    Raises:
        UsageError: Not even twice, or not to whole numbers.
    """
    _, *sides = sample
    times = 0
    while all(side % 2 == 0 and side // 2 >= SMALLEST for side in sides):
        sides, times = [side // 2 for side in sides], times + 1
    if times < 2 or max(sides) >= 2 * SMALLEST:
        raise UsageError(
            f"this conditional GAN cannot have size {sample[1]}x{sample[2]}: take 28, 32 or a larger power of two, as --size 64"
        )
    return times, (sides[0], sides[1])


class CGANGenerator(nn.Module):
    """[B, z_dim], [B, classes] -> [B, C, H, W] in (-1, 1)."""

    def __init__(self, dims: Dims, options: CGANGeneratorOptions) -> None:
        super().__init__()
        classes = dims.labelled if options.conditional else 0
        times, smallest = halvings(dims.sample)

        def normalised(channels: int) -> list[nn.Module]:
            return label_normalisation(options.condition, options.norm, channels, classes)

        def up(inputs: int, outputs: int) -> nn.Module:
            return nn.ConvTranspose2d(inputs, outputs, 4, 2, 1)

        self.entry = nn.Identity() if options.condition == "one-hot" else None
        self.plane = LabelPlane(classes, smallest) if options.condition == "embedding" else None
        extra = classes if self.entry else 0
        self.dense = nn.Sequential(
            nn.Linear(dims.z_dim + extra, options.dense_width * prod(smallest)),
            nn.Unflatten(1, (options.dense_width, *smallest)),
        )
        first = normalised(options.dense_width) if options.condition == "every-layer" else []
        self.first = LabelledSequential(*first, nn.LeakyReLU(0.2))
        layers: list[nn.Module] = []
        incoming = options.dense_width + (self.plane is not None)
        for _ in range(times if options.last == "conv" else times - 1):
            layers += [up(incoming, options.width), *normalised(options.width), nn.LeakyReLU(0.2)]
            incoming = options.width
        image = dims.sample[0]
        last = nn.Conv2d(incoming, image, 7, 1, 3) if options.last == "conv" else up(incoming, image)
        self.layers = LabelledSequential(*layers, last, nn.Tanh())
        for part in (self.dense, self.layers):
            initialise(part, options.initial)

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        features = self.first(self.dense(beside(z, label, self.entry)), label)
        images: Tensor = self.layers(beside(features, label, self.plane), label)
        return images


@NETWORKS.register("cgan-generator")
@dataclass(frozen=True)
class CGANGeneratorOptions(NetworkOptions):
    """Options of `CGANGenerator`.

    Attributes:
        width: Channels of the feature maps that are upsampled.
        dense_width: Channels of the first feature map, which a dense layer makes.
        last: What makes the picture: a 7x7 convolution at full size, or the last upsampling.
        norm: Normalisation of every upsampled feature map.
        condition: How a label enters: beside z (one-hot), as one learned map beside the first ones (embedding), or as
            gain and bias of a batch normalisation of every layer (every-layer).
        initial: First weights: PyTorch's own, N(0, 0.02), or He's.
    """

    width: Count = 128
    dense_width: Count = 128
    last: Literal["conv", "up"] = "conv"
    norm: Norm = "none"
    condition: GeneratorCondition = "embedding"
    initial: Initial = "torch"

    @property
    def conditional(self) -> bool:
        return self.condition != "none"

    def build(self, dims: Dims) -> nn.Module:
        return CGANGenerator(dims, self)


@NETWORKS.register("cgan-discriminator")
@dataclass(frozen=True)
class CGANDiscriminatorOptions(ConvDiscriminatorOptions):
    """A discriminator of convolutions of stride 2, which round up, and one dense layer on the flattened map.

    Attributes:
        width: Channels of the first feature map.
        kernel: Side of the kernels.
        stages: How many convolutions.
        growth: By how much the channels grow from one to the next.
        initial: First weights: PyTorch's own, N(0, 0.02), or He's.
    """

    width: Count = 128
    kernel: Literal[3, 5] = 3
    stages: Count = 2
    growth: Literal[1, 2] = 1
    initial: Initial = "torch"

    def build(self, dims: Dims) -> nn.Module:
        return ConvDiscriminator(dims, self, partial(self.features, dims), self.initial)

    def features(self, dims: Dims, inputs: int) -> Features:
        """The convolutions, for so many channels at the input."""
        _, height, width = dims.sample
        channels = [self.width * self.growth**stage for stage in range(self.stages)]
        layers: list[nn.Module] = []
        for depth, (incoming, outgoing) in enumerate(pairwise([inputs, *channels])):
            layers += [nn.Conv2d(incoming, outgoing, self.kernel, 2, self.kernel // 2)]
            layers += [*(normalisation(self.norm, outgoing) if depth else []), nn.LeakyReLU(0.2)]
            height, width = -(-height // 2), -(-width // 2)
        return Features(nn.Sequential(*layers), channels[-1], (height, width))
