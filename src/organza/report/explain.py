"""What every number means and what a healthy one looks like: the one table behind the charts' captions."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from organza.report.explanation import Explanation, Reference
from organza.report.regularising import explanations as of_regularisers
from organza.report.scale_terms import about_scales, speed
from organza.report.scale_terms import explanations as of_scales
from organza.report.terms import about_pictures, told_targets
from organza.report.terms import explanations as of_pictures
from organza.report.wording import label

LN2 = math.log(2)


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
    "wasserstein": Equilibrium(
        "The critic’s loss, without its penalty, is minus its estimate of the distance between real and generated samples: "
        "it falls at first, while the critic learns to see, and then climbs slowly towards 0 as the samples get better. "
        "The generator’s loss drifts with the level of the critic’s scores; its height says nothing.",
        (Reference(0.0, "no distance", "discriminator"),),
    ),
    "least-squares": Equilibrium(
        "Players of equal strength meet where every score is 1/2: at the dotted lines, 0.25 both. A discriminator’s "
        "loss near 0 "
        "means that it has won, with the generator’s near 1.",
        (Reference(0.25, "1/4"),),
    ),
    "hinge": Equilibrium(
        "The discriminator’s loss is 2 where it can tell nothing and 0 where it has won; it usually settles in "
        "between. The "
        "generator’s loss drifts with the level of the scores; its height says nothing.",
        (Reference(2.0, "cannot tell", "discriminator"),),
    ),
    **dict.fromkeys(
        ("relativistic", "relativistic-average"),
        Equilibrium(
            "Both losses are about which of two samples looks more real: where nobody can tell, both are ln 2 = 0.693. A "
            "discriminator’s loss near 0 with a growing generator’s loss means that it has won.",
            (Reference(LN2, "ln 2"),),
        ),
    ),
    **dict.fromkeys(
        ("relativistic-average-least-squares", "relativistic-average-hinge"),
        Equilibrium(
            "Both losses are about how much more real one kind looks than the other on average: where nobody can "
            "tell, both "
            "are 1. A discriminator’s loss near 0 with a growing generator’s loss means that it has won.",
            (Reference(1.0, "cannot tell"),),
        ),
    ),
}
"""By the recipe's `loss`."""

LOG_ODDS = frozenset({"non-saturating", "saturating"})
"""Losses whose outputs were logged as probabilities."""

UNKNOWN_LOSS = Equilibrium(
    "Both curves settle and keep wobbling around a level; neither runs away, and neither sticks to one value while the "
    "other one goes on falling."
)

REGULARISERS = frozenset({"penalty", "path-length"})
"""Turns that move a player without a word on real and generated."""

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
    near, *terms = of_pictures(keys)
    known = [
        *of_scales(keys), near, _losses(loss, keys), *terms, _beliefs(loss), _wins(keys), _penalised(), _slope(), _saturated(),
        *of_regularisers(loss), _gradients(keys), speed() if about_scales(keys) else _speed(),
    ]  # fmt: skip
    found, explained = list[Explanation](), set[str]()
    for explanation in known:
        own = explanation.series.keys() & set(keys)
        if own and not own <= explained:  # what words of one kind of training are for, general ones leave alone
            found.append(explanation)
            explained |= own
    return [*found, *generic(key for key in keys if key not in explained)]


def _losses(loss: str | None, keys: Collection[str]) -> Explanation:
    equilibrium = LOSSES.get(loss or "", UNKNOWN_LOSS)
    explained = Explanation(
        title="Losses",
        series={"discriminator.loss": "discriminator", "generator.loss": "generator"},
        meaning="The discriminator’s loss is its error in telling real pictures from generated ones, with its "
        "penalty if it "
        "has one; the generator’s says how badly it fools the discriminator. They pull against each other, so lower is not "
        "better.",
        healthy=equilibrium.healthy,
        references=equilibrium.references,
    )
    if not about_pictures(keys):
        return explained
    return replace(
        explained,
        meaning="The discriminator’s loss is its error in telling real pictures from those that were made, over all "
        "discriminators and with its weight; the generator’s is the sum of all that is asked of it: to fool the "
        "discriminator, and what the charts of its terms show.",
        healthy="The generator’s loss falls, mostly by the terms that hold it to its task, and then flattens out. The "
        "discriminator’s settles and keeps wobbling. The two are not to be compared with each other.",
        references=(),
    )


