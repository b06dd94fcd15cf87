"""The pictures over the training: grids of samples beside real ones, or a film of the plane beside its legend."""

from __future__ import annotations

from collections.abc import Sequence

from organza.marks import read_mark
from organza.marks.plane import GENERATED, REAL, TINTS, Colour
from organza.report import exhibits
from organza.report.clock import Unit, counted
from organza.report.facts import Facts
from organza.report.folder import RunFolder
from organza.report.markup import Html, element, fill
from organza.report.page import section
from organza.report.samples import Grid, Samples
from organza.report.wording import count

Frame = dict[str, str]

GRIDS = "Every grid grows from the same random numbers, so that each picture can be watched as it takes shape."
PLANE = (
    "The generator moves its points to where the discriminator says “real”, and the discriminator then redraws its map. "
    "Watch how modes are found, dropped and chased."
)
MEANINGS = {
    "log-odds": "In brown places it takes a point for generated, in blue ones for real: the brighter the colour, the surer. In "
    "dark places it cannot tell, on the thin line the odds are even, and half-way to either end it is 88 % sure.",
    "relative": "It is no probability; only differences mean something. In brown places its output is lower than the middle "
    "between what it gives real and generated points on average, in blue ones higher, and on the thin line equal.",
}
"""By what a picture's mark says of its surface."""


def frames(run: RunFolder) -> list[Frame]:
    """The pictures for the script: `images` seen, in words, the `source`, and what to say instead of showing it."""
    samples, columns = run.samples, run.facts.texts("exhibit")
    plane = _plane(samples)
    return [
        {"images": count(grid.images), "source": grid.data_uri(), "words": _words(grid, plane, run.unit, columns)}
        for grid in samples.shown
    ]


def gallery(run: RunFolder) -> Html:
    """The section with the pictures.

    Args:
        run: Whose record tells the source, and what each column of a grid is in a training with labels (`columns`) or from
            pictures to pictures (`exhibit`).
    """
    samples, facts, unit = run.samples, run.facts, run.unit
    source, columns, shows = facts.text("source", "name"), facts.texts("columns"), facts.texts("exhibit")
    origin = f"from {source}" if source else "from the source"
    if not samples.shown:
        words = "No pictures yet: the first one appears when the training has written it."
        real = _picture(samples.real, "Real", origin, "Grid of real pictures") if samples.real else ""
        return section("Pictures", element("p", words, class_="notice"), element("div", real, class_="gallery"))
    last, plane = samples.shown[-1], _plane(samples)
    seen = count(last.images)
    noun = "picture" if plane else "grid"
    shown = f"{len(samples.shown)} of the run’s {len(samples.every)} {noun}s are shown here, evenly chosen. "
    few = shown if len(samples.shown) < len(samples.every) else ""
    after = element("span", "after ", element("span", seen, data_seen=True), f" {unit}")
    if shows and not plane:
        words, pixels = _words(last, plane, unit, shows), unit == "steps" and exhibits.small(last, shows)
        return fill(
            "gallery.html",
            title=exhibits.title(shows, unit),
            lead=exhibits.lead(facts, unit),
            kind="exhibit",
            picture=noun,
            unit=unit,
            title_of_unit=counted(unit),
            generated=exhibits.exhibit(last, shows, after, words, pixels=pixels),
            beside=exhibits.key(shows, unit),
            last=len(samples.shown) - 1,
            seen=seen,
            note=few,
        )
    real = _picture(samples.real, "Real", origin, "Grid of real pictures from the source") if samples.real else ""
    return fill(
        "gallery.html",
        title="How the two players move" if plane else "What it makes",
        lead=PLANE if plane else GRIDS,
        kind="plane" if plane else "grids",
        picture=noun,
        unit=unit,
        title_of_unit=counted(unit),
        generated=_picture(
            last,
            "The plane" if plane else "Generated",
            after,
            _words(last, plane, unit),
            id="generated",
        ),
        beside=_legend(plane, origin) if plane else real,
        last=len(samples.shown) - 1,
        seen=seen,
        note=_columns(columns) + few,
    )


def _columns(columns: Sequence[str]) -> str:
    if not columns:
        return ""
    return f"Each column is one label: {', '.join(columns)}. All pictures of a row come from the same random numbers. "


def _plane(samples: Samples) -> Facts:
    """What the newest picture's mark tells of the plane that it shows; nothing where it shows samples in a grid."""
    mark = read_mark(samples.shown[-1].path) if samples.shown else None
    details = Facts(mark.details) if mark and isinstance(mark.details, dict) else Facts({})
    return details if details.number("real") is not None else Facts({})


def _words(grid: Grid, plane: Facts, unit: Unit, shows: Sequence[str] = ()) -> str:
    seen = f"after {count(grid.images)} {unit}"
    if not plane and shows:
        return f"Grid of real pictures and what is made of them {seen}; {exhibits.spoken(shows)}"
    if not plane:
        return f"Grid of generated pictures {seen}"
    surface = " and the discriminator’s surface" if plane.text("surface") else ""
    return f"The plane {seen}: generated points over real points{surface}"


def _legend(plane: Facts, origin: str) -> Html:
    meaning = MEANINGS.get(plane.text("surface") or "")
    return fill(
        "plane.html",
        generated=_css(GENERATED),
        real=_css(REAL),
        count=count(plane.number("grid") or 0),
        source=f" {origin}",
        surface=fill("surface.html", meaning=meaning, tints=", ".join(_css(colour) for _, colour in TINTS))
        if meaning
        else "",
        extent=plane.text("extent"),
    )


def _css(colour: Colour) -> str:
    return f"rgb({' '.join(map(str, colour))})"


def _picture(grid: Grid, title: str, detail: object, words: str, **attributes: object) -> Html:
    picture = element("img", src=grid.data_uri(), alt=words, width=grid.width, height=grid.height, **attributes)
    frame = element("div", picture, class_="frame", style=f"aspect-ratio: {grid.width} / {grid.height}")
    return element("figure", element("figcaption", element("b", title), " ", detail), frame, class_="picture")
