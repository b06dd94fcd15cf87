"""The page of a comparison: which group is better, and whether by more than the noise between seeds."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from pathlib import Path

from organza.report.comparison import Comparison, Extra, Metric, read_comparison
from organza.report.comparison_curves import curves, drawings, families
from organza.report.comparison_pictures import pictures
from organza.report.comparison_strips import strips
from organza.report.comparison_table import DIRECTIONS, MANY, cell, folded, groups_table, heading, runs_table, table
from organza.report.facts import finite
from organza.report.markup import Html, element, fill, join
from organza.report.page import code, definitions, page, section
from organza.report.standing import MISSING, spread, standings
from organza.report.threads import NAMED, listed, thread, words
from organza.report.wording import count, figure, value
from organza.report.write import write_page
from organza.version import __version__

NO_SCRIPT = "Curves, sorting and enlarging need JavaScript, which is switched off here. All of it is inside this file."

NUMBER = re.compile(r"[-−+~]?\d[\d,.]*(e[-+]?\d+)?\s?%?( ±.*)?")
"""Text that stands in a column of numbers."""


def write_comparison(folder: Path) -> Path:
    """Write the page of the comparison in `folder`, as `comparison.html` inside it, and return its path.

    It is made from `compare.json` in the folder and from the `metrics.jsonl` of the runs named there. The page is one file
    that needs nothing else: it opens offline and can be sent to others.

    Raises:
        OrganzaError: `compare.json` is missing, damaged or of another format, or the page cannot be written.
    """
    return write_page(folder / "comparison.html", comparison_page(read_comparison(folder)))


def comparison_page(comparison: Comparison) -> Html:
    """The page of `comparison`."""
    shown = families(comparison)
    images = max((run.metrics.images for run in comparison.runs), default=0.0) or 1.0
    return page(
        title=f"{comparison.title} · organza",
        header=_header(comparison),
        main=join(
            [
                element("noscript", element("p", NO_SCRIPT, class_="notice")),
                *map(_extra, comparison.extras),  # a study's question and answer come before the details
                _glance(comparison),
                groups_table(comparison),
                strips(comparison),
                pictures(comparison),
                curves(comparison, shown, images),
                runs_table(comparison),
                _failures(comparison),
                _commands(comparison),
            ]
        ),
        footer=fill("footer.html", organza=f"organza {__version__}"),
        data={"charts": drawings(shown, images)},
        scripts=("comparison.js", "charts.js"),
        styles=("comparison.css",),
    )


def _header(comparison: Comparison) -> Html:
    facts = comparison.facts
    pictures_measured = facts.number("n")
    seeds = list(dict.fromkeys(run.seed for run in comparison.runs if run.seed is not None))
    figures: list[tuple[object, object]] = [
        ("Groups", count(len(comparison.groups))),
        ("Runs", count(len(comparison.runs))),
        ("Samples measured of each", None if pictures_measured is None else count(pictures_measured)),
        ("Runs that failed", count(len(comparison.failures)) if comparison.failures else None),
    ]
    recipes = {group.recipe for group in comparison.groups}
    about: list[tuple[object, object]] = [
        ("What differs", _codes(comparison.fields)),
        ("Recipe", recipes.pop() if len(recipes) == 1 else None),
        ("Data", facts.text("data")),
        ("Split", facts.text("split")),
        ("Features", facts.text("features")),
        ("Resizing", facts.text("resize")),
        ("Seeds of the trainings", ", ".join(seeds) or None),
        ("Seed of the measurement", facts.text("seed")),
    ]
    return element(
        "div",
        element("h1", comparison.title),
        definitions(figures, "figures"),
        definitions(about, "facts"),
        *(element("p", note, class_="warning") for note in comparison.notes),
        class_="about",
    )


def _codes(fields: Sequence[str]) -> Html | None:
    parts = (part for number, field in enumerate(fields) for part in (", " if number else "", element("code", field)))
    return join(parts) if fields else None


def _glance(comparison: Comparison) -> Html:
    judged = [metric for metric in comparison.metrics if metric.better]
    if not judged or len(comparison.groups) < 2:
        return Html()
    rows: list[tuple[object, object]] = [(metric.title, _sentence(comparison, metric)) for metric in judged]
    return section("At a glance", definitions(rows), class_="glance")


def _sentence(comparison: Comparison, metric: Metric) -> Html:
    """Who is best by `metric`, and who cannot be told apart from it."""
    scores = [group.score(metric.key) for group in comparison.groups]
    places = standings(metric, scores)
    if "best" not in places:
        same = next((spread(score)[0] for score in scores if score.mean is not None), MISSING)
        said = f"All groups with a value have {same}." if "level" in places else "Fewer than two groups have a value."
        return element("span", said, class_="quiet")
    first = places.index("best")
    groups = {
        place: [group.name for group, given in zip(comparison.groups, places, strict=True) if given == place]
        for place in ("best", "level", "unsure", "behind")
    }
    shared = len(groups["best"]) > 1
    mean, deviation = spread(scores[first])
    parts = [f"Not told apart from it: {listed(groups['level'])}."] if groups["level"] else []
    if groups["unsure"]:
        parts.append(f"Too few seeds to tell it from {listed(groups['unsure'])}.")
    if groups["behind"] and len(parts) == 0:
        parts.append("All others are behind by at least the deviation of the seeds.")
    elif groups["behind"]:
        behind = groups["behind"]
        parts.append(f"Behind by more: {listed(behind) if len(behind) <= NAMED else f'{len(behind)} others'}.")
    return join(
        [
            element("b", thread(first), words(listed(groups["best"]) if shared else comparison.groups[first].name)),
            f"{'are' if shared else 'is'} best, {mean} {deviation}".rstrip() + ". ",
            " ".join(parts),
            element("small", " ", DIRECTIONS[metric.better or "lower"]),
        ]
    )


def _extra(extra: Extra) -> Html:
    numeric = [all(map(_is_number_or_none, column)) for column in itertools.zip_longest(*extra.rows)]
    numeric += [False] * (len(extra.header) - len(numeric))
    heads = [heading(name, number=is_number) for name, is_number in zip(extra.header, numeric, strict=False)]
    rows = [element("tr", *map(_extra_cell, row, numeric)) for row in extra.rows]
    return section(
        extra.title or "More",
        *(element("p", paragraph, class_="paragraph") for paragraph in extra.paragraphs),
        table(extra.title or "Table", heads, rows, is_sortable=False) if heads or rows else "",
    )


def _is_number_or_none(given: object) -> bool:
    if isinstance(given, str):
        return given in ("", "-", "–", MISSING) or NUMBER.fullmatch(given) is not None
    return given is None or (isinstance(given, (int, float)) and not isinstance(given, bool))


def _extra_cell(given: object, is_number: bool) -> Html:
    number = finite(given)
    shown = value(given) if number is None else figure(number) if isinstance(given, float) else count(number)
    is_missing = given is None or (isinstance(given, float) and number is None)
    return cell(None if is_missing else shown, None, class_="number" if is_number else None)


def _failures(comparison: Comparison) -> Html:
    if not comparison.failures:
        return Html()
    rows: list[tuple[object, object]] = [(name, reason or "no reason given") for name, reason in comparison.failures]
    return section("What failed", element("div", definitions(rows), class_="card failures"))


def _commands(comparison: Comparison) -> Html:
    cards = [
        element(
            "div",
            element("h3", thread(number), words(group.name)),
            element("p", group.paper, class_="paper") if group.paper else "",
            code(group.command),
            class_="card",
        )
        for number, group in enumerate(comparison.groups)
        if group.command
    ]
    if not cards:
        return Html()
    whole = element("div", *cards, class_="cards commands")
    return section("Make each again", folded(f"{len(cards)} commands", whole) if len(cards) > MANY else whole)
