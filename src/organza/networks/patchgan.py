"""The discriminator of patches of pix2pix (Isola et al. 2017, arXiv:1611.07004, section 3.2 and appendix 6.1.2).

It says of every patch how real it looks: [B, C, H, W] -> logits [B, 1, h, w]. Published forms differ only in options:

* CycleGAN's: 3 halvings, patches of 70x70, instance normalisation (2,764,737), a map of 30x30 for 256x256;
* pix2pix's: on 6 channels, the picture beside what it is made from, with batch normalisation (2,768,705);
* DeblurGAN's: two pixels of padding, a map of 35x35;
* DeblurGAN-v2's second one: 5 halvings, patches of 286x286, which is all of a 256x256 picture (11,154,369);
* pix2pix's PixelGAN: no halving, 1x1 kernels, every pixel on its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Literal

from torch import Tensor, nn

from organza.bounds import Count, Natural
from organza.errors import UsageError
from organza.networks.layers import Initial, initialise
from organza.networks.network import NETWORKS, Dims, NetworkOptions, Role
from organza.networks.pictures import keeps_bias, norm_layers

LARGEST_MULTIPLE = 8  # channels grow from `width` to at most this many times `width`


class PatchGAN(nn.Module):
    """[B, C, H, W] -> logits [B, 1, h, w], each of one patch."""

    def __init__(self, dims: Dims, options: PatchGANOptions) -> None:
        super().__init__()
        bias = keeps_bias(options.norm)
        kernel, padding = options.window
        *strides, last = options.strides
        channels = [options.width * min(2**depth, LARGEST_MULTIPLE) for depth in range(len(strides))]
        layers: list[nn.Module] = []
        for depth, (inputs, outputs) in enumerate(pairwise([dims.sample[0], *channels])):
            layers += [nn.Conv2d(inputs, outputs, kernel, strides[depth], padding, bias=bias or not depth)]
            layers += [*(norm_layers(options.norm, outputs) if depth else []), nn.LeakyReLU(0.2)]
        # The authors' PixelGAN has no bias at its end where it has none before a normalisation.
        layers += [nn.Conv2d(channels[-1], 1, kernel, last, padding, bias=bias or options.layers > 0)]
        self.layers = nn.Sequential(*layers)
        initialise(self, options.initial)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.layers(images)
        return logits


@NETWORKS.register("patchgan")
@dataclass(frozen=True)
class PatchGANOptions(NetworkOptions):
    """A discriminator of patches: a map of logits, as in pix2pix, CycleGAN and DeblurGAN.

    Attributes:
        width: Channels of the first feature map; deeper ones have up to 8 times as many.
        layers: How often the sides are halved, which decides the size of a patch: 1 to 5 make 16, 34, 70, 142, 286 pixels;
            0 looks at single pixels.
        padding: Pixels of zeros around every feature map: 1, or 2 as in DeblurGAN.
        norm: Normalisation of every layer but the first and the last: instance, batch, or none. Batch normalisation couples
            the samples of a batch, and convolutions before it have no biases.
        initial: First weights: N(0, 0.02), He's, or PyTorch's own.
    """

    role: ClassVar[Role] = "discriminator"

    width: Count = 64
    layers: Natural = 3
    padding: Literal[1, 2] = 1
    norm: Literal["instance", "batch", "none"] = "instance"
    initial: Initial = "dcgan"

    @property
    def couples_samples(self) -> bool:
        return self.norm == "batch"

    @property
    def strides(self) -> list[int]:
        """Of every convolution."""
        return [*[2] * self.layers, 1, 1] if self.layers else [1, 1, 1]

    @property
    def window(self) -> tuple[int, int]:
        """(kernel, padding) of every convolution."""
        return (4, self.padding) if self.layers else (1, 0)

    def maps(self, side: int) -> list[int]:
        """The side of the feature map after every convolution, for this side of the picture."""
        kernel, padding = self.window
        sides = [side]
        for stride in self.strides:
            sides.append(max(0, (sides[-1] + 2 * padding - kernel) // stride + 1))
        return sides[1:]

    @property
    def smallest(self) -> int:
        """The least height and width of a picture."""
        side = 1
        while not self._fits(side):
            side += 1
        return side

    def _fits(self, side: int) -> bool:
        _, *normalised, last = self.maps(side)
        return last > 0 and (self.norm == "none" or min(normalised) > 1)  # one pixel has no variance

    def build(self, dims: Dims) -> nn.Module:
        _, *sides = dims.sample
        if not all(self._fits(side) for side in sides):
            raise UsageError(
                f"patchgan with {self.layers} layers cannot judge pictures of {sides[0]}x{sides[1]} pixels: take fewer "
                f"layers, or sides from {self.smallest} on, as --size {max(self.smallest, *sides)}"
            )
        return PatchGAN(dims, self)


def receptive_field(options: PatchGANOptions) -> int:
    """Pixels a side of the patch that one logit is about.

    From the last layer inwards, a patch of r outputs is one of stride (r - 1) + kernel inputs.
    """
    pixels = 1
    for stride in reversed(options.strides):
        pixels = stride * (pixels - 1) + options.window[0]
    return pixels
