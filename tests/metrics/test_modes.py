"""Modes counted on points whose modes are known."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from organza.data import mixture_centres, mixture_sigma
from organza.errors import OrganzaError, UsageError
from organza.metrics import ModeCount, count_modes

CENTRES, SIGMA = mixture_centres("ring8"), mixture_sigma("ring8")
EVERYWHERE = torch.arange(2496) % 8


def around(modes, offset=0.0, centres=CENTRES):
    """Points beside the centres of these modes."""
    return centres[modes] + torch.tensor([offset, 0.0])


@pytest.mark.parametrize("name", ["ring8", "grid25"])
def test_of_the_mixture_itself_all_modes_are_found(name):
    centres, sigma = mixture_centres(name), mixture_sigma(name)
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(len(centres), (2500,), generator=generator)
    found = count_modes(centres[labels] + sigma * torch.randn(2500, 2, generator=generator), centres, sigma)
    assert found.modes == len(centres)
    # 3 sigma hold 1 - exp(-9 / 2) of a Gaussian in the plane; equal shares differ by about (K - 1) / 2n nats.
    assert found.high_quality == pytest.approx(1 - math.exp(-4.5), abs=0.01)
    assert found.kl < 3 * (len(centres) - 1) / 5000


def test_complete_collapse():
    found = count_modes(around(torch.full((2500,), 3)), CENTRES, SIGMA)
    assert (found.modes, found.high_quality) == (1, 1)
    assert found.kl == pytest.approx(math.log(8))


@given(st.integers(1, 8))
def test_equal_shares_of_some_modes(modes):
    found = count_modes(around(torch.arange(840) % modes), CENTRES, SIGMA)
    assert found.modes == modes
    assert found.kl == pytest.approx(math.log(8 / modes), abs=1e-6)


def test_high_quality_ends_at_three_sigma():
    assert count_modes(around(EVERYWHERE, 2.99 * SIGMA), CENTRES, SIGMA).high_quality == 1
    assert count_modes(around(EVERYWHERE, 3.01 * SIGMA), CENTRES, SIGMA) == ModeCount(0, 0, 0)


def test_points_of_low_quality_have_their_part_in_the_divergence():
    """Nowhere near a centre, and on one side: no modes, and far from equal shares, as early in a training."""
    found = count_modes(torch.tensor([[1.0, 0.1]]).repeat(2500, 1), CENTRES, SIGMA)
    assert (found.modes, found.high_quality) == (0, 0)
    assert found.kl == pytest.approx(math.log(8))


@pytest.mark.parametrize(("of_second", "modes"), [(19, 1), (20, 2)])
def test_a_mode_needs_twenty_of_2500(of_second, modes):
    labels = torch.zeros(2500, dtype=torch.int64)
    labels[:of_second] = 1
    assert count_modes(around(labels), CENTRES, SIGMA).modes == modes


@pytest.mark.parametrize(("of_second", "modes"), [(3, 1), (4, 2)])
def test_of_fewer_points_it_needs_fewer(of_second, modes):
    labels = torch.zeros(500, dtype=torch.int64)
    labels[:of_second] = 1
    assert count_modes(around(labels), CENTRES, SIGMA).modes == modes


def test_points_of_low_quality_cover_nothing():
    labels = torch.arange(2500) % 2
    points = around(labels)
    points[labels == 1] += 5 * SIGMA
    found = count_modes(points, CENTRES, SIGMA)
    assert (found.modes, found.high_quality) == (1, 0.5)


def test_of_no_points_not_even_one_mode_is_covered():
    assert count_modes(around(torch.tensor([0])), CENTRES, SIGMA, covered=0).modes == 1


def test_what_cannot_be_counted_is_refused():
    with pytest.raises(UsageError, match="at least 1 points"):
        count_modes(torch.empty(0, 2), CENTRES, SIGMA)
    with pytest.raises(UsageError, match="above 0"):
        count_modes(torch.zeros(3, 2), CENTRES, 0.0)
    with pytest.raises(OrganzaError, match="finite"):
        count_modes(torch.full((3, 2), float("nan")), CENTRES, SIGMA)
