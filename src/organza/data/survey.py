"""Every file of a folder or zip looked at once: decoded to see that it can be, hashed, and its problems noted.

A truncated picture must be found here and not in the middle of a training. What a survey has found is kept in the cache
under the names, sizes and times of the files, so that an unchanged folder opens at once the next time.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import PIL
from numpy.typing import NDArray

from organza.data.attributes import find_table, read_table
from organza.data.container import DAMAGED_ENTRY, Container, Item, Listing
from organza.data.parallel import Progress, in_order
from organza.data.picture import HEAD, LARGEST_FILE, Refused, read, sniff, without_warnings
from organza.data.problems import Fault, Problem, gather
from organza.files import write_text

FORMAT = 4


class Found(NamedTuple):
    """A usable picture: its path in the container, its upright size in pixels, and the hash of the file's bytes."""

    path: str
    width: int
    height: int
    colour: bool
    alpha: bool
    flags: tuple[str, ...]
    digest: str


@dataclass(frozen=True, eq=False)
class Survey:
    """What a folder or zip holds, or a file that lies alone.

    Attributes:
        container: Where.
        files: How many files were looked at, a table of attributes aside.
        pictures: The usable ones, in natural order; where there is a table of attributes, those that it has a row for.
        faults: Why the others are not usable, and folders without a usable picture.
        index: The file that keeps this survey.
        notes: One line if it could not be kept.
        attributes: Names of the attributes, where there is a table of them.
        values: Their values, float32 [pictures, attributes] in [0, 1], or None.
    """

    container: Container
    files: int
    pictures: tuple[Found, ...]
    faults: tuple[Fault, ...]
    index: Path
    notes: tuple[str, ...]
    attributes: tuple[str, ...] = ()
    values: NDArray[np.float32] | None = None


def survey(container: Container, cache: Path, progress: Progress | None) -> Survey:
    """Look at every file, or recall what was seen when nothing had changed yet."""
    listing = container.listing()
    index = cache / "surveys" / f"{listing.stamp}-{FORMAT}-{PIL.__version__}.json"
    notes: tuple[str, ...] = ()
    table = find_table(listing.items)
    if table:
        listing = replace(listing, items=tuple(item for item in listing.items if item is not table))
    known = _recall(index)
    if known is None:
        known = _look_at_all(container, listing, progress)
        # What cannot be read now may be readable later, and neither the size nor the time of the file will tell.
        if not any(fault.kind == "unreadable" for fault in known[1]):
            notes = _keep(index, known)
    pictures, faults = known
    every_fault = (*listing.faults, *faults, *_without_pictures(listing.folders, pictures))
    seen = Survey(container, len(listing.items), pictures, every_fault, index, notes)
    return _with_attributes(seen, table) if table else seen


def natural_channels(pictures: Sequence[Found]) -> int:
    """4 if every picture has an alpha channel, else 3 if any has colour, else 1."""
    if pictures and all(picture.alpha for picture in pictures):
        return 4
    return 3 if any(picture.colour for picture in pictures) else 1


def sizes_of(pictures: Sequence[Found]) -> list[tuple[tuple[int, int], int]]:
    """((width, height), how often), the most common one first."""
    return Counter((picture.width, picture.height) for picture in pictures).most_common()


def problems_of(faults: Sequence[Fault], pictures: Sequence[Found]) -> tuple[Problem, ...]:
    """The faults, what is unusual about single pictures, and what only shows when they are seen together."""
    unusual = [Fault(flag, picture.path) for picture in pictures for flag in picture.flags]
    channels, sizes = natural_channels(pictures), sizes_of(pictures)
    for picture in pictures:
        if picture.alpha and channels != 4:
            unusual.append(Fault("transparent-among-opaque", picture.path))
        if not picture.colour and channels == 3:
            unusual.append(Fault("grey-among-colour", picture.path))
        if (picture.width, picture.height) != sizes[0][0]:
            unusual.append(Fault("other-size", picture.path))
    return gather([*faults, *unusual])


def digest_of(data: bytes) -> str:
    """Hash of the bytes of a file."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


def _with_attributes(seen: Survey, item: Item) -> Survey:
    """The survey with what the table of attributes says. It is read anew every time: seconds for one of 200,000 rows."""
    table = read_table(seen.container, item)
    if table.faults:
        return replace(seen, faults=(*seen.faults, *table.faults))
    matched, values, faults = table.match([picture.path for picture in seen.pictures])
    return replace(
        seen,
        pictures=tuple(seen.pictures[place] for place in matched),
        faults=(*seen.faults, *faults),
        attributes=table.names,
        values=values,
    )


_Known = tuple[tuple[Found, ...], tuple[Fault, ...]]


def _look_at_all(container: Container, listing: Listing, progress: Progress | None) -> _Known:
    pictures: list[Found] = []
    faults: list[Fault] = []
    with without_warnings():
        for seen in in_order(lambda item: _look(container, item), listing.items, "checking the files", progress):
            if isinstance(seen, Fault):
                faults.append(seen)
            else:
                pictures.append(seen)
    return tuple(pictures), tuple(faults)


def _look(container: Container, item: Item) -> Found | Fault:
    """One file: read, hashed and decoded."""
    if item.size == 0:
        return Fault("empty", item.path)
    try:
        with container.open(item.path) as stream:
            head = stream.read(HEAD)
            if sniff(head, item.path) is None:
                raise Refused("not-an-image")
            if item.size > LARGEST_FILE:
                raise Refused("too-large")
            data = head + stream.read()
        picture = read(data, item.path)
    except Refused as refusal:
        return Fault(refusal.kind, item.path)
    except DAMAGED_ENTRY:
        return Fault("damaged", item.path)
    except OSError:
        return Fault("unreadable", item.path)
    image, colour, flags = picture
    return Found(item.path, image.width, image.height, colour, image.mode == "RGBA", flags, digest_of(data))


def _without_pictures(folders: Sequence[str], pictures: Sequence[Found]) -> list[Fault]:
    """The outermost folders in which, at any depth, no usable picture lies; folders come before what is in them."""
    filled = {""}
    for picture in pictures:
        folder = picture.path.rpartition("/")[0]
        while folder not in filled:
            filled.add(folder)
            folder = folder.rpartition("/")[0]
    return [
        Fault("folder-without-images", folder)
        for folder in folders
        if folder not in filled and folder.rpartition("/")[0] in filled
    ]


def _recall(index: Path) -> _Known | None:
    try:
        stored = json.loads(index.read_text(encoding="utf-8"))
        pictures = tuple(
            Found(path, width, height, colour, alpha, tuple(flags), digest)
            for path, width, height, colour, alpha, flags, digest in stored["pictures"]
        )
        return pictures, tuple(Fault(kind, path) for kind, path in stored["faults"])
    except (OSError, ValueError, KeyError, TypeError):  # not there, or damaged: the files are looked at again
        return None


def _keep(index: Path, known: _Known) -> tuple[str, ...]:
    try:
        index.parent.mkdir(parents=True, exist_ok=True)
        write_text(index, json.dumps(dict(zip(("pictures", "faults"), known, strict=True))))
    except OSError as error:
        reason = error.strerror or error
        return (f"cannot keep in {index.parent} what was found ({reason}): every file is looked at again next time",)
    return ()
