"""Pictures moved by affine maps, as linear functions of the pictures: differentiable as often as one likes.

Without aliasing (Karras et al. 2020, arXiv:2006.06676, appendix B.2): to twice the pixels by an orthogonal wavelet's low-pass
filter, there bilinearly to the new places, and back by the adjoint filter. Two filters of one wavelet undo each other, so
the map that moves nothing changes nothing.

The authors mirror the picture beyond its edges as far as the batch at hand needs it, one side at most, which no shape fixed in
advance can follow; a margin of one side on each edge would cost nine times the pixels. Here the margin is a quarter of the side,
and places beyond it are folded back into the picture, as often as need be: there it is the same but for the filter, which is
not quite symmetric. Nine of ten pixels of a batch on which everything acts are those of the authors' method, to rounding.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor

# Low-pass filter of the wavelet sym6 (Daubechies 1992, Ten Lectures on Wavelets). Orthonormal; its sum is sqrt(2).
SYM6 = (
    0.015404109327027373,
    0.0034907120842174702,
    -0.11799011114819057,
    -0.048311742585633,
    0.4910559419267466,
    0.787641141030194,
    0.3379294217276218,
    -0.07263752278646252,
    -0.021060292512300564,
    0.04472490177066578,
    0.0017677118642428036,
    -0.007800708325034148,
)
BEFORE = 5  # taps before the one at a pixel
BEYOND = 3  # pixels beyond each edge that the way back from an unmoved picture looks at


def replaced(images: Tensor, chosen: Tensor, change: Callable[..., Tensor], *others: Tensor) -> Tensor:
    """Some samples changed, the others as they are, bit for bit.

    Args:
        images: [B, C, H, W].
        chosen: Bool [B].
        change: (images, *others) -> images, without regard to other samples.
        others: What it needs besides, [B, ...] each.
    """
    if images.device.type != "cpu":
        return selected(images, chosen, change, *others)
    rows = chosen.nonzero().flatten()
    if not len(rows):
        return images
    some = (tensor.index_select(0, rows) for tensor in (images, *others))
    return images.index_copy(0, rows, change(*some))


def selected(images: Tensor, chosen: Tensor, change: Callable[..., Tensor], *others: Tensor) -> Tensor:
    """`replaced` in fixed shapes, without a look at `chosen`: all samples are changed, and some of them taken."""
    return torch.where(chosen.view(-1, 1, 1, 1), change(images, *others), images)


def gathered(images: Tensor, linear: Tensor, offset: Tensor) -> Tensor:
    """The pictures [B, C, H, W] under maps of `resampled` that take pixels to pixels: exact copies of pixels."""
    height, width = images.shape[2:]
    across, down = (torch.arange(side, dtype=linear.dtype, device=linear.device) for side in (width, height))
    # Upwards from a half: a quarter turn of an odd by an even number of pixels goes around a point half a pixel away.
    column, row = (
        folded((places + 0.5).floor(), side).round().long()
        for places, side in zip(origins(linear, offset, across, down, width, height), (width, height), strict=True)
    )
    index = (row * width + column).flatten(1)[:, None].expand(-1, images.shape[1], -1)
    return images.flatten(2).gather(2, index).view_as(images)


def resampled(images: Tensor, linear: Tensor, offset: Tensor) -> Tensor:
    """Pictures under affine maps, without aliasing, mirrored beyond their edges.

    Args:
        images: [B, C, H, W], float32 or float64.
        linear: [B, 2, 2].
        offset: [B, 2]: the new picture shows at x what the old one has at linear x + offset, in pixels from the middle, across
            and down.

    Returns:
        [B, C, H, W].
    """
    height, width = images.shape[2:]
    across, down = (
        (torch.arange(2 * side + len(SYM6) - 2, dtype=images.dtype, device=images.device) - BEFORE) / 2
        for side in (width, height)
    )
    columns, rows = (
        within(places, side)
        for places, side in zip(origins(linear, offset, across, down, width, height), (width, height), strict=True)
    )
    widen, heighten = (doubling(side, images.dtype, images.device) for side in (width, height))
    fine = sampled(heighten @ (images @ widen.mT), torch.stack([columns, rows], -1))
    narrow, lower = (halving(side, images.dtype, images.device) for side in (width, height))
    result: Tensor = lower @ (fine @ narrow.mT)
    return result


def origins(
    linear: Tensor, offset: Tensor, across: Tensor, down: Tensor, width: int, height: int
) -> tuple[Tensor, Tensor]:
    """Where the points (across, down) of a grid come from, across and down, [B, rows, columns] each; pixels from the first one.

    Args:
        linear: [B, 2, 2].
        offset: [B, 2], as in `resampled`.
        across, down: [columns], [rows]; pixels from the first one.
        width, height: Of the picture.
    """
    across, down = across - (width - 1) / 2, down - (height - 1) / 2
    # Row by row and column by column first, so that there is one addition for each point.
    by_column = linear[:, :, :1, None] * across
    by_row = linear[:, :, 1:, None] * down + offset[..., None, None]
    middle = ((width - 1) / 2, (height - 1) / 2)
    first, second = (by_column[:, axis] + (by_row[:, axis].mT + middle[axis]) for axis in (0, 1))
    return first, second


def margin_of(side: int) -> int:
    """Pixels beyond each edge of a picture of this side that the filter goes over, mirrored, too."""
    return max(BEYOND + 1, side // 4)


def within(places: Tensor, side: int) -> Tensor:
    """Places [B, rows, columns], in pixels, as those of `grid_sample` in the doubled picture: -1 and 1 are its edges.

    Those within the margin stay there; those beyond are folded back.
    """
    margin, middle = margin_of(side), (side - 1) / 2
    near = (
        places - middle
    ).abs_() < middle + margin - 0.25  # all places of an unmoved picture are half pixels: none is rounded across
    places = torch.where(near, places, folded(places, side))
    # Pixel x is the one with number 2 (x + margin) of the doubled ones, and -1 is half a one before the first.
    doubled = 2 * side + 4 * margin
    return places.mul_(4 / doubled).add_((4 * margin + 1) / doubled - 1)


def folded(places: Tensor, side: int) -> Tensor:
    """Places in pixels where the mirrored picture has them: in [0, side - 1]. The pixels at the edges do not come twice."""
    last = max(side - 1, 1)
    turns = places / (2 * last)
    return (turns - turns.round()).abs_().mul_(2 * last).clamp_(max=side - 1)


@lru_cache(maxsize=64)
def doubling(side: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """The filter from `side` pixels, mirrored beyond the edges, to twice as many, with the margin: [2 side + 4 margin, side].

    A matrix, because products with it are several times as quick as convolutions of single channels at 32 and 64 pixels, and
    about as quick at 256.
    """
    margin = margin_of(side)
    reach = margin + len(SYM6) // 2  # pixels that are seen from there
    with torch.inference_mode(False):
        matrix = torch.zeros(2 * side + 4 * margin, side, dtype=torch.float64)
        pixels = torch.arange(-reach, side + reach)
        for pixel, own in zip(pixels.tolist(), folded(pixels.double(), side).round().long().tolist(), strict=True):
            for k, tap in enumerate(SYM6):
                place = 2 * (pixel + margin) + k - BEFORE
                if 0 <= place < len(matrix):
                    matrix[place, own] += 2 * tap / sum(SYM6)
        return matrix.to(device, dtype)


@lru_cache(maxsize=64)
def halving(side: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """The adjoint filter, from the places of `resampled`'s grid to `side` pixels: [side, 2 side + 10]."""
    with torch.inference_mode(False):
        matrix = torch.zeros(side, 2 * side + len(SYM6) - 2, dtype=torch.float64)
        taps = torch.tensor(SYM6, dtype=torch.float64) / sum(SYM6)
        for pixel in range(side):
            matrix[pixel, 2 * pixel : 2 * pixel + len(SYM6)] = taps
        return matrix.to(device, dtype)


