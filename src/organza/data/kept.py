"""Decoded pictures as one array, kept in the cache for the next time."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from organza.data.cache import RESIDENT, map_array, write_array
from organza.data.dataset import MappedDataset, ResidentDataset
from organza.data.fitting import Pixels
from organza.data.source import Source
from organza.errors import OrganzaError


@dataclass(frozen=True)
class Decoding:
    """Pictures that are to become one array.

    Attributes:
        cache: Folder for decoded data.
        path: Of the array in it.
        shape: (n, H, W, C).
        pictures: Decodes them, uint8 [H, W, C] each, one after the other.
    """

    cache: Path
    path: Path
    shape: tuple[int, int, int, int]
    pictures: Callable[[], Iterable[Pixels]]

    @property
    def size(self) -> int:
        """Bytes of the array."""
        return math.prod(self.shape)

    def dataset(self, source: Source, notes: tuple[str, ...]) -> ResidentDataset | MappedDataset:
        """All pictures: from the cache, or decoded into it now; what is too large for memory is mapped.

        Raises:
            OrganzaError: The cache cannot be written and the array is too large for memory.
        """
        if self.size < RESIDENT:
            values, more = self._in_memory()
            return ResidentDataset(torch.from_numpy(values), source.labels, source.classes, notes + more)
        return MappedDataset(self.mapped(), source.labels, source.classes, notes)

    def mapped(self) -> Pixels:
        """The array, mapped read-only; errors as of `dataset`, whatever its size."""
        stored = map_array(self.path, self.shape)
        if stored is not None:
            return stored
        try:
            write_array(self.path, self.shape, self.pictures())
        except OSError as error:
            raise OrganzaError(
                f"cannot keep {self.size / 1e9:.1f} GB of decoded pictures in {self.cache} ({error.strerror or error}): make "
                "room there, or name another folder in $ORGANZA_CACHE"
            ) from None
        stored = map_array(self.path, self.shape)
        if stored is None:
            raise OrganzaError(f"{self.path} was written and cannot be read: name another folder in $ORGANZA_CACHE")
        return stored

    def _in_memory(self) -> tuple[Pixels, tuple[str, ...]]:
        """All pictures in memory, and a note if they could not be kept in the cache."""
        stored = map_array(self.path, self.shape)
        if stored is not None:
            return np.array(stored), ()
        values = np.empty(self.shape, np.uint8)
        for index, picture in enumerate(self.pictures()):
            values[index] = picture
        try:
            write_array(self.path, self.shape, [values])
        except OSError as error:
            reason = error.strerror or error
            return values, (
                f"cannot keep decoded data in {self.cache} ({reason}): they are decoded again next time; "
                "$ORGANZA_CACHE names another folder",
            )
        return values, ()
