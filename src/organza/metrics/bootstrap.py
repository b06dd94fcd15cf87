"""How far a score could have come out elsewhere by the chance of its samples alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from organza.errors import UsageError


@dataclass(frozen=True)
class Interval:
    """An interval of confidence.

    Attributes:
        low: Its lower end.
        high: Its upper end.
    """

    low: float
    high: float


def interval(
    score: Callable[[Tensor, Tensor], float],
    real: Tensor,
    fake: Tensor,
    *,
    rounds: int = 100,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Where the mean of a score over other draws of as many samples is likely to lie.

    The rows of both sets are drawn anew with replacement, `rounds` times (Efron 1979, doi:10.1214/aos/1176344552). Of a mean,
    the scores of these draws scatter around the score itself. Of a Fréchet distance they do not: n draws out of n samples
    hold only about 0.63 n different ones, so that all distances are too high, and the plain percentiles lie
    beside the score. Scores that fall with the number of samples are compared at equal numbers, and the interval is for
    that: the deviations of the draws *from their own mean* are taken for those of the score from its mean (basic
    bootstrap, Davison and Hinkley 1997, chapter 5, with the draws' bias removed). What remains is that draws of scores
    by neighbours hold copies, and scatter somewhat otherwise than samples do; and that the ends may lie out of a
    score's range.

    Args:
        score: Of the real and the generated samples.
        real: [n, ...], at least 2.
        fake: [m, ...], at least 2.
        rounds: How many draws, at least 2; of 100 the ends are known to about a tenth of the width.
        level: The share of such intervals that hold the mean, in (0, 1).
        seed: Of the draws.

    Raises:
        UsageError: Too few samples or rounds, or the level is out of range.
    """
    if min(len(real), len(fake)) < 2:
        raise UsageError(f"an interval needs at least 2 samples, and got {len(real)} real, {len(fake)} generated ones")
    if rounds < 2:
        raise UsageError(f"an interval needs at least 2 rounds, and got {rounds}")
    if not 0 < level < 1:
        raise UsageError(f"the level of an interval is between 0 and 1, not {level}")
    generator = torch.Generator().manual_seed(seed)

    def drawn(samples: Tensor) -> Tensor:
        return samples[torch.randint(len(samples), (len(samples),), generator=generator).to(samples.device)]

    scores = torch.tensor([score(drawn(real), drawn(fake)) for _ in range(rounds)], dtype=torch.float64)
    deviations = scores - scores.mean()
    middle, tail = score(real, fake), (1 - level) / 2
    return Interval(middle - float(deviations.quantile(1 - tail)), middle - float(deviations.quantile(tail)))
