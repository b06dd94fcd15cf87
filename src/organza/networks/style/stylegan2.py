"""StyleGAN2 (Karras et al. 2020, arXiv:1912.04958), with the variants of StyleGAN2-ADA (Karras et al. 2020, arXiv:2006.06676).

The networks compute what the published codes compute, so that their weights fit. Where those differ:

* Config F has `channel_base` 32768, config E half of it. ADA's networks for up to 256 pixels have 16384 and 2 mapping
  layers; those for CIFAR-10 32768, 2 mapping layers, deviations over groups of 32, and a discriminator without shortcuts.
* NVlabs/stylegan2 and rosinality/stylegan2-pytorch multiply all weights by 1 / sqrt(inputs k^2) when they are used. ADA's
  code and this one leave it out where demodulation follows, which takes it out again, except for the 1e-8 under the root:
  weights from there, multiplied by it once, give the same pictures.
* In NVlabs/stylegan2 the kernels of the layers that double the sides are mirrored along both axes with respect to those of
  all others, and a 1 is added to the biases of the styles.
* In NVlabs/stylegan2 a label is embedded and normalised together with z (`label_apart` false; the embedding has no biases
  and is not scaled), in ADA apart from it. The discriminator of the former has one output for each class ("outputs"), that
  of ADA projects onto a label that has gone through 8 layers ("projection"), or none in the TensorFlow form of ADA.
  rosinality's networks take no labels.
* The average of w keeps 0.995 of itself in each step, but 0.998 in stylegan3's `networks_stylegan2` (`w_beta`). rosinality
  keeps none in the network.
* ADA's networks can compute the highest resolutions in float16, and then clamp what all convolutions make to [-256, 256].
  Here nothing is clamped: float32 and bfloat16 do not overflow there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from typing import ClassVar, Literal, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from organza.bounds import Count, Natural, Positive, Share
from organza.networks.network import NETWORKS, Dims, NetworkOptions, Role
from organza.networks.style.generator import StyleGenerator, StyleGeneratorOptions, levels
from organza.networks.style.layers import GAIN, SLOPE, EqualisedLinear, GroupStdDev, Mapping, pixel_norm
from organza.networks.style.modulation import ActiveConv2d, HalvedShortcut, ModulatedConv2d, ToPicture, doubled


def widths(sides: Sequence[int], base: int, most: int) -> list[int]:
    """Channels of the feature maps of these sides: min(base / side, most), and at least one."""
    return [max(1, min(base // side, most)) for side in sides]


class StyleGAN2Generator(StyleGenerator):
    """z [B, z_dim] -> [B, C, H, W], about in [-1, 1]: at each resolution a picture is added to the enlarged one before it.

    Attributes:
        constant: What all pictures begin with, [channels, 4, 4].
        convs: One layer at 4x4 and two at each further resolution.
        pictures: What makes a picture of the feature maps, one for each resolution. It takes the style of the next resolution's
            first layer, and the last one a style of its own.
    """

    def __init__(self, dims: Dims, options: StyleGAN2GeneratorOptions) -> None:
        super().__init__()
        sides = levels(dims.sample)
        channels = widths(sides, options.channel_base, options.channel_max)
        self.resolutions = options.resolutions(dims.sample)
        self.mapping = Mapping(
            dims.z_dim,
            options.w_dim,
            options.mapping_layers,
            classes=dims.labelled if options.conditional else 0,
            apart=options.label_apart,
            rate=options.mapping_rate,
            beta=options.w_beta,
            together=True,
        )
        self.constant = nn.Parameter(torch.randn(channels[0], 4, 4))
        self.convs = nn.ModuleList([ModulatedConv2d(channels[0], channels[0], options.w_dim, 4, up=False)])
        for side, (inputs, outputs) in zip(sides[1:], pairwise(channels), strict=True):
            self.convs.append(ModulatedConv2d(inputs, outputs, options.w_dim, side, up=True))
            self.convs.append(ModulatedConv2d(outputs, outputs, options.w_dim, side, up=False))
        self.pictures = nn.ModuleList(ToPicture(width, dims.sample[0], options.w_dim) for width in channels)

    def synthesise(self, styles: Tensor, noise: Sequence[Tensor] | None = None) -> Tensor:
        ws = [
            w.contiguous() for w in styles.unbind(1)
        ]  # of one layout, so that mixing changes no bit of what is not mixed
        noises = [None] * len(self.convs) if noise is None else noise
        features = self.constant.expand(len(styles), -1, -1, -1)
        images: Tensor | None = None
        for index, (conv, w, grain) in enumerate(zip(self.convs, ws[:-1], noises, strict=True)):
            features = conv(features, w, grain)
            if index % 2 == 0:  # behind the last layer of a resolution
                picture: Tensor = self.pictures[index // 2](features, ws[index + 1])
                images = picture if images is None else doubled(images) + picture
        assert images is not None
        return images


@NETWORKS.register("stylegan2-generator")
@dataclass(frozen=True)
class StyleGAN2GeneratorOptions(StyleGeneratorOptions):
    """Options of `StyleGAN2Generator`.

    Attributes:
        channel_base: Channels times pixels a side of the large feature maps: 32768 is config F, 16384 config E.
        channel_max: Channels of the small ones.
        w_dim: Length of w.
        mapping_layers: Between z and w.
        mapping_rate: At which multiple of the learning rate they learn.
        condition: Whether a label enters: embedded, beside z (embedding).
        label_apart: Whether z and the embedded label are normalised each on its own, as in StyleGAN2-ADA, or together.
        w_beta: Share of the old average of w that stays in each step.
    """

    channel_base: Count = 32768
    channel_max: Count = 512
    w_dim: Count = 512
    mapping_layers: Count = 8
    mapping_rate: Positive = 0.01
    condition: Literal["none", "embedding"] = "none"
    label_apart: bool = True
    w_beta: Share = 0.995

    @property
    def conditional(self) -> bool:
        return self.condition != "none"

    def resolutions(self, sample: tuple[int, int, int]) -> tuple[int, ...]:
        noises = self.noises(sample)
        return (*noises, noises[-1])

    def noises(self, sample: tuple[int, int, int]) -> tuple[int, ...]:
        first, *rest = levels(sample)
        return (first, *(side for side in rest for _ in range(2)))

    def build(self, dims: Dims) -> nn.Module:
        return StyleGAN2Generator(dims, self)


class LabelMapping(nn.Module):
    """Label [B, classes] -> [B, width]: an embedding, normalised, and dense layers; as `Mapping`, without z or an average."""

    def __init__(self, classes: int, width: int, layers: int, rate: float) -> None:
        super().__init__()
        self.embedding = EqualisedLinear(classes, width)
        self.layers = nn.ModuleList(
            EqualisedLinear(width, width, gain=GAIN, rate=rate, together=True) for _ in range(layers)
        )

    def forward(self, label: Tensor) -> Tensor:
        values = pixel_norm(self.embedding(label))
        for layer in self.layers:
            values = functional.leaky_relu(layer(values), SLOPE)
        return values


class Halving(nn.Module):
    """[B, inputs, H, W] -> [B, outputs, H/2, W/2]: two convolutions, and a shortcut past both or none.

    The sum of two signals of equal variance is divided by sqrt(2), here by way of the two gains.
    """

    def __init__(self, inputs: int, outputs: int, residual: bool) -> None:
        super().__init__()
        share = sqrt(0.5) if residual else 1.0
        self.first = ActiveConv2d(inputs, inputs, 3)
        self.second = ActiveConv2d(inputs, outputs, 3, halve=True, gain=GAIN * share)
        self.shortcut = HalvedShortcut(inputs, outputs, share) if residual else None

    def forward(self, features: Tensor) -> Tensor:
        made: Tensor = self.second(self.first(features))
        return made if self.shortcut is None else made + self.shortcut(features)


class StyleGAN2Discriminator(nn.Module):
    """[B, C, H, W] -> logits [B, 1].

    Attributes:
        entry: The picture to the first feature maps, pixel by pixel.
        blocks: One for each halving, down to 4x4.
        deviation: One more feature map, of how much groups of the batch vary; or nothing.
        last: The convolution at 4x4.
        dense: One layer on the flattened maps.
        out: Its units to logits, or to what the label is projected onto.
        mapping: Of the label.
    """

    def __init__(self, dims: Dims, options: StyleGAN2DiscriminatorOptions) -> None:
        super().__init__()
        classes = dims.labelled if options.conditional else 0
        channels = widths(levels(dims.sample)[::-1], options.channel_base, options.channel_max)
        width = channels[-1]
        residual = options.architecture == "residual"
        self.entry = ActiveConv2d(dims.sample[0], channels[0], 1)
        self.blocks = nn.ModuleList(Halving(inputs, outputs, residual) for inputs, outputs in pairwise(channels))
        self.deviation = GroupStdDev(options.group) if options.group else nn.Identity()
        self.last = ActiveConv2d(width + bool(options.group), width, 3)
        self.dense = EqualisedLinear(width * 4 * 4, width, gain=GAIN, together=True)
        self.mapping: LabelMapping | None = None
        outputs = classes if options.condition == "outputs" else 1
        if options.condition == "projection":
            outputs = options.label_dim or width
            self.mapping = LabelMapping(classes, outputs, options.mapping_layers, options.mapping_rate)
        self.chooses = options.condition == "outputs"
        self.out = EqualisedLinear(width, outputs)

    def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
        features = self.last(self.deviation(self.features(images)[-1]))
        values: Tensor = self.out(functional.leaky_relu(self.dense(features.flatten(1)), SLOPE))
        if self.mapping is not None:
            mapped: Tensor = self.mapping(label)
            values = (values * mapped).sum(1, keepdim=True) / sqrt(mapped.shape[1])
        if self.chooses:
            values = (values * cast(Tensor, label)).sum(1, keepdim=True)
        return values

    def features(self, images: Tensor) -> list[Tensor]:
        """The feature maps at each resolution, the finest first: the entry's [B, channels, H, W] to those at 4x4."""
        features = [self.entry(images)]
        for block in self.blocks:
            features.append(block(features[-1]))
        return features


