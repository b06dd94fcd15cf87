"""Strips of dots: for every metric a card, with a row for each group in which each seed is a dot and the mean a line."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from organza.report.comparison import Comparison, Group, Metric, Score
from organza.report.markup import Html, element
from organza.report.page import section
from organza.report.standing import MISSING, Standing, spread, standings
from organza.report.threads import colour, words
from organza.report.wording import figure, short

FAR_APART = 30.0
"""An axis of distances becomes logarithmic where the greatest is more than so many times the least."""

MARGIN = 0.05
"""Of the axis, at both of its ends."""

LEAD = (
    "Every dot is one seed, the upright line is the mean of the group. Where the dots of two groups lie among each other, the "
    "next seed may turn their order round."
)


@dataclass(frozen=True)
class Axis:
    """A horizontal axis that is as wide as its box.

    Attributes:
        low: The value at its left end.
        high: The value at its right end.
        log: Whether it is logarithmic; both ends are then positive.
    """

    low: float
    high: float
    log: bool = False

    def place(self, value: float) -> str:
        """Where `value` lies, in percent of the width."""
        warp: Callable[[float], float] = math.log if self.log else float
        low, high = warp(self.low), warp(self.high)
        return f"{100 * (warp(value) - low) / (high - low):.2f}%"

    def ticks(self) -> list[float]:
        """Two to six round values within the axis; where a logarithmic one spans many powers of ten, some are left out."""
        if self.log:
            first, last = math.ceil(math.log10(self.low)), math.floor(math.log10(self.high))
            every = max(1, math.ceil((last - first + 1) / 4))
            return [10.0**power for power in range(first, last + 1, every)]
        rough = (self.high - self.low) / 4
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough)
        return [index * step for index in range(math.ceil(self.low / step), math.floor(self.high / step) + 1)]


def axis(values: Sequence[float], *, is_distance: bool = False) -> Axis:
    """An axis with room for `values`, at least one of them; `is_distance` tells that ratios of small values count."""
    low, high = min(values), max(values)
    ratio = high / low if is_distance and low > 0 else 1.0
    room = ratio**MARGIN
    if ratio > FAR_APART and low / room > 0 and high * room < math.inf:
        return Axis(low / room, high * room, log=True)
    span = (high - low) or 0.1 * abs(high) or 1.0
    return Axis(low - MARGIN * span, high + MARGIN * span)


def strips(comparison: Comparison) -> Html:
    """The section of the strips; nothing where nothing was measured."""
    cards = [card for metric in comparison.metrics if (card := _card(metric, comparison.groups))]
    if not cards:
        return Html()
    return section("Seed by seed", element("p", LEAD, class_="lead"), element("div", *cards, class_="cards"))


def _card(metric: Metric, groups: Sequence[Group]) -> Html:
    scores = [group.score(metric.key) for group in groups]
    values = [value for score in scores for value in (*score.values, score.mean) if value is not None]
    if not values:
        return Html()
    scale = axis(values, is_distance=metric.better == "lower")
    direction = {"lower": "← better", "higher": "better →"}.get(metric.better or "", "")
    note = "logarithmic scale" if scale.log else ""
    rows = zip(groups, scores, standings(metric, scores), strict=True)
    return element(
        "div",
        element("h3", metric.title),
        element("p", " · ".join(filter(None, (direction, note))), class_="direction"),
        *(_row(number, group, score, place, scale) for number, (group, score, place) in enumerate(rows)),
        element("div", element("svg", *_labels(scale), aria_hidden="true"), class_="strip axis"),
        class_="card strips",
    )


def _row(number: int, group: Group, score: Score, place: Standing | None, scale: Axis) -> Html:
    mean, deviation = spread(score)
    spoken = f"{group.name}: {mean} {deviation}".strip()
    seeds = ", ".join(map(figure, score.values))
    drawing = element(
        "svg",
        *(element("line", x1=at, x2=at, y1="0", y2="100%", class_="grid") for at in map(scale.place, scale.ticks())),
        *(element("circle", cx=scale.place(value), cy="50%", r=4.5, class_="seed") for value in score.values),
        _mean(score, scale),
        role="img",
        aria_label=f"{spoken}; seeds: {seeds}" if seeds else spoken,
        style=f"--series: var(--{colour(number)})",
    )
    value = element("span", mean if score.mean is not None else MISSING, class_="mean")
    name = element(
        "span", words(group.name), element("b", "best", class_="mark") if place == "best" else "", class_="of"
    )
    return element("div", name, drawing, value, class_="strip")


def _mean(score: Score, scale: Axis) -> Html:
    if score.mean is None:
        return Html()
    at = scale.place(score.mean)
    return element("line", x1=at, x2=at, y1="12%", y2="88%", class_="middle")


def _labels(scale: Axis) -> list[Html]:
    return [element("text", _tick(value), x=scale.place(value), y=13) for value in scale.ticks()]


def _tick(value: float) -> str:
    return short(value).replace(" ", "") if value >= 1000 else f"{value:.4g}"
