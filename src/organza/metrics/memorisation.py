"""Whether a generator repeats what it was trained on: how far its samples are from the nearest training sample."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from organza.errors import OrganzaError
from organza.metrics.checks import check_samples
from organza.metrics.distances import centred, squared_distances

RARE = 0.01  # the quantile of real samples' distances below which a fake is suspiciously close


@dataclass(frozen=True)
class Memorisation:
    """What was found.

    Attributes:
        near_duplicates: Share of the fakes that are at least as close to a training sample as the closest 1 % of new real
            samples: about 0.01 where nothing is remembered.
        ratio: Median distance of a fake to the nearest training sample, over that of new real samples: 1 if the fakes
            are as far from the training set as those, near 0 if they are copies.
    """

    near_duplicates: float
    ratio: float


def memorisation(fake: Tensor, train: Tensor, held_out: Tensor | None = None, chunk: int = 1024) -> Memorisation:
    """How much closer the fakes are to the training set than new real samples are.

    A distance is Euclidean, between features; a sample counts as a near duplicate if its nearest training sample is no
    farther than the first percentile of the same distance of new real samples (so an exact copy always does).

    Args:
        fake: Features [n, d], at least 1.
        train: Features [m, d], what the generator was trained on, at least 1; 2 without `held_out`.
        held_out: Features [l, d] of new real samples, at least 1. Without them the training samples take their place, each
            with its nearest other training sample.
        chunk: Samples whose distances to all others are held in memory at once, on the device of the features.

    Raises:
        UsageError: Too few samples.
        OrganzaError: A feature is not finite, or half of the new real samples are in the training set.
        ValueError: The shapes do not fit.
    """
    if held_out is None:
        usual = near_pairs(train, chunk)
    else:
        check_samples("held-out features", held_out, 1)
        usual = nearest(held_out, train, chunk)[0]
    if not (middle := float(usual.quantile(0.5))):
        raise OrganzaError(
            "half of the real samples that memorisation is judged by are in the training set: use others, or remove copies"
        )
    distances = nearest(fake, train, chunk)[0]
    return Memorisation(
        near_duplicates=float((distances <= usual.quantile(RARE)).double().mean()),
        ratio=float(distances.quantile(0.5)) / middle,
    )


def nearest(fake: Tensor, train: Tensor, chunk: int = 1024) -> tuple[Tensor, Tensor]:
    """The nearest training sample of each fake.

    Args:
        fake: Features [n, d], at least 1.
        train: Features [m, d], at least 1.
        chunk: Samples whose distances to all others are held in memory at once, on the device of the features.

    Returns:
        Euclidean distances, float64 [n], exactly 0 for copies, and which training samples, int64 [n]; on the CPU.

    Raises:
        UsageError: There are no samples.
        OrganzaError: A feature is not finite.
        ValueError: The shapes do not fit.
    """
    check_samples("generated features", fake, 1)
    check_samples("training features", train, 1)
    train, fake = centred(train, fake)
    found = [squared_distances(some, train).min(1) for some in torch.split(fake, chunk)]
    return torch.cat([each.values for each in found]).sqrt().cpu(), torch.cat([each.indices for each in found]).cpu()


def near_pairs(samples: Tensor, chunk: int = 1024) -> Tensor:
    """How far each sample is from the nearest other one of the same set.

    Args:
        samples: Features [n, d], at least 2.
        chunk: Samples whose distances to all others are held in memory at once, on the device of the features.

    Returns:
        Euclidean distances, float64 [n], on the CPU; exactly 0 for a sample of which there is a copy.

    Raises:
        UsageError: There are fewer than 2 samples.
        OrganzaError: A feature is not finite.
        ValueError: They are not [n, d].
    """
    check_samples("samples", samples, 2)
    (samples,) = centred(samples)
    found = []
    for start in range(0, len(samples), chunk):
        squares = squared_distances(samples[start : start + chunk], samples)
        squares.diagonal(start).fill_(torch.inf)  # itself is not another
        found.append(squares.min(1).values)
    return torch.cat(found).sqrt().cpu()
