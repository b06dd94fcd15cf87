"""Which samples are drawn again and again during a training, and how they lie in their grid."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from organza.data import Batches, to_samples
from organza.data.dataset import PairedDataset
from organza.games import Batch, FromNoise
from organza.recipes import Recipe
from organza.streams import Streams

PICTURES, POINTS = 8, 2500  # pictures a row and a column; points of the plane
EXHIBITED, PIXELS = 8, 1024  # rows at most of a grid of real pictures and what becomes of them, and their height in all
CLASSES = 16  # columns at most of a grid with labels


@dataclass(frozen=True)
class Shown:
    """The layout of the grids of a run.

    With labels, a column is a label and all of a row come from the same latent vector, so that one sees what the label
    decides and what the noise.

    Attributes:
        recipe: Of the run.
        attributes: Whether labels are attributes.
    """

    recipe: Recipe
    attributes: bool = False

    @property
    def labelled(self) -> bool:
        return self.recipe.build().labelled

    @property
    def columns(self) -> int:
        return len(self.labels) if self.labelled else PICTURES

    @property
    def labels(self) -> Tensor:
        """The label of each column: the classes, or no attribute and then each alone, [columns, classes]."""
        each = torch.eye(self.recipe.classes)
        return (torch.cat([torch.zeros(1, self.recipe.classes), each]) if self.attributes else each)[:CLASSES]

    def names(self, classes: Sequence[str]) -> list[str]:
        """What each column is, for people; nothing without labels."""
        if not self.labelled:
            return []
        return ([*(["none"] if self.attributes else []), *classes])[: self.columns]

    @property
    def rows(self) -> int:
        return PICTURES

    @property
    def count(self) -> int:
        """How many samples."""
        return POINTS if self.recipe.channels == 2 else self.rows * self.columns

    def inputs(self, ability: FromNoise, streams: Streams) -> tuple[Tensor, Tensor | None]:
        """Latent vectors [count, z_dim], the same all through the run, and label vectors [count, classes] or None."""
        generator = streams.generator("shown")
        if not self.labelled:
            return ability.latent(generator, self.count), None
        labels = self.labels
        if self.recipe.channels == 2:
            return ability.latent(generator, self.count), labels[torch.arange(self.count) % self.columns]
        z = ability.latent(generator, self.rows).repeat_interleave(self.columns, 0)
        return z, labels.repeat(self.rows, 1)


def exhibited(batches: Mapping[str, Batches], size: int) -> dict[str, Batch]:
    """The real pictures of each domain with which a game shows what it makes of them, the same all through the run.

    They are not trained on, where any are held out; where squares are cut out of the training pictures, these are cut from
    the middle.

    Args:
        batches: By domain.
        size: Pixels on each side, which decides how many there are.
    """
    shown = {}
    for domain, own in batches.items():
        held = own.order.left_out
        chosen = (held if len(held) else own.order.members)[: max(2, min(EXHIBITED, PIXELS // size))]
        dataset = own.dataset
        images = middle(to_samples(dataset.read(chosen)), own.cut).to(own.device)
        inputs = None
        if isinstance(dataset, PairedDataset):
            inputs = middle(to_samples(dataset.inputs.read(chosen)), own.cut).to(own.device)
        shown[domain] = Batch(images, inputs=inputs)
    return shown


def middle(pictures: Tensor, size: int) -> Tensor:
    """The middle square of pictures [n, C, H, W]; of size 0: all of them."""
    if not size:
        return pictures
    top, left = ((side - size) // 2 for side in pictures.shape[2:])
    return pictures[..., top : top + size, left : left + size]
