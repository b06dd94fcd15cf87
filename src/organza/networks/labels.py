"""How a label enters a network. A label is a vector, float [B, classes]: one-hot for a class, or attributes in [0, 1].

Because embeddings are linear maps of that vector, a class's embedding is a row of a table, as is usual, and a picture
with several attributes gets the sum of theirs.
"""

from __future__ import annotations

from math import prod
from typing import Literal

import torch
from torch import Tensor, nn

from organza.errors import UsageError
from organza.networks.layers import Norm, normal, normalisation

GeneratorCondition = Literal["none", "one-hot", "embedding", "every-layer"]
DiscriminatorCondition = Literal["none", "one-hot", "embedding", "projection"]
VectorCondition = Literal["none", "one-hot", "embedding"]

EMBEDDING = 50  # entries of an embedded label, as in the lecture notes


class LabelEmbedding(nn.Linear):
    """[B, classes] -> [B, entries]: the learned vector of each class, N(0, 1) at first."""

    def __init__(self, classes: int, entries: int = EMBEDDING) -> None:
        super().__init__(classes, entries, bias=False)
        normal(self.weight)

    @property
    def vectors(self) -> Tensor:
        """[classes, entries]."""
        return self.weight.detach().T


class LabelPlane(nn.Module):
    """[B, classes] -> [B, 1, H, W]: an embedding and a dense layer make one more feature map of the label."""

    def __init__(self, classes: int, sides: tuple[int, int]) -> None:
        super().__init__()
        self.embedding = LabelEmbedding(classes)
        self.dense = nn.Linear(EMBEDDING, prod(sides))
        self.sides = sides

    def forward(self, label: Tensor) -> Tensor:
        plane: Tensor = self.dense(self.embedding(label))
        return plane.view(-1, 1, *self.sides)


class ConstantPlanes(nn.Module):
    """[B, classes] -> [B, classes, H, W]: one constant feature map for each entry of the label."""

    def __init__(self, sides: tuple[int, int]) -> None:
        super().__init__()
        self.sides = sides

    def forward(self, label: Tensor) -> Tensor:
        return label[:, :, None, None].expand(-1, -1, *self.sides)


class ConditionalBatchNorm2d(nn.Module):
    """Batch normalisation whose gain and bias are the label's: gamma_y (x - mean) / deviation + beta_y.

    The statistics are shared by all classes. gamma_y = 1 + its embedding, which is 0 at first, like beta_y (Dumoulin et
    al. 2017, arXiv:1610.07629, eq. 5; as used by Miyato and Koyama 2018, arXiv:1802.05637).
    """

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.statistics = nn.BatchNorm2d(channels, affine=False)
        self.gain = nn.Parameter(torch.zeros(classes, channels))
        self.shift = nn.Parameter(torch.zeros(classes, channels))

    def forward(self, features: Tensor, label: Tensor) -> Tensor:
        gain, shift = 1 + label @ self.gain, label @ self.shift
        return torch.addcmul(shift[:, :, None, None], self.statistics(features), gain[:, :, None, None])


def label_normalisation(condition: GeneratorCondition, norm: Norm, channels: int, classes: int) -> list[nn.Module]:
    """The layer that normalises a generator's feature maps: the label's own if it enters every layer.

    Raises:
        UsageError: The label is to enter every layer, and another kind of normalisation is asked for.
    """
    if condition != "every-layer":
        return normalisation(norm, channels)
    if norm not in ("batch", "none"):
        raise UsageError(
            f"in every layer the label enters through a batch normalisation of its own: leave out --generator.norm {norm}"
        )
    return [ConditionalBatchNorm2d(channels, classes)]


class LabelledSequential(nn.Sequential):
    """Layers in a row, of which the conditional ones get the label, too."""

    def forward(self, features: Tensor, label: Tensor | None = None) -> Tensor:
        for layer in self:
            features = layer(features, label) if isinstance(layer, ConditionalBatchNorm2d) else layer(features)
        return features


class ProjectionHead(nn.Module):
    """[B, C, H, W], [B, classes] -> logits [B, 1]: psi(phi) + <v_y, phi> (Miyato and Koyama 2018, arXiv:1802.05637, eq. 4).

    phi is the sum of the features over their pixels, with dropout if wanted.
    """

    def __init__(self, channels: int, classes: int, bias: bool = True, dropout: float = 0.0) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.dense = nn.Linear(channels, 1, bias=bias)
        self.vectors = nn.Linear(classes, channels, bias=False)

    def forward(self, features: Tensor, label: Tensor) -> Tensor:
        pooled = self.dropout(features.sum((2, 3)))
        logits: Tensor = self.dense(pooled)
        projection: Tensor = (self.vectors(label) * pooled).sum(1, keepdim=True)
        return logits + projection


class DenseHead(nn.Module):
    """[B, C, H, W] -> logits [B, 1]: one dense layer on the flattened maps, with dropout before it if wanted."""

    def __init__(self, units: int, bias: bool = True, dropout: float = 0.0) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.dense = nn.Linear(units, 1, bias=bias)

    def forward(self, features: Tensor, _label: Tensor | None = None) -> Tensor:
        logits: Tensor = self.dense(self.dropout(features.flatten(1)))
        return logits


def input_planes(
    condition: DiscriminatorCondition, classes: int, sides: tuple[int, int]
) -> tuple[nn.Module | None, int]:
    """What makes feature maps of the label beside the picture, and how many; None where the label does not enter there."""
    match condition:
        case "one-hot":
            return ConstantPlanes(sides), classes
        case "embedding":
            return LabelPlane(classes, sides), 1
        case _:
            return None, 0


def input_vector(condition: VectorCondition, classes: int) -> tuple[nn.Module | None, int]:
    """What makes a vector of the label beside another vector, and its length; None where the label does not enter there."""
    match condition:
        case "one-hot":
            return nn.Identity(), classes
        case "embedding":
            return LabelEmbedding(classes), EMBEDDING
        case _:
            return None, 0


def beside(values: Tensor, label: Tensor | None, entry: nn.Module | None) -> Tensor:
    """Values with what `entry` makes of the label concatenated along dimension 1; values alone if there is no entry."""
    return values if entry is None else torch.cat([values, entry(label)], 1)
