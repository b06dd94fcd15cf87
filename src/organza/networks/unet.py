"""The U-Net generator of pix2pix (Isola et al. 2017, arXiv:1611.07004, appendix 6.1.1).

Every feature map on the way down is handed over to its partner on the way up. 8 halvings for 256x256 pictures
(54,413,955), 7 for 128x128 (41,828,995). Dropout in the inner layers of the way up is its only noise, which the authors
keep when they use the network.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from organza.bounds import Count, Share
from organza.networks.layers import Initial, initialise
from organza.networks.network import NETWORKS, Dims
from organza.networks.pictures import (
    PictureGeneratorOptions,
    PictureNorm,
    Upsampling,
    keeps_bias,
    norm_layers,
    upsample,
)

LARGEST_MULTIPLE = 8  # channels grow from `width` to at most this many times `width`
PLAIN_DEPTHS = 4  # so many of the outermost maps on the way up are made without dropout


class UNetGenerator(nn.Module):
    """[B, C, H, W] -> [B, C, H, W] in (-1, 1); H and W are multiples of 2 ** downs."""

    def __init__(self, dims: Dims, options: UNetGeneratorOptions) -> None:
        super().__init__()
        image, norm, innermost = dims.sample[0], options.norm, options.downs - 1
        bias = keeps_bias(norm)
        channels = [options.width * min(2**depth, LARGEST_MULTIPLE) for depth in range(options.downs)]

        def down(depth: int) -> nn.Sequential:
            layers: list[nn.Module] = [nn.LeakyReLU(0.2)] if depth else []
            layers += [nn.Conv2d(channels[depth - 1] if depth else image, channels[depth], 4, 2, 1, bias=bias)]
            # The first map as in a DCGAN; the last one may have a single pixel, of which there is no variance.
            return nn.Sequential(*layers, *(norm_layers(norm, channels[depth]) if 0 < depth < innermost else []))

        def up(depth: int) -> nn.Sequential:
            inputs = channels[depth] * (1 if depth == innermost else 2)
            if not depth:
                return nn.Sequential(nn.ReLU(), *upsample(options.upsampling, inputs, image, 4, bias=True), nn.Tanh())
            layers = [nn.ReLU(), *upsample(options.upsampling, inputs, channels[depth - 1], 4, bias)]
            layers += norm_layers(norm, channels[depth - 1])
            dropped = options.dropout and PLAIN_DEPTHS <= depth < innermost
            return nn.Sequential(*layers, *([nn.Dropout(options.dropout)] if dropped else []))

        self.downs = nn.ModuleList(down(depth) for depth in range(options.downs))
        self.ups = nn.ModuleList(up(depth) for depth in reversed(range(options.downs)))
        initialise(self, options.initial)

    def forward(self, images: Tensor) -> Tensor:
        features, skips = images, []
        for down in self.downs:
            features = down(features)
            skips.append(features)
        features = skips.pop()
        for up in self.ups:
            features = up(features)
            if skips:
                features = torch.cat([skips.pop(), features], 1)
        return features


@NETWORKS.register("unet-generator")
@dataclass(frozen=True)
class UNetGeneratorOptions(PictureGeneratorOptions):
    """Pictures from pictures by an encoder and a decoder that see each other's maps, as in pix2pix.

    Attributes:
        width: Channels after the first halving; deeper maps have up to 8 times as many.
        downs: How often the sides are halved. Sides must be divisible by 2 to this power.
        norm: Normalisation: batch, before which convolutions have no biases, or instance.
        dropout: Share of the features that are left out at random in the downs - 5 inner layers of the way up.
        upsampling: By transposed convolutions, or by repeated pixels and convolutions, which leave no checkerboard.
        initial: First weights: N(0, 0.02), He's, or PyTorch's own.
    """

    width: Count = 64
    downs: Count = 8
    norm: PictureNorm = "batch"
    dropout: Share = 0.5
    upsampling: Upsampling = "transposed"
    initial: Initial = "dcgan"

    @property
    def multiple(self) -> int:
        return int(2**self.downs)

    @property
    def smallest(self) -> int:
        return self.multiple  # one pixel in the innermost map

    def build(self, dims: Dims) -> nn.Module:
        self.check(dims)
        return UNetGenerator(dims, self)
