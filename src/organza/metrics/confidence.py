"""The inception score: how sure a classifier is of each sample, and how different the samples are."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor

from organza.errors import UsageError


def inception_score(probabilities: Tensor, splits: int = 1) -> tuple[float, float]:
    """exp(E KL(p(y|x) || p(y))) (Salimans et al. 2016, arXiv:1606.03498, section 4), in float64.

    1 if the classifier says the same of all samples, K if it is sure of each and all of K classes are equally frequent.
    It knows nothing of real samples, and with a classifier other than Inception it has to be named after that.

    Args:
        probabilities: Of the classes, [n, K]; rows sum to 1.
        splits: The score is taken over so many equal parts, in order; published values have 10, over 50,000 samples.

    Returns:
        Mean and standard deviation (divided by `splits`) over the parts.

    Raises:
        UsageError: Fewer samples than parts.
        ValueError: They are no probabilities, or there are no parts.
    """
    if splits < 1 or probabilities.ndim != 2:
        raise ValueError(f"probabilities must be [n, K], not of shape {tuple(probabilities.shape)}, in 1 part or more")
    if len(probabilities) < splits:
        raise UsageError(f"{splits} splits need as many samples, and got {len(probabilities)}: ask for more samples")
    probabilities = probabilities.cpu().double()
    if not bool((probabilities >= 0).all()) or not bool(((probabilities.sum(1) - 1).abs() < 1e-3).all()):
        raise ValueError("probabilities are not negative and sum to 1 in each row: take the softmax of logits first")
    bounds = [part * len(probabilities) // splits for part in range(splits + 1)]
    scores = torch.stack([_score(probabilities[start:end]) for start, end in pairwise(bounds)])
    return float(scores.mean()), float(scores.std(correction=0))


def _score(probabilities: Tensor) -> Tensor:
    """The mean divergence from the mean is the entropy of the mean, less the mean entropy: defined at 0, too."""
    entropy = torch.special.entr(probabilities).sum(1).mean()
    divergence: Tensor = torch.special.entr(probabilities.mean(0)).sum() - entropy
    return divergence.exp()
