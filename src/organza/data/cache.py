"""Decoded data on disk: one array for each content, size and number of channels."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from organza.data.fitting import Pixels
from organza.files import cache_folder as cache_folder
from organza.files import written_whole

FORMAT = 1
RESIDENT = 2**30  # bytes below which an array is held in memory, not mapped
ABANDONED = 24 * 3600  # seconds since the last write after which an unfinished file is nobody's


def array_path(cache: Path, fingerprint: str, size: int, channels: int, fitted: str = "") -> Path:
    """Where the array of this content in this shape lies, or will lie.

    Args:
        cache: The folder.
        fingerprint: Of the content.
        size: Pixels on each side.
        channels: Of the pictures.
        fitted: A word for the way in which they became squares, or rectangles, if it is not the usual one of `fit`.
    """
    key = f"{FORMAT} {fingerprint} {size} {channels}{f' {fitted}' if fitted else ''}"
    return cache / "arrays" / f"{hashlib.blake2b(key.encode(), digest_size=16).hexdigest()}.npy"


def map_array(path: Path, shape: tuple[int, ...]) -> Pixels | None:
    """The cached array, uint8 of this shape, mapped read-only; None if it is not there or not whole."""
    try:
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
        whole = mapped.shape == shape and mapped.dtype == np.uint8
        return mapped if whole and path.stat().st_size == mapped.offset + mapped.nbytes else None
    except (OSError, ValueError, EOFError):
        return None


def write_array(path: Path, shape: tuple[int, ...], pictures: Iterable[Pixels]) -> None:
    """Write pictures one after the other as one array of this shape; an interruption leaves nothing under `path`.

    Raises:
        OSError: The folder cannot be written, or the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _remove_abandoned(path.parent)
    if shutil.disk_usage(path.parent).free < int(np.prod(shape, dtype=np.int64)):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path.parent))
    with written_whole(path) as temporary, open(temporary, "wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
        # Not through a writable map: there, a full disk is a fatal signal and no exception.
        for picture in pictures:
            file.write(np.ascontiguousarray(picture).data)


def _remove_abandoned(folder: Path) -> None:
    """Remove what processes that were killed have left; a living one has written within the last day."""
    for leftover in folder.glob(".*.partial"):
        if time.time() - leftover.stat().st_mtime > ABANDONED:
            leftover.unlink(missing_ok=True)
