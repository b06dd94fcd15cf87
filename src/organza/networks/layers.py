"""Layers that several architectures share: normalisations, minibatch deviation, spectral normalisation, first weights."""

from __future__ import annotations

from math import sqrt
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrizations

Norm = Literal["batch", "layer", "instance", "none"]
Initial = Literal["torch", "dcgan", "he"]


def normalisation(norm: Norm, channels: int) -> list[nn.Module]:
    """The layer that normalises feature maps, or no layer.

    "layer" is the form of Gulrajani et al. 2017 (arXiv:1704.00028): over all of a sample's units, with one gain and bias
    for each channel. "instance" is over the pixels of each channel of each sample.
    """
    match norm:
        case "batch":
            return [nn.BatchNorm2d(channels)]
        case "layer":
            return [nn.GroupNorm(1, channels)]
        case "instance":
            return [nn.InstanceNorm2d(channels, affine=True)]
        case "none":
            return []


class MinibatchStdDev(nn.Module):
    """[B, C, H, W] -> [B, C + 1, H, W]: one more map, constant, with the mean deviation of all units over the batch.

    By it a discriminator sees that all samples of a batch are alike (Karras et al. 2018, arXiv:1710.10196, section 3).
    """

    def forward(self, features: Tensor) -> Tensor:
        variance = (features - features.mean(0)).square().mean(0)
        deviation = (variance + 1e-8).sqrt().mean()  # under the root, because batches of equal samples have slope too
        return torch.cat([features, deviation.expand(len(features), 1, *features.shape[2:])], 1)


class StridedPoints(nn.Conv2d):
    """A convolution 1x1 with a stride and no bias, [B, inputs, H, W] -> [B, outputs, H / stride, W / stride].

    It takes every stride-th pixel beforehand: the backward pass of PyTorch's own, channels last, writes beyond its memory on CPUs
    without AVX-512 (seen with 2.15).
    """

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__(inputs, outputs, 1, stride, bias=False)

    def forward(self, input: Tensor) -> Tensor:
        down, across = self.stride
        return nn.functional.conv2d(input[..., ::down, ::across], self.weight)


def normalise_spectrally(network: nn.Module) -> None:
    """Divide every weight of the network by its largest singular value (Miyato et al. 2018, arXiv:1802.05957).

    The singular value is followed by one power iteration for each pass in training mode.
    """
    for module in list(network.modules()):
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            parametrizations.spectral_norm(module)


def initialise(network: nn.Module, how: Initial) -> None:
    """Give all layers their first weights, and biases of 0; or leave them as PyTorch makes them, if that is asked for.

    "dcgan": weights N(0, 0.02), normalisation gains N(1, 0.02) (Radford et al. 2016, arXiv:1511.06434, section 4). "he":
    weights N(0, 2 / inputs of a unit) (He et al. 2015, arXiv:1502.01852), for networks without normalisation, in which
    signals of weights as small as the former die out.
    """
    for module in network.modules() if how != "torch" else ():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
            normal(module.weight, 0.02 if how == "dcgan" else sqrt(2 / inputs_of(module)))
        elif isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d | nn.GroupNorm | nn.InstanceNorm2d) and module.affine:
            normal(module.weight, 0.02 if how == "dcgan" else 0.0, mean=1.0)
        else:
            continue
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def normal(weight: Tensor, deviation: float = 1.0, mean: float = 0.0) -> None:
    """Fill a weight with normal numbers; one without data is left alone, for which PyTorch would take 30 ms."""
    if not weight.is_meta:
        nn.init.normal_(weight, mean, deviation)


def inputs_of(layer: nn.Conv2d | nn.ConvTranspose2d | nn.Linear) -> float:
    """How many inputs one output of the layer adds up."""
    if isinstance(layer, nn.Linear):
        return layer.in_features
    area = float(layer.kernel_size[0] * layer.kernel_size[1])
    if isinstance(layer, nn.ConvTranspose2d):  # of which an output meets only every stride-th row and column
        area = area / (layer.stride[0] * layer.stride[1])
    return layer.in_channels * area
