"""What every architecture has in common: a name, typed options, and the sizes that data and game prescribe."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from torch import nn

from organza.registry import Registry


@dataclass(frozen=True)
class Dims:
    """The sizes that a network cannot choose.

    Attributes:
        sample: Shape of one real sample: (channels, height, width), or (2, 1, 1) for a point of the plane.
        z_dim: Length of the latent vector.
    """

    sample: tuple[int, int, int]
    z_dim: int


class NetworkOptions(Protocol):
    """Options of one architecture: a frozen dataclass entered in `NETWORKS`, which can build the network."""

    def build(self, dims: Dims) -> nn.Module:
        """The network with freshly initialised weights, drawn from torch's global generator.

        Raises:
            UsageError: The architecture cannot have this sample shape.
        """
        ...


NETWORKS: Registry[type[NetworkOptions]] = Registry("network")


def count_parameters(network: nn.Module) -> int:
    """Number of trainable values; buffers, such as running statistics, are not counted."""
    return sum(parameter.numel() for parameter in network.parameters())
