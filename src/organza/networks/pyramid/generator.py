"""What generators of one picture have in common: noise of every scale becomes a picture, coarse to fine.

From scale to scale something is *carried*: the picture so far (SinGAN), or features of it (ConSinGAN). So that everything
which is done with such a model is written once, for both kinds, they say how to `enter` with a picture, to `climb` one scale,
and to `show` what is carried as a picture.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from organza.networks.network import Dims, NetworkOptions, Role
from organza.networks.pyramid.sizes import Size, scaled

WHOLE = (1.0, 1.0)
FINISHED = 0.5  # share of its steps from which on the newest scale is used; before, what it adds is noise


@dataclass(frozen=True)
class Rated:
    """Parameters that share a learning rate.

    Attributes:
        parameters: What is moved.
        rate: Multiple of the player's learning rate.
    """

    parameters: tuple[nn.Parameter, ...]
    rate: float = 1.0


class PyramidGenerator(nn.Module, ABC):
    """Noise of every scale -> a picture [n, C, H, W] in [-1, 1]. It has the scales that are built so far.

    Attributes:
        channels: Of a picture.
        sizes: (height, width) of the training picture at every scale of the whole pyramid, the coarsest first.
        amplitudes: Buffer [scales]: what the noise of each scale is multiplied with.
        anchor: Buffer: what enters the coarsest scale for the training picture to come out.
        takes_picture: Whether the coarsest scale may have a picture in the place of noise.
        unfinished: How many of the newest scales are left out of everything, because their training has hardly begun.
    """

    takes_picture: ClassVar[bool] = False

    amplitudes: Tensor
    anchor: Tensor

    def __init__(self, channels: int, sizes: Sequence[Size], anchor: tuple[int, ...]) -> None:
        super().__init__()
        self.channels, self.sizes = channels, tuple(sizes)
        self.register_buffer("amplitudes", torch.zeros(len(self.sizes)))
        self.register_buffer("anchor", torch.zeros(anchor))
        self.amplitudes[0] = 1.0
        self.unfinished = 0

    @property
    @abstractmethod
    def levels(self) -> nn.ModuleList:
        """The layers that each scale has for itself."""

    @property
    def built(self) -> int:
        """Scales that are there already, without unfinished ones."""
        return len(self.levels) - self.unfinished

    def leave_out(self, share: float) -> None:
        """Leave out the newest scale, unless it is the only one or has had enough of its training: this share, from 0 to 1."""
        self.unfinished = int(len(self.levels) > 1 and share < FINISHED)

    @property
    def amplitude(self) -> Tensor:
        """Of the noise of the newest scale, a scalar."""
        return self.amplitudes[self.built - 1]

    @property
    @abstractmethod
    def settled(self) -> int:
        """Scales whose weights do not move any more, the coarsest first: what leaves them need not be computed again."""

    @abstractmethod
    def grow(self) -> None:
        """Add the next scale; it begins as a copy of the last one where their shapes are the same."""

    @abstractmethod
    def rated(self) -> tuple[Rated, ...]:
        """What is trained at present, the newest last."""

    @abstractmethod
    def noise_shape(self, scale: int, size: Size) -> tuple[int, int, int]:
        """Shape (channels, height, width) of the noise of one picture of this size at this scale."""

    @abstractmethod
    def begin(self, coarsest: Tensor, generator: torch.Generator) -> None:
        """Decide what is to enter the coarsest scale for this picture [1, C, h, w] to come out."""

    @abstractmethod
    def anchor_noise(self, scale: int) -> Tensor | None:
        """What is added at a scale for the training picture to come out; None: nothing is."""

    @abstractmethod
    def enter(self, picture: Tensor) -> Tensor:
        """A picture [n, C, h, w] as what the scales carry."""

    @abstractmethod
    def climb(self, carried: Tensor | None, scale: int, noise: Tensor | None, size: Size) -> Tensor:
        """What a scale makes of what the one before has left.

        Args:
            carried: From the scale before, or `enter`; None for the coarsest scale.
            scale: Its number, from 0.
            noise: [n, *noise_shape(scale, size)]; None: none is added.
            size: Of the picture at this scale.
        """

    @abstractmethod
    def show(self, carried: Tensor) -> Tensor:
        """What is carried, as a picture [n, C, h, w] in [-1, 1]."""

    @abstractmethod
    def missing(self, carried: Tensor, real: Tensor) -> Tensor:
        """How far the training picture is from what the newest scale begins with: the root of the mean square, a scalar.

        Args:
            carried: What the scale before leaves of the anchor.
            real: The training picture at the newest scale.
        """

    @property
    @abstractmethod
    def carried_shape(self) -> tuple[int, int, int]:
        """Shape (channels, height, width) of what the settled scales leave of one training picture, ready for the next."""

    def lift(self, carried: Tensor, scale: int, size: Size) -> Tensor:  # noqa: ARG002 (some do it beforehand)
        """What is carried, prepared for a scale as far as that does not depend on noise."""
        return carried

    def settled_part(self, noises: Sequence[Tensor | None], factors: tuple[float, float] = WHOLE) -> Tensor:
        """What the settled scales leave of noise, one for each of them, ready for the next scale. There must be any."""
        scale = self.settled
        return self.lift(self.through(None, range(scale), noises, factors), scale, self.size(scale, factors))

    def size(self, scale: int, factors: tuple[float, float] = WHOLE) -> Size:
        """Of the picture at a scale, times the factors of height and width."""
        return scaled(self.sizes[scale], factors)

    def draw(
        self, count: int, generator: torch.Generator, scales: range, factors: tuple[float, float] = WHOLE
    ) -> list[Tensor]:
        """N(0, 1) for these scales, on the CPU."""
        shapes = [self.noise_shape(scale, self.size(scale, factors)) for scale in scales]
        return [torch.randn(count, *shape, generator=generator) for shape in shapes]

    def forward(self, carried: Tensor | None, noises: Sequence[Tensor | None]) -> Tensor:
        """The picture [n, C, H, W] that the scales in training make of what the settled ones have left, one noise for each.

        Args:
            carried: As `settled_part` returns it; None if no scale is settled.
            noises: Of the scales from the first that is not settled on.
        """
        return self.show(self.through(carried, range(self.settled, self.built), noises))

    def through(
        self,
        carried: Tensor | None,
        scales: range,
        noises: Sequence[Tensor | None],
        factors: tuple[float, float] = WHOLE,
    ) -> Tensor:
        """Climb several scales, one noise for each."""
        for scale, noise in zip(scales, noises, strict=True):
            carried = self.climb(carried, scale, noise, self.size(scale, factors))
        assert carried is not None
        return carried

    def anchored(self, scales: range, carried: Tensor | None = None) -> Tensor | None:
        """What is carried after these scales on the way to the training picture; None if there are none."""
        for scale in scales:
            carried = self.climb(carried, scale, self.anchor_noise(scale), self.sizes[scale])
        return carried

    @torch.no_grad()
    def reconstruct(self, scales: int = 0) -> Tensor:
        """The training picture as the network knows it, [1, C, h, w], after so many scales; 0: after all that are built."""
        carried = self.anchored(range(scales or self.built))
        assert carried is not None
        return self.show(carried)

    @torch.no_grad()
    def sample(
        self,
        count: int,
        generator: torch.Generator | None,
        factors: tuple[float, float] = WHOLE,
        start: int = 0,
    ) -> Tensor:
        """Variations of the training picture, [count, C, H, W] in [-1, 1], H and W times the factors.

        Args:
            count: How many.
            generator: Of the noise; of the CPU. None: no noise, which the coarsest scale cannot do without.
            factors: Of height and width.
            start: The first scale that gets noise: coarser ones make the training picture, resized by the factors.
        """
        scales = range(start, self.built)
        noises: list[Tensor | None] = [None] * len(scales)
        if generator is not None:
            noises = [noise.to(self.anchor.device) for noise in self.draw(count, generator, scales, factors)]
        carried: Tensor | None = None
        if start:
            carried = self.anchored(range(start))
            assert carried is not None
            carried = self.stretched(carried, start - 1, factors).expand(count, -1, -1, -1)
        return self.show(self.through(carried, scales, noises, factors)).clamp(-1, 1)

    def stretched(self, carried: Tensor, scale: int, factors: tuple[float, float]) -> Tensor:
        """What a scale leaves, resized by the factors."""
        size = self.size(scale, factors)
        if size == tuple(carried.shape[2:]):
            return carried
        return nn.functional.interpolate(carried, size, mode="bicubic", antialias=True)

    def repaint(self, picture: Tensor, start: int) -> Tensor:
        """A picture as this network would have painted it, [n, C, H, W], from a scale on, without noise.

        Args:
            picture: [n, C, H, W] of the size that pictures have at the last scale that is built, or of other proportions.
            start: The first scale: it gets the picture in its own size.
        """
        last = self.sizes[self.built - 1]
        factors = (picture.shape[2] / last[0], picture.shape[3] / last[1])
        return self._painted(resized(picture, self.size(start, factors)), start, [None] * (self.built - start), factors)

    def _painted(self, small: Tensor, start: int, noises: list[Tensor | None], factors: tuple[float, float]) -> Tensor:
        """What the scales from `start` on make of a picture, and of noise for each."""
        scales = range(start, self.built)
        if start == 0 and self.takes_picture:
            return self.show(self.through(None, scales, [small, *noises[1:]], factors))
        return self.show(self.through(self.enter(small), scales, noises, factors))

    @torch.no_grad()
    def refine(
        self, picture: Tensor, start: int, generator: torch.Generator | None = None, size: Size | None = None
    ) -> Tensor:
        """A picture of any size as the network would have painted it, [n, C, H, W] in [-1, 1].

        It is made as small as pictures are at the scale before `start`, so that everything finer is the network's own. Networks
        whose coarsest scale takes a picture get it there, in the size that it has there: features of a finer scale are not to be
        had from a picture, because that scale has never seen any without what the coarser ones add. Then `start` says from which
        scale on there is noise.

        Args:
            picture: [n, C, h, w] in [-1, 1].
            start: The first scale that works on it. At 0 it is as small as at the coarsest scale itself.
            generator: Of noise for these scales; None: no noise.
            size: Height and width of the result; None: those of the training picture at the last scale.
        """
        height, width = size or self.sizes[self.built - 1]
        last = self.sizes[self.built - 1]
        factors = (height / last[0], width / last[1])
        noises: list[Tensor | None] = [None] * (self.built - start)
        if generator is not None:
            drawn = self.draw(len(picture), generator, range(start, self.built), factors)
            noises = [noise.to(picture.device) for noise in drawn]
        if self.takes_picture:
            noises, start = [*[None] * start, *noises], 0
        small = resized(picture, self.size(max(start - 1, 0), factors))
        return self._painted(small, start, noises, factors).clamp(-1, 1)


def resized(pictures: Tensor, size: Size) -> Tensor:
    """Pictures [n, C, h, w] in another size, bicubic and antialiased, as MATLAB's and Pillow's resizing is."""
    if tuple(pictures.shape[2:]) == tuple(size):
        return pictures
    return nn.functional.interpolate(pictures, size, mode="bicubic", antialias=True)


def why_not(generator: PyramidGenerator) -> str:
    """Why a generator of one scale can do nothing with pictures, and what to do."""
    if len(generator.sizes) > 1:
        return (
            f"the model has only the first of {len(generator.sizes)} scales so far, which makes pictures of noise alone: go on"
            " with its training"
        )
    return "the model has a single scale, which makes pictures of noise alone: train one with more, as from a larger picture"


class PyramidOptions(NetworkOptions):
    """Options of a generator of one picture."""

    role: ClassVar[Role] = "generator of a pyramid"
    takes_picture: ClassVar[bool] = False

    @abstractmethod
    def pyramid(self, channels: int, sizes: Sequence[Size]) -> PyramidGenerator:
        """The generator with its coarsest scale, in pictures of so many channels and these sizes."""

    def build(self, dims: Dims) -> PyramidGenerator:
        """The generator of a single scale."""
        channels, height, width = dims.sample
        return self.pyramid(channels, [(height, width)])
