"""Few colours: the main ones of a picture, and another picture in them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

LARGEST_PALETTE = 256
ROUNDS = 1  # of Pillow's k-means: it goes on until nothing moves


def main_colours(pixels: Pixels, count: int) -> Pixels:
    """The colours that a picture is best told in: k-means, from a median cut; always the same for the same picture.

    Args:
        pixels: uint8 [H, W, C], of any number of channels up to 3.
        count: At most so many, at most `LARGEST_PALETTE`.

    Returns:
        uint8 [k, C], k at most `count` where the picture has no more colours.
    """
    channels = pixels.shape[2]
    image = Image.fromarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)).copy())
    few = image.quantize(count, Image.Quantize.MEDIANCUT, kmeans=ROUNDS)
    used = np.unique(np.asarray(few))
    palette = np.asarray(few.getpalette("RGB"), np.uint8).reshape(-1, 3)
    return np.unique(palette[used][:, :channels], axis=0)


def in_colours(pixels: Pixels, colours: Pixels) -> Pixels:
    """A picture, uint8 [H, W, C], each pixel in the nearest of the colours, uint8 [k, C]."""
    wide = pixels.astype(np.int32)
    nearest = np.full(pixels.shape[:2], np.iinfo(np.int32).max, np.int32)
    made = np.empty_like(pixels)
    for colour in colours.astype(np.int32):  # one by one: all distances at once would take k times the memory
        distance = ((wide - colour) ** 2).sum(-1, dtype=np.int32)
        closer = distance < nearest
        nearest[closer] = distance[closer]
        made[closer] = colour
    return made
