"""Folders and zips of images as sources."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import torch

from organza.data.cache import RESIDENT, array_path, read_array, write_array
from organza.data.container import Container, Folder, Zip
from organza.data.dataset import ResidentDataset, StreamedDataset
from organza.data.fitting import Pixels, fit, fit_picture
from organza.data.parallel import Progress, in_order, workers
from organza.data.picture import Refused, read, to_channels
from organza.data.problems import Fault, gather
from organza.data.source import Dataset, Source, Want
from organza.data.survey import Survey, survey
from organza.errors import OrganzaError


@dataclass(frozen=True)
class FileContent:
    """Pictures in files."""

    container: Container
    paths: tuple[str, ...]

    def picture(self, index: int, source: Source, want: Want) -> Pixels:
        """One picture in the wanted shape, uint8 [size, size, C].

        Raises:
            OrganzaError: The file has changed since the source was opened.
        """
        path = self.paths[index]
        try:
            image = read(self.container.read(path), path).image
        except (OSError, Refused) as error:
            raise OrganzaError(
                f"{path} in {source.name} could be read a moment ago and cannot any more ({error}): run the command again"
            ) from None
        plan = fit(image.height, image.width, want.size, uniform=source.uniform)
        return fit_picture(to_channels(image, want.channels), plan)

    def dataset(self, source: Source, want: Want) -> Dataset:
        """All pictures as one array: from the cache, or decoded into it now; above the disk budget, on the fly.

        Raises:
            OrganzaError: The cache cannot be written and the array is too large for memory.
        """
        shape = (source.count, want.size, want.size, want.channels)
        total = int(np.prod(shape))
        if total > want.disk_budget:
            note = (
                f"decoded they would take {total / 1e9:.1f} GB, above the budget of {want.disk_budget / 1e9:.1f} GB: decoded on "
                f"the fly by {workers()} threads"
            )
            return StreamedDataset(
                lambda index: self.picture(index, source, want),
                source.count, (want.channels, want.size, want.size), source.labels, source.classes, (note,),
            )  # fmt: skip
        path = array_path(want.cache, source.fingerprint, want.size, want.channels)
        values = read_array(path, shape)
        notes: tuple[str, ...] = ()
        if values is None:
            try:
                write_array(path, shape, self._all(source, want))
                values = read_array(path, shape)
            except OSError as error:
                reason = error.strerror or str(error)
                if total > RESIDENT:
                    raise OrganzaError(
                        f"cannot keep decoded data in {want.cache}: {reason}; make room for {total / 1e9:.1f} GB, or name "
                        "another folder in $ORGANZA_CACHE"
                    ) from None
                notes = (
                    f"cannot keep decoded data in {want.cache} ({reason}): they are in memory, and decoded again next time",
                )
        if values is None:
            values = torch.from_numpy(np.stack(list(self._all(source, want))))
        return ResidentDataset(values, source.labels, source.classes, notes)

    def _all(self, source: Source, want: Want) -> Iterator[Pixels]:
        def one(index: int) -> Pixels:
            return self.picture(index, source, want)

        return in_order(one, range(len(self.paths)), "decoding", want.progress)


def container_of(path: Path, inside: str = "") -> Container:
    """The files of a folder or zip, or of one folder inside it.

    Raises:
        OrganzaError: It cannot be read.
    """
    if path.is_dir():
        path = path / inside
        try:
            next(path.iterdir(), None)
        except OSError as error:
            raise OrganzaError(f"cannot read the folder {path}: {error.strerror}") from None
        return Folder(path)
    return Zip(path, inside)


def open_pictures(
    name: str, path: Path, split: str, cache: Path, progress: Progress | None, inside: str = ""
) -> Source:
    """A folder or zip of images, or one folder inside it, as a source; sub-folders of the first level are labels.

    Raises:
        OrganzaError: There are fewer than two usable pictures.
    """
    container = container_of(path, inside)
    seen = survey(container, cache, progress)
    notes = [problem.sentence for problem in gather(all_faults(seen))]
    if not seen.pictures:
        because = (
            f": {'; '.join(notes)}" if notes else f" among {seen.files:,} files" if seen.files else ": it is empty"
        )
        raise OrganzaError(f"no usable picture in {name}{because}")
    if len(seen.pictures) == 1:
        raise OrganzaError(f"{name} holds one usable picture: a GAN that learns from noise needs at least 2")
    classes, targets = labels_of([picture.path for picture in seen.pictures])
    (width, height), _ = seen.sizes[0]
    return Source(
        name=name,
        kind="images",
        count=len(seen.pictures),
        channels=seen.channels,
        height=height,
        width=width,
        uniform=len(seen.sizes) == 1,
        classes=classes,
        labels=torch.tensor(targets) if classes else None,
        notes=tuple(notes),
        fingerprint=seen.fingerprint,
        split=split,
        content=FileContent(container, tuple(picture.path for picture in seen.pictures)),
    )


def labels_of(paths: list[str]) -> tuple[tuple[str, ...], list[int]]:
    """Classes from the folders of the first level, and the class of each path; none unless every path lies in one of two."""
    folders = [PurePosixPath(path).parts[0] if "/" in path else "" for path in paths]
    classes = tuple(dict.fromkeys(folders))  # natural order, as the paths have it
    if len(classes) < 2 or "" in classes:
        return (), []
    number = {folder: index for index, folder in enumerate(classes)}
    return classes, [number[folder] for folder in folders]


def all_faults(seen: Survey) -> list[Fault]:
    """The faults of the files, and those that only show in company."""
    faults = list(seen.faults)
    alphas = sum(picture.alpha for picture in seen.pictures)
    (common, _), *others = seen.sizes or [((0, 0), 0)]
    for picture in seen.pictures:
        if picture.alpha and alphas < len(seen.pictures):
            faults.append(Fault("transparent-among-opaque", picture.path))
        if not picture.colour and seen.channels == 3:
            faults.append(Fault("grey-among-colour", picture.path))
        if others and (picture.width, picture.height) != common:
            faults.append(Fault("other-size", picture.path))
    good = {PurePosixPath(picture.path).parts[0] for picture in seen.pictures if "/" in picture.path}
    bad = {PurePosixPath(fault.path).parts[0] for fault in seen.faults if "/" in fault.path} - good
    return faults + [Fault("folder-without-images", folder) for folder in sorted(bad)]
