"""Pairs of blurred and sharp pictures out of sharp ones."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import torch
from numpy.typing import NDArray

from organza.data import Problem, Progress, to_pixels, to_samples
from organza.data.blur import LENGTH, STEPS, blur, kernel_of_seed
from organza.data.container import DAMAGED_ENTRY, Container, Folder, Item, open_container
from organza.data.parallel import in_order
from organza.data.picture import HEAD, LARGEST_FILE, Refused, read, sniff, to_channels, without_warnings
from organza.data.problems import Fault, gather
from organza.errors import OrganzaError, UsageError
from organza.marks import Mark, save_picture

BLURRED, SHARP = "A", "B"  # the folders of the pairs, as sources of pairs call them

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Shake:
    """How pictures are blurred.

    Attributes:
        count: Blurred pictures made of each sharp one.
        length: Of the camera's path, pixels.
        exposure: The part of it that leaves light; None: a tenth, a half or all of it, at random.
        linear_light: Whether light is added, or the values of the picture.
        seed: Names the kernels: the one of `kernel_of_seed(seed, count * place + k)` belongs to the k-th blurred picture made of
            the file at this place in the natural order of all files.
    """

    count: int = 1
    length: float = LENGTH
    exposure: float | None = None
    linear_light: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Blurred:
    """What was written.

    Attributes:
        out: The folder.
        pictures: Sharp pictures that were read.
        pairs: Pairs that were made of them.
        problems: Why other files gave none.
    """

    out: Path
    pictures: int
    pairs: int
    problems: tuple[Problem, ...]


def blur_pictures(source: Path, out: Path, shake: Shake, progress: Progress | None = None) -> Blurred:
    """Write A/*.png, blurred, and B/*.png, sharp, with the same names; sub-folders of the source stay.

    Pictures are turned upright and get 8 bits; transparency is laid over white. A file that gives no picture is passed over.

    Args:
        source: A folder or a zip of pictures of any size, or one picture.
        out: A folder that does not exist or is empty.
        shake: The same one gives the same bytes.
        progress: Told how many files are done.

    Raises:
        UsageError: There is no such source, it cannot be blurred like that, or `out` is a file.
        OrganzaError: `out` is not empty, or nothing in the source is a usable picture.
        OSError: The pairs cannot be written.
    """
    _check(shake)
    container, items, faults = _open(source)
    _check_room(out)
    names = _names([item.path for item in items])

    def work(place: int) -> Fault | None:
        item = items[place]
        pixels = _pixels(container, item)
        if isinstance(pixels, Fault):
            return pixels
        for repeat in range(shake.count):
            name = names[place] if shake.count == 1 else f"{names[place]}-{repeat}"
            _write_pair(out, name, item.path, pixels, shake, shake.count * place + repeat)
        return None

    with without_warnings():
        refused = [fault for fault in in_order(work, range(len(items)), "blurring", progress) if fault]
    done = len(items) - len(refused)
    problems = gather([*faults, *refused])
    if not done:
        because = f": {'; '.join(problem.sentence for problem in problems)}" if problems else ""
        raise OrganzaError(f"{source} holds no usable picture{because}")
    return Blurred(out, done, done * shake.count, problems)


def _check(shake: Shake) -> None:
    if shake.count < 1:
        raise UsageError(f"--count must be at least 1, not {shake.count}")
    if shake.seed < 0:
        raise UsageError(f"--seed must be 0 or more, not {shake.seed}")
    if not (math.isfinite(shake.length) and 0 < shake.length <= STEPS / 2):
        raise UsageError(f"--length must be above 0 and up to {STEPS // 2} pixels, not {shake.length:g}")
    if shake.exposure is not None and not 0 < shake.exposure <= 1:
        raise UsageError(f"--exposure is a part of the path, above 0 and up to 1, not {shake.exposure:g}")


def _open(source: Path) -> tuple[Container, tuple[Item, ...], tuple[Fault, ...]]:
    """Where the files are, all of them in natural order, and what cannot be listed."""
    source = source.expanduser()
    if not source.exists():
        raise UsageError(f"no pictures at {source}: name a folder or a zip of sharp pictures, or one picture")
    if source.is_file():
        with open(source, "rb") as file:
            zipped = file.read(4) == b"PK\x03\x04" or source.suffix.lower() == ".zip"
        if not zipped:
            return Folder(source.parent), (Item(source.name, source.stat().st_size),), ()
    elif not source.is_dir():
        raise UsageError(f"{source} is neither a folder nor a file")
    container = open_container(source)
    listing = container.listing()
    return container, listing.items, listing.faults


def _check_room(out: Path) -> None:
    if out.exists() and not out.is_dir():
        raise UsageError(f"cannot write pairs to {out}: it is a file; name a folder that is empty or not there yet")
    if out.is_dir() and any(out.iterdir()):
        raise OrganzaError(f"{out} is not empty: name a folder that is empty or not there yet, or remove what is in it")


def _names(paths: Sequence[str]) -> list[str]:
    """A name for each file, without its suffix; where two differ in nothing else, the later ones get a number."""
    taken: set[str] = set()
    names = []
    for path in paths:
        stem = str(PurePosixPath(path).with_suffix(""))
        name, number = stem, 2
        while name.casefold() in taken:
            name, number = f"{stem}-{number}", number + 1
        taken.add(name.casefold())
        names.append(name)
    return names


def _pixels(container: Container, item: Item) -> Pixels | Fault:
    """The picture in a file, uint8 [H, W, 1 or 3], or why there is none."""
    if item.size == 0:
        return Fault("empty", item.path)
    try:
        with container.open(item.path) as stream:
            head = stream.read(HEAD)
            if sniff(head, item.path) is None:
                return Fault("not-an-image", item.path)
            if item.size > LARGEST_FILE:
                return Fault("too-large", item.path)
            image = read(head + stream.read(), item.path).image
    except Refused as refusal:
        return Fault(refusal.kind, item.path)
    except DAMAGED_ENTRY:
        return Fault("damaged", item.path)
    except OSError:
        return Fault("unreadable", item.path)
    pixels = np.asarray(to_channels(image, 1 if image.mode == "L" else 3))
    return pixels[:, :, None] if pixels.ndim == 2 else pixels


def _write_pair(out: Path, name: str, origin: str, pixels: Pixels, shake: Shake, index: int) -> None:
    kernel = kernel_of_seed(shake.seed, index, length=shake.length, exposure=shake.exposure)[None]
    # Channel by channel: the transforms of a large photograph take many times its own memory.
    channels = [
        to_pixels(blur(to_samples(channel[None]), kernel, linear_light=shake.linear_light))[0]
        for channel in torch.split(torch.from_numpy(pixels.copy()), 1, dim=2)
    ]
    motion: dict[str, int | str] = {  # all that `kernel_of_seed` and `blur` need to make it again
        "kernel": index,
        "length": f"{shake.length:g}",
        "exposure": "any" if shake.exposure is None else f"{shake.exposure:g}",
        "light": "linear" if shake.linear_light else "values",
    }
    for side, written, details in ((BLURRED, torch.cat(channels, 2).numpy(), motion), (SHARP, pixels, {})):
        file = out / side / f"{name}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        save_picture(file, written, Mark(origin, "", shake.seed, details, ai_generated=False))
