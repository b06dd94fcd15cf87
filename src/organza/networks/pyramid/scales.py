"""A generator with a network for each scale, which passes pictures on: SinGAN (Shaham et al. 2019, arXiv:1905.01164).

Structural analogy (Benaim et al. 2021, arXiv:2004.02222) has the same networks, but for their padding, and the last two do not
add what they make to the picture that they get.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn

from organza.bounds import Count, Natural, Share
from organza.networks.layers import Norm, initialise, normalisation
from organza.networks.network import NETWORKS
from organza.networks.pyramid.generator import PyramidGenerator, PyramidOptions, Rated, resized
from organza.networks.pyramid.sizes import Size

DOUBLED_EVERY = 4  # scales


def width_at(width: int, scale: int, widest: int) -> int:
    """Channels of the networks of a scale: twice as many every four scales, up to `widest` times as many."""
    return width * min(1 << (scale // DOUBLED_EVERY), widest)


def convolutions(
    inputs: int, width: int, outputs: int, layers: int, padding: int, slope: float, norm: Norm
) -> nn.Sequential:
    """Convolutions 3x3, each but the last with a normalisation, if wanted, and a leaky ReLU."""
    made: list[nn.Module] = []
    for layer in range(layers - 1):
        made.append(nn.Conv2d(width if layer else inputs, width, 3, padding=padding))
        made += normalisation(norm, width)
        made.append(nn.LeakyReLU(slope, inplace=True))
    return nn.Sequential(*made, nn.Conv2d(width, outputs, 3, padding=padding))


class ScaleGenerator(PyramidGenerator):
    """x_n = up(x_{n-1}) + psi_n(up(x_{n-1}) + amplitude_n z_n) (Shaham et al. 2019, eq. 3); pictures are carried.

    The noise of the coarsest scale is the same in all channels. All scales but the newest are frozen, running statistics
    included.
    """

    def __init__(self, channels: int, sizes: Sequence[Size], options: ScaleGeneratorOptions) -> None:
        super().__init__(channels, sizes, (1, 1, *sizes[0]))
        self.options = options
        self.scales = nn.ModuleList()
        self.grow()

    @property
    def levels(self) -> nn.ModuleList:
        return self.scales

    @property
    def settled(self) -> int:
        return self.built - 1

    def grow(self) -> None:
        options, scale = self.options, self.built
        width = options.width_at(scale)
        if scale and width == options.width_at(scale - 1):
            self.scales.append(copy.deepcopy(self.scales[-1]))
        else:
            padding = 1 if options.padding == "each" else 0
            network = convolutions(
                self.channels, width, self.channels, options.layers, padding, options.slope, options.norm
            )
            initialise(network, "dcgan")
            self.scales.append(network)
        self.train(self.training)

    def train(self, mode: bool = True) -> ScaleGenerator:
        """Training mode for the newest scale only."""
        super().train(mode)
        for scale in self.scales[:-1]:
            scale.eval()
        return self

    def rated(self) -> tuple[Rated, ...]:
        return (Rated(tuple(self.scales[-1].parameters())),)

    def noise_shape(self, scale: int, size: Size) -> tuple[int, int, int]:
        margin = 2 * self.options.margin if self.options.padding == "noise" else 0
        return self.channels if scale else 1, size[0] + margin, size[1] + margin

    @property
    def carried_shape(self) -> tuple[int, int, int]:
        return self.channels, *self.sizes[self.settled]

    def begin(self, coarsest: Tensor, generator: torch.Generator) -> None:
        del coarsest  # which this network makes of noise, as every picture
        self.anchor.copy_(torch.randn(self.anchor.shape, generator=generator))

    def anchor_noise(self, scale: int) -> Tensor | None:
        if scale:
            return None
        margin = self.options.margin if self.options.padding == "noise" else 0
        return nn.functional.pad(self.anchor, [margin] * 4)

    def enter(self, picture: Tensor) -> Tensor:
        return picture

    def lift(self, carried: Tensor, scale: int, size: Size) -> Tensor:  # noqa: ARG002
        if tuple(carried.shape[2:]) == tuple(size):
            return carried
        if self.options.resizing == "bicubic":
            return resized(carried, size)
        return nn.functional.interpolate(carried, size, mode="bilinear")

    def climb(self, carried: Tensor | None, scale: int, noise: Tensor | None, size: Size) -> Tensor:
        options = self.options
        outer = 0 if options.padding == "each" else options.margin
        below = None if carried is None else self.lift(carried, scale, size)
        if below is None:
            assert noise is not None
            inputs = self.amplitudes[scale] * noise.expand(-1, self.channels, -1, -1)
            if options.padding != "noise":
                inputs = nn.functional.pad(inputs, [outer] * 4)
        else:
            inputs = below
            if noise is not None and options.padding != "noise":
                inputs = inputs + self.amplitudes[scale] * noise
            if outer:
                inputs = nn.functional.pad(inputs, [outer] * 4)
            if noise is not None and options.padding == "noise":
                inputs = inputs + self.amplitudes[scale] * noise
        made: Tensor = self.scales[scale](inputs).tanh()
        residual = scale < len(self.sizes) - options.unlinked or len(self.sizes) <= options.unlinked
        return made + below if below is not None and residual else made

    def show(self, carried: Tensor) -> Tensor:
        return carried

    def missing(self, carried: Tensor, real: Tensor) -> Tensor:
        below = self.lift(carried, self.built - 1, (real.shape[2], real.shape[3]))
        return (below - real).square().mean().sqrt()


@NETWORKS.register("scale-generator")
@dataclass(frozen=True)
class ScaleGeneratorOptions(PyramidOptions):
    """A generator with a network for each scale, as in SinGAN and structural analogy.

    Attributes:
        width: Channels of the first four scales; every four scales there are twice as many.
        widest: How many times as many at most.
        layers: Convolutions 3x3 of each scale.
        norm: Normalisation after each of them but the last: batch, as published; instance, which is the same in training and
            later; none.
        slope: Of the leaky ReLU below zero.
        padding: outer: zeros around picture and noise, one pixel for each convolution; noise: the same, but noise in that frame,
            which animations need to move at their borders; each: every convolution pads with zeros.
        resizing: Of the picture from scale to scale.
        unlinked: How many of the last scales do not add what they make to the picture that they get.
    """

    width: Count = 32
    widest: Count = 4
    layers: Count = 5
    norm: Literal["batch", "instance", "none"] = "batch"
    slope: Share = 0.2
    padding: Literal["outer", "noise", "each"] = "outer"
    resizing: Literal["bicubic", "bilinear"] = "bicubic"
    unlinked: Natural = 0

    @property
    def margin(self) -> int:
        """Pixels that the convolutions take off at each border without padding."""
        return self.layers

    def width_at(self, scale: int) -> int:
        """Channels at a scale."""
        return width_at(self.width, scale, self.widest)

    def pyramid(self, channels: int, sizes: Sequence[Size]) -> ScaleGenerator:
        return ScaleGenerator(channels, sizes, self)
