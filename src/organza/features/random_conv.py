"""Features that need no data and no weights file: convolutions drawn once and for all from a fixed seed.

Random filters followed by rectifiers already tell textures, edges and colours apart (Saxe et al. 2011, On Random Weights and
Unsupervised Feature Learning; Ulyanov et al. 2016 and Ustyuzhaninov et al. 2016, arXiv:1606.00021, for statistics of their
maps). What things *are* they do not know: a score in them is a check, not a measure of what people see.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn

from organza.features.digests import tensors_digest
from organza.features.embedding import Embedding, no_logits
from organza.features.pictures import check_pictures, check_sides, resize, to_colour

NAME = "random-conv"
SEED = 20151205
SIZE = 64  # pixels on each side of the input
WIDTHS = (16, 32, 64)  # channels at 64, 32 and 16 pixels on each side
SMALLEST = 4  # pixels on each side of a picture that is seen in its own size: its edges are mirrored


class RandomConvolutions(nn.Module):
    """[n, 3, 64, 64] in [-1, 1] -> maps [n, 16, 64, 64], [n, 32, 32, 32] and [n, 64, 16, 16], none of them negative.

    A 5x5 convolution that keeps the size, then two 3x3 ones that halve it, each with mirrored edges, so that there is no
    frame, and a ReLU. Weights are uniform with variance 2 / inputs (He et al. 2015, arXiv:1502.01852), biases uniform in
    [-0.5, 0.5]. Uniform, because those numbers come out of a generator's integers by exact arithmetic, and are the same on
    every machine; normal ones go through logarithms, which differ in the last bit.
    """

    def __init__(self, seed: int = SEED) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.layers = nn.ModuleList()
        inputs = 3
        for width in WIDTHS:
            side, stride = (5, 1) if inputs == 3 else (3, 2)
            with torch.device("meta"):  # initialising would draw random numbers that are others'
                layer = nn.Conv2d(inputs, width, side, stride, padding=side // 2, padding_mode="reflect")
            bound = math.sqrt(3 * 2 / (inputs * side**2))
            weight = (torch.rand(width, inputs, side, side, generator=generator) * 2 - 1) * bound
            layer.weight = nn.Parameter(weight, requires_grad=False)
            layer.bias = nn.Parameter(torch.rand(width, generator=generator) - 0.5, requires_grad=False)
            self.layers.append(layer)
            inputs = width

    def forward(self, images: Tensor) -> list[Tensor]:
        maps = [images]
        for layer in self.layers:
            maps.append(layer(maps[-1]).relu())
        return maps[1:]


@dataclass(frozen=True, eq=False)
class RandomConvFeatures(Embedding):
    """Mean and standard deviation of each map of `RandomConvolutions` over the picture.

    Attributes:
        network: The convolutions.
        sha256: Of their tensors.
    """

    network: RandomConvolutions
    sha256: str
    name: str = NAME
    resize: str = f"{SIZE}x{SIZE} bilinear antialiased"
    dim: int = 2 * sum(WIDTHS)
    classes: tuple[str, ...] = ()
    chunk: int = 128

    @property
    def device(self) -> torch.device:
        return next(self.network.parameters()).device

    def see(self, images: Tensor) -> tuple[Tensor, Tensor]:
        maps = self.network(_input(images))
        means, deviations = ([f(layer) for layer in maps] for f in (_mean, _deviation))
        embedded = torch.cat(means + deviations, 1)
        return embedded, no_logits(embedded)

    @torch.no_grad()
    def maps(self, images: Tensor) -> list[Tensor]:
        """The maps themselves, float32 [n, 16, 64, 64], [n, 32, 32, 32] and [n, 64, 16, 16].

        Arguments and errors as of `look`.
        """
        chunks = [self.network(_input(part.to(self.device))) for part in torch.split(images, self.chunk)]
        return [torch.cat(layer) for layer in zip(*chunks, strict=True)]

    @torch.no_grad()
    def places(self, images: Tensor) -> Tensor:
        """The second map of pictures in their own size, float32 [n, 32, H / 2, W / 2]: each place has seen 7 x 7 pixels.

        Not the third, whose places are so few in small pictures that 64 channels have no covariance.

        Raises:
            UsageError: These are no pictures, or some of fewer than 4 pixels on a side.
        """
        check_pictures(images)
        check_sides(images, SMALLEST, NAME)
        chunks = (self.network(to_colour(part.to(self.device)))[1] for part in torch.split(images, self.chunk))
        return torch.cat(list(chunks))


def _input(images: Tensor) -> Tensor:
    return resize(to_colour(images), SIZE).contiguous(memory_format=torch.channels_last)


def _mean(maps: Tensor) -> Tensor:
    return maps.mean((2, 3))


def _deviation(maps: Tensor) -> Tensor:
    return maps.std((2, 3), correction=0)


@dataclass(frozen=True)
class RandomConv:
    """The entry of the table: its weights are drawn whenever they are needed, which takes a millisecond."""

    summary: str = (
        "mean and deviation of the maps of a fixed random convolutional network: no weights to fetch, knows no things"
    )

    @cached_property
    def sha256(self) -> str:
        """Of the drawn tensors."""
        return tensors_digest(RandomConvolutions().state_dict())

    def load(self, device: torch.device | str = "cpu") -> RandomConvFeatures:
        network = RandomConvolutions()
        digest = tensors_digest(network.state_dict())
        return RandomConvFeatures(network.to(device).to(memory_format=torch.channels_last).eval(), digest)
