"""The residual generator of CycleGAN (Zhu et al. 2017, arXiv:1703.10593, appendix 7.2) and DeblurGAN.

Two halvings, residual blocks at a quarter of the size, two doublings; reflection instead of zeros beyond the border. The
layers are Johnson et al.'s (2016, arXiv:1603.08155). Published forms differ only in options:

* CycleGAN: 6 blocks for 128x128 pictures (7,837,699), 9 for larger ones (11,378,179);
* pix2pix's "resnet" with batch normalisation and no biases before it (9 blocks: 11,383,427);
* DeblurGAN (Kupyn et al. 2018, arXiv:1711.07064, section 4.1): 9 blocks with dropout, and what the network makes is added
  to its input.
"""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, nn

from organza.bounds import Count, Share
from organza.networks.layers import Initial, initialise
from organza.networks.network import NETWORKS, Dims
from organza.networks.pictures import (
    PictureGeneratorOptions,
    PictureNorm,
    Upsampling,
    keeps_bias,
    norm_layers,
    upsample,
)


class ResidualBlock(nn.Module):
    """[B, C, H, W] -> the same: x + two convolutions of x, with no activation after the sum."""

    def __init__(self, channels: int, norm: PictureNorm, dropout: float) -> None:
        super().__init__()
        bias = keeps_bias(norm)
        self.layers = nn.Sequential(
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3, bias=bias),
            *norm_layers(norm, channels),
            nn.ReLU(),
            *([nn.Dropout(dropout)] if dropout else []),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3, bias=bias),
            *norm_layers(norm, channels),
        )

    def forward(self, features: Tensor) -> Tensor:
        added: Tensor = self.layers(features)
        return features + added


class ResNetGenerator(nn.Module):
    """[B, C, H, W] -> [B, C, H, W] in [-1, 1]; H and W are multiples of 4, and at least 8."""

    def __init__(self, dims: Dims, options: ResNetGeneratorOptions) -> None:
        super().__init__()
        image, width, norm = dims.sample[0], options.width, options.norm
        bias = keeps_bias(norm)
        layers: list[nn.Module] = [nn.ReflectionPad2d(3), nn.Conv2d(image, width, 7, bias=bias)]
        layers += [*norm_layers(norm, width), nn.ReLU()]
        for channels in (2 * width, 4 * width):
            layers += [nn.Conv2d(channels // 2, channels, 3, 2, 1, bias=bias), *norm_layers(norm, channels), nn.ReLU()]
        layers += [ResidualBlock(4 * width, norm, options.dropout) for _ in range(options.blocks)]
        for channels in (2 * width, width):
            layers += upsample(options.upsampling, 2 * channels, channels, 3, bias)
            layers += [*norm_layers(norm, channels), nn.ReLU()]
        layers += [nn.ReflectionPad2d(3), nn.Conv2d(width, image, 7), nn.Tanh()]
        self.layers = nn.Sequential(*layers)
        self.residual = options.residual
        initialise(self, options.initial)

    def forward(self, images: Tensor) -> Tensor:
        made: Tensor = self.layers(images)
        return (images + made).clamp(-1, 1) if self.residual else made


@NETWORKS.register("resnet-generator")
@dataclass(frozen=True)
class ResNetGeneratorOptions(PictureGeneratorOptions):
    """Pictures from pictures by residual blocks at a quarter of the size, as in CycleGAN and DeblurGAN.

    Attributes:
        width: Channels at full size; there are 4 times as many in the residual blocks.
        blocks: How many residual blocks.
        norm: Normalisation of every layer but the last: instance, or batch, before which convolutions have no biases.
        dropout: Share of the features that are left out at random in the middle of every residual block.
        residual: Whether what the network makes is added to its input, and the sum cut to [-1, 1].
        upsampling: By transposed convolutions, or by repeated pixels and convolutions, which leave no checkerboard.
        initial: First weights: N(0, 0.02), He's, or PyTorch's own.
    """

    width: Count = 64
    blocks: Count = 9
    norm: PictureNorm = "instance"
    dropout: Share = 0.0
    residual: bool = False
    upsampling: Upsampling = "transposed"
    initial: Initial = "dcgan"

    @property
    def multiple(self) -> int:
        return 4

    @property
    def smallest(self) -> int:
        return 8  # 2x2 in the residual blocks, the least that can be reflected

    def build(self, dims: Dims) -> nn.Module:
        self.check(dims)
        return ResNetGenerator(dims, self)
