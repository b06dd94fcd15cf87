"""Normalisations under statistics of their own, measured, and held fixed: and everything as before afterwards."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from organza.networks.statistics import (
    Core,
    Counted,
    Moments,
    Tally,
    counted,
    fixed,
    measured,
    normalisations,
    own_statistics,
    with_dropout,
)


def batch_with_activation(width):
    timm = pytest.importorskip("timm")
    return timm.layers.BatchNormAct2d(width)


NORMS = {
    "instance": nn.InstanceNorm2d,
    "instance-running": lambda width: nn.InstanceNorm2d(width, affine=True, track_running_stats=True),
    "batch": nn.BatchNorm2d,
    "batch-plain": lambda width: nn.BatchNorm2d(width, affine=False),
    "batch-cumulative": lambda width: nn.BatchNorm2d(width, momentum=None),
    "timm": batch_with_activation,
}


def network(norm, dropout=0.0):
    """With running statistics that fit nothing, so that it shows whether they are used."""
    torch.manual_seed(0)
    made = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), NORMS[norm](4), nn.ReLU(), nn.Dropout(dropout),
        nn.Conv2d(4, 5, 2, 2), NORMS[norm](5), nn.Conv2d(5, 3, 1),
    )  # fmt: skip
    for name, buffer in made.named_buffers():
        if name.endswith("running_mean"):
            buffer.normal_()
    return made.eval().requires_grad_(False)


def state(made):
    return {name: tensor.clone() for name, tensor in made.state_dict().items()}, [
        (module.training, getattr(module, "track_running_stats", None)) for module in made.modules()
    ]


def unchanged(made, before):
    tensors, modes = state(made)
    return modes == before[1] and all(torch.equal(tensors[name], tensor) for name, tensor in before[0].items())


PICTURE = torch.randn(2, 3, 12, 16, generator=torch.Generator().manual_seed(1)) + 1


@pytest.mark.parametrize("norm", NORMS)
def test_own_statistics_are_those_of_training_and_nothing_is_updated(norm):
    made = network(norm)
    before = state(made)
    with own_statistics(made):
        found = made(PICTURE)
    assert unchanged(made, before)
    trained = network(norm).train()
    torch.testing.assert_close(found, trained(PICTURE))
    if norm != "instance":
        assert (made(PICTURE) - found).abs().max() > 0.1


@pytest.mark.parametrize("norm", NORMS)
def test_measured_and_fixed_statistics_give_what_own_statistics_give(norm):
    made, one = network(norm), PICTURE[:1]
    before = state(made)
    with own_statistics(made):
        wanted = made(one)
    with measured(made, own=True) as found:
        torch.testing.assert_close(made(one), wanted, atol=1e-5, rtol=1e-5)
    assert list(found) == ["1", "5"]
    with fixed(made, found):
        torch.testing.assert_close(made(one), wanted, atol=1e-5, rtol=1e-5)
        # The statistics are those of the picture, whatever comes through.
        top = made(one[..., :6, :])
    torch.testing.assert_close(top[..., :2, :], wanted[..., :2, :], atol=1e-5, rtol=1e-5)
    assert unchanged(made, before)


def test_patches_are_measured_jointly():
    made = network("instance")
    with measured(made) as joint:
        made(PICTURE)
    by_hand = made[0](PICTURE)
    variance, mean = torch.var_mean(by_hand, (0, 2, 3), correction=0)
    torch.testing.assert_close(joint["1"].mean, mean)
    torch.testing.assert_close(joint["1"].variance, variance)


def test_without_own_only_normalisations_that_look_at_their_input_are_measured():
    assert list(normalisations(network("instance"))) == ["1", "5"]
    assert list(normalisations(network("batch"))) == []
    assert list(normalisations(network("instance-running"))) == []
    assert list(normalisations(network("batch"), own=True)) == ["1", "5"]
    made = network("batch")
    with measured(made) as found:
        assert torch.equal(made(PICTURE), network("batch")(PICTURE))
    assert found == {}


@pytest.mark.parametrize("around", [own_statistics, with_dropout, measured, lambda made: fixed(made, {})])
def test_an_exception_puts_everything_back(around):
    made = network("timm", dropout=0.5)
    before = state(made)
    hooks = [len(module._forward_pre_hooks) for module in made.modules()]

    def fail():
        with around(made):
            made(PICTURE)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert unchanged(made, before)
    assert [len(module._forward_pre_hooks) for module in made.modules()] == hooks


def test_a_pass_that_fails_within_the_network_puts_everything_back():
    made = network("instance")
    before = state(made)
    with pytest.raises(RuntimeError), measured(made):
        made(torch.zeros(1, 7, 8, 8))
    assert unchanged(made, before)


def test_dropout_goes_on_only_within_the_block():
    made = network("batch", dropout=0.5)
    calm = made(PICTURE)
    with with_dropout(made):
        assert not torch.equal(made(PICTURE), calm)
        assert not made[1].training
    assert torch.equal(made(PICTURE), calm)


def test_a_layer_that_is_met_twice_is_refused():
    norm = nn.InstanceNorm2d(3)
    made = nn.Sequential(norm, nn.ReLU(), norm).eval()
    with pytest.raises(ValueError, match="used twice"), measured(made):
        made(PICTURE)


def test_the_first_normalisation_is_counted_over_parts_as_over_the_whole():
    made = network("instance")
    with measured(made) as whole:
        made(PICTURE)
    tally = Tally((12, 8), ())
    for left in (0, 8):
        # A rim of 4 pixels around, which only gives the convolution its surroundings.
        begin = max(0, left - 4)
        part = PICTURE[..., begin : left + 12]
        tally.patch, start = (12, part.shape[-1]), left - begin
        tally.cores = [Core(0, 12, start, start + 8)] * 2
        with pytest.raises(Counted), fixed(made, {}), counted(made, "1", tally):
            made(part)
    torch.testing.assert_close(tally.moments.mean, whole["1"].mean)
    torch.testing.assert_close(tally.moments.variance, whole["1"].variance)
    with pytest.raises(ValueError, match="nothing"):
        _ = Tally((1, 1), ()).moments


def test_known_statistics_are_used_and_not_measured():
    made = network("instance")
    known = {"1": Moments(torch.full((4,), 0.3), torch.full((4,), 2.0))}
    with measured(made, known=known) as found:
        made(PICTURE)
    assert torch.equal(found["1"].mean, known["1"].mean)
    with fixed(made, known):
        by_hand = made[4](made[2](made[1](made[0](PICTURE))))
    torch.testing.assert_close(found["5"].mean, by_hand.mean((0, 2, 3)))


@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 3))
def test_sums_of_cores_are_moments_of_what_they_cover(height, width, count):
    values = torch.randn(count, 2, height, width, generator=torch.Generator().manual_seed(height * 10 + width))
    norm = nn.Sequential(nn.InstanceNorm2d(2)).eval()
    cores = [Core(0, height, 0, width)] * count
    with measured(norm, tally=Tally((height, width), cores)) as found:
        norm(values)
    variance, mean = torch.var_mean(values, (0, 2, 3), correction=0)
    torch.testing.assert_close(found["0"].mean, mean)
    torch.testing.assert_close(found["0"].variance, variance, atol=1e-6, rtol=1e-4)
