"""Convolutions with cheap derivatives: equal to PyTorch's, and as many convolutions whatever the number of groups."""

from collections import Counter

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode

from organza.networks.second_order import GroupedConv2d, convolve


class Count(TorchDispatchMode):
    """Counts the kernels that are called."""

    def __init__(self):
        super().__init__()
        self.calls = Counter()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        self.calls[function.__name__.split(".")[0]] += 1
        return function(*args, **(kwargs or {}))


def example(groups, stride, seed, kernel=3):
    generator = torch.Generator().manual_seed(seed)
    kernel = 4 if stride == 2 else kernel
    shapes = ((2, 2 * groups, 8, 8), (3 * groups, 2, kernel, kernel), (3 * groups,))
    return [torch.randn(shape, generator=generator, dtype=torch.float64, requires_grad=True) for shape in shapes]


def derivatives(function, inputs):
    """Value, first derivatives, and the derivatives of the squared slope in the first input."""
    value = function(*inputs)
    first = torch.autograd.grad(value.pow(3).sum(), inputs, create_graph=True)
    second = torch.autograd.grad(sum(slope.square().sum() for slope in first), inputs)
    return value, *first, *second


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 4), st.sampled_from([1, 2]), st.integers(0, 2**16))
def test_derivatives_are_those_of_pytorch(groups, stride, seed):
    inputs = example(groups, stride, seed)
    ours = derivatives(lambda *values: convolve(*values, stride=stride, padding=1, groups=groups), inputs)
    theirs = derivatives(lambda *values: functional.conv2d(*values, stride, 1, groups=groups), inputs)
    torch.testing.assert_close(ours, theirs)


def test_derivatives_by_differences():
    inputs = [values.detach()[..., :4, :4].requires_grad_() for values in example(2, 1, 0)[:2]]

    def function(*values):
        return convolve(*values, padding=1, groups=2)

    assert torch.autograd.gradcheck(function, inputs)
    assert torch.autograd.gradgradcheck(function, inputs)


def convolutions_of_a_penalty(layer, groups):
    images = torch.randn(2, 2 * groups, 8, 8, requires_grad=True)
    (slope,) = torch.autograd.grad(layer(images).square().sum(), images, create_graph=True)
    with Count() as count:
        slope.square().sum().backward()
    return sum(calls for name, calls in count.calls.items() if "conv" in name)


def test_a_penalty_takes_as_many_convolutions_for_many_groups_as_for_one():
    ours = {
        groups: convolutions_of_a_penalty(GroupedConv2d(2 * groups, 2 * groups, 3, groups), groups) for groups in (1, 8)
    }
    assert ours[1] == ours[8] <= 5
    theirs = nn.Conv2d(16, 16, 3, padding=1, groups=8)
    assert convolutions_of_a_penalty(theirs, 8) > ours[8]  # for what else would be the use of it


def test_no_gradient_wanted():
    layer = GroupedConv2d(4, 6, 3, 2)
    images = torch.randn(2, 4, 8, 8)
    with torch.no_grad():
        assert torch.equal(layer(images), nn.Conv2d.forward(layer, images))


@pytest.mark.parametrize("biased", [True, False])
def test_mixed_precision(biased):
    layer, images = GroupedConv2d(4, 4, 3, 2), torch.randn(2, 4, 8, 8, requires_grad=True)
    layer.bias = layer.bias if biased else None
    with torch.autocast("cpu", torch.bfloat16):
        output = layer(images)
    assert output.dtype == torch.bfloat16
    (slope,) = torch.autograd.grad(output.float().square().sum(), images, create_graph=True)
    slope.square().sum().backward()
    assert slope.dtype == layer.weight.grad.dtype == torch.float32
    exact = functional.conv2d(images, layer.weight, layer.bias, padding=1, groups=2)
    torch.testing.assert_close(output.float(), exact, atol=0.05, rtol=0.05)
