"""The networks of R3GAN (Huang et al. 2024, arXiv:2501.05441, section 4 and its code): mirror images of each other.

No normalisation, no attention, no style: at each size from 4x4 on, a few inverted bottlenecks (1x1 convolution that widens, 3x3
convolution in groups, 1x1 convolution that narrows) beside a residual path on which nothing happens; between the sizes a
1x1 convolution where the width changes, and a resampling by the filter [1, 3, 3, 1]. The picture is entered and left through
one 1x1 convolution.

The published shapes follow from three numbers, for pictures of any size (parameters of generator and discriminator):

* CIFAR-10, FFHQ: the defaults. 32x32 with 10 classes: 20,781,952 and 21,280,512; 64x64: 22,429,824 and 22,381,440;
  256x256: 23,057,952 and 23,009,568.
* ImageNet: width 1536 in groups of 32, `full_to` 64. 32x32: 82,914,304 and 86,548,992; 64x64: 103,570,432 and 107,205,120.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from organza.bounds import Count
from organza.errors import UsageError
from organza.networks.layers import normal
from organza.networks.network import NETWORKS, Dims, NetworkOptions, Role
from organza.networks.second_order import GroupedConv2d, convolve

BASE = 4  # pixels a side of the coarsest feature map
SLOPE = 0.2  # of the leaky ReLU below zero
GAIN = sqrt(2 / (1 + SLOPE**2))  # by which it shrinks a signal (He et al. 2015, arXiv:1502.01852, eq. 15)


@dataclass(frozen=True)
class Level:
    """What happens at one size.

    Attributes:
        side: Pixels a side of the feature maps.
        width: Channels of the residual path.
        blocks: Residual blocks.
        groups: Groups of the blocks' inner convolution, called cardinality in the paper.
    """

    side: int
    width: int
    blocks: int
    groups: int


def first_weights(layer: nn.Conv2d | nn.Linear, gain: float = 1.0) -> None:
    """First weights N(0, gain^2 / inputs of a unit), biases of 0."""
    normal(layer.weight, gain / sqrt(layer.weight[0].numel()))
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)


class ResidualBlock(nn.Module):
    """x + narrow(act(spatial(act(widen(x))))), [B, C, H, W] -> the same: an inverted bottleneck without normalisation.

    The first weights are those of Fixup (Zhang et al. 2019, arXiv:1901.09321): the last convolution is 0, the others are
    smaller by the fourth root of the number of blocks in the network, so that no depth makes the first steps explode.

    Args:
        level: Where it stands.
        expansion: Inner channels for each outer one.
        depth: Residual blocks in the whole network.
    """

    def __init__(self, level: Level, expansion: int, depth: int) -> None:
        super().__init__()
        inner = level.width * expansion
        self.widen = nn.Conv2d(level.width, inner, 1)
        self.spatial = GroupedConv2d(inner, inner, 3, level.groups)
        self.narrow = nn.Conv2d(inner, level.width, 1, bias=False)
        for layer in (self.widen, self.spatial):
            first_weights(layer, GAIN * depth**-0.25)
        nn.init.zeros_(self.narrow.weight)

    def forward(self, features: Tensor) -> Tensor:
        inner = functional.leaky_relu(self.widen(features), SLOPE)
        change: Tensor = self.narrow(functional.leaky_relu(self.spatial(inner), SLOPE))
        return features + change


class Resampling(nn.Module):
    """Twice or half the sides by the filter [1, 3, 3, 1], with zeros beyond the edge, and a 1x1 convolution if widths differ.

    The convolution is done where the sides are small; it commutes with the filter.
    """

    taps: Tensor

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.change = None if inputs == outputs else nn.Conv2d(inputs, outputs, 1, bias=False)
        if self.change is not None:
            first_weights(self.change)
        row = torch.tensor([1.0, 3.0, 3.0, 1.0]) / 8
        self.register_buffer("taps", torch.outer(row, row)[None, None], persistent=False)

    def filter_for(self, features: Tensor) -> Tensor:
        """The filter for each channel on its own, [C, 1, 4, 4]."""
        return self.taps.to(features.dtype).expand(features.shape[1], -1, -1, -1)


class Upsampling(Resampling):
    """[B, inputs, H, W] -> [B, outputs, 2H, 2W]."""

    def forward(self, features: Tensor) -> Tensor:
        features = features if self.change is None else self.change(features)
        # Three of four pixels under the filter are zeros put between the given ones, so that it has to sum to 4.
        return functional.conv_transpose2d(
            features, 4 * self.filter_for(features), None, 2, 1, groups=features.shape[1]
        )


class Downsampling(Resampling):
    """[B, inputs, 2H, 2W] -> [B, outputs, H, W]."""

    def forward(self, features: Tensor) -> Tensor:
        features = convolve(features, self.filter_for(features), stride=2, padding=1, groups=features.shape[1])
        return features if self.change is None else self.change(features)


class Stage(nn.Module):
    """All that happens at one size: the way there from the size before, if there is one, and the residual blocks."""

    def __init__(self, resample: nn.Module | None, level: Level, expansion: int, depth: int) -> None:
        super().__init__()
        self.resample = resample
        self.blocks = nn.Sequential(*(ResidualBlock(level, expansion, depth) for _ in range(level.blocks)))

    def forward(self, features: Tensor) -> Tensor:
        made: Tensor = self.blocks(features if self.resample is None else self.resample(features))
        return made


class R3GANGenerator(nn.Module):
    """[B, z_dim] -> [B, C, H, W], unbounded: about [-1, 1] once it is trained. A label is embedded and put beside z.

    The first feature maps are learned ones, 4x4, each weighted by a linear map of z.
    """

    def __init__(self, dims: Dims, options: R3GANGeneratorOptions) -> None:
        super().__init__()
        levels = options.levels(dims.sample)
        depth = sum(level.blocks for level in levels)
        self.embedding = nn.Linear(dims.labelled, dims.z_dim, bias=False) if options.conditional else None
        width = levels[0].width
        self.basis = nn.Parameter(torch.randn(width, BASE, BASE))
        self.weights = nn.Linear(dims.z_dim * (1 + options.conditional), width, bias=False)
        self.stages = nn.ModuleList(
            Stage(Upsampling(before.width, level.width) if before else None, level, options.expansion, depth)
            for before, level in zip([None, *levels], levels, strict=False)
        )
        self.to_picture = nn.Conv2d(levels[-1].width, dims.sample[0], 1, bias=False)
        for layer in (self.embedding, self.weights, self.to_picture):
            if layer is not None:
                first_weights(layer)

    def forward(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        z = z if self.embedding is None else torch.cat([z, self.embedding(label)], 1)
        features = channels_last(self.basis * self.weights(z)[:, :, None, None])
        for stage in self.stages:
            features = stage(features)
        images: Tensor = self.to_picture(features)
        return images


class R3GANDiscriminator(nn.Module):
    """[B, C, H, W] -> logits [B, 1]. The last 4x4 maps are weighed by learned ones; a label projects onto its embedding."""

    def __init__(self, dims: Dims, options: R3GANDiscriminatorOptions) -> None:
        super().__init__()
        levels = options.levels(dims.sample)[::-1]
        depth, width = sum(level.blocks for level in levels), levels[-1].width
        outputs = width if options.conditional else 1
        self.from_picture = nn.Conv2d(dims.sample[0], levels[0].width, 1, bias=False)
        self.stages = nn.ModuleList(
            Stage(Downsampling(before.width, level.width) if before else None, level, options.expansion, depth)
            for before, level in zip([None, *levels], levels, strict=False)
        )
        # A convolution of each channel with a kernel as large as the map; N(0, 1 / 16), as inputs of a unit are 16.
        self.basis = nn.Parameter(torch.randn(width, 1, BASE, BASE) / BASE)
        self.dense = nn.Linear(width, outputs, bias=False)
        self.embedding = nn.Linear(dims.labelled, outputs, bias=False) if options.conditional else None
        first_weights(self.from_picture)
        first_weights(self.dense)
        if self.embedding is not None:
            first_weights(self.embedding, 1 / sqrt(outputs))

    def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
        features = self.enter(images)
        for stage in self.stages:
            features = stage(features)
        outputs: Tensor = self.dense((features * self.basis[:, 0]).sum((2, 3)))
        return outputs if self.embedding is None else (outputs * self.embedding(label)).sum(1, keepdim=True)

    def features(self, images: Tensor) -> list[Tensor]:
        """The feature maps after the blocks of each size, [B, width, side, side], from the picture's size down to 4x4."""
        made = [self.enter(images)]
        for stage in self.stages:
            made.append(stage(made[-1]))
        return made[1:]

    def enter(self, images: Tensor) -> Tensor:
        """The picture as feature maps of the first width."""
        return channels_last(self.from_picture(images))


