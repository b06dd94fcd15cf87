"""Data sets that come as arrays: IDX files (MNIST, Fashion-MNIST) and CIFAR-10's binary batches."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

import numpy as np
import torch
from torch import Tensor

from organza.data.dataset import ResidentDataset
from organza.data.fitting import Pixels, arrays_to_channels, fit, fit_arrays
from organza.data.source import Source, Want
from organza.errors import OrganzaError

CIFAR_RECORD = 1 + 3 * 32 * 32


@dataclass(frozen=True)
class ArrayContent:
    """Images that are one array already, uint8 [n, H, W, C]."""

    images: Pixels

    def dataset(self, source: Source, want: Want) -> ResidentDataset:
        plan = fit(source.height, source.width, want.size)
        fitted = arrays_to_channels(fit_arrays(self.images, plan), want.channels)
        return ResidentDataset(torch.from_numpy(np.require(fitted, requirements=["C", "W"])), source.labels, source.classes)


def read_idx(path: Path, dimensions: int) -> Pixels:
    """The array of an IDX file of unsigned bytes, gzipped or not.

    Raises:
        OrganzaError: The file is truncated, damaged, or holds something else.
    """
    try:
        with cast("IO[bytes]", gzip.open(path) if path.suffix == ".gz" else path.open("rb")) as file:
            data = file.read()
    except (OSError, EOFError, zlib.error) as error:
        raise OrganzaError(f"cannot read {path}: {' '.join(str(error).split())}") from None
    header = 4 + 4 * dimensions
    if len(data) < header or data[:4] != bytes((0, 0, 8, dimensions)):
        raise OrganzaError(f"{path} is no IDX file of {dimensions} dimensions: download it again")
    shape = tuple(int.from_bytes(data[4 + 4 * axis : 8 + 4 * axis], "big") for axis in range(dimensions))
    if len(data) - header != int(np.prod(shape)):
        raise OrganzaError(f"{path} is truncated: {shape} bytes were announced, {len(data) - header:,} are there")
    return np.frombuffer(data, np.uint8, offset=header).reshape(shape)


def open_arrays(
    name: str, split: str, images: Pixels, labels: Pixels, classes: tuple[str, ...], notes: tuple[str, ...] = ()
) -> Source:
    """The source of an array of images, uint8 [n, H, W, C], with their labels.

    Raises:
        OrganzaError: There are more labels than images, or fewer.
    """
    if len(images) != len(labels):
        raise OrganzaError(f"{name} has {len(images):,} images and {len(labels):,} labels: download it again")
    count, height, width, channels = images.shape
    digest = hashlib.blake2b(images.tobytes(), digest_size=16)
    digest.update(labels.tobytes())
    targets: Tensor = torch.from_numpy(labels.astype(np.int64))
    return Source(
        name, "images", count, channels, height, width, True, classes, targets, notes, digest.hexdigest(), split,
        ArrayContent(images),
    )  # fmt: skip


def read_cifar(paths: list[Path]) -> tuple[Pixels, Pixels]:
    """Images [n, 32, 32, 3] and labels [n] of CIFAR-10's binary batches.

    Raises:
        OrganzaError: A file is truncated or cannot be read.
    """
    images, labels = [], []
    for path in paths:
        try:
            data = np.frombuffer(path.read_bytes(), np.uint8)
        except OSError as error:
            raise OrganzaError(f"cannot read {path}: {error.strerror}") from None
        if not len(data) or len(data) % CIFAR_RECORD:
            raise OrganzaError(f"{path} is truncated: download it again")
        records = data.reshape(-1, CIFAR_RECORD)
        labels.append(records[:, 0])
        images.append(records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
    return np.ascontiguousarray(np.concatenate(images)), np.concatenate(labels)
