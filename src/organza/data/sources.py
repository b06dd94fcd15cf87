"""From the name of a source to its samples."""

from __future__ import annotations

import difflib
import hashlib
import itertools
import os
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Literal

from organza.data.builtin import BUILTINS, SHIPPED, SHIPPED_SUMMARY, find_builtin, open_shipped
from organza.data.cache import cache_folder
from organza.data.container import Lone, open_container
from organza.data.fitting import NO_SIDES, Rectangles, proportional
from organza.data.layout import check_split
from organza.data.mixtures import MIXTURES, open_mixture
from organza.data.pairs import pair_source
from organza.data.parallel import Progress
from organza.data.picture import HEAD, IMAGE_SUFFIXES, UNSUPPORTED_SUFFIXES, sniff
from organza.data.pictures import picture_source
from organza.data.source import Dataset, Source, Want
from organza.data.survey import Survey, survey
from organza.data.video import VIDEO_SUFFIXES, video_source
from organza.errors import OrganzaError, UsageError

DISK_BUDGET = 10 * 2**30
BESIDE = 10_000  # entries of a folder among which the one that was meant is looked for


def source_names() -> dict[str, str]:
    """The names that are no paths, each with one line that says what it is, from which paper and under which licence."""
    builtins = {name: builtin.summary for name, builtin in BUILTINS.items()}
    return {SHIPPED: SHIPPED_SUMMARY} | builtins | {name: mixture.summary for name, mixture in MIXTURES.items()}


def open_source(
    name: str, *, data_dir: Path | None = None, split: str = "train", progress: Progress | None = None
) -> Source:
    """Find a source and look at everything in it.

    Every file of a folder or zip is hashed and decoded once; the cache folder remembers what was found. Sub-folders are
    labels, unless a table of attributes lies at the top: `attributes.csv`, or CelebA's own. One picture is a source of one
    sample, and the samples of a video are its frames.

    Two domains that nothing pairs are two names with a comma between. Pairs are `pairs:` and a folder or zip, in which they
    are files of the same name in the folders A and B (or blur, blurred or input, and sharp, target or gt; alone or within
    parts for training and testing), or else lie side by side in one file: the left half is given, the right half wanted.

    Args:
        name: A built-in name, the path of a folder or zip of images, of a picture or a video, `A,B`, or `pairs:DIR`. Built-in
            names come first: a folder of such a name is written `./mnist`. Paths that exist come before the other forms.
        data_dir: Where to look for built-in data sets first.
        split: train or test. A source without a test part answers with all that it has, and a note.
        progress: Told how many files have been looked at.

    Raises:
        UsageError: Nothing has that name, or there is no such split.
        OrganzaError: It cannot be read, holds no sample or no pair, or has a table of attributes with mistakes in it.
    """
    form, names = form_of(name)
    if form == "two":
        first, second = (open_source(part, data_dir=data_dir, split=split, progress=progress) for part in names)
        return _two(name, first, second)
    if form == "pairs":
        return pair_source(name, find_pairs(name, names[0], progress), split)
    found = find(name, data_dir, split, progress)
    return picture_source(name, found, split) if isinstance(found, Survey) else found


def decode(
    source: Source,
    size: int,
    channels: int,
    *,
    native: bool = False,
    pad: bool = True,
    rectangles: Rectangles = "crop",
    sides: tuple[int, int] = NO_SIDES,
    cache_dir: Path | None = None,
    disk_budget: int = DISK_BUDGET,
    progress: Progress | None = None,
) -> Dataset:
    """The samples of a source in one shape, decoded once; `fit` tells how a picture becomes a square.

    Args:
        source: Opened; one of pairs gives a `PairedDataset`.
        size: Pixels on each side; points have none, and pass it over, and `channels` and `native` too.
        channels: 1, 3 or 4.
        native: Keep every picture's own size, and cut squares of `size` out of it: a `VariedDataset`. Only pictures with a
            side below `size` are enlarged.
        pad: Pad squares that lack 2 or 4 pixels with black; without, they are resized, as they should where squares are cut
            out of the result, for then black borders would be training data.
        rectangles: crop: of pictures that are no squares the square in the middle; pad: all of them, filled up.
        sides: Height and width to which pictures are resized as a whole, instead of a square of `size`; (0, 0): that square.
        cache_dir: Where decoded pictures are kept; without it, $ORGANZA_CACHE or the user's cache folder.
        disk_budget: Bytes above which pictures are not kept: each is decoded when it is read.
        progress: Told how many pictures are decoded.

    Raises:
        UsageError: There are no pictures of such a size or number of channels, the source has two domains, or its pictures
            have several proportions and are to be filled up.
        OrganzaError: The cache cannot be written, or a file has changed since the source was opened.
    """
    if source.form == "two":
        raise UsageError(f"{source.name} names two domains, and one is wanted here: name one of them")
    if source.kind == "images" and channels not in (1, 3, 4):
        raise UsageError(f"pictures have 1, 3 or 4 channels, not {channels}")
    if sides != NO_SIDES and (native or rectangles == "pad"):
        raise UsageError("pictures are resized to certain sides, cut in their own size or filled up: take one of these")
    if source.kind == "images" and size < 1:
        raise UsageError(f"pictures have a size of 1 pixel or more, not {size}")
    if source.kind == "images" and rectangles == "pad":
        refuse_several_proportions(source, size)
    want = Want(size, channels, cache_dir or cache_folder(), disk_budget, progress, native, pad, rectangles, sides)
    return source.content.dataset(source, want)


