"""Fakes that are copies, near copies, as new as new real samples, and far away."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from organza.errors import OrganzaError, UsageError
from organza.metrics import Memorisation, memorisation, near_pairs, nearest


def gaussian(seed, count=500, dim=6):
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(seed))


def test_new_samples_are_not_memorised():
    found = memorisation(gaussian(0, 2000), gaussian(1), gaussian(2, 2000))
    assert found.near_duplicates == pytest.approx(0.01, abs=0.01)
    assert found.ratio == pytest.approx(1, abs=0.05)


def test_copies_are_found_with_and_without_held_out_samples():
    train = gaussian(1)
    assert memorisation(train[:100], train, gaussian(2)) == Memorisation(1, 0)
    assert memorisation(train[:100], train) == Memorisation(1, 0)
    half = torch.cat([train[:50], gaussian(3, 50) + 5])
    assert memorisation(half, train).near_duplicates == 0.5


def test_copies_are_found_even_if_the_training_set_has_some_of_its_own():
    train = torch.cat([gaussian(1), gaussian(1, 20)])  # a percentile of 0
    assert memorisation(train[:7], train).near_duplicates == 1
    assert memorisation(train[:7] + 1e-3, train).near_duplicates == 0


def test_a_little_noise_hides_no_copy():
    train = gaussian(1)
    found = memorisation(train + 1e-3 * gaussian(2), train, gaussian(3))
    assert found.near_duplicates > 0.99
    assert 0 < found.ratio < 0.01


def test_far_samples_are_no_copies():
    found = memorisation(gaussian(0) + 20, gaussian(1), gaussian(2))
    assert found.near_duplicates == 0
    assert found.ratio > 5


def test_training_samples_without_a_copy_are_the_measure_if_there_are_no_others():
    """On a line, one apart: fakes halfway between have half the distance; and a quarter way from one, a quarter."""
    train = torch.arange(100.0)[:, None]
    assert memorisation(train[:-1] + 0.5, train) == Memorisation(1, pytest.approx(0.5))
    assert memorisation(train + 0.25, train, train[:-1] + 0.5).ratio == pytest.approx(0.5)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.integers(2, 30), st.integers(1, 30), st.integers(1, 40))
def test_nearest_is_the_definition_in_blocks_of_any_size(seed, count, fakes, chunk):
    train, fake = gaussian(seed, count, 3), gaussian(seed + 1, fakes, 3)
    fake[0] = train[-1]
    distances, indices = nearest(fake, train, chunk)
    every = torch.cdist(fake.double(), train.double(), compute_mode="donot_use_mm_for_euclid_dist")
    assert torch.equal(indices, every.argmin(1))
    torch.testing.assert_close(distances, every.min(1).values)
    assert distances[0] == 0
    others = torch.cdist(train.double(), train.double()).fill_diagonal_(torch.inf)
    torch.testing.assert_close(near_pairs(train, chunk), others.min(1).values)


def test_a_copy_is_near_a_copy_and_not_itself():
    assert near_pairs(torch.tensor([[0.0], [5.0], [5.0], [7.0]]), chunk=2).tolist() == [5, 0, 0, 2]


def test_what_cannot_be_judged_is_refused():
    train = gaussian(1, 5)
    with pytest.raises(OrganzaError, match="half of the real samples"):
        memorisation(gaussian(2, 5), train, train)
    with pytest.raises(UsageError, match="at least 1 held-out features"):
        memorisation(gaussian(2, 5), train, train[:0])
    with pytest.raises(UsageError, match="at least 2 samples, and got 1"):
        memorisation(gaussian(2, 5), train[:1])
    with pytest.raises(UsageError, match="at least 1 generated features"):
        nearest(train[:0], train)
    with pytest.raises(UsageError, match="at least 1 training features"):
        nearest(train, train[:0])
