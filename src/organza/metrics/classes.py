"""What a classifier, or labels, say about generated samples."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from organza.errors import UsageError


def class_shares(probabilities: Tensor) -> Tensor:
    """The share of the samples that are most probably of each class.

    Args:
        probabilities: [n, K], at least one row; ties go to the first class.

    Returns:
        Float64 [K] that sums to 1, on the CPU.

    Raises:
        UsageError: There are no samples.
    """
    if not len(probabilities):
        raise UsageError("shares of classes need samples, and got none")
    counts = torch.bincount(probabilities.argmax(1), minlength=probabilities.shape[1])
    return counts.cpu().double() / len(probabilities)


def entropy(shares: Tensor) -> float:
    """H = -sum q ln q in nats: ln K for equal shares of K classes, 0 when all is in one.

    Args:
        shares: [K], not negative, with sum 1.
    """
    return float(torch.special.entr(shares.cpu().double()).sum())


def effective_classes(shares: Tensor) -> float:
    """exp(H) with the `entropy` H: K for equal shares of K classes, 1 when all is in one.

    Args:
        shares: [K], not negative, with sum 1.
    """
    return math.exp(entropy(shares))


def conditional_accuracy(probabilities: Tensor, labels: Tensor) -> float:
    """The share of the samples whose most probable class is the one that was asked for.

    Args:
        probabilities: [n, K].
        labels: Int64 [n], what the generator was given.

    Raises:
        UsageError: There are no samples.
        ValueError: There are not as many labels as samples.
    """
    if not len(probabilities):
        raise UsageError("the accuracy of conditions needs samples, and got none")
    if labels.shape != probabilities.shape[:1]:
        raise ValueError(f"{len(probabilities)} samples and labels of shape {tuple(labels.shape)}")
    return int((probabilities.argmax(1).cpu() == labels.cpu()).sum()) / len(labels)


def diversity_by_class(
    images: Tensor, labels: Tensor, real_images: Tensor, real_labels: Tensor, classes: int
) -> Tensor:
    """How much the images of each class differ among themselves, as a ratio to how much the real ones do.

    The difference is the standard deviation (divided by n - 1) of each pixel over the images of the class, averaged over
    pixels and channels. Near 0, the generator ignores its noise.

    Args:
        images: Generated, float [n, C, H, W].
        labels: Int64 [n], what the generator was given.
        real_images: Float [m, C, H, W], in the same range.
        real_labels: Int64 [m].
        classes: How many there are.

    Returns:
        Float64 [classes], on the CPU; NaN for a class that has fewer than 2 images on either side, or equal real images.
    """
    spread, real_spread = _spread(images, labels, classes), _spread(real_images, real_labels, classes)
    return spread / torch.where(real_spread > 0, real_spread, torch.nan)


def _spread(images: Tensor, labels: Tensor, classes: int) -> Tensor:
    """The mean over pixels of the standard deviation within each class, float64 [classes] on the CPU."""
    spreads = torch.full((classes,), torch.nan, dtype=torch.float64)
    for label in range(classes):
        chosen = images[labels.to(images.device) == label]
        if len(chosen) >= 2:
            spreads[label] = chosen.cpu().double().std(0).mean()
    return spreads
