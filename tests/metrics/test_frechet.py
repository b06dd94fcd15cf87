"""The Fréchet distance against closed forms, the golden number, and the laws of a distance."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from organza.errors import OrganzaError, UsageError
from organza.metrics import frechet_distance, frechet_from_statistics

SEEDS = st.integers(0, 2**31)


def draw(seed, count=200, dim=5):
    """Correlated Gaussian features, float64 [count, dim], with a mean of their own."""
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.randn(dim, dim, generator=generator, dtype=torch.float64)
    offset = torch.randn(dim, generator=generator, dtype=torch.float64)
    return torch.randn(count, dim, generator=generator, dtype=torch.float64) @ mixing + offset


def eye(dim, scale=1.0):
    return scale * torch.eye(dim, dtype=torch.float64)


def test_golden_number():
    rng = np.random.default_rng(0)
    real = torch.from_numpy(rng.normal(size=(500, 4)))
    fake = torch.from_numpy(rng.normal(size=(500, 4)) * 1.5 + 0.3)
    assert frechet_distance(real, fake) == pytest.approx(1.44246033, abs=1e-8)


def test_of_shifted_gaussians_it_is_the_squared_shift():
    mean, shifted = torch.zeros(4), torch.ones(4)  # |shift| = 2
    assert frechet_from_statistics(mean, eye(4), shifted, eye(4)) == pytest.approx(4, abs=1e-12)


def test_of_scaled_gaussians_it_is_the_squared_difference_of_deviations():
    mean = torch.zeros(3)
    assert frechet_from_statistics(mean, eye(3), mean, eye(3, 4.0)) == pytest.approx(3, abs=1e-12)


@given(st.lists(st.tuples(*[st.floats(0, 10)] * 2, *[st.floats(-5, 5)] * 2), min_size=1, max_size=6))
def test_of_independent_dimensions_it_is_the_sum_over_them(dimensions):
    columns = torch.tensor(dimensions, dtype=torch.float64).T
    deviation_a, deviation_b, mean_a, mean_b = columns
    expected = ((mean_a - mean_b) ** 2 + (deviation_a - deviation_b) ** 2).sum().item()
    distance = frechet_from_statistics(mean_a, torch.diag(deviation_a**2), mean_b, torch.diag(deviation_b**2))
    assert distance == pytest.approx(expected, abs=1e-6)


@settings(max_examples=20)
@given(SEEDS, SEEDS)
def test_it_is_symmetric_and_zero_of_itself_alone(one, other):
    a, b = draw(one), draw(other + 1)
    assert frechet_distance(a, b) == pytest.approx(frechet_distance(b, a), rel=1e-9, abs=1e-9)
    assert 0 <= frechet_distance(a, a) < 1e-6
    assert frechet_distance(a, a + 0.1) > 1e-3


@settings(max_examples=20)
@given(SEEDS)
def test_a_rotation_of_both_changes_nothing_and_of_one_does(seed):
    a, b = draw(seed), draw(seed + 1)
    generator = torch.Generator().manual_seed(seed)
    rotation = torch.linalg.qr(torch.randn(5, 5, generator=generator, dtype=torch.float64)).Q
    assert frechet_distance(a @ rotation, b @ rotation) == pytest.approx(frechet_distance(a, b), abs=1e-6)
    assert frechet_distance(a @ rotation, a) > 1e-3


@pytest.mark.parametrize("seed", range(3))
def test_noise_that_is_added_makes_it_grow(seed):
    real = draw(seed, count=2000)
    noise = torch.randn(real.shape, generator=torch.Generator().manual_seed(seed + 100), dtype=torch.float64)
    distances = [frechet_distance(real, real + level * noise) for level in (0, 0.25, 0.5, 1, 2, 4)]
    assert distances == sorted(distances)
    assert distances[-1] > distances[1] > distances[0]


def test_fewer_samples_than_dimensions_give_a_real_number():
    a, b = torch.randn(10, 64), torch.randn(10, 64)
    assert 0 < frechet_distance(a, b) < float("inf")
    assert frechet_distance(a, a) < 1e-5  # the root of rounding, in 54 directions without spread


def test_float32_features_are_computed_in_float64():
    a, b = draw(0), draw(1)
    far = torch.tensor(3000.0)
    expected = frechet_distance(a, b)
    assert frechet_distance((a + far).float(), (b + far).float()) == pytest.approx(expected, rel=1e-3)


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(UsageError, match="at least 2 generated features, and got 1"):
        frechet_distance(torch.randn(5, 3), torch.randn(1, 3))
    with pytest.raises(OrganzaError, match="real features hold others"):
        frechet_distance(torch.tensor([[0.0], [float("nan")]]), torch.randn(5, 1))
    with pytest.raises(ValueError, match="3 and of 4 dimensions"):
        frechet_distance(torch.randn(5, 3), torch.randn(5, 4))
    with pytest.raises(ValueError, match="must be"):
        frechet_distance(torch.randn(5), torch.randn(5))
