"""The plane as a picture: what a discriminator thinks of each place, the real points, and the generated ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Colour = tuple[int, int, int]

EXTENT = 4.5  # both built-in mixtures lie within it, with room around them
CELLS = 80  # of the surface, along each side
SIDE = 480  # pixels: a whole number for each cell

GROUND: Colour = (17, 20, 28)
REAL: Colour = (196, 212, 240)
GENERATED: Colour = (255, 244, 200)
EDGE: Colour = (126, 134, 154)
TINTS: tuple[tuple[float, Colour], ...] = (
    (-1.0, (146, 75, 12)),
    (-0.5, (84, 49, 20)),
    (0.0, GROUND),
    (0.5, (24, 56, 100)),
    (1.0, (32, 97, 173)),
)
"""From "generated" over "undecided" to "real". Brown and blue are told apart by every kind of colour vision; both ends
are equally light, and darker than the points, so that lightness says how sure the discriminator is."""
BANDS = 10  # from undecided to sure: the edges of the bands are the contour lines, and a banded picture is a small file
FINER = 2  # pixels are divided so many times when points are drawn, which smooths their edges
REAL_RADIUS, GENERATED_RADIUS = 4.5, 1.5  # pixels: a generated point leaves the real one below it in sight
REAL_OPACITY, GENERATED_OPACITY = 0.75, 0.95


def positions(cells: int = CELLS, extent: float = EXTENT) -> Floats:
    """The middles of the surface's cells, row by row from the top left corner: float32 [cells * cells, 2]."""
    along = (np.arange(cells, dtype=np.float32) + 0.5) * (2 * extent / cells) - extent
    x, y = np.meshgrid(along, -along)
    return np.stack([x.ravel(), y.ravel()], 1).astype(np.float32)


def colours(tints: NDArray[np.floating]) -> Pixels:
    """Tints in [-1, 1] of any shape as colours, uint8 [..., 3]."""
    at, anchors = zip(*TINTS, strict=True)
    channels = [np.interp(tints, at, channel) for channel in zip(*anchors, strict=True)]
    return np.stack(channels, -1).round().astype(np.uint8)


def scatter(
    points: Floats, real: Floats | None = None, surface: Floats | None = None, side: int = SIDE, extent: float = EXTENT
) -> Pixels:
    """Points of the plane in a square of [-extent, extent], over what was known about them.

    A point that lies outside is drawn at the nearest edge, so that none vanishes; one that is not finite is left out.

    Args:
        points: The subject, [n, 2].
        real: Real points [m, 2], drawn larger and faint below the others.
        surface: What a discriminator thinks of the places `positions`: [cells, cells] from -1, generated, over 0,
            undecided, to 1, real.
        side: Pixels on each side.
        extent: Half the side, in units of the plane.

    Returns:
        uint8 [side, side, 3].
    """
    picture = np.full((side, side, 3), GROUND, np.float32) if surface is None else _relief(surface, side)
    for dots, radius, colour, opacity in (
        (real, REAL_RADIUS, REAL, REAL_OPACITY),
        (points, GENERATED_RADIUS, GENERATED, GENERATED_OPACITY),
    ):
        if dots is not None:
            cover = opacity * _dots(dots, radius * side / SIDE, side, extent)
            touched = cover > 0  # few of all pixels, which saves most of the work
            picture[touched] += cover[touched][:, None] * (np.asarray(colour, np.float32) - picture[touched])
    return np.rint(picture).astype(np.uint8)


def _relief(surface: Floats, side: int) -> Floats:
    """The surface in bands of equal tint, with a line where it is undecided: float32 [side, side, 3] of 0 to 255."""
    smooth = np.asarray(Image.fromarray(surface.astype(np.float32)).resize((side, side), Image.Resampling.BICUBIC))
    palette = colours(np.arange(-BANDS, BANDS + 1) / BANDS).astype(np.float32)
    picture: Floats = palette[np.clip(np.rint(smooth * BANDS), -BANDS, BANDS).astype(np.int8) + BANDS]
    above = smooth > 0
    border = np.zeros_like(above)
    border[1:] |= above[1:] != above[:-1]
    border[:, 1:] |= above[:, 1:] != above[:, :-1]
    picture[border] = EDGE
    return picture


def _dots(points: Floats, radius: float, side: int, extent: float) -> Floats:
    """How much of each pixel is covered by discs around the points: float32 [side, side] from 0 to 1."""
    fine, reach = side * FINER, int(radius * FINER)
    around = np.arange(-reach, reach + 1)
    down, right = (offsets.ravel() for offsets in np.meshgrid(around, around, indexing="ij"))
    inside = down**2 + right**2 <= (radius * FINER) ** 2
    finite = points[np.isfinite(points).all(1)]
    at = np.clip((finite * [1, -1] / extent + 1) * fine / 2, reach, fine - 1 - reach).astype(np.int64)
    covered = np.zeros((fine, fine), np.bool_)
    covered[at[:, 1, None] + down[inside], at[:, 0, None] + right[inside]] = True
    share: Floats = covered.reshape(side, FINER, side, FINER).mean((1, 3), dtype=np.float32)
    return share
