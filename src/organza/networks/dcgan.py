"""The deep convolutional GAN (Radford et al. 2016, arXiv:1511.06434), for any size that halves often enough.

Strided convolutions instead of pooling, batch normalisation in both networks except at the generator's output and the
discriminator's input, no hidden dense layer, ReLU in the generator, leaky ReLU of slope 0.2 in the discriminator.

Two published forms differ only in options:

* the 32x32 form of the lecture notes starts from 2x2, has 4x4 kernels and biases everywhere (G 3,021,123, D 2,760,385);
* Radford's 64x64 form starts from 4x4, has 5x5 kernels, no biases at all, and normalises every unit of the first dense
  layer on its own (G 18,885,760, D 17,232,768).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Literal

from torch import Tensor, nn

from organza.bounds import Count
from organza.errors import UsageError
from organza.networks.network import NETWORKS, Dims

Bias = Literal["all", "unnormalised", "none"]

LARGEST_MULTIPLE = 8  # channels grow from `width` to at most this many times `width`, as in both published forms


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


def initialise(network: nn.Module) -> None:
    """Weights N(0, 0.02), normalisation gains N(1, 0.02), biases 0 (Radford et al. 2016, section 4)."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            nn.init.normal_(module.weight, 0.0, 0.02)
        elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.normal_(module.weight, 1.0, 0.02)
        else:
            continue
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class DCGANGenerator(nn.Module):
    """[B, z_dim] -> [B, C, H, W] in (-1, 1).

    A dense layer to the smallest feature map, then transposed convolutions of stride 2.
    """

    def __init__(
        self,
        z_dim: int,
        sample: tuple[int, int, int],
        width: int = 64,
        kernel: int = 4,
        base: int = 2,
        bias: Bias = "all",
        normalise_dense: bool = False,
    ) -> None:
        super().__init__()
        channels, smallest = feature_maps(sample, width, base)
        channels.reverse()
        # Exact doubling for odd kernels too: out = 2 in - 2 - 2 padding + kernel + output_padding.
        padding, output_padding = (kernel - 1) // 2, kernel % 2

        def up(inputs: int, outputs: int, biased: bool) -> nn.ConvTranspose2d:
            return nn.ConvTranspose2d(inputs, outputs, kernel, 2, padding, output_padding, bias=biased)

        units = channels[0] * prod(smallest)
        dense: list[nn.Module] = [
            nn.Linear(z_dim, units, bias=bias == "all" or (bias != "none" and not normalise_dense))
        ]
        if normalise_dense:  # every unit on its own, as in the authors' code, not every channel
            dense.append(nn.BatchNorm1d(units))
        layers: list[nn.Module] = [*dense, nn.Unflatten(1, (channels[0], *smallest)), nn.ReLU()]
        for inputs, outputs in pairwise(channels):
            layers += [up(inputs, outputs, bias == "all"), nn.BatchNorm2d(outputs), nn.ReLU()]
        self.layers = nn.Sequential(*layers, up(channels[-1], sample[0], bias != "none"), nn.Tanh())
        initialise(self)

    def forward(self, z: Tensor) -> Tensor:
        images: Tensor = self.layers(z)
        return images


class DCGANDiscriminator(nn.Module):
    """[B, C, H, W] -> logits [B, 1]: convolutions of stride 2, then one dense layer on the flattened map."""

    def __init__(
        self, sample: tuple[int, int, int], width: int = 64, kernel: int = 4, base: int = 2, bias: Bias = "all"
    ) -> None:
        super().__init__()
        channels, smallest = feature_maps(sample, width, base)
        padding = (kernel - 1) // 2

        def down(inputs: int, outputs: int, biased: bool) -> nn.Conv2d:
            return nn.Conv2d(inputs, outputs, kernel, 2, padding, bias=biased)

        layers: list[nn.Module] = [down(sample[0], channels[0], bias != "none"), nn.LeakyReLU(0.2)]
        for inputs, outputs in pairwise(channels):
            layers += [down(inputs, outputs, bias == "all"), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(
            *layers, nn.Flatten(), nn.Linear(channels[-1] * prod(smallest), 1, bias=bias != "none")
        )
        initialise(self)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.layers(images)
        return logits


@NETWORKS.register("dcgan-generator")
@dataclass(frozen=True)
class DCGANGeneratorOptions:
    """Options of `DCGANGenerator`.

    Attributes:
        width: Channels of the feature map next to the image; deeper ones have up to 8 times as many.
        kernel: Side of the kernels: 4, or 5 and 3 with one pixel of output padding.
        base: The smallest feature map has at least this many pixels a side.
        bias: Which layers have biases: all, only those without a normalisation after them, or none.
        normalise_dense: Batch normalisation of every unit of the first dense layer.
    """

    width: Count = 64
    kernel: Literal[3, 4, 5] = 4
    base: Count = 2
    bias: Bias = "all"
    normalise_dense: bool = False

    def build(self, dims: Dims) -> nn.Module:
        return DCGANGenerator(
            dims.z_dim, dims.sample, self.width, self.kernel, self.base, self.bias, self.normalise_dense
        )


@NETWORKS.register("dcgan-discriminator")
@dataclass(frozen=True)
class DCGANDiscriminatorOptions:
    """Options of `DCGANDiscriminator`, as of the generator."""

    width: Count = 64
    kernel: Literal[3, 4, 5] = 4
    base: Count = 2
    bias: Bias = "all"

    def build(self, dims: Dims) -> nn.Module:
        return DCGANDiscriminator(dims.sample, self.width, self.kernel, self.base, self.bias)
