"""What style-based generators have in common (Karras et al. 2019, arXiv:1812.04948): z -> w -> styles -> picture."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from organza.errors import UsageError
from organza.networks.network import NetworkOptions
from organza.networks.style.layers import Mapping


class StyleGenerator(nn.Module):
    """A mapping from z to w, and a synthesis that takes one w for each of its style inputs.

    Attributes:
        mapping: z, and a label if it takes one, to w.
        resolutions: Pixels a side of the feature map that each style input decides on; as long as there are style inputs.
    """

    mapping: Mapping
    resolutions: tuple[int, ...]

    def forward(
        self,
        z: Tensor,
        label: Tensor | None = None,
        *,
        other: Tensor | None = None,
        swapped: Tensor | None = None,
        noise: Sequence[Tensor] | None = None,
    ) -> Tensor:
        """Pictures.

        Args:
            z: [B, z_dim].
            label: Float [B, classes], where the network takes labels.
            other: Latent vectors of a second style, [B, z_dim].
            swapped: Which style inputs take that one, bool [styles].
            noise: As for `synthesise`.

        Returns:
            Float [B, C, H, W], about in [-1, 1], not clipped.
        """
        return self.synthesise(self.mixed(z, label, other, swapped), noise)

    def mixed(
        self, z: Tensor, label: Tensor | None = None, other: Tensor | None = None, swapped: Tensor | None = None
    ) -> Tensor:
        """One w for each style input, [B, styles, w_dim]; arguments as of `forward`."""
        styles = self.styles(self.mapping(z, label))
        if other is None or swapped is None:
            return styles
        return torch.where(swapped[None, :, None], self.styles(self.mapping(other, label, follow=False)), styles)

    def styles(self, w: Tensor) -> Tensor:
        """The same w [B, w_dim] for every style input: [B, styles, w_dim]."""
        return w[:, None].expand(-1, len(self.resolutions), -1)

    @abstractmethod
    def synthesise(self, styles: Tensor, noise: Sequence[Tensor] | None = None) -> Tensor:
        """Pictures from styles.

        Args:
            styles: One w for each style input, [B, styles, w_dim].
            noise: One map for each noise input in use, [B or 1, 1, side, side]; None: those that belong to the network, which are
                the same for every picture.

        Returns:
            Float [B, C, H, W], about in [-1, 1], not clipped.
        """


class StyleGeneratorOptions(NetworkOptions):
    """Options of a style-based generator."""

    @abstractmethod
    def resolutions(self, sample: tuple[int, int, int]) -> tuple[int, ...]:
        """Pixels a side of the feature map that each style input decides on, for samples of this shape."""

    @abstractmethod
    def noises(self, sample: tuple[int, int, int]) -> tuple[int, ...]:
        """Pixels a side of each noise input; none for generators without noise."""


def levels(sample: tuple[int, int, int], least: int = 8) -> tuple[int, ...]:
    """The sides of the feature maps from 4 pixels up to the picture's: 4, 8, ..., size.

    Raises:
        UsageError: The picture is no square whose side is a power of two, or it is too small.
    """
    _, height, width = sample
    if height != width or height & (height - 1) or height < least:
        raise UsageError(
            f"a style-based network cannot have size {width}x{height}: take a power of two from {least} on, as --size 64"
        )
    return tuple(2**level for level in range(2, height.bit_length()))
