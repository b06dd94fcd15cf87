"""How each score of pictures is computed from what was seen of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial

from torch import Tensor

from organza.features import MapFeatures
from organza.metrics import (
    class_shares,
    density_coverage,
    diversity_by_class,
    effective_classes,
    entropy,
    frechet_distance,
    frechet_infinite,
    frechet_of_moments,
    inception_score,
    interval,
    kernel_distance,
    memorisation,
    precision_recall,
)
from organza.tools.latent.attributes import Classes
from organza.tools.latent.measures import measure_separability
from organza.tools.latent.space import Space
from organza.tools.scoring.fakes import Fakes
from organza.tools.scoring.paths import path_lengths
from organza.tools.scoring.reference import Reference, part_of
from organza.tools.scoring.seen import Seen

NEIGHBOURS, CLOSE = 3, 5  # k of precision and recall, and of density and coverage, as published
SUBSETS, SUBSET = 100, 1000  # of the kernel distance, as published; a subset is smaller where there are fewer pictures
SPLITS = 10  # parts over which an inception score is averaged, as published; with fewer pictures than these, one:
ENOUGH = 1000
PATHS = 1000  # through z, of which the length is measured; published lengths are of 50,000
FEW = 10  # subsets in each round of a confidence interval
ROUNDS, LEVEL = 100, 0.95  # of a confidence interval
NEEDS_FEATURES = frozenset(
    {"fd_inf", "kid", "precision", "recall", "density", "coverage", "is", "diversity", "memorisation"}
)


@dataclass(frozen=True, eq=False)
class Evidence:
    """What scores are computed from.

    Attributes:
        fakes: Who made what is scored.
        seen: What was seen of it.
        reference: Real samples.
        other: Those of the other part of the data; None if there is none.
        seed: Of subsets.
    """

    fakes: Fakes
    seen: Seen
    reference: Reference
    other: Reference | None
    seed: int

    @cached_property
    def equal(self) -> tuple[Tensor, Tensor]:
        """As many embeddings of real as of generated pictures: scores of neighbours are published for equal numbers."""
        real, fake = self.reference.seen.embedded, self.seen.embedded
        count = min(len(real), len(fake))
        # Too few for any score of neighbours: left as they are, so that the error names the side that is short.
        return (real, fake) if count <= CLOSE else (real[:count], fake[:count])

    @cached_property
    def near(self) -> tuple[float, float]:
        return precision_recall(*self.equal, NEIGHBOURS)

    @cached_property
    def dense(self) -> tuple[float, float]:
        return density_coverage(*self.equal, CLOSE)

    @property
    def training(self) -> Reference | None:
        """The part of the data that generators are trained on; None if it is not there."""
        return part_of("train", self.reference, self.other)

    @property
    def held_out(self) -> Reference | None:
        return part_of("test", self.reference, self.other)


@dataclass(frozen=True)
class Measured:
    """A score, and what belongs to it.

    Attributes:
        value: The score; None where it has no value.
        details: By name.
        note: What to know about it.
    """

    value: float | None
    details: Mapping[str, float] | None = None
    note: str | None = None


def _kid(evidence: Evidence) -> Measured:
    real, fake = evidence.reference.seen.embedded, evidence.seen.embedded
    found = kernel_distance(real, fake, subsets=SUBSETS, size=SUBSET, seed=evidence.seed)
    return Measured(found.value, {"kid_deviation": found.deviation})


def _inception(evidence: Evidence) -> Measured:
    splits = _splits(evidence.seen.probabilities)
    mean, deviation = inception_score(evidence.seen.probabilities, splits)
    return Measured(mean, {"is_deviation": deviation} if splits > 1 else None)


def _splits(probabilities: Tensor) -> int:
    return SPLITS if len(probabilities) >= ENOUGH else 1


def _memorisation(evidence: Evidence) -> Measured:
    train, held_out = evidence.training, evidence.held_out
    assert train is not None  # or the score would not have been asked for
    fake = evidence.seen.embedded
    found = memorisation(fake, train.seen.embedded, held_out.seen.embedded if held_out else None)
    note = None
    if len(train.chosen) < train.source.count:
        note = (
            f"near-duplicates are looked for among {len(train.chosen):,} of {train.source.count:,} training pictures, and judged"
            f" by what is usual among as many: --real {train.source.count} takes all"
        )
    return Measured(found.near_duplicates, {"memorisation_ratio": found.ratio}, note)


def _diversity(evidence: Evidence) -> Measured:
    labels, asked = evidence.reference.labels, evidence.seen.asked
    assert labels is not None
    assert asked is not None
    small, real = evidence.seen.small.float(), evidence.reference.seen.small.float()
    ratios = diversity_by_class(small, asked, real, labels, len(evidence.fakes.labels))
    found = ratios[ratios.isfinite()]
    note = None
    if len(found) < len(ratios):
        note = f"diversity is of {len(found)} of {len(ratios)} classes: the others have too few pictures"
    return Measured(float(found.mean()) if len(found) else None, None, note)


def _path_length(space: str, evidence: Evidence) -> Measured:
    model, features = evidence.fakes.model, evidence.reference.features
    assert model is not None  # or the score would not have been asked for
    assert isinstance(features, MapFeatures)
    paths = min(PATHS, evidence.fakes.n)
    return Measured(path_lengths(Space(model, space), features, paths, evidence.seed).full, {"ppl_paths": paths})


def _separability(evidence: Evidence) -> Measured:
    model = evidence.fakes.model
    assert model is not None  # or the score would not have been asked for
    found = measure_separability(model, Classes(evidence.reference.features), evidence.fakes.n, evidence.seed)
    details = {"separability_z": found.scores["z"], "separability_worst": found.worst}
    alike = ", ".join(found.one_sided)
    note = f"separability: all samples are alike in {alike}, which counts as told" if alike else None
    return Measured(found.scores["w"], details, note)


MEASURES: dict[str, Callable[[Evidence], Measured]] = {
    "fd": lambda evidence: Measured(frechet_of_moments(evidence.reference.seen.moments, evidence.seen.moments)),
    "fd_inf": lambda evidence: Measured(
        frechet_infinite(evidence.reference.seen.moments, evidence.seen.embedded, seed=evidence.seed)
    ),
    "kid": _kid,
    "precision": lambda evidence: Measured(evidence.near[0]),
    "recall": lambda evidence: Measured(evidence.near[1]),
    "density": lambda evidence: Measured(evidence.dense[0]),
    "coverage": lambda evidence: Measured(evidence.dense[1]),
    "is": _inception,
    "classes": lambda evidence: Measured(effective_classes(evidence.seen.shares)),
    "entropy": lambda evidence: Measured(entropy(evidence.seen.shares)),
    "smallest_class": lambda evidence: Measured(float(evidence.seen.shares.min())),
    "accuracy": lambda evidence: Measured(evidence.seen.hits / evidence.seen.count),
    "diversity": _diversity,
    "memorisation": _memorisation,
    "ppl_z": partial(_path_length, "z"),
    "ppl_w": partial(_path_length, "w"),
    "separability": _separability,
}


def interval_of(key: str, evidence: Evidence) -> tuple[float, float] | None:
    """The confidence interval of a score by bootstrap; None for those that drawing samples again would distort.

    A sample that is drawn twice is its own nearest neighbour, so nothing of neighbours can be had in this way.
    """
    real, fake, probabilities = evidence.reference.seen.embedded, evidence.seen.embedded, evidence.seen.probabilities
    asked = evidence.seen.asked
    of_classes: dict[str, Callable[[Tensor], float]] = {
        "classes": lambda drawn: effective_classes(class_shares(drawn)),
        "entropy": lambda drawn: entropy(class_shares(drawn)),
        "smallest_class": lambda drawn: float(class_shares(drawn).min()),
        "is": lambda drawn: inception_score(drawn, _splits(drawn))[0],
    }
    if key in of_classes:
        return _interval(lambda _, drawn: of_classes[key](drawn), probabilities[:2], probabilities, evidence.seed)
    if key == "accuracy" and asked is not None:
        right = (probabilities.argmax(1) == asked).double()
        return _interval(lambda _, drawn: float(drawn.mean()), right[:2], right, evidence.seed)
    if key == "fd":
        return _interval(frechet_distance, real, fake, evidence.seed)
    if key == "kid":
        return _interval(
            lambda some, others: kernel_distance(some, others, subsets=FEW, size=SUBSET, seed=evidence.seed).value,
            real, fake, evidence.seed,
        )  # fmt: skip
    return None


def _interval(score: Callable[[Tensor, Tensor], float], real: Tensor, fake: Tensor, seed: int) -> tuple[float, float]:
    found = interval(score, real, fake, rounds=ROUNDS, level=LEVEL, seed=seed)
    return found.low, found.high
