"""What the explanation of a number is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Reference:
    """A value that a curve is compared with, drawn as a dotted line.

    Attributes:
        value: On the vertical axis.
        name: In a word or two.
        colour: Of the style sheet: the player whose curve it is for.
    """

    value: float
    name: str
    colour: str = "ink"


@dataclass(frozen=True)
class Explanation:
    """One chart: which metrics it shows together, and its words for a student.

    Attributes:
        title: Above the chart.
        series: Metric key -> its name in the legend.
        meaning: What the number is.
        healthy: What it looks like in a training that goes well.
        references: Values to compare with.
        scale: Of the vertical axis.
        bounds: The vertical axis where it does not depend on the curves.
        from_zero: Whether the vertical axis has to begin at 0.
        note: What else there is to say about this run's curves.
    """

    title: str
    series: Mapping[str, str]
    meaning: str
    healthy: str
    references: tuple[Reference, ...] = ()
    scale: Literal["linear", "log"] = "linear"
    bounds: tuple[float, float] | None = None
    from_zero: bool = False
    note: str = ""
