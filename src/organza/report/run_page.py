"""The page of one run: what came out, how it went, what it was made from, and how to use it."""

from __future__ import annotations

from organza.report.charts import Chart, cards, charts
from organza.report.explain import explanations
from organza.report.folder import RunFolder
from organza.report.header import header, title
from organza.report.markup import Html, element, fill, join
from organza.report.page import page, section
from organza.report.particulars import particulars
from organza.report.samples import Grid, Samples
from organza.report.usage import usage
from organza.report.wording import count

NO_SCRIPT = "The curves and the slider need JavaScript, which is switched off here. All of it is inside this file."


def run_page(run: RunFolder) -> Html:
    """The page of `run`."""
    drawn = charts(run.metrics, explanations(run.recipe.text("loss"), run.metrics.curves))
    images = max(run.metrics.images, 1.0)
    frames = [{"images": count(grid.images), "source": grid.data_uri()} for grid in run.samples.shown]
    return page(
        title=f"{title(run)} · organza",
        header=header(run),
        main=join(
            [
                element("noscript", element("p", NO_SCRIPT, class_="notice")),
                _gallery(run.samples, run.facts.text("source", "name")),
                _curves(run, drawn, images),
                particulars(run),
                usage(run),
            ]
        ),
        footer=fill("footer.html", organza=f"organza {run.facts.text('organza') or ''}".strip()),
        data={
            "frames": frames,
            "charts": [chart.drawing(images, run.metrics.stages) for chart in drawn],
        },
        scripts=("gallery.js", "charts.js"),
    )


def _gallery(samples: Samples, source: str | None) -> Html:
    if not samples.shown:
        words = "No pictures yet: the first grid appears when the training has written one."
        real = _picture(samples.real, "Real", _from(source), "Grid of real pictures") if samples.real else ""
        return section("Pictures", element("p", words, class_="notice"), element("div", real, class_="gallery"))
    last = samples.shown[-1]
    seen = count(last.images)
    shown = f"{len(samples.shown)} of the run’s {samples.total} grids are shown here, evenly chosen. "
    return fill(
        "gallery.html",
        generated=_picture(
            last,
            "Generated",
            element("span", "after ", element("span", seen, data_seen=True), " images"),
            f"Grid of generated pictures after {seen} images",
            id="generated",
        ),
        real=_picture(samples.real, "Real", _from(source), "Grid of real pictures from the source")
        if samples.real
        else "",
        last=len(samples.shown) - 1,
        seen=seen,
        note=shown if len(samples.shown) < samples.total else "",
    )


def _from(source: str | None) -> str:
    return f"from {source}" if source else "from the source"


def _picture(grid: Grid, title: str, detail: object, words: str, **attributes: object) -> Html:
    picture = element("img", src=grid.data_uri(), alt=words, width=grid.width, height=grid.height, **attributes)
    frame = element("div", picture, class_="frame", style=f"aspect-ratio: {grid.width} / {grid.height}")
    return element("figure", element("figcaption", element("b", title), " ", detail), frame, class_="picture")


def _curves(run: RunFolder, drawn: list[Chart], images: float) -> Html:
    if not drawn:
        return section(
            "Curves", element("p", "Nothing was logged yet: the curves appear with the first rows.", class_="notice")
        )
    read, unreadable = run.metrics.rows, run.metrics.unreadable
    rows = "one row of metrics" if read == 1 else f"{count(read)} rows of metrics"
    rows += f", {count(unreadable)} more not readable" if unreadable else ""
    return section(
        "How the training went",
        element(
            "p",
            f"Over images seen, from {rows}. The legends tell where the curves end; point at a chart, or touch it, for the "
            "values of any other moment.",
            class_="lead",
        ),
        element("div", cards(drawn, images), class_="cards charts"),
    )
