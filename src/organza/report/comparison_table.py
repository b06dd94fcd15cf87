"""The tables of a comparison: one row for each group, one row for each run, and what the numbers mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from organza.report.clock import counted
from organza.report.comparison import Comparison, Group, Metric, Score, Training
from organza.report.markup import Html, element, join
from organza.report.page import definitions, section
from organza.report.standing import MISSING, Standing, spread, standings
from organza.report.threads import thread, words
from organza.report.verdicts import chip, judged
from organza.report.wording import count, duration, figure, label, rate, short

MARKS: Mapping[Standing, tuple[str, str]] = {
    "best": ("best", "the best mean of this column"),
    "level": ("not told apart", "nearer to the best than the larger of the two deviations over seeds"),
    "unsure": ("too few seeds", "too few seeds to tell it from the best"),
}
"""What a cell says of its group's place, and that in more words."""

DIRECTIONS = {"lower": "Lower is better.", "higher": "Higher is better."}
ARROWS = {"lower": "↓", "higher": "↑"}

BEFORE = 3
"""Fields that differ stand before the scores if they are no more than these, after them otherwise."""

MANY = 12
"""More rows or cards than these are folded away at first."""

RULE = (
    "Mean ± standard deviation over the seeds. “Not told apart” means that a group’s mean is nearer to the best one than the "
    "larger of their two deviations: that difference may be chance. "
)
SORTING = "Press a heading to sort."


def groups_table(comparison: Comparison) -> Html:
    """The section with one row for each group, and the meanings of its columns below."""
    if not comparison.groups:
        return section("The groups", element("p", "There is no group to compare.", class_="notice"))
    places = {
        metric.key: standings(metric, [group.score(metric.key) for group in comparison.groups])
        for metric in comparison.metrics
    }
    fields = _telling_fields(comparison)
    is_one_recipe = len({group.recipe for group in comparison.groups}) == 1
    settings_heads = [heading(element("code", field)) for field in fields]
    is_short = len(fields) <= BEFORE
    heads = [
        heading("Group"),
        *(settings_heads if is_short else ()),
        *(_metric_heading(metric) for metric in comparison.metrics),
        heading("Seeds", "Runs of the group", number=True),
        heading(comparison.unit.capitalize(), f"{counted(comparison.unit)} in the training", number=True),
        heading("Time", "Of the training, and its speed", number=True),
        heading("Parameters", "Of all networks together", number=True),
        heading("Verdicts", "How the runs ended"),
        *(() if is_short else settings_heads),
    ]
    rows = []
    for index, group in enumerate(comparison.groups):
        scores = (_score(group.score(metric.key), places[metric.key][index]) for metric in comparison.metrics)
        settings = [cell(given, given) for given in map(group.settings.get, fields)]
        recipe = None if is_one_recipe else group.recipe
        order = group.settings.get(comparison.fields[0], group.name) if comparison.fields and not fields else group.name
        cells = (
            [*settings, *scores, *_costs(group, comparison.unit)]
            if is_short
            else [*scores, *_costs(group, comparison.unit), *settings]
        )
        rows.append(element("tr", _name(index, group, recipe, order), *cells))
    return section(
        "The groups",
        element("p", RULE + SORTING if comparison.metrics else SORTING, class_="lead"),
        table("Groups and their scores", heads, rows),
        _meanings(comparison.metrics),
    )


def runs_table(comparison: Comparison) -> Html:
    """Every single run, folded away where they are many."""
    if not comparison.runs:
        return Html()
    names = {index: group.name for group in comparison.groups for index in group.runs}
    heads = [
        heading("Run"),
        heading("Group"),
        heading("Seed", number=True),
        heading("Verdict"),
        *(_metric_heading(metric) for metric in comparison.metrics),
        heading(comparison.unit.capitalize(), number=True),
        heading("Time", number=True),
    ]
    rows = [_run(run, names.get(index), comparison.metrics) for index, run in enumerate(comparison.runs)]
    whole = table("Runs and their scores", heads, rows)
    return section("The runs", folded(f"{len(rows)} runs", whole) if len(rows) > MANY else whole)


def folded(summary: str, content: Html) -> Html:
    """Content that a reader has to unfold."""
    return element("details", element("summary", summary), content)


def table(name: str, heads: Sequence[Html], rows: Sequence[Html], *, is_sortable: bool = True) -> Html:
    """A table in a box of its own, in which it scrolls where the screen is narrow."""
    return element(
        "div",
        element(
            "table",
            element("thead", element("tr", *heads)),
            element("tbody", *rows),
            data_sortable=True if is_sortable else None,
        ),
        class_="scroll",
        role="region",
        aria_label=name,
        tabindex=0,
    )


