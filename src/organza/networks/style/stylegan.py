"""StyleGAN (Karras et al. 2019, arXiv:1812.04948): a learned constant that styles and noise make into a picture.

The fixed form has one layer from features to colours in the generator, and one from colours to features in the
discriminator. The growing form (Karras et al. 2018, arXiv:1710.10196, section 2) has them at every resolution, and is used
up to the one that it has reached; the newest fades in beside the one before.

Parameters in the growing form, with the published widths: G 26,219,627 and D 23,087,249 at 1024x1024; in the fixed form at
32x32: 22,836,739 and 20,720,641.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from organza.bounds import Count, Positive
from organza.errors import UsageError
from organza.networks.network import NETWORKS, Dims, NetworkOptions, Role
from organza.networks.style.generator import StyleGenerator, StyleGeneratorOptions, levels
from organza.networks.style.layers import GAIN, SLOPE, EqualisedConv2d, EqualisedLinear, GroupStdDev, Mapping
from organza.networks.style.resampling import DoublingConv2d, HalvingConv2d, blurred, doubled, halved


def widths(sides: Sequence[int], base: int, most: int) -> list[int]:
    """Channels of the feature maps of these sides: inversely proportional to the side, within bounds.

    base / 2^s at a side of 2^(s + 1), as in the authors' code.
    """
    return [max(1, min(2 * base // side, most)) for side in sides]


def activated(features: Tensor) -> Tensor:
    """The leaky ReLU, in place: what lies in front of it is a sum or a convolution, whose slopes do not need its output."""
    return functional.leaky_relu(features, SLOPE, inplace=True)


def restyled(features: Tensor, scale: Tensor, shift: Tensor) -> Tensor:
    """Adaptive instance normalisation: scale (x - mean) / deviation + shift, of every feature map by itself.

    Args:
        features: [B or 1, C, H, W].
        scale: [B, C].
        shift: [B, C].

    Returns:
        [B, C, H, W] (Karras et al. 2019, eq. 1).
    """
    centred = features - features.mean((2, 3), keepdim=True)
    deviation = torch.rsqrt(centred.square().mean((2, 3), keepdim=True) + 1e-8)
    return torch.addcmul(shift[:, :, None, None], centred, scale[:, :, None, None] * deviation)


class StyleLayer(nn.Module):
    """[B, inputs, h, w] -> [B, channels, H, W]: a convolution, noise, biases, a leaky ReLU, and a style.

    Args:
        convolution: Without biases; None: there is none.
        channels: Of the result.
        side: Of the result.
        w_dim: Length of w.
        noise: Whether there is noise.
        blur: Whether the convolution is followed by a blur.
    """

    noise: Tensor | None

    def __init__(
        self, convolution: nn.Module | None, channels: int, side: int, w_dim: int, *, noise: bool, blur: bool
    ) -> None:
        super().__init__()
        self.convolution, self.blur = convolution, blur
        self.strength = nn.Parameter(torch.zeros(1, channels, 1, 1)) if noise else None
        self.bias = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.style = EqualisedLinear(w_dim, 2 * channels)
        self.register_buffer("noise", torch.randn(1, 1, side, side) if noise else None)

    def forward(self, features: Tensor, w: Tensor, noise: Tensor | None = None) -> Tensor:
        """The layer's features.

        Args:
            features: [B or 1, inputs, h, w].
            w: [B, w_dim].
            noise: [B or 1, 1, H, W]; None: the layer's own, the same for all.
        """
        if self.convolution is not None:
            features = self.convolution(features)
        if self.blur:
            features = blurred(features)
        noise = self.noise if noise is None else noise
        # Every feature map has its own strength of the noise, which like the biases comes after the blur.
        if noise is not None and self.strength is not None:
            features = features + torch.addcmul(self.bias, noise, self.strength)
        else:
            features = features + self.bias
        # In one order in memory, whether it is one of many or not: matrix products of another round otherwise.
        scale, shift = self.style(w.contiguous()).chunk(2, 1)
        return restyled(activated(features), scale + 1, shift)


class Growing(nn.Module):
    """A network that can be used at fewer pixels than it is made for.

    Args:
        sides: Of its feature maps, from 4 to the picture's.
        resolution: The side that it has reached. It can be set; a fixed form cannot have another than the picture's.
        grows: Whether it is of the growing form.
    """

    fade: Tensor | None

    def __init__(self, sides: tuple[int, ...], resolution: int, *, grows: bool) -> None:
        super().__init__()
        self.sides, self.grows = sides, grows
        self.resolution = resolution
        self.register_buffer("fade", torch.ones(()) if grows else None)

    @property
    def resolution(self) -> int:
        """Pixels a side of the finest feature map in use."""
        return self.sides[self.level]

    @resolution.setter
    def resolution(self, side: int) -> None:
        possible = self.sides if self.grows else self.sides[-1:]
        if side not in possible:
            known = ", ".join(map(str, possible))
            raise UsageError(f"this network cannot be used at {side}x{side}: take one of {known}")
        self.level = self.sides.index(side)

    def set_fade(self, fade: Tensor) -> None:
        """Set the share, in [0, 1], that the layers of the newest resolution have of the output; 1 at first.

        Args:
            fade: Scalar.

        Raises:
            UsageError: The network is of the fixed form.
        """
        if self.fade is None:
            raise UsageError("this network is of the fixed form, in which nothing fades in: build the growing form")
        with torch.no_grad():
            self.fade.copy_(fade)

    def faded(self, old: Tensor, new: Tensor) -> Tensor:
        """Both blended; exactly the one or the other at the ends."""
        assert self.fade is not None
        # A copy, so that the share can be set anew before the slopes of this pass are computed.
        return torch.lerp(old, new, self.fade.detach().clone().to(new.dtype))


class StyleGANGenerator(Growing, StyleGenerator):
    """z [B, z_dim] -> [B, C, size, size]; also while it grows, by nearest-neighbour upsampling of what it has reached.

    Of its parts, `heads` are the layers to colours, coarsest first; the fixed form has one.
    """

    def __init__(self, dims: Dims, options: StyleGANGeneratorOptions, resolution: int, *, grows: bool) -> None:
        sides = levels(dims.sample)
        super().__init__(sides, resolution, grows=grows)
        self.resolutions = options.resolutions(dims.sample)
        classes = dims.labelled if options.conditional else 0
        self.mapping = Mapping(
            dims.z_dim, options.w_dim, options.mapping_layers, classes=classes, rate=options.mapping_rate
        )
        channels = widths(sides, options.channel_base, options.channel_max)
        self.constant = nn.Parameter(torch.ones(1, channels[0], 4, 4))

        def layer(convolution: nn.Module | None, level: int, blur: bool = False) -> StyleLayer:
            return StyleLayer(
                convolution,
                channels[level],
                sides[level],
                options.w_dim,
                noise=options.noise,
                blur=blur and options.blur,
            )

        def even(level: int) -> StyleLayer:
            return layer(EqualisedConv2d(channels[level], channels[level], 3, bias=False), level)

        self.layers = nn.ModuleList([layer(None, 0), even(0)])
        for level, (incoming, outgoing) in enumerate(pairwise(channels), 1):
            self.layers.extend([layer(DoublingConv2d(incoming, outgoing), level, blur=True), even(level)])
        self.heads = nn.ModuleList(
            EqualisedConv2d(width, dims.sample[0], 1, gain=1) for width in (channels if grows else channels[-1:])
        )

    def synthesise(self, styles: Tensor, noise: Sequence[Tensor] | None = None) -> Tensor:
        features = coarser = self.constant
        for level in range(self.level + 1):
            coarser = features
            for index in (2 * level, 2 * level + 1):
                features = self.layers[index](features, styles[:, index], noise[index] if noise else None)
        if not self.grows:
            return self.heads[0](features)  # type: ignore[no-any-return]
        images = self.heads[self.level](features)
        if self.level:
            images = self.faded(doubled(self.heads[self.level - 1](coarser)), images)
        return doubled(images, self.sides[-1] // self.resolution)


class DiscriminatorBlock(nn.Module):
    """[B, inputs, 2 H, 2 W] -> [B, outputs, H, W]: two convolutions, with a blur between them if wanted."""

    def __init__(self, inputs: int, outputs: int, *, blur: bool) -> None:
        super().__init__()
        self.even, self.halving, self.blur = EqualisedConv2d(inputs, inputs, 3), HalvingConv2d(inputs, outputs), blur

    def forward(self, features: Tensor) -> Tensor:
        features = activated(self.even(features))
        return activated(self.halving(blurred(features) if self.blur else features))


class StyleGANDiscriminator(Growing):
    """[B, C, size, size] -> logits [B, 1]; while it grows, it looks at the average of each square of pixels.

    Of its parts, `heads` are the layers from colours, and `blocks` those that halve the sides; coarsest first.
    """

    def __init__(self, dims: Dims, options: StyleGANDiscriminatorOptions, resolution: int, *, grows: bool) -> None:
        sides = levels(dims.sample)
        super().__init__(sides, resolution, grows=grows)
        channels = widths(sides, options.channel_base, options.channel_max)
        coarsest, units = channels[0], max(1, min(options.channel_base, options.channel_max))
        self.heads = nn.ModuleList(
            EqualisedConv2d(dims.sample[0], width, 1) for width in (channels if grows else channels[-1:])
        )
        self.blocks = nn.ModuleList(
            DiscriminatorBlock(inputs, outputs, blur=options.blur) for outputs, inputs in pairwise(channels)
        )
        self.deviation = GroupStdDev(options.group)
        self.convolution = EqualisedConv2d(coarsest + 1, coarsest, 3)
        self.dense = EqualisedLinear(coarsest * 16, units, gain=GAIN)
        self.logits = EqualisedLinear(units, dims.labelled if options.conditional else 1)

    def features(self, images: Tensor) -> list[Tensor]:
        """What the layer from colours and each of the blocks in use make of pictures, finest first.

        Args:
            images: [B, C, size, size].

        Returns:
            Maps of the sides `resolution`, half of it, ..., 4.
        """
        images = halved(images, self.sides[-1] // self.resolution)
        maps = [activated(self.heads[self.level if self.grows else 0](images))]
        for level in reversed(range(self.level)):
            features = self.blocks[level](maps[-1])
            if self.grows and level == self.level - 1:
                features = self.faded(activated(self.heads[level](halved(images))), features)
            maps.append(features)
        return maps

    def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
        """Logits [B, 1] of pictures [B, C, size, size]; with labels, float [B, classes], of each as what it is said to be."""
        features = activated(self.convolution(self.deviation(self.features(images)[-1])))
        logits: Tensor = self.logits(activated(self.dense(features.flatten(1))))
        return logits if label is None else (logits * label).sum(1, keepdim=True)


@NETWORKS.register("stylegan-generator")
@dataclass(frozen=True)
class StyleGANGeneratorOptions(StyleGeneratorOptions):
    """Options of `StyleGANGenerator`.

    Attributes:
        channel_base: Channels of a feature map of so many pixels a side are twice this, divided by the pixels.
        channel_max: At most so many channels.
        w_dim: Length of w, and units of every layer of the mapping.
        mapping_layers: Layers from z to w.
        mapping_rate: Multiple of the learning rate at which those move.
        condition: How a label enters: as a learned vector beside z (embedding), or not at all.
        noise: Whether every layer adds noise.
        blur: Whether every doubling is followed by a binomial filter, [1, 2, 1] along both axes.
    """

    channel_base: Count = 8192
    channel_max: Count = 512
    w_dim: Count = 512
    mapping_layers: Count = 8
    mapping_rate: Positive = 0.01
    condition: Literal["none", "embedding"] = "none"
    noise: bool = True
    blur: bool = True

    @property
    def conditional(self) -> bool:
        return self.condition != "none"

    def resolutions(self, sample: tuple[int, int, int]) -> tuple[int, ...]:
        return tuple(side for side in levels(sample) for _ in range(2))

    def noises(self, sample: tuple[int, int, int]) -> tuple[int, ...]:
        return self.resolutions(sample) if self.noise else ()

    def build(self, dims: Dims) -> StyleGANGenerator:
        return StyleGANGenerator(dims, self, dims.sample[1], grows=False)

    def build_growing(self, dims: Dims, resolution: int) -> StyleGANGenerator:
        """The growing form, which has reached this resolution.

        Raises:
            UsageError: The architecture cannot have this sample shape, or not this resolution.
        """
        return StyleGANGenerator(dims, self, resolution, grows=True)


@NETWORKS.register("stylegan-discriminator")
@dataclass(frozen=True)
class StyleGANDiscriminatorOptions(NetworkOptions):
    """Options of `StyleGANDiscriminator`.

    Attributes:
        channel_base: Channels of a feature map of so many pixels a side are twice this, divided by the pixels.
        channel_max: At most so many channels.
        group: Samples over which the last features' deviation is taken: of a batch that this does not divide, the greatest
            divisor below it.
        condition: How a label enters: it picks one of as many outputs as there are classes (outputs), or not at all.
        blur: Whether every halving follows a binomial filter, [1, 2, 1] along both axes.
    """

    role: ClassVar[Role] = "discriminator"

    channel_base: Count = 8192
    channel_max: Count = 512
    group: Count = 4
    condition: Literal["none", "outputs"] = "none"
    blur: bool = True

    @property
    def conditional(self) -> bool:
        return self.condition != "none"

    def build(self, dims: Dims) -> StyleGANDiscriminator:
        return StyleGANDiscriminator(dims, self, dims.sample[1], grows=False)

    def build_growing(self, dims: Dims, resolution: int) -> StyleGANDiscriminator:
        """The growing form, which has reached this resolution.

        Raises:
            UsageError: The architecture cannot have this sample shape, or not this resolution.
        """
        return StyleGANDiscriminator(dims, self, resolution, grows=True)
