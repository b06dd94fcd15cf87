"""DeblurGAN-v2's generator: a pyramid of features over a backbone (Kupyn et al. 2019, arXiv:1908.03826, section 3.1).

A backbone sees the picture at five scales. The pyramid goes back from the coarsest map to that at 1/4, adding up; heads look at
the four maps of which that leads through; what they see is laid side by side at 1/4, and goes up to the full size. What comes
out is added to the picture.

Published forms differ only in options (parameters of the backbone, as far as it is used, and of the pyramid):

* Inception-ResNet-v2: pyramid of 256 and heads of 128 channels, 30,754,272 + 5,085,827;
* MobileNetV2: pyramid of 128 and heads of 64 channels, 1,017,792 + 1,088,835;
* MobileNet-DSC: the same, depthwise separable, 1,017,792 + 168,195. Its code and weights were never published:
  that every 3x3 convolution but the last is meant follows from the difference of the published costs, 28.9 GMACs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pad, pixel_unshuffle

from organza.bounds import Count, Natural, Positive
from organza.errors import UsageError
from organza.networks.backbones import (
    KINDS,
    Backbone,
    BackboneName,
    build_backbone,
    imagenet_backbone,
    imagenet_kept,
)
from organza.networks.network import NETWORKS, Dims, NetworkOptions, Role
from organza.networks.pictures import norm_layers

COARSEST = 32  # pixels of the picture for one of the last map


def conv3(inputs: int, outputs: int, depthwise: bool, bias: bool = True) -> nn.Module:
    """A 3x3 convolution that keeps the sides; depthwise: one of each channel, and a 1x1 one that mixes channels."""
    if not depthwise:
        return nn.Conv2d(inputs, outputs, 3, padding=1, bias=bias)
    return nn.Sequential(
        nn.Conv2d(inputs, inputs, 3, padding=1, groups=inputs, bias=False),
        nn.Conv2d(inputs, outputs, 1, bias=bias),
    )


def smoothing(inputs: int, outputs: int, options: FPNGeneratorOptions) -> nn.Sequential:
    """A 3x3 convolution, perhaps normalised by the deviation of each channel of each picture, and rectified."""
    return nn.Sequential(conv3(inputs, outputs, options.depthwise), *norm_layers(options.norm, outputs), nn.ReLU())


def head(inputs: int, outputs: int, depthwise: bool) -> nn.Sequential:
    """Two rectified 3x3 convolutions without biases."""
    layers = [conv3(inputs, outputs, depthwise, bias=False), nn.ReLU()]
    return nn.Sequential(*layers, conv3(outputs, outputs, depthwise, bias=False), nn.ReLU())


class Detail(nn.Module):
    """A residual block of two 3x3 convolutions, which begins as the identity: [B, C, H, W] -> the same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU(), nn.Conv2d(channels, channels, 3, padding=1)
        )
        begin_with_nothing(self.layers[-1])

    def forward(self, maps: Tensor) -> Tensor:
        changed: Tensor = maps + self.layers(maps)
        return changed


