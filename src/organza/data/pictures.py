"""Folders and zips of images as sources."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import torch
from PIL import Image
from torch import Tensor

from organza.data.cache import RESIDENT, array_path, map_array
from organza.data.container import DAMAGED_ENTRY, Container, Lone
from organza.data.dataset import StreamedDataset
from organza.data.fitting import NO_SIDES, Pixels, enlarge_picture, fit, fit_picture, native_size
from organza.data.kept import Decoding
from organza.data.layout import layout
from organza.data.parallel import in_order, workers
from organza.data.picture import read, to_channels, without_warnings
from organza.data.problems import KINDS
from organza.data.source import Dataset, Source, Want
from organza.data.survey import Found, Survey, digest_of, natural_channels, problems_of, sizes_of
from organza.data.varied import KeptPictures, Pictures, VariedDataset
from organza.errors import OrganzaError


@dataclass(frozen=True)
class PictureContent:
    """Pictures in files.

    Attributes:
        container: Where the files are.
        pictures: In the order of the samples.
        index: The file that keeps the survey of the container.
        half: Which half of each file the picture is; `pictures` then has the sizes of halves.
    """

    container: Container
    pictures: tuple[Found, ...]
    index: Path
    half: Literal["left", "right"] | None = None

    def picture(self, index: int, source: Source, want: Want) -> Pixels:
        """One picture in the wanted shape, uint8 [*goal, C], or in its own size.

        Raises:
            OrganzaError: The file has changed or vanished since the source was opened.
        """
        image = to_channels(self._image(index, source), want.channels)
        if want.native:
            return enlarge_picture(image, want.size)
        plan = fit(source.height, source.width, want.size, rectangles=want.rectangles)
        if plan.framed:  # for all of the source alike
            return fit_picture(image, replace(plan, height=image.height, width=image.width))
        uniform = source.uniform and want.pad
        return fit_picture(image, fit(image.height, image.width, want.size, uniform=uniform, sides=want.sides))

    def _image(self, index: int, source: Source) -> Image.Image:
        """One picture as it is in its file; errors as of `picture`."""
        path, digest = self.pictures[index].path, self.pictures[index].digest
        try:
            with self.container.open(path) as stream:
                data = stream.read()
        except (OSError, *DAMAGED_ENTRY) as error:
            raise OrganzaError(f"{path} in {source.name} cannot be read any more ({error}): run again") from None
        if digest_of(data) != digest:
            with contextlib.suppress(OSError):
                self.index.unlink()  # out of date, and the time of the file may not tell
            raise OrganzaError(f"{path} in {source.name} has changed since the source was opened: run again")
        image = read(data, path).image
        if self.half is None:
            return image
        middle = image.width // 2
        return image.crop((0, 0, middle, image.height) if self.half == "left" else (middle, 0, *image.size))

    def dataset(self, source: Source, want: Want) -> Dataset:
        """All pictures as one array: from the cache, or decoded into it now; above the disk budget, on the fly.

        In their own sizes: in memory, or decoded when they are read.

        Raises:
            OrganzaError: The cache cannot be written and the array is too large for memory.
        """
        if want.native:
            return self._varied(source, want)
        height, width = want.goal
        path = array_path(want.cache, source.fingerprint, want.size, want.channels, fitted(source, want))
        shape = (source.count, height, width, want.channels)
        decoding = Decoding(want.cache, path, shape, lambda: self._all(source, want))
        notes = self._notes(want)
        if decoding.size > want.disk_budget and map_array(path, shape) is None:
            notes += (
                f"decoded they would take {decoding.size / 1e9:.1f} GB, above the disk budget of {want.disk_budget / 1e9:.1f} GB:"
                f" decoded on the fly by {workers()} workers",
            )
            channels_first = (want.channels, height, width)
            return StreamedDataset(
                lambda index: self.picture(index, source, want),
                source.count, channels_first, source.labels, source.classes, notes,
            )  # fmt: skip
        return decoding.dataset(source, notes)

    def _varied(self, source: Source, want: Want) -> VariedDataset:
        """The pictures in their own sizes."""
        sizes = [native_size(found.height, found.width, want.size) for found in self.pictures]
        needed = [height * width * want.channels for height, width in sizes]
        notes = self._notes(want)
        small = sum(min(found.height, found.width) < want.size for found in self.pictures)
        if small:
            notes += (
                f"{small:,} of {source.count:,} pictures have a side below {want.size} pixels: enlarged to that, bicubic",
            )
        pictures: Pictures
        if sum(needed) < RESIDENT:
            pictures = list(self._all(source, want))
        else:
            notes += (
                f"in their own sizes they would take {sum(needed) / 1e9:.1f} GB of memory: decoded on the fly by "
                f"{workers()} workers",
            )
            pictures = KeptPictures(lambda index: self.picture(index, source, want), max(needed))
        return VariedDataset(pictures, source.count, want.size, want.channels, source.labels, source.classes, notes)

    def _notes(self, want: Want) -> tuple[str, ...]:
        if want.channels < 4 and natural_channels(self.pictures) == 4:
            return (f"transparency is laid over white, because the pictures get {want.channels} channels",)
        return ()

    def _all(self, source: Source, want: Want) -> Iterator[Pixels]:
        def one(index: int) -> Pixels:
            return self.picture(index, source, want)

        with without_warnings():
            yield from in_order(one, range(source.count), "decoding", want.progress)


def fitted(source: Source, want: Want) -> str:
    """How the pictures get their shape, in a word, if it is another way than `fit` would choose by itself."""
    if want.sides != NO_SIDES:
        return "whole {}x{}".format(*want.sides)
    plan = fit(source.height, source.width, want.size, uniform=source.uniform, rectangles=want.rectangles)
    if plan.framed:
        return "framed"
    return "resized" if plan.margins.top and not want.pad else ""


def picture_source(name: str, seen: Survey, split: str) -> Source:
    """What a survey has found, or its training or test part, as a source.

    Raises:
        OrganzaError: There is no usable picture, or a table of attributes that cannot be used.
    """
    folders = layout([picture.path for picture in seen.pictures])
    indices, real_split, notes = folders.part(split, len(seen.pictures))
    pictures = tuple(seen.pictures[index] for index in indices)
    found = problems_of(seen.faults, pictures)
    stopping = [problem.sentence for problem in found if problem.stops]
    if stopping:
        raise OrganzaError(f"{name} cannot be used: {'; '.join(stopping)}")
    problems = tuple(problem.sentence for problem in found)
    if not pictures and isinstance(seen.container, Lone):
        raise OrganzaError(f"{name} is a file {KINDS[seen.faults[0].kind].phrase}: name another picture")
    if not pictures:
        because = f": {'; '.join(problems)}" if problems else ""
        raise OrganzaError(f"{name} holds no usable picture among {seen.files:,} files{because}")
    sizes = sizes_of(pictures)
    (width, height), _ = sizes[0]
    classes, labels, label_notes = folders.classes, None, folders.notes
    if seen.values is not None:
        classes, labels = seen.attributes, torch.from_numpy(seen.values[indices])
        label_notes = ("the table of attributes gives the labels, and not the folders",) if folders.classes else ()
    elif folders.labels:
        labels = torch.tensor([folders.labels[index] for index in indices])
    return Source(
        name=name,
        kind="images",
        count=len(pictures),
        channels=natural_channels(pictures),
        height=height,
        width=width,
        uniform=len(sizes) == 1,
        classes=classes,
        labels=labels,
        notes=(*notes, *label_notes, *problems, *seen.notes),
        fingerprint=_fingerprint(pictures, classes, labels),
        split=real_split,
        content=PictureContent(seen.container, pictures, seen.index),
        sizes=tuple((height, width) for (width, height), _ in sizes),
    )


def _fingerprint(pictures: tuple[Found, ...], classes: tuple[str, ...], labels: Tensor | None) -> str:
    """The folders' labels are in the paths; a table's are not. One picture is the same by whatever name."""
    text = "\n".join(f"{picture.digest} {picture.path}" for picture in pictures)
    if len(pictures) == 1 and labels is None:
        text = pictures[0].digest
    digest = hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16)
    if labels is not None and labels.is_floating_point():
        digest.update("".join(f"\n{name!r}" for name in classes).encode("utf-8", "surrogateescape"))
        digest.update(labels.numpy().tobytes())
    return digest.hexdigest()
