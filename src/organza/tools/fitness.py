"""What data are enough for: their number, the balance of their classes, how alike their halves are, near-duplicates."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from organza.data import Progress, Source
from organza.metrics import Moments, effective_classes, frechet_of_moments, near_pairs
from organza.tools.scoring.reference import FEATURES_OF, WEAK, Reference
from organza.tools.scoring.table import METRICS

LOOKED_AT = 2_000  # pictures at most: a check is to be quick
FEW = 20  # pictures below which halves say nothing
# What is nearer than this share of the usual distance of two pictures is all but the same picture. A picture and its JPEG of
# quality 95 are below it; the nearest of 2,000 of Fashion-MNIST and of CIFAR-10 are not (0.065 and 0.047).
NEAR = 0.04
RANK = 2_048  # pictures below which a covariance of Inception's features cannot be had
PUBLISHED = 50_000
ENOUGH = (
    (10_000, "enough for a GAN from scratch"),
    (2_000, "enough for a small GAN from scratch; look out for over-fitting"),
    (200, "enough for training with augmentation (--flip true, say); expect over-fitting"),
    (1, "too few for a GAN from scratch: models of one image, or fine-tuning a trained one (--from)"),
)


@dataclass(frozen=True)
class Fitness:
    """What data are good for.

    Attributes:
        n: Pictures, or points, in the part for training.
        smallest_class: The rarest class's share; None without classes.
        largest_class: The most frequent one's.
        effective_classes: exp of the entropy of the shares: all classes if they are equally frequent.
        looked_at: Pictures of which the following tell, drawn at random.
        features: In which; None for points, and for too few pictures.
        half: Pictures in each of two halves.
        distance_of_halves: Fréchet distance between them: no generator's score of as many pictures means anything below.
        near_duplicates: Pictures that lie nearer to another one than 4 % of the usual distance of two, copies included.
        verdict: What so many are enough for, in words.
        sentences: All of it in words.
    """

    n: int
    smallest_class: float | None
    largest_class: float | None
    effective_classes: float | None
    looked_at: int
    features: str | None
    half: int
    distance_of_halves: float | None
    near_duplicates: int | None
    verdict: str
    sentences: tuple[str, ...]


def fitness_of(source: Source, features: str | None = None, progress: Progress | None = None) -> Fitness:
    """Look at the part of a source that is for training, at most 2,000 pictures of it.

    Args:
        source: Opened.
        features: Their name; None: those that are made for the source, else `random-conv`.
        progress: Told how many pictures have been looked at.

    Raises:
        OrganzaError: A picture or the features cannot be read.
    """
    shares = shares_of(source)
    balance = None if shares is None else (float(shares.min()), float(shares.max()), effective_classes(shares))
    verdict = enough_for(source.count) if source.kind == "images" else "a toy on which modes can be counted"
    sentences = [f"{source.count:,} {'pictures' if source.kind == 'images' else 'points'}: {verdict}"]
    if balance:
        sentences.append(
            f"classes: the rarest has {balance[0]:.1%} of the samples and the most frequent {balance[1]:.1%}, which is as good as"
            f" {balance[2]:.1f} equal ones (of {len(source.classes)})"
        )
    likeness = Likeness(0, None, 0, None, None)
    if source.kind == "images" and source.count >= FEW:
        reference = Reference(
            source, features or FEATURES_OF.get(source.name, WEAK), limit=LOOKED_AT, progress=progress
        )
        likeness = likeness_of(reference)
        title = METRICS["fd"].of(likeness.features, reference.features.standard_inception).title
        sentences += [
            f"{title} from one half to the other, {likeness.half:,} pictures each: {likeness.distance_of_halves:.4g}; so far"
            " apart are two sets of real pictures, and no generator's score of so many pictures means anything below it",
            f"near-duplicates: {likeness.near_duplicates:,} of {likeness.looked_at:,} pictures looked at are all but equal to"
            f" another one ({likeness.features}: nearer than {NEAR:.0%} of the usual distance of two)",
            *reference.notes,
        ]
    if source.kind == "images":
        sentences.append(standard_scores(source.count))
    smallest, largest, effective = balance or (None, None, None)
    return Fitness(
        n=source.count,
        smallest_class=smallest,
        largest_class=largest,
        effective_classes=effective,
        looked_at=likeness.looked_at,
        features=likeness.features,
        half=likeness.half,
        distance_of_halves=likeness.distance_of_halves,
        near_duplicates=likeness.near_duplicates,
        verdict=verdict,
        sentences=tuple(sentences),
    )


@dataclass(frozen=True)
class Likeness:
    """How alike pictures are; attributes as of `Fitness`."""

    looked_at: int
    features: str | None
    half: int
    distance_of_halves: float | None
    near_duplicates: int | None


def likeness_of(reference: Reference) -> Likeness:
    """How alike the real pictures of a reference, `FEW` or more, are to each other."""
    embedded = reference.seen.embedded
    half = len(embedded) // 2
    first, second = Moments.of(embedded[:half]), Moments.of(embedded[half : 2 * half])
    usual = (embedded - embedded.roll(1, 0)).norm(dim=1).median()  # they come in random order
    return Likeness(
        looked_at=len(embedded),
        features=reference.features.name,
        half=half,
        distance_of_halves=frechet_of_moments(first, second),
        near_duplicates=int((near_pairs(embedded) <= NEAR * usual).sum()),
    )


def shares_of(source: Source) -> Tensor | None:
    """The share of each class, float64 [K]; None without classes, or with attributes."""
    if source.labels is None or source.labels.is_floating_point() or not source.classes:
        return None
    return torch.bincount(source.labels, minlength=len(source.classes)).double() / source.count


def enough_for(count: int) -> str:
    """What so many pictures, 2 or more, are enough for."""
    return next(words for least, words in ENOUGH if count >= least)


def standard_scores(count: int) -> str:
    """Whether scores on so many pictures can be held against published ones."""
    if count < RANK:
        return f"too few for FID: it needs {RANK:,} real pictures at least, and published ones are of {PUBLISHED:,}"
    if count < PUBLISHED:
        return f"FID can be computed, but published ones are of {PUBLISHED:,} pictures: compare only at equal numbers"
    return f"enough for FID as it is published, of {PUBLISHED:,} pictures"
