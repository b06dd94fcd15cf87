"""What a projection or an edit leaves on the disk beside its numbers: pictures for people, each with its mark."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from organza.errors import UsageError
from organza.exchange import Model
from organza.exchange.model import picture_pixels
from organza.marks import grid, save_picture
from organza.tools.latent.projection import Projection


def check_png(path: Path, what: str) -> None:
    """Raise a UsageError unless the name is that of a PNG."""
    if path.suffix.lower() != ".png" or path.is_dir():
        raise UsageError(f"cannot write {what} to {path}: name a file that ends in .png")


def write_comparison(model: Model, projection: Projection, path: Path, seed: int) -> None:
    """Write the picture beside its projection, which is the right half.

    Raises:
        UsageError: The name is none of a PNG.
        OSError: It cannot be written.
    """
    check_png(path, "the comparison")
    path.parent.mkdir(parents=True, exist_ok=True)
    both = torch.stack([projection.target, projection.image])
    mark = model.mark(seed, left="the picture", right="its projection", space=projection.space)
    save_picture(path, grid(picture_pixels(both), columns=2), mark)


def write_strips(model: Model, pictures: Tensor, path: Path, seed: int, told: Mapping[str, str]) -> None:
    """Write strips [rows, strengths, C, H, W]: a row for each sample, a column for each strength.

    Raises:
        UsageError: The name is none of a PNG.
        OSError: It cannot be written.
    """
    check_png(path, "an edit")
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = picture_pixels(pictures.flatten(0, 1))
    save_picture(path, grid(pixels, columns=pictures.shape[1]), model.mark(seed, grid=len(pixels), **told))
