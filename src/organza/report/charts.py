"""Charts: the cards of the page, and the numbers that `charts.js` draws them from."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from organza import stages
from organza.report.clock import Unit
from organza.report.explanation import Explanation, Reference
from organza.report.markup import Html, element, join
from organza.report.metrics import Metrics, Numbers, Stage
from organza.report.traces import Trace, trace
from organza.report.wording import count, figure

OWN_COLOURS = {
    "discriminator.real": "real",
    "discriminator.fake": "generator",
    "generator.fake": "generator",
    "score_real": "real",
    "score_fake": "generator",
    "shown.psnr": "generator",
    "shown.psnr_of_input": "real",
    "shown.reconstruction": "generator",
    "shown.diversity": "generator",
    "shown.structure_a": "generator",
    "shown.structure_b": "real",
}
"""Pictures, not players, give these curves their colour: what is generated looks like the generator."""

PLAYERS = {
    "generator": "generator",
    "path-length": "generator",
    "discriminator": "discriminator",
    "penalty": "discriminator",
    "critic": "discriminator",
}
FURTHER_COLOURS = ("real", "ochre", "plum", "moss")
DASHED = frozenset({"generator.fake", "shown.psnr_of_input"})


@dataclass(frozen=True)
class Series:
    """One curve of a chart.

    Attributes:
        name: In the legend.
        colour: Of the style sheet.
        trace: The curve.
        dashed: Whether it stands back behind another curve.
        dash: Lengths of strokes and gaps, as of SVG; empty for a line without gaps.
        group: Number of the check box that shows and hides it, where a page has one; the axis then fits what is shown.
    """

    name: str
    colour: str
    trace: Trace
    dashed: bool = False
    dash: str = ""
    group: int | None = None


@dataclass(frozen=True)
class Chart:
    """One card: a chart between its title and its explanation; `unit` is what its horizontal axis counts."""

    explanation: Explanation
    series: tuple[Series, ...]
    unit: str = "images"

    def drawing(self, images: float, marks: Sequence[Stage]) -> dict[str, object]:
        """What the script draws.

        Args:
            images: Where the horizontal axis ends.
            marks: Moments of the training, in their order, each marked by a vertical line.
        """
        low, high = self._bounds(self.series)
        references = [line for line in self.explanation.references if low <= line.value <= high]
        return {
            "images": images,
            "unit": self.unit,
            "low": low,
            "high": high,
            "log": self.explanation.scale == "log",
            "references": [vars(line) for line in references],
            "stages": [{"name": stages.words(mark.name), "images": mark.images} for mark in marks],
            "series": [self._drawn(series) for series in self.series],
        }

    def card(self, number: int, images: float) -> Html:
        """The card around the place where the script draws."""
        return element(
            "figure",
            element("h3", self.explanation.title),
            element("ul", *(self._legend(series) for series in self.series), class_="legend"),
            element(
                "div",
                element("div", class_="plot", role="img", tabindex=0, aria_label=self.summary(images)),
                element("output", class_="spoken"),
                class_="chart",
                data_chart=number,
            ),
            element(
                "figcaption",
                element("p", self.explanation.meaning),
                element("p", element("b", "Healthy: "), self.explanation.healthy),
                element("p", element("b", self.explanation.note)) if self.explanation.note else "",
                self.missing(),
            ),
            class_="card",
        )

    def _drawn(self, series: Series) -> dict[str, object]:
        drawn: dict[str, object] = {
            "name": series.name,
            "colour": series.colour,
            "dashed": series.dashed,
            "images": _written(series.trace.images),
            "values": _written(series.trace.values),
            "low": _written(series.trace.low),
            "high": _written(series.trace.high),
            "smooth": _written(series.trace.smooth),
        }
        if series.group is None:
            return drawn
        return drawn | {"dash": series.dash, "group": series.group, "range": self._bounds([series])}

    def _bounds(self, shown: Sequence[Series]) -> tuple[float, float]:
        if self.explanation.bounds:
            return self.explanation.bounds
        log = self.explanation.scale == "log"
        low, high = bounds([series.trace for series in shown], self.explanation.references, log=log)
        return (0.0 if self.explanation.from_zero else low), high

    def _legend(self, series: Series) -> Html:
        swatch = element(
            "i", class_="swatch dashed" if series.dashed else "swatch", style=f"--series: var(--{series.colour})"
        )
        return element("li", swatch, series.name, " ", element("b", figure(_last(series.trace.drawn))))

    def summary(self, images: float) -> str:
        """The chart in words, for those who cannot see it."""
        ways = (
            f"{series.name} from {figure(_first(series.trace.drawn))} to {figure(_last(series.trace.drawn))}"
            for series in self.series
        )
        return f"{self.explanation.title} over {count(images)} {self.unit}: {'; '.join(ways)}."

    def missing(self) -> Html:
        """How many values left a gap; nothing where none did."""
        missing = sum(series.trace.missing for series in self.series)
        if not missing:
            return Html()
        words = "1 value was" if missing == 1 else f"{count(missing)} values were"
        return element("p", f"{words} not a finite number: gaps in the curves.", class_="warning")


def charts(metrics: Metrics, explained: Sequence[Explanation], unit: Unit = "images") -> list[Chart]:
    """A chart for every explanation that has curves, over so many images, or steps."""
    found = []
    for explanation in explained:
        keys = [key for key in explanation.series if key in metrics.curves]
        series = (
            Series(
                explanation.series[key],
                colour,
                trace(metrics.curves[key], log=explanation.scale == "log"),
                dashed=key in DASHED,
            )
            for key, colour in colours(keys).items()
        )
        if keys:
            found.append(Chart(explanation, tuple(series), unit))
    return found


def colours(keys: Sequence[str]) -> Mapping[str, str]:
    """A colour for each key: a player keeps its own throughout the page, others take the next free one."""
    chosen: dict[str, str] = {}
    for key in keys:
        player = re.split(r"[._]", key, maxsplit=1)[0]
        own = OWN_COLOURS.get(key) or PLAYERS.get(player)
        taken = set(chosen.values())
        free = next((colour for colour in FURTHER_COLOURS if colour not in taken), FURTHER_COLOURS[-1])
        chosen[key] = own if own and (own not in taken or key in OWN_COLOURS) else free
    return chosen


def bounds(traces: Sequence[Trace], references: Sequence[Reference] = (), *, log: bool = False) -> tuple[float, float]:
    """The vertical axis: room for the curves without their rare spikes, and for references nearby; a decade if logarithmic."""
    ranges = [_range(each, log=log) for each in traces]
    values = np.array([end for found in ranges if found for end in found])
    if not len(values):
        return (0.1, 10.0) if log else (0.0, 1.0)
    low, high = float(values.min()), float(values.max())
    if log:
        low = max(low, high * 1e-9)
        widening = max(1.3, (10 * low / high) ** 0.5)
        return low / widening, high * widening
    near = 0.6 * max(high - low, 0.05 * abs(high))
    for line in references:
        if low - near <= line.value <= high + near:
            low, high = min(low, line.value), max(high, line.value)
    span = max(high - low, 0.05 * max(abs(low), abs(high))) or 1.0
    margin = (span - (high - low)) / 2 + 0.06 * span
    return (0.0 if 0 <= low <= 0.25 * high else low - margin), high + margin


def cards(shown: Sequence[Chart], images: float, first: int = 0) -> Html:
    """The cards of some charts, of which the script knows the first by the number `first`."""
    return join(chart.card(number, images) for number, chart in enumerate(shown, first))


def _range(each: Trace, *, log: bool) -> tuple[float, float] | None:
    """From the least to the greatest value; spikes that would press all else flat are cut off on a linear axis."""
    values = np.concatenate([each.values if part is None else part for part in (each.low, each.high)])
    values = values[np.isfinite(values) & ((values > 0) | (not log))]
    if not len(values):
        return None
    low, high = float(values.min()), float(values.max())
    usual_low, usual_high = map(float, np.percentile(values, [2, 98]))
    span = max(usual_high - usual_low, 0.05 * abs(usual_high))
    if log or high - low <= 4 * span or not span:
        return low, high
    return max(low, usual_low - span), min(high, usual_high + span)


def _written(numbers: Numbers | None) -> list[float | None] | None:
    """Five digits are more than a pixel; what is not finite becomes a gap."""
    if numbers is None:
        return None
    return [_shortest(float(number)) if np.isfinite(number) else None for number in numbers]


def _shortest(number: float) -> float:
    return int(number) if number.is_integer() and abs(number) < 1e15 else float(f"{number:.5g}")


def _first(numbers: Numbers) -> float | None:
    finite = numbers[np.isfinite(numbers)]
    return float(finite[0]) if len(finite) else None


def _last(numbers: Numbers) -> float | None:
    finite = numbers[np.isfinite(numbers)]
    return float(finite[-1]) if len(finite) else None
