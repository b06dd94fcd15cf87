"""Precision and recall by nearest neighbours."""

from __future__ import annotations

import torch
from torch import Tensor

from organza.metrics.checks import check_samples


def precision_recall(real: Tensor, fake: Tensor, k: int = 3, chunk: int = 1024) -> tuple[float, float]:
    """How many fakes lie where real samples are, and how many real samples lie where fakes are.

    The improved precision and recall of Kynkäänniemi et al. 2019 (arXiv:1904.06991, equations 1 and 2): a set covers the
    closed balls around its samples, each of which reaches to the sample's k-th nearest neighbour in the set, itself
    excluded (a copy of it is a neighbour, at distance 0). Distances are taken in the wider type of the two, by differences
    and not by products, so that those of equal samples are exactly 0 and nothing depends on `chunk`.

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
    check_samples("real features", real, k + 1)
    check_samples("generated features", fake, k + 1)
    dtype = torch.promote_types(real.dtype, fake.dtype)
    real, fake = real.to(dtype), fake.to(dtype)
    real_radii, fake_radii = _radii(real, k, chunk), _radii(fake, k, chunk)
    fake_covered = torch.zeros(len(fake), dtype=torch.bool, device=fake.device)
    real_covered = []
    for some, radii in zip(torch.split(real, chunk), torch.split(real_radii, chunk), strict=True):
        distances = _distances(some, fake)
        fake_covered |= (distances <= radii[:, None]).any(0)
        real_covered.append((distances <= fake_radii).any(1))
    return _share(fake_covered), _share(torch.cat(real_covered))


def _radii(samples: Tensor, k: int, chunk: int) -> Tensor:
    """The distance [n] of each sample to its k-th nearest neighbour; the nearest of all, at 0, is the sample itself."""
    return torch.cat(
        [_distances(some, samples).topk(k + 1, largest=False).values[:, k] for some in torch.split(samples, chunk)]
    )


def _share(covered: Tensor) -> float:
    return int(covered.sum()) / len(covered)


def _distances(some: Tensor, others: Tensor) -> Tensor:
    return torch.cdist(some, others, compute_mode="donot_use_mm_for_euclid_dist")
