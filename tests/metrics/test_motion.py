"""Pictures moved by optical flow, and where it is to be trusted."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from organza.errors import UsageError
from organza.metrics import valid, warp, warp_error


def picture(seed=0, height=12, width=15, count=1):
    return torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def constant(down, right, like):
    flow = torch.zeros(len(like), 2, *like.shape[2:], dtype=like.dtype)
    flow[:, 0], flow[:, 1] = down, right
    return flow


def test_no_flow_changes_nothing():
    pictures = picture(count=2)
    assert torch.allclose(warp(pictures, constant(0, 0, pictures)), pictures, atol=1e-12)


@settings(max_examples=30)
@given(st.integers(-3, 3), st.integers(-3, 3))
def test_a_whole_number_of_pixels_is_a_shift_and_edges_go_on(down, right):
    given_one = picture()
    rows = (torch.arange(12) + down).clamp(0, 11)
    columns = (torch.arange(15) + right).clamp(0, 14)
    expected = given_one[:, :, rows][..., columns]
    assert torch.allclose(warp(given_one, constant(down, right, given_one)), expected, atol=1e-12)


def test_half_a_pixel_is_the_mean_of_two():
    given_one = picture()
    found = warp(given_one, constant(0, 0.5, given_one))[..., :-1]
    assert torch.allclose(found, (given_one[..., :-1] + given_one[..., 1:]) / 2)


def test_warping_has_a_gradient():
    pictures = picture().requires_grad_()
    warp(pictures, constant(1, 0, pictures)).sum().backward()
    times = torch.ones(
        12, dtype=torch.float64
    )  # that each row is taken: the first never, the last for what lies beyond it, too
    times[0], times[-1] = 0, 2
    assert torch.allclose(pictures.grad, times.view(1, 1, -1, 1).expand_as(pictures))


def test_flows_that_lead_back_are_trusted_within_the_picture():
    before = picture()
    forward, backward = constant(2, 3, before), constant(-2, -3, before)
    found = valid(forward, backward)[0, 0]
    assert found[2:, 3:].all()
    assert not found[:2].any()  # comes from beyond the edge
    assert not found[:, :3].any()
    assert not valid(forward, forward).any()


def test_what_was_hidden_is_not_trusted():
    """A square moves by 4 over a ground that stays: where it has been, the ground was hidden, and flows do not meet."""
    ground = picture(height=20, width=24)
    forward, backward = constant(0, 0, ground), constant(0, 0, ground)
    forward[:, 1, 6:14, 4:12] = 4
    backward[:, 1, 6:14, 8:16] = -4
    found = valid(forward, backward)[0, 0]
    hidden = torch.zeros(20, 24, dtype=torch.bool)
    hidden[6:14, 4:8] = True
    assert torch.equal(~found, hidden)


def test_what_only_moves_has_no_error():
    whole = picture(width=20)
    before, after = whole[..., 2:17], whole[..., :15]  # moves to the right by 2
    forward, backward = constant(0, 2, before), constant(0, -2, before)
    trusted = valid(forward, backward)
    assert warp_error(before, after, backward, trusted) == pytest.approx(0, abs=1e-12)
    assert warp_error(before, after + 0.25, backward, trusted) == pytest.approx(0.25)
    assert warp_error(before, after, constant(0, 0, before), trusted) > 0.2


def test_only_what_is_valid_counts():
    before = picture()
    after, trusted = before.clone(), torch.ones(1, 1, 12, 15, dtype=torch.bool)
    after[..., :5, :] = 9
    trusted[..., :5, :] = False
    assert warp_error(before, after, constant(0, 0, before), trusted) == pytest.approx(0, abs=1e-12)
    with pytest.raises(UsageError, match="nothing in these two frames can be followed"):
        warp_error(before, after, constant(0, 0, before), torch.zeros_like(trusted))


def test_shapes_must_fit():
    with pytest.raises(ValueError, match="flow of shape"):
        warp(picture(), torch.zeros(1, 2, 12, 14))
    with pytest.raises(ValueError, match="valid pixels of"):
        warp_error(picture(), picture(), constant(0, 0, picture()), torch.ones(1, 12, 15, dtype=torch.bool))