def decode_domains(
    source: Source,
    size: int,
    channels: int,
    *,
    native: bool = False,
    pad: bool = True,
    rectangles: Rectangles = "crop",
    sides: tuple[int, int] = NO_SIDES,
    cache_dir: Path | None = None,
    disk_budget: int = DISK_BUDGET,
    progress: Progress | None = None,
) -> dict[str, Dataset]:
    """The samples of each domain of a source, all in one shape: of two domains "a" and "b", else "real".

    Arguments and errors are those of `decode`; the disk budget is each domain's.
    """
    parts = {"real": source} if source.form != "two" else dict(zip(("a", "b"), source.domains, strict=True))
    return {
        domain: decode(
            part,
            size,
            channels,
            native=native,
            pad=pad,
            rectangles=rectangles,
            sides=sides,
            cache_dir=cache_dir,
            disk_budget=disk_budget,
            progress=progress,
        )
        for domain, part in parts.items()
    }


def refuse_several_proportions(source: Source, size: int) -> None:
    """Raise the `UsageError` for pictures that would not fill the same rectangle, give or take a pixel, of a square."""
    height, width = proportional(source.height, source.width, size)
    for other in source.sizes:
        tall, wide = proportional(*other, size)
        if max(abs(tall - height), abs(wide - width)) > 1:
            raise UsageError(
                f"{source.name} has pictures of several proportions, as {source.width}x{source.height} and "
                f"{other[1]}x{other[0]}, and samples can be cropped to one only: put those of one shape into a folder of their "
                "own, or take --rectangles crop"
            )


def form_of(name: str) -> tuple[Literal["single", "pairs", "two"], tuple[str, ...]]:
    """Which form of source a name is, and the names in it: one, that of the folder of pairs, or those of two domains.

    Raises:
        UsageError: It has commas and is still not two names.
    """
    if os.path.lexists(_path(name)):
        return "single", (name,)
    if name.startswith("pairs:"):
        return "pairs", (name.removeprefix("pairs:"),)
    if "," not in name:
        return "single", (name,)
    parts = tuple(part.strip() for part in name.split(","))
    if len(parts) != 2 or not all(parts):
        wrong = "a name is missing" if not all(parts) else f"these are {len(parts)}"
        raise UsageError(f"{name}: two domains are two folders, zips or built-in names with a comma between; {wrong}")
    for part in parts:
        if part.startswith("pairs:"):
            raise UsageError(
                f"{name}: a domain is a folder, a zip, a picture, a video or a built-in name, and not {part}"
            )
    return "two", parts


def _two(name: str, first: Source, second: Source) -> Source:
    """Two domains as one source: it describes the first of them."""
    if first.kind != second.kind:
        raise UsageError(
            f"{name}: two domains are of one kind, and {first.name} has {first.kind}, {second.name} {second.kind}"
        )
    notes = [f"{domain.name}: {note}" for domain in (first, second) for note in domain.notes]
    if first.fingerprint == second.fingerprint:
        notes.append(f"{first.name} and {second.name} hold the same {first.kind}")
    both = f"two {first.fingerprint} {second.fingerprint}"
    return replace(
        first,
        name=name,
        channels=max(first.channels, second.channels),
        classes=(),
        labels=None,
        notes=tuple(notes),
        fingerprint=hashlib.blake2b(both.encode(), digest_size=16).hexdigest(),
        split=first.split if first.split == second.split else "train",
        form="two",
        domains=(first, second),
    )


