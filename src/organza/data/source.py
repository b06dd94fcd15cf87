"""What opening a source finds, and data sets of one shape that are made from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from torch import Tensor

from organza.data.fitting import NO_SIDES, Rectangles, sides_of
from organza.data.parallel import Progress


class Dataset(Protocol):
    """Samples of one shape, in any order.

    Attributes:
        count: How many.
        shape: (C, H, W).
        labels: int64 [count] classes or float32 [count, A] attributes in [0, 1], or None.
        classes: What the labels mean.
        notes: What the user should know, one line each.
    """

    @property
    def count(self) -> int: ...
    @property
    def shape(self) -> tuple[int, int, int]: ...
    @property
    def labels(self) -> Tensor | None: ...
    @property
    def classes(self) -> tuple[str, ...]: ...
    @property
    def notes(self) -> tuple[str, ...]: ...

    def read(self, indices: Tensor) -> Tensor:
        """The samples at these indices: images as uint8 [B, H, W, C], points as float32 [B, 2]."""
        ...


@dataclass(frozen=True)
class Want:
    """What a data set must look like, and where decoded data may be kept.

    Attributes:
        size: Pixels on each side, where `sides` does not say otherwise.
        channels: 1, 3 or 4.
        cache: Folder for decoded data.
        disk_budget: Bytes above which they are not kept.
        progress: Told how many pictures are decoded.
        native: Whether pictures keep their own size, and squares of `size` are cut out of them.
        pad: Whether squares that lack 2 or 4 pixels are padded with black, as of `fit`; otherwise they are resized.
        rectangles: Whether pictures that are no squares are cropped to one, or stay whole and are filled up, as of `fit`.
        sides: Height and width of samples that are whole pictures, resized; (0, 0): samples are squares.
    """

    size: int
    channels: int
    cache: Path
    disk_budget: int
    progress: Progress | None
    native: bool = False
    pad: bool = True
    rectangles: Rectangles = "crop"
    sides: tuple[int, int] = NO_SIDES

    @property
    def goal(self) -> tuple[int, int]:
        """Height and width of a sample."""
        return sides_of(self.size, self.sides)


class Content(Protocol):
    """Where the samples of a source lie: arrays, files, or points."""

    def dataset(self, source: Source, want: Want) -> Dataset:
        """The samples in the wanted shape."""
        ...


@dataclass(frozen=True, eq=False)
class Source:
    """What opening has found, before any sample has its final shape.

    Of pairs it describes the pictures that are wanted, not those that are given; of two domains the first.

    Attributes:
        name: As the user wrote it.
        kind: Images, or points of the plane.
        count: Usable samples, at least 1. How many are enough depends on who takes them.
        channels: 1, 3 or 4; 2 for points. Enough for the given pictures of pairs too, and for both of two domains.
        height: Of the most common size; 1 for points.
        width: Of the most common size; 1 for points.
        uniform: Whether all have that size.
        classes: Names of the classes or attributes; empty when there are none.
        labels: int64 [count] classes or float32 [count, A] attributes in [0, 1], or None.
        notes: What was found and what is done about it, one line each.
        fingerprint: Hash of the content, in hexadecimal.
        split: What the samples are, train or test; a source that has no test part answers with train, and a note.
        content: Where the samples lie.
        form: Samples, pairs of a picture that is given and one that is wanted, or two domains that nothing pairs.
        domains: Of two domains the source of each; else empty.
        sizes: Every (height, width) that a picture has, the most common first; empty: all have that one.
    """

    name: str
    kind: Literal["images", "points"]
    count: int
    channels: int
    height: int
    width: int
    uniform: bool
    classes: tuple[str, ...]
    labels: Tensor | None = field(repr=False)
    notes: tuple[str, ...]
    fingerprint: str
    split: str
    content: Content = field(repr=False)
    form: Literal["single", "pairs", "two"] = "single"
    domains: tuple[Source, ...] = ()
    sizes: tuple[tuple[int, int], ...] = field(default=(), repr=False)
