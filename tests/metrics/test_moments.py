"""Moments gathered block by block, and the Fréchet distances that are computed from them."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from organza.errors import OrganzaError, UsageError
from organza.metrics import Moments, frechet_distance, frechet_from_statistics, frechet_infinite, frechet_of_moments
from organza.metrics import frechet as room

SEEDS = st.integers(0, 2**31)


def draw(seed, count=200, dim=5):
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.randn(dim, dim, generator=generator, dtype=torch.float64)
    return torch.randn(count, dim, generator=generator, dtype=torch.float64) @ mixing + 3


def same(some, others):
    assert some.count == others.count
    torch.testing.assert_close(some.mean, others.mean, rtol=1e-10, atol=1e-10)
    torch.testing.assert_close(some.scatter, others.scatter, rtol=1e-10, atol=1e-8)
    return True


@settings(max_examples=30, deadline=None)
@given(SEEDS, st.lists(st.integers(1, 20), min_size=3, max_size=3), st.floats(-1e3, 1e3))
def test_moments_of_parts_add_up_to_those_of_the_whole_in_any_grouping(seed, sizes, jump):
    features = draw(seed, sum(sizes))
    features[sizes[0] :] += jump  # parts with means of their own
    a, b, c = (Moments.of(part) for part in features.split(sizes))
    whole = Moments.of(features)
    assert same((a + b) + c, whole)
    assert same(a + (b + c), whole)
    assert same(c + b + a, whole)


def test_they_are_those_of_a_statistics_library_across_blocks(monkeypatch):
    features = draw(0, 50, 7).float()
    monkeypatch.setattr(room, "BLOCK", 16 * 7)
    monkeypatch.setattr(room, "COLUMNS", 3)
    moments = Moments.of(features)
    torch.testing.assert_close(moments.mean, features.double().mean(0))
    torch.testing.assert_close(moments.covariance, features.double().T.cov())
    assert torch.equal(moments.scatter, moments.scatter.T)
    assert moments.scatter.dtype == torch.float64


@pytest.mark.parametrize("columns", [2, 256])
def test_the_distance_of_streams_is_that_of_features(columns, monkeypatch):
    monkeypatch.setattr(room, "COLUMNS", columns)
    a, b = draw(0), draw(1)
    streams = [Moments.of(x[:50]) + Moments.of(x[50:]) for x in (a, b)]
    assert frechet_of_moments(*streams) == pytest.approx(frechet_distance(a, b), rel=1e-10)


@settings(max_examples=20, deadline=None)
@given(SEEDS, st.integers(2, 9), st.integers(2, 30))
def test_few_samples_are_compared_without_covariances_and_come_out_the_same(seed, few, others):
    a, b = draw(seed, few, 10), draw(seed + 1, others, 10)
    by_moments = frechet_of_moments(Moments.of(a), Moments.of(b))
    assert frechet_distance(a, b) == pytest.approx(by_moments, rel=1e-5, abs=1e-4)
    assert frechet_distance(b, a) == pytest.approx(frechet_distance(a, b), rel=1e-9)
    assert frechet_distance(a, a) < 1e-9


def test_dead_and_repeated_features_have_singular_covariances():
    a, b = draw(0), draw(1)
    both = [torch.cat([x, torch.zeros(200, 2), x[:, :1]], 1) for x in (a, b)]
    # A repeated feature is one that counts twice: it lies along (1, 1), with twice the squared length.
    twice = [x * torch.tensor([2**0.5, 1, 1, 1, 1]) for x in (a, b)]
    assert frechet_distance(*both) == pytest.approx(frechet_distance(*twice), rel=1e-6)
    assert frechet_distance(both[0], both[0]) < 1e-6


def exact(dim, mean=0.0, scale=1.0, count=10**6):
    """Moments of a Gaussian as of very many samples."""
    eye = torch.eye(dim, dtype=torch.float64)
    return Moments(count, torch.full((dim,), mean, dtype=torch.float64), scale * eye * (count - 1))


def test_the_extrapolation_is_nearer_to_the_truth_than_the_distance_itself():
    dim, count = 48, 800
    truth = frechet_of_moments(exact(dim), exact(dim, 0.2, 1.44))
    assert truth == pytest.approx(dim * (0.04 + 0.04))
    plain, infinite = [], []
    for seed in range(5):
        generator = torch.Generator().manual_seed(seed)
        fake = 1.2 * torch.randn(count, dim, generator=generator, dtype=torch.float64) + 0.2
        plain.append(frechet_of_moments(exact(dim), Moments.of(fake)) - truth)
        infinite.append(frechet_infinite(exact(dim), fake, seed=seed) - truth)
    assert min(plain) > 0  # too high every time
    assert abs(sum(infinite)) < sum(plain) / 3


def test_a_line_over_one_over_n_is_followed_exactly(monkeypatch):
    """With a distance that is a + c / n by construction, a comes out."""
    monkeypatch.setattr(room, "_distance", lambda a, ta, b, tb, root: 5 + 30 / tb)
    monkeypatch.setattr(room, "_trace_of_root", lambda factor, covariance: 0.0)
    monkeypatch.setattr(Moments, "covariance", property(lambda self: torch.eye(1).double() * self.count))
    assert frechet_infinite(exact(1), torch.randn(64, 1)) == pytest.approx(5, abs=1e-9)


def test_the_extrapolation_depends_on_the_seed_alone():
    fake = draw(0)
    assert frechet_infinite(exact(5), fake, seed=1) == frechet_infinite(exact(5), fake, seed=1)
    assert frechet_infinite(exact(5), fake, seed=1) != frechet_infinite(exact(5), fake, seed=2)


def test_what_has_no_moments_is_refused():
    with pytest.raises(UsageError, match="at least 1 features, and got 0"):
        Moments.of(torch.empty(0, 3))
    with pytest.raises(OrganzaError, match="finite"):
        Moments.of(torch.full((2, 3), float("inf")))
    with pytest.raises(UsageError, match="covariance needs at least 2 features, and got 1"):
        _ = Moments.of(torch.ones(1, 3)).covariance
    with pytest.raises(ValueError, match="3 and of 4"):
        _ = Moments.of(torch.ones(1, 3)) + Moments.of(torch.ones(1, 4))
    with pytest.raises(ValueError, match="3 and of 4"):
        frechet_infinite(exact(3), torch.randn(20, 4))
    with pytest.raises(ValueError, match="2 points"):
        frechet_infinite(exact(3), torch.randn(20, 3), points=1)
    with pytest.raises(UsageError, match="at least 16 generated features, and got 15"):
        frechet_infinite(exact(3), torch.randn(15, 3))
    with pytest.raises(ValueError, match="cannot be compared"):
        frechet_from_statistics(torch.zeros(3), torch.eye(3), torch.zeros(3), torch.ones(3, 2))
