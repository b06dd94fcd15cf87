"""The page of one run: what came out, how it went, what it was made from, and how to use it."""

from __future__ import annotations

from organza import stages
from organza.report.charts import Chart, cards, charts
from organza.report.clock import counted
from organza.report.doctor import doctor, remedy_marks
from organza.report.folder import RunFolder
from organza.report.gallery import frames, gallery
from organza.report.header import header, title
from organza.report.markup import Html, element, fill, join
from organza.report.page import page, section
from organza.report.particulars import particulars
from organza.report.pyramid import pyramid
from organza.report.readings import reading_charts
from organza.report.scores import explanations_with_scores
from organza.report.usage import usage
from organza.report.wording import count

NO_SCRIPT = "The curves and the slider need JavaScript, which is switched off here. All of it is inside this file."


def run_page(run: RunFolder) -> Html:
    """The page of `run`."""
    explained = explanations_with_scores(run.recipe.text("loss"), run.metrics.curves, run.facts)
    drawn = charts(run.metrics, explained, run.unit)
    read = reading_charts(run.readings)
    images = max(run.metrics.images, run.readings[-1]["images"] if run.readings else 0.0, 1.0)
    marks = sorted([*run.metrics.stages[1:], *remedy_marks(run.facts)], key=lambda mark: mark.images)
    return page(
        title=f"{title(run)} · organza",
        header=header(run),
        main=join(
            [
                element("noscript", element("p", NO_SCRIPT, class_="notice")),
                gallery(run),
                pyramid(run),
                doctor(run, read, images, first=len(drawn)),
                _curves(run, drawn, images),
                particulars(run),
                usage(run),
            ]
        ),
        footer=fill("footer.html", organza=f"organza {run.facts.text('organza') or ''}".strip()),
        data={
            "frames": frames(run),
            "charts": [chart.drawing(images, marks) for chart in (*drawn, *read)],
        },
        scripts=("gallery.js", "charts.js"),
    )


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
            f"Over {counted(run.unit).lower()}, from {rows}. The legends tell where the curves end; point at a chart, or touch "
            f"it, for the values of any other moment.{_stages(run)}",
            class_="lead",
        ),
        element("div", cards(drawn, images), class_="cards charts"),
    )


def _stages(run: RunFolder) -> str:
    """Which stages the training has gone through, where there were several."""
    found = run.metrics.stages
    if len(found) < 2:
        return ""
    if all(stages.scale(stage.name) for stage in found):
        return (
            f" It climbed {count(len(found))} scales, from the coarsest on; a line marks the beginning of each, where all curves "
            "jump, since picture and networks change there: only values within one scale can be compared."
        )
    (first, _), *others = ((stages.words(stage.name), f"from {count(stage.images)} images on") for stage in found)
    if stages.growing(found[0].name):
        onward = ", ".join(f"{'full size' if name == 'main' else name} {since}" for name, since in others)
        return f" It grew, beginning with pictures of {first} pixels: {onward}; a line marks each step, where all curves jump."
    onward = ", then ".join(f"“{name}” {since}" for name, since in others)
    return f" It went in stages, each with terms of its own: “{first}”, then {onward}; a line marks each beginning."
