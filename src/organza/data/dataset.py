"""Data sets of one shape: resident in memory, mapped from the cache, or decoded on the fly."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from organza.data.fitting import Pixels
from organza.data.parallel import workers


@dataclass(frozen=True)
class ResidentDataset:
    """Samples that one gather can reach: images uint8 [n, H, W, C], in memory or mapped from a file, or points [n, 2]."""

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
        return self.values[indices]

    def expect(self, indices: Tensor) -> None:
        pass


class StreamedDataset:
    """Images that are decoded whenever they are read, by threads that run ahead of the reader.

    Args:
        one: Index -> uint8 [H, W, C].
        count: How many there are.
        shape: (C, H, W).
        labels: int64 [count], or None.
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
        self._pool = ThreadPoolExecutor(workers(), thread_name_prefix="organza-data")
        self._ahead: dict[int, Future[Pixels]] = {}

    def read(self, indices: Tensor) -> Tensor:
        wanted = indices.tolist()
        self.expect(indices)
        pictures = [self._ahead[index].result() for index in wanted]
        for index in wanted:
            self._ahead.pop(index, None)
        return torch.from_numpy(np.stack(pictures))

    def expect(self, indices: Tensor) -> None:
        for index in indices.tolist():
            if index not in self._ahead:
                self._ahead[index] = self._pool.submit(self.one, index)
