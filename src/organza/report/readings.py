"""The doctor's readings over time: what each number means, and how the kinds of samples came and went."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from organza.report.charts import Chart, charts
from organza.report.explain import generic
from organza.report.explanation import Explanation, Reference
from organza.report.facts import finite
from organza.report.markup import Html, element
from organza.report.metrics import Row, curves_of
from organza.report.wording import count

EXPLANATIONS = (
    Explanation(
        title="Diversity, precision and recall",
        series={"diversity": "diversity", "precision": "precision", "recall": "recall"},
        meaning="Diversity: how far two generated samples are apart, against two real ones. Precision: the share of "
        "the generated "
        "samples that lie among real ones. Recall: the share of the real samples that have generated ones around them.",
        healthy="Diversity comes close to 1; precision and recall climb together, though even a second set of real "
        "samples would "
        "stay below 1. High precision with low recall is a generator that makes few things well; diversity near 0 one that "
        "makes a single thing.",
        references=(Reference(1.0, "like real"),),
        from_zero=True,
    ),
    Explanation(
        title="Distance from the data",
        series={"energy": "energy distance"},
        meaning="How far the cloud of generated samples lies from the cloud of real ones, in units of the distance "
        "between two "
        "real samples (energy distance). 0 means that they cannot be told apart.",
        healthy="It falls quickly, then flattens out close to 0. Flat and high is a training that is stuck.",
        from_zero=True,
    ),
    Explanation(
        title="Kinds of samples",
        series={"kinds": "kinds, against the data"},
        meaning="How many kinds of samples the generator makes, over the number in the data. It is an effective "
        "number, from the "
        "entropy of the shares: a rare kind counts little.",
        healthy="It climbs to about 1 and stays. Well below, kinds are missing.",
        references=(Reference(1.0, "like real"),),
        from_zero=True,
    ),
    Explanation(
        title="Repetition",
        series={"largest": "share of the largest kind", "duplicates": "share of near-duplicates"},
        meaning="Which share of the samples is of the most frequent kind; and which share is nearly the same as "
        "another one, closer "
        "than all but one in a hundred real samples are.",
        healthy="Both sink. The largest kind ends near its share of the data; near-duplicates become rare.",
        bounds=(0.0, 1.0),
    ),
    Explanation(
        title="Modes found",
        series={"modes": "modes"},
        meaning="How many modes of the mixture have enough generated points within three standard deviations of their middle.",
        healthy="It climbs to all the modes that there are, and stays. A mode that comes and goes is being chased.",
        from_zero=True,
    ),
    Explanation(
        title="Points close to a mode",
        series={"high_quality": "share of the points"},
        meaning="Which share of the generated points lies within three standard deviations of a mode’s middle.",
        healthy="It climbs towards 1: points between the modes become rare.",
        bounds=(0.0, 1.0),
    ),
    Explanation(
        title="Unevenness over the modes",
        series={"kl": "nats"},
        meaning="How unevenly the points spread over the modes: 0 if equally, ln K if all are in one of K.",
        healthy="It falls towards 0 and stays there. A high value says that modes are missing, however sharp the points are.",
        from_zero=True,
    ),
    Explanation(
        title="Real samples that it has never seen",
        series={"score_real": "trained on", "score_held": "held out", "score_fake": "generated"},
        meaning="What the discriminator scores, on average: real samples that it is trained on, real samples that "
        "were kept from "
        "it, and generated ones.",
        healthy="The held-out curve stays beside the one of samples trained on. Where it sinks towards the "
        "generated one, the "
        "discriminator knows its samples by heart instead of knowing what is real.",
    ),
    Explanation(
        title="Whether the generator listens",
        series={"noise_effect": "to its noise", "label_effect": "to its label"},
        meaning="How far a sample moves when its noise alone, or its label alone, is changed; against the distance "
        "of two real "
        "samples.",
        healthy="Both are clearly above 0. An input whose curve lies at 0 is ignored.",
        from_zero=True,
    ),
    Explanation(
        title="Contrast and stuck pixels",
        series={"contrast": "contrast, against real", "saturated": "more pixels at the ends"},
        meaning="How strong the light and dark within a picture are, against real pictures; and how many more "
        "pixels than in real "
        "ones are quite black or quite white, as a share.",
        healthy="Contrast comes close to 1. Stuck pixels stay near 0 or below it; far above, the output hits the "
        "ends of its range, "
        "where hardly a gradient passes.",
        references=(Reference(1.0, "like real"),),
    ),
    Explanation(
        title="Chessboard pattern",
        series={"checkerboard": "against real"},
        meaning="How much more a pattern that repeats every two pixels stands out than in real pictures. The scale is "
        "logarithmic, each power of ten is one step.",
        healthy="Around 1. A hundred and more is a pattern that the eye sees; upsampling before a convolution, "
        "instead of a "
        "transposed convolution, cures it.",
        references=(Reference(1.0, "like real"),),
        scale="log",
    ),
)
UNSHOWN = frozenset({"score_spread", "sensitivity"})
"""Figures of a reading that only serve to judge others."""

COLUMNS = 60
"""Readings shown side by side in the strips."""

LEVELS = 8
"""Shades of the strips."""

FULL = 2
"""A share so many times an equal one has the full colour."""


@dataclass(frozen=True)
class Shares:
    """The share of each kind of samples, at so many images."""

    images: float
    shares: tuple[float, ...]


def reading_charts(readings: Sequence[Row]) -> list[Chart]:
    """A chart for every explanation that has curves, and one for each figure that this page does not know."""
    metrics = curves_of(readings)
    explained = {key for explanation in EXPLANATIONS for key in explanation.series} | UNSHOWN
    known = [each for each in EXPLANATIONS if each.series.keys() & metrics.curves.keys()]
    if "score_held" not in metrics.curves:
        known = [each for each in known if "score_held" not in each.series]
    return charts(metrics, [*known, *generic(key for key in metrics.curves if key not in explained)])


def shares_over_time(readings: Sequence[Row]) -> list[Shares]:
    """The shares in the readings, as many evenly spaced ones as strips can show; kinds are those of the last reading."""
    found = [Shares(row["images"], shares) for row in readings if (shares := _shares(row.get("shares")))]
    found = [each for each in found if len(each.shares) == len(found[-1].shares)]
    if len(found) <= COLUMNS:
        return found
    return [found[round(index * (len(found) - 1) / (COLUMNS - 1))] for index in range(COLUMNS)]


def strips(readings: Sequence[Row], names: Sequence[str]) -> Html:
    """One row for each kind of samples, the darker the larger its share; nothing with fewer than two readings.

    Args:
        readings: Of the doctor.
        names: Of the classes; used if there is one for each kind.
    """
    found = shares_over_time(readings)
    if len(found) < 2:
        return Html()
    kinds, columns = len(found[-1].shares), len(found)
    labels = names if len(names) == kinds else [f"kind {number}" for number in range(1, kinds + 1)]
    words = f"Shares of {kinds} kinds of samples over {columns} readings; at the last one: " + ", ".join(
        f"{label} {share:.0%}" for label, share in zip(labels, found[-1].shares, strict=True)
    )
    rows = (
        element(
            "div",
            element("span", label),
            element(
                "svg",
                *_cells([min(1.0, each.shares[kind] * kinds / FULL) for each in found]),
                viewBox=f"0 0 {columns} 1",
                preserveAspectRatio="none",
            ),
            element("b", f"{found[-1].shares[kind]:.0%}"),
        )
        for kind, label in enumerate(labels)
    )
    return element(
        "figure",
        element("h3", "Which kinds it makes"),
        element("div", *rows, class_="kinds", role="img", aria_label=words),
        element(
            "div", *(element("span", f"{count(each.images)} images") for each in (found[0], found[-1])), class_="ends"
        ),
        element(
            "figcaption",
            element(
                "p",
                "Each row is one kind of samples, each column one reading: the stronger the colour, the larger the "
                "share. On the "
                "right are the shares of the last reading.",
            ),
            element(
                "p",
                element("b", "Healthy: "),
                "all rows are coloured, and stay so. A row that turns pale is a kind that was lost; colour that "
                "jumps from row to "
                "row is a generator that makes one kind after another.",
            ),
        ),
        class_="card shares",
    )


def _cells(parts: Sequence[float]) -> Iterator[Html]:
    """One path for each shade: a page with many readings stays small."""
    levels = [round(LEVELS * part) for part in parts]
    for level in range(1, LEVELS + 1):
        path = "".join(f"M{column} 0h1v1h-1z" for column, each in enumerate(levels) if each == level)
        if path:
            yield element("path", d=path, opacity=f"{level / LEVELS:.3g}")


def _shares(given: object) -> tuple[float, ...]:
    if not isinstance(given, list):
        return ()
    numbers = [finite(share) for share in given]
    return tuple(min(1.0, max(0.0, number)) for number in numbers if number is not None) if None not in numbers else ()
