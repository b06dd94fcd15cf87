"""Pictures looked at block by block: what is kept of them does not grow with their number, or is capped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from organza.errors import UsageError
from organza.features import Features
from organza.features.pictures import resize, to_grey
from organza.metrics import Moments

BLOCK = 512  # pictures made and looked at at once, unless they are large
NUMBERS = 2**24  # floats in a block at most: 64 MiB
KEPT = 10_000  # pictures of which features and probabilities are kept, for the scores that are of neighbours or subsets
SIDE = 28  # pixels on each side of the grey pictures whose diversity is measured: large ones would not fit into memory


@dataclass(frozen=True, eq=False)
class Seen:
    """What is known of pictures after looking at them once, on the CPU.

    Attributes:
        count: How many there were.
        moments: Of the embeddings of all.
        embedded: Float32 [min(count, keep), d], of the first ones.
        probabilities: Float32 [min(count, keep), K] of the first ones; K is 0 where the features have no classes.
        counts: How many of all are most probably of each class, int64 [K].
        small: Grey, float16 [min(count, keep), 1, 28, 28] in [-1, 1], of the first ones.
        asked: The class that each of the first ones was asked for, int64; None without labels.
        hits: How many of all are most probably of the class that they were asked for.
    """

    count: int
    moments: Moments
    embedded: Tensor
    probabilities: Tensor
    counts: Tensor
    small: Tensor
    asked: Tensor | None = None
    hits: int = 0

    @property
    def shares(self) -> Tensor:
        """The share of each class among all, float64 [K]."""
        return self.counts.double() / self.count


def blocks_of(count: int, sample: tuple[int, ...]) -> list[tuple[int, int]]:
    """(start, length) of the blocks in which `count` samples of a shape are looked at."""
    length = max(1, min(BLOCK, NUMBERS // max(1, torch.Size(sample).numel())))
    return [(start, min(length, count - start)) for start in range(0, count, length)]


def look(features: Features, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Embeddings [n, d], probabilities [n, K] and small grey pictures [n, 1, 28, 28] of pictures, on the CPU."""
    embedded, probabilities = features.look(images)
    return embedded.float().cpu(), probabilities.float().cpu(), resize(to_grey(images), SIDE).half().cpu()


def look_through(features: Features, blocks: Iterable[tuple[Tensor, Tensor | None]], keep: int) -> Seen:
    """Look at pictures once.

    Args:
        features: To look with.
        blocks: Pictures, float [b, C, H, W] in [-1, 1], and the classes that they were asked for, int64 [b], or None.
        keep: Of how many embeddings, probabilities and small pictures are kept.

    Raises:
        UsageError: There are no pictures.
        OrganzaError: A feature is not finite.
    """
    count, hits, moments = 0, 0, None
    counts = torch.zeros(len(features.classes), dtype=torch.int64)
    kept: list[tuple[Tensor, Tensor, Tensor]] = []
    labels: list[Tensor] = []
    for images, asked in blocks:
        embedded, probabilities, small = look(features, images)
        room = max(0, keep - count)
        count += len(embedded)
        these = Moments.of(embedded)
        moments = these if moments is None else moments + these
        if features.classes:
            found = probabilities.argmax(1)
            counts += torch.bincount(found, minlength=len(counts))
            hits += 0 if asked is None else int((found == asked).sum())
        if room or not kept:  # the shape is kept in any case
            kept.append((embedded[:room], probabilities[:room], small[:room]))
            labels += [] if asked is None else [asked[:room]]
    if moments is None:
        raise UsageError("scores need samples, and there are none: ask for more with -n")
    first = [torch.cat(parts) for parts in zip(*kept, strict=True)]
    return Seen(count, moments, first[0], first[1], counts, first[2], torch.cat(labels) if labels else None, hits)
