"""How pictures of any size and number of channels become the input of an embedding."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional

from organza.errors import UsageError

LUMA = (0.299, 0.587, 0.114)  # ITU-R 601, as Pillow and `organza.data` have it


def check_pictures(images: Tensor) -> None:
    """See to it that these are [n, C, H, W] with 1, 3 or 4 channels.

    Raises:
        UsageError: These are no pictures, but points of the plane, say.
    """
    if images.ndim != 4 or images.shape[1] not in (1, 3, 4):
        raise UsageError(
            f"features are of pictures with 1, 3 or 4 channels, not of samples of shape {'x'.join(map(str, images.shape[1:]))}"
        )


def check_sides(images: Tensor, least: int, features: str) -> None:
    """See to it that pictures [n, C, H, W] are large enough to be seen place by place.

    Raises:
        UsageError: A side is below `least` pixels.
    """
    height, width = images.shape[2:]
    if min(height, width) < least:
        raise UsageError(
            f"the features {features} see places in pictures of {least} x {least} pixels or more, not of {width} x {height}"
        )


def to_grey(images: Tensor) -> Tensor:
    """Pictures with one channel, on white where they are transparent.

    Args:
        images: Float [n, C, H, W] in [-1, 1]: grey, RGB, or RGB with alpha (-1 is transparent).

    Returns:
        Float32 [n, 1, H, W].

    Raises:
        UsageError: As of `check_pictures`.
    """
    check_pictures(images)
    images = images.to(torch.float32)
    if images.shape[1] == 1:
        return images
    grey = torch.einsum("nchw,c->nhw", images[:, :3], images.new_tensor(LUMA))[:, None]
    return grey if images.shape[1] == 3 else _on_white(grey, images[:, 3:])


def to_colour(images: Tensor) -> Tensor:
    """Pictures with three channels: grey is repeated, and what is transparent lies on white.

    Args:
        images: As of `to_grey`.

    Returns:
        Float32 [n, 3, H, W].

    Raises:
        UsageError: As of `check_pictures`.
    """
    check_pictures(images)
    images = images.to(torch.float32)
    if images.shape[1] == 1:
        return images.expand(-1, 3, -1, -1)
    return images if images.shape[1] == 3 else _on_white(images[:, :3], images[:, 3:])


def _on_white(images: Tensor, alpha: Tensor) -> Tensor:
    opacity = (alpha + 1) / 2
    return opacity * images + (1 - opacity)


def resize(images: Tensor, size: int | tuple[int, int], mode: Literal["bilinear", "bicubic"] = "bilinear") -> Tensor:
    """Pictures [n, C, H, W] in another size, antialiased; those of that size as they are.

    Antialiased, because a resize that skips pixels makes scores depend on it (Parmar et al. 2022, arXiv:2104.11222).

    Args:
        images: Float.
        size: Of a square, or height and width.
        mode: Bicubic interpolation overshoots at edges: what leaves [-1, 1] is cut off, as Pillow does.
    """
    height, width = (size, size) if isinstance(size, int) else size
    if images.shape[2:] == (height, width):
        return images
    resized = functional.interpolate(images, (height, width), mode=mode, align_corners=False, antialias=True)
    return resized.clamp(-1, 1) if mode == "bicubic" else resized
