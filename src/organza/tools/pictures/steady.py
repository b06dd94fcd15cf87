"""A video's frames, made one by one, held to each other along the optical flow of the video that they were made from.

What is least in sum of |x - made|^2 and weight |x - before|^2, where `before` is the last result carried along by the flow, is
their mean (made + weight before) / (1 + weight): the temporal loss of Ruder et al. 2016 (arXiv:1604.08610), solved at once.
Where the flow cannot be trusted, or leads to something of another colour, a frame is left as it was made.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import interpolate

from organza.foreign import need
from organza.metrics.motion import warp
from organza.networks.pyramid.generator import resized
from organza.tools.pictures.flow import both_ways

SEEN = 256  # pixels on the longer side of the frames in which flow is looked for
ALIKE = 0.2  # mean absolute difference of colours, of 2, up to which a flow leads to the same thing


class Steadied:
    """One video; it is given the frames in their order.

    Args:
        weight: How much the frame before counts against what was made of the present one; 0: nothing.

    Raises:
        OrganzaError: scikit-image is not installed.
    """

    def __init__(self, weight: float) -> None:
        if weight:
            need(
                "skimage.registration", "scikit-image", "pictures", "optical flow"
            )  # now, and not after the first frame
        self.weight = weight
        self._before: tuple[Tensor, Tensor] | None = None

    @torch.no_grad()
    def __call__(self, frame: Tensor, made: Tensor) -> Tensor:
        """What was made of a frame, held to the one before.

        Args:
            frame: Of the video, [1, C, H, W] in [-1, 1].
            made: Of it, [1, C', H, W] in [-1, 1].

        Raises:
            OrganzaError: scikit-image is not installed.
        """
        if not self.weight:
            return made
        small = smaller(frame)
        if self._before is not None and self._before[1].shape == made.shape:
            earlier, before = self._before
            backward, trusted = both_ways(earlier, small)
            alike = (warp(earlier, backward) - small).abs().mean(1, keepdim=True) < ALIKE
            share = self.weight * (trusted & alike).to(made.dtype)
            size = (made.shape[2], made.shape[3])
            share = interpolate(share, size, mode="nearest")
            made = (made + share * warp(before, larger(backward, size))) / (1 + share)
        self._before = small, made
        return made


def smaller(frame: Tensor) -> Tensor:
    """A frame at most so large that flow is found soon."""
    factor = min(1.0, SEEN / max(frame.shape[2:]))
    return resized(frame, (max(1, round(frame.shape[2] * factor)), max(1, round(frame.shape[3] * factor))))


def larger(flow: Tensor, size: tuple[int, int]) -> Tensor:
    """A flow [n, 2, h, w] in pixels for frames of another size."""
    factors = flow.new_tensor([size[0] / flow.shape[2], size[1] / flow.shape[3]]).view(1, 2, 1, 1)
    return interpolate(flow, size, mode="bilinear", align_corners=False) * factors
