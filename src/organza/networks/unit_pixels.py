"""Enlarging generators whose pixels count from 0 to 1, as those do that others have released.

Zeros beyond the border mean black to them, and mid-grey to networks whose pixels count from -1 to 1: so the difference cannot be
hidden in the weights of the first layer.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from organza.networks.network import NETWORKS, Dims
from organza.networks.super_resolution import RRDBOptions, SRResNetOptions


class UnitPixels(nn.Module):
    """[B, C, H, W] in [-1, 1] -> [B, C, scale H, scale W], by a network that gets and makes pixels from 0 to 1.

    Args:
        network: [B, C, H, W] -> [B, C, scale H, scale W].
        bounded: Whether tanh ends it, whose range is that of the pixels: (tanh + 1) / 2 in theirs, tanh in ours.
    """

    def __init__(self, network: nn.Module, bounded: bool) -> None:
        super().__init__()
        self.network, self.bounded = network, bounded

    def forward(self, images: Tensor) -> Tensor:
        made: Tensor = self.network((images + 1) / 2)
        return made.tanh() if self.bounded else 2 * made - 1


@NETWORKS.register("srresnet-unit")
@dataclass(frozen=True)
class UnitSRResNetOptions(SRResNetOptions):
    """SRResNet for pixels from 0 to 1.

    Attributes:
        bounded: Whether tanh ends it.
    """

    bounded: bool = True

    def build(self, dims: Dims) -> nn.Module:
        return UnitPixels(super().build(dims), self.bounded)


@NETWORKS.register("rrdb-unit")
@dataclass(frozen=True)
class UnitRRDBOptions(RRDBOptions):
    """RRDB for pixels from 0 to 1."""

    def build(self, dims: Dims) -> nn.Module:
        return UnitPixels(super().build(dims), bounded=False)
