"""Every file of a folder or zip looked at once: decoded to see that it can be, hashed, and its problems noted.

A truncated picture must be found here and not in the middle of a training. What a survey has found is kept in the cache
under the names, sizes and stamps of the files, so that an unchanged folder opens at once the next time.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from organza.data.container import Container, Item
from organza.data.parallel import Progress, in_order
from organza.data.picture import LARGEST_FILE, Refused, read
from organza.data.problems import Fault
from organza.files import write_text

FORMAT = 1


class Found(NamedTuple):
    """A usable picture."""

    path: str
    width: int
    height: int
    colour: bool
    alpha: bool
    flags: tuple[str, ...]
    digest: str


@dataclass(frozen=True)
class Survey:
    """What a folder or zip holds.

    Attributes:
        files: How many files were looked at.
        pictures: The usable ones, in natural order.
        faults: What is wrong with the others, and what was unusual.
    """

    files: int
    pictures: tuple[Found, ...]
    faults: tuple[Fault, ...]

    @property
    def fingerprint(self) -> str:
        """Hash of the names and bytes of all usable pictures."""
        text = "\n".join(f"{picture.digest} {picture.path}" for picture in self.pictures)
        return hashlib.blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()

    @property
    def channels(self) -> int:
        """4 if every picture has an alpha channel, 3 if any has colour, else 1."""
        if self.pictures and all(picture.alpha for picture in self.pictures):
            return 4
        return 3 if any(picture.colour for picture in self.pictures) else 1

    @property
    def sizes(self) -> list[tuple[tuple[int, int], int]]:
        """((width, height), how often), the most common one first."""
        return Counter((picture.width, picture.height) for picture in self.pictures).most_common()

    @property
    def repeats(self) -> int:
        """Pictures whose file is another's byte for byte."""
        return len(self.pictures) - len({picture.digest for picture in self.pictures})


def survey(container: Container, cache: Path, progress: Progress | None) -> Survey:
    """Look at every file, or read in the cache what was seen when nothing had changed yet."""
    items, faults = container.items()
    stamps = "\n".join(f"{item.path}\0{item.size}\0{item.stamp}" for item in items)
    key = hashlib.blake2b(f"{FORMAT}\n{stamps}".encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
    index = cache / "surveys" / f"{key}.json"
    known = _recall(index)
    if known:
        return known
    pictures: list[Found] = []
    for seen in in_order(lambda item: look(container, item), items, "looking at the files", progress):
        if isinstance(seen, Fault):
            faults.append(seen)
        else:
            pictures.append(seen)
            faults += [Fault(flag, seen.path) for flag in seen.flags]
    found = Survey(len(items), tuple(pictures), tuple(faults))
    with contextlib.suppress(OSError):  # without a cache, the next time takes as long as this one
        index.parent.mkdir(parents=True, exist_ok=True)
        write_text(index, json.dumps(asdict(found)))
    return found


def look(container: Container, item: Item) -> Found | Fault:
    """One file: read, hashed and decoded."""
    if item.size == 0:
        return Fault("empty", item.path)
    if item.size > LARGEST_FILE:
        return Fault("too-large", item.path)
    try:
        data = container.read(item.path)
        picture = read(data, item.path)
    except OSError:
        return Fault("unreadable", item.path)
    except Refused as refusal:
        return Fault(refusal.kind, item.path)
    width, height = picture.image.size
    digest = hashlib.blake2b(data, digest_size=16).hexdigest()
    return Found(item.path, width, height, picture.colour, picture.image.mode == "RGBA", picture.flags, digest)


def _recall(index: Path) -> Survey | None:
    try:
        stored = json.loads(index.read_text(encoding="utf-8"))
        pictures = tuple(Found(*one)._replace(flags=tuple(one[5])) for one in stored["pictures"])
        return Survey(stored["files"], pictures, tuple(Fault(*fault) for fault in stored["faults"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