def find_pairs(name: str, folder: str, progress: Progress | None) -> Survey:
    """What is in a folder or zip of pairs.

    Raises:
        UsageError: There is none.
        OrganzaError: It cannot be read.
    """
    path = _path(folder)
    if folder and (os.path.isdir(path) or (os.path.isfile(path) and _is_zip(path))):
        return survey(open_container(path), cache_folder(), progress)
    if os.path.lexists(path) and folder:
        raise UsageError(
            f"{name}: {folder} is neither a folder nor a zip; pairs lie in folders A and B, or side by side"
        )
    near = _alike(folder, path) if folder else []
    hint = f"did you mean {' or '.join(f'pairs:{found}' for found in near)}?" if near else "name one after pairs:"
    raise UsageError(f"no source '{name}': there is no such folder or zip; {hint}")


def find(name: str, data_dir: Path | None, split: str, progress: Progress | None) -> Source | Survey:
    """The source of that name, one of the form "single", or, if it is a folder, zip or picture, what is in it.

    Errors are those of `open_source`.
    """
    check_split(split)
    if name in MIXTURES:
        return open_mixture(name, split)
    if name == SHIPPED:
        return open_shipped(split)
    if name in BUILTINS:
        found = find_builtin(name, data_dir, split)
        if isinstance(found, Source):
            return found
        seen = survey(open_container(found), cache_folder(), progress)
        return replace(seen, notes=(f"read from {found}", *seen.notes))
    if not name:
        raise UsageError(
            f"a source has a name: a folder or a zip of pictures, a picture, a video, or one of {', '.join(source_names())}"
        )
    path = _path(name)
    if os.path.isdir(path) or (os.path.isfile(path) and _is_zip(path)):
        return survey(open_container(path), cache_folder(), progress)
    if os.path.isfile(path) and path.suffix.lower() in VIDEO_SUFFIXES:
        return video_source(name, path, split, cache_folder(), progress)
    if os.path.isfile(path) and _is_picture(path):
        return survey(Lone(path), cache_folder(), progress)
    raise _no_source(name, path)


def _path(name: str) -> Path:
    return Path(os.path.expanduser(name))


def _is_zip(path: Path) -> bool:
    """Whether the file is a zip, or says so: a damaged one deserves its own message."""
    return path.suffix.lower() == ".zip" or zipfile.is_zipfile(path)


def _no_source(name: str, path: Path) -> OrganzaError:
    """Why `name` is no source."""
    if os.path.isfile(path):
        return UsageError(
            f"{name} is no source: it is no folder or zip of pictures, no picture and no video; built-in are "
            f"{', '.join(source_names())}"
        )
    if os.path.exists(path):
        return UsageError(f"{name} is no source: it is neither a folder nor a file")
    near = [*difflib.get_close_matches(name, source_names(), cutoff=0.5), *_alike(name, path)]
    hint = f"did you mean {' or '.join(near)}?" if near else f"built-in are {', '.join(source_names())}"
    return UsageError(f"no source '{name}': there is no such folder or file; {hint}")


def _is_picture(path: Path) -> bool:
    """Whether the file is a picture, or says so: a damaged one deserves its own message."""
    if path.suffix.lower() in IMAGE_SUFFIXES | UNSUPPORTED_SUFFIXES:
        return True
    try:
        with open(path, "rb") as file:
            return sniff(file.read(HEAD), path.name) is not None
    except OSError:
        return False


def _alike(name: str, path: Path) -> list[str]:
    """The folders and files of samples beside `path` whose names are close to its own, written as the user wrote `name`."""
    try:
        with os.scandir(path.parent) as found:
            beside = [
                entry.name
                for entry in itertools.islice(found, BESIDE)
                if entry.is_dir() or Path(entry.name).suffix.lower() in {".zip"} | IMAGE_SUFFIXES | VIDEO_SUFFIXES
            ]
    except (OSError, ValueError):  # the folder above is not there either
        return []
    before = name.removesuffix("/").rpartition("/")[0]
    return [f"{before}/{near}" if before else near for near in difflib.get_close_matches(path.name, beside)]
