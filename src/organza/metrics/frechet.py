"""The Fréchet distance of Gaussians that have the mean and the covariance of features.

With Inception's features it is the FID (Heusel et al. 2017, arXiv:1706.08500); with others it must be named after them.
"""

from __future__ import annotations

import torch
from torch import Tensor

from organza.metrics.checks import check_samples


def frechet_distance(real: Tensor, fake: Tensor) -> float:
    """The Fréchet distance between features; it falls with the number of samples, so compare only at equal numbers.

    Args:
        real: Features [n, d], of 2 samples or more; computed in float64.
        fake: Features [m, d], the same.

    Returns:
        |mean_r - mean_f|^2 + tr(S_r + S_f - 2 (S_r S_f)^(1/2)), with covariances S divided by n - 1.

    Raises:
        UsageError: Fewer than 2 samples.
        OrganzaError: A feature is not finite.
        ValueError: The shapes do not fit.
    """
    return frechet_from_statistics(*_statistics("real features", real), *_statistics("generated features", fake))


def frechet_from_statistics(mean_a: Tensor, covariance_a: Tensor, mean_b: Tensor, covariance_b: Tensor) -> float:
    """The Fréchet distance of two Gaussians, computed in float64.

    The trace of (S_a S_b)^(1/2) is that of (S_a^(1/2) S_b S_a^(1/2))^(1/2), which is symmetric: eigenvalues that rounding
    has made negative are set to zero, and no root comes out complex, as it does from a general matrix root. A distance
    that rounding has made negative is 0.

    Args:
        mean_a: [d].
        covariance_a: [d, d], symmetric, positive semidefinite.
        mean_b: [d].
        covariance_b: [d, d], the same.

    Raises:
        ValueError: The shapes do not fit.
    """
    if not mean_a.shape == mean_b.shape == covariance_a.shape[:1] == covariance_b.shape[:1]:
        raise ValueError(f"features of {mean_a.numel()} and of {mean_b.numel()} dimensions cannot be compared")
    mean_a, covariance_a, mean_b, covariance_b = (
        tensor.cpu().double() for tensor in (mean_a, covariance_a, mean_b, covariance_b)
    )
    values, vectors = torch.linalg.eigh(covariance_a)
    root = (vectors * values.clamp(min=0).sqrt()) @ vectors.T
    product = root @ covariance_b @ root
    trace_of_root = torch.linalg.eigvalsh((product + product.T) / 2).clamp(min=0).sqrt().sum()
    distance = (mean_a - mean_b).square().sum() + covariance_a.trace() + covariance_b.trace() - 2 * trace_of_root
    return max(0.0, float(distance))


def _statistics(what: str, features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean [d] and covariance [d, d], float64."""
    check_samples(what, features, 2)
    features = features.cpu().double()  # not every accelerator has float64
    mean = features.mean(0)
    centred = features - mean
    return mean, centred.T @ centred / (len(features) - 1)
