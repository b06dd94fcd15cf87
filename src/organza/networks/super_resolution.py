"""Enlarging generators, and a discriminator for them.

* SRResNet, the generator of SRGAN, and SRGAN's discriminator (Ledig et al. 2017, arXiv:1609.04802, figure 4): 1,549,462
  for 4 times the side, and 23,565,505 for pictures of 96x96;
* RRDB, the generator of ESRGAN (Wang et al. 2018, arXiv:1809.00219, section 3.1): 16,697,987.

`Dims.sample` is the shape of the large picture.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from organza.bounds import Count
from organza.networks.layers import Initial, initialise
from organza.networks.network import NETWORKS, Dims, NetworkOptions, Role
from organza.networks.pictures import PictureGeneratorOptions, norm_layers

Scale = Literal[2, 4, 8]
RESIDUAL_SCALE = 0.2  # of what a block adds to its input (ESRGAN, section 3.1)
DENSE_SCALE = 0.1  # of He's first weights in the dense blocks, as in the authors' code
DENSE_LAYERS = 5  # convolutions of a dense block


def doublings(scale: Scale) -> int:
    """How often the sides are doubled."""
    return scale.bit_length() - 1


class Residual(nn.Module):
    """x + factor f(x), for layers f that keep the shape."""

    def __init__(self, layers: nn.Module, factor: float = 1.0) -> None:
        super().__init__()
        self.layers = layers
        self.factor = factor

    def forward(self, features: Tensor) -> Tensor:
        added: Tensor = self.layers(features)
        return features + self.factor * added


class SRResNet(nn.Module):
    """[B, C, H, W] -> [B, C, scale H, scale W], not bounded."""

    def __init__(self, dims: Dims, options: SRResNetOptions) -> None:
        super().__init__()
        image, width = dims.sample[0], options.width

        def convolved() -> list[nn.Module]:
            return [nn.Conv2d(width, width, 3, 1, 1), *norm_layers(options.norm, width)]

        blocks = [Residual(nn.Sequential(*convolved(), nn.PReLU(), *convolved())) for _ in range(options.blocks)]
        layers: list[nn.Module] = [nn.Conv2d(image, width, 9, 1, 4), nn.PReLU()]
        layers += [Residual(nn.Sequential(*blocks, *convolved()))]
        for _ in range(doublings(options.scale)):
            layers += [nn.Conv2d(width, 4 * width, 3, 1, 1), nn.PixelShuffle(2), nn.PReLU()]
        self.layers = nn.Sequential(*layers, nn.Conv2d(width, image, 9, 1, 4))
        self.scale, self.residual = options.scale, options.residual
        initialise(self, options.initial)
        if self.residual:
            for parameter in self.layers[-1].parameters():
                nn.init.zeros_(parameter)

    def forward(self, images: Tensor) -> Tensor:
        made: Tensor = self.layers(images)
        if self.residual:
            made = made + interpolate(images, scale_factor=self.scale, mode="bicubic", align_corners=False)
        return made


@NETWORKS.register("srresnet")
@dataclass(frozen=True)
class SRResNetOptions(PictureGeneratorOptions):
    """Larger pictures by residual blocks and pixel shuffles, as in SRGAN.

    Attributes:
        width: Channels of every feature map.
        blocks: How many residual blocks.
        scale: How many times larger the sides become.
        norm: Normalisation: batch as published, or none, as later networks found to be better (Lim et al. 2017,
            arXiv:1707.02921).
        residual: Add the result of bicubic interpolation, with which such a network begins; the published one does not.
        initial: First weights: PyTorch's own, N(0, 0.02), or He's.
    """

    width: Count = 64
    blocks: Count = 16
    scale: Scale = 4
    norm: Literal["batch", "none"] = "batch"
    residual: bool = False
    initial: Initial = "torch"

    def build(self, dims: Dims) -> nn.Module:
        self.check(dims)
        return SRResNet(dims, self)


class DenseBlock(nn.Module):
    """[B, C, H, W] -> the same: every convolution sees the input and all that the ones before it have made."""

    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(
            nn.Conv2d(channels + before * growth, growth if before < DENSE_LAYERS - 1 else channels, 3, 1, 1)
            for before in range(DENSE_LAYERS)
        )
        self.activation = nn.LeakyReLU(0.2)

    def forward(self, features: Tensor) -> Tensor:
        *inner, last = self.convolutions
        seen = [features]
        for convolution in inner:
            seen.append(self.activation(convolution(torch.cat(seen, 1))))
        made: Tensor = last(torch.cat(seen, 1))
        return made


def initialise_dense(blocks: nn.Module) -> None:
    """Give convolutions He's first weights times a tenth, so that every dense block begins near the identity."""
    initialise(blocks, "he")
    with torch.no_grad():
        for module in blocks.modules():
            if isinstance(module, nn.Conv2d):
                module.weight.mul_(DENSE_SCALE)


