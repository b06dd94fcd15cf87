"""Augmentations of pairs of pictures, in batches on their device: what moves both, and what spoils the input alone.

Which ones there are, and how strong, follows the training of DeblurGAN-v2 (Kupyn et al. 2019, arXiv:1908.03826). Everything
random comes from a generator of the CPU and is decided there, so nothing waits for the device. `organza.data.corruptions`
has what is done to the input.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from organza.data import corruptions
from organza.data.batches import to_device

# Strengths of the published pipeline, or what they come to on its pictures of 720 lines.
SHIFT = 1 / 16  # of the side
ZOOM = 0.1
TURN = math.pi / 4
DISTORTION = 0.05
JITTER = 0.07  # of the side: the corners of the elastic transformation
WAVES = 0.02  # of the side: its smooth field
FIELD = 4  # nodes of the field along each side


def geometric(images: Sequence[Tensor], generator: torch.Generator, *, share: float = 0.5) -> list[Tensor]:
    """Move the pictures of a share of the samples, each in one way out of five.

    They are mirrored or left, shifted and scaled and turned, seen through another lens, bent or, if square, transposed. The
    authors move whole pictures and cut afterwards; here squares are moved that are cut already.

    Args:
        images: Tensors [B, C, H, W] in [-1, 1] that show the same things, as inputs and targets. Heights and widths may differ
            from tensor to tensor, as between large and small, in the same proportion.
        generator: Of the CPU.
        share: Probability with which a sample is moved at all.

    Returns:
        The tensors in the same order, each sample moved alike in all of them; mirrored where something from beyond the edges
        comes into sight.
    """
    first = images[0]
    count, height, width = len(first), first.shape[2], first.shape[3]
    kinds = 5 if height == width else 4  # the last one is the transposition
    kind = torch.randint(kinds, (count,), generator=generator)
    kind = torch.where(torch.rand(count, generator=generator) < share, kind, 5)  # the sixth way is to stay
    matrices = torch.eye(2, 3).repeat(count, 1, 1)
    across, down, zoom, angle = (_symmetric((count,), generator) * strength for strength in (SHIFT, SHIFT, ZOOM, TURN))
    drawn = (
        mirror(torch.rand(count, generator=generator) < 0.5),
        shift_scale_rotate(across, down, zoom, angle, width / height),
        matrices,
        jitter(_symmetric((count, 3, 2), generator) * JITTER),
        transposition(count),
    )
    for number, candidate in enumerate(drawn):
        matrices = torch.where((kind == number)[:, None, None], candidate, matrices)
    bend = torch.where(kind == 2, _symmetric((count,), generator) * DISTORTION, 0.0)
    waves = torch.randn(count, 2, FIELD, FIELD, generator=generator) * WAVES
    waves = torch.where((kind == 3)[:, None, None, None], waves, 0.0)
    device = first.device
    moved = (to_device(matrices, device), to_device(bend, device), to_device(waves, device))
    return [resample(tensor, positions(*moved, tensor.shape[2], tensor.shape[3])) for tensor in images]


def corrupt(inputs: Tensor, generator: torch.Generator, *, share: float = 0.5) -> Tensor:
    """Spoil a share of the samples, each in one way out of eight: `corruptions.WAYS`.

    For the input of a pair alone, so that a network learns not to rely on one camera's pictures.

    Args:
        inputs: [B, C, H, W] in [-1, 1].
        generator: Of the CPU.
        share: Probability with which a sample is spoilt at all.

    Returns:
        [B, C, H, W] in [-1, 1].
    """
    ways: list[Callable[[Tensor, torch.Generator], Tensor]] = list(corruptions.WAYS)
    if inputs.shape[1] != 3:  # hue and saturation mean nothing
        ways.remove(corruptions.random_hue)
    kind = torch.randint(len(ways), (len(inputs),), generator=generator)
    kind[torch.rand(len(inputs), generator=generator) >= share] = -1
    spoilt = inputs.clone()
    for number, way in enumerate(ways):
        rows = (kind == number).nonzero().flatten()  # on the CPU
        if len(rows):
            there = to_device(rows, inputs.device)
            changed = way(inputs.index_select(0, there), generator)
            spoilt = spoilt.index_copy(0, there, changed.to(inputs.dtype))
    return spoilt


def mirror(flipped: Tensor) -> Tensor:
    """Left and right exchanged where `flipped`, bool [B], says so: matrices [B, 2, 3], as all that follow, of `positions`."""
    matrices = torch.eye(2, 3).repeat(len(flipped), 1, 1)
    matrices[:, 0, 0] = torch.where(flipped, -1.0, 1.0)
    return matrices


def transposition(count: int) -> Tensor:
    """Rows and columns exchanged, in square pictures: [count, 2, 3]."""
    return torch.tensor([[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]).repeat(count, 1, 1)


def shift_scale_rotate(across: Tensor, down: Tensor, zoom: Tensor, angle: Tensor, aspect: float = 1.0) -> Tensor:
    """Matrices [B, 2, 3] of similarities.

    Args:
        across: [B], how far the picture goes to the right, as part of its width.
        down: [B], and down, of its height.
        zoom: [B], how much larger it becomes: 0.1 is a tenth.
        angle: [B], radians.
        aspect: Width by height, so that a turn does not shear.
    """
    cosine, sine = angle.cos() / (1 + zoom), angle.sin() / (1 + zoom)
    first = torch.stack([cosine, sine / aspect, -2 * across], 1)
    return torch.stack([first, torch.stack([-sine * aspect, cosine, -2 * down], 1)], 1)


def jitter(moves: Tensor) -> Tensor:
    """Matrices [B, 2, 3] of the affine maps that move three corners of the square of two thirds of the picture in its middle.

    Args:
        moves: [B, 3, 2]: of the corners upper left, upper right and lower left, across and down, as parts of the sides.
    """
    corners = torch.tensor([[-2 / 3, -2 / 3, 1.0], [2 / 3, -2 / 3, 1.0], [-2 / 3, 2 / 3, 1.0]])
    moved = corners[:, :2] + 2 * moves
    matrices: Tensor = torch.linalg.solve(corners.expand(len(moves), 3, 3), moved)
    return matrices.transpose(1, 2)


def positions(matrices: Tensor, bend: Tensor, waves: Tensor, height: int, width: int) -> Tensor:
    """Where each pixel of the new picture is taken from: [B, H, W, 2], across and down, where -1 and 1 are the picture's edges.

    Args:
        matrices: [B, 2, 3], affine maps from new to old places.
        bend: [B], k of a lens that takes a point at the distance r from the centre, in widths, from (1 + k r^2 + k r^4) r.
        waves: [B, 2, n, n], displacements at the nodes of a net over the picture, as parts of the sides; smooth between them.
        height, width: Of the pictures, pixels.
    """
    grid = torch.nn.functional.affine_grid(matrices, [len(matrices), 1, height, width], align_corners=False)
    across, down = grid[..., 0] / 2, grid[..., 1] / 2 * (height / width)
    square = across.square() + down.square()
    grid = grid * (1 + bend[:, None, None] * (square + square.square()))[..., None]
    field = torch.nn.functional.interpolate(waves, (height, width), mode="bicubic", align_corners=False)
    return grid + 2 * field.permute(0, 2, 3, 1)


def resample(images: Tensor, places: Tensor) -> Tensor:
    """The pictures [B, C, H, W] at the places [B, H, W, 2] of `positions`, bilinearly, mirrored beyond their edges."""
    moved = torch.nn.functional.grid_sample(
        images.float(), places, mode="bilinear", padding_mode="reflection", align_corners=False
    )
    return moved.to(images.dtype)


def _symmetric(shape: tuple[int, ...], generator: torch.Generator) -> Tensor:
    """Uniform on [-1, 1)."""
    return torch.rand(shape, generator=generator) * 2 - 1
