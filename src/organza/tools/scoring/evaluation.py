"""Scores of samples against real ones: who made them, what is seen of them, and what is computed from it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from organza.data import Progress, mixture_centres, mixture_sigma
from organza.errors import OrganzaError
from organza.exchange import Model
from organza.metrics import count_modes, frechet_of_moments
from organza.tools.scoring.choice import choose
from organza.tools.scoring.fakes import Fakes, fakes_of_model
from organza.tools.scoring.measures import MEASURES, NEEDS_FEATURES, Evidence, interval_of
from organza.tools.scoring.pairs import measure_pairs
from organza.tools.scoring.reference import Reference, open_reference
from organza.tools.scoring.scores import Scores
from organza.tools.scoring.seen import KEPT, blocks_of, look_through
from organza.tools.scoring.table import BARE, DEFAULT, PAIRS, STANDARD

FAKES = 5_000  # generated samples that are looked at, unless the user says otherwise
FEW = 500  # pictures, below which scores of neighbours mislead


def score(
    model: Model,
    data: str | Reference,
    n: int = FAKES,
    seed: int = 0,
    features: str | None = None,
    split: str = "test",
    data_dir: Path | None = None,
) -> Scores:
    """Score a model as a comparison of many does: by `STANDARD`, or by its modes.

    Args:
        model: Makes samples from noise.
        data: Name of a source; or real samples already opened, for which the last three arguments say nothing.
        n: Samples to generate: more are more exact, and only scores of equal n can be compared.
        seed: Of generated samples, and of which real ones are taken.
        features: Name of the features; None: those that are made for the source.
        split: Part of the source, train or test.
        data_dir: Where to look for built-in data sets first.

    Raises:
        UsageError: A name does not exist, n is too small, or the model makes no such samples.
        OrganzaError: The source or the features cannot be read, or samples are not finite.
    """
    reference = data
    if isinstance(reference, str):
        reference = open_reference(reference, features, split=split, seed=seed, data_dir=data_dir, device=model.device)
    return score_samples(fakes_of_model(model, n, seed), reference, seed=seed, standard=STANDARD)


def score_samples(
    fakes: Fakes,
    reference: Reference,
    metrics: Sequence[str] | None = None,
    *,
    other: Reference | None = None,
    seed: int = 0,
    intervals: bool = False,
    standard: Sequence[str] = DEFAULT,
    progress: Progress | None = None,
) -> Scores:
    """Score samples.

    Args:
        fakes: The samples.
        reference: Real samples of the part that is asked for.
        metrics: Keys of `METRICS`; None: those of `standard` that can be had.
        other: Real samples of the other part of the data, so that over-fitting shows; None if there is none.
        seed: Of subsets, and to be told.
        intervals: Compute confidence intervals of 95 %, too.
        standard: What is computed of pictures when nothing is asked for.
        progress: Told how many samples have been looked at.

    Raises:
        UsageError: A metric does not exist or cannot be had, or there are too few samples for any.
        OrganzaError: The source or the features cannot be read, or samples are not finite.
    """
    began = time.perf_counter()
    reference = reference.with_rectangles(fakes.rectangles)
    other = other and other.with_rectangles(fakes.rectangles)
    keys, notes = choose(metrics, fakes, reference, standard, other)
    if fakes.points:
        found = _of_points(fakes, reference, keys)
    else:
        alone = [key for key in keys if key not in PAIRS]
        found = _of_pictures(fakes, reference, other, alone, seed, intervals, metrics is None, progress)
        found = found.beside(_of_pairs(fakes, reference, [key for key in keys if key in PAIRS], progress))
    bare = fakes.points or set(keys) <= set(BARE)
    features = None if bare else reference.features
    return Scores(
        values={key: found.values[key] for key in keys if key in found.values},
        features=features.name if features else None,
        n=found.n,
        real=found.real,
        split=reference.source.split,
        resize=reference.resize if features else None,
        seed=seed,
        data=reference.source.name,
        fingerprint=reference.source.fingerprint,
        notes=(
            *(note for note in reference.notes if not bare or note not in reference.of_features),
            *notes,
            *found.notes,
        ),
        features_sha256=features.sha256 if features else None,
        standard_inception=bool(features and features.standard_inception),
        details=found.details,
        intervals=found.intervals,
        also=found.also,
        seconds=round(time.perf_counter() - began, 3),
    )


@dataclass
class Found:
    """What came out, in parts."""

    n: int = 0
    real: int = 0
    values: dict[str, float] = field(default_factory=dict)
    details: dict[str, float] = field(default_factory=dict)
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    also: dict[str, Any] | None = None

    def beside(self, pairs: Found) -> Found:
        """The same with the scores of pairs; their number is n where there is nothing else, and is told where it is another."""
        notes = self.notes + pairs.notes
        if self.n and pairs.n not in (0, self.n):
            notes.append(f"of {pairs.n:,} pairs, not of {self.n:,} pictures: {', '.join(pairs.values)}")
        return replace(
            self, n=self.n or pairs.n, real=self.real or pairs.real, values=self.values | pairs.values, notes=notes,
            details=self.details | pairs.details,
        )  # fmt: skip


def _of_points(fakes: Fakes, reference: Reference, keys: Sequence[str]) -> Found:
    blocks = [fakes.sample(start, count) for start, count in blocks_of(fakes.n, fakes.shape)]
    name = reference.source.name
    counted = count_modes(torch.cat(blocks)[:, :, 0, 0], mixture_centres(name), mixture_sigma(name))
    values = {"modes": float(counted.modes), "high_quality": counted.high_quality, "kl": counted.kl}
    return Found(fakes.n, 0, {key: values[key] for key in keys})


def _of_pictures(
    fakes: Fakes,
    reference: Reference,
    other: Reference | None,
    keys: Sequence[str],
    seed: int,
    intervals: bool,
    forgiving: bool,
    progress: Progress | None,
) -> Found:
    """Scores that hold all pictures against all others; those that too few pictures forbid are left out if `forgiving`."""
    if not keys:
        return Found()
    keep = KEPT if intervals or NEEDS_FEATURES & set(keys) else 0
    seen = look_through(reference.features, _blocks(fakes, progress), keep)
    evidence = Evidence(fakes, seen, reference, other, seed)
    found = Found(n=seen.count, real=len(reference.chosen))
    if 0 < keep < seen.count:
        of_some = [key for key in keys if key in NEEDS_FEATURES] + (["intervals"] if intervals else [])
        found.notes.append(f"of the first {keep:,} of {seen.count:,} pictures only: {', '.join(of_some)}")
    refused: list[OrganzaError] = []
    for key in keys:
        try:
            measured = MEASURES[key](evidence)
        except OrganzaError as error:  # too few pictures for this one, say
            if not forgiving:
                raise
            refused.append(error)
            found.notes.append(f"no {key}: {error}")
            continue
        found.values |= {} if measured.value is None else {key: measured.value}
        found.details |= measured.details or {}
        found.notes += [measured.note] if measured.note else []
    if refused and not found.values:
        raise refused[0]
    near = sorted({"precision", "recall", "density", "coverage"} & set(found.values))
    if near and seen.count < FEW:
        found.notes.append(
            f"of {seen.count} pictures {', '.join(near)} say little, because nearly all are neighbours; take {FEW} or more"
        )
    if intervals:
        ends = {key: interval_of(key, evidence) for key in found.values}
        found.intervals = {key: value for key, value in ends.items() if value}
        left_out = [key for key, value in ends.items() if not value]
        if left_out:
            found.notes.append(
                f"no intervals for {', '.join(left_out)}: drawing pictures twice would distort neighbours"
            )
    if other is not None and "fd" in found.values:
        # A Fréchet distance depends on the number of real pictures, too: only those from equally many can be compared.
        count = min(len(reference.chosen), len(other.chosen))
        own, distance = (frechet_of_moments(part.moments_of(count), seen.moments) for part in (reference, other))
        found.also = {"split": other.source.split, "real": count, "fd": distance, "own": own}
        found.notes += other.notes
    return found


def _blocks(fakes: Fakes, progress: Progress | None) -> Iterator[tuple[Tensor, Tensor | None]]:
    for start, count in blocks_of(fakes.n, fakes.shape):
        yield fakes.sample(start, count), fakes.asked(start, count) if fakes.asked else None
        if progress:
            progress(start + count, fakes.n, "generated samples")


def _of_pairs(fakes: Fakes, reference: Reference, keys: Sequence[str], progress: Progress | None) -> Found:
    if not keys or fakes.source is None:
        return Found()
    values, count, notes = measure_pairs(keys, fakes.source, reference, fakes.n, progress)
    return Found(count, count, values, {"pairs": count}, notes=notes)
