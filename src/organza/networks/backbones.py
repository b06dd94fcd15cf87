"""Classifiers of photographs whose feature maps others look at: timm's networks, cut after the last map that is wanted.

Each gives five maps at 1/2, 1/4, 1/8, 1/16 and 1/32 of a picture's sides. Which, and the numbers of their channels, are those
of DeblurGAN-v2 (Kupyn et al. 2019, arXiv:1908.03826; the authors' code).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal, Protocol

import torch
from torch import Tensor, nn

from organza.errors import OrganzaError, UsageError
from organza.foreign import need, reason

BackboneName = Literal["inception-resnet-v2", "mobilenet-v2"]
Padding = tuple[int, int]

WEIGHT_FILES = ("model.safetensors", "pytorch_model.bin")  # as timm names them


class Backbone(nn.Module):
    """[B, C, H, W] -> five maps, [B, channels[i], H / 2^(i + 1), W / 2^(i + 1)], or a little smaller.

    Args:
        stages: Each makes one map out of the one before.
        inputs: Channels of the pictures.
        channels: Of each map.
        paddings: Pixels that each map lacks to be a power of two smaller than the picture: (above and to the left, below and
            to the right), if the picture's sides are divisible by 32.
    """

    def __init__(
        self, stages: list[nn.Module], inputs: int, channels: tuple[int, ...], paddings: tuple[Padding, ...]
    ) -> None:
        super().__init__()
        self.stages = nn.ModuleList(stages)
        self.inputs, self.channels, self.paddings = inputs, channels, paddings

    def forward(self, pictures: Tensor) -> list[Tensor]:
        maps, features = [], pictures
        for stage in self.stages:
            features = stage(features)
            maps.append(features)
        return maps


class Make(Protocol):
    """Channels of the pictures, multiple of all widths -> timm's network with fresh weights."""

    def __call__(self, inputs: int, width: float) -> Any: ...


@dataclass(frozen=True)
class Kind:
    """An entry of the table of backbones.

    Attributes:
        make: The whole network.
        models: Widths whose ImageNet weights timm has -> its names of them.
        channels: Of each map, at width 1.
        paddings: Of each map, see `Backbone`.
        smallest: The least that a picture's sides may be.
    """

    make: Make
    models: Mapping[float, str]
    channels: tuple[int, ...]
    smallest: int
    paddings: tuple[Padding, ...] = field(default=((0, 0),) * 5)


def timm_module(name: str = "timm") -> Any:
    """timm, or a module of its.

    Raises:
        OrganzaError: It is not installed.
    """
    return need(name, "timm", "pictures", "deblurgan-v2")


def make_inception(inputs: int, width: float) -> Any:
    """Inception-ResNet-v2 (Szegedy et al. 2016, arXiv:1602.07261)."""
    if width != 1:
        raise UsageError("an inception-resnet-v2 has one width: leave out --generator.backbone_width")
    return timm_module().create_model("inception_resnet_v2", pretrained=False, in_chans=inputs, num_classes=0)


def make_mobilenet(inputs: int, width: float) -> Any:
    """MobileNetV2 (Sandler et al. 2018, arXiv:1801.04381, table 2), which timm's table has at five widths only."""
    builder, networks = timm_module("timm.models._efficientnet_builder"), timm_module("timm.models.efficientnet")
    blocks = [
        ["ds_r1_k3_s1_c16"],
        ["ir_r2_k3_s2_e6_c24"],
        ["ir_r3_k3_s2_e6_c32"],
        ["ir_r4_k3_s2_e6_c64"],
        ["ir_r3_k3_s1_e6_c96"],
        ["ir_r2_k3_s2_e6_c160"],
    ]
    return networks.EfficientNet(
        block_args=builder.decode_arch_def(blocks),
        num_classes=0,
        in_chans=inputs,
        stem_size=32,
        round_chs_fn=partial(builder.round_channels, multiplier=width),
        act_layer=nn.ReLU6,
    )


