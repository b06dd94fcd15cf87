"""Batches of real samples as a pure function of a position in an endless shuffled sequence.

Nothing is remembered between batches but the position, which is the number of samples drawn: a resumed run asks for the
next position and gets what the uninterrupted run would have got.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from organza.data.dataset import StreamedDataset
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
        if left_out is not None:
            kept[left_out] = False
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


class Batches:
    """Real samples of one domain, ready for the networks.

    Args:
        dataset: Where they come from.
        size: Samples in a batch.
        streams: Decide order and flips.
        device: Where they go.
        flip: Mirror every second image, at random.
        domain: Name of the domain, for games that have two.
        left_out: Indices of samples that never come, int64; they keep their part in the shares of labels.
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
    ) -> None:
        self.dataset = dataset
        self.size = size
        self.streams = streams
        self.device = device
        self.flip = flip
        self.domain = domain
        self.order = Order(dataset.count, streams, domain, left_out)
        channels, height, width = dataset.shape
        self._resident: Tensor | None = None
        if device.type != "cpu" and dataset.count * channels * height * width <= RESIDENT_BYTES:
            self._resident = dataset.read(torch.arange(dataset.count)).to(device)

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

    def take(self, position: int) -> tuple[Tensor, Tensor | None]:
        """The batch that begins at this position.

        Returns:
            Samples, float32 [size, C, H, W], images in [-1, 1]; where there are any, labels: int64 [size] classes, or
            float32 [size, A] attributes in [0, 1].
        """
        indices = self.order.indices(position, self.size)
        if self._resident is None:
            stored = self.dataset.read(indices)
            if isinstance(self.dataset, StreamedDataset):
                self.dataset.expect(self.order.indices(position + self.size, self.size))
        else:
            stored = self._resident[to_device(indices, self.device)]
        samples = to_samples(stored if stored.device == self.device else to_device(stored, self.device))
        if self.flip:
            mirrored = torch.rand(self.size, generator=self.streams.generator("flip", self.domain, position)) < 0.5
            samples = torch.where(to_device(mirrored, self.device)[:, None, None, None], samples.flip(3), samples)
        labels = self.dataset.labels
        return samples, None if labels is None else to_device(labels[indices], self.device)


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
