"""The scales of a training that learns one picture from coarse to fine: how long each took, and what it came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from organza import stages
from organza.report.facts import finite
from organza.report.metrics import Row
from organza.report.samples import Grid


@dataclass(frozen=True)
class Scale:
    """One scale, as far as it has been trained.

    Attributes:
        name: Of its stage.
        steps: That it has taken.
        seconds: Of training that they took; None where rows do not say.
        grid: The last one that was drawn of it.
        reconstruction: How near the reconstruction came at last, in dB.
        diversity: How much variations differed at last.
    """

    name: str
    steps: float
    seconds: float | None
    grid: Grid | None
    reconstruction: float | None
    diversity: float | None


def scales_of(rows: Sequence[Row], grids: Sequence[Grid]) -> tuple[Scale, ...]:
    """The scales of a run, the coarsest first; none of a run whose stages are no scales.

    Args:
        rows: Of metrics, in the order of the training.
        grids: In the same order.
    """
    found: list[Scale] = []
    before: Row = {"images": -1}  # so that the grid before the first step belongs to the first scale
    for name, group in groupby(rows, lambda row: row.get("stage")):
        own = list(group)
        if isinstance(name, str) and stages.scale(name):
            drawn = [grid for grid in grids if before["images"] < grid.images <= own[-1]["images"]]
            found.append(
                Scale(
                    name,
                    own[-1]["images"] - max(0, before["images"]),
                    _passed(before, own[-1]),
                    drawn[-1] if drawn else None,
                    _last(own, "shown.reconstruction"),
                    _last(own, "shown.diversity"),
                )
            )
        before = own[-1]
    return tuple(found)


def _passed(before: Row, last: Row) -> float | None:
    """Seconds of training between two rows."""
    start, end = finite(before.get("seconds", 0.0)), finite(last.get("seconds"))
    return None if start is None or end is None else end - start


def _last(rows: Sequence[Row], key: str) -> float | None:
    """The last finite value of a figure."""
    return next((number for row in reversed(rows) if (number := finite(row.get(key))) is not None), None)
