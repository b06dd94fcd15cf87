"""One generator that grows, and passes features on: ConSinGAN (Hinz et al. 2021, arXiv:2003.11512; their code)."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from organza.bounds import Count, Share
from organza.networks.layers import Initial, initialise
from organza.networks.network import NETWORKS
from organza.networks.pyramid.generator import PyramidGenerator, PyramidOptions, Rated
from organza.networks.pyramid.sizes import Size

KEYS = 2**31  # of the fixed noise of the finer scales


class GrowingGenerator(PyramidGenerator):
    """h_n = up(h_{n-1}) + body_n(up(h_{n-1}) + amplitude_n z_n), picture = tanh(tail(h_n)); features are carried.

    The coarsest scale has no skip, and takes a picture as well as noise: head and body of it make h_0. A new scale begins as a
    copy of the last one. The newest `trained` scales are trained together, each older one at a smaller rate; the head, as long
    as the coarsest scale is among them.

    With "frame" as padding every scale makes its input larger by what its convolutions take off, by resizing or by noise, so
    that borders vary as all else does; with "zeros" it is filled up.
    """

    takes_picture: ClassVar[bool] = True

    key: Tensor

    def __init__(self, channels: int, sizes: Sequence[Size], options: GrowingGeneratorOptions) -> None:
        super().__init__(channels, sizes, (1, channels, *sizes[0]))
        self.options = options
        self.register_buffer("key", torch.zeros((), dtype=torch.int64))
        width = options.width
        self.head = nn.Sequential(*self._layer(channels))
        self.body = nn.ModuleList(
            [nn.Sequential(*[part for _ in range(options.layers) for part in self._layer(width)])]
        )
        self.tail = nn.Conv2d(width, channels, 3)
        initialise(self, options.initial)

    def _layer(self, inputs: int) -> list[nn.Module]:
        norm = [nn.BatchNorm2d(self.options.width)] if self.options.norm == "batch" else []
        return [nn.Conv2d(inputs, self.options.width, 3), *norm, nn.LeakyReLU(self.options.slope, inplace=True)]

    @property
    def levels(self) -> nn.ModuleList:
        return self.body

    @property
    def settled(self) -> int:
        return max(0, self.built - self.options.trained)

    def grow(self) -> None:
        self.body.append(copy.deepcopy(self.body[-1]))
        self.train(self.training)

    def leave_out(self, share: float) -> None:
        """Nothing: tail and older scales have been trained for the newest one, too."""

    def train(self, mode: bool = True) -> GrowingGenerator:
        """Training mode for what is trained only."""
        super().train(mode)
        for part in (*([self.head] if self.settled else []), *self.body[: self.settled]):
            part.eval()
        return self

    def rated(self) -> tuple[Rated, ...]:
        decay, newest = self.options.decay, self.built - 1
        groups = [
            Rated(tuple(self.body[scale].parameters()), decay ** (newest - scale))
            for scale in range(self.settled, self.built)
        ]
        head = () if self.settled else (Rated(tuple(self.head.parameters()), decay**newest),)
        return (*head, Rated(tuple(self.tail.parameters())), *groups)

    def noise_shape(self, scale: int, size: Size) -> tuple[int, int, int]:
        if not scale:
            return self.channels, *size
        margin = 2 * self.options.layers if self.options.padding == "frame" else 0
        return self.options.width, size[0] + margin, size[1] + margin

    @property
    def carried_shape(self) -> tuple[int, int, int]:
        return self.options.width, *self.sizes[max(0, self.settled - 1)]

    def begin(self, coarsest: Tensor, generator: torch.Generator) -> None:
        self.anchor.copy_(coarsest)
        if self.built == 1:  # later scales go on with the noise that the first ones were trained with
            self.key.copy_(torch.randint(KEYS, (), generator=generator))

    def anchor_noise(self, scale: int) -> Tensor | None:
        if not scale:
            return self.anchor
        if self.anchor.is_meta:
            return torch.empty(1, *self.noise_shape(scale, self.sizes[scale]), device=self.anchor.device)
        generator = torch.Generator().manual_seed(int(self.key) + scale)
        fixed = torch.randn(1, *self.noise_shape(scale, self.sizes[scale]), generator=generator)
        return fixed.to(self.anchor.device)

    def enter(self, picture: Tensor) -> Tensor:
        features: Tensor = self.head(nn.functional.pad(picture, [1] * 4))
        return features

    def climb(self, carried: Tensor | None, scale: int, noise: Tensor | None, size: Size) -> Tensor:
        framed, layers = self.options.padding == "frame", self.options.layers
        if carried is None:
            assert noise is not None
            features = self.enter(noise)
            if framed:
                features = enlarged(features, (features.shape[2] + 2, features.shape[3] + 2))
            features = nn.functional.pad(features, [layers - 1 if framed else layers] * 4)
            made: Tensor = self.body[0](features)
            return made
        below = enlarged(carried, size)
        if framed:
            inputs = enlarged(carried, (size[0] + 2 * layers, size[1] + 2 * layers))
            inputs = inputs if noise is None else inputs + self.amplitudes[scale] * noise
        else:
            inputs = below if noise is None else below + self.amplitudes[scale] * noise
            inputs = nn.functional.pad(inputs, [layers] * 4)
        added: Tensor = self.body[scale](inputs)
        return below + added

    def show(self, carried: Tensor) -> Tensor:
        picture: Tensor = self.tail(nn.functional.pad(carried, [1] * 4)).tanh()
        return picture

    def missing(self, carried: Tensor, real: Tensor) -> Tensor:
        made = self.show(self.climb(carried, self.built - 1, None, (real.shape[2], real.shape[3])))
        return (made - real).square().mean().sqrt()


def enlarged(features: Tensor, size: Size) -> Tensor:
    """Features in another size, bicubic, corners upon corners."""
    if tuple(features.shape[2:]) == tuple(size):
        return features
    if features.is_meta:  # PyTorch takes a fifth of a second to find this shape
        return features.new_empty(*features.shape[:2], *size)
    return nn.functional.interpolate(features, size, mode="bicubic", align_corners=True)


@NETWORKS.register("growing-generator")
@dataclass(frozen=True)
class GrowingGeneratorOptions(PyramidOptions):
    """A generator that grows by a few convolutions with each scale, as in ConSinGAN.

    Attributes:
        width: Channels.
        layers: Convolutions 3x3 of each scale.
        norm: batch: batch normalisation after each of them, which the authors advise for editing.
        slope: Of the leaky ReLU below zero.
        padding: frame: input beyond the borders is made by resizing and of noise, for variations; zeros: for editing.
        trained: How many of the newest scales are trained together.
        decay: By what the learning rate of each older one is multiplied.
        initial: First weights: N(0, 0.02), as published; He's, with which a network without normalisation begins far sooner to
            show anything; or PyTorch's own.
    """

    takes_picture: ClassVar[bool] = True

    width: Count = 64
    layers: Count = 3
    norm: Literal["none", "batch"] = "none"
    slope: Share = 0.05
    padding: Literal["frame", "zeros"] = "frame"
    trained: Count = 3
    decay: Share = 0.1
    initial: Initial = "dcgan"

    def pyramid(self, channels: int, sizes: Sequence[Size]) -> GrowingGenerator:
        return GrowingGenerator(channels, sizes, self)
