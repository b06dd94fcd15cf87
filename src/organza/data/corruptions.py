"""What spoils pictures: each way a pure function of a batch and of its strength, and a draw of that strength.

Pictures are float [B, C, H, W] in [-1, 1], before and after. Strengths are those of the published training of DeblurGAN-v2.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from organza.data.batches import to_device
from organza.data.blur import blur, line_kernels

# Recommendation ITU-T T.81, annex K, tables K.1 and K.2.
LUMINANCE = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)
CHROMINANCE = (
    (17, 18, 24, 47, 99, 99, 99, 99),
    (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99),
    (47, 66, 99, 99, 99, 99, 99, 99),
    *((99,) * 8,) * 4,
)
# JFIF 1.02, page 3: from red, green and blue to Y, Cb and Cr.
YCBCR = ((0.299, 0.587, 0.114), (-0.168736, -0.331264, 0.5), (0.5, -0.418688, -0.081312))


def cut_out(images: Tensor, centres: Tensor, side: float) -> Tensor:
    """Black squares.

    Args:
        images: [B, C, H, W].
        centres: [B, n, 2], down and across, as parts of height and width.
        side: Of the squares, pixels; those that reach over an edge are cut there.
    """
    height, width = images.shape[-2:]
    down = torch.arange(height, device=images.device) + 0.5 - centres[..., :1] * height
    across = torch.arange(width, device=images.device) + 0.5 - centres[..., 1:] * width
    inside = (down.abs() < side / 2)[..., :, None] & (across.abs() < side / 2)[..., None, :]
    return images.masked_fill(inside.any(1)[:, None], -1.0)


def jpeg(images: Tensor, quality: Tensor) -> Tensor:
    """What JPEG's rounding leaves of the pictures: its cosine transform, tables and colours, without its halving of colour.

    Args:
        images: [B, C, H, W]; other than three channels are each taken for grey.
        quality: [B], 1 to 100 on the scale of the Independent JPEG Group.
    """
    channels, height, width = images.shape[1:]
    colour = channels == 3
    to_planes = torch.tensor(YCBCR) if colour else torch.eye(channels)
    there, back, basis = (
        to_device(matrix, images.device) for matrix in (to_planes, torch.linalg.inv(to_planes), _cosines(8))
    )
    tables = torch.tensor([LUMINANCE, CHROMINANCE, CHROMINANCE] if colour else [LUMINANCE] * channels)
    scale = torch.where(quality < 50, 5000 / quality, 200 - 2 * quality)[:, None, None, None]
    table = ((to_device(tables, images.device) * scale + 50) / 100).floor().clamp(1, 255)[:, :, None, None]
    values = images.float() * 127.5 + 127.5 - 128  # 0 to 255, shifted as in T.81, A.3.1
    planes = torch.einsum("ij,bjhw->bihw", there, values)
    planes = torch.nn.functional.pad(planes, (0, -width % 8, 0, -height % 8), mode="replicate")
    rows, columns = planes.shape[2] // 8, planes.shape[3] // 8
    blocks = planes.reshape(-1, channels, rows, 8, columns, 8).transpose(3, 4)
    rounded = ((basis @ blocks @ basis.T) / table).round() * table
    planes = (basis.T @ rounded @ basis).transpose(3, 4).reshape(-1, channels, 8 * rows, 8 * columns)
    values = torch.einsum("ij,bjhw->bihw", back, planes[..., :height, :width])
    return ((values + 128 - 127.5) / 127.5).clamp(-1, 1).to(images.dtype)


def median(images: Tensor, side: int) -> Tensor:
    """The median of the square of `side` x `side` pixels, an odd number, around each pixel, for each channel alone."""
    reach = side // 2
    padded = torch.nn.functional.pad(images, (reach,) * 4, mode="replicate")
    windows = padded.unfold(2, side, 1).unfold(3, side, 1).flatten(4)
    return windows.median(dim=4).values


def gamma(images: Tensor, exponent: Tensor) -> Tensor:
    """Values in [0, 1] to the power of `exponent`, [B]."""
    unit = ((images + 1) / 2).clamp(0, 1)
    return unit ** exponent[:, None, None, None] * 2 - 1


def shift(images: Tensor, amounts: Tensor) -> Tensor:
    """A number added to each channel: `amounts` [B, C], on the scale from -1 to 1."""
    return (images + amounts[:, :, None, None]).clamp(-1, 1)


def shift_hue(images: Tensor, hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    """Other colours, by way of hue, saturation and value (Smith 1978).

    Args:
        images: [B, 3, H, W].
        hue: [B], turns of the circle of colours that are added.
        saturation, value: [B], added on the scale from 0 to 1.
    """
    unit = ((images + 1) / 2).clamp(0, 1)
    high, low = unit.amax(1), unit.amin(1)
    chroma = high - low
    red, green, blue = unit.unbind(1)
    safe = chroma.clamp_min(1e-8)
    sixths = torch.where(
        high == red,
        (green - blue) / safe % 6,
        torch.where(high == green, (blue - red) / safe + 2, (red - green) / safe + 4),
    )
    amounts = [amount[:, None, None] for amount in (hue, saturation, value)]
    sixths = (sixths + 6 * amounts[0]) % 6
    # What is grey has no hue: more saturation must not make it red.
    strength = torch.where(chroma > 0, (chroma / high.clamp_min(1e-8) + amounts[1]).clamp(0, 1), 0.0)
    brightness = (high + amounts[2]).clamp(0, 1)
    channels = []
    for offset in (5, 3, 1):  # the closed form of the way back
        place = (offset + sixths) % 6
        channels.append(brightness * (1 - strength * torch.minimum(place, 4 - place).clamp(0, 1)))
    return torch.stack(channels, 1) * 2 - 1


def sharpen(images: Tensor, strength: Tensor, lightness: Tensor) -> Tensor:
    """A part `strength`, [B], of the picture exchanged for its second differences plus `lightness`, [B], times itself."""
    channels = images.shape[1]
    unit = ((images + 1) / 2).clamp(0, 1)
    ones = unit.new_ones(channels, 1, 3, 3)
    around = torch.nn.functional.conv2d(
        torch.nn.functional.pad(unit, (1, 1, 1, 1), mode="replicate"), ones, groups=channels
    )
    part, light = strength[:, None, None, None], lightness[:, None, None, None]
    edges = 9 * unit - around + light * unit
    return ((1 - part) * unit + part * edges).clamp(0, 1) * 2 - 1


def random_holes(images: Tensor, generator: torch.Generator) -> Tensor:
    """Three holes of 25 pixels where the picture has 256."""
    centres = torch.rand(len(images), 3, 2, generator=generator)
    return cut_out(images, to_device(centres, images.device), 25 / 256 * min(images.shape[-2:]))


def random_jpeg(images: Tensor, generator: torch.Generator) -> Tensor:
    """Quality 70 to 90."""
    return jpeg(images, _uniform(70, 90, images, generator))


def random_motion(images: Tensor, generator: torch.Generator) -> Tensor:
    """A straight motion of 2 to 6 pixels."""
    lengths = 2 + 4 * torch.rand(len(images), generator=generator)
    angles = math.pi * torch.rand(len(images), generator=generator)
    return blur(images, to_device(line_kernels(lengths, angles, 9), images.device))


def random_median(images: Tensor, generator: torch.Generator) -> Tensor:
    """Over 3, 5 or 7 pixels, alike for all of them."""
    return median(images, (3, 5, 7)[int(torch.randint(3, (), generator=generator))])


def random_gamma(images: Tensor, generator: torch.Generator) -> Tensor:
    """Exponents 0.8 to 1.2."""
    return gamma(images, _uniform(0.8, 1.2, images, generator))


def random_shift(images: Tensor, generator: torch.Generator) -> Tensor:
    """Up to 20 of 255 levels."""
    amounts = (torch.rand(images.shape[:2], generator=generator) * 2 - 1) * (20 / 127.5)
    return shift(images, to_device(amounts, images.device))


def random_hue(images: Tensor, generator: torch.Generator) -> Tensor:
    """Up to 40 degrees, 30 of 255 levels of saturation and 20 of value."""
    hue, saturation, value = (_uniform(-limit, limit, images, generator) for limit in (40 / 360, 30 / 255, 20 / 255))
    return shift_hue(images, hue, saturation, value)


def random_sharpening(images: Tensor, generator: torch.Generator) -> Tensor:
    """Strength 0.2 to 0.5, lightness 0.5 to 1."""
    return sharpen(images, _uniform(0.2, 0.5, images, generator), _uniform(0.5, 1, images, generator))


WAYS = (
    random_holes,
    random_jpeg,
    random_motion,
    random_median,
    random_gamma,
    random_shift,
    random_hue,
    random_sharpening,
)


def _uniform(low: float, high: float, images: Tensor, generator: torch.Generator) -> Tensor:
    """A number for each picture, on its device."""
    return to_device(low + (high - low) * torch.rand(len(images), generator=generator), images.device)


def _cosines(side: int) -> Tensor:
    """The orthonormal cosine transform (T.81, A.3.3) as a matrix [side, side]."""
    row, column = torch.arange(side)[:, None].double(), torch.arange(side).double()
    basis = (math.pi * (2 * column + 1) * row / (2 * side)).cos() * math.sqrt(2 / side)
    basis[0] /= math.sqrt(2)
    return basis.float()
