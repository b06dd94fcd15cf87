"""Every picture that organza writes goes through here: samples to pixels, grids, and the provenance mark."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from organza.files import written_whole
from organza.marks.provenance import Mark

Pixels = NDArray[np.uint8]

MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def grid(pictures: Pixels, columns: int | None = None) -> Pixels:
    """Pictures [n, H, W, C] side by side, row by row, as one picture without gaps; the last row is filled with black.

    Args:
        pictures: All of one shape.
        columns: Without it, as nearly square as n allows.
    """
    count, height, width, channels = pictures.shape
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    filled = np.zeros((rows * columns, height, width, channels), np.uint8)
    filled[:count] = pictures
    lines = filled.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    return lines.reshape(rows * height, columns * width, channels)


def save_picture(path: Path, pixels: Pixels, mark: Mark) -> None:
    """Write pixels [H, W, C] as a PNG file; none goes without a mark.

    Raises:
        OSError: The file cannot be written; nothing half-written stays.
    """
    channels = pixels.shape[-1]
    picture = Image.fromarray(pixels[..., 0] if channels == 1 else pixels, MODES[channels])
    with written_whole(path) as temporary:
        picture.save(temporary, "PNG", pnginfo=mark.chunks())
