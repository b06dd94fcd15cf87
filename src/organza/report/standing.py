"""Which group is best, and which difference is larger than the noise between seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from organza.report.comparison import Metric, Score
from organza.report.wording import figure

Standing = Literal["best", "level", "unsure", "behind"]
"""A group's place: the best; not told apart from the best; with too few seeds to tell; behind by more than the noise."""

MISSING = "—"
"""Stands where there is no value."""


def standings(metric: Metric, scores: Sequence[Score]) -> list[Standing | None]:
    """The place of every group by `metric`; None without a value, without a better way, or with nobody to compare with.

    A difference counts when it is no smaller than the larger of the two standard deviations over seeds. That is a rule
    for the eye and no test: two groups that it tells apart may still be alike. Groups with the very same best mean share
    the place; where all means are the same nobody is best.
    """
    means = [(score.mean, index) for index, score in enumerate(scores) if score.mean is not None]
    if metric.better is None or len(means) < 2:
        return [None] * len(scores)
    if len({mean for mean, _ in means}) == 1:
        return [None if score.mean is None else "level" for score in scores]
    sign = 1 if metric.better == "lower" else -1
    best = min(means, key=lambda found: sign * found[0])[1]
    return [_against(score, scores[best]) for score in scores]


def _against(score: Score, best: Score) -> Standing | None:
    if score.mean is None or best.mean is None:
        return None
    difference = abs(score.mean - best.mean)
    deviations = [sd for sd in (score.sd, best.sd) if sd is not None]
    if difference == 0:
        return "best"
    if any(difference < sd for sd in deviations):
        return "level"
    return "behind" if len(deviations) == 2 else "unsure"


def spread(score: Score) -> tuple[str, str]:
    """Mean and deviation in words, to the two digits of the deviation that mean something; "" for a missing deviation."""
    if score.mean is None:
        return MISSING, ""
    if score.sd is None:
        return figure(score.mean), ""
    if score.sd <= 0 or not 1e-3 <= score.sd < 1e4 or abs(score.mean) >= 1e5:
        return figure(score.mean), f"± {figure(score.sd)}"
    digits = max(0, 1 - math.floor(math.log10(score.sd)))
    return f"{score.mean:,.{digits}f}", f"± {score.sd:,.{digits}f}"
