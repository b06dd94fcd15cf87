"""Halving, doubling and blurring of feature maps, as StyleGAN does it (Karras et al. 2019, arXiv:1812.04948, appendix C).

A convolution after nearest-neighbour doubling, and one before an average over 2x2, are each one strided convolution with a
kernel of 4x4: the 3x3 one averaged over 2x2. That is the same function with less than half the multiplications.
"""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional

from organza.networks.style.layers import EqualisedConv2d, binomial, filtered


def doubled(images: Tensor, times: int = 2) -> Tensor:
    """[B, C, H, W] -> [B, C, times H, times W]: every pixel becomes a square."""
    return images if times == 1 else functional.interpolate(images, scale_factor=float(times), mode="nearest")


def halved(images: Tensor, times: int = 2) -> Tensor:
    """[B, C, times H, times W] -> [B, C, H, W]: the average of every square."""
    return images if times == 1 else functional.avg_pool2d(images, times)


def blurred(features: Tensor) -> Tensor:
    """Every channel of [B, C, H, W] filtered by [1, 2, 1] / 4 along both axes, with zeros around it."""
    return filtered(features, binomial((1, 2, 1)), (1, 1))


class DoublingConv2d(EqualisedConv2d):
    """[B, inputs, H, W] -> [B, outputs, 2 H, 2 W]: nearest-neighbour doubling, then a 3x3 convolution without biases."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3, bias=False)

    def forward(self, features: Tensor) -> Tensor:
        kernel = functional.avg_pool2d(self.weight * (4 * self.scale), 2, stride=1, padding=1)
        return functional.conv_transpose2d(features, kernel.flip(2, 3).transpose(0, 1), stride=2, padding=1)


class HalvingConv2d(EqualisedConv2d):
    """[B, inputs, 2 H, 2 W] -> [B, outputs, H, W]: a 3x3 convolution, then the average over 2x2."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs, 3)

    def forward(self, features: Tensor) -> Tensor:
        kernel = functional.avg_pool2d(self.weight * self.scale, 2, stride=1, padding=1)
        return functional.conv2d(features, kernel, self.bias, stride=2, padding=1)
