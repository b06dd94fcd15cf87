"""Scores of generated samples: pure functions of features, probabilities or points."""

from organza.metrics.classes import class_shares, conditional_accuracy, diversity_by_class, effective_classes
from organza.metrics.frechet import frechet_distance, frechet_from_statistics
from organza.metrics.modes import ModeCount, count_modes
from organza.metrics.neighbours import precision_recall

__all__ = [
    "ModeCount",
    "class_shares",
    "conditional_accuracy",
    "count_modes",
    "diversity_by_class",
    "effective_classes",
    "frechet_distance",
    "frechet_from_statistics",
    "precision_recall",
]
