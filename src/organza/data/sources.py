"""From the name of a source to its samples."""

from __future__ import annotations

import difflib
import itertools
import os
import zipfile
from dataclasses import replace
from pathlib import Path

from organza.data.builtin import BUILTINS, SHIPPED, SHIPPED_SUMMARY, find_builtin, open_shipped
from organza.data.cache import cache_folder
from organza.data.container import open_container
from organza.data.layout import check_split
from organza.data.mixtures import MIXTURES, open_mixture
from organza.data.parallel import Progress
from organza.data.picture import HEAD, IMAGE_SUFFIXES, Refused, sniff
from organza.data.pictures import picture_source
from organza.data.source import Dataset, Source, Want
from organza.data.survey import Survey, survey
from organza.errors import OrganzaError, UsageError

DISK_BUDGET = 10 * 2**30
VIDEO_SUFFIXES = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm"})
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
    labels, unless a table of attributes lies at the top: `attributes.csv`, or CelebA's own.

    Args:
        name: A built-in name, or the path of a folder or zip of images. Built-in names come first: a folder of such a
            name is written `./mnist`.
        data_dir: Where to look for built-in data sets first.
        split: train or test. A source without a test part answers with all that it has, and a note.
        progress: Told how many files have been looked at.

    Raises:
        UsageError: Nothing has that name, or there is no such split.
        OrganzaError: It cannot be read, holds fewer than two samples, or has a table of attributes with mistakes in it.
    """
    found = find(name, data_dir, split, progress)
    return picture_source(name, found, split) if isinstance(found, Survey) else found


def decode(
    source: Source,
    size: int,
    channels: int,
    *,
    cache_dir: Path | None = None,
    disk_budget: int = DISK_BUDGET,
    progress: Progress | None = None,
) -> Dataset:
    """The samples of a source in one shape, decoded once; `fit` tells how a picture becomes a square.

    Args:
        source: Opened.
        size: Pixels on each side; points have none, and pass it over, and `channels` too.
        channels: 1, 3 or 4.
        cache_dir: Where decoded pictures are kept; without it, $ORGANZA_CACHE or the user's cache folder.
        disk_budget: Bytes above which pictures are not kept: each is decoded when it is read.
        progress: Told how many pictures are decoded.

    Raises:
        UsageError: There are no pictures of such a size or number of channels.
        OrganzaError: The cache cannot be written, or a file has changed since the source was opened.
    """
    if source.kind == "images" and channels not in (1, 3, 4):
        raise UsageError(f"pictures have 1, 3 or 4 channels, not {channels}")
    if source.kind == "images" and size < 1:
        raise UsageError(f"pictures have a size of 1 pixel or more, not {size}")
    return source.content.dataset(source, Want(size, channels, cache_dir or cache_folder(), disk_budget, progress))


def find(name: str, data_dir: Path | None, split: str, progress: Progress | None) -> Source | Survey:
    """The source of that name, or, if it is a folder or zip, what is in it; errors as of `open_source`."""
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
        raise UsageError(f"a source has a name: a folder or a zip of pictures, or one of {', '.join(source_names())}")
    path = Path(os.path.expanduser(name))
    if os.path.isdir(path) or (os.path.isfile(path) and _is_zip(path)):
        return survey(open_container(path), cache_folder(), progress)
    raise _no_source(name, path)


def _is_zip(path: Path) -> bool:
    """Whether the file is a zip, or says so: a damaged one deserves its own message."""
    return path.suffix.lower() == ".zip" or zipfile.is_zipfile(path)


def _no_source(name: str, path: Path) -> OrganzaError:
    """Why `name` is no source."""
    if os.path.isfile(path):
        if path.suffix.lower() in VIDEO_SUFFIXES:
            return UsageError(f"{name} is a video: a source of this form is not read yet; name a folder of its frames")
        if path.suffix.lower() in IMAGE_SUFFIXES or _begins_like_a_picture(path):
            return UsageError(
                f"{name} is one picture, which is not enough to train a GAN from noise: name a folder or a zip of pictures"
            )
        return UsageError(
            f"{name} is no source: it is neither a folder nor a zip of pictures; built-in are {', '.join(source_names())}"
        )
    if os.path.exists(path):
        return UsageError(f"{name} is no source: it is neither a folder nor a file")
    if name.startswith("pairs:"):
        return UsageError(
            f"{name}: pairs of pictures are a form of source that is not read yet; name a folder or a zip"
        )
    if "," in name:
        return UsageError(f"{name}: two domains are a form of source that is not read yet; name one folder or zip")
    near = [*difflib.get_close_matches(name, source_names(), cutoff=0.5), *_alike(name, path)]
    hint = f"did you mean {' or '.join(near)}?" if near else f"built-in are {', '.join(source_names())}"
    return UsageError(f"no source '{name}': there is no such folder or zip; {hint}")


def _begins_like_a_picture(path: Path) -> bool:
    try:
        with open(path, "rb") as file:
            return sniff(file.read(HEAD), path.name) is not None
    except (OSError, Refused):
        return False


def _alike(name: str, path: Path) -> list[str]:
    """The folders and zips beside `path` whose names are close to its own, written as the user wrote `name`."""
    try:
        with os.scandir(path.parent) as found:
            beside = [
                entry.name
                for entry in itertools.islice(found, BESIDE)
                if entry.is_dir() or entry.name.lower().endswith(".zip")
            ]
    except (OSError, ValueError):  # the folder above is not there either
        return []
    before = name.removesuffix("/").rpartition("/")[0]
    return [f"{before}/{near}" if before else near for near in difflib.get_close_matches(path.name, beside)]
