"""Data sets that come as arrays: IDX files (MNIST, Fashion-MNIST) and CIFAR-10's binary batches."""

from __future__ import annotations

import gzip
import hashlib
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources.abc import Traversable

import numpy as np
import torch

from organza.data.cache import RESIDENT
from organza.data.dataset import FittedDataset, ResidentDataset
from organza.data.fitting import Pixels, arrays_to_channels, enlarge_arrays, fit, fit_arrays, native_size
from organza.data.source import Dataset, Source, Want
from organza.data.varied import KeptPictures, Pictures, VariedDataset
from organza.errors import OrganzaError

CIFAR_RECORD = 1 + 3 * 32 * 32  # a label, then a picture channel by channel


@dataclass(frozen=True)
class ArrayContent:
    """Opaque images that are one array already, uint8 [n, H, W, 1 or 3]."""

    images: Pixels

    def dataset(self, source: Source, want: Want) -> Dataset:
        """All images as one array; if it were too large for memory, each fitted as it is read."""
        if want.native:
            return self._varied(source, want)
        plan = fit(
            source.height, source.width, want.size, uniform=want.pad, rectangles=want.rectangles, sides=want.sides
        )
        height, width = plan.goal
        total = len(self.images) * height * width * want.channels
        if total >= RESIDENT:
            note = f"in {width}x{height} they would take {total / 1e9:.1f} GB of memory: fitted as they are read"
            return FittedDataset(self.images, plan, want.channels, source.labels, source.classes, (note,))
        fitted = fit_arrays(arrays_to_channels(self.images, want.channels), plan)
        return ResidentDataset(torch.from_numpy(fitted), source.labels, source.classes)

    def _varied(self, source: Source, want: Want) -> VariedDataset:
        """The images in their own size, enlarged if that is too small; all at once if they then fit into memory."""
        height, width = native_size(source.height, source.width, want.size)
        total = len(self.images) * height * width * want.channels
        notes: tuple[str, ...] = ()
        if min(source.height, source.width) < want.size:
            notes = (f"the pictures have a side below {want.size} pixels: enlarged to that, bicubic",)
        pictures: Pictures
        if total < RESIDENT:
            pictures = enlarge_arrays(arrays_to_channels(self.images, want.channels), want.size)
        else:
            notes += (f"in {width}x{height} they would take {total / 1e9:.1f} GB of memory: made as they are read",)
            pictures = KeptPictures(lambda index: self._native(index, want), height * width * want.channels)
        return VariedDataset(pictures, source.count, want.size, want.channels, source.labels, source.classes, notes)

    def _native(self, index: int, want: Want) -> Pixels:
        """One image in its native size, uint8 [H, W, C]."""
        image: Pixels = enlarge_arrays(arrays_to_channels(self.images[index : index + 1], want.channels), want.size)[0]
        return image

    def repeats(self) -> int:
        """Images that are another one pixel for pixel."""
        return len(self.images) - len({hashlib.blake2b(image.data, digest_size=16).digest() for image in self.images})


def array_source(
    name: str, split: str, images: Pixels, labels: Pixels, classes: tuple[str, ...], notes: tuple[str, ...]
) -> Source:
    """The source of images, uint8 [n, H, W, C], with labels, uint8 [n].

    Raises:
        OrganzaError: There are not as many labels as images, a label without a class, or fewer than two images.
    """
    if len(images) != len(labels):
        raise OrganzaError(f"{name} has {len(images):,} images and {len(labels):,} labels: download it again")
    if len(images) < 2:
        raise OrganzaError(f"{name} has {len(images)} images: download it again")
    if labels.max() >= len(classes):
        raise OrganzaError(f"{name} has the label {labels.max()}, but {len(classes)} classes: download it again")
    images = np.array(images, order="C")  # a copy of its own, for torch wants arrays that may be written
    count, height, width, channels = images.shape
    digest = hashlib.blake2b(images.data, digest_size=16)
    digest.update(labels.tobytes())
    return Source(
        name=name,
        kind="images",
        count=count,
        channels=channels,
        height=height,
        width=width,
        uniform=True,
        classes=classes,
        labels=torch.from_numpy(labels.astype(np.int64)),
        notes=notes,
        fingerprint=digest.hexdigest(),
        split=split,
        content=ArrayContent(images),
    )


def read_idx(file: Traversable, dimensions: int) -> Pixels:
    """The array of an IDX file of unsigned bytes, gzipped or not.

    Raises:
        OrganzaError: The file is truncated, damaged, or holds something else.
    """
    try:
        data = file.read_bytes()
        if data.startswith(b"\x1f\x8b"):
            data = gzip.decompress(data)
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or error
        raise OrganzaError(f"cannot read {file} ({reason}): download it again") from None
    header = 4 + 4 * dimensions
    if len(data) < header or data[:4] != bytes((0, 0, 8, dimensions)):
        raise OrganzaError(f"{file} is no IDX file of bytes in {dimensions} dimensions: download it again")
    shape = tuple(int.from_bytes(data[start : start + 4], "big") for start in range(4, header, 4))
    if len(data) - header != math.prod(shape):
        raise OrganzaError(
            f"{file} is truncated or damaged: it announces {'x'.join(map(str, shape))} bytes and holds {len(data) - header:,}"
        )
    return np.frombuffer(data, np.uint8, offset=header).reshape(shape)


def read_cifar(files: Sequence[Traversable]) -> tuple[Pixels, Pixels]:
    """Images [n, 32, 32, 3] and labels [n] of CIFAR-10's binary batches.

    Raises:
        OrganzaError: A file is truncated or cannot be read.
    """
    batches = []
    for file in files:
        try:
            data = np.frombuffer(file.read_bytes(), np.uint8)
        except OSError as error:
            raise OrganzaError(f"cannot read {file}: {error.strerror or error}") from None
        if not len(data) or len(data) % CIFAR_RECORD:
            raise OrganzaError(f"{file} is truncated ({len(data):,} bytes): download it again")
        batches.append(data.reshape(-1, CIFAR_RECORD))
    records = np.concatenate(batches)
    return records[:, 1:].reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), records[:, 0]
