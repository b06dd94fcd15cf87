"""Decoded data on disk: one array for each content, size and number of channels."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from organza.data.fitting import Pixels
from organza.files import written_whole

FORMAT = 1
RESIDENT = 2**30  # bytes up to which an array is held in memory, not mapped


def cache_folder() -> Path:
    """$ORGANZA_CACHE, or `organza` in the user's cache folder."""
    own = os.environ.get("ORGANZA_CACHE")
    if own:
        return Path(own)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "organza"


def array_path(cache: Path, fingerprint: str, size: int, channels: int) -> Path:
    """Where the array of this content in this shape lies, or will lie."""
    key = f"{FORMAT} {fingerprint} {size} {channels}"
    return cache / "arrays" / f"{hashlib.blake2b(key.encode(), digest_size=16).hexdigest()}.npy"


def read_array(path: Path, shape: tuple[int, ...]) -> Tensor | None:
    """The cached array, uint8 of this shape: in memory, or mapped when it is large. None if it is not there or not whole."""
    try:
        mapped = np.load(path, mmap_mode="c")  # copy on write, because torch wants arrays that may be written
    except (OSError, ValueError, EOFError):
        return None
    if mapped.shape != shape or mapped.dtype != np.uint8:
        return None
    return torch.from_numpy(np.array(mapped) if mapped.nbytes <= RESIDENT else mapped)


def write_array(path: Path, shape: tuple[int, ...], pictures: Iterator[Pixels]) -> None:
    """Write pictures one after the other as one array of this shape.

    Raises:
        OSError: The folder cannot be written, or the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_whole(path) as temporary, open(temporary, "wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": shape}
        np.lib.format.write_array_header_1_0(file, header)
        for picture in pictures:
            file.write(np.ascontiguousarray(picture).tobytes())
