"""Mixtures of Gaussians in the plane, on which a mode that is missed can be counted."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import torch
from torch import Tensor

from organza.data.dataset import ResidentDataset
from organza.data.source import Source, Want
from organza.registry import Registry
from organza.streams import Streams

POINTS = 100_000


@dataclass(frozen=True, eq=False)
class Mixture:
    """Equally likely Gaussians.

    Attributes:
        centres: float32 [K, 2].
        sigma: Standard deviation of each, in both directions.
        summary: One line on it.
    """

    centres: Tensor
    sigma: float
    summary: str


MIXTURES: Registry[Mixture] = Registry("mixture")

_ANGLES = torch.arange(8) * (math.tau / 8)
_STEPS = torch.arange(-2.0, 3.0) * 2
MIXTURES.add(
    "ring8",
    Mixture(
        2 * torch.stack([_ANGLES.cos(), _ANGLES.sin()], 1),
        0.02,
        "8 Gaussians on a circle of radius 2, sigma 0.02: 100,000 points (after Metz et al. 2017, arXiv:1611.02163)",
    ),
)
MIXTURES.add(
    "grid25",
    Mixture(
        torch.cartesian_prod(_STEPS, _STEPS),
        0.05,
        "25 Gaussians on a 5x5 grid of step 2, sigma 0.05: 100,000 points (after Srivastava et al. 2017, arXiv:1705.07761)",
    ),
)


def mixture_centres(name: str) -> Tensor:
    """The centres of a mixture's Gaussians, float32 [K, 2], in the order of its labels; UsageError for another name."""
    return MIXTURES[name].centres.clone()


def mixture_sigma(name: str) -> float:
    """The standard deviation of a mixture's Gaussians, in both directions; UsageError for another name."""
    return MIXTURES[name].sigma


@dataclass(frozen=True)
class PointContent:
    """Points, float32 [n, 2]."""

    points: Tensor

    def dataset(self, source: Source, want: Want) -> ResidentDataset:  # noqa: ARG002 - points have neither size nor channels
        return ResidentDataset(self.points, source.labels, source.classes)


def open_mixture(name: str, split: str) -> Source:
    """100,000 points of a mixture, always the same ones for a split; labels say which Gaussian a point is from."""
    mixture = MIXTURES[name]
    generator = Streams(0).generator(name, split)
    labels = torch.randint(len(mixture.centres), (POINTS,), generator=generator)
    points = mixture.centres[labels] + mixture.sigma * torch.randn(POINTS, 2, generator=generator)
    return Source(
        name=name,
        kind="points",
        count=POINTS,
        channels=2,
        height=1,
        width=1,
        uniform=True,
        classes=tuple(str(mode) for mode in range(len(mixture.centres))),
        labels=labels,
        notes=(),
        fingerprint=hashlib.blake2b(points.numpy().tobytes(), digest_size=16).hexdigest(),
        split=split,
        content=PointContent(points),
    )
