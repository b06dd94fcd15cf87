"""Layers of StyleGAN2 (Karras et al. 2020, arXiv:1912.04958): modulated convolutions, and sampling with a filter.

The gain sqrt(2) of a leaky ReLU stands behind it in StyleGAN2. Because a leaky ReLU keeps factors, max(0.2 c x, c x) =
c max(0.2 x, x), it is multiplied into the weights and the bias in front of it here, which are smaller than feature maps.
"""

from __future__ import annotations

from math import sqrt

import torch
from torch import Tensor, nn
from torch.nn import functional

from organza.networks.style.layers import GAIN, SLOPE, EqualisedConv2d, EqualisedLinear, binomial, filtered

TAPS = (1, 3, 3, 1)  # of the filter wherever a side is doubled or halved
EPSILON = 1e-8


def demodulation(weight: Tensor, scales: Tensor) -> Tensor:
    """What gives every output of a modulated convolution a variance of 1, for independent inputs of variance 1.

    1 / sqrt(sum over inputs i and pixels k of (s_i w_oik)^2 + 1e-8) (eq. 3 of the paper). The sum over the pixels is the same for
    all samples; so no sample needs weights of its own.

    Args:
        weight: [outputs, inputs, k, k].
        scales: Of each sample's inputs, [B, inputs].

    Returns:
        [B, outputs].
    """
    return torch.rsqrt(functional.linear(scales.square(), weight.square().sum((2, 3))) + EPSILON)


def convolved(features: Tensor, weight: Tensor, taps: Tensor | None) -> Tensor:
    """A 3x3 convolution that keeps the sides, or, with taps, doubles them.

    To double them, zeros are put between the pixels, the weights laid over each pixel (so the kernel is not mirrored, as in
    `conv_transpose2d`), and the result, 2 H + 1 pixels high, is filtered to 2 H. Of the ways to compute that, this one is the
    fastest on a CPU, forward and backward: the four phases of the transposed convolution take 1.5 to 4 times as long, zeros 2 to
    8 times, and kernels of 6x6, into which weights and filter are folded, 2 to 10 times, as do their phases.

    Args:
        features: [B, inputs, H, W].
        weight: [outputs, inputs, 3, 3].
        taps: One-dimensional filter, with a sum of 2.

    Returns:
        [B, outputs, H, W] or [B, outputs, 2 H, 2 W].
    """
    if taps is None:
        return functional.conv2d(features, weight, padding=1)
    return filtered(functional.conv_transpose2d(features, weight.transpose(0, 1), stride=2), taps, (1, 1))


def doubled(images: Tensor) -> Tensor:
    """[B, C, H, W] -> [B, C, 2 H, 2 W] by the filter [1, 3, 3, 1], with zeros around the picture.

    Along each axis a new pixel is 3/4 of the nearer old one and 1/4 of the other. Without a convolution, so that under autocast
    a picture stays as precise as it is.
    """
    for axis in (2, 3):
        size = images.shape[axis]
        framed = functional.pad(images, (0, 0, 1, 1) if axis == 2 else (1, 1))
        before, after = framed.narrow(axis, 0, size), framed.narrow(axis, 2, size)
        pair = [torch.lerp(images, before, 0.25), torch.lerp(images, after, 0.25)]
        images = torch.stack(pair, axis + 1).flatten(axis, axis + 1)
    return images


