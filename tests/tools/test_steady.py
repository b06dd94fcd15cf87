"""Frames held to each other: what flickers is damped, what has moved or was hidden is left alone."""

import pytest
import torch

from organza.metrics.motion import warp_error
from organza.tools.pictures.flow import both_ways
from organza.tools.pictures.steady import Steadied, larger


def scene(side=96, seed=0):
    coarse = torch.rand(1, 3, side // 4, side // 4, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.interpolate(coarse, (side, side), mode="bicubic").clamp(0, 1) * 2 - 1


def moving(count=4, step=2, side=64):
    wide = scene(side + 32)
    return [wide[..., 8 : 8 + side, 8 + step * index : 8 + step * index + side] for index in range(count)]


def errors(frames, made):
    found = []
    for index in range(1, len(frames)):
        flow, valid = both_ways(frames[index - 1], frames[index])
        found.append(warp_error(made[index - 1], made[index], flow, valid))
    return sum(found) / len(found)


def test_flicker_is_damped_and_motion_is_kept():
    frames = moving()
    generator = torch.Generator().manual_seed(0)
    flickering = [frame + 0.2 * torch.randn(1, 1, 1, 1, generator=generator) for frame in frames]
    steadied = Steadied(2.0)
    held = [steadied(frame, made) for frame, made in zip(frames, flickering, strict=True)]
    assert errors(frames, held) < 0.5 * errors(frames, flickering)
    # The control: what does not flicker stays nearly as it is, although everything moves.
    steadied = Steadied(2.0)
    again = [steadied(frame, frame) for frame in frames]
    assert max(float((a - b).abs().mean()) for a, b in zip(again, frames, strict=True)) < 0.05


def test_a_cut_is_left_alone():
    first, second = scene(64, 0), scene(64, 1)
    steadied = Steadied(5.0)
    steadied(first, first)
    changed = (steadied(second, second) - second).abs().mean(1)
    assert float((changed > 0.1).float().mean()) < 0.2


def test_without_weight_nothing_is_done():
    made = torch.rand(1, 3, 16, 16)
    steadied = Steadied(0.0)
    assert steadied(made, made) is made
    assert steadied(made, made) is made


def test_a_flow_grows_with_the_frame():
    flow = torch.ones(1, 2, 4, 8)
    grown = larger(flow, (8, 24))
    assert grown.shape == (1, 2, 8, 24)
    assert grown[0, 0].unique().tolist() == pytest.approx([2.0])
    assert grown[0, 1].unique().tolist() == pytest.approx([3.0])