def _beliefs(loss: str | None) -> Explanation:
    logistic = loss in LOG_ODDS
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
        else "The score that the discriminator gives, on average over a batch of real pictures, D(real), and of "
        "generated ones, "
        "D(fake). This loss does not read it as a probability: what counts is the distance between the two.",
        healthy="D(real) drifts down and D(fake) up, towards 0.5 where the discriminator can only guess. D(real) at 1 with "
        "D(fake) at 0 means that the discriminator has won and the generator’s gradient fades."
        if logistic
        else "The two stay apart at first and draw closer as the generated pictures get better.",
        references=(Reference(0.5, "a guess"),) if logistic else (),
        bounds=(0.0, 1.0) if logistic else None,
    )


def _wins(keys: Collection[str]) -> Explanation:
    told = (
        " Here the generator is told its targets besides: a discriminator that nearly always wins then costs it fine detail, not "
        "the training."
    )
    return Explanation(
        title="Pairs that the discriminator wins",
        series={"discriminator.wins": "share of the pairs"},
        meaning="Put a real and a generated picture side by side: how often does the discriminator score the real "
        "one higher? 1/2 "
        "is guessing, 1 is always right. Unlike a loss, this means the same for every loss.",
        healthy="Between 0.5 and 0.95, without sticking to either end. Near 1 all the time, the generator has "
        "nothing left to win; "
        "near 0.5 either the pictures are very good or the discriminator is too weak: your eye tells which."
        + (told if told_targets(keys) or about_scales(keys) else ""),
        references=(Reference(0.5, "a guess", "discriminator"), Reference(0.95, "0.95", "discriminator")),
        bounds=(0.0, 1.0),
    )


def _penalised() -> Explanation:
    return Explanation(
        title="Loss and penalty of the discriminator",
        series={
            f"discriminator.{term}{critic}": name
            for critic in ("", "_discriminator")
            for term, name in (("adversarial", "without the penalty"), ("penalty", "penalty, weighted"))
        },
        meaning="The two parts of the discriminator’s loss: how badly it tells real from generated, and what it pays for a "
        "slope that is not as it should be.",
        healthy="The penalty falls soon and stays small beside the other part. One that stays large is fighting the "
        "training: "
        "its weight is too large, or the learning rate.",
    )


def _slope() -> Explanation:
    return Explanation(
        title="Slope of the discriminator",
        series={
            "discriminator.slope": "mean length of the gradient",
            "penalty.slope": "mean length of the gradient, at the penalty",
        },
        meaning="How fast the discriminator’s output changes with the picture, where its penalty looks.",
        healthy="With a gradient penalty it settles near its target, which is 1 unless the recipe says otherwise; "
        "with R1 or "
        "R2 it stays low. A slope that grows without end is a discriminator that the penalty does not hold.",
        from_zero=True,
    )


def _saturated() -> Explanation:
    return Explanation(
        title="Weights at the clip bound",
        series={"discriminator.saturated": "share of the weights"},
        meaning="Which share of the critic’s weights sits at the bound to which they are clipped, within one per cent of it.",
        healthy="Many weights at the bound (over a half) make a simple critic: the bound is small for this learning "
        "rate. None "
        "at all mean that the bound does nothing.",
        bounds=(0.0, 1.0),
    )


def _gradients(keys: Iterable[str]) -> Explanation:
    """Every player's gradient belongs here, whatever the players of a game are called."""
    players = ["discriminator", "generator", *(_turn(key) for key in keys if _name(key) == "gradient")]
    apart = any(player in REGULARISERS for player in players)
    return Explanation(
        title="Gradient norms",
        series={f"{player}.gradient" if player else "gradient": label(player or "gradient") for player in players},
        meaning="How hard a player is pushed to change: the length of its loss’s gradient over all of its weights. The "
        "scale is logarithmic, each power of ten is one step.",
        healthy="The players stay within about a power of ten of each other, without a trend. A curve that sinks towards 0 "
        "has stopped learning; one that shoots up is exploding."
        + (" Turns that only hold a player in check may lie far from the others." if apart else ""),
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


def generic(keys: Iterable[str]) -> Iterable[Explanation]:
    """One chart for each name that this page knows nothing about, with the turns that logged it side by side."""
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
