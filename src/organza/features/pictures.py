"""How pictures of any size and number of channels become the input of an embedding."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from organza.errors import UsageError

LUMA = (0.299, 0.587, 0.114)  # ITU-R 601, as Pillow and `organza.data` have it


def to_grey(images: Tensor) -> Tensor:
    """Pictures with one channel, on white where they are transparent.

    Args:
        images: Float [n, C, H, W] in [-1, 1]: grey, RGB, or RGB with alpha (-1 is transparent).

    Returns:
        Float32 [n, 1, H, W].

    Raises:
        UsageError: These are no pictures, but points of the plane, say.
    """
    if images.ndim != 4 or images.shape[1] not in (1, 3, 4):
        raise UsageError(
            f"features are of pictures with 1, 3 or 4 channels, not of samples of shape {'x'.join(map(str, images.shape[1:]))}"
        )
    images = images.to(torch.float32)
    if images.shape[1] == 1:
        return images
    grey = torch.einsum("nchw,c->nhw", images[:, :3], images.new_tensor(LUMA))[:, None]
    if images.shape[1] == 3:
        return grey
    opacity = (images[:, 3:] + 1) / 2
    return opacity * grey + (1 - opacity)


def resize(images: Tensor, size: int) -> Tensor:
    """Pictures [n, C, H, W] as [n, C, size, size]: bilinear and antialiased; those of that size as they are.

    Antialiased, because a resize that skips pixels makes scores depend on it (Parmar et al. 2022, arXiv:2104.11222).
    """
    if images.shape[2:] == (size, size):
        return images
    return functional.interpolate(images, (size, size), mode="bilinear", align_corners=False, antialias=True)
