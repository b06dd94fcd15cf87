"""The discriminator of one picture's patches: a few convolutions 3x3 without padding, and no more of the picture than they see."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar, Literal

from torch import Tensor, nn

from organza.bounds import Count, Share
from organza.errors import UsageError
from organza.networks.layers import initialise
from organza.networks.network import NETWORKS, Dims, NetworkOptions, Role
from organza.networks.pyramid.scales import convolutions, width_at


class PatchCritic(nn.Module):
    """[B, C, H, W] -> logits [B, 1, H - 2 layers, W - 2 layers], each of a patch of 2 layers + 1 pixels a side."""

    def __init__(self, channels: int, options: PatchCriticOptions) -> None:
        super().__init__()
        self.layers = convolutions(
            channels, options.width, 1, options.layers, 0, options.slope, options.norm == "batch"
        )
        initialise(self, "dcgan")

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.layers(images)
        return logits


@NETWORKS.register("patch-critic")
@dataclass(frozen=True)
class PatchCriticOptions(NetworkOptions):
    """A discriminator of small patches, as in SinGAN and ConSinGAN.

    Attributes:
        width: Channels; in pyramids that widen, of the first scales.
        layers: Convolutions 3x3, which see patches of 2 layers + 1 pixels a side.
        norm: batch: batch normalisation after all but the last, as SinGAN has it, in spite of the gradient penalty.
        slope: Of the leaky ReLU below zero.
        widening: Whether it has more channels at finer scales, as SinGAN's generator has.
    """

    role: ClassVar[Role] = "discriminator"

    width: Count = 32
    layers: Count = 5
    norm: Literal["none", "batch"] = "batch"
    slope: Share = 0.2
    widening: bool = True

    @property
    def couples_samples(self) -> bool:
        return self.norm == "batch"

    @property
    def smallest(self) -> int:
        return 2 * self.layers + 1

    def at(self, scale: int) -> PatchCriticOptions:
        """The options of the discriminator of a scale."""
        return replace(self, width=width_at(self.width, scale)) if self.widening else self

    def build(self, dims: Dims) -> nn.Module:
        channels, *sides = dims.sample
        if min(sides) < self.smallest:
            raise UsageError(
                f"patches of {self.smallest} pixels do not fit into a picture of {sides[1]}x{sides[0]}: take fewer "
                "--discriminator.layers, or a larger picture"
            )
        return PatchCritic(channels, self)
