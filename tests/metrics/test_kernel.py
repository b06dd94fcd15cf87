"""The kernel distance: the definition pair by pair, its freedom from bias, and its subsets."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from organza.errors import OrganzaError, UsageError
from organza.metrics import KernelDistance, kernel_distance, mean_discrepancy


def gaussian(seed, count, dim=8, mean=0.0):
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(seed)) + mean


def plainly(real, fake):
    def kernel(x, y):
        return ((x * y).sum().item() / len(x) + 1) ** 3

    def within(points):
        return [kernel(x, y) for i, x in enumerate(points) for j, y in enumerate(points) if i != j]

    def mean(values):
        return sum(values) / len(values)

    return mean(within(real)) + mean(within(fake)) - 2 * mean([kernel(x, y) for x in real for y in fake])


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31), st.integers(2, 6), st.integers(2, 6), st.integers(1, 4))
def test_it_is_the_definition(seed, count, others, dim):
    real, fake = gaussian(seed, count, dim).double(), gaussian(seed + 1, others, dim).double()
    assert mean_discrepancy(real, fake) == pytest.approx(plainly(real, fake), rel=1e-9, abs=1e-9)


def test_of_two_points_on_each_side_by_hand():
    """In one dimension: k(1, 2) = 27, k(0, 1) = 1; across: k(1, 0), k(1, 1), k(2, 0), k(2, 1) = 1, 8, 1, 27."""
    real, fake = torch.tensor([[1.0], [2.0]]), torch.tensor([[0.0], [1.0]])
    assert mean_discrepancy(real, fake) == pytest.approx(27 + 1 - 2 * 37 / 4, abs=1e-12)


def test_of_equal_distributions_it_is_zero_on_average_however_few_samples():
    values = torch.tensor([mean_discrepancy(gaussian(2 * s, 10), gaussian(2 * s + 1, 10)) for s in range(400)])
    assert abs(values.mean()) < 3 * values.std() / 20
    assert values.min() < 0 < values.max()


def test_it_grows_with_the_difference():
    values = [kernel_distance(gaussian(0, 300), gaussian(1, 300, mean=shift)).value for shift in (0, 0.5, 1, 2)]
    assert values == sorted(values)
    assert abs(values[0]) < 0.05 < values[1]


def test_subsets_average_to_the_whole_and_scatter():
    real, fake = gaussian(0, 400), gaussian(1, 300, mean=0.5)
    found = kernel_distance(real, fake, subsets=60, size=100, seed=3)
    whole = mean_discrepancy(real, fake)
    assert found.value == pytest.approx(whole, abs=4 * found.deviation / 60**0.5)
    assert 0 < found.deviation < whole
    assert found == kernel_distance(real, fake, subsets=60, size=100, seed=3)
    assert found != kernel_distance(real, fake, subsets=60, size=100, seed=4)


def test_of_fewer_samples_than_a_subset_takes_all_are_taken():
    real, fake = gaussian(0, 30), gaussian(1, 30)
    assert kernel_distance(real, fake) == KernelDistance(pytest.approx(mean_discrepancy(real, fake), rel=1e-9), 0)
    assert kernel_distance(real, fake[:20], subsets=5).deviation > 0  # which real ones, still varies


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(UsageError, match="at least 2 generated features, and got 1"):
        kernel_distance(gaussian(0, 5), gaussian(0, 1))
    with pytest.raises(OrganzaError, match="real features hold others"):
        kernel_distance(gaussian(0, 5) / 0, gaussian(0, 5))
    with pytest.raises(ValueError, match="8 and of 3 dimensions"):
        kernel_distance(gaussian(0, 5), gaussian(0, 5, 3))
    with pytest.raises(ValueError, match="0 subsets"):
        kernel_distance(gaussian(0, 5), gaussian(0, 5), subsets=0)
    with pytest.raises(ValueError, match="of 1 samples"):
        kernel_distance(gaussian(0, 5), gaussian(0, 5), size=1)
