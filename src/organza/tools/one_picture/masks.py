"""Masks: which part of a picture is to be changed, with soft borders (Shaham et al. 2019, arXiv:1905.01164; their code)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from organza.tools.pictures.photo import Photo

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]

PUBLISHED_SIDE = 250  # pixels of the longer side of the pictures that the published softness is for
WHITE = 128  # from this grey value on, a pixel is to be changed
REACH = 4  # standard deviations after which a Gaussian ends


@dataclass(frozen=True)
class Softness:
    """How the border of a mask is made soft, in pixels.

    Attributes:
        radius: Of the disk that it is dilated by.
        sigma: Of the Gaussian that it is blurred with.
    """

    radius: float
    sigma: float

    def for_size(self, height: int, width: int) -> Softness:
        """The same in proportion, for a picture that is smaller than the published ones."""
        share = min(1.0, max(height, width) / PUBLISHED_SIDE)
        return Softness(self.radius * share, self.sigma * share)


def white(mask: Photo) -> Flags:
    """Where a picture says that something is to be changed, [H, W]: where it is white; what is transparent counts as black."""
    grey = mask.with_channels(1)[..., 0]
    return grey >= WHITE if mask.alpha is None else grey * (mask.alpha / 255) >= WHITE


def softened(marked: Flags, softness: Softness) -> Floats:
    """How much of each pixel is to be changed: the mask dilated by a disk, blurred, stretched to 0 and 1.

    Args:
        marked: [H, W].
        softness: In pixels.

    Returns:
        Float32 [H, W] in [0, 1], exactly 0 beyond radius + 4 sigma; all 1 for a mask that is all white, all 0 for a black one.
    """
    grown = dilated(marked, softness.radius)
    if grown.all() or not grown.any():  # where only rounding would be left to be stretched
        return grown.astype(np.float32)
    soft = blurred(grown.astype(np.float32), softness.sigma)
    least, most = soft.min(), soft.max()
    stretched: Floats = np.clip((soft - least) / (most - least), 0, 1)
    return stretched


def dilated(marked: Flags, radius: float) -> Flags:
    """Everything that lies within this distance of what is marked, [H, W]."""
    (height, width), reach = marked.shape, int(radius)
    # How many pixels are marked to the left of each: a stretch has one where its two ends differ.
    counts = np.pad(marked, ((reach, reach), (reach + 1, reach))).cumsum(1, dtype=np.int32)
    grown = np.zeros_like(marked)
    for down in range(2 * reach + 1):
        half = int((radius**2 - (down - reach) ** 2) ** 0.5)
        rows = counts[down : down + height]
        grown |= rows[:, reach + half + 1 :][:, :width] > rows[:, reach - half :][:, :width]
    return grown


def blurred(values: Floats, sigma: float) -> Floats:
    """Values [H, W] under a Gaussian, continued beyond the borders by the outermost ones.

    Summed shift by shift, so that what is 0 as far as the Gaussian reaches stays exactly 0.
    """
    reach = int(REACH * sigma + 0.5)
    if not reach:
        return values
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma) ** 2)
    weights /= weights.sum()
    for axis in (0, 1):
        padded = np.pad(values, [(reach, reach) if axis == side else (0, 0) for side in (0, 1)], mode="edge")
        length, total = values.shape[axis], np.zeros_like(values)
        for shift, weight in enumerate(weights.astype(np.float32)):
            total += weight * (padded[shift : shift + length] if axis == 0 else padded[:, shift : shift + length])
        values = total
    return values


def blended(picture: Pixels, other: Pixels, share: Floats) -> Pixels:
    """(1 - m) picture + m other. Where m is 0, the picture stays as it is, to the bit.

    Args:
        picture: uint8 [H, W, C].
        other: The same.
        share: m, [H, W] in [0, 1].
    """
    made, touched = picture.copy(), share > 0
    if not touched.any():
        return made
    rows, columns = (np.flatnonzero(touched.any(axis)) for axis in (1, 0))
    part = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]  # the rest need not be turned into floats
    below = picture[part].astype(np.float32)
    made[part] = np.rint(below + share[part][..., None] * (other[part] - below)).astype(np.uint8)
    return made
