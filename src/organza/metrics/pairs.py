"""How close restored images are to the sharp ones that they should be."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import conv2d

from organza.errors import OrganzaError, UsageError

WINDOW, SIGMA = 11, 1.5  # pixels of SSIM's Gaussian window, and its standard deviation
K1, K2 = 0.01, 0.03  # shares of the peak that keep SSIM's quotients from 0 / 0


def psnr(images: Tensor, targets: Tensor, peak: float = 255.0) -> Tensor:
    """The peak signal-to-noise ratio of each image, 10 log10(peak^2 / MSE), over all of its pixels and channels.

    Args:
        images: [n, C, H, W], uint8 or float.
        targets: The same shape and range.
        peak: The highest value that an image could have, less the lowest: 255 for uint8, 2 for floats in [-1, 1].

    Returns:
        Float64 [n] in decibels, on the CPU; inf for equal images. A table states their mean.

    Raises:
        UsageError: There are no images.
        OrganzaError: A pixel is not finite.
        ValueError: The shapes do not fit, or the peak is not above 0.
    """
    images, targets = _checked(images, targets, peak)
    errors = torch.stack(
        [(image.double() - target.double()).square().mean() for image, target in zip(images, targets, strict=True)]
    )
    return 10 * torch.log10(peak**2 / errors)


def ssim(images: Tensor, targets: Tensor, peak: float = 255.0) -> Tensor:
    """The structural similarity of each image (Wang et al. 2004, doi:10.1109/TIP.2003.819861, equation 13).

    Gaussian windows of 11 x 11 pixels with a standard deviation of 1.5, K = (0.01, 0.03), population covariances, averaged
    over the places where a window lies within the image, and over the channels.

    Args:
        images: [n, C, H, W], uint8 or float, 11 pixels or more on each side.
        targets: The same shape and range.
        peak: The highest value that an image could have, less the lowest: 255 for uint8, 2 for floats in [-1, 1].

    Returns:
        Float64 [n], at most 1, on the CPU; 1 for equal images.

    Raises:
        UsageError: There are no images, or they are smaller than a window.
        OrganzaError: A pixel is not finite.
        ValueError: The shapes do not fit, or the peak is not above 0.
    """
    images, targets = _checked(images, targets, peak)
    if min(images.shape[2:]) < WINDOW:
        height, width = images.shape[2:]
        raise UsageError(
            f"SSIM looks through windows of {WINDOW} pixels, and the images have {height} x {width}: use PSNR"
        )
    # One after another: the maps are float64, and there are five of them.
    return torch.stack([_ssim(image, target, peak) for image, target in zip(images, targets, strict=True)])


def _ssim(image: Tensor, target: Tensor, peak: float) -> Tensor:
    """Of one image [C, H, W]."""
    a, b = image.double()[:, None], target.double()[:, None]
    mean_a, mean_b = _windows(a), _windows(b)
    variance_a, variance_b = _windows(a * a) - mean_a * mean_a, _windows(b * b) - mean_b * mean_b
    covariance = _windows(a * b) - mean_a * mean_b
    c1, c2 = (K1 * peak) ** 2, (K2 * peak) ** 2
    brightness = (2 * mean_a * mean_b + c1) / (mean_a * mean_a + mean_b * mean_b + c1)
    return (brightness * (2 * covariance + c2) / (variance_a + variance_b + c2)).mean()


def _windows(maps: Tensor) -> Tensor:
    """The weighted means over all windows: [C, 1, H, W] -> [C, 1, H - 10, W - 10]."""
    places = torch.arange(WINDOW, dtype=maps.dtype) - WINDOW // 2
    weights = torch.exp(-places.square() / (2 * SIGMA**2))
    weights /= weights.sum()
    return conv2d(conv2d(maps, weights[None, None, :, None]), weights[None, None, None, :])


def _checked(images: Tensor, targets: Tensor, peak: float) -> tuple[Tensor, Tensor]:
    """Both on the CPU, if they can be compared."""
    if images.ndim != 4 or images.shape != targets.shape:
        raise ValueError(f"images of shapes {tuple(images.shape)} and {tuple(targets.shape)}, not twice [n, C, H, W]")
    if peak <= 0:
        raise ValueError(f"the peak of an image is above 0, not {peak}")
    if not images.numel():
        raise UsageError("this score needs images, and got none")
    if not (bool(images.isfinite().all()) and bool(targets.isfinite().all())):
        raise OrganzaError("this score needs finite numbers, and the images hold others: look at the samples")
    return images.cpu(), targets.cpu()
