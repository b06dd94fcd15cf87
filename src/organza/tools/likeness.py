"""Do the vectors that a generator has learnt for its classes show which classes are alike?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from organza.exchange import load_model
from organza.networks.labels import ConditionalBatchNorm2d, LabelEmbedding
from organza.tools.scoring import Reference


def class_vectors(network: nn.Module) -> Tensor | None:
    """What a network has learnt of each class, [classes, entries]: embeddings, gains and biases; None if there is nothing."""
    found = [module.vectors for module in network.modules() if isinstance(module, LabelEmbedding)]
    for module in network.modules():
        if isinstance(module, ConditionalBatchNorm2d):
            found += [module.gain.detach(), module.shift.detach()]
    return torch.cat(found, 1) if found else None


def similarities(vectors: Tensor) -> Tensor:
    """Cosines between the rows, after their mean has been taken away: [n, n]."""
    centred = normalize(vectors.double() - vectors.double().mean(0), dim=1)
    return centred @ centred.T


def rank_correlation(first: Tensor, second: Tensor) -> float:
    """Spearman's correlation of two vectors of equal length, without regard to ties."""
    ranks = [values.argsort().argsort().double() for values in (first, second)]
    centred = [normalize(rank - rank.mean(), dim=0) for rank in ranks]
    return float(centred[0] @ centred[1])


def likeness_section(runs: Sequence[tuple[str, Path]], reference: Reference) -> dict[str, Any] | None:
    """For each generator, the nearest other class of each class, and how well that agrees with real pictures.

    Args:
        runs: Title and run folder.
        reference: Real samples with labels.

    Returns:
        A section for the page; None if no generator has learnt vectors.
    """
    labels = reference.labels
    if labels is None:
        return None
    features = reference.looks[0]
    names = reference.source.classes
    centres = torch.stack([features[labels == number].mean(0) for number in range(len(names))])
    real = similarities(centres)
    above = torch.triu_indices(len(names), len(names), 1)
    rows = [["real pictures, as the classifier sees them", *nearest(real, names), "1"]]
    for title, run in runs:
        model = load_model(run)
        vectors = class_vectors(model.networks["generator"])
        if vectors is None:
            continue
        learnt = similarities(vectors)
        agreement = rank_correlation(learnt[above[0], above[1]], real[above[0], above[1]])
        rows.append([title, *nearest(learnt, names), f"{agreement:.2f}"])
    if len(rows) == 1:
        return None
    words = (
        "For each class, the other class whose learnt vector is nearest (by its cosine, the mean of all classes taken away); and "
        "the rank correlation, over all pairs of classes, with how alike real pictures of the classes are."
    )
    return {
        "title": "Which classes the learnt vectors hold to be alike",
        "paragraphs": [words],
        "table": {"header": ["", *names, "agreement"], "rows": rows},
    }


def nearest(similarity: Tensor, names: Sequence[str]) -> list[str]:
    """For each class the name of the most similar other one."""
    others = similarity.clone().fill_diagonal_(-2)
    return [names[int(index)] for index in others.argmax(1)]
