"""The page of a picture verb: what came in and what came out, one over the other, and how much nearer to the truth it is."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from organza.report.comparison_table import heading, number_cell, table
from organza.report.markup import Html, element, fill, join
from organza.report.page import code, definitions, page, section
from organza.report.wording import count, duration
from organza.report.write import write_page
from organza.version import __version__

LEAD = (
    "Drag the line, or move it with the arrow keys: on the left of it lies the picture chosen first, on the right the one chosen "
    "second."
)
NO_SCRIPT = (
    "Laying pictures over each other needs JavaScript, which is switched off here. All of it is inside this file."
)
PROTOCOL = (
    "PSNR over all pixels and channels of the 8-bit pictures; SSIM with Gaussian windows of 11 pixels and a deviation of 1.5, "
    "where a window lies within the picture. The gain is what counts: a network that does nothing has the input's own values."
)


class Scores(Protocol):
    """One picture against the true one; PSNR in decibels, SSIM None where the picture is too small for it."""

    @property
    def psnr(self) -> float: ...
    @property
    def ssim(self) -> float | None: ...
    @property
    def input_psnr(self) -> float: ...
    @property
    def input_ssim(self) -> float | None: ...


class Column(Protocol):
    """One picture: what it is, the bytes of its file, their media type, and its size in pixels."""

    @property
    def title(self) -> str: ...
    @property
    def data(self) -> bytes: ...
    @property
    def kind(self) -> str: ...
    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...


class Case(Protocol):
    """One input, and what became of it: pictures of one size, the first of them the input, the second the output."""

    @property
    def name(self) -> str: ...
    @property
    def columns(self) -> Sequence[Column]: ...
    @property
    def size(self) -> tuple[int, int]: ...
    @property
    def scores(self) -> Scores | None: ...
    @property
    def shrunk(self) -> bool: ...


@dataclass(frozen=True)
class Work:
    """What a picture verb has done.

    Attributes:
        title: Of the page.
        model: Name of the model.
        command: That did it.
        files: How many were made.
        seconds: How long it took.
        tile: Pixels on each side of the tiles; None: every picture went as a whole.
        cases: The ones to show, in their order.
        scored: Name and scores of every picture that has a true one.
        failed: Name and reason of what could not be done.
    """

    title: str
    model: str
    command: str
    files: int
    seconds: float
    tile: int | None
    cases: Sequence[Case]
    scored: Sequence[tuple[str, Scores]] = ()
    failed: Sequence[tuple[str, str]] = ()


def write_pictures(path: Path, work: Work) -> Path:
    """Write the page of a picture verb, in one file that needs nothing else, and return its path.

    Raises:
        OrganzaError: It cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    return write_page(path, pictures_page(work))


def pictures_page(work: Work) -> Html:
    """The page of `work`."""
    return page(
        title=f"{work.title} · organza",
        header=_header(work),
        main=join(
            [
                element("noscript", element("p", NO_SCRIPT, class_="notice")),
                _failures(work.failed),
                _pictures(work),
                _table(work.scored),
                section("Make it again", code(work.command)),
            ]
        ),
        footer=fill("footer.html", organza=f"organza {__version__}"),
        data={},
        scripts=("pictures.js",),
        styles=("comparison.css", "pictures.css"),
    )


def _header(work: Work) -> Html:
    psnr = _mean([scores.psnr for _, scores in work.scored])
    gain = _mean([scores.psnr - scores.input_psnr for _, scores in work.scored])
    ssim = _mean([scores.ssim for _, scores in work.scored])
    before = _mean([scores.input_ssim for _, scores in work.scored])
    figures: list[tuple[object, object]] = [
        ("Files made", count(work.files)),
        ("Could not be done", count(len(work.failed)) if work.failed else None),
        ("PSNR", None if psnr is None else join([f"{psnr:.2f} dB ", _small(f"{signed(gain, 2)} on the input")])),
        (
            "SSIM",
            None
            if ssim is None or before is None
            else join([f"{ssim:.3f} ", _small(f"{signed(ssim - before, 3)} on the input")]),
        ),
        ("Time", duration(work.seconds)),
        ("Tiles", f"{work.tile} px" if work.tile else None),
    ]
    return element(
        "div",
        element("h1", work.title),
        element("p", "Made by the model ", element("b", work.model), class_="summary"),
        definitions(figures, "figures"),
        class_="about",
    )


