"""Paths and planes in latent spaces with closed forms."""

import math
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from organza.errors import OrganzaError, UsageError
from organza.metrics import lerp, path_length, separability, slerp, trimmed_mean


def gaussian(seed, *shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def squared(a, b):
    return (a - b).square().sum(1)


def identity(latents):
    return latents


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31), st.floats(1e-4, 0.1))
def test_of_the_identity_a_straight_path_has_the_squared_distance_of_its_ends(seed, epsilon):
    w0, w1, t = gaussian(seed, 9, 5), gaussian(seed + 1, 9, 5), torch.rand(9)
    values = path_length(identity, squared, (w0, w1), space="w", t=t, epsilon=epsilon)
    torch.testing.assert_close(values, squared(w0, w1), rtol=1e-8, atol=0)


def test_of_the_identity_an_arc_has_the_squared_angle_of_its_ends():
    z0, z1 = (x / x.norm(dim=1, keepdim=True) for x in (gaussian(0, 9, 5), gaussian(1, 9, 5)))
    values = path_length(identity, squared, (z0, z1), space="z", t=torch.rand(9))
    torch.testing.assert_close(values, torch.acos((z0 * z1).sum(1)).square(), rtol=1e-6, atol=0)


def test_a_generator_twice_as_steep_is_four_times_as_long_and_a_constant_one_has_no_length():
    pairs, t = (gaussian(0, 9, 5), gaussian(1, 9, 5)), torch.rand(9)
    once = path_length(identity, squared, pairs, space="w", t=t)
    torch.testing.assert_close(path_length(lambda w: 2 * w, squared, pairs, space="w", t=t), 4 * once)
    assert path_length(torch.zeros_like, squared, pairs, space="w", t=t).tolist() == [0] * 9


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31), st.floats(0, 1))
def test_arcs_have_constant_speed_and_end_where_they_should(seed, t):
    a, b = gaussian(seed, 4, 6), 3 * gaussian(seed + 1, 4, 6)
    for between in (lerp, slerp):
        torch.testing.assert_close(between(a, b, torch.zeros(4)), a)
        torch.testing.assert_close(between(a, b, torch.ones(4)), b)
    point = slerp(a, b, torch.tensor(t))
    whole, part = torch.cosine_similarity(a, b).acos(), torch.cosine_similarity(a, point).clamp(-1, 1).acos()
    torch.testing.assert_close(part, t * whole, rtol=0, atol=1e-6)
    torch.testing.assert_close(point.norm(dim=1), (1 - t) * a.norm(dim=1) + t * b.norm(dim=1))


def test_halfway_of_a_right_angle():
    x, y, half = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]]), torch.tensor([0.5])
    torch.testing.assert_close(slerp(x, y, half), torch.full((1, 2), math.sqrt(0.5)))
    torch.testing.assert_close(lerp(x, y, half), torch.full((1, 2), 0.5))
    assert torch.equal(slerp(x, x, half), x)
    assert slerp(x, -x, half).isfinite().all()


def test_trimming_drops_what_lies_beyond_the_percentiles():
    values = torch.arange(1000.0)
    values[-1] = 1e9
    # 'lower' of position 9.99 is 9, 'higher' of 989.01 is 990: both stay.
    assert trimmed_mean(values) == pytest.approx((9 + 990) / 2)
    assert trimmed_mean(torch.tensor([3.0])) == 3
    assert trimmed_mean(values, 0, 1) > 1e5


def attributes(seed, count=2000):
    """Latent vectors, and probabilities of the signs of two of their coordinates."""
    latents = gaussian(seed, count, 4)
    return latents, (10 * latents[:, :2]).sigmoid()


def test_what_a_plane_tells_is_separable():
    assert separability(*attributes(0)) == pytest.approx(1, abs=0.05)


def test_what_no_plane_tells_costs_a_factor_of_two_for_each_balanced_attribute():
    latents, probabilities = attributes(0)
    unrelated = attributes(1)[1]
    assert separability(latents, unrelated) == pytest.approx(4, abs=0.05)
    assert separability(latents, unrelated[:, :1]) == pytest.approx(2, abs=0.03)
    assert separability(latents, torch.cat([probabilities[:, :1], unrelated[:, :1]], 1)) == pytest.approx(2, abs=0.06)


def test_an_attribute_that_all_have_is_told():
    latents = gaussian(0, 50, 3)
    assert separability(latents, torch.full((50, 2), 0.9)) == 1
    assert separability(latents, torch.zeros(50, 1)) == 1


def test_only_the_surest_count():
    latents, probabilities = attributes(0)
    unsure = (latents[:, 0].abs() < latents[:, 0].abs().median())[:, None]
    wrong = torch.where(unsure, 0.5 + 0.01 * gaussian(5, 2000, 1).sign(), probabilities[:, :1])
    assert separability(latents, wrong, keep=0.5) == pytest.approx(1, abs=0.02)
    assert separability(latents, wrong, keep=1) > 1.2


def test_what_cannot_be_measured_is_refused(monkeypatch):
    pairs = gaussian(0, 2, 3), gaussian(1, 2, 3)
    with pytest.raises(UsageError, match="z or w, not 'x'"):
        path_length(identity, squared, pairs, space="x", t=torch.zeros(2))
    with pytest.raises(UsageError, match="above 0"):
        path_length(identity, squared, pairs, space="z", t=torch.zeros(2), epsilon=0)
    with pytest.raises(UsageError, match="at least 1 values"):
        trimmed_mean(torch.empty(0))
    with pytest.raises(OrganzaError, match="finite"):
        trimmed_mean(torch.tensor([1.0, math.nan]))
    with pytest.raises(ValueError, match="5 latent vectors and 4 rows"):
        separability(gaussian(0, 5, 3), torch.zeros(4, 1))
    with pytest.raises(UsageError, match="share of samples"):
        separability(gaussian(0, 5, 3), torch.zeros(5, 1), keep=0)
    monkeypatch.setitem(sys.modules, "sklearn.svm", None)
    with pytest.raises(OrganzaError, match=r"pip install 'organza\[scores\]'"):
        separability(gaussian(0, 5, 3), torch.zeros(5, 1))