def channels_last(features: Tensor) -> Tensor:
    """The same, stored pixel by pixel: what enters the residual path decides how all that is added to it is stored."""
    return features.contiguous(memory_format=torch.channels_last)


@dataclass(frozen=True)
class R3GANOptions(NetworkOptions):
    """The shape that both networks share, by size from 4x4 on.

    Attributes:
        width: Channels of the residual path: one number, or one for each size from 4x4 to the picture's.
        full_to: Where `width` is one number, sizes up to this one have it; from there it is halved with every doubling.
        blocks: Residual blocks: one number for every size, or one for each.
        group_width: Inner channels of a block that a group has: one number, or one for each size. The published cardinality of
            96 is that of 768 * 2 channels in groups of 16.
        expansion: Inner channels of a block for each outer one.
        condition: How a label enters: as an embedding beside z in the generator, and onto which the discriminator projects.
    """

    width: tuple[Count, ...] = (768,)
    full_to: Count = 32
    blocks: tuple[Count, ...] = (2,)
    group_width: tuple[Count, ...] = (16,)
    expansion: Count = 2
    condition: Literal["none", "embedding"] = "none"

    @property
    def conditional(self) -> bool:
        return self.condition != "none"

    def levels(self, sample: tuple[int, int, int]) -> tuple[Level, ...]:
        """What happens at each size, from 4x4 to the picture's.

        Raises:
            UsageError: The picture is no square whose side is a power of two, or the numbers do not fit its sizes.
        """
        sides = sides_up_to(sample)
        widths = [tapered(self.width[0], self.full_to, side) for side in sides] if len(self.width) == 1 else self.width
        for_each = zip(
            sides,
            one_for_each("width", widths, sides),
            one_for_each("blocks", self.blocks, sides),
            one_for_each("group_width", self.group_width, sides),
            strict=True,
        )
        return tuple(
            Level(side, width, blocks, groups_of(width * self.expansion, group_width, side))
            for side, width, blocks, group_width in for_each
        )


