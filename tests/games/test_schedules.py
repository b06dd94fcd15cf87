"""Schedules against the tables of the published code."""

from dataclasses import dataclass, field
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from organza.errors import UsageError
from organza.games.schedules import SCHEDULES, Constant, Halvings, LinearDecay, Schedule, Steps
from organza.recipes.fields import flatten, from_mapping, override, to_mapping

CYCLEGAN = LinearDecay()
DEBLURGAN = LinearDecay(151, 149)
PAPER_V2 = LinearDecay(150, 150, 1e-3, 150)
CODE_V2 = LinearDecay(51, 149, 1e-3, 200)


def by_epoch(schedule, epochs, images=1000):
    """The factors at the beginning and at the end of each epoch, which are the same."""
    factors = [schedule.factor(epoch * images, epochs * images) for epoch in range(epochs)]
    assert factors == [schedule.factor((epoch + 1) * images - 1, epochs * images) for epoch in range(epochs)]
    return factors


def test_the_table_of_cyclegan():
    factors = by_epoch(CYCLEGAN, 200, images=1334)
    assert factors[:100] == [1.0] * 100
    expected = {99: 2e-4, 100: 1.98020e-4, 149: 1.00990e-4, 199: 1.98020e-6}
    assert {epoch: 2e-4 * factors[epoch] for epoch in expected} == pytest.approx(expected, rel=1e-5)
    assert factors == pytest.approx([1 - max(0, epoch + 1 - 100) / 101 for epoch in range(200)], abs=1e-12)


def test_deblurgan_lowers_the_rate_after_each_epoch_beyond_the_150th():
    rate, rates = 1e-4, []
    for epoch in range(1, 301):  # as its code counts
        rates.append(rate)
        if epoch > 150:
            rate -= 1e-4 / 150
    assert [1e-4 * factor for factor in by_epoch(DEBLURGAN, 300)] == pytest.approx(rates, abs=1e-12)
    assert rates[-1] == pytest.approx(1e-4 / 150)


def test_the_paper_of_deblurgan_v2_ends_at_its_least_rate():
    factors = by_epoch(PAPER_V2, 300)
    assert factors[:150] == [1.0] * 150
    assert factors[150] < 1
    assert 1e-4 * factors[-1] == pytest.approx(1e-7)
    falls = {round(before - after, 12) for before, after in pairwise(factors[149:])}
    assert len(falls) == 1  # a straight line


def test_the_code_of_deblurgan_v2_never_comes_near_its_least_rate():
    expected = [1e-4 if epoch < 50 else 1e-4 - (1e-4 - 1e-7) / 200 * (epoch - 50) for epoch in range(200)]
    factors = by_epoch(CODE_V2, 200)
    assert [1e-4 * factor for factor in factors] == pytest.approx(expected, abs=1e-15)
    assert factors[-1] == pytest.approx(0.2557, abs=1e-4)


def test_srgan_and_esrgan_fall_in_steps():
    rates = [1e-4 * Steps().factor(clock, 200_000) for clock in (0, 99_999, 100_000, 199_999)]
    assert rates == pytest.approx([1e-4, 1e-4, 1e-5, 1e-5])
    bounds = (0, 50_000, 100_000, 200_000, 300_000, 400_000)
    for index, (begin, end) in enumerate(pairwise(bounds)):
        assert Halvings().factor(begin, 400_000) == Halvings().factor(end - 1, 400_000) == 0.5**index


schedules = st.sampled_from(
    [Constant(), CYCLEGAN, DEBLURGAN, PAPER_V2, CODE_V2, Steps(), Halvings(), LinearDecay(0, 3)]
)


@given(schedules, st.integers(0, 100_000), st.lists(st.integers(0, 120_000), min_size=2, max_size=9))
def test_rates_begin_whole_never_rise_and_never_vanish(schedule, budget, clocks):
    assert schedule.factor(0, max(budget, 1000)) == 1 or schedule == LinearDecay(0, 3)
    factors = [schedule.factor(clock, budget) for clock in sorted(clocks)]
    assert factors == sorted(factors, reverse=True)
    assert 0 < min(factors) <= max(factors) <= 1
    assert schedule.factor(budget + 1, budget) == schedule.factor(10 * budget + 10, budget)


@given(schedules, st.integers(1, 1000), st.floats(0, 0.999))
def test_only_the_share_of_the_budget_counts(schedule, budget, share):
    clock = int(share * budget)
    assert schedule.factor(clock, budget) == pytest.approx(schedule.factor(7 * clock, 7 * budget), abs=1e-12)


@dataclass(frozen=True)
class Game:
    """A recipe's game, as far as it matters here."""

    schedule: Schedule = field(default_factory=Constant, metadata={"choice": SCHEDULES})


@pytest.mark.parametrize("schedule", [Constant(), CODE_V2, Steps((0.25, 0.5), 0.2), Halvings()])
def test_a_recipe_can_hold_each(schedule):
    tree = to_mapping(Game(schedule))
    assert from_mapping(Game, tree) == Game(schedule)
    assert all(name.startswith("schedule") for name in flatten(tree))


def test_a_schedule_is_chosen_by_name_on_the_command_line():
    changed = override(Game(), {"schedule": "linear-decay", "schedule_constant": "150", "schedule_last": "1e-3"})
    assert changed.schedule == LinearDecay(150, 100, 1e-3)
    assert override(changed, {"schedule": "steps", "schedule_at": "0.2,0.4"}).schedule == Steps((0.2, 0.4))
    for wrong in ({"schedule_decay": "0"}, {"schedule_last": "1"}):
        with pytest.raises(UsageError):
            override(changed, wrong)
    with pytest.raises(UsageError, match="linear-decay"):
        override(Game(), {"schedule": "linear-deca"})
    assert set(SCHEDULES) == {"constant", "linear-decay", "steps", "halvings", "burn-in"}
