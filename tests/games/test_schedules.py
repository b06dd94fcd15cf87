"""Schedules against the tables of the published code."""

from dataclasses import dataclass, field
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from organza.data.dataset import ResidentDataset
from organza.errors import UsageError
from organza.games.schedules import SCHEDULES, BurnIn, Constant, Halvings, LinearDecay, Schedule, Steps
from organza.recipes import RECIPES
from organza.recipes.fields import flatten, from_mapping, override, to_mapping
from organza.streams import Streams
from organza.training.planning import make_session

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


# R3GAN's burn-in


@pytest.mark.parametrize(
    ("clock", "rate", "weight", "memory"),
    [
        (0, 1.0, 1.0, 0.9),
        (10_000_000, 0.625, 0.55, 0.945),  # half-way: the mean of both ends
        (20_000_000, 0.25, 0.1, 0.99),
        (20_000_001, 0.25, 0.1, 0.99),
        (250_000_000, 0.25, 0.1, 0.99),
        (900_000_000, 0.25, 0.1, 0.99),
    ],
)
def test_a_burn_in_eases_three_things_at_once(clock, rate, weight, memory):
    schedule, budget = BurnIn(), 250_000_000
    assert schedule.factor(clock, budget) == pytest.approx(rate, abs=1e-12)
    assert schedule.penalty(clock, budget) == pytest.approx(weight, abs=1e-12)
    assert schedule.memory(clock, budget) == pytest.approx(memory, abs=1e-12)


@given(st.floats(0.01, 0.99), st.lists(st.integers(0, 1200), min_size=2, max_size=9))
def test_a_burn_in_is_half_a_cosine_and_monotonous(share, clocks):
    schedule = BurnIn(schedule_share=share)
    rates = [schedule.factor(clock, 1000) for clock in sorted(clocks)]
    memories = [schedule.memory(clock, 1000) for clock in sorted(clocks)]
    assert rates == sorted(rates, reverse=True)
    assert memories == sorted(memories)
    assert {0.25 <= rate <= 1 for rate in rates} == {True}
    quarter = BurnIn(schedule_share=0.8).factor(200, 1000)  # cos(pi / 4)
    assert quarter == pytest.approx(0.25 + 0.75 * (1 + 2**-0.5) / 2)


def test_a_burn_in_of_no_length_is_over_at_once():
    assert BurnIn(schedule_share=0.0).factor(0, 1000) == 0.25


def test_others_leave_penalty_and_memory_alone():
    for schedule in (Constant(), LinearDecay(), Steps(), Halvings()):
        assert [schedule.penalty(clock, 100) for clock in (0, 50, 200)] == [1.0] * 3
        assert [schedule.memory(clock, 100) for clock in (0, 50, 200)] == [None] * 3


def play_at(clock, **changes):
    """A session of points, after one step at this clock; its batch has 8 samples."""
    changes = {"batch": 8, "generator.width": 8, "discriminator.width": 8, "images": 1000, **changes}
    recipe = override(RECIPES["ring"], changes)
    points = torch.randn(64, 2, generator=torch.Generator().manual_seed(0))
    session = make_session(recipe, {"real": ResidentDataset(points, None, ())}, Streams(0), torch.device("cpu"))
    session.progress.drawn["real"] = clock
    session.play()
    return session


def groups(session, player):
    return session.entered.optimisers[player].param_groups


BURNING = {"schedule": "burn-in", "schedule_share": 0.4, "penalty": "r1", "penalty_weight": 0.1}


@pytest.mark.parametrize(
    ("clock", "rate", "memory"), [(0, 1.0, 0.9), (200, 0.625, 0.945), (400, 0.25, 0.99), (999, 0.25, 0.99)]
)
def test_a_turn_sets_rate_and_memory_of_the_optimiser(clock, rate, memory):
    changes = {f"{player}.{name}": value for player in ("generator", "discriminator") for name, value in ADAM.items()}
    session = play_at(clock, **BURNING, **changes)
    for player in ("generator", "discriminator"):
        for group in groups(session, player):
            assert group["lr"] == pytest.approx(ADAM["lr"] * rate)
            assert group["betas"] == (0.3, pytest.approx(memory))
    for group in groups(play_at(clock, **changes), "generator"):  # without a schedule, nothing moves
        assert (group["lr"], group["betas"]) == (ADAM["lr"], (0.3, 0.7))


ADAM = {"lr": 2e-3, "betas": "0.3,0.7"}


def test_the_memory_of_a_lazily_punished_discriminator_is_slowed_down_too():
    """Karras et al. 2020, appendix B: beta^(n / (n + 1)), for every value that the schedule gives it."""
    for clock, memory in ((0, 0.9), (200, 0.945), (400, 0.99)):
        session = play_at(clock, **BURNING, penalty_every=4)
        (judging,), (making,) = groups(session, "discriminator"), groups(session, "generator")
        assert judging["betas"][1] == pytest.approx(memory ** (4 / 5))
        assert making["betas"][1] == pytest.approx(memory)


# Ramp of the averages' half-life


def recorded(session, monkeypatch):
    """Half-lives with which the averages are moved from now on."""
    seen, update = [], session.entered.averages.update

    def spy(images, half_life=None):
        seen.append((images, half_life))
        update(images, half_life)

    monkeypatch.setattr(session.entered.averages, "update", spy)
    return seen


@pytest.mark.parametrize(
    ("ramp", "clock", "half_life"),
    [(0.05, 0, 0), (0.05, 1000, 50), (0.05, 9_000, 450), (0.05, 100_000, 500), (0.0, 0, 500), (0.0, 1000, 500)],
)
def test_the_half_life_is_a_share_of_the_images_seen_at_most(ramp, clock, half_life, monkeypatch):
    session = play_at(0, ema_ramp=ramp, ema_half_life=500)
    seen = recorded(session, monkeypatch)
    session.progress.drawn["real"] = clock
    old = [weight.clone() for weight in session.entered.averages.networks["generator"].parameters()]
    session.play()
    assert seen == [(8, half_life)]
    new = 1 - 0.5 ** (8 / half_life) if half_life else 1.0
    averages = session.entered.averages.networks["generator"].parameters()
    for before, average, live in zip(old, averages, session.entered.networks["generator"].parameters(), strict=True):
        torch.testing.assert_close(average, before.lerp(live.detach(), new))
        assert torch.equal(average, live) == (half_life == 0)