def _small(text: str) -> Html:
    return element("small", text)


def _mean(values: Sequence[float | None]) -> float | None:
    found = [value for value in values if value is not None]
    return sum(found) / len(found) if found else None


def signed(value: float | None, digits: int) -> str:
    """1.25 -> "+1.25", -1.25 -> "−1.25"."""
    if value is None:
        return "–"
    text = f"{abs(value):.{digits}f}"
    return f"{'−' if value < 0 and float(text) else '+'}{text}"


def _pictures(work: Work) -> Html:
    if not work.cases:
        return Html()
    order = (
        " First come those that have gained least, then those that have gained most." if len(work.scored) > 1 else ""
    )
    return section(
        "Before and after",
        element("p", LEAD + order, class_="lead"),
        *(_case(case, number) for number, case in enumerate(work.cases)),
    )


def _case(case: Case, number: int) -> Html:
    height, width = case.size
    back = " (the way back was made from that)" if any(column.title == "cycle" for column in case.columns) else ""
    facts = [f"{count(width)} × {count(height)} pixels{f', shown smaller{back}' if case.shrunk else ''}"]
    if case.scores:
        scores = case.scores
        facts.append(f"PSNR {scores.psnr:.2f} dB ({signed(scores.psnr - scores.input_psnr, 2)})")
        if scores.ssim is not None and scores.input_ssim is not None:
            facts.append(f"SSIM {scores.ssim:.3f} ({signed(scores.ssim - scores.input_ssim, 3)})")
    return element(
        "article",
        element("h3", case.name),
        element("p", " · ".join(facts), class_="facts-line"),
        element("div", class_="over", data_over=True, data_name=case.name, hidden=True, id=f"case-{number}"),
        element("div", *(_column(column, case.name) for column in case.columns), class_="columns"),
        class_="card case",
    )


def _column(column: Column, name: str) -> Html:
    source = f"data:{column.kind};base64,{base64.b64encode(column.data).decode('ascii')}"
    picture = element(
        "img", src=source, alt=f"{column.title} of {name}", width=column.width, height=column.height, loading="lazy"
    )
    return element("figure", picture, element("figcaption", column.title.capitalize()), data_title=column.title)


def _table(scored: Sequence[tuple[str, Scores]]) -> Html:
    if not scored:
        return Html()
    worst_first = sorted(scored, key=lambda row: row[1].psnr - row[1].input_psnr)
    heads = [
        heading("Picture"),
        *(heading(name, number=True) for name in ("Input PSNR", "PSNR", "Gain in dB", "Input SSIM", "SSIM", "Gain")),
    ]
    return section(
        "Scores",
        element("p", PROTOCOL, class_="lead"),
        table("Scores", heads, [_row(name, scores) for name, scores in worst_first], is_sortable=False),
    )


def _row(name: str, scores: Scores) -> Html:
    gain = scores.psnr - scores.input_psnr
    closer = None if scores.ssim is None or scores.input_ssim is None else scores.ssim - scores.input_ssim
    return element(
        "tr",
        element("th", name, scope="row"),
        number_cell(f"{scores.input_psnr:.2f}", scores.input_psnr),
        number_cell(f"{scores.psnr:.2f}", scores.psnr),
        number_cell(signed(gain, 2), gain),
        number_cell(_digits(scores.input_ssim), scores.input_ssim),
        number_cell(_digits(scores.ssim), scores.ssim),
        number_cell(signed(closer, 3), closer),
    )


def _digits(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _failures(failed: Sequence[tuple[str, str]]) -> Html:
    if not failed:
        return Html()
    rows: list[tuple[object, object]] = list(failed)
    return section("What could not be done", element("div", definitions(rows), class_="card failures"))
