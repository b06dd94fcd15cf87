"""The discriminator of one picture's patches: convolutions 3x3 without padding, which see no more than eleven pixels a side."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import Tensor, nn

from organza.bounds import Count, Share
from organza.errors import UsageError
from organza.networks.layers import initialise
from organza.networks.network import NETWORKS, Dims, NetworkOptions, Role
from organza.networks.pyramid.generator import Rated
from organza.networks.pyramid.scales import convolutions, width_at


class PatchCritic(nn.Module):
    """[B, C, H, W] -> logits [B, 1, H - 2 layers, W - 2 layers], each of a patch of 2 layers + 1 pixels a side.

    It judges pictures of one scale. Where each scale has a critic of its own, those of coarser scales are kept.
    """

    def __init__(self, channels: int, options: PatchCriticOptions) -> None:
        super().__init__()
        self.channels, self.options, self.scale = channels, options, 0
        self.scales = nn.ModuleList([self._fresh(0)])

    def _fresh(self, scale: int) -> nn.Module:
        options = self.options
        width = options.width_at(scale)
        made = convolutions(self.channels, width, 1, options.layers, 0, options.slope, options.norm)
        initialise(made, "dcgan")
        return made

    def grow(self) -> None:
        """Go on to the next scale, with the critic of the last one or a copy of it, where their shapes are the same."""
        self.scale += 1
        if not self.options.each:
            return
        same = self.options.width_at(self.scale) == self.options.width_at(self.scale - 1)
        self.scales.append(copy.deepcopy(self.scales[-1]) if same else self._fresh(self.scale))

    def rated(self) -> tuple[Rated, ...]:
        """What is trained at present."""
        return (Rated(tuple(self.scales[-1].parameters())),)

    def forward(self, images: Tensor) -> Tensor:
        logits: Tensor = self.scales[-1](images)
        return logits


@NETWORKS.register("patch-critic")
@dataclass(frozen=True)
class PatchCriticOptions(NetworkOptions):
    """A discriminator of small patches, as in SinGAN and ConSinGAN.

    Attributes:
        width: Channels; where each scale has its own critic, of the first four scales, and every four there are twice as many.
        widest: How many times as many at most.
        layers: Convolutions 3x3, which see patches of 2 layers + 1 pixels a side.
        norm: batch: batch normalisation after all but the last, as SinGAN has it, in spite of the gradient penalty;
            instance; none.
        slope: Of the leaky ReLU below zero.
        each: Whether each scale has a critic of its own; else one goes on from scale to scale.
    """

    role: ClassVar[Role] = "discriminator"

    width: Count = 32
    widest: Count = 4
    layers: Count = 5
    norm: Literal["none", "batch", "instance"] = "batch"
    slope: Share = 0.2
    each: bool = True

    @property
    def couples_samples(self) -> bool:
        return self.norm == "batch"

    @property
    def smallest(self) -> int:
        """The least height and width of a picture."""
        return 2 * self.layers + 1

    def width_at(self, scale: int) -> int:
        """Channels at a scale."""
        return width_at(self.width, scale, self.widest) if self.each else self.width

    def build(self, dims: Dims) -> PatchCritic:
        channels, *sides = dims.sample
        if min(sides) < self.smallest:
            raise UsageError(
                f"patches of {self.smallest} pixels do not fit into a picture of {sides[1]}x{sides[0]}: take fewer "
                "--discriminator.layers, or a larger picture"
            )
        return PatchCritic(channels, self)
