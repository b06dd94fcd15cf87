"""Penalties against closed forms, finite differences, and the law that samples do not concern each other."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from organza.losses import PENALTIES
from organza.losses.penalties import R1, R1R2, R2, GradientPenalty, slope


def plane(samples):
    """D(x) = 3 x1 + 4 x2, of slope 5 everywhere."""
    return (samples.flatten(1) * torch.tensor([3.0, 4.0], dtype=samples.dtype)).sum(1)


def points(count, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, 2, 1, 1, generator=generator, dtype=torch.float64)


def mix(count, seed=2):
    return torch.rand(count, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@given(st.integers(0, 100), st.sampled_from(["sample", "batch"]), st.sampled_from(["two", "one"]))
def test_golden_gradient_penalty(seed, mixed, sides):
    penalty = GradientPenalty(10.0, penalty_mix=mixed, penalty_sides=sides)
    punished = penalty.punish(plane, points(6, seed), points(6, seed + 1), mix(6, seed))
    assert punished.term.item() == pytest.approx(160, abs=1e-8)
    assert punished.slope.item() == pytest.approx(5, abs=1e-8)


def test_golden_r1_and_r2():
    arguments = (plane, points(5), points(5, 1), mix(5))
    assert R1(10.0).punish(*arguments).term.item() == pytest.approx(125, abs=1e-8)
    assert R2(10.0).punish(*arguments).term.item() == pytest.approx(125, abs=1e-8)
    assert R1R2(10.0).punish(*arguments).term.item() == pytest.approx(250, abs=1e-8)


def test_the_two_axes_of_the_norm():
    real, fake = torch.randn(2, 3, 4, 4, dtype=torch.float64), torch.randn(2, 3, 4, 4, dtype=torch.float64)

    def total(samples):
        return samples.flatten(1).sum(1)

    for axis, expected in (("sample", (math.sqrt(48) - 1) ** 2), ("pixel", (math.sqrt(3) - 1) ** 2)):
        term = GradientPenalty(1.0, penalty_axis=axis).punish(total, real, fake, mix(2)).term
        assert term.item() == pytest.approx(expected, abs=1e-8)
    assert (math.sqrt(48) - 1) ** 2 == pytest.approx(35.14359354, abs=1e-8)
    assert (math.sqrt(3) - 1) ** 2 == pytest.approx(0.53589838, abs=1e-8)


@given(st.floats(0.1, 9))
def test_targets_and_sides(target):
    two = GradientPenalty(1.0, target).punish(plane, points(3), points(3, 1), mix(3)).term.item()
    one = GradientPenalty(1.0, target, penalty_sides="one").punish(plane, points(3), points(3, 1), mix(3)).term.item()
    assert two == pytest.approx((5 - target) ** 2, abs=1e-7)
    assert one == pytest.approx(max(5 - target, 0) ** 2, abs=1e-7)


def critic(norm):
    torch.manual_seed(1)
    layers = [nn.Conv2d(1, 6, 3, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(6, 6, 3, 2, 1)]
    layers += [norm] if norm else []
    return nn.Sequential(*layers, nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(24, 1)).double()


def batch_and_singles(network):
    """The penalty on a batch, and the mean of the penalties on its samples one by one."""
    generator = torch.Generator().manual_seed(3)
    real, fake = (torch.randn(4, 1, 8, 8, generator=generator, dtype=torch.float64) for _ in range(2))
    penalty, weights = GradientPenalty(10.0), mix(4)

    def term(chosen):
        return penalty.punish(network, real[chosen], fake[chosen], weights[chosen]).term.item()

    return term(slice(None)), sum(term(slice(index, index + 1)) for index in range(4)) / 4


@pytest.mark.parametrize("norm", [None, nn.GroupNorm(1, 6), nn.InstanceNorm2d(6, affine=True)])
def test_the_penalty_does_not_depend_on_the_rest_of_the_batch(norm):
    together, apart = batch_and_singles(critic(norm))
    assert together == pytest.approx(apart, abs=1e-6)


def test_batch_normalisation_couples_the_samples():
    """Negative control, and the reason why organza refuses the combination."""
    together, apart = batch_and_singles(critic(nn.BatchNorm2d(6)))
    assert together != pytest.approx(apart, rel=1e-2)


@settings(max_examples=5, deadline=None)
@given(st.sampled_from(sorted(set(PENALTIES) - {"none"})), st.integers(0, 9))
def test_the_second_derivative_agrees_with_finite_differences(name, seed):
    torch.manual_seed(seed)
    network = nn.Sequential(nn.Flatten(), nn.Linear(2, 5), nn.Softplus(), nn.Linear(5, 1)).double()
    real, fake, weights, penalty = points(4, seed), points(4, seed + 1), mix(4), PENALTIES[name]()

    def term():
        return penalty.punish(network, real, fake, weights).term

    weight = network[1].weight
    (gradient,) = torch.autograd.grad(term(), weight)
    step = 1e-5
    for position in ((0, 0), (3, 1)):
        with torch.no_grad():
            weight[position] += step
        above = term().item()
        with torch.no_grad():
            weight[position] -= 2 * step
        below = term().item()
        with torch.no_grad():
            weight[position] += step
        assert gradient[position].item() == pytest.approx((above - below) / (2 * step), rel=1e-4, abs=1e-6)


def test_a_flat_critic_has_a_gradient_all_the_same():
    """The norm's own slope is not a number at 0; the penalty's must be."""
    network = nn.Sequential(nn.Flatten(), nn.Linear(2, 1)).double()
    nn.init.zeros_(network[1].weight)
    GradientPenalty().punish(network, points(3), points(3, 1), mix(3)).term.backward()
    assert network[1].weight.grad.isfinite().all()
    assert slope(network, points(3)).detach().max() < 1e-5


def test_no_penalty_is_nothing():
    punished = PENALTIES["none"]().punish(plane, points(3), points(3), mix(3))
    assert punished.term.item() == 0
    assert not PENALTIES["none"]().active
    assert not GradientPenalty(0.0).active
