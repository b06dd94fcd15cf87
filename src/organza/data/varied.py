"""Pictures that keep their own size, and the squares that are cut out of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from organza.data.fitting import Pixels
from organza.data.parallel import workers

KEPT = 2**28  # bytes of decoded pictures that are kept, or decoded before they are asked for


class Pictures(Protocol):
    """Pictures by index, each uint8 [H, W, C] of its own size: a list, an array [n, H, W, C], or `KeptPictures`."""

    def __getitem__(self, index: int) -> Pixels: ...


class KeptPictures:
    """Pictures that are decoded when they are asked for, by threads; those asked for last are kept.

    Args:
        one: Index -> uint8 [H, W, C]; called from several threads.
        largest: Bytes of the largest of them, which decides how many are kept.
    """

    def __init__(self, one: Callable[[int], Pixels], largest: int) -> None:
        self.one = one
        self.bound = max(1, KEPT // largest)
        self._pool = ThreadPoolExecutor(workers(), thread_name_prefix="organza-data")
        self._kept: OrderedDict[int, Future[Pixels]] = OrderedDict()

    def __getitem__(self, index: int) -> Pixels:
        future = self._submit(index)
        try:
            picture = future.result()
        except BaseException:
            self._kept.pop(index, None)  # it may be readable the next time
            raise
        self._trim()
        return picture

    def expect(self, indices: Sequence[int]) -> None:
        """These will be asked for next: begin with them now."""
        for index in indices[: self.bound]:
            self._submit(index)
        self._trim()

    def _submit(self, index: int) -> Future[Pixels]:
        if index not in self._kept:
            self._kept[index] = self._pool.submit(self.one, index)
        self._kept.move_to_end(index)
        return self._kept[index]

    def _trim(self) -> None:
        while len(self._kept) > self.bound:
            self._kept.popitem(last=False)[1].cancel()


@dataclass(frozen=True, eq=False)
class VariedDataset:
    """Pictures of several sizes, none with a side below `size`, seen as squares of that size.

    Attributes:
        pictures: uint8 [H, W, C] each.
        count: How many.
        size: Pixels on each side of the squares.
        channels: 1, 3 or 4.
        labels: int64 [count] classes or float32 [count, A] attributes in [0, 1], or None.
        classes: What the labels mean.
        notes: For the user.
    """

    pictures: Pictures
    count: int
    size: int
    channels: int
    labels: Tensor | None
    classes: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.channels, self.size, self.size

    def read(self, indices: Tensor) -> Tensor:
        """The squares in the middle, uint8 [B, size, size, C]."""
        self.expect(indices)  # so that the threads decode all of them at once
        pictures = [self.pictures[index] for index in indices.tolist()]
        return self._squares(
            pictures, [[(side - self.size) // 2 for side in picture.shape[:2]] for picture in pictures]
        )

    def cut(self, indices: Tensor, where: Tensor) -> Tensor:
        """A square out of each of these pictures.

        Args:
            indices: int64 [B].
            where: float [B, 2] in [0, 1): of the places that its top edge can have, and its left edge, which.

        Returns:
            uint8 [B, size, size, C].
        """
        self.expect(indices)
        pictures = [self.pictures[index] for index in indices.tolist()]
        room = torch.tensor([picture.shape[:2] for picture in pictures]) - self.size
        return self._squares(pictures, places(where.cpu(), room).tolist())

    def expect(self, indices: Tensor) -> None:
        """These will be read next: begin with them now, if they are not in memory."""
        if isinstance(self.pictures, KeptPictures):
            self.pictures.expect(indices.tolist())

    def _squares(self, pictures: list[Pixels], corners: list[list[int]]) -> Tensor:
        """The squares whose top and left edges are these."""
        squares = [
            picture[top : top + self.size, left : left + self.size]
            for picture, (top, left) in zip(pictures, corners, strict=True)
        ]
        return torch.from_numpy(np.stack(squares))


def places(where: Tensor, room: Tensor | int) -> Tensor:
    """Where squares begin that can begin at 0, ..., `room`, each for an equal share of [0, 1).

    Args:
        where: Float in [0, 1), of any shape.
        room: int64 of that shape, or one for all.

    Returns:
        int64 of that shape.
    """
    # In double precision, where a fraction below 1 never becomes `room` + 1 for pictures of any size that is read.
    return (where.double() * (room + 1)).long()
