"""Pictures moved by optical flow, where flow is to be trusted, and how steady a video is along it.

A flow is [n, 2, H, W], in pixels down and to the right: where each pixel of one picture lies in another, seen from itself.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import grid_sample

from organza.errors import UsageError

# Of the squared lengths, and squared pixels, by which flows there and back may miss each other.
SHARE, SLACK = 0.01, 0.5


def warp(pictures: Tensor, flow: Tensor) -> Tensor:
    """The pictures as seen through a flow: at p what they have at p + flow(p), bilinear. It has a gradient.

    Args:
        pictures: Float [n, C, H, W].
        flow: [n, 2, H, W]; from another picture to this one, so that the result resembles the other.

    Returns:
        [n, C, H, W]; what lies beyond the edge is the nearest pixel of the edge.

    Raises:
        ValueError: The shapes do not fit.
    """
    _check_flow(flow, pictures)
    places = _places(flow)
    sides = places.new_tensor(flow.shape[2:]).view(1, 2, 1, 1)
    # grid_sample counts from -1 to 1 between the outer edges of the outermost pixels, and x comes first.
    grid = ((2 * places + 1) / sides - 1).flip(1).permute(0, 2, 3, 1)
    return grid_sample(pictures, grid.to(pictures.dtype), mode="bilinear", padding_mode="border", align_corners=False)


def valid(forward: Tensor, backward: Tensor) -> Tensor:
    """Where the flow back is to be trusted: it leads into the picture, and the flow there leads back to where one came from.

    |f(p + b(p)) + b(p)|^2 <= 0.01 (|f(p + b(p))|^2 + |b(p)|^2) + 0.5 (Sundaram et al. 2010; Ruder et al. 2016,
    arXiv:1604.08610); what has been hidden in the picture before fails it.

    Args:
        forward: The flow f from the picture before to the one after, [n, 2, H, W].
        backward: The flow b from the one after to the one before, the same shape.

    Returns:
        Bool [n, 1, H, W], for the pixels of the picture after.

    Raises:
        ValueError: The shapes do not fit.
    """
    _check_flow(backward, forward)
    there = warp(forward, backward)
    missed = (there + backward).square().sum(1, keepdim=True)
    lengths = (there.square() + backward.square()).sum(1, keepdim=True)
    places = _places(backward)
    last = places.new_tensor(backward.shape[2:]).view(1, 2, 1, 1) - 1
    inside = ((places >= -0.5) & (places <= last + 0.5)).all(1, keepdim=True)
    return (missed <= SHARE * lengths + SLACK) & inside


def warp_error(previous: Tensor, following: Tensor, flow: Tensor, valid: Tensor) -> float:
    """How much of a change between two frames is no motion: the mean of |following - warp(previous, flow)| on valid pixels.

    The temporal loss of Ruder et al. 2016, arXiv:1604.08610, with absolute differences.

    Args:
        previous: Frame [n, C, H, W].
        following: The one after it, the same shape.
        flow: From the following to the previous one, [n, 2, H, W]; of the video that these were made from, where they were.
        valid: Bool [n, 1, H, W].

    Returns:
        In units of the pixels; 0 if everything has only moved.

    Raises:
        UsageError: No pixel is valid.
        ValueError: The shapes do not fit.
    """
    if previous.shape != following.shape or valid.shape != flow[:, :1].shape:
        raise ValueError(
            f"frames of shapes {tuple(previous.shape)} and {tuple(following.shape)}, valid pixels of {tuple(valid.shape)}"
        )
    if not bool(valid.any()):
        raise UsageError(
            "nothing in these two frames can be followed from one to the other: they show different scenes"
        )
    differences = (following - warp(previous, flow)).abs().mean(1, keepdim=True)
    return float(differences[valid].double().mean())


def _places(flow: Tensor) -> Tensor:
    """Where the pixels come from: row and column, [n, 2, H, W]."""
    height, width = flow.shape[2:]
    rows = torch.arange(height, dtype=flow.dtype, device=flow.device).view(1, -1, 1).expand(1, height, width)
    columns = torch.arange(width, dtype=flow.dtype, device=flow.device).view(1, 1, -1).expand(1, height, width)
    return flow + torch.cat([rows, columns])


def _check_flow(flow: Tensor, pictures: Tensor) -> None:
    if flow.ndim != 4 or flow.shape[1] != 2 or (len(flow), *flow.shape[2:]) != (len(pictures), *pictures.shape[2:]):
        raise ValueError(f"a flow of shape {tuple(flow.shape)} for pictures of shape {tuple(pictures.shape)}")