KINDS: dict[BackboneName, Kind] = {
    "inception-resnet-v2": Kind(
        make_inception,
        {1.0: "inception_resnet_v2"},
        (32, 64, 192, 1088, 2080),
        smallest=128,  # 96 leaves a map of 1x1, which cannot be reflected
        paddings=((0, 1), (1, 1), (1, 2), (1, 1), (1, 1)),  # its convolutions eat their borders
    ),
    "mobilenet-v2": Kind(
        make_mobilenet,
        {0.5: "mobilenetv2_050", 1.0: "mobilenetv2_100", 1.4: "mobilenetv2_140"},
        (16, 24, 32, 64, 160),
        smallest=64,  # 32 leaves one value of a channel, of which batch normalisation in training has no deviation
    ),
}


def stages_of(name: BackboneName, network: Any) -> list[nn.Module]:
    """The layers of timm's network that lead from the picture to the first map, from the first to the second, and so on."""
    if name == "inception-resnet-v2":
        return [
            network.conv2d_1a,
            nn.Sequential(network.conv2d_2a, network.conv2d_2b, network.maxpool_3a),
            nn.Sequential(network.conv2d_3b, network.conv2d_4a, network.maxpool_5a),
            nn.Sequential(network.mixed_5b, network.repeat, network.mixed_6a),
            nn.Sequential(network.repeat_1, network.mixed_7a),
        ]
    # The last map is that of the second of three blocks with 160 channels, and the first map is taken after a block.
    stem = nn.Sequential(network.conv_stem, network.bn1)  # the activation is part of timm's normalisations
    return [
        nn.Sequential(stem, *network.blocks[0]),
        nn.Sequential(*network.blocks[1]),
        nn.Sequential(*network.blocks[2]),
        nn.Sequential(*network.blocks[3]),
        nn.Sequential(*network.blocks[4], *network.blocks[5][:2]),
    ]


def cut(name: BackboneName, network: Any, inputs: int, width: float) -> Backbone:
    """What of timm's network leads to the maps."""
    kind = KINDS[name]
    channels = kind.channels
    if width != 1:
        rounded = timm_module("timm.models._efficientnet_builder").round_channels
        channels = tuple(rounded(count, width) for count in channels)
    return Backbone(stages_of(name, network), inputs, channels, kind.paddings)


def build_backbone(name: BackboneName, inputs: int, width: float = 1.0) -> Backbone:
    """A backbone with fresh weights, as timm draws them.

    Args:
        name: Of `KINDS`.
        inputs: Channels of the pictures.
        width: Multiple of the numbers of channels.

    Raises:
        OrganzaError: timm is not installed.
        UsageError: The backbone cannot have this width.
    """
    return cut(name, KINDS[name].make(inputs, width), inputs, width)


def imagenet_kept(name: BackboneName, width: float = 1.0) -> bool:
    """Whether timm's ImageNet weights of the backbone lie on this machine; the network is not asked.

    Raises:
        OrganzaError: timm is not installed.
    """
    model = KINDS[name].models.get(width)
    if model is None:
        return False
    repository = timm_module().get_pretrained_cfg(model).hf_hub_id
    kept = need("huggingface_hub", "timm", "pictures", "deblurgan-v2").try_to_load_from_cache
    return any(isinstance(kept(repository, file), str) for file in WEIGHT_FILES)


def imagenet_backbone(name: BackboneName, inputs: int, width: float = 1.0) -> Backbone:
    """A backbone with timm's ImageNet weights, which timm fetches where they are not kept.

    Args:
        name: Of `KINDS`.
        inputs: Channels of the pictures. The weights of a first layer for other than 3 are made of those for 3.
        width: Multiple of the numbers of channels.

    Raises:
        OrganzaError: timm is not installed, there are no such weights, or they are neither kept nor to be fetched.
    """
    models = KINDS[name].models
    if width not in models:
        known = " or ".join(str(known) for known in models)
        raise OrganzaError(
            f"nobody has trained a {name} of width {width} on ImageNet: take --generator.backbone_width {known}, or"
            " --generator.weights none"
        )
    timm = timm_module()
    with torch.random.fork_rng(devices=[]):  # its layers are initialised before they are loaded
        try:
            network = timm.create_model(models[width], pretrained=True, in_chans=inputs, num_classes=0)
        except (OSError, RuntimeError) as error:
            raise OrganzaError(
                f"cannot load the ImageNet weights of {name} ({models[width]}: {reason(error)}): connect to the internet"
                " once, set HF_HOME to a folder where huggingface_hub has kept them, or take --generator.weights none"
            ) from None
    return cut(name, network, inputs, width)
