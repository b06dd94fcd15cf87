"""What every number means and what a healthy one looks like: the one table behind the charts' captions."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from organza.report.wording import label

LN2 = math.log(2)


@dataclass(frozen=True)
class Reference:
    """A value that a curve is compared with, drawn as a dotted line.

    Attributes:
        value: On the vertical axis.
        name: In a word or two.
        colour: Of the style sheet: the player whose curve it is for.
    """

    value: float
    name: str
    colour: str = "ink"


@dataclass(frozen=True)
class Explanation:
    """One chart: which metrics it shows together, and its words for a student.

    Attributes:
        title: Above the chart.
        series: Metric key -> its name in the legend.
        meaning: What the number is.
        healthy: What it looks like in a training that goes well.
        references: Values to compare with.
        scale: Of the vertical axis.
        bounds: The vertical axis where it does not depend on the curves.
        from_zero: Whether the vertical axis has to begin at 0.
    """

    title: str
    series: Mapping[str, str]
    meaning: str
    healthy: str
    references: tuple[Reference, ...] = ()
    scale: Literal["linear", "log"] = "linear"
    bounds: tuple[float, float] | None = None
    from_zero: bool = False


@dataclass(frozen=True)
class Equilibrium:
    """Where the losses of a game settle when neither player can win, and how to read the way there."""

    healthy: str
    references: tuple[Reference, ...] = ()


LOSSES: Mapping[str, Equilibrium] = {
    "non-saturating": Equilibrium(
        "A good game is a draw that never ends: both curves settle and keep wobbling. Players of equal strength would meet "
        "at the dotted lines, 2 ln 2 = 1.386 (discriminator) and ln 2 = 0.693 (generator); a discriminator’s loss near 0 "
        "means that it has won, and the generator learns little.",
        (
            Reference(2 * LN2, "2 ln 2", "discriminator"),
            Reference(LN2, "ln 2", "generator"),
        ),
    ),
    "saturating": Equilibrium(
        "A good game is a draw that never ends: both curves settle and keep wobbling. Players of equal strength would meet "
        "at the dotted lines, 2 ln 2 = 1.386 (discriminator) and −ln 2 = −0.693 (generator); both losses near 0 mean that "
        "the discriminator has won, and with this loss the generator’s gradient then vanishes.",
        (
            Reference(2 * LN2, "2 ln 2", "discriminator"),
            Reference(-LN2, "−ln 2", "generator"),
        ),
    ),
}
"""By the recipe's `loss`."""

UNKNOWN_LOSS = Equilibrium(
    "Both curves settle and keep wobbling around a level; neither runs away, and neither sticks to one value while the "
    "other one goes on falling."
)

GENERIC_HEALTHY = (
    "This page knows no rule for it: look for a calm curve, and be wary of sudden jumps and of a trend that never ends."
)


def explanations(loss: str | None, keys: Iterable[str]) -> list[Explanation]:
    """The charts for the metrics `keys`, known ones first; every key is in exactly one of them.

    Args:
        loss: The recipe's adversarial loss, on which some readings depend.
        keys: The metric keys of a run, as in "discriminator.loss".
    """
    keys = list(keys)
    known = [_losses(loss), _beliefs(loss), _gradients(keys), _speed()]
    explained = {key for explanation in known for key in explanation.series}
    return [
        *(explanation for explanation in known if any(key in explanation.series for key in keys)),
        *_generic(key for key in keys if key not in explained),
    ]


def _losses(loss: str | None) -> Explanation:
    equilibrium = LOSSES.get(loss or "", UNKNOWN_LOSS)
    return Explanation(
        title="Losses",
        series={"discriminator.loss": "discriminator", "generator.loss": "generator"},
        meaning="The discriminator’s loss is its error in telling real pictures from generated ones; the generator’s says "
        "how badly it fools the discriminator. They pull against each other, so lower is not better.",
        healthy=equilibrium.healthy,
        references=equilibrium.references,
    )


def _beliefs(loss: str | None) -> Explanation:
    logistic = loss in LOSSES
    return Explanation(
        title="What the discriminator believes",
        series={
            "discriminator.real": "D(real)",
            "discriminator.fake": "D(fake)",
            "generator.fake": "D(fake), generator’s turn",
        },
        meaning="How likely the discriminator thinks it is that a picture is real, on average over a batch: of real "
        "pictures, D(real), and of generated ones, D(fake)."
        if logistic
        else "The discriminator’s output, squeezed between 0 and 1, on average over a batch of real pictures, D(real), and "
        "of generated ones, D(fake). This loss does not read it as a probability; what counts is the distance.",
        healthy="D(real) drifts down and D(fake) up, towards 0.5 where the discriminator can only guess. D(real) at 1 with "
        "D(fake) at 0 means that the discriminator has won and the generator’s gradient fades."
        if logistic
        else "The two stay apart at first and draw closer as the generated pictures get better.",
        references=(Reference(0.5, "a guess"),) if logistic else (),
        bounds=(0.0, 1.0),
    )


def _gradients(keys: Iterable[str]) -> Explanation:
    """Every player's gradient belongs here, whatever the players of a game are called."""
    players = ["discriminator", "generator", *(_turn(key) for key in keys if _name(key) == "gradient")]
    return Explanation(
        title="Gradient norms",
        series={f"{player}.gradient" if player else "gradient": label(player or "gradient") for player in players},
        meaning="How hard a player is pushed to change: the length of its loss’s gradient over all of its weights. The "
        "scale is logarithmic, each power of ten is one step.",
        healthy="The players stay within about a power of ten of each other, without a trend. A curve that sinks towards 0 "
        "has stopped learning; one that shoots up is exploding.",
        scale="log",
    )


def _speed() -> Explanation:
    return Explanation(
        title="Speed",
        series={"images_per_second": "images per second"},
        meaning="How many real images the training went through each second.",
        healthy="Flat after the first moments; a dip usually means that the machine had other work or became hot.",
        from_zero=True,
    )


def _generic(keys: Iterable[str]) -> Iterable[Explanation]:
    """One chart for each name, with the turns that logged it side by side."""
    together: dict[str, dict[str, str]] = {}
    for key in keys:
        together.setdefault(_name(key), {})[key] = label(_turn(key) or key)
    for name, series in together.items():
        turns = [label(turn) for turn in map(_turn, series) if turn]
        where = f", as logged in the turn of: {', '.join(turns)}" if turns else ", as logged by this training"
        title = label(name)
        yield Explanation(
            title=title[:1].upper() + title[1:],
            series=series,
            meaning=f"The value of “{name}”{where}.",
            healthy=GENERIC_HEALTHY,
        )


def _turn(key: str) -> str:
    return key.rpartition(".")[0]


def _name(key: str) -> str:
    return key.rpartition(".")[2]
