"""Curves of several groups over each other: for every metric that they share one chart, with one curve for each group."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from organza.report.charts import PLAYERS, Chart, Series
from organza.report.clock import counted
from organza.report.comparison import Comparison, Group
from organza.report.explain import GENERIC_HEALTHY
from organza.report.explanation import Explanation, Reference
from organza.report.facts import Facts
from organza.report.markup import Html, element
from organza.report.metrics import Curve, Numbers
from organza.report.page import section
from organza.report.scores import explanations_with_scores
from organza.report.threads import colour, dash, listed, thread, words
from organza.report.traces import Trace, trace
from organza.report.wording import figure

SHOWN = 8
"""Groups that the charts show before a reader chooses: as many as there are colours."""

POINTS = 240
"""Points of a curve; a page with many groups takes fewer."""

MIXED = (
    "The groups train with different losses, so that their values lie on different scales: compare how the curves run, not "
    "how high they are."
)
SEVERAL = "the mean over the seeds of each group, with a band from the lowest seed to the highest."
SINGLE = "one curve for each group, from its only seed."
READING = "Noisy curves are smoothed first. Point at a chart, or touch it, for the values of any moment."
BELIEFS = (
    "The discriminator’s output on average over a batch of real pictures, D(real), and of generated ones, D(fake). Some "
    "losses read it as a probability between 0 and 1, others as a mere score; what counts is the distance."
)
FURTHER = Explanation(
    title="Further numbers",
    series={},
    meaning="What else the trainings logged: the name of each number, and in whose turn it was logged.",
    healthy=GENERIC_HEALTHY,
)


@dataclass(frozen=True)
class Family:
    """Charts with a common explanation, each with the name of its curve."""

    explanation: Explanation
    charts: tuple[Chart, ...]


def families(comparison: Comparison) -> list[Family]:
    """The charts of a comparison: every metric that at least two groups logged, or the only group."""
    logged = [_keys(comparison, group) for group in comparison.groups]
    enough = min(2, len(logged))
    every = dict.fromkeys(key for keys in logged for key in keys)
    shared = [key for key in every if sum(key in keys for keys in logged) >= enough]
    found: list[Family] = []
    further: list[Chart] = []
    for explanation in explanations_with_scores(_loss(comparison), shared, Facts({})):
        if "discriminator.real" in explanation.series and _mixed(comparison):
            explanation = dataclasses.replace(explanation, meaning=BELIEFS)
        keys = [key for key in explanation.series if key in shared]
        drawn = tuple(_chart(comparison, explanation, key) for key in keys)
        if explanation.healthy == GENERIC_HEALTHY:
            further += drawn
        else:
            found.append(Family(explanation, drawn))
    return [*found, Family(FURTHER, tuple(further))] if further else found


def drawings(shown: Sequence[Family], images: float) -> list[dict[str, object]]:
    """What the script draws, in the order of the cards."""
    return [chart.drawing(images, ()) for family in shown for chart in family.charts]


def curves(comparison: Comparison, shown: Sequence[Family], images: float) -> Html:
    """The section of the charts.

    Args:
        comparison: Whose groups can be chosen.
        shown: The charts.
        images: Where the horizontal axes end.
    """
    title = "How the trainings went"
    if not shown:
        words = "The runs logged no curves that could be laid over each other."
        return section(title, element("p", words, class_="notice"))
    numbers = iter(range(len(drawings(shown, images))))
    return section(
        title,
        element(
            "p",
            f"Over {counted(comparison.unit).lower()}: ",
            SEVERAL if any(len(group.runs) > 1 for group in comparison.groups) else SINGLE,
            " ",
            READING,
            class_="lead",
        ),
        element("p", MIXED, class_="warning") if _mixed(comparison) else "",
        _chooser(comparison.groups) if len(comparison.groups) > 1 else "",
        *(_family(family, numbers, images, comparison) for family in shown),
    )


def mean_trace(given: Sequence[Curve], points: int, *, log: bool = False) -> Trace:
    """The mean of several curves on common images, with the least and the greatest of them around it.

    Args:
        given: One curve for each seed, at least one of them.
        points: The greatest number of points.
        log: Whether it is drawn on a logarithmic scale, where the mean is the geometric one.
    """
    traces = [trace(curve, log=log, points=points) for curve in given]
    images = np.unique(np.concatenate([one.images for one in traces]))
    if len(images) > points:
        images = np.linspace(images[0], images[-1], points)
    drawn = np.array([_at(images, one) for one in traces])
    missing = sum(one.missing for one in traces)
    if log:
        with np.errstate(divide="ignore", invalid="ignore"):
            drawn = np.where(drawn > 0, np.log(drawn), np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # images that no seed has a value for are gaps
        mean, low, high = np.nanmean(drawn, axis=0), np.nanmin(drawn, axis=0), np.nanmax(drawn, axis=0)
    if log:
        mean, low, high = np.exp(mean), np.exp(low), np.exp(high)
    several = len(given) > 1
    return Trace(images, mean, low if several else None, high if several else None, None, missing)


def _at(images: Numbers, one: Trace) -> Numbers:
    """The drawn line of a trace elsewhere; nothing before its beginning, beyond its end, and beside its gaps."""
    found: Numbers = np.interp(images, one.images, one.drawn, left=np.nan, right=np.nan)
    return found


def _keys(comparison: Comparison, group: Group) -> list[str]:
    return list(dict.fromkeys(key for run in comparison.runs_of(group) for key in run.metrics.curves))


def _losses(comparison: Comparison) -> set[str]:
    return {run.loss for run in comparison.runs if run.loss}


def _mixed(comparison: Comparison) -> bool:
    return len(_losses(comparison)) > 1


def _loss(comparison: Comparison) -> str | None:
    """The loss of all runs, which tells how to read some curves; None where they differ, or do not say."""
    losses = _losses(comparison)
    return losses.pop() if len(losses) == 1 else None


def _chart(comparison: Comparison, family: Explanation, key: str) -> Chart:
    points = POINTS if len(comparison.groups) <= SHOWN else POINTS // 2
    series = []
    for number, group in enumerate(comparison.groups):
        given = [curve for run in comparison.runs_of(group) if (curve := run.metrics.curves.get(key))]
        if given:
            line = mean_trace(given, points, log=family.scale == "log")
            series.append(Series(group.name, colour(number), line, dash=dash(number), group=number))
    name = family.series[key]
    if family.healthy == GENERIC_HEALTHY and name.lower() != family.title.lower():
        name = f"{family.title}: {name}"
    explanation = dataclasses.replace(
        family,
        title=name[:1].upper() + name[1:],
        references=_references(family, key),
        bounds=family.bounds if all(_is_within(line.trace, family.bounds) for line in series) else None,
    )
    return Chart(explanation, tuple(series), comparison.unit)


def _is_within(line: Trace, bounds: tuple[float, float] | None) -> bool:
    """Whether an axis with fixed ends shows the whole of a curve; one that is no probability leaves it."""
    if bounds is None or not np.isfinite(line.values).any():
        return True
    return bool(np.nanmin(line.values) >= bounds[0] and np.nanmax(line.values) <= bounds[1])


def _references(family: Explanation, key: str) -> tuple[Reference, ...]:
    """The values to compare a curve with, without those of the other player; colours here belong to groups."""
    own = (line for line in family.references if line.colour not in PLAYERS or key.startswith(f"{line.colour}."))
    return tuple(dataclasses.replace(line, colour="quiet") for line in own)


def _chooser(groups: Sequence[Group]) -> Html:
    """A check box for each group, which shows and hides its curves in all charts."""
    boxes = (
        element(
            "label",
            element("input", type="checkbox", data_group=number, checked=True if number < SHOWN else None),
            thread(number),
            words(group.name),
        )
        for number, group in enumerate(groups)
    )
    first = f" (the first {SHOWN} of {len(groups)}, until you choose)" if len(groups) > SHOWN else ""
    return element(
        "fieldset",
        element("legend", f"Groups in the charts{first}"),
        element("div", *boxes),
        element("button", "All", type="button", data_choose="all", hidden=True),
        element("button", "None", type="button", data_choose="none", hidden=True),
        class_="chooser",
    )


def _family(family: Family, numbers: Iterator[int], images: float, comparison: Comparison) -> Html:
    return element(
        "div",
        element("h3", family.explanation.title),
        element("p", family.explanation.meaning),
        element("p", element("b", "Healthy: "), family.explanation.healthy),
        element(
            "div",
            *(_card(chart, next(numbers), images, comparison) for chart in family.charts),
            class_="cards charts",
        ),
        class_="family",
    )


def _card(chart: Chart, number: int, images: float, comparison: Comparison) -> Html:
    drawn = {series.group for series in chart.series}
    silent = [group.name for index, group in enumerate(comparison.groups) if index not in drawn]
    return element(
        "figure",
        element("h4", chart.explanation.title),
        element("ul", *map(_legend, chart.series), class_="legend"),
        element(
            "div",
            element("div", class_="plot", role="img", tabindex=0, aria_label=_summary(chart, images)),
            element("output", class_="spoken"),
            class_="chart",
            data_chart=number,
        ),
        element(
            "figcaption",
            chart.missing(),
            element("p", f"Not logged by {listed(silent)}.") if silent else "",
        ),
        class_="card",
    )


def _summary(chart: Chart, images: float) -> str:
    shown = Chart(chart.explanation, chart.series[:SHOWN], chart.unit)
    more = len(chart.series) - SHOWN
    return shown.summary(images) + (f" And {more} more groups." if more > 0 else "")


def _legend(series: Series) -> Html:
    finite = series.trace.values[np.isfinite(series.trace.values)]
    last = float(finite[-1]) if len(finite) else None
    return element("li", thread(series.group or 0), words(series.name), " ", element("b", figure(last)))
