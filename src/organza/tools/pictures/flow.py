"""Optical flow: where what one frame shows lies in another."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from organza.features.pictures import to_grey
from organza.foreign import need
from organza.metrics.motion import valid, warp, warp_error

__all__ = ["both_ways", "flow", "valid", "warp", "warp_error"]

RADIUS = 4  # pixels that a window reaches: wider ones smear motion over edges, so that nothing looks hidden


def flow(previous: Tensor, following: Tensor) -> Tensor:
    """How far the pixels of each frame have moved in the one after it.

    Iterated Lucas-Kanade on luma, coarse to fine, of scikit-image (Le Besnerais and Champagnat 2005,
    doi:10.1109/ICIP.2005.1529706).

    Args:
        previous: Frames [n, C, H, W] in [-1, 1] with 1, 3 or 4 channels.
        following: The frame after each of them, the same shape.

    Returns:
        Float32 [n, 2, H, W] on the CPU, in pixels down and to the right; 0 where nothing can be seen to move.

    Raises:
        OrganzaError: scikit-image is not installed.
        UsageError: These are no pictures.
        ValueError: The shapes differ.
    """
    if previous.shape != following.shape:
        raise ValueError(f"frames of shapes {tuple(previous.shape)} and {tuple(following.shape)} differ")
    registration = need("skimage.registration", "scikit-image", "pictures", "optical flow")
    pairs = zip(*(to_grey(frames.detach().cpu())[:, 0].numpy() for frames in (previous, following)), strict=True)
    found = [registration.optical_flow_ilk(before, after, radius=RADIUS, prefilter=True) for before, after in pairs]
    return torch.from_numpy(np.nan_to_num(np.stack(found)).astype(np.float32))


def both_ways(previous: Tensor, following: Tensor) -> tuple[Tensor, Tensor]:
    """The flow back, from the following to the previous frame, and where it is to be trusted: what `warp_error` asks for.

    Arguments and errors as of `flow`.

    Returns:
        Float32 [n, 2, H, W] and bool [n, 1, H, W].
    """
    backward = flow(following, previous)
    return backward, valid(flow(previous, following), backward)
