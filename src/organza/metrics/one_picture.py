"""How samples of a model of one picture stand to that picture: in their textures, among each other, in their edges."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn.functional import conv2d, interpolate, pad

from organza.errors import OrganzaError, UsageError
from organza.features.pictures import to_grey
from organza.metrics.frechet import frechet_distance

PATCH, PROJECTIONS = 7, 128  # pixels on each side of a patch, and directions in which patches are compared
PATCHES = 2**14  # of a level that are looked at, at most: a larger picture is gone over in larger steps
COARSEST = 16  # pixels on the shorter side of the coarsest level at least, as Karras et al. have it
SMOOTHING = 1.0  # standard deviation, in pixels, of the Gaussian before edges are looked for


def single_frechet(real_maps: Tensor, fake_maps: Tensor) -> float:
    """The Fréchet distance of two pictures, each a cloud of the features of its places.

    With the features of Inception before its second pooling it is the SIFID (Shaham et al. 2019, arXiv:1905.01164);
    with others it must be named after them.

    Args:
        real_maps: Features [C, h, w] of one picture.
        fake_maps: Features [C, h', w'] of the other. The fewer places, the larger the distance: compare only equal sizes.

    Returns:
        0 for equal pictures.

    Raises:
        UsageError: A picture has fewer than 2 places.
        OrganzaError: A feature is not finite.
        ValueError: The shapes do not fit.
    """
    for maps in (real_maps, fake_maps):
        if maps.ndim != 3:
            raise ValueError(f"features of the places of a picture are [C, h, w], not of shape {tuple(maps.shape)}")
        if maps[0].numel() < 2:
            raise UsageError("the picture is too small for these features: they see fewer than 2 places in it")
    return frechet_distance(real_maps.flatten(1).T, fake_maps.flatten(1).T)


def patch_swd(
    real: Tensor,
    fake: Tensor,
    generator: torch.Generator,
    patch: int = PATCH,
    projections: int = PROJECTIONS,
    levels: int | None = None,
) -> float:
    """The sliced Wasserstein distance of the patches of two pictures (Rabin et al. 2011; Karras et al. 2018, arXiv:1710.10196).

    Both become Laplacian pyramids. On each level all patches of one are held against all of the other in random directions: the
    mean distance of sorted projections, which is W1 on a line. Unlike Karras et al. nothing is normalised, so that a wrong
    contrast counts, and pictures that differ by a constant c are about 0.8 c apart on the coarsest level.

    Args:
        real: Picture [C, H, W].
        fake: Another of the same shape. The order of the two makes no difference.
        generator: Draws the directions, on the CPU; its state decides them, so that two distances compare only from equal states.
        patch: Pixels on each side of a patch.
        projections: How many directions on each level.
        levels: Of the pyramid; None: as many as leave 16 pixels on the shorter side, at least one.

    Returns:
        The mean over the levels, in units of the pixels; 0 for equal pictures.

    Raises:
        UsageError: There is no place for a patch on some level.
        OrganzaError: A pixel is not finite.
        ValueError: The shapes do not fit, or a number is below 1.
    """
    _check_pictures(real, fake)
    shorter = min(real.shape[1:])
    levels = max(1, 1 + int(math.log2(max(1.0, shorter / COARSEST)))) if levels is None else levels
    if min(patch, projections, levels) < 1:
        raise ValueError(f"{levels} levels, {projections} directions and patches of {patch} pixels: 1 or more of each")
    if shorter // 2 ** (levels - 1) < patch:
        raise UsageError(
            f"patches of {patch} pixels on {levels} level{'s' if levels > 1 else ''} need a picture of"
            f" {patch * 2 ** (levels - 1)} pixels or more, and this one has {shorter} on its shorter side"
        )
    directions = torch.randn(levels, projections, len(real), patch, patch, generator=generator)
    directions /= directions.flatten(2).norm(dim=2)[..., None, None, None]
    distances = []
    for filters, some, others in zip(directions, laplacian(real, levels), laplacian(fake, levels), strict=True):
        stride = math.ceil(math.sqrt((some.shape[1] - patch + 1) * (some.shape[2] - patch + 1) / PATCHES))
        one, other = (
            conv2d(level[None], filters, stride=stride)[0].flatten(1).sort(1).values for level in (some, others)
        )
        distances.append((one - other).abs().mean(dtype=torch.float64))
    return float(torch.stack(distances).mean())


def laplacian(picture: Tensor, levels: int) -> list[Tensor]:
    """What each halving of a picture [C, H, W] takes away, finest first, and last what is left of it; float32 on the CPU."""
    rest, bands = picture.cpu().float()[None], []
    for _ in range(levels - 1):
        half = (rest.shape[2] // 2, rest.shape[3] // 2)
        small = interpolate(rest, half, mode="bilinear", align_corners=False, antialias=True)
        bands.append((rest - interpolate(small, rest.shape[2:], mode="bilinear", align_corners=False))[0])
        rest = small
    return [*bands, rest[0]]


def shuffled(picture: Tensor, generator: torch.Generator) -> Tensor:
    """The pixels of a picture [C, H, W] in random order: noise of the same colours, below which no model should fall."""
    order = torch.randperm(picture[0].numel(), generator=generator).to(picture.device)
    return picture.flatten(1)[:, order].view_as(picture)


def pixel_diversity(samples: Tensor) -> float:
    """How much samples differ: the standard deviation of each pixel among them, averaged over pixels and channels.

    Divided by `deviation` of the training picture it is the diversity of Shaham et al. 2019, arXiv:1905.01164 (who
    take intensities, so grey pictures).

    Args:
        samples: [n, C, H, W].

    Returns:
        In units of the pixels; 0 for samples that are all the same.

    Raises:
        UsageError: Fewer than 2 samples.
        OrganzaError: A pixel is not finite.
        ValueError: These are no pictures.
    """
    if samples.ndim != 4:
        raise ValueError(f"samples are [n, C, H, W], not of shape {tuple(samples.shape)}")
    if len(samples) < 2:
        raise UsageError(f"how much samples differ needs 2 of them, and there are {len(samples)}: ask for more with -n")
    _check_finite(samples)
    return float(samples.double().std(0, correction=0).mean())


def deviation(picture: Tensor) -> float:
    """The standard deviation of the pixels of a picture [C, H, W]: of each channel, averaged."""
    return float(picture.double().flatten(1).std(1, correction=0).mean())


def edge_agreement(some: Tensor, other: Tensor, smoothing: float = SMOOTHING) -> float:
    """How far two pictures have their edges in the same places: the correlation of the lengths of their gradients.

    Sobel's gradients (Sobel and Feldman 1968) of luma, after a Gaussian with a standard deviation of 1 pixel: edges that lie one
    pixel apart still overlap. Pearson's correlation, so another contrast, brightness or polarity changes nothing.

    Args:
        some: Picture [C, H, W] in [-1, 1] with 1, 3 or 4 channels, 2 pixels or more on each side.
        other: The same height and width.
        smoothing: Standard deviation of the Gaussian in pixels; 0: none.

    Returns:
        1 for equal edges, about 0 for unrelated ones, and 0 where a picture has none at all.

    Raises:
        UsageError: These are no pictures.
        OrganzaError: A pixel is not finite.
        ValueError: The sizes differ, or are below 2 pixels.
    """
    if some.ndim != 3 or other.ndim != 3 or some.shape[1:] != other.shape[1:] or min(some.shape[1:]) < 2:
        raise ValueError(f"pictures of shapes {tuple(some.shape)} and {tuple(other.shape)}, not twice [C, H, W]")
    _check_finite(some, other)
    first, second = (_edges(to_grey(picture.cpu()[None]).double(), smoothing).flatten() for picture in (some, other))
    # Flat but for rounding, which would correlate with anything.
    if min(float(first.max()), float(second.max())) < 1e-5:
        return 0.0
    return float(torch.corrcoef(torch.stack([first, second]))[0, 1])


def _edges(grey: Tensor, smoothing: float) -> Tensor:
    """The lengths of the gradients of [1, 1, H, W]."""
    if smoothing > 0:
        reach = math.ceil(3 * smoothing)
        places = torch.arange(-reach, reach + 1, dtype=grey.dtype)
        weights = torch.exp(-places.square() / (2 * smoothing**2))
        grey = _separable(grey, weights / weights.sum(), weights / weights.sum())
    slope, smooth = (grey.new_tensor(weights) for weights in ((-0.5, 0.0, 0.5), (0.25, 0.5, 0.25)))
    return torch.hypot(_separable(grey, slope, smooth), _separable(grey, smooth, slope))


def _separable(grey: Tensor, down: Tensor, across: Tensor) -> Tensor:
    """[1, 1, H, W] through a filter that is a product of one along each side; the outermost pixels go on beyond the edge."""
    grey = pad(grey, (len(across) // 2,) * 2 + (len(down) // 2,) * 2, mode="replicate")
    return conv2d(conv2d(grey, down.view(1, 1, -1, 1)), across.view(1, 1, 1, -1))


def _check_pictures(real: Tensor, fake: Tensor) -> None:
    if real.ndim != 3 or real.shape != fake.shape:
        raise ValueError(f"pictures of shapes {tuple(real.shape)} and {tuple(fake.shape)}, not twice [C, H, W]")
    _check_finite(real, fake)


def _check_finite(*pictures: Tensor) -> None:
    if not all(bool(picture.isfinite().all()) for picture in pictures):
        raise OrganzaError("this score needs finite numbers, and the pictures hold others: look at the samples")
