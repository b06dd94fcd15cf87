"""What can be wrong or unusual with the files of a source, and what is done about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from organza.data.picture import LARGEST_PIXELS

SHOWN = 20  # files that a problem lists
NAMED = 3  # files that its sentence names


class Fault(NamedTuple):
    """One kind of problem with one file or folder, whose path is relative to the source, or with a line of a table."""

    kind: str
    path: str


class _Kind(NamedTuple):
    noun: str
    phrase: str
    action: str
    stops: bool = False  # nothing can be trained before it is put right


KINDS = {
    "damaged-table": _Kind(
        "line", "of the table of attributes that cannot be read", "put it right, or take the table away", stops=True
    ),
    "table-value": _Kind(
        "row",
        "of the table of attributes with values other than 0 and 1, -1 and 1, or numbers between 0 and 1",
        "put it right, or take the table away",
        stops=True,
    ),
    "unreadable": _Kind("file", "that cannot be read", "skipped"),
    "empty": _Kind("file", "of zero bytes", "skipped"),
    "damaged": _Kind("file", "truncated or damaged", "skipped"),
    "not-an-image": _Kind("file", "without a picture in it", "skipped"),
    "unsupported-format": _Kind("file", "in a format that is not read", "skipped; convert to PNG or JPEG to use"),
    "unsupported-pixels": _Kind("file", "whose pixels are not integers of 8 or 16 bits", "skipped"),
    "too-large": _Kind("file", f"above {LARGEST_PIXELS // 10**6} megapixels or 1 GiB", "skipped"),
    "repeated-folder": _Kind("link", "to a folder that is read already", "ignored"),
    "folder-without-images": _Kind("folder", "without a usable image", "ignored"),
    "picture-without-row": _Kind("picture", "without a row in the table of attributes", "left out"),
    "row-without-picture": _Kind("row", "of the table of attributes without a usable picture", "passed over"),
    "without-partner": _Kind("picture", "of a pair without its partner in the other folder", "left out"),
    "other-size-in-pair": _Kind("pair", "of two pictures of different sizes", "left out"),
    "same-name": _Kind("picture", "named like another one in its folder but for the suffix", "left out"),
    "in-neither-folder": _Kind("picture", "in neither of the two folders of the pairs", "left out"),
    "odd-width": _Kind("picture", "of odd width, which cannot be two side by side", "left out"),
    "cmyk": _Kind("picture", "in CMYK", "converted to RGB"),
    "16-bit": _Kind("picture", "in 16-bit grey", "scaled to 8 bits"),
    "animated": _Kind("picture", "of several frames", "the first frame is used"),
    "rotated": _Kind("picture", "with an EXIF rotation", "turned upright"),
    "transparent-among-opaque": _Kind("picture", "with transparency among others without", "laid over white"),
    "grey-among-colour": _Kind("picture", "in grey among colour", "given three equal channels"),
    "other-size": _Kind(
        "picture",
        "of another size than the most common one",
        "cropped to a square and resized, unless squares are cut out of it or it stays whole (--rectangles pad)",
    ),
}


@dataclass(frozen=True)
class Problem:
    """All files of a source that share one kind of problem.

    Attributes:
        kind: A key of `KINDS`.
        count: How many files, or folders, have it.
        files: The first of them, at most 20, as paths within the source (or lines of a table), fit for printing.
        action: What is done about it.
    """

    kind: str
    count: int
    files: tuple[str, ...]
    action: str

    @property
    def stops(self) -> bool:
        """Whether nothing can be trained before it is put right."""
        return KINDS[self.kind].stops

    @property
    def sentence(self) -> str:
        """The problem in one line, as in "2 files of zero bytes: skipped (a.png, b.png)"."""
        kind = KINDS[self.kind]
        noun = kind.noun if self.count == 1 else f"{kind.noun}s"
        names = ", ".join(self.files[:NAMED]) + (", ..." if self.count > NAMED else "")
        return f"{self.count:,} {noun} {kind.phrase}: {self.action} ({names})"


def gather(faults: Iterable[Fault]) -> tuple[Problem, ...]:
    """The faults grouped by kind, in the order of `KINDS`; within a kind the files keep their order."""
    paths: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for fault in faults:
        paths[fault.kind].append(fault.path)
    return tuple(
        Problem(kind, len(found), tuple(map(printable, found[:SHOWN])), KINDS[kind].action)
        for kind, found in paths.items()
        if found
    )


def merged(problems: Mapping[str, Sequence[Problem]]) -> tuple[Problem, ...]:
    """The problems of several sources as one list, by kind; each file with the name of its source in front."""
    together = []
    for kind in KINDS:
        alike = [(name, problem) for name, found in problems.items() for problem in found if problem.kind == kind]
        if alike:
            files = tuple(f"{printable(name)}: {file}" for name, problem in alike for file in problem.files)
            count = sum(problem.count for _, problem in alike)
            together.append(Problem(kind, count, files[:SHOWN], KINDS[kind].action))
    return tuple(together)


def printable(path: str) -> str:
    """The path without what a terminal or a one-line message cannot show: control characters, undecodable bytes."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in path)
