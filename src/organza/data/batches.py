"""Batches of real samples as a pure function of a position in an endless shuffled sequence.

Nothing is remembered between batches but the position, which is the number of samples drawn: a resumed run asks for the
next position and gets what the uninterrupted run would have got.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch import Tensor

from organza.data.dataset import PairedDataset, StreamedDataset
from organza.data.varied import VariedDataset, places
from organza.streams import Streams

if TYPE_CHECKING:
    from organza.data.source import Dataset

RESIDENT_BYTES = 2 * 2**30  # an array up to this size lives on the accelerator, so that a batch is one gather there


class Order:
    """The endless sequence of indices: one permutation of the data after another, without replacement within each.

    Args:
        count: Samples in the data.
        streams: Decide the permutations.
        domain: Name of the domain.
        left_out: Indices that never come, int64.
    """

    def __init__(self, count: int, streams: Streams, domain: str = "real", left_out: Tensor | None = None) -> None:
        kept = torch.ones(count, dtype=torch.bool)
        self.left_out = torch.empty(0, dtype=torch.int64) if left_out is None else left_out
        kept[self.left_out] = False
        self.members = kept.nonzero()[:, 0]
        self.count = len(self.members)
        self.streams = streams
        self.domain = domain
        self._epoch, self._permutation = -1, torch.empty(0, dtype=torch.int64)

    def indices(self, start: int, count: int) -> Tensor:
        """Indices [count] at positions start, start + 1, ...; a stretch may span several epochs."""
        pieces = []
        while count > 0:
            epoch, offset = divmod(start, self.count)
            piece = self._of_epoch(epoch)[offset : offset + count]
            pieces.append(piece)
            start, count = start + len(piece), count - len(piece)
        return torch.cat(pieces) if len(pieces) > 1 else pieces[0]

    def _of_epoch(self, epoch: int) -> Tensor:
        if epoch != self._epoch:
            generator = replace(self.streams, rank=0).generator("order", self.domain, epoch)
            self._epoch, self._permutation = epoch, self.members[torch.randperm(self.count, generator=generator)]
        return self._permutation


Augment = Callable[[list[Tensor], torch.Generator], list[Tensor]]
"""What is done to a batch at the end: [samples] or [samples, inputs], float32 [B, C, H, W] each, to the same."""


class Taken(NamedTuple):
    """A batch.

    Attributes:
        samples: float32 [B, C, H, W], images in [-1, 1].
        labels: int64 [B] classes, or float32 [B, A] attributes in [0, 1]; None where there are none.
        inputs: What each sample is to be made from, in the same form; None where there are no pairs.
    """

    samples: Tensor
    labels: Tensor | None
    inputs: Tensor | None


class Batches:
    """Real samples of one domain, ready for the networks; of pairs, both pictures, cut and mirrored alike.

    Args:
        dataset: Where they come from.
        size: Samples in a batch.
        streams: Decide order and flips.
        device: Where they go.
        flip: Mirror every second image, at random.
        domain: Name of the domain, for games that have two.
        left_out: Indices of samples that never come, int64; they keep their part in the shares of labels.
        cut: Pixels on each side of the square that is cut out of each picture at random; 0: none is.
        augment: Done to every batch at the end.

    Raises:
        ValueError: Squares of that side cannot be cut out of these samples.
    """

    def __init__(
        self,
        dataset: Dataset,
        size: int,
        streams: Streams,
        device: torch.device,
        flip: bool = False,
        domain: str = "real",
        left_out: Tensor | None = None,
        cut: int = 0,
        augment: Augment | None = None,
    ) -> None:
        channels, height, width = dataset.shape
        if cut and (min(height, width) < cut or (isinstance(_parts(dataset)[0], VariedDataset) and cut != height)):
            raise ValueError(f"squares of {cut} pixels cannot be cut out of samples of {width}x{height}")
        self.dataset = dataset
        self.size = size
        self.streams = streams
        self.device = device
        self.flip = flip
        self.domain = domain
        self.cut = cut
        self.augment = augment
        self.order = Order(dataset.count, streams, domain, left_out)
        self._parts = _parts(dataset)
        self._resident: tuple[Tensor, ...] = ()
        needed = dataset.count * channels * height * width * len(self._parts)
        varied = any(isinstance(part, VariedDataset) for part in self._parts)
        if device.type != "cpu" and needed <= RESIDENT_BYTES and not (varied and cut):
            everything = torch.arange(dataset.count)
            self._resident = tuple(part.read(everything).to(device) for part in self._parts)

    def draw_labels(self, count: int, generator: torch.Generator) -> Tensor:
        """Label vectors, float32 [count, classes], of samples drawn with replacement, so with the shares of the data.

        Raises:
            ValueError: The samples have no labels.
        """
        labels = self.dataset.labels
        if labels is None:
            raise ValueError("the samples have no labels")
        drawn = labels[torch.randint(len(labels), (count,), generator=generator)]
        return label_vectors(drawn, len(self.dataset.classes))

    def take(self, position: int, size: int = 0) -> Taken:
        """The batch that begins at this position, which decides it: order, places of the cuts, flips, augmentation.

        Args:
            position: Samples drawn before.
            size: Samples in it; 0: as usual.
        """
        size = size or self.size
        indices = self.order.indices(position, size)
        where = torch.rand(size, 2, generator=self._stream("cut", position)) if self.cut else None
        pictures = [to_samples(stored) for stored in self._stored(indices, where)]
        if not self._resident and any(isinstance(part, StreamedDataset | VariedDataset) for part in self._parts):
            following = self.order.indices(position + size, size)
            for part in self._parts:
                if isinstance(part, StreamedDataset | VariedDataset):
                    part.expect(following)
        if self.flip:
            mirrored = torch.rand(size, generator=self._stream("flip", position)) < 0.5
            which = to_device(mirrored, self.device)[:, None, None, None]
            pictures = [torch.where(which, picture.flip(3), picture) for picture in pictures]
        if self.augment is not None:
            pictures = self.augment(pictures, self._stream("augment", position))
        labels = self.dataset.labels
        return Taken(
            samples=pictures[0],
            labels=None if labels is None else to_device(labels[indices], self.device),
            inputs=pictures[1] if len(pictures) > 1 else None,
        )

    def _stream(self, purpose: str, position: int) -> torch.Generator:
        return self.streams.generator(purpose, self.domain, position)

    def _stored(self, indices: Tensor, where: Tensor | None) -> list[Tensor]:
        """Of each part of the data the samples at these indices on the device: whole, or squares cut out of them."""
        if self._resident:
            chosen = to_device(indices, self.device)
            if where is None:
                return [resident[chosen] for resident in self._resident]
            return [squares(resident, chosen, where, self.cut) for resident in self._resident]
        found = []
        for part in self._parts:
            if where is not None and isinstance(part, VariedDataset):
                found.append(to_device(part.cut(indices, where), self.device))
                continue
            stored = to_device(part.read(indices), self.device)
            rows = torch.arange(len(indices), device=self.device)
            found.append(stored if where is None else squares(stored, rows, where, self.cut))
        return found


def _parts(dataset: Dataset) -> tuple[Dataset, ...]:
    """The samples, and of pairs what they are to be made from."""
    return (dataset.wanted, dataset.inputs) if isinstance(dataset, PairedDataset) else (dataset,)


def squares(pictures: Tensor, rows: Tensor, where: Tensor, side: int) -> Tensor:
    """A square out of each of some pictures, gathered at once where the pictures lie.

    Args:
        pictures: uint8 [n, H, W, C].
        rows: Which of them, int64 [B], beside them.
        where: float [B, 2] in [0, 1), on the CPU: top and left edge, as for `VariedDataset.cut`.
        side: Pixels on each side.

    Returns:
        uint8 [B, side, side, C].
    """
    _, height, width, _ = pictures.shape
    if height == width == side:
        return pictures[rows]
    corners = places(where, torch.tensor([height - side, width - side]))
    steps = torch.arange(side)
    down, right = (to_device(corners[:, axis, None] + steps, pictures.device) for axis in (0, 1))
    return pictures[rows[:, None, None], down[:, :, None], right[:, None, :]]


def label_vectors(labels: Tensor, classes: int) -> Tensor:
    """Labels as networks take them: class numbers, int64 [n], become one-hot float32 [n, classes]; attributes stay."""
    return labels if labels.is_floating_point() else torch.nn.functional.one_hot(labels, classes).float()


def to_device(tensor: Tensor, device: torch.device) -> Tensor:
    """A tensor of the CPU on the device. On CUDA by way of pinned memory, from which the copy does not hold up the host."""
    if device.type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


def to_samples(stored: Tensor) -> Tensor:
    """Stored data as the networks see them.

    Images, uint8 [B, H, W, C], become float32 [B, C, H, W] in [-1, 1], channels last in memory; points, float32 [B, 2],
    become [B, 2, 1, 1].
    """
    if stored.dtype == torch.uint8:
        return stored.permute(0, 3, 1, 2).to(torch.float32).div_(127.5).sub_(1.0)
    return stored[:, :, None, None]


def to_pixels(samples: Tensor) -> Tensor:
    """The inverse for images: float [B, C, H, W] in [-1, 1] to uint8 [B, H, W, C], rounded and clipped."""
    return samples.add(1.0).mul(127.5).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1)