@NETWORKS.register("stylegan2-discriminator")
@dataclass(frozen=True)
class StyleGAN2DiscriminatorOptions(NetworkOptions):
    """Options of `StyleGAN2Discriminator`.

    Attributes:
        channel_base: Channels times pixels a side of the large feature maps: 32768 is config F, 16384 config E.
        channel_max: Channels of the small ones.
        architecture: With shortcuts past each two convolutions (residual), or without (original), as ADA's for CIFAR-10.
        group: Samples over which the minibatch deviation is taken; 0: there is none.
        condition: How a label enters: the last features are projected onto it, mapped (projection), as in ADA; or there is one
            logit for each class (outputs), as in the first StyleGAN2.
        label_dim: Length of the mapped label; 0: as many as there are channels at 4x4.
        mapping_layers: Between the label and what is projected onto.
        mapping_rate: At which multiple of the learning rate they learn.
    """

    role: ClassVar[Role] = "discriminator"

    channel_base: Count = 32768
    channel_max: Count = 512
    architecture: Literal["residual", "original"] = "residual"
    group: Natural = 4
    condition: Literal["none", "projection", "outputs"] = "none"
    label_dim: Natural = 0
    mapping_layers: Natural = 8
    mapping_rate: Positive = 0.01

    @property
    def conditional(self) -> bool:
        return self.condition != "none"

    def build(self, dims: Dims) -> nn.Module:
        return StyleGAN2Discriminator(dims, self)
