"""Where the tiles of a large picture lie, and how they are put together so that nobody sees them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from organza.networks.statistics import Core

Pixels = NDArray[np.uint8]

OVERLAP = 64
"""Pixels that neighbouring tiles share at least: the outer ones are thrown away, in the middle one becomes the other."""
RAMP = 16
"""Pixels within which one becomes the other. The fewer, the more of the tiles' borders, where they differ, is thrown away."""


class Zone(NamedTuple):
    """Where one tile becomes the next, along one side of the picture."""

    first: int
    last: int


@dataclass(frozen=True)
class Axis:
    """Tiles along one side of a picture.

    Attributes:
        side: Pixels of the side, padded.
        tile: Pixels of each tile.
        starts: Where they begin.
        zones: Between each two neighbours.
    """

    side: int
    tile: int
    starts: tuple[int, ...]
    zones: tuple[Zone, ...]

    def weights(self, index: int) -> Tensor:
        """How much each pixel of a tile counts, float32 [tile]; those of all tiles add up to 1 at every place."""
        places = torch.arange(self.tile) + self.starts[index] + 0.5
        weights = torch.ones(self.tile)
        if index > 0:
            weights = weights * _risen(self.zones[index - 1], places)
        if index < len(self.zones):
            weights = weights * (1 - _risen(self.zones[index], places))
        return weights

    def cores(self) -> list[tuple[int, int]]:
        """The part of each tile, in its own pixels, that belongs to no other: together they are the whole side."""
        borders = [0, *((zone.first + zone.last) // 2 for zone in self.zones), self.side]
        return [(a - start, b - start) for (a, b), start in zip(pairwise(borders), self.starts, strict=True)]


def _risen(zone: Zone, places: Tensor) -> Tensor:
    """From 0 to 1 across a zone, along half a cosine."""
    if zone.first == zone.last:
        return (places > zone.first).float()
    share = ((places - zone.first) / (zone.last - zone.first)).clamp(0, 1)
    return (1 - torch.cos(math.pi * share)) / 2


def axis(side: int, tile: int, multiple: int = 1, overlap: int = OVERLAP) -> Axis:
    """Tiles as evenly spaced as `multiple` allows.

    Args:
        side: Divisible by `multiple`.
        tile: Also; where it is not above `multiple`, neighbours may share nothing.
        multiple: Tiles begin at its multiples, so that layers that reduce the picture meet it in the same phase.
        overlap: Pixels that neighbours share at least, but no more than half a tile.
    """
    if side <= tile:
        return Axis(side, side, (0,), ())
    stride = max(1, (tile - min(overlap, tile // 2)) // multiple)
    units = (side - tile) // multiple
    gaps = math.ceil(units / stride)
    starts = tuple(units * index // gaps * multiple for index in range(gaps + 1))
    nearest = min(following - start for start, following in pairwise(starts))
    zones = []
    for start, following in pairwise(starts):
        middle, shared = (following + start + tile) // 2, start + tile - following
        ramp = min(RAMP, shared, nearest) // 2  # so that no zone reaches into the next one
        zones.append(Zone(middle - ramp, middle + ramp))
    return Axis(side, tile, starts, tuple(zones))


@dataclass(frozen=True)
class Grid:
    """Tiles of a whole picture."""

    rows: Axis
    columns: Axis

    @property
    def count(self) -> int:
        return len(self.rows.starts) * len(self.columns.starts)

    @property
    def tile(self) -> tuple[int, int]:
        """Height and width of a tile."""
        return self.rows.tile, self.columns.tile

    def places(self) -> Iterator[tuple[int, int, Core]]:
        """Row, column and core of every tile, in pixels, row by row."""
        for top, (first, last) in zip(self.rows.starts, self.rows.cores(), strict=True):
            for left, (start, end) in zip(self.columns.starts, self.columns.cores(), strict=True):
                yield top, left, Core(first, last, start, end)


def grid(height: int, width: int, tile: int, multiple: int = 1, overlap: int = OVERLAP) -> Grid:
    """Tiles of `tile` pixels on each side, or as many as the picture has."""
    return Grid(axis(height, tile, multiple, overlap), axis(width, tile, multiple, overlap))


def put_together(tiles: Grid, made: Callable[[int, int], Tensor], height: int, width: int, scale: int) -> Pixels:
    """One picture of all tiles. Besides the picture itself only one row of tiles is held at a time.

    Args:
        tiles: Where they lie.
        made: (top, left) -> what became of the tile there, float [C, scale tile, scale tile] in [-1, 1] on the CPU.
        height: Of the picture without padding, before it is scaled.
        width: Also.
        scale: Pixels of the result for each pixel.

    Returns:
        uint8 [scale height, scale width, C].
    """
    rows, columns = tiles.rows, tiles.columns
    across = [torch.repeat_interleave(columns.weights(index), scale) for index in range(len(columns.starts))]
    result: Pixels | None = None
    tail: Tensor | None = None  # the last rows of the row of tiles before, where it becomes the next one
    for index, top in enumerate(rows.starts):
        strip = None
        for left, weights in zip(columns.starts, across, strict=True):
            tile = made(top, left)
            if strip is None:
                strip = torch.zeros(len(tile), rows.tile * scale, columns.side * scale)
            strip[:, :, left * scale : left * scale + len(weights)] += tile * weights
        assert strip is not None
        if result is None:
            result = np.empty((height * scale, width * scale, len(strip)), np.uint8)
        begin = 0
        if tail is not None:
            begin = (rows.zones[index - 1].first - top) * scale
            zone = slice(begin, begin + tail.shape[1])
            down = torch.repeat_interleave(rows.weights(index), scale)[zone, None]
            strip[:, zone] = tail * (1 - down) + strip[:, zone] * down
        end, tail = rows.tile * scale, None
        if index < len(rows.zones):
            first, last = ((place - top) * scale for place in rows.zones[index])
            end, tail = first, strip[:, first:last].clone()
        whole = as_pixels(strip[:, begin:end, : width * scale])
        room = result[top * scale + begin : top * scale + end]  # shorter than the strip where the picture was padded
        room[:] = whole[: len(room)]
    assert result is not None
    return result


def as_pixels(picture: Tensor) -> Pixels:
    """Float [C, H, W] in [-1, 1] -> uint8 [H, W, C], rounded."""
    pixels: Pixels = picture.clamp(-1, 1).add(1).mul(127.5).round().to(torch.uint8).permute(1, 2, 0).numpy()
    return pixels


def as_floats(pixels: Pixels) -> Tensor:
    """uint8 [H, W, C] -> float [1, C, H, W] in [-1, 1]."""
    return torch.from_numpy(np.array(pixels.transpose(2, 0, 1), order="C"))[None].float().div(127.5).sub(1)
