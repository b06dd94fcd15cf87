"""The section of a training that learns one picture, or two, from coarse to fine: what every scale has come to."""

from __future__ import annotations

from collections.abc import Sequence

from organza import stages
from organza.marks import read_mark
from organza.report import exhibits
from organza.report.facts import Facts
from organza.report.folder import RunFolder
from organza.report.markup import Html, element
from organza.report.page import definitions, section
from organza.report.samples import Grid
from organza.report.scales import Scale
from organza.report.wording import count, duration

BYTES = 4_000_000
"""Bytes of its pictures at most; base64 makes a third more of them."""

LEAD = (
    "The training climbs from the coarsest scale to the finest: each begins where the coarser ones have come to, and adds what "
    "its size has room for. So coarse scales decide what is where, and fine ones only textures and edges. Here is the last grid "
    "of every scale, all of them equally wide. "
)
START = ", where a command takes it, is the number of one of them: all that are coarser then keep to the picture. "
OPTION = "--start-scale"
WORDS = {
    "Reconstruction": "how near the picture that is made anew comes to the picture at this size: peak signal-to-noise ratio in "
    "decibels, of which 6 more are half the error",
    "Diversity": "how far the variations lie apart: the standard deviation of a pixel over those of the grid, on average, where "
    "black and white are 2 apart; 0 means that all are the same",
}


def pyramid(run: RunFolder) -> Html:
    """The section; nothing for a run without scales."""
    if not run.scales:
        return Html()
    columns, planned = run.facts.texts("exhibit"), len(run.facts.texts("costs"))
    fitting = _fitting([scale.grid for scale in run.scales if scale.grid])
    here = len(run.scales)
    far = f"The training is in the {_ordinal(here)} of {planned} scales." if here < planned else ""
    measured = [name for name in WORDS if any(getattr(scale, name.lower()) is not None for scale in run.scales)]
    return section(
        "The pyramid",
        element("p", LEAD, element("code", OPTION, class_="word"), START, far, class_="lead"),
        element(
            "div",
            exhibits.headings(columns) if columns else "",
            *(_scale(scale, columns, fitting) for scale in run.scales),
            class_="pyramid",
        ),
        element("div", definitions([(name, WORDS[name]) for name in measured], ""), class_="key") if measured else "",
        id="pyramid",
    )


def size_of(grid: Grid, columns: Sequence[str]) -> tuple[int, int]:
    """Width and height of a picture of a grid, in pixels."""
    mark = read_mark(grid.path)
    details = Facts(mark.details) if mark and isinstance(mark.details, dict) else Facts({})
    across = max(1, len(columns))
    down = max(1, round((details.number("grid") or across) / across))
    return grid.width // across, grid.height // down


def _fitting(grids: Sequence[Grid]) -> set[Grid]:
    """Those that the page has room for, the coarsest first."""
    room, kept = BYTES, set()
    for grid in grids:
        room -= grid.size
        if room >= 0:
            kept.add(grid)
    return kept


def _scale(scale: Scale, columns: Sequence[str], fitting: set[Grid]) -> Html:
    grid, name = scale.grid, stages.words(scale.name)
    size = f" {' × '.join(map(str, size_of(grid, columns)))} pixels" if grid else ""
    rows: list[tuple[object, object]] = [
        ("steps", count(scale.steps)),
        ("time", None if scale.seconds is None else duration(scale.seconds)),
        ("reconstruction", None if scale.reconstruction is None else f"{scale.reconstruction:.1f} dB"),
        ("diversity", None if scale.diversity is None else f"{scale.diversity:.3f}"),
    ]
    caption = element("figcaption", element("h3", name.capitalize(), element("small", size)), definitions(rows, ""))
    return element("figure", caption, _picture(grid, columns, name, fitting), class_="scale")


def _picture(grid: Grid | None, columns: Sequence[str], name: str, fitting: set[Grid]) -> Html:
    if grid is None:
        return element("p", "No grid was drawn of it yet.", class_="notice")
    if grid not in fitting:
        words = (
            f"To keep the page small, this grid is left out: it is samples/{grid.path.name} in the folder of the run."
        )
        return element("p", words, class_="notice")
    spoken = f"The last grid of {name}; {exhibits.spoken(columns)}"
    picture = element("img", src=grid.data_uri(), alt=spoken, width=grid.width, height=grid.height)
    return element("div", picture, class_="frame small" if exhibits.small(grid, columns) else "frame")


def _ordinal(number: int) -> str:
    named = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")
    return named[number - 1] if number <= len(named) else f"{number}th"
