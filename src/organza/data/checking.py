"""What `organza data check` tells: everything that is wrong with a source, at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from organza.data.arrays import ArrayContent
from organza.data.container import Lone
from organza.data.layout import Layout, layout
from organza.data.pairing import Pairing, pair_up
from organza.data.pairs import problems_of_pairs
from organza.data.parallel import Progress
from organza.data.problems import Problem, gather, merged
from organza.data.source import Source
from organza.data.sources import find, find_pairs, form_of
from organza.data.survey import Found, Survey, natural_channels, problems_of, sizes_of
from organza.data.video import VideoContent

SIZES = 10


@dataclass(frozen=True)
class Check:
    """What is in a source, its training and test parts together; of two domains, what is in both.

    Attributes:
        source: As the user wrote it.
        kind: images or points.
        files: How many were looked at; of arrays and points, how many samples there are.
        usable: How many of them can be used.
        sizes: (width, height, how often), the most common first, at most 10; of points (1, 1, n); of two pictures side by
            side that of one.
        channels: What training would take: 1, 3 or 4; 2 for points.
        classes: Name -> number of usable samples; of attributes, of those that have it (a value of 0.5 or more).
        problems: What is wrong or unusual, and what is done about it.
        duplicates: Files (in arrays, images) that repeat an earlier one byte for byte.
        sentence: The verdict in one line.
        fit: The verdict: whether it can be trained on.
        fitness: What the samples are enough for, as `organza.tools.Fitness` has it; None if nobody has looked.
        pairs: How many pairs they make; None where none are looked for.
        domains: Of two domains what is in each; else empty.
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
    fit: bool
    fitness: Mapping[str, Any] | None = None
    pairs: int | None = None
    domains: tuple[Check, ...] = ()


def check(name: str, *, data_dir: Path | None = None, progress: Progress | None = None) -> Check:
    """Look through a source without stopping at the first problem.

    Args:
        name: As for `open_source`. Of a built-in set in arrays, the training part is looked at.
        data_dir: Where to look for built-in data sets first.
        progress: Told how many files have been looked at.

    Raises:
        OrganzaError: There is no such source, or it cannot be read at all.
    """
    return _with_few_sizes(_check(name, data_dir, progress))


def _check(name: str, data_dir: Path | None, progress: Progress | None) -> Check:
    """The check with all sizes."""
    form, names = form_of(name)
    if form == "two":
        return _check_two(name, tuple(_check(part, data_dir, progress) for part in names))
    if form == "pairs":
        return _check_pairs(name, find_pairs(name, names[0], progress))
    found = find(name, data_dir, "train", progress)
    return _check_files(name, found) if isinstance(found, Survey) else _check_opened(found)


def _with_few_sizes(found: Check) -> Check:
    return replace(found, sizes=found.sizes[:SIZES], domains=tuple(map(_with_few_sizes, found.domains)))


def _check_files(name: str, seen: Survey) -> Check:
    pictures = seen.pictures
    folders = layout([picture.path for picture in pictures])
    fit, words = _verdict(seen, folders)
    counts = Counter(folders.labels)
    classes = {label: counts[index] for index, label in enumerate(folders.classes)}
    if seen.values is not None:
        classes = dict(zip(seen.attributes, (seen.values >= 0.5).sum(axis=0).tolist(), strict=True))
    return Check(
        source=name,
        kind="images",
        files=seen.files,
        usable=len(pictures),
        sizes=tuple((width, height, count) for (width, height), count in sizes_of(pictures)),
        channels=natural_channels(pictures),
        classes=classes,
        problems=problems_of(seen.faults, pictures),
        duplicates=len(pictures) - len({picture.digest for picture in pictures}),
        sentence=_sentence(name, fit, words),
        fit=fit,
    )


def _check_pairs(name: str, seen: Survey) -> Check:
    pairing = pair_up(seen.pictures)
    used = pairing.used
    fit, words = _verdict_on_pairs(seen, pairing)
    return Check(
        source=name,
        kind="images",
        files=seen.files,
        usable=len(used),
        sizes=tuple((width, height, count) for (width, height), count in sizes_of(used)),
        channels=natural_channels(used),
        classes={},
        problems=problems_of_pairs(seen, pairing),
        duplicates=len(used) - len({picture.digest for picture in used}),
        sentence=_sentence(name, fit, words),
        fit=fit,
        pairs=len(pairing.wanted),
    )


