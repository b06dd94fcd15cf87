"""Precision and recall: the golden numbers, a plain reference, and sets whose overlap is known."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from organza.errors import OrganzaError, UsageError
from organza.metrics import precision_recall


def golden_sets():
    rng = np.random.default_rng(0)
    return torch.from_numpy(rng.normal(size=(500, 4))), torch.from_numpy(rng.normal(size=(500, 4)) * 1.5 + 0.3)


def plainly(real, fake, k):
    """The definition, pair by pair."""

    def covered(points, by):
        radii = [sorted((a - b).norm().item() for j, b in enumerate(by) if j != i)[k - 1] for i, a in enumerate(by)]
        inside = [any((p - b).norm().item() <= r for b, r in zip(by, radii, strict=True)) for p in points]
        return sum(inside) / len(inside)

    return covered(fake, real), covered(real, fake)


def blobs(modes, seed, of_each=50):
    """Well separated clusters in three dimensions."""
    generator = torch.Generator().manual_seed(seed)
    centres = 100 * torch.arange(modes).float()[:, None, None] * torch.ones(3)
    return (centres + torch.randn(modes, of_each, 3, generator=generator)).flatten(0, 1)


def test_golden_numbers():
    precision, recall = precision_recall(*golden_sets(), k=3)
    assert precision == pytest.approx(0.688, abs=1e-12)
    assert recall == pytest.approx(0.990, abs=1e-12)


def test_a_set_covers_itself_and_nothing_far_away():
    real, _ = golden_sets()
    assert precision_recall(real, real) == (1, 1)
    assert precision_recall(real, real + 100) == (0, 0)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 4), st.integers(5, 9), st.integers(5, 9))
def test_it_is_the_definition(seed, k, count, others):
    generator = torch.Generator().manual_seed(seed)
    # Whole numbers, so that there are copies and ties, and distances are exact.
    real = torch.randint(0, 4, (count, 2), generator=generator).double()
    fake = torch.randint(1, 5, (others, 2), generator=generator).double()
    assert precision_recall(real, fake, k) == pytest.approx(plainly(real, fake, k), abs=1e-12)


@settings(max_examples=20)
@given(st.integers(0, 2**31), st.integers(1, 70))
def test_nothing_depends_on_the_chunks(seed, chunk):
    generator = torch.Generator().manual_seed(seed)
    real, fake = torch.randn(60, 8, generator=generator), torch.randn(50, 8, generator=generator)
    assert precision_recall(real, fake, chunk=chunk) == precision_recall(real, fake, chunk=10_000)


def test_exchanging_the_sets_exchanges_the_numbers():
    real, fake = golden_sets()
    assert precision_recall(fake, real) == precision_recall(real, fake)[::-1]


def test_both_fall_as_the_sets_move_apart():
    generator = torch.Generator().manual_seed(0)
    real, fake = torch.randn(400, 3, generator=generator), torch.randn(400, 3, generator=generator)
    numbers = [precision_recall(real, fake + torch.tensor([shift, 0.0, 0.0])) for shift in (0, 1.5, 3, 10)]
    for values in zip(*numbers, strict=True):
        assert list(values) == sorted(values, reverse=True)
        assert values[0] > 0.9
        assert values[-1] < 0.1


def test_a_collapsed_generator_has_precision_and_no_recall():
    real, _ = golden_sets()
    fake = real[:1].expand(500, 4)
    precision, recall = precision_recall(real, fake)
    assert precision == 1
    assert recall == 1 / 500  # the one real sample that it repeats


def test_half_of_the_modes_is_half_of_the_recall():
    precision, recall = precision_recall(blobs(8, seed=0), blobs(4, seed=1, of_each=100))
    assert precision > 0.9
    assert recall == pytest.approx(0.5, abs=0.05)


def test_fakes_of_modes_that_are_not_there_cost_precision():
    precision, recall = precision_recall(blobs(4, seed=1, of_each=100), blobs(8, seed=0))
    assert precision == pytest.approx(0.5, abs=0.05)
    assert recall > 0.9


def test_too_few_samples_are_refused():
    with pytest.raises(UsageError, match="at least 4 generated features, and got 3"):
        precision_recall(torch.randn(5, 2), torch.randn(3, 2), k=3)
    with pytest.raises(OrganzaError, match="generated features hold others"):
        precision_recall(torch.randn(5, 2), torch.full((5, 2), float("inf")))