class RRDB(nn.Module):
    """[B, C, H, W] -> [B, C, scale H, scale W], not bounded."""

    def __init__(self, dims: Dims, options: RRDBOptions) -> None:
        super().__init__()
        image, width = dims.sample[0], options.width

        def convolved(inputs: int = width, outputs: int = width) -> nn.Module:
            return nn.Conv2d(inputs, outputs, 3, 1, 1)

        def block() -> nn.Module:
            dense = [Residual(DenseBlock(width, options.growth), RESIDUAL_SCALE) for _ in range(3)]
            return Residual(nn.Sequential(*dense), RESIDUAL_SCALE)

        blocks = [block() for _ in range(options.blocks)]
        layers: list[nn.Module] = [convolved(image), Residual(nn.Sequential(*blocks, convolved()))]
        for _ in range(doublings(options.scale)):
            layers += [nn.Upsample(scale_factor=2), convolved(), nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers, convolved(), nn.LeakyReLU(0.2), convolved(outputs=image))
        initialise(self, options.initial)
        for made in blocks:
            initialise_dense(made)

    def forward(self, images: Tensor) -> Tensor:
        made: Tensor = self.layers(images)
        return made


@NETWORKS.register("rrdb")
@dataclass(frozen=True)
class RRDBOptions(PictureGeneratorOptions):
    """Larger pictures by residual blocks of dense blocks, without normalisation, as in ESRGAN.

    Attributes:
        width: Channels of the feature maps.
        growth: Channels that each convolution of a dense block adds.
        blocks: How many residual blocks of three dense blocks each.
        scale: How many times larger the sides become.
        initial: First weights outside the dense blocks: PyTorch's own, N(0, 0.02), or He's. Those inside are a tenth of
            He's.
    """

    width: Count = 64
    growth: Count = 32
    blocks: Count = 23
    scale: Scale = 4
    initial: Initial = "torch"

    def build(self, dims: Dims) -> nn.Module:
        self.check(dims)
        return RRDB(dims, self)


class SRGANDiscriminator(nn.Module):
    """[B, C, H, W] -> logits [B, 1], for pictures of the size that it is built for."""

    def __init__(self, dims: Dims, options: SRGANDiscriminatorOptions) -> None:
        super().__init__()
        incoming, *sides = dims.sample
        layers: list[nn.Module] = []
        for depth in range(4):
            outgoing = options.width * 2**depth
            for stride in (1, 2):
                layers += [nn.Conv2d(incoming, outgoing, 3, stride, 1)]
                layers += [*([nn.BatchNorm2d(outgoing)] if len(layers) > 1 else []), nn.LeakyReLU(0.2)]
                incoming = outgoing
            sides = [-(-side // 2) for side in sides]
        hidden = 2 * incoming
        layers += [nn.Flatten(), nn.Linear(incoming * prod(sides), hidden), nn.LeakyReLU(0.2), nn.Linear(hidden, 1)]
        self.layers = nn.Sequential(*layers)
        initialise(self, options.initial)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.layers(images)
        return logits


@NETWORKS.register("srgan-discriminator")
@dataclass(frozen=True)
class SRGANDiscriminatorOptions(NetworkOptions):
    """A discriminator of eight convolutions and two dense layers, with batch normalisation, as in SRGAN.

    Attributes:
        width: Channels of the first feature map; the last has 8 times as many, the dense layer 16 times.
        initial: First weights: PyTorch's own, N(0, 0.02), or He's.
    """

    role: ClassVar[Role] = "discriminator"

    width: Count = 64
    initial: Initial = "torch"

    @property
    def couples_samples(self) -> bool:
        return True

    def build(self, dims: Dims) -> nn.Module:
        return SRGANDiscriminator(dims, self)
