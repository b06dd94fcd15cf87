"""The kernel distance: a squared maximum mean discrepancy, whose estimate does not depend on the number of samples.

With Inception's features it is the KID (Binkowski et al. 2018, arXiv:1801.01401); with others it is named after them.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from organza.metrics.checks import check_samples


@dataclass(frozen=True)
class KernelDistance:
    """Of random subsets.

    Attributes:
        value: The mean of the squared discrepancies; around 0, also below it, for equal distributions.
        deviation: Their standard deviation (divided by the number of subsets): of one subset, not of the value.
    """

    value: float
    deviation: float


def kernel_distance(
    real: Tensor, fake: Tensor, *, subsets: int = 100, size: int = 1000, seed: int = 0
) -> KernelDistance:
    """The mean of `mean_discrepancy` over random subsets, each drawn without replacement.

    Args:
        real: Features [n, d], of 2 samples or more.
        fake: Features [m, d], the same.
        subsets: How many are drawn; if `size` takes all samples of both sides, there is but one.
        size: Samples of each side in a subset; the smaller of n and m if there are fewer.
        seed: Of the choice.

    Raises:
        UsageError: Too few samples.
        OrganzaError: A feature is not finite.
        ValueError: The shapes do not fit, or there are no subsets, or of less than 2 samples.
    """
    check_samples("real features", real, 2)
    check_samples("generated features", fake, 2)
    if subsets < 1 or size < 2:
        raise ValueError(f"{subsets} subsets of {size} samples: at least 1 of 2 are needed")
    real, fake = real.cpu().double(), fake.cpu().double()
    size = min(size, len(real), len(fake))
    if size == len(real) == len(fake):
        subsets = 1  # all would be the same
    generator = torch.Generator().manual_seed(seed)
    values = torch.tensor(
        [
            mean_discrepancy(*(each[torch.randperm(len(each), generator=generator)[:size]] for each in (real, fake)))
            for _ in range(subsets)
        ],
        dtype=torch.float64,
    )
    return KernelDistance(float(values.mean()), float(values.std(correction=0)))


def mean_discrepancy(real: Tensor, fake: Tensor) -> float:
    """The unbiased estimate of the squared maximum mean discrepancy (Gretton et al. 2012, equation 3), in float64.

    The kernel is (x.y / d + 1)^3; pairs of a sample with itself are left out.

    Args:
        real: Features [n, d], of 2 samples or more, finite.
        fake: Features [m, d], the same.

    Raises:
        ValueError: Their dimensions differ.
    """
    if real.shape[1:] != fake.shape[1:]:
        raise ValueError(f"features of {real.shape[1]} and of {fake.shape[1]} dimensions cannot be compared")
    real, fake = real.cpu().double(), fake.cpu().double()
    return _mean_within(real) + _mean_within(fake) - 2 * float(_kernel(real @ fake.T, real.shape[1]).mean())


def _mean_within(samples: Tensor) -> float:
    """The mean of the kernel over all pairs of different samples."""
    count, dim = samples.shape
    own = _kernel(samples.square().sum(1), dim).sum()
    return float(_kernel(samples @ samples.T, dim).sum() - own) / (count * (count - 1))


def _kernel(products: Tensor, dim: int) -> Tensor:
    return (products / dim + 1) ** 3
