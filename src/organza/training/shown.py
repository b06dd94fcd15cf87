"""Which samples are drawn again and again during a training, and how they lie in their grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from organza.games import FromNoise
from organza.recipes import Recipe
from organza.streams import Streams

PICTURES, POINTS = 8, 2500  # pictures a row and a column; points of the plane
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
