"""Real samples to hold generated ones against: looked at once, and kept on the disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from organza.data import (
    NO_MARGINS,
    Dataset,
    Fit,
    Margins,
    Progress,
    Rectangles,
    Source,
    decode,
    fit,
    open_source,
    to_samples,
)
from organza.errors import OrganzaError, UsageError
from organza.features import Features, features_entry, load_features
from organza.metrics import Moments
from organza.streams import Streams
from organza.tools.scoring.fakes import side_of
from organza.tools.scoring.kept import keep, read_kept
from organza.tools.scoring.seen import blocks_of, look_through

REAL = 10_000  # real samples that generated ones are held against, at most
METHOD = 2  # goes up when a score is computed in another way: what is remembered of the old one then counts no more
WEAK = "random-conv"
FEATURES_OF = {
    "fashion-mnist": "fashion-classifier",
    "fashion-mnist-10k": "fashion-classifier",
    "mnist": "mnist-classifier",
}


@dataclass(frozen=True, eq=False)
class RealSeen:
    """What is known of real pictures, on the CPU.

    Attributes:
        moments: Of the embeddings of all that were chosen.
        embedded: Float32 [m, d].
        small: Grey, float16 [m, 1, 28, 28] in [-1, 1].
    """

    moments: Moments
    embedded: Tensor
    small: Tensor


@dataclass(frozen=True, eq=False)
class Reference:
    """Real samples of one part of a source; decoded and looked at by the first score that needs them, if ever.

    Attributes:
        source: Where they are from.
        features_name: In which pictures are compared: a name, or the path of a file; None for points.
        seed: Decides which samples, if there are more than `limit`.
        device: Where features are computed.
        notes: What to know about them; grows when the cache turns out to be damaged or cannot be written.
        limit: How many samples at most; None: `REAL`.
        progress: Told how many have been looked at.
        loaded: The features, if they are loaded already.
        dataset: The samples as a training has them, if they are decoded already.
        margins: What training has added to those.
        rectangles: Whether of pictures that are no squares the middle is looked at, or all, as the training did whose samples
            are held against them.
        of_features: Those of the first notes that are on the features, and say nothing where no features are used.
    """

    source: Source
    features_name: str | None
    seed: int = 0
    device: torch.device | str = "cpu"
    notes: list[str] = field(default_factory=list)
    limit: int | None = None
    progress: Progress | None = None
    loaded: Features | None = None
    dataset: Dataset | None = None
    margins: Margins = NO_MARGINS
    rectangles: Rectangles = "crop"
    of_features: tuple[str, ...] = ()

    @cached_property
    def features(self) -> Features:
        if self.features_name is None:
            raise UsageError(f"there are no features for {self.source.name}")
        return self.loaded or load_features(self.features_name, self.device)

    @property
    def features_digest(self) -> str | None:
        """SHA-256 of the features' weights; None without features."""
        return None if self.features_name is None else features_entry(self.features_name).sha256

    @cached_property
    def order(self) -> Tensor:
        """Indices of all samples of the source, int64 [count], in an order that is random but always the same."""
        return torch.randperm(self.source.count, generator=Streams(self.seed).generator("scored"))

    @cached_property
    def chosen(self) -> Tensor:
        """Indices of the samples, int64 [m]: the first ones of `order`."""
        return self.order[: REAL if self.limit is None else self.limit]

    @property
    def shape(self) -> tuple[int, int, int]:
        """(C, H, W) of the samples that are looked at."""
        if self.dataset is None:
            return self.source.channels, *self.fit.inner
        channels, height, width = self.dataset.shape
        margins = self.margins
        return channels, height - margins.top - margins.bottom, width - margins.left - margins.right

    @property
    def fit(self) -> Fit:
        """How the pictures are decoded, if they are not yet."""
        source = self.source
        return fit(source.height, source.width, side_of(source, self.rectangles), rectangles=self.rectangles)

    @property
    def resize(self) -> str:
        """How pictures become the input of the features."""
        whole = self.rectangles == "pad" and self.source.height != self.source.width
        return f"{self.features.resize}{', of whole rectangles' if whole else ''}"

    def with_rectangles(self, rectangles: Rectangles) -> Reference:
        """The same for samples of a training that has done this to pictures that are no squares."""
        if rectangles == self.rectangles or self.dataset is not None:  # which is as the training has it already
            return self
        return replace(self, rectangles=rectangles, loaded=self.__dict__.get("features", self.loaded))

    @property
    def key(self) -> dict[str, str | int | None]:
        """Everything that what is known of the samples depends on."""
        return {
            "method": METHOD,
            "fingerprint": self.source.fingerprint,
            "split": self.source.split,
            "features": self.features.name,
            "features_sha256": self.features.sha256,
            "resize": self.features.resize,
            "shape": "x".join(map(str, self.shape)),
            "real": len(self.chosen),
            "seed": self.seed,
        }

    @cached_property
    def seen(self) -> RealSeen:
        """What is known of the samples: from the cache, or looked at now and kept there.

        Raises:
            OrganzaError: The source or the features cannot be read.
        """
        kept, note = read_kept(self.key)
        self.notes.extend([note] if note else [])
        if kept is not None:
            return RealSeen(Moments(len(self.chosen), kept["mean"], kept["scatter"]), kept["embedded"], kept["small"])
        found = look_through(self.features, self.blocks(self.chosen), len(self.chosen))
        moments = found.moments
        tensors = {
            "mean": moments.mean,
            "scatter": moments.scatter,
            "embedded": found.embedded,
            "small": found.small,
        }
        note = keep(self.key, tensors)
        self.notes.extend([note] if note else [])
        return RealSeen(moments, found.embedded, found.small)

    @property
    def looks(self) -> tuple[Tensor, Tensor]:
        """Embeddings [m, d] and small grey pictures [m, 1, 28, 28], on the CPU."""
        return self.seen.embedded, self.seen.small

    def moments_of(self, count: int) -> Moments:
        """Moments of the first `count` samples, from 1 to as many as were chosen."""
        return self.seen.moments if count == len(self.chosen) else Moments.of(self.seen.embedded[:count])

    @property
    def labels(self) -> Tensor | None:
        """Class of each sample, int64 [m]; None if there are none, or attributes."""
        labels = self.source.labels
        return None if labels is None or labels.is_floating_point() else labels[self.chosen]

    def blocks(self, indices: Tensor) -> Iterator[tuple[Tensor, None]]:
        """The samples at these indices, float32 [b, C, H, W] in [-1, 1], block by block, and no labels."""
        dataset, margins = self.dataset, self.margins
        if dataset is None:  # not kept decoded: only those that are chosen are read, and once
            plan, channels = self.fit, self.source.channels
            dataset = decode(self.source, plan.size, channels, rectangles=self.rectangles, disk_budget=0)
            margins = plan.margins
        for start, length in blocks_of(len(indices), dataset.shape):
            yield margins.cropped(to_samples(dataset.read(indices[start : start + length]))), None
            if self.progress:
                self.progress(start + length, len(indices), "real samples")


