"""Data sets of one shape: resident in memory, mapped from the cache, fitted as read, decoded on the fly; and pairs of them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from organza.data.fitting import Fit, Pixels, arrays_to_channels, fit_arrays
from organza.data.parallel import workers

if TYPE_CHECKING:
    from organza.data.source import Dataset

AHEAD = 2**28  # bytes of pictures that are decoded before they are read


@dataclass(frozen=True, eq=False)
class ResidentDataset:
    """Samples in memory: images uint8 [n, H, W, C], or points float32 [n, 2]."""

    values: Tensor
    labels: Tensor | None
    classes: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        return len(self.values)

    @property
    def shape(self) -> tuple[int, int, int]:
        if self.values.ndim == 2:
            return 2, 1, 1
        _, height, width, channels = self.values.shape
        return channels, height, width

    def read(self, indices: Tensor) -> Tensor:
        return self.values[indices.cpu()]


@dataclass(frozen=True, eq=False)
class MappedDataset:
    """Images in a file that is too large for memory, uint8 [n, H, W, C]; the system keeps in memory what is in use."""

    values: Pixels
    labels: Tensor | None
    classes: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        return len(self.values)

    @property
    def shape(self) -> tuple[int, int, int]:
        _, height, width, channels = self.values.shape
        return channels, height, width

    def read(self, indices: Tensor) -> Tensor:
        return torch.from_numpy(np.asarray(self.values[indices.cpu().numpy()]))


@dataclass(frozen=True, eq=False)
class FittedDataset:
    """Images in memory in their own size, uint8 [n, H, W, C], each fitted when it is read: all at once would not fit in."""

    values: Pixels
    plan: Fit
    channels: int
    labels: Tensor | None
    classes: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def count(self) -> int:
        return len(self.values)

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.channels, *self.plan.goal

    def read(self, indices: Tensor) -> Tensor:
        pictures = arrays_to_channels(self.values[indices.cpu().numpy()], self.channels)
        return torch.from_numpy(fit_arrays(pictures, self.plan))


class StreamedDataset:
    """Images that are decoded whenever they are read, by threads that run ahead of the (one) reader.

    Args:
        one: Index -> uint8 [H, W, C].
        count: How many there are.
        shape: (C, H, W).
        labels: int64 [count] classes or float32 [count, A] attributes in [0, 1], or None.
        classes: What the labels mean.
        notes: For the user.
    """

    def __init__(
        self,
        one: Callable[[int], Pixels],
        count: int,
        shape: tuple[int, int, int],
        labels: Tensor | None,
        classes: tuple[str, ...],
        notes: tuple[str, ...],
    ) -> None:
        self.one, self.count, self.shape = one, count, shape
        self.labels, self.classes, self.notes = labels, classes, notes
        channels, height, width = shape
        self.bound = max(1, AHEAD // (channels * height * width))
        self._pool = ThreadPoolExecutor(workers(), thread_name_prefix="organza-data")
        self._ahead: OrderedDict[int, Future[Pixels]] = OrderedDict()

    def read(self, indices: Tensor) -> Tensor:
        wanted = indices.tolist()
        self._submit(wanted)
        pictures = {index: self._ahead.pop(index) for index in set(wanted)}
        return torch.from_numpy(np.stack([pictures[index].result() for index in wanted]))

    def expect(self, indices: Tensor) -> None:
        """These will be read next: begin with them now."""
        expected = indices[: self.bound].tolist()
        self._submit(expected)
        while len(self._ahead) > self.bound:  # the oldest were expected and never read
            self._ahead.popitem(last=False)[1].cancel()

    def _submit(self, indices: list[int]) -> None:
        for index in indices:
            if index not in self._ahead:
                self._ahead[index] = self._pool.submit(self.one, index)


@dataclass(frozen=True, eq=False)
class PairedDataset:
    """Pictures that are wanted, each with one that is given: as a data set it is that of the wanted ones.

    Attributes:
        wanted: The pictures that are to be made.
        inputs: What each of them is to be made from: the partner of index i has the index i.
    """

    wanted: Dataset
    inputs: Dataset

    @property
    def count(self) -> int:
        return self.wanted.count

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.wanted.shape

    @property
    def labels(self) -> Tensor | None:
        return self.wanted.labels

    @property
    def classes(self) -> tuple[str, ...]:
        return self.wanted.classes

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.wanted.notes, *self.inputs.notes)))

    def read(self, indices: Tensor) -> Tensor:
        return self.wanted.read(indices)
