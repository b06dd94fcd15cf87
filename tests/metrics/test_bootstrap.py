"""Intervals that hold what they promise to hold."""

import pytest
import torch

from organza.errors import UsageError
from organza.metrics import frechet_distance, interval


def gaussian(seed, count, dim=1):
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def difference(real, fake):
    return float(fake.mean() - real.mean())


def test_of_a_mean_the_share_of_intervals_that_hold_the_truth_is_the_level():
    for level in (0.5, 0.9):
        found = [
            interval(difference, gaussian(2 * s, 40), gaussian(2 * s + 1, 40), level=level, seed=s) for s in range(200)
        ]
        share = sum(each.low <= 0 <= each.high for each in found) / 200
        assert share == pytest.approx(level, abs=0.1)  # three deviations of 200 trials, and bootstrap's own optimism


def test_of_a_mean_the_width_is_that_of_the_normal_distribution():
    found = interval(difference, gaussian(0, 400), gaussian(1, 400), rounds=1000)
    assert found.high - found.low == pytest.approx(2 * 1.96 * (2 / 400) ** 0.5, rel=0.15)


def test_more_samples_and_lower_levels_give_narrower_intervals():
    def width(count, level):
        found = interval(difference, gaussian(0, count), gaussian(1, count), level=level)
        return found.high - found.low

    assert width(1000, 0.95) < width(100, 0.95) / 2
    assert width(100, 0.5) < width(100, 0.95) / 2


def test_of_a_frechet_distance_it_holds_the_mean_at_that_number_of_samples_and_not_the_draws_bias():
    count, dim = 60, 8
    typical = (
        sum(frechet_distance(gaussian(2 * s, count, dim), gaussian(2 * s + 1, count, dim)) for s in range(50)) / 50
    )
    held, beside = 0, 0
    for seed in range(100, 120):
        real, fake = gaussian(2 * seed, count, dim), gaussian(2 * seed + 1, count, dim)
        found = interval(frechet_distance, real, fake, rounds=40, seed=seed)
        held += found.low <= typical <= found.high
        generator = torch.Generator().manual_seed(seed)
        draws = [
            frechet_distance(*(x[torch.randint(count, (count,), generator=generator)] for x in (real, fake)))
            for _ in range(10)
        ]
        beside += min(draws) > typical
        assert found.low < frechet_distance(real, fake) < found.high
    assert held >= 16
    assert beside >= 10  # the plain draws lie above it: why percentiles of them would not do


def test_the_seed_decides():
    real, fake = gaussian(0, 20), gaussian(1, 20)
    assert interval(difference, real, fake, seed=1) == interval(difference, real, fake, seed=1)
    assert interval(difference, real, fake, seed=1) != interval(difference, real, fake, seed=2)


def test_what_has_no_interval_is_refused():
    real = gaussian(0, 5)
    with pytest.raises(UsageError, match="5 real, 1 generated"):
        interval(difference, real, real[:1])
    with pytest.raises(UsageError, match="at least 2 rounds"):
        interval(difference, real, real, rounds=1)
    with pytest.raises(UsageError, match="between 0 and 1"):
        interval(difference, real, real, level=1)
