"""Tiles that cover a picture, blend into one another, and lie in the same phase as the whole."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from organza.tools.pictures.networks import patches, spread
from organza.tools.pictures.tiles import OVERLAP, as_floats, as_pixels, axis, grid, put_together

sides = st.integers(1, 60)
multiples = st.sampled_from([1, 2, 4, 8, 32])


@given(sides, st.integers(2, 20), multiples, st.integers(0, 80))
def test_weights_add_up_to_one_everywhere(units, tile_units, multiple, overlap):
    side, tile = units * multiple, tile_units * multiple
    found = axis(side, tile, multiple, overlap)
    total = torch.zeros(side)
    for index, start in enumerate(found.starts):
        assert start % multiple == 0
        total[start : start + found.tile] += found.weights(index)
    torch.testing.assert_close(total, torch.ones(side))
    assert found.starts[-1] + found.tile == side


@given(sides, st.integers(2, 20), multiples, st.integers(0, 80))
def test_cores_cover_the_side_once(units, tile_units, multiple, overlap):
    found = axis(units * multiple, tile_units * multiple, multiple, overlap)
    places = [
        place
        for start, (first, last) in zip(found.starts, found.cores(), strict=True)
        for place in range(start + first, start + last)
    ]
    assert places == list(range(found.side))
    assert all(0 <= first <= last <= found.tile for first, last in found.cores())


@given(sides, st.integers(0, 20), multiples)
def test_neighbours_share_the_overlap_where_there_is_room(units, more, multiple):
    tile = (-(-2 * OVERLAP // multiple) + more) * multiple  # at least twice the overlap
    found = axis(units * multiple, tile, multiple)
    shared = [start + tile - following for start, following in zip(found.starts, found.starts[1:], strict=False)]
    assert all(pixels >= OVERLAP for pixels in shared)


@given(st.integers(1, 90), st.integers(1, 90), st.integers(2, 8), st.sampled_from([1, 4]), st.integers(1, 3))
def test_tiles_of_a_picture_give_the_picture(height, width, tile_units, multiple, scale):
    pixels = np.random.default_rng(height).integers(0, 256, (height, width, 3), np.uint8)
    padded = np.pad(pixels, ((0, -height % multiple), (0, -width % multiple), (0, 0)))
    tiles = grid(padded.shape[0], padded.shape[1], tile_units * multiple * 2, multiple, 6)

    def made(top, left):
        part = as_floats(padded[top : top + tiles.rows.tile, left : left + tiles.columns.tile])[0]
        return part.repeat_interleave(scale, 1).repeat_interleave(scale, 2)

    found = put_together(tiles, made, height, width, scale)
    assert np.array_equal(found, pixels.repeat(scale, 0).repeat(scale, 1))


def test_borders_of_tiles_are_thrown_away():
    tiles = grid(64, 200, 96, 1, 48)

    def spoilt(top, left):
        tile = torch.zeros(1, *tiles.tile)
        tile[..., :10] = tile[..., -10:] = 1.0  # the outermost ten columns of every tile are wrong
        if left == 0:
            tile[..., :10] = 0
        if left + tiles.columns.tile == 200:
            tile[..., -10:] = 0
        return tile

    assert put_together(tiles, spoilt, 64, 200, 1).max() == 128


def test_every_byte_survives_floats():
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16, 1)
    assert np.array_equal(as_pixels(as_floats(pixels)[0]), pixels)


@given(st.integers(130, 1500), st.integers(130, 1500), st.integers(1, 60))
def test_patches_are_spread_evenly_and_not_too_many(height, width, most):
    height, width = -(-height // 4) * 4, -(-width // 4) * 4
    rows, columns = spread(height, width, 128, 4, most)
    found = list(patches(rows, columns))
    assert 1 <= len(found) <= most
    for top, left, core in found:
        assert 0 <= top <= height - rows.tile
        assert 0 <= left <= width - columns.tile
        assert top % 4 == left % 4 == 0
        assert 0 <= core.top < core.bottom <= rows.tile
        assert 0 <= core.left < core.right <= columns.tile


@pytest.mark.parametrize("most", [4, 9, 16])
def test_patches_lie_in_every_part(most):
    rows, columns = spread(2000, 2000, 128, 4, most)
    parts = {(top * 2 // 2000, left * 2 // 2000) for top, left, _ in patches(rows, columns)}
    assert len(parts) == 4
