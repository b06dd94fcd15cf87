"""Precision and recall, density and coverage: scores by balls that reach to nearest neighbours."""

from __future__ import annotations

import torch
from torch import Tensor

from organza.metrics.checks import check_samples
from organza.metrics.distances import TIE, centred, squared_distances


def precision_recall(real: Tensor, fake: Tensor, k: int = 3, chunk: int = 1024) -> tuple[float, float]:
    """How many fakes lie where real samples are, and how many real samples lie where fakes are.

    The improved precision and recall of Kynkäänniemi et al. 2019 (arXiv:1904.06991, equations 1 and 2): a set covers the
    closed balls around its samples, each of which reaches to the sample's k-th nearest neighbour in the set, itself
    excluded (a copy of it is a neighbour, at distance 0). Distances are taken in float64; those of equal samples are
    exactly 0, and what lies on a ball's surface up to rounding is covered, so that nothing depends on `chunk`.

    Args:
        real: Features [n, d], more than k.
        fake: Features [m, d], more than k; published values have m = n.
        k: Which neighbour a ball reaches to.
        chunk: Samples whose distances to all others are held in memory at once, on the device of the features.

    Returns:
        Precision, the share of the fakes that the real samples cover, and recall, the share of the real samples that
        the fakes cover.

    Raises:
        UsageError: Too few samples.
        OrganzaError: A feature is not finite.
        ValueError: The shapes do not fit.
    """
    check_samples("generated features", fake, k + 1)
    real, fake, real_radii = _prepared(real, fake, k, chunk)
    fake_radii = _radii(fake, k, chunk)
    fake_covered = torch.zeros(len(fake), dtype=torch.bool, device=fake.device)
    real_covered = []
    for some, radii in zip(torch.split(real, chunk), torch.split(real_radii, chunk), strict=True):
        squares = squared_distances(some, fake)
        fake_covered |= (squares <= radii[:, None]).any(0)
        real_covered.append((squares <= fake_radii).any(1))
    return _share(fake_covered), _share(torch.cat(real_covered))


def density_coverage(real: Tensor, fake: Tensor, k: int = 5, chunk: int = 1024) -> tuple[float, float]:
    """How densely fakes lie where real samples are, and how many real samples have a fake beside them.

    Density and coverage of Naeem et al. 2020 (arXiv:2002.09797, section 3), with the closed balls around the real
    samples of `precision_recall`. One outlier among the real samples, whose ball is large, counts for little in the
    density, and outliers among the fakes count for nothing in the coverage.

    Args:
        real: Features [n, d], more than k.
        fake: Features [m, d], at least 1.
        k: Which neighbour a ball reaches to.
        chunk: Samples whose distances to all others are held in memory at once, on the device of the features.

    Returns:
        Density, the mean number of balls around a fake, divided by k: about 1 for fakes like the real samples, and
        above 1 where they crowd; and coverage, the share of the balls with a fake inside, in [0, 1]: of fakes like
        the real samples and as many it is 1 - 2^-k or somewhat more.

    Raises:
        UsageError: Too few samples.
        OrganzaError: A feature is not finite.
        ValueError: The shapes do not fit.
    """
    real, fake, real_radii = _prepared(real, fake, k, chunk)
    inside = torch.cat(
        [
            (squared_distances(some, fake) <= radii[:, None]).sum(1)
            for some, radii in zip(torch.split(real, chunk), torch.split(real_radii, chunk), strict=True)
        ]
    )
    return int(inside.sum()) / (k * len(fake)), _share(inside > 0)


def _prepared(real: Tensor, fake: Tensor, k: int, chunk: int) -> tuple[Tensor, Tensor, Tensor]:
    """Both sets in float64 around the mean of the real one, and the squared radii of its balls."""
    check_samples("real features", real, k + 1)
    check_samples("generated features", fake, 1)
    real, fake = centred(real, fake)
    return real, fake, _radii(real, k, chunk)


def _radii(samples: Tensor, k: int, chunk: int) -> Tensor:
    """The squared distance [n] of each sample to its k-th nearest neighbour; the nearest of all, at 0, is itself.

    Widened by what counts as equal, for two computations of one distance differ in the last digits.
    """
    return TIE * torch.cat(
        [
            squared_distances(some, samples).topk(k + 1, largest=False).values[:, k]
            for some in torch.split(samples, chunk)
        ]
    )


def _share(covered: Tensor) -> float:
    return int(covered.sum()) / len(covered)
