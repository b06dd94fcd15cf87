"""The generator of GANILLA (Hicsonmez et al. 2020, arXiv:2002.05638, section 3.1), for illustrations (7,228,419).

An encoder whose blocks put their input beside their output instead of adding it, and a feature pyramid instead of a
decoder, so that every level of the encoder has its say in the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from organza.bounds import Count, Share
from organza.networks.layers import Initial, StridedPoints, initialise
from organza.networks.network import NETWORKS, Dims
from organza.networks.pictures import PictureGeneratorOptions, norm_layers

BLOCKS = 2  # in each of the levels


def convolved(inputs: int, outputs: int, stride: int = 1) -> list[nn.Module]:
    """A 3x3 convolution without bias and an instance normalisation."""
    return [
        nn.ReflectionPad2d(1),
        nn.Conv2d(inputs, outputs, 3, stride, bias=False),
        *norm_layers("instance", outputs),
    ]


class ConcatenationBlock(nn.Module):
    """[B, inputs, H, W] -> [B, outputs, H / stride, W / stride], rounded up.

    Two convolutions, their input beside what they make, and a third convolution of both.
    """

    def __init__(self, inputs: int, outputs: int, stride: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            *convolved(inputs, outputs, stride),
            nn.ReLU(),
            *([nn.Dropout(dropout)] if dropout else []),
            *convolved(outputs, outputs),
        )
        fits = stride == 1 and inputs == outputs
        self.shortcut = nn.Sequential(
            *([] if fits else [StridedPoints(inputs, outputs, stride), *norm_layers("instance", outputs)])
        )
        self.last = nn.Sequential(*convolved(2 * outputs, outputs), nn.ReLU())

    def forward(self, features: Tensor) -> Tensor:
        made: Tensor = self.last(torch.cat([self.layers(features), self.shortcut(features)], 1))
        return made


class GanillaGenerator(nn.Module):
    """[B, C, H, W] -> [B, C, H, W] in (-1, 1); H and W are multiples of 16, and at least 32."""

    def __init__(self, dims: Dims, options: GanillaGeneratorOptions) -> None:
        super().__init__()
        image, width = dims.sample[0], options.width
        self.first = nn.Sequential(
            nn.ReflectionPad2d(3),
            nn.Conv2d(image, width, 7),
            *norm_layers("instance", width),
            nn.ReLU(),
            nn.ReflectionPad2d(1),
            nn.MaxPool2d(3, 2),
        )
        levels, incoming = [], width
        for outgoing, stride in ((width, 1), (2 * width, 2), (2 * width, 2), (4 * width, 2)):
            blocks = [ConcatenationBlock(incoming, outgoing, stride, options.dropout)]
            blocks += [ConcatenationBlock(outgoing, outgoing, 1, options.dropout) for _ in range(BLOCKS - 1)]
            levels.append((outgoing, nn.Sequential(*blocks)))
            incoming = outgoing
        self.levels = nn.ModuleList(level for _, level in levels)
        self.laterals = nn.ModuleList(nn.Conv2d(channels, 2 * width, 1) for channels, _ in reversed(levels))
        self.enlarge = nn.Upsample(scale_factor=2)
        self.smooth = nn.Sequential(nn.ReflectionPad2d(1), nn.Conv2d(2 * width, width, 3))
        self.last = nn.Sequential(nn.ReflectionPad2d(3), nn.Conv2d(width, image, 7), nn.Tanh())
        initialise(self, options.initial)

    def forward(self, images: Tensor) -> Tensor:
        features, maps = self.first(images), []
        for level in self.levels:
            features = level(features)
            maps.append(features)
        deepest, *laterals = self.laterals
        pyramid = deepest(maps.pop())
        for lateral in laterals:
            pyramid = lateral(maps.pop()) + self.enlarge(pyramid)
        made: Tensor = self.last(self.smooth(self.enlarge(pyramid)))
        return made


@NETWORKS.register("ganilla-generator")
@dataclass(frozen=True)
class GanillaGeneratorOptions(PictureGeneratorOptions):
    """Pictures from pictures by an encoder and a feature pyramid, as in GANILLA.

    Attributes:
        width: Channels at full size; the four levels of the encoder have 1, 2, 2 and 4 times as many, the pyramid 2 times.
        dropout: Share of the features that are left out at random in every block of the encoder.
        initial: First weights: N(0, 0.02), He's, or PyTorch's own.
    """

    width: Count = 64
    dropout: Share = 0.0
    initial: Initial = "dcgan"

    @property
    def multiple(self) -> int:
        return 16  # four halvings that round up: only without rounding do the levels of the pyramid meet

    @property
    def smallest(self) -> int:
        return 32  # 2x2 in the deepest level, the least that can be reflected

    def build(self, dims: Dims) -> nn.Module:
        self.check(dims)
        return GanillaGenerator(dims, self)