class ModulatedConv2d(nn.Module):
    """A layer of the synthesis: modulated convolution, demodulation, noise, bias, leaky ReLU; it doubles the sides or not.

    The authors scale the weights for every sample and convolve in as many groups. The same comes out if the inputs are scaled
    before a convolution that all samples share, and the outputs behind it. That needs no weights for each sample, and has the
    second derivative of an ordinary convolution, where PyTorch goes through groups one by one. On a CPU it is about as fast
    for narrow layers, and 3 to 10 times as fast for those of 512 channels.

    Args:
        inputs: Channels.
        outputs: Channels.
        w_dim: Length of w.
        side: Pixels a side of what it makes.
        up: Whether it doubles the sides.

    Attributes:
        style: w -> one scale for each input channel.
        weight: [outputs, inputs, 3, 3], N(0, 1) at first: demodulation takes any factor out again.
        bias: [outputs].
        strength: Of the noise, one number for all channels.
        noise: The noise that belongs to the network, [1, 1, side, side].
    """

    noise: Tensor
    taps: Tensor | None

    def __init__(self, inputs: int, outputs: int, w_dim: int, side: int, *, up: bool) -> None:
        super().__init__()
        self.style = EqualisedLinear(w_dim, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(outputs, inputs, 3, 3))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.strength = nn.Parameter(torch.zeros(()))
        self.register_buffer("noise", torch.randn(1, 1, side, side))
        self.register_buffer("taps", 2 * binomial(TAPS) if up else None, persistent=False)

    def forward(self, features: Tensor, w: Tensor, noise: Tensor | None = None) -> Tensor:
        """[B, inputs, H, W], w [B, w_dim], noise [B or 1, 1, side, side] -> [B, outputs, side, side]."""
        scales = self.style(w)
        factors = GAIN * demodulation(self.weight, scales)
        features = convolved(features * scales[:, :, None, None], self.weight, self.taps)
        # In the type of the features: under autocast they would be made float32 otherwise.
        shift, factors = (GAIN * self.bias).to(features.dtype), factors.to(features.dtype)
        features = torch.addcmul(shift[:, None, None], features, factors[:, :, None, None])
        grain = (self.noise if noise is None else noise) * (GAIN * self.strength)
        return functional.leaky_relu(features.add_(grain.to(features.dtype)), SLOPE, inplace=True)


class ToPicture(nn.Module):
    """[B, inputs, H, W], w [B, w_dim] -> [B, channels, H, W]: a modulated 1x1 convolution without demodulation, and a bias.

    Here it is cheaper to give every sample weights of its own: there are few, and no scaled copy of all feature maps is made.
    """

    def __init__(self, inputs: int, channels: int, w_dim: int) -> None:
        super().__init__()
        self.style = EqualisedLinear(w_dim, inputs, bias=1.0)
        self.weight = nn.Parameter(torch.randn(channels, inputs, 1, 1))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.scale = 1 / sqrt(inputs)

    def forward(self, features: Tensor, w: Tensor) -> Tensor:
        scales = self.style(w) * self.scale
        weights = scales[:, None] * self.weight.flatten(1)
        images = torch.bmm(weights.to(features.dtype), features.flatten(2))
        return images.view(*images.shape[:2], *features.shape[2:]) + self.bias[:, None, None]


class ActiveConv2d(nn.Module):
    """[B, inputs, H, W] -> [B, outputs, H, W] or, halved, [B, outputs, H/2, W/2]: convolution, bias, leaky ReLU, gain.

    Args:
        inputs: Channels.
        outputs: Channels.
        kernel: Side of the kernel, odd.
        halve: Whether the sides are halved: the filter first, then every second pixel of the convolution.
        gain: Behind the leaky ReLU.
    """

    taps: Tensor | None

    def __init__(self, inputs: int, outputs: int, kernel: int, *, halve: bool = False, gain: float = GAIN) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.scale, self.gain, self.padding = gain / (kernel * sqrt(inputs)), gain, kernel // 2
        self.register_buffer("taps", binomial(TAPS) if halve else None, persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        weight, bias = self.weight * self.scale, self.bias * self.gain
        if self.taps is None:
            features = functional.conv2d(features, weight, bias, padding=self.padding)
        else:
            margin = self.padding + 1
            features = functional.conv2d(filtered(features, self.taps, (margin, margin)), weight, bias, stride=2)
        return functional.leaky_relu(features, SLOPE, inplace=True)


class HalvedShortcut(nn.Module):
    """[B, inputs, H, W] -> [B, outputs, H/2, W/2]: the filter, of which every second pixel is made, and a 1x1 convolution."""

    taps: Tensor

    def __init__(self, inputs: int, outputs: int, gain: float) -> None:
        super().__init__()
        self.conv = EqualisedConv2d(inputs, outputs, 1, gain=gain, bias=False)
        self.register_buffer("taps", binomial(TAPS), persistent=False)

    def forward(self, features: Tensor) -> Tensor:
        shortcut: Tensor = self.conv(filtered(features, self.taps, (1, 1), stride=2))
        return shortcut