def _check_two(name: str, domains: tuple[Check, ...]) -> Check:
    first, second = domains
    sizes: Counter[tuple[int, int]] = Counter()
    for domain in domains:
        sizes.update({(width, height): count for width, height, count in domain.sizes})
    fit, words = _verdict_on_two(first, second)
    return Check(
        source=name,
        kind=first.kind,
        files=first.files + second.files,
        usable=first.usable + second.usable,
        sizes=tuple((width, height, count) for (width, height), count in sizes.most_common()),
        channels=max(first.channels, second.channels),
        classes={},
        problems=merged({domain.source: domain.problems for domain in domains}),
        duplicates=first.duplicates + second.duplicates,
        sentence=_sentence(name, fit, words),
        fit=fit,
        domains=domains,
    )


def _check_opened(source: Source) -> Check:
    """An array, a video or a mixture: opening it has verified it."""
    counts = Counter([] if source.labels is None else source.labels.tolist())
    words = "points" if source.kind == "points" else f"pictures of {source.width}x{source.height}"
    if source.classes:
        words += f" in {len(source.classes)} classes"
    if isinstance(source.content, VideoContent):
        words = f"frames of {source.width}x{source.height}{''.join(f'; {note}' for note in source.notes)}"
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
        sentence=_sentence(source.name, True, f"{source.count:,} {words}"),
        fit=True,
    )


def _sentence(name: str, fit: bool, words: str) -> str:
    return f"{name} is {'fit' if fit else 'not fit'} for training: {words}"


def _verdict(seen: Survey, folders: Layout) -> tuple[bool, str]:
    """Whether the files can be trained on, and in plain words how many, or why not."""
    pictures = seen.pictures
    stopping = _stopping(seen)
    if stopping:
        return False, stopping
    if pictures and isinstance(seen.container, Lone):
        return (
            True,
            f"one picture of {_sizes_in_words(pictures)}, enough for models of one picture, as singan, and no others",
        )
    if len(folders.part("train", len(pictures))[0]) < 2:
        return False, f"{len(pictures)} of {seen.files:,} files usable, and a GAN needs 2 or more"
    words = f"{len(pictures):,} pictures of {_sizes_in_words(pictures)}"
    if seen.values is not None:
        words += f" with {len(seen.attributes)} attributes"
    elif folders.classes:
        words += f" in {len(folders.classes)} classes"
    if folders.splits:
        words += f", {folders.splits.count('train'):,} of them for training"
    skipped = seen.files - len(pictures)
    if skipped:
        words += f"; {skipped:,} {'file is' if skipped == 1 else 'files are'} skipped"
    return True, words


def _verdict_on_pairs(seen: Survey, pairing: Pairing) -> tuple[bool, str]:
    """The same of pairs."""
    count = len(pairing.wanted)
    stopping = _stopping(seen)
    if stopping:
        return False, stopping
    if pairing.form in ("only given", "only wanted"):
        return False, pairing.missing
    if not pairing.parts.part("train", count)[0]:
        return False, f"there is no pair {'for training' if count else 'of pictures'} among {seen.files:,} files"
    words = f"{count:,} {'pair' if count == 1 else 'pairs'} of pictures of {_sizes_in_words(pairing.wanted)}, "
    words += "side by side" if pairing.form == "beside" else "in two folders"
    if pairing.parts.splits:
        words += f", {pairing.parts.splits.count('train'):,} of them for training"
    skipped = seen.files - len(pairing.used)
    if skipped:
        words += f"; {skipped:,} {'file is' if skipped == 1 else 'files are'} left out"
    return True, words


def _verdict_on_two(first: Check, second: Check) -> tuple[bool, str]:
    """The same of two domains."""
    if first.kind != second.kind:
        return False, f"{first.source} has {first.kind}, and {second.source} {second.kind}"
    unfit = [domain.sentence for domain in (first, second) if not domain.fit]
    if unfit:
        return False, "; ".join(unfit)
    what = "points" if first.kind == "points" else "pictures"
    return True, " and ".join(f"{domain.usable:,} {what} in {domain.source}" for domain in (first, second))


def _stopping(seen: Survey) -> str:
    """What must be put right before anything can be trained; empty if there is nothing."""
    return "; ".join(problem.sentence for problem in gather(seen.faults) if problem.stops)


def _sizes_in_words(pictures: Sequence[Found]) -> str:
    sizes = sizes_of(pictures)
    (width, height), _ = sizes[0]
    return f"{width}x{height}" if len(sizes) == 1 else f"{len(sizes):,} sizes"