def begin_with_nothing(layer: nn.Module) -> None:
    """Give a layer first weights of 0."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)


def enlarged(maps: Tensor, scale: int = 2) -> Tensor:
    """Maps with every pixel repeated `scale` times along each side."""
    return maps if scale == 1 else interpolate(maps, scale_factor=scale, mode="nearest")


class FeaturePyramid(nn.Module):
    """Pictures [B, C, H, W] and the maps that a `Backbone` has made of them -> [B, outputs, H, W].

    Args:
        backbone: Whose maps it gets.
        outputs: Channels.
        options: See there.
    """

    def __init__(self, backbone: Backbone, outputs: int, options: FPNGeneratorOptions) -> None:
        super().__init__()
        width, narrow = options.width, options.head_width
        self.paddings = backbone.paddings
        # One for each map, finest first. The finest map joins where the heads' work has come to its size and width.
        self.laterals = nn.ModuleList(
            nn.Conv2d(channels, width if level else narrow, 1, bias=False)
            for level, channels in enumerate(backbone.channels)
        )
        self.merges = nn.ModuleList(smoothing(width, width, options) for _ in range(3))  # in the order of their use
        self.heads = nn.ModuleList(head(width, narrow, options.depthwise) for _ in range(4))  # finest first
        self.smooth = smoothing(4 * narrow, narrow, options)
        last = max(narrow // 2, 1)
        self.smooth2 = smoothing(narrow, last, options)
        self.final = nn.Conv2d(last, outputs, 3, padding=1)
        self.entry = self.details = None
        if options.detail:
            self.entry = nn.Conv2d(4 * backbone.inputs, narrow, 3, padding=1)
            self.details = nn.Sequential(*(Detail(narrow) for _ in range(options.detail)))
            begin_with_nothing(self.final)

    def forward(self, pictures: Tensor, maps: list[Tensor]) -> Tensor:
        finest, *lateral = [
            pad(layer(features), (before, after, before, after), "reflect") if before or after else layer(features)
            for layer, features, (before, after) in zip(self.laterals, maps, self.paddings, strict=True)
        ]
        pyramid = [lateral.pop()]
        for merge in self.merges:
            pyramid.append(merge(lateral.pop() + enlarged(pyramid[-1])))
        seen = [
            enlarged(look(features), scale)
            for look, features, scale in zip(reversed(self.heads), pyramid, (8, 4, 2, 1), strict=True)
        ]
        smoothed = self.smooth(torch.cat(seen, 1))
        finer = enlarged(smoothed) + finest
        if self.entry is not None and self.details is not None:
            finer = self.details(finer + self.entry(pixel_unshuffle(pictures, 2)))
        smoothed = self.smooth2(finer)
        correction: Tensor = self.final(enlarged(smoothed))
        return correction


class FPNGenerator(nn.Module):
    """Pictures [B, C, H, W] in [-1, 1] -> the same in [-1, 1]: clamp(x + tanh(pyramid(backbone(x)))).

    Height and width must be divisible by 32, and no less than the options' `smallest`.

    Attributes:
        parts: The submodules that have not been trained before, if the backbone has been.
    """

    parts = ("fpn",)

    def __init__(self, backbone: Backbone, fpn: FeaturePyramid) -> None:
        super().__init__()
        self.backbone, self.fpn = backbone, fpn

    def forward(self, pictures: Tensor) -> Tensor:
        correction: Tensor = self.fpn(pictures, self.backbone(pictures))
        return (pictures + correction.tanh()).clamp(-1, 1)


@NETWORKS.register("fpn-generator")
@dataclass(frozen=True)
class FPNGeneratorOptions(NetworkOptions):
    """Options of `FPNGenerator`.

    Attributes:
        backbone: What sees the picture first.
        width: Channels of the pyramid.
        head_width: Channels of what its heads see, half of `width`.
        depthwise: Every 3x3 convolution of the pyramid but the last is split into one of each channel and one that mixes
            channels (MobileNet-DSC).
        weights: First weights of the backbone: those of ImageNet, or none; auto: those of ImageNet if they are on this
            machine. `build` draws fresh ones in any case: `load_backbone` loads them.
        norm: Normalisation of the pyramid. Without one it knows how strong the contrasts are that it is to sharpen.
        detail: Residual blocks at half of the resolution, which see the picture's own pixels besides. The published forms have
            none; narrow ones, of which little detail comes through, learn much faster with a few.
        backbone_width: Multiple of the backbone's numbers of channels, for mobilenet-v2 only.
    """

    role: ClassVar[Role] = "generator from pictures"

    backbone: BackboneName = "inception-resnet-v2"
    width: Count = 256
    head_width: Count = 128
    depthwise: bool = False
    weights: Literal["auto", "imagenet", "none"] = "auto"
    norm: Literal["instance", "none"] = "instance"
    detail: Natural = 0
    backbone_width: Positive = 1.0

    @property
    def multiple(self) -> int:
        return COARSEST

    @property
    def smallest(self) -> int:
        return KINDS[self.backbone].smallest

    def build(self, dims: Dims) -> nn.Module:
        channels, *sides = dims.sample
        if min(sides) < self.smallest or any(side % COARSEST for side in sides):
            next_one = max(self.smallest, -(-max(sides) // COARSEST) * COARSEST)
            raise UsageError(
                f"an FPN over {self.backbone} cannot have size {sides[0]}x{sides[1]}: take a size divisible by {COARSEST}"
                f" and no less than {self.smallest}, as --size {next_one}"
            )
        if self.width != 2 * self.head_width:
            raise UsageError(
                f"an FPN has twice the channels of its heads: with --generator.head_width {self.head_width} goes"
                f" --generator.width {2 * self.head_width}"
            )
        backbone = build_backbone(self.backbone, channels, self.backbone_width)
        return FPNGenerator(backbone, FeaturePyramid(backbone, channels, self))


def weights_found(options: FPNGeneratorOptions) -> bool:
    """Whether ImageNet weights of the options' backbone lie on this machine, where timm keeps them.

    Raises:
        OrganzaError: timm is not installed.
    """
    return imagenet_kept(options.backbone, options.backbone_width)


def load_backbone(generator: FPNGenerator, options: FPNGeneratorOptions) -> None:
    """Give a generator's backbone timm's ImageNet weights and running statistics.

    Args:
        generator: On any device. Its pyramid stays as it is.
        options: That it was built from.

    Raises:
        OrganzaError: There are no such weights, or they are neither kept nor to be fetched.
    """
    trained = imagenet_backbone(options.backbone, generator.backbone.inputs, options.backbone_width)
    generator.backbone.load_state_dict(trained.state_dict())