def heading(name: object, meaning: str | None = None, *, number: bool = False, falling: bool = False) -> Html:
    """The head of a column.

    Args:
        name: What it says.
        meaning: What the column is, told to whoever points at it.
        number: Whether the column holds numbers, which are written flush right.
        falling: Whether the first sorting begins with the greatest value.
    """
    return element(
        "th",
        name,
        scope="col",
        title=meaning or None,
        class_="number" if number else None,
        data_falling=True if falling else None,
    )


def cell(shown: object | None, order: object | None, **attributes: object) -> Html:
    """One cell; `order` is what sorting goes by, None for a missing value, which always comes last."""
    return element("td", MISSING if shown is None else shown, data_order=order, **attributes)


def number_cell(shown: str | Html | None, value: float | None) -> Html:
    """A cell that holds a number."""
    return cell(None if value is None else shown, None if value is None else f"{value:.10g}", class_="number")


def _metric_heading(metric: Metric) -> Html:
    arrow = ARROWS.get(metric.better or "")
    sign = element("span", f" {arrow}", aria_hidden="true") if arrow else ""
    return heading(join([metric.title, sign]), _meaning(metric), number=True, falling=metric.better == "higher")


def _telling_fields(comparison: Comparison) -> list[str]:
    """The fields that differ, but not the only one, where the names of the groups tell nothing else."""
    if len(comparison.fields) != 1:
        return comparison.fields
    (field,) = comparison.fields
    values = ((group.name, group.settings.get(field)) for group in comparison.groups)
    return [] if all(name in (value, f"{field}={value}") for name, value in values) else [field]


def _name(index: int, group: Group, recipe: str | None, order: str) -> Html:
    below = element("small", recipe) if recipe and recipe != group.name else ""
    named = element("div", thread(index), words(group.name), class_="named")
    return element("th", named, below, scope="row", data_order=order)


def _score(score: Score, place: Standing | None) -> Html:
    mean, deviation = spread(score)
    said, meaning = MARKS.get(place, ("", "")) if place else ("", "")
    shown = element("b", mean) if place == "best" else element("span", mean)
    sd = element("span", f" {deviation}", class_="sd") if deviation else ""
    mark = element("span", said, class_=f"mark {place}", title=meaning) if said else ""
    return number_cell(join([element("span", shown, sd, class_="value"), mark]), score.mean)


def _costs(group: Group, unit: str) -> list[Html]:
    # NETWORK.PART is counted within NETWORK already.
    whole = [number for name, number in group.parameters.items() if "." not in name]
    total = sum(whole) if group.parameters else None
    networks = (
        element("small", f"{label(name.replace('.', ' '))} {short(number)}")
        for name, number in group.parameters.items()
    )
    parameters = join([short(total or 0), *(networks if len(group.parameters) > 1 else ())])
    speed = "" if group.speed is None else element("small", f"{rate(group.speed)} {unit}/s")
    worst = sum(many for name, many in group.verdicts.items() if judged(name).mood != "good")
    verdicts = [chip(name, many if sum(group.verdicts.values()) > 1 else 1) for name, many in group.verdicts.items()]
    return [
        number_cell(count(len(group.runs)), len(group.runs)),
        number_cell(None if group.images is None else count(group.images), group.images),
        number_cell(None if group.seconds is None else join([duration(group.seconds), speed]), group.seconds),
        number_cell(parameters, total),
        cell(join(verdicts), worst) if verdicts else cell(None, None),
    ]


def _run(run: Training, group: str | None, metrics: Sequence[Metric]) -> Html:
    reason = element("small", run.reason) if run.reason else ""
    verdict = join([chip(run.verdict), reason]) if run.verdict else None
    return element(
        "tr",
        element("th", element("code", run.name), scope="row", data_order=run.name),
        cell(group, group),
        cell(run.seed, run.seed, class_="number"),
        cell(verdict, run.verdict, class_="reason" if run.reason else None),
        *(
            number_cell(None if value is None else figure(value), value)
            for value in (run.scores.get(metric.key) for metric in metrics)
        ),
        number_cell(None if run.images is None else count(run.images), run.images),
        number_cell(None if run.seconds is None else duration(run.seconds), run.seconds),
    )


def _meaning(metric: Metric) -> str:
    """What a metric is and which way is better, in whole sentences."""
    stop = "." if metric.meaning and metric.meaning[-1] not in ".!?" else ""
    return f"{metric.meaning}{stop} {DIRECTIONS.get(metric.better or '', '')}".strip()


def _meanings(metrics: Sequence[Metric]) -> Html:
    if not metrics:
        return Html()
    rows: list[tuple[object, object]] = [(metric.title, _meaning(metric)) for metric in metrics]
    return element("div", element("h3", "What the numbers mean"), definitions(rows), class_="card meanings")
