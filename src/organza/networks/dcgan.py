"""The deep convolutional GAN (Radford et al. 2016, arXiv:1511.06434), for any size that halves often enough.

Strided convolutions instead of pooling, batch normalisation in both networks except at the generator's output and the
discriminator's input, no hidden dense layer, ReLU in the generator, leaky ReLU of slope 0.2 in the discriminator.

Published forms differ only in options:

* the 32x32 form of the lecture notes starts from 2x2, has 4x4 kernels and biases everywhere (G 3,021,123, D 2,760,385);
* Radford's 64x64 form starts from 4x4, has 5x5 kernels, no biases at all, and normalises every unit of the first dense
  layer on its own (G 18,885,760, D 17,232,768);
* WGAN-GP's CIFAR form starts from 4x4, has 5x5 kernels and no normalisation in the critic (G 5,179,907, D 4,114,689).
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
from organza.networks.conv import Bias, ConvDiscriminator, ConvDiscriminatorOptions, Features, biased
from organza.networks.labels import GeneratorCondition, LabelledSequential, LabelPlane, beside, label_normalisation
from organza.networks.layers import Initial, Norm, initialise, normalisation
from organza.networks.network import NETWORKS, Dims, NetworkOptions

LARGEST_MULTIPLE = 8  # channels grow from `width` to at most this many times `width`, as in all published forms


def feature_maps(sample: tuple[int, int, int], width: int, base: int) -> tuple[list[int], tuple[int, int]]:
    """Channels after each halving, from the image inwards, and (height, width) of the smallest feature map.

    Raises:
        UsageError: The sample's sides are not divisible by 16.
    """
    _, *sides = sample
    if any(side % 16 for side in sides):
        raise UsageError(f"a DCGAN cannot have size {sides[0]}x{sides[1]}: take a size divisible by 16, as --size 64")
    channels: list[int] = []
    while all(side % 2 == 0 and side // 2 >= base for side in sides):
        sides = [side // 2 for side in sides]
        channels.append(width * min(2 ** len(channels), LARGEST_MULTIPLE))
    return channels, (sides[0], sides[1])


def doubling(inputs: int, outputs: int, kernel: int, bias: bool) -> nn.ConvTranspose2d:
    """A transposed convolution that doubles the sides exactly, for odd kernels too.

    out = 2 in - 2 - 2 padding + kernel + output_padding.
    """
    return nn.ConvTranspose2d(inputs, outputs, kernel, 2, (kernel - 1) // 2, kernel % 2, bias=bias)


class DCGANGenerator(nn.Module):
    """[B, z_dim] -> [B, C, H, W] in (-1, 1).

    A dense layer to the smallest feature map, then transposed convolutions of stride 2.
    """

    def __init__(self, dims: Dims, options: DCGANGeneratorOptions) -> None:
        super().__init__()
        classes = dims.labelled if options.conditional else 0
        channels, smallest = feature_maps(dims.sample, options.width, options.base)
        channels.reverse()

        def norm(outputs: int) -> list[nn.Module]:
            return label_normalisation(options.condition, options.norm, outputs, classes)

        def up(inputs: int, outputs: int, normalised: bool) -> nn.Module:
            return doubling(inputs, outputs, options.kernel, biased(options.bias, normalised))

        self.entry = nn.Identity() if options.condition == "one-hot" else None
        self.plane = LabelPlane(classes, smallest) if options.condition == "embedding" else None
        units, extra = channels[0] * prod(smallest), classes if self.entry else 0
        self.dense = nn.Sequential(
            nn.Linear(dims.z_dim + extra, units, bias=biased(options.bias, options.normalise_dense)),
            # Every unit on its own, as in the authors' code, not every channel.
            *([nn.BatchNorm1d(units)] if options.normalise_dense else []),
            nn.Unflatten(1, (channels[0], *smallest)),
        )
        layers: list[nn.Module] = [*(norm(channels[0]) if options.condition == "every-layer" else []), nn.ReLU()]
        incoming = channels[0] + (self.plane is not None)
        for outgoing in channels[1:]:
            normalised = norm(outgoing)
            layers += [up(incoming, outgoing, bool(normalised)), *normalised, nn.ReLU()]
            incoming = outgoing
        self.layers = LabelledSequential(*layers, up(incoming, dims.sample[0], normalised=False), nn.Tanh())
        for part in (self.dense, self.layers):
            initialise(part, options.initial)

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        features = self.dense(beside(z, label, self.entry))
        images: Tensor = self.layers(beside(features, label, self.plane), label)
        return images


@NETWORKS.register("dcgan-generator")
@dataclass(frozen=True)
class DCGANGeneratorOptions(NetworkOptions):
    """Options of `DCGANGenerator`.

    Attributes:
        width: Channels of the feature map next to the image; deeper ones have up to 8 times as many.
        kernel: Side of the kernels: 4, or 5 and 3 with one pixel of output padding.
        base: The smallest feature map has at least this many pixels a side.
        bias: Which layers have biases: all, only those without a normalisation after them, or none.
        norm: Normalisation of every layer but the first and the last.
        normalise_dense: Batch normalisation of every unit of the first dense layer.
        condition: How a label enters: beside z (one-hot), as one learned map beside the first ones (embedding), or as
            gain and bias of the normalisation of every layer, the first one included (every-layer).
        initial: First weights: N(0, 0.02), He's, or PyTorch's own.
    """

    width: Count = 64
    kernel: Literal[3, 4, 5] = 4
    base: Count = 2
    bias: Bias = "all"
    norm: Norm = "batch"
    normalise_dense: bool = False
    condition: GeneratorCondition = "none"
    initial: Initial = "dcgan"

    @property
    def conditional(self) -> bool:
        return self.condition != "none"

    def build(self, dims: Dims) -> nn.Module:
        return DCGANGenerator(dims, self)


@NETWORKS.register("dcgan-discriminator")
@dataclass(frozen=True)
class DCGANDiscriminatorOptions(ConvDiscriminatorOptions):
    """A discriminator of convolutions of stride 2 and one dense layer on the flattened map.

    Attributes:
        width: Channels of the feature map next to the image; deeper ones have up to 8 times as many.
        kernel: Side of the kernels: 4, or 5 and 3.
        base: The smallest feature map has at least this many pixels a side.
        bias: Which layers have biases: all, only those without a normalisation after them, or none.
        norm: Normalisation of every layer but the first: batch, layer, instance or none. Batch normalisation couples the
            samples of a batch.
        initial: First weights: N(0, 0.02), He's, or PyTorch's own.
    """

    width: Count = 64
    kernel: Literal[3, 4, 5] = 4
    base: Count = 2
    bias: Bias = "all"
    norm: Norm = "batch"
    initial: Initial = "dcgan"

    def build(self, dims: Dims) -> nn.Module:
        return ConvDiscriminator(
            dims, self, partial(self.features, dims), self.initial, biased(self.bias, normalised=False)
        )

    def features(self, dims: Dims, inputs: int) -> Features:
        """The convolutions, for so many channels at the input."""
        channels, smallest = feature_maps(dims.sample, self.width, self.base)
        layers: list[nn.Module] = []
        for depth, (incoming, outgoing) in enumerate(pairwise([inputs, *channels])):
            norm = normalisation(self.norm, outgoing) if depth else []
            bias = biased(self.bias, bool(norm))
            layers += [nn.Conv2d(incoming, outgoing, self.kernel, 2, (self.kernel - 1) // 2, bias=bias)]
            layers += [*norm, nn.LeakyReLU(0.2)]
        return Features(nn.Sequential(*layers), channels[-1], smallest)
