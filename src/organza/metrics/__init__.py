"""Scores of generated samples: pure functions of features, probabilities, images or points."""

from organza.metrics.bootstrap import Interval, interval
from organza.metrics.classes import class_shares, conditional_accuracy, diversity_by_class, effective_classes, entropy
from organza.metrics.confidence import inception_score
from organza.metrics.frechet import (
    Moments,
    frechet_distance,
    frechet_from_statistics,
    frechet_infinite,
    frechet_of_moments,
)
from organza.metrics.kernel import KernelDistance, kernel_distance, mean_discrepancy
from organza.metrics.latent import lerp, path_length, separability, slerp, trimmed_mean
from organza.metrics.memorisation import Memorisation, memorisation, near_pairs, nearest
from organza.metrics.modes import ModeCount, count_modes
from organza.metrics.motion import valid, warp, warp_error
from organza.metrics.neighbours import density_coverage, precision_recall
from organza.metrics.one_picture import (
    deviation,
    edge_agreement,
    patch_swd,
    pixel_diversity,
    shuffled,
    single_frechet,
)
from organza.metrics.pairs import psnr, ssim
from organza.metrics.perceptual import perceptual_distance

__all__ = [
    "Interval",
    "KernelDistance",
    "Memorisation",
    "ModeCount",
    "Moments",
    "class_shares",
    "conditional_accuracy",
    "count_modes",
    "density_coverage",
    "deviation",
    "diversity_by_class",
    "edge_agreement",
    "effective_classes",
    "entropy",
    "frechet_distance",
    "frechet_from_statistics",
    "frechet_infinite",
    "frechet_of_moments",
    "inception_score",
    "interval",
    "kernel_distance",
    "lerp",
    "mean_discrepancy",
    "memorisation",
    "near_pairs",
    "nearest",
    "patch_swd",
    "path_length",
    "perceptual_distance",
    "pixel_diversity",
    "precision_recall",
    "psnr",
    "separability",
    "shuffled",
    "single_frechet",
    "slerp",
    "ssim",
    "trimmed_mean",
    "valid",
    "warp",
    "warp_error",
]