def open_reference(
    data: str,
    features: str | None = None,
    *,
    split: str = "test",
    seed: int = 0,
    data_dir: Path | None = None,
    device: torch.device | str = "cpu",
    limit: int | None = None,
    progress: Progress | None = None,
) -> Reference:
    """Real samples of a source; nothing is decoded yet.

    Args:
        data: Name of the source.
        features: Their name, or the path of a file; None: those that are made for the source, else `random-conv`.
        split: train or test.
        seed: Decides which samples.
        data_dir: Where to look for built-in data sets first.
        device: Where features are computed.
        limit: How many samples at most; None: `REAL`.
        progress: Told how far reading the source is.

    Raises:
        UsageError: There is no such source, split or features.
        OrganzaError: The source cannot be read.
    """
    source = open_source(data, data_dir=data_dir, split=split, progress=progress)
    if source.kind == "points":
        if features is not None:
            raise UsageError(f"points are scored without features: leave out --features {features} for {data}")
        return Reference(source, None, seed, device, limit=limit)
    notes, of_features = [], []
    if source.split != split:
        notes.append(
            f"{source.name} has no {split} part: scores are against its {source.split} part, and over-fitting to it cannot be"
            " told from learning it"
        )
    name = features or FEATURES_OF.get(source.name)
    if name is None:
        name = WEAK
        of_features.append(
            f"no features are made for {source.name}: {WEAK} sees textures and colours and knows no things, so compare"
            " such scores with care; --features names others, as dinov2 or inception (organza list features)"
        )
    features_entry(name)  # a name misspelt is said now
    return Reference(source, name, seed, device, notes + of_features, limit, progress, of_features=tuple(of_features))


def other_part(
    reference: Reference, data: str, data_dir: Path | None = None, progress: Progress | None = None
) -> tuple[Reference | None, str | None]:
    """The other of a source's two parts, train beside test; or None, and why, if there is only one. For pictures."""
    wanted = "train" if reference.source.split == "test" else "test"
    try:
        source = open_source(data, data_dir=data_dir, split=wanted, progress=progress)
    except OrganzaError as error:
        return None, f"no comparison with the {wanted} part: {error}"
    if source.split != wanted or source.fingerprint == reference.source.fingerprint:
        return None, (
            f"{source.name} has only a {reference.source.split} part: over-fitting to it cannot be told from learning it"
        )
    return replace(reference, source=source, notes=[], of_features=(), loaded=reference.features), None


def part_of(split: str, reference: Reference, other: Reference | None) -> Reference | None:
    """That of two parts of the data which is for training (train) or held out (test); None if neither is."""
    return next((part for part in (reference, other) if part and part.source.split == split), None)
