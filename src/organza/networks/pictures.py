"""What networks that make pictures from pictures share: normalisation, upsampling, and the sizes that fit."""

from __future__ import annotations

from typing import ClassVar, Literal

from torch import nn

from organza.errors import UsageError
from organza.networks.dcgan import doubling
from organza.networks.network import NETWORKS, Dims, NetworkOptions, Role

PictureNorm = Literal["instance", "batch"]
Upsampling = Literal["transposed", "resize"]


def norm_layers(norm: Literal["instance", "batch", "none"], channels: int) -> list[nn.Module]:
    """The layer that normalises feature maps, or no layer.

    "instance" takes mean and variance from the pixels of each channel of each picture, in training and afterwards, and has
    no parameters (Ulyanov et al. 2016, arXiv:1607.08022); "batch" has gains and biases, and remembers statistics.
    """
    match norm:
        case "instance":
            return [nn.InstanceNorm2d(channels)]
        case "batch":
            return [nn.BatchNorm2d(channels)]
        case "none":
            return []


def keeps_bias(norm: Literal["instance", "batch", "none"]) -> bool:
    """Whether convolutions before this normalisation have biases: not where it has its own.

    Before an instance normalisation they change nothing either, but the published networks have them.
    """
    return norm != "batch"


def upsample(kind: Upsampling, inputs: int, outputs: int, kernel: Literal[3, 4], bias: bool) -> list[nn.Module]:
    """Layers that double the sides: [B, inputs, H, W] -> [B, outputs, 2 H, 2 W].

    A transposed convolution of stride 2 adds up differently many products in neighbouring pixels, which shows as a
    checkerboard; "resize" repeats every pixel and convolves the result with a 3x3 kernel instead (Odena et al. 2016,
    doi:10.23915/distill.00003).

    Args:
        kind: Which of the two.
        inputs: Channels.
        outputs: Channels.
        kernel: Side of the transposed kernel.
        bias: Whether the convolution has one.
    """
    if kind == "transposed":
        return [doubling(inputs, outputs, kernel, bias)]
    return [nn.Upsample(scale_factor=2), nn.ReflectionPad2d(1), nn.Conv2d(inputs, outputs, 3, bias=bias)]


class PictureGeneratorOptions(NetworkOptions):
    """Options of a generator that makes pictures from pictures: [B, C, H, W] -> [B, C, scale H, scale W].

    `Dims.sample` is the shape of what it makes. The network works on any other size that fits, too: `smallest` is itself a
    multiple of `multiple`.
    """

    role: ClassVar[Role] = "generator from pictures"

    def check(self, dims: Dims) -> None:
        """Refuse sizes that do not fit.

        Raises:
            UsageError: A side of the sample is too small, or not divisible.
        """
        _, *sides = dims.sample
        unit, least = self.multiple * self.scale, self.smallest * self.scale
        if any(side % unit or side < least for side in sides):
            raise UsageError(
                f"{NETWORKS.name_of(self)} cannot make pictures of {sides[0]}x{sides[1]} pixels: take sides "
                f"divisible by {unit}, from {least} on, as --size {max(least, -(-max(sides) // unit) * unit)}"
            )
