"""A score that costs so little that a training can have it every so often."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import Literal

import torch
from torch import Tensor

from organza.data import NO_MARGINS, Dataset, Rectangles, Source, fit, mixture_centres, mixture_sigma
from organza.errors import OrganzaError
from organza.metrics import Moments, count_modes, frechet_of_moments
from organza.tools.scoring.reference import FEATURES_OF, WEAK, Reference
from organza.tools.scoring.seen import blocks_of
from organza.tools.scoring.table import METRICS

SAMPLES = 1_000  # generated for each score: enough to rank states of one training, too few to quote
LIVE_REAL = 2_000  # real pictures that they are held against
Sample = Callable[[int, int], Tensor]


@dataclass(frozen=True, eq=False)
class LiveScorer:
    """Scores a generator while it is trained; the numbers compare within one training only.

    Attributes:
        n: Samples of each score.
        best: The key that tells which state of the training is the best, and whether lower or higher is better.
        title: What that key is shown as: the metric, its features, and n.
        notes: What to know.
        next_best: The same for states that are equal by that key; None: the earlier one stays.
    """

    n: int
    best: tuple[str, Literal["lower", "higher"]]
    title: str
    notes: tuple[str, ...]
    _compute: Callable[[Sample], dict[str, float]]
    next_best: tuple[str, Literal["lower", "higher"]] | None = None

    def __call__(self, sample: Sample) -> dict[str, float]:
        """Score.

        Args:
            sample: (start, count) -> float [count, C, H, W] in [-1, 1] on any device, without what training pads; the same
                for the same start, best from latent vectors that are the same each time.

        Returns:
            `fd` of pictures; `modes`, `high_quality` and `kl` of points.

        Raises:
            OrganzaError: A sample is not finite.
        """
        return self._compute(sample)

    def better(self, new: Mapping[str, float], old: Mapping[str, float]) -> bool:
        """Whether a state of the training that scores `new` is better than one that scores `old`."""
        for key, direction in (self.best, self.next_best or self.best):
            if new[key] != old[key]:
                return new[key] < old[key] if direction == "lower" else new[key] > old[key]
        return False


def live_scorer(
    source: Source,
    dataset: Dataset | None = None,
    features: str | None = None,
    n: int = SAMPLES,
    seed: int = 0,
    device: torch.device | str = "cpu",
    rectangles: Rectangles = "crop",
) -> tuple[LiveScorer | None, str | None]:
    """A scorer for trainings on a source, or None and why there is none.

    What is known of the real pictures comes from the cache folder, or is computed and kept there now.

    Args:
        source: Opened.
        dataset: The same samples as the training has them; None: they are decoded in their own size.
        features: Their name; None: those that are made for the source, else `random-conv`.
        n: Samples of each score.
        seed: Decides which real pictures.
        device: Where features are computed.
        rectangles: What became of pictures that are no squares, in the training.
    """
    if source.kind == "points":
        return _of_points(source, n), None
    margins = NO_MARGINS
    if dataset is not None:
        size = dataset.shape[2]
        margins = fit(source.height, source.width, size, uniform=source.uniform, rectangles=rectangles).margins
    name = features or FEATURES_OF.get(source.name, WEAK)
    reference = Reference(
        source, name, seed, device, limit=LIVE_REAL, dataset=dataset, margins=margins, rectangles=rectangles
    )
    try:
        return _of_pictures(reference, n), None
    except OrganzaError as error:
        return None, f"no scores during the training: {error}"


def _of_pictures(reference: Reference, n: int) -> LiveScorer:
    features, real = reference.features, reference.seen.moments

    def compute(sample: Sample) -> dict[str, float]:
        blocks = (sample(start, count) for start, count in blocks_of(n, reference.shape))
        return {"fd": frechet_of_moments(real, reduce(add, (Moments.of(features.embed(images)) for images in blocks)))}

    title = METRICS["fd"].of(features.name, features.standard_inception).title
    return LiveScorer(n, ("fd", "lower"), f"{title} of {n:,}", tuple(reference.notes), compute)


def _of_points(source: Source, n: int) -> LiveScorer:
    centres, sigma = mixture_centres(source.name), mixture_sigma(source.name)

    def compute(sample: Sample) -> dict[str, float]:
        counted = count_modes(sample(0, n).flatten(1), centres, sigma)
        return {"modes": float(counted.modes), "high_quality": counted.high_quality, "kl": counted.kl}

    return LiveScorer(n, ("modes", "higher"), f"Modes of {len(centres)}", (), compute, ("high_quality", "higher"))
