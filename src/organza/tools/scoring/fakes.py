"""Who made what is scored: a model, or somebody who left pictures in a folder."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from organza.data import Rectangles, Source, decode, to_samples
from organza.errors import UsageError
from organza.exchange import Model
from organza.streams import Streams

LARGEST = 512  # pixels on each side to which real and found pictures are brought at most; networks look at fewer


@dataclass(frozen=True, eq=False)
class Fakes:
    """Generated samples, made or read when they are asked for.

    Attributes:
        name: Of the recipe or the folder.
        n: How many.
        shape: (C, H, W); (2, 1, 1) for points.
        sample: (start, count) -> float [count, C, H, W] in [-1, 1] on any device.
        labels: Names of the classes that they were asked for; empty without labels.
        asked: (start, count) -> int64 [count], which class; None without labels, or where they are attributes.
        model: What makes them; None for pictures of a folder.
        source: Where they are from; None for those of a model.
    """

    name: str
    n: int
    shape: tuple[int, ...]
    sample: Callable[[int, int], Tensor]
    labels: tuple[str, ...] = ()
    asked: Callable[[int, int], Tensor] | None = None
    model: Model | None = None
    source: Source | None = None

    @property
    def points(self) -> bool:
        return self.shape[0] == 2

    @property
    def rectangles(self) -> Rectangles:
        """What became of real pictures that are no squares, before these were made or when they were read."""
        return self.model.recipe.rectangles if self.model else "crop"


def fakes_of_model(model: Model, n: int, seed: int) -> Fakes:
    """The first n samples of a seed.

    Raises:
        UsageError: n is too small.
    """
    if n < 1:
        raise UsageError(f"scores need samples: -n {n} is too small")
    asked = None
    if model.labels and not model.sample_labels(1, seed).is_floating_point():

        def asked(start: int, count: int) -> Tensor:
            return model.sample_labels(count, seed, start)

    return Fakes(
        name=f"the model '{model.recipe.name}'",
        n=n,
        shape=tuple(model.recipe.sample),
        sample=lambda start, count: model.sample(count, seed, start),
        labels=tuple(model.labels),
        asked=asked,
        model=model,
    )


def fakes_of_source(source: Source, n: int, seed: int) -> Fakes:
    """As many samples of a source, or all that it has, in an order that is random but always the same.

    Raises:
        UsageError: n is too small.
        OrganzaError: The source cannot be read.
    """
    if n < 1:
        raise UsageError(f"scores need samples: -n {n} is too small")
    order = torch.randperm(source.count, generator=Streams(seed).generator("fakes"))[:n]
    # Nothing is kept of what is decoded: each picture is looked at once.
    dataset = decode(source, side_of(source), source.channels, disk_budget=0)
    return Fakes(
        name=source.name,
        n=len(order),
        shape=dataset.shape,
        sample=lambda start, count: to_samples(dataset.read(order[start : start + count])),
        source=source,
    )


def side_of(source: Source, rectangles: Rectangles = "crop") -> int:
    """Pixels on each side at which pictures of a source are looked at: of the square in the middle, or around all of them."""
    side = max if rectangles == "pad" else min
    return min(side(source.height, source.width), LARGEST)
