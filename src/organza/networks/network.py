"""What every architecture has in common: a name, typed options, and the sizes that data and game prescribe."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from torch import nn

from organza.errors import UsageError
from organza.registry import Registry


@dataclass(frozen=True)
class Shape:
    """What the data prescribe.

    Attributes:
        sample: Shape of one real sample: (channels, height, width), or (2, 1, 1) for a point of the plane.
        classes: Entries of a label vector: one for each class, or for each attribute; 0: no labels.
    """

    sample: tuple[int, int, int]
    classes: int = 0


@dataclass(frozen=True)
class Dims:
    """The sizes that a network cannot choose.

    Attributes:
        sample: Shape of one sample, as in `Shape`.
        z_dim: Length of the latent vector.
        classes: Entries of a label vector; 0: no labels.
    """

    sample: tuple[int, int, int]
    z_dim: int
    classes: int = 0

    @property
    def labelled(self) -> int:
        """The number of classes, for a network that takes labels.

        Raises:
            UsageError: There are none.
        """
        if not self.classes:
            raise UsageError("the networks of this recipe take labels, and there are no classes: set --classes")
        return self.classes


class NetworkOptions(ABC):
    """Options of one architecture: a frozen dataclass entered in `NETWORKS`, which can build the network.

    A generator maps z [B, z_dim] to samples [B, C, H, W], a discriminator samples to logits [B, 1]. One that is
    `conditional` takes label vectors, float [B, classes], as a second argument: one-hot for classes, or attributes.
    """

    @abstractmethod
    def build(self, dims: Dims) -> nn.Module:
        """The network with freshly initialised weights, drawn from torch's global generator.

        Raises:
            UsageError: The architecture cannot have this sample shape.
        """

    @property
    def conditional(self) -> bool:
        """Whether the network takes label vectors."""
        return False

    @property
    def couples_samples(self) -> bool:
        """Whether a normalisation over the batch makes a sample's output depend on the others. Asked of discriminators."""
        return False

    @property
    def bounds_slope(self) -> bool:
        """Whether spectral normalisation bounds the slope of every layer."""
        return False


NETWORKS: Registry[type[NetworkOptions]] = Registry("network")


def count_parameters(network: nn.Module) -> int:
    """Number of trainable values; buffers, such as running statistics, are not counted."""
    return sum(parameter.numel() for parameter in network.parameters())
