"""The grids of pictures that a run left, embedded into the page."""

from __future__ import annotations

import base64
import re
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

FRAMES = 64
"""Grids shown at most: enough for a fluent slider, and for a film of the plane."""

BYTES = 5_500_000
"""Bytes of pictures at most; base64 makes a third more of them."""

SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True)
class Grid:
    """One picture file of known size.

    Attributes:
        path: The file.
        images: The images seen when it was made.
        width: In pixels.
        height: In pixels.
        size: In bytes.
    """

    path: Path
    images: int
    width: int
    height: int
    size: int

    def data_uri(self) -> str:
        """The file itself, bytes unchanged: its mark as generated travels with the page."""
        return "data:image/png;base64," + base64.b64encode(self.path.read_bytes()).decode("ascii")


@dataclass(frozen=True)
class Samples:
    """The grids to show.

    Attributes:
        shown: In the order of the training.
        every: All that the run has, in the same order.
        real: Real pictures in the same layout.
    """

    shown: tuple[Grid, ...]
    every: tuple[Grid, ...]
    real: Grid | None


def read_samples(folder: Path) -> Samples:
    """The grids in `folder`; files that are no whole PNG, as when one is just being written, are left out."""
    numbered = {int(path.stem): path for path in folder.glob("*.png") if re.fullmatch("[0-9]+", path.stem)}
    grids = [grid for images, path in sorted(numbered.items()) if (grid := _grid(path, images))]
    real = _grid(folder / "real.png", 0)
    return Samples(tuple(choose(grids, BYTES - (real.size if real else 0))), tuple(grids), real)


def choose(grids: Sequence[Grid], budget: int, frames: int = FRAMES) -> list[Grid]:
    """As many evenly spaced grids as fit, with the first and the last always among them."""
    for number in range(min(frames, len(grids)), 2, -1):
        chosen = [grids[round(index * (len(grids) - 1) / (number - 1))] for index in range(number)]
        if sum(grid.size for grid in chosen) <= budget:
            return chosen
    return [grids[0], grids[-1]] if len(grids) > 1 else list(grids)


def _grid(path: Path, images: int) -> Grid | None:
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            head = file.read(24)
            file.seek(max(0, size - 12))
            tail = file.read()
    except OSError:
        return None
    if len(head) < 24 or not head.startswith(SIGNATURE) or tail[4:8] != b"IEND":
        return None
    width, height = struct.unpack(">II", head[16:24])
    return Grid(path, images, width, height, size)
