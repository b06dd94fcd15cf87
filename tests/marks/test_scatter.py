"""The picture of the plane: every layer lies where it should, and no colour is misread."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from organza.marks import positions, scatter
from organza.marks.plane import CELLS, EDGE, GENERATED, GROUND, REAL, SIDE, TINTS, colours

NOTHING = np.empty((0, 2), np.float32)


def pixel(x, y, extent=4.5):
    """Row and column of a place."""
    return int((1 - y / extent) * SIDE / 2), int((1 + x / extent) * SIDE / 2)


def points(*places):
    return np.array(places, np.float32).reshape(-1, 2)


def is_ground(picture):
    return (picture == GROUND).all(-1)


@settings(max_examples=25)
@given(st.floats(-4.3, 4.3), st.floats(-4.3, 4.3))
def test_a_point_is_drawn_where_it_is_and_nowhere_else(x, y):
    picture = scatter(points((x, y)))
    touched = np.argwhere(~is_ground(picture))
    assert np.abs(touched - pixel(x, y)).max() <= 2
    assert np.abs(touched.mean(0) - pixel(x, y)).max() <= 1


def test_points_far_outside_stay_in_sight_and_those_that_are_no_numbers_are_left_out():
    edge = np.argwhere(~is_ground(scatter(points((1e30, 0.0)))))
    assert edge[:, 1].min() >= SIDE - 5
    assert is_ground(scatter(points((np.nan, 0.0), (0.0, np.inf)))).all()
    assert is_ground(scatter(NOTHING)).all()


def test_the_extent_is_the_edge_of_the_picture():
    row, column = np.argwhere(~is_ground(scatter(points((1.0, 0.5)), extent=2.0))).mean(0)
    assert (row, column) == pytest.approx(pixel(1.0, 0.5, 2.0), abs=1)


def test_generated_points_lie_over_real_ones_and_leave_them_in_sight():
    both, real = scatter(points((0, 0)), points((0, 0))), scatter(NOTHING, points((0, 0)))
    middle, beside = (SIDE // 2, SIDE // 2), (SIDE // 2, SIDE // 2 + 3)
    assert np.abs(both[middle] - np.array(GENERATED, int)).max() < 20
    assert np.array_equal(both[beside], real[beside])
    assert not is_ground(real)[beside]


def test_crowded_real_points_are_no_less_faint_than_one():
    assert scatter(NOTHING, np.zeros((500, 2), np.float32)).max() <= max(REAL)
    assert np.array_equal(scatter(NOTHING, np.zeros((500, 2), np.float32)), scatter(NOTHING, points((0, 0))))


def test_the_surface_is_drawn_where_it_was_asked_for():
    """A surface that is the sign of x, or of y, is blue on that side and brown on the other, whatever the layout."""
    where = positions().reshape(CELLS, CELLS, 2)
    for axis, blue, brown in ((0, (3, 1), (-3, 1)), (1, (1, 3), (1, -3))):
        picture = scatter(NOTHING, surface=np.sign(where[..., axis]))
        assert tuple(picture[pixel(*blue)]) == TINTS[-1][1]
        assert tuple(picture[pixel(*brown)]) == TINTS[0][1]
        assert (picture == EDGE).all(-1).any()


def test_an_undecided_surface_is_the_ground():
    assert is_ground(scatter(NOTHING, surface=np.zeros((CELLS, CELLS), np.float32))).all()


@given(st.integers(1, 60), st.floats(0.1, 100))
def test_positions_are_the_middles_of_equal_cells(cells, extent):
    found = positions(cells, extent).reshape(cells, cells, 2)
    assert np.abs(found).max() <= extent * (1 - 1 / cells) + 1e-4 * extent
    assert np.allclose(found.mean((0, 1)), 0, atol=1e-4 * extent)
    assert (np.diff(found[:, :, 0], axis=1) > 0).all()
    assert (np.diff(found[:, :, 1], axis=0) < 0).all()


def luminance(colour):
    """Relative luminance as of WCAG 2, from 0 to 1."""
    part = np.asarray(colour) / 255
    return (np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4) * [0.2126, 0.7152, 0.0722]).sum(-1)


def test_colours_can_be_told_apart_without_red_and_green():
    """The surer the lighter, alike on both sides; brown and blue differ most in blue, which nearly everybody sees."""
    tints = np.linspace(-1, 1, 41)
    painted = colours(tints).astype(int)
    light = luminance(painted)
    assert (np.diff(light[20:]) > 0).all()
    assert (np.diff(light[:21]) < 0).all()
    assert light[0] == pytest.approx(light[-1], abs=0.05)
    sure = np.abs(tints) > 0.3
    assert ((painted[:, 2] > painted[:, 0]) == (tints > 0))[sure].all()
    assert painted[-1, 2] - painted[0, 2] > 100


@pytest.mark.parametrize("layers", [{"points": points((0, 0))}, {"points": NOTHING, "real": points((0, 0))}])
@pytest.mark.parametrize("tint", np.linspace(-1, 1, 9))
def test_dots_stand_out_from_every_tint(layers, tint):
    """As painted, with a contrast of 3 to 1, which WCAG 2.2 asks of graphics (1.4.11)."""
    picture = scatter(**layers, surface=np.full((CELLS, CELLS), tint, np.float32))
    dot, background = luminance(picture[SIDE // 2, SIDE // 2]), luminance(picture[5, 5])
    assert (dot + 0.05) / (background + 0.05) >= 3
