"""What detectors measure: history -> number, or None where there is nothing to measure it by. One small function each."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from itertools import pairwise

from organza.diagnosis.history import RECENT, History

Measure = Callable[[History], "float | None"]

BEGINNING = 4  # rows whose median is the beginning
SILENT = 1e-7  # length of a gradient that moves no weight in float32
NEARLY = 0.99  # of the strongest augmentation: it is at its ceiling
ROTATIONS = 8  # readings over which changes of kinds are averaged


def recent(name: str) -> Measure:
    """The median of the last readings of this name."""
    return lambda history: history.recent(name)


def lately(name: str) -> Measure:
    """The median of the last rows' figures of this name."""
    return lambda history: history.lately(name)


def not_finite(history: History) -> float:
    """1 if a number of the training, or of its samples, is NaN or infinite."""
    spoilt = any(reading.get("finite") is False for reading in history.readings[-1:])
    return float(spoilt or history.culprit is not None)


def gradient_growth(history: History) -> float | None:
    """The longer of the players' gradients now, each over its usual length: the median so far, or at the beginning if longer."""
    ratios = []
    for player in ("generator", "discriminator"):
        norms = history.column(f"{player}.gradient")
        if len(norms) >= 2 * BEGINNING:
            usual = max(statistics.median(norms), statistics.median(norms[:BEGINNING]), 1e-12)
            ratios.append(statistics.median(norms[-RECENT:]) / usual)
    return max(ratios, default=None)


def gradient_left(history: History) -> float | None:
    """The generator's gradient now over its length at the beginning; 0 where it moves nothing at all."""
    norms = history.column("generator.gradient")
    if len(norms) >= RECENT and statistics.median(norms[-RECENT:]) < SILENT:
        return 0.0
    return against_beginning(history, "generator")


def against_beginning(history: History, player: str) -> float | None:
    """The median of a player's last gradients over that of its first ones."""
    norms = history.column(f"{player}.gradient")
    if len(norms) < 2 * BEGINNING:
        return None
    return statistics.median(norms[-RECENT:]) / max(statistics.median(norms[:BEGINNING]), 1e-12)


def ever(name: str) -> Measure:
    """The largest of all readings of this name."""
    return lambda history: max(history.series(name), default=None)


def judgement(history: History) -> float | None:
    """The discriminator's loss, without penalties: 1 where it can tell nothing, 0 where it is never wrong."""
    draw, least = history.conditions.draw, history.conditions.least
    if draw is None or draw <= least:
        return None
    loss = history.lately("discriminator.adversarial")
    loss = history.lately("discriminator.loss") if loss is None else loss
    return None if loss is None else (loss - least) / (draw - least)


def turnover(history: History) -> float | None:
    """Mean change of the shares of kinds between two readings: the sum of absolute differences, 2 if all of it changes."""
    shares = [list(map(float, reading["shares"])) for reading in history.readings if reading.get("shares")]
    changes = [distance(before, after) for before, after in pairwise(shares)][-ROTATIONS:]
    return statistics.fmean(changes) if len(changes) > RECENT else None


def distance(some: Sequence[float], others: Sequence[float]) -> float:
    """Sum of absolute differences."""
    return sum(abs(a - b) for a, b in zip(some, others, strict=True))


def held_gap(history: History) -> float | None:
    """Where the judge puts real samples that it has not seen: 0 beside those that it has, 1 among generated ones.

    Readings in which it can hardly tell real from generated say nothing.
    """
    gaps = []
    for reading in history.readings[-2 * RECENT :]:
        scores = [reading.get(f"score_{name}") for name in ("real", "fake", "held", "spread")]
        if any(score is None for score in scores):
            continue
        real, fake, held, spread = map(float, scores)  # type: ignore[arg-type]
        if real - fake > spread:
            gaps.append((real - held) / (real - fake))
    return statistics.median(gaps) if len(gaps) >= RECENT else None


def sureness(history: History) -> float | None:
    """How sure the discriminator is of the real samples that it is trained on, where no more augmentation will come.

    r_t = E[sign D(real)] (Karras et al. 2020, arXiv:2006.06676, section 3): 0 is no over-fitting, 1 a discriminator that knows
    all of them. As long as the augmentation grows, it is still being seen to. The median of the last tenth of the rows.
    """
    conditions = history.conditions
    strength = history.lately("discriminator.augmented") or 0.0
    if not conditions.signed or strength < NEARLY * conditions.augmented:
        return None
    return history.lately("discriminator.sure")


def loudness(history: History) -> float | None:
    """Spread of the discriminator's outputs over the distance of real samples, or 10 where that is less.

    A critic whose slope is 1 spreads about as far as the samples do, so large pictures have larger scores.
    """
    spread, reach = history.recent("score_spread"), history.recent("reach") or 0.0
    return None if spread is None else spread / max(reach, 10.0)


def modes_found(history: History) -> float | None:
    """Share of the modes of a mixture that have points enough, once most points lie near one."""
    modes, near = history.recent("modes"), history.recent("high_quality") or 0.0
    return modes / history.conditions.kinds if modes is not None and near > 0.5 and history.conditions.kinds else None


def collapsed_modes(history: History) -> float | None:
    """How unevenly points spread over the modes of a mixture, over what it is when all are in one of them."""
    value = history.recent("kl")
    return None if value is None else value / math.log(max(history.conditions.kinds, 2))
