"""What the folders in a source mean: labels (if no table of attributes gives them), and parts for training and testing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from organza.data.container import natural
from organza.errors import unknown

SPLITS = ("train", "test")
_SPLIT_FOLDERS = {
    "train": "train",
    "training": "train",
    "test": "test",
    "testing": "test",
    "val": "val",
    "valid": "val",
    "validation": "val",
}


@dataclass(frozen=True)
class Layout:
    """The meaning of the folders, picture by picture.

    Attributes:
        splits: For each picture "train", "test" or "val"; empty when the folders are no such parts.
        classes: Names of the labels, in natural order; empty when there are none.
        labels: For each picture the index of its class; empty when there are none.
        notes: One line for what could have been meant as labels and is not.
    """

    splits: tuple[str, ...]
    classes: tuple[str, ...]
    labels: tuple[int, ...]
    notes: tuple[str, ...]

    def part(self, split: str, count: int) -> tuple[list[int], str, tuple[str, ...]]:
        """Which of `count` pictures belong to a split.

        Returns:
            Their indices; the split that they really are; notes for the user.
        """
        if not self.splits:
            notes = ("there is no test part: the pictures are those of the training",) if split == "test" else ()
            return list(range(count)), "train", notes
        test = "test" if "test" in self.splits else "val"
        wanted = split if split == "train" else test
        left = self.splits.count("val") if test == "test" else 0
        notes = (f"{left:,} pictures for validation are left alone",) if left else ()
        return [index for index, found in enumerate(self.splits) if found == wanted], split, notes


def layout(paths: Sequence[str]) -> Layout:
    """Read the meaning of the folders from the paths of the usable pictures.

    Folders around everything are stripped. `train` beside `test` or `val` (or `training`, `validation`, ...) are parts,
    not labels. Then the folders of the first level are labels if there are at least two and every picture lies in one.
    """
    parts = _stripped([path.split("/") for path in paths])
    splits: tuple[str, ...] = ()
    tops = {part[0].casefold() if len(part) > 1 else "" for part in parts}
    if tops <= _SPLIT_FOLDERS.keys() and {"train", "training"} & tops:
        splits = tuple(_SPLIT_FOLDERS[part[0].casefold()] for part in parts)
        parts = _stripped([part[1:] for part in parts])
    folders = {part[0] for part in parts if len(part) > 1}
    beside = sum(len(part) == 1 for part in parts)
    if beside or len(folders) < 2:
        note = f"{beside:,} pictures lie beside sub-folders with others: the sub-folders are not taken as labels"
        return Layout(splits, (), (), (note,) if beside and folders else ())
    classes = tuple(sorted(folders, key=natural))
    number = {folder: index for index, folder in enumerate(classes)}
    return Layout(splits, classes, tuple(number[part[0]] for part in parts), ())


def check_split(split: str) -> None:
    """Raise the `UsageError` for a split that does not exist."""
    if split not in SPLITS:
        raise unknown("split", split, SPLITS)


def _stripped(parts: list[list[str]]) -> list[list[str]]:
    """The paths without the folders that all of them share."""
    if not parts:
        return parts
    first, last = (edge(part[:-1] for part in parts) for edge in (min, max))
    shared = next((depth for depth, pair in enumerate(zip(first, last, strict=False)) if pair[0] != pair[1]), None)
    depth = min(len(first), len(last)) if shared is None else shared
    return [part[depth:] for part in parts]
