"""Pictures of any size and format as a model's own pictures are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from organza.data import to_samples
from organza.errors import UsageError
from organza.exchange import Model
from organza.tools.pictures.photo import read_photo


def fitted_picture(path: Path, model: Model) -> tuple[Tensor, str]:
    """A picture file as the model's pictures are: their size and channels, without padding.

    Returns:
        Float [C, H, W] in [-1, 1], and what was done to it in words.

    Raises:
        UsageError: The model makes points.
        OrganzaError: It cannot be read.
    """
    refuse_points(model)
    photo = read_photo(path)
    pixels = photo.with_channels(model.recipe.channels)
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    _, tall, wide = shape_of(model)
    (own_tall, own_wide), scale = photo.size, min(photo.size[0] / tall, photo.size[1] / wide)
    across, down = (own_wide - wide * scale) / 2, (own_tall - tall * scale) / 2
    if image.size != (wide, tall):
        box = (across, down, own_wide - across, own_tall - down)
        image = image.resize((wide, tall), Image.Resampling.BICUBIC, box=box)
    stored = torch.from_numpy(np.array(image).reshape(1, tall, wide, -1))
    cropped = "cropped to its middle and " if max(across, down) >= 0.5 else ""
    told = f"{own_wide}x{own_tall} {cropped}resized to {wide}x{tall}" if photo.size != (tall, wide) else "as it is"
    return to_samples(stored)[0].contiguous(), told


def refuse_points(model: Model) -> None:
    """Raise a UsageError for a model of points of the plane."""
    if model.recipe.channels == 2:
        raise UsageError(f"the model '{model.recipe.name}' makes points of the plane, and no picture can be one")


def shape_of(model: Model) -> tuple[int, int, int]:
    """Channels, height and width of a model's pictures, without padding."""
    channels, height, width = model.cropped(torch.empty(model.recipe.sample)[None]).shape[1:]
    return channels, height, width
