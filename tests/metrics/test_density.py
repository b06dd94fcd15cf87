"""Density and coverage, and the distances below all scores by neighbours."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from organza.errors import UsageError
from organza.metrics import density_coverage, distances, precision_recall
from organza.metrics.distances import centred, squared_distances


def gaussian(seed, count=400, dim=3, mean=0.0):
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(seed)) + mean


def plainly(real, fake, k):
    """The definition, pair by pair."""
    radii = [sorted((a - b).norm().item() for j, b in enumerate(real) if j != i)[k - 1] for i, a in enumerate(real)]
    inside = [[(f - x).norm().item() <= r for f in fake] for x, r in zip(real, radii, strict=True)]
    return sum(map(sum, inside)) / (k * len(fake)), sum(map(any, inside)) / len(real)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.integers(1, 4), st.integers(5, 9), st.integers(1, 9), st.integers(1, 9))
def test_it_is_the_definition_in_blocks_of_any_size(seed, k, count, others, chunk):
    generator = torch.Generator().manual_seed(seed)
    # Whole numbers, so that there are copies and ties.
    real = torch.randint(0, 4, (count, 2), generator=generator).double()
    fake = torch.randint(1, 5, (others, 2), generator=generator).double()
    assert density_coverage(real, fake, k, chunk) == pytest.approx(plainly(real, fake, k), abs=1e-12)


def test_of_a_square_by_hand():
    """Four corners at distance 1: with k = 2 each ball holds its two neighbours; with one fake at a corner, three balls."""
    corners = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    assert density_coverage(corners, corners[:1], k=2) == (1.5, 0.75)
    assert density_coverage(corners, corners + 10, k=2) == (0, 0)


def test_samples_of_the_same_distribution():
    density, coverage = density_coverage(gaussian(0, 1000), gaussian(1, 1000), k=5)
    assert density == pytest.approx(1, abs=0.1)
    assert coverage == pytest.approx(1 - 2**-5, abs=0.03)


def test_a_real_outlier_makes_precision_lie_but_hardly_the_density():
    real = torch.cat([gaussian(0), torch.tensor([[100.0, 0.0, 0.0]])])
    fake = gaussian(1, mean=torch.tensor([50.0, 0.0, 0.0]))  # in the outlier's ball and in no other
    assert precision_recall(real, fake, k=5)[0] > 0.4
    assert density_coverage(real, fake, k=5)[0] <= 1 / 5


def test_a_collapsed_generator_is_dense_and_covers_little():
    density, coverage = density_coverage(gaussian(0), torch.zeros(400, 3), k=5)
    assert density > 0.5
    assert coverage < 0.05


def test_too_few_samples_are_refused():
    with pytest.raises(UsageError, match="at least 6 real features, and got 5"):
        density_coverage(gaussian(0, 5), gaussian(0, 9))
    with pytest.raises(UsageError, match="at least 1 generated features, and got 0"):
        density_coverage(gaussian(0, 9), gaussian(0, 0))
    with pytest.raises(ValueError, match="3 and of 1 dimensions"):
        density_coverage(gaussian(0, 9), gaussian(0, 9, 1))


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**31), st.floats(0, 1e6), st.sampled_from([1e-6, 1e-3, 1.0]))
def test_squared_distances_are_exact_near_and_far(seed, offset, spread):
    generator = torch.Generator().manual_seed(seed)
    samples = torch.randn(60, 4, generator=generator, dtype=torch.float64) * spread
    samples[:30, 0] += offset  # two clusters, possibly far apart and narrow: products alone would lose all digits
    samples[1] = samples[0]
    (points,) = centred(samples)
    squares = squared_distances(points, points)
    exact = (points[:, None] - points).square().sum(2)
    torch.testing.assert_close(squares, exact, rtol=3e-9, atol=0)
    assert squares[0, 1] == 0
    assert (squares.diagonal() == 0).all()


def test_where_most_pairs_are_close_differences_need_no_more_room_than_the_distances(monkeypatch):
    narrow = gaussian(0, 40, 4).double() * 1e-6
    (points,) = centred(torch.cat([narrow, narrow.flip(1) + 5]))
    by_pairs = squared_distances(points, points)
    monkeypatch.setattr(distances, "ROOM", 0)
    with monkeypatch.context() as patch:
        patch.setattr(Tensor, "nonzero", None)
        every = squared_distances(points, points)
    torch.testing.assert_close(by_pairs, every, rtol=1e-8, atol=0)
    assert (by_pairs[:40, :40] < 1e-9).all()
