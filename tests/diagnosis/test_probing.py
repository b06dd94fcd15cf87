"""What a few samples say: closed forms, and laws that hold for all samples."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from organza.diagnosis import probing
from organza.diagnosis.probing import Spread, likeness


def normal(count, dim=3, seed=0):
    return torch.randn(count, dim, generator=torch.Generator().manual_seed(seed))


def compared(real, fake):
    return likeness(Spread.of(real), Spread.of(fake))


def test_the_spread_of_a_square():
    """Sides 1, diagonals root 2, and one point twice: each other point's nearest is at 1."""
    spread = Spread.of(torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0]]))
    pairs = [1, 1, math.sqrt(2), 0, math.sqrt(2), 1, 1, 1, 1, math.sqrt(2)]
    assert spread.mean == pytest.approx(sum(pairs) / 10)
    assert spread.nearest.tolist() == [0, 1, 1, 1, 0]


def test_the_same_law_is_alike_and_another_is_not():
    alike, shifted = compared(normal(400), normal(400, seed=1)), compared(normal(400), normal(400, seed=1) + 5)
    assert alike.diversity == pytest.approx(1, abs=0.1)
    assert abs(alike.energy) < 0.02
    assert alike.precision > 0.8
    assert alike.recall > 0.8
    assert shifted.energy > 1
    assert (shifted.precision, shifted.recall) == (0, 0)


def test_one_point_again_and_again():
    real = normal(200)
    collapsed = compared(real, real[:1].expand(200, 3))
    assert (collapsed.diversity, collapsed.duplicates, collapsed.precision) == (0, 1, 1)
    assert collapsed.recall <= 0.02


@given(st.floats(0.01, 100), st.integers(0, 5))
def test_no_scale_of_the_vectors_matters(scale, seed):
    real, fake = normal(50), normal(50, seed=seed + 1) * 0.5
    one, other = compared(real, fake), compared(real * scale, fake * scale)
    assert one.diversity == pytest.approx(other.diversity, rel=1e-4)
    assert one.energy == pytest.approx(other.energy, rel=1e-3, abs=1e-4)


def test_pictures_are_compared_as_a_glance_sees_them():
    pictures = torch.rand(5, 3, 64, 48)
    assert probing.glance(pictures).shape == (5, 3 * 16 * 16)
    assert probing.glance(torch.rand(5, 2, 1, 1)).shape == (5, 2)
    assert torch.allclose(probing.glance(torch.full((1, 1, 32, 32), 0.3)), torch.tensor(0.3))


def test_saturation_and_contrast():
    pictures = torch.tensor([-1.0, 1.0, 0.0, 0.5]).view(1, 1, 2, 2)
    assert probing.saturated_share(pictures) == 0.5
    assert probing.contrast(torch.full((3, 1, 4, 4), 0.7)) == 0
    assert probing.contrast(torch.tensor([-1.0, 1.0]).view(1, 1, 1, 2)) == 1


@pytest.mark.parametrize("axis", ["rows", "columns", "both"])
def test_a_chessboard_stands_out_of_noise_and_of_smooth_pictures(axis):
    row, column = torch.arange(28)[:, None], torch.arange(28)[None, :]
    place = {"rows": row + 0 * column, "columns": column + 0 * row, "both": row + column}[axis]
    pattern = 0.1 * (1 - 2 * (place % 2))
    noise = 0.2 * torch.randn(64, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    smooth = torch.nn.functional.avg_pool2d(noise, 5, 1, 2)
    for pictures in (noise, smooth):
        assert probing.checkerboard(pictures) < 4
        assert probing.checkerboard(pictures + pattern) > 50


def test_an_odd_size_is_no_hindrance():
    assert probing.checkerboard(torch.rand(4, 3, 9, 7)) > 0


def test_clusters_find_what_lies_apart_whatever_the_order():
    centres = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])
    points = centres.repeat_interleave(30, 0) + 0.1 * normal(90, 2)
    found = probing.cluster(points[torch.randperm(90, generator=torch.Generator().manual_seed(3))], 3)
    assert torch.cdist(centres, found).min(1).values.max() < 0.2
    shares = probing.shares_of(probing.nearest_centre(points, found), 3)
    assert shares.tolist() == pytest.approx([1 / 3] * 3)