def sampled(images: Tensor, places: Tensor) -> Tensor:
    """Bilinearly at the places [B, h, w, 2] of `grid_sample`, for which there is no gradient: [B, C, h, w].

    `grid_sample` itself has no second derivative in some versions of PyTorch that are allowed here, such as 2.5. It is linear in
    the images, so its gradient is the transposed map, whatever the images, and the gradient of that is `grid_sample` again.
    """
    if not (torch.is_grad_enabled() and images.requires_grad):
        return bilinear(images, places)
    result: Tensor = _Sampling.apply(images, places)
    return result


def bilinear(images: Tensor, places: Tensor) -> Tensor:
    """`grid_sample`, whose edges are never reached."""
    return torch.nn.functional.grid_sample(images, places, mode="bilinear", padding_mode="border", align_corners=False)


class _Sampling(torch.autograd.Function):
    """`bilinear`. It keeps PyTorch's graph of itself, by which gradients are taken back as often as they come."""

    @staticmethod
    def forward(ctx: Any, images: Tensor, places: Tensor) -> Tensor:
        with torch.enable_grad():
            source = images.detach().requires_grad_()
            result = bilinear(source, places)
        ctx.map = (source, result, places)
        return result.detach()

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return _Transposed.apply(gradient, ctx.map), None


class _Transposed(torch.autograd.Function):
    """The transposed map of one `_Sampling`."""

    @staticmethod
    def forward(ctx: Any, gradient: Tensor, map: tuple[Tensor, Tensor, Tensor]) -> Tensor:
        source, result, places = map
        ctx.places = places
        (back,) = torch.autograd.grad(result, source, gradient, retain_graph=True)
        return back

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return sampled(gradient, ctx.places), None
