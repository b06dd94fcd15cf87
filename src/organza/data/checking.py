"""What `organza data check` tells: everything that is wrong with a source, at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from organza.data.arrays import ArrayContent
from organza.data.layout import Layout, layout
from organza.data.parallel import Progress
from organza.data.problems import Problem, gather
from organza.data.source import Source
from organza.data.sources import find
from organza.data.survey import Survey, natural_channels, problems_of, sizes_of

SIZES = 10


@dataclass(frozen=True)
class Check:
    """What is in a source, its training and test parts together.

    Attributes:
        source: As the user wrote it.
        kind: images or points.
        files: How many were looked at; of arrays and points, how many samples there are.
        usable: How many of them can be used.
        sizes: (width, height, how often), the most common first, at most 10; of points (1, 1, n).
        channels: What training would take: 1, 3 or 4; 2 for points.
        classes: Name -> number of usable samples; of attributes, of those that have it (a value of 0.5 or more).
        problems: What is wrong or unusual, and what is done about it.
        duplicates: Files (in arrays, images) that repeat an earlier one byte for byte.
        sentence: The verdict in one line.
        fitness: What the samples are enough for, as `organza.tools.Fitness` has it; None if nobody has looked.
    """

    source: str
    kind: Literal["images", "points"]
    files: int
    usable: int
    sizes: tuple[tuple[int, int, int], ...]
    channels: int
    classes: dict[str, int]
    problems: tuple[Problem, ...]
    duplicates: int
    sentence: str
    fitness: Mapping[str, Any] | None = None


def check(name: str, *, data_dir: Path | None = None, progress: Progress | None = None) -> Check:
    """Look through a source without stopping at the first problem.

    Args:
        name: As for `open_source`. Of a built-in set in arrays, the training part is looked at.
        data_dir: Where to look for built-in data sets first.
        progress: Told how many files have been looked at.

    Raises:
        OrganzaError: There is no such source, or it cannot be read at all.
    """
    found = find(name, data_dir, "train", progress)
    return _check_files(name, found) if isinstance(found, Survey) else _check_opened(found)


def _check_files(name: str, seen: Survey) -> Check:
    pictures = seen.pictures
    folders = layout([picture.path for picture in pictures])
    counts = Counter(folders.labels)
    classes = {label: counts[index] for index, label in enumerate(folders.classes)}
    if seen.values is not None:
        classes = dict(zip(seen.attributes, (seen.values >= 0.5).sum(axis=0).tolist(), strict=True))
    return Check(
        source=name,
        kind="images",
        files=seen.files,
        usable=len(pictures),
        sizes=tuple((width, height, count) for (width, height), count in sizes_of(pictures)[:SIZES]),
        channels=natural_channels(pictures),
        classes=classes,
        problems=problems_of(seen.faults, pictures),
        duplicates=len(pictures) - len({picture.digest for picture in pictures}),
        sentence=_verdict(name, seen, folders),
    )


def _check_opened(source: Source) -> Check:
    """An array or a mixture: opening it has verified it."""
    counts = Counter([] if source.labels is None else source.labels.tolist())
    kind = "points" if source.kind == "points" else f"pictures of {source.width}x{source.height}"
    return Check(
        source=source.name,
        kind=source.kind,
        files=source.count,
        usable=source.count,
        sizes=((source.width, source.height, source.count),),
        channels=source.channels,
        classes={label: counts[index] for index, label in enumerate(source.classes)},
        problems=(),
        duplicates=source.content.repeats() if isinstance(source.content, ArrayContent) else 0,
        sentence=f"{source.name} is fit for training: {source.count:,} {kind} in {len(source.classes)} classes",
    )


def _verdict(name: str, seen: Survey, folders: Layout) -> str:
    """Whether the files can be trained on, in plain words."""
    pictures = seen.pictures
    stopping = [problem.sentence for problem in gather(seen.faults) if problem.stops]
    if stopping:
        return f"{name} is not fit for training: {'; '.join(stopping)}"
    if len(folders.part("train", len(pictures))[0]) < 2:
        return (
            f"{name} is not fit for training: {len(pictures)} of {seen.files:,} files usable, and a GAN needs 2 or more"
        )
    sizes = sizes_of(pictures)
    (width, height), _ = sizes[0]
    words = f"{len(pictures):,} pictures of " + (f"{width}x{height}" if len(sizes) == 1 else f"{len(sizes):,} sizes")
    if seen.values is not None:
        words += f" with {len(seen.attributes)} attributes"
    elif folders.classes:
        words += f" in {len(folders.classes)} classes"
    if folders.splits:
        words += f", {folders.splits.count('train'):,} of them for training"
    skipped = seen.files - len(pictures)
    if skipped:
        words += f"; {skipped:,} {'file is' if skipped == 1 else 'files are'} skipped"
    return f"{name} is fit for training: {words}"
