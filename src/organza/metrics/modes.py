"""How many modes of a mixture of Gaussians a generator has found."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from organza.errors import UsageError
from organza.metrics.checks import check_samples

PUBLISHED = 2500  # points of which `covered` counts those that a mode needs (Srivastava et al. 2017, arXiv:1705.07761)
NEAR = 3.0  # standard deviations within which a point is of high quality


@dataclass(frozen=True)
class ModeCount:
    """What was found.

    Attributes:
        modes: Modes with enough points of high quality.
        high_quality: Share of the points within 3 sigma of the nearest centre.
        kl: KL divergence, in nats, of the shares of all points by nearest centre from equal shares: 0 at best, ln K when
            all points are nearest to one of K centres.
    """

    modes: int
    high_quality: float
    kl: float


def count_modes(points: Tensor, centres: Tensor, sigma: float, covered: int = 20) -> ModeCount:
    """Count the modes that points cover (Srivastava et al. 2017, arXiv:1705.07761, section 4.1, and Metz et al. 2017).

    The divergence takes all points, those of high quality or not: so it is small for points that are spread alike but
    lie nowhere near, and large from the first sign of collapse.

    Args:
        points: Generated, float [n, 2].
        centres: Of the mixture, float [K, 2].
        sigma: Standard deviation of each mode, above 0.
        covered: Points of high quality out of 2500 that a mode needs; of n points it needs covered n / 2500, at least 1.

    Raises:
        UsageError: There are no points, or sigma is not above 0.
        OrganzaError: A point is not finite.
        ValueError: The shapes do not fit.
    """
    check_samples("points", points, 1)
    if sigma <= 0:
        raise UsageError(f"the standard deviation of a mode is above 0, not {sigma}")
    points, centres = points.cpu().double(), centres.cpu().double()
    distances, nearest = torch.cdist(points, centres, compute_mode="donot_use_mm_for_euclid_dist").min(1)
    good = distances <= NEAR * sigma
    count = len(points)
    good_of_mode = torch.bincount(nearest[good], minlength=len(centres))
    shares = torch.bincount(nearest, minlength=len(centres)).double() / count
    return ModeCount(
        modes=int((good_of_mode >= max(1.0, covered * count / PUBLISHED)).sum()),
        high_quality=float(good.double().mean()),
        kl=max(0.0, math.log(len(centres)) - float(torch.special.entr(shares).sum())),
    )