@NETWORKS.register("r3gan-generator")
@dataclass(frozen=True)
class R3GANGeneratorOptions(R3GANOptions):
    """The generator of R3GAN: residual blocks of grouped convolutions at every size, and no normalisation."""

    def build(self, dims: Dims) -> nn.Module:
        return R3GANGenerator(dims, self)


@NETWORKS.register("r3gan-discriminator")
@dataclass(frozen=True)
class R3GANDiscriminatorOptions(R3GANOptions):
    """The discriminator of R3GAN: the generator's mirror image."""

    role: ClassVar[Role] = "discriminator"

    def build(self, dims: Dims) -> nn.Module:
        return R3GANDiscriminator(dims, self)


def sides_up_to(sample: tuple[int, int, int]) -> tuple[int, ...]:
    """4, 8, ..., the picture's side.

    Raises:
        UsageError: The picture is no square whose side is such a number.
    """
    _, height, width = sample
    if height != width or height < BASE or height & (height - 1):
        raise UsageError(f"R3GAN cannot have size {width}x{height}: take a power of two from {BASE} on, as --size 64")
    return tuple(2**level for level in range(BASE.bit_length() - 1, height.bit_length()))


def tapered(width: int, full_to: int, side: int) -> int:
    """The width at a size: `width` up to `full_to`, then halved with every doubling.

    Raises:
        UsageError: It cannot be halved so often.
    """
    if side <= full_to:
        return width
    if width * full_to % side:
        raise UsageError(f"the width {width} cannot be halved down to {side}x{side} pixels: take a larger, or one each")
    return width * full_to // side


def one_for_each(name: str, numbers: Sequence[int], sides: Sequence[int]) -> Sequence[int]:
    """One number for each size, of which one may stand for all.

    Raises:
        UsageError: There are neither one nor as many as sizes.
    """
    if len(numbers) not in (1, len(sides)):
        wanted = f"{len(sides)} sizes ({', '.join(map(str, sides))})"
        raise UsageError(f"R3GAN's {name} has {len(numbers)} numbers for {wanted}: give one for each, or one for all")
    return numbers if len(numbers) == len(sides) else [numbers[0]] * len(sides)


def groups_of(channels: int, group_width: int, side: int) -> int:
    """How many groups of this width the inner channels make; one where there are fewer channels.

    Raises:
        UsageError: A part of a group would be left over.
    """
    group_width = min(group_width, channels)
    if channels % group_width:
        raise UsageError(
            f"groups of {group_width} do not divide the {channels} inner channels at {side}x{side} pixels: "
            "take another width, group_width or expansion"
        )
    return channels // group_width
