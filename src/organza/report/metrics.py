"""Reading `metrics.jsonl` into curves over images seen."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from organza.report.facts import finite

Numbers = NDArray[np.float64]
Row = dict[str, Any]

BOOKKEEPING = frozenset({"images", "step", "seconds", "stage"})
"""Keys of a row that say when it was written; everything else that is a number is a curve."""


@dataclass(frozen=True)
class Curve:
    """One metric over images seen, which only ever grow; a value that is not finite is NaN."""

    images: Numbers
    values: Numbers


@dataclass(frozen=True)
class Stage:
    """A stretch of the training, from so many images on."""

    name: str
    images: float


@dataclass(frozen=True)
class Metrics:
    """What a run logged.

    Attributes:
        curves: By metric key, in the order in which the keys first appear.
        stages: In the order of the training; empty where rows name none.
        rows: How many rows could be read.
        unreadable: How many could not, as when a machine died while writing one.
    """

    curves: dict[str, Curve] = field(default_factory=dict)
    stages: tuple[Stage, ...] = ()
    rows: int = 0
    unreadable: int = 0

    @property
    def images(self) -> float:
        """The images seen at the last row."""
        return max((float(curve.images[-1]) for curve in self.curves.values()), default=0.0)


def read_metrics(path: Path) -> Metrics:
    """The metrics in `path`; none where the file is missing. Rows that are no JSON object are counted and left out."""
    if not path.is_file():
        return Metrics()
    with path.open(encoding="utf-8", errors="replace") as lines:
        return curves_of(_row(line) for line in lines if line.strip())


def curves_of(found: Iterable[Row | None]) -> Metrics:
    """The curves in rows that each have `images`; None stands for a row that could not be read."""
    points: dict[str, tuple[list[float], list[float]]] = {}
    stages: list[Stage] = []
    rows = unreadable = 0
    for row in found:
        if row is None:
            unreadable += 1
            continue
        rows += 1
        images = float(row["images"])
        for key, value in row.items():
            if key in BOOKKEEPING or isinstance(value, (str, bool, list, dict)):
                continue
            at, values = points.setdefault(key, ([], []))
            at.append(images)
            number = finite(value)
            values.append(np.nan if number is None else number)
        stage = row.get("stage")
        if isinstance(stage, str) and (not stages or stages[-1].name != stage):
            stages.append(Stage(stage, images))
    curves = {key: _forwards(np.array(at), np.array(values)) for key, (at, values) in points.items()}
    return Metrics(curves, tuple(stages), rows, unreadable)


def whole_rows(path: Path) -> list[Row]:
    """The rows in `path` that can be read, in the order of the training; where it went back, the later pass counts."""
    if not path.is_file():
        return []
    found: list[Row] = []
    with path.open(encoding="utf-8", errors="replace") as lines:
        for row in filter(None, map(_row, lines)):
            while found and found[-1]["images"] >= row["images"]:
                found.pop()
            found.append(row)
    return found


def _row(line: str) -> Row | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) and finite(row.get("images")) is not None else None


def _forwards(images: Numbers, values: Numbers) -> Curve:
    """Where a resumed run went over the same images again, the later pass counts."""
    later = np.minimum.accumulate(images[::-1])[::-1]
    kept = np.append(images[:-1] < later[1:], True)
    return Curve(images[kept], values[kept])
