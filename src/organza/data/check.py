"""What `organza data check` tells: everything that is wrong with a source, at once."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from organza.data.cache import cache_folder
from organza.data.parallel import Progress
from organza.data.pictures import all_faults, container_of, labels_of
from organza.data.problems import Problem, gather
from organza.data.sources import BUILTINS, SHIPPED, no_source, open_source
from organza.data.survey import survey

SIZES = 10


@dataclass(frozen=True)
class Check:
    """What is in a source.

    Attributes:
        source: As the user wrote it.
        kind: images or points.
        files: How many were looked at.
        usable: How many of them training would use.
        sizes: (width, height, how often), the most common first, at most 10.
        channels: What training would take: 1, 3 or 4; 2 for points.
        classes: Name -> number of samples.
        problems: What is wrong or unusual, and what is done about it.
        duplicates: Files that repeat another byte for byte.
        sentence: All of it in one line.
    """

    source: str
    kind: str
    files: int
    usable: int
    sizes: tuple[tuple[int, int, int], ...]
    channels: int
    classes: dict[str, int]
    problems: tuple[Problem, ...]
    duplicates: int
    sentence: str


def check(name: str, *, data_dir: Path | None = None, progress: Progress | None = None) -> Check:
    """Look through a source without stopping at the first problem.

    Raises:
        OrganzaError: There is no such source, or it cannot be read at all.
    """
    path = Path(name).expanduser()
    if name in (*BUILTINS, SHIPPED) or not path.exists():
        return check_opened(name, data_dir, progress)
    if not (path.is_dir() or path.suffix.lower() == ".zip"):
        raise no_source(name, path)
    seen = survey(container_of(path), cache_folder(), progress)
    classes, targets = labels_of([picture.path for picture in seen.pictures])
    counts = Counter(classes[target] for target in targets)
    problems = gather(all_faults(seen))
    skipped = seen.files - len(seen.pictures)
    return Check(
        source=name,
        kind="images",
        files=seen.files,
        usable=len(seen.pictures),
        sizes=tuple((width, height, count) for (width, height), count in seen.sizes[:SIZES]),
        channels=seen.channels,
        classes={label: counts[label] for label in classes},
        problems=problems,
        duplicates=seen.repeats,
        sentence=sentence(name, len(seen.pictures), skipped, len(problems), len(classes)),
    )


def check_opened(name: str, data_dir: Path | None, progress: Progress | None) -> Check:
    """A built-in set: opening it has verified it."""
    source = open_source(name, data_dir=data_dir, progress=progress)
    counts = Counter([] if source.labels is None else source.labels.tolist())
    return Check(
        source=name,
        kind=source.kind,
        files=source.count,
        usable=source.count,
        sizes=((source.width, source.height, source.count),),
        channels=source.channels,
        classes={label: counts[number] for number, label in enumerate(source.classes)},
        problems=(),
        duplicates=0,
        sentence=sentence(name, source.count, 0, len(source.notes), len(source.classes)),
    )


def sentence(name: str, usable: int, skipped: int, problems: int, classes: int) -> str:
    """The verdict in plain words."""
    if usable < 2:
        return (
            f"{name} cannot be trained on: {usable} usable samples, and a GAN that learns from noise needs at least 2"
        )
    words = f"{name} can be trained on: {usable:,} samples" + (f" in {classes} classes" if classes else "")
    if skipped:
        words += f"; {skipped:,} files are skipped"
    return words + (f"; {problems} kinds of things to know" if problems else "; nothing to complain about")
