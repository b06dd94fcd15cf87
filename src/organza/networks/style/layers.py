"""Layers of the style-based networks: equalised learning rates, binomial filters, the mapping from z to w.

With an equalised learning rate (Karras et al. 2018, arXiv:1710.10196, section 4.1) a layer stores weights of N(0, 1) and
multiplies them by He's constant whenever it is used: so Adam, whose steps do not know a weight's scale, moves all layers
equally fast.
"""

from __future__ import annotations

from itertools import pairwise
from math import sqrt

import torch
from torch import Tensor, nn
from torch.nn import functional

from organza.networks.second_order import convolve

SLOPE = 0.2  # of the leaky ReLU
GAIN = sqrt(2)  # of a layer in front of it


class EqualisedLinear(nn.Module):
    """[..., inputs] -> [..., outputs] with an equalised learning rate.

    Args:
        inputs: Of each unit.
        outputs: Units.
        gain: Deviation of an output for inputs of N(0, 1), at the beginning.
        rate: Multiple of the learning rate at which weights and biases move ("lrmul" of the authors' code).
        bias: First value of the biases; None: there are none.
        together: Whether the gain is the biases' too, as in StyleGAN2, where it stands behind the activation.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        gain: float = 1.0,
        rate: float = 1.0,
        bias: float | None = 0.0,
        together: bool = False,
    ) -> None:
        super().__init__()
        self.scale, self.rate = gain * rate / sqrt(inputs), rate * gain if together else rate
        self.weight = nn.Parameter(torch.randn(outputs, inputs) / rate)
        self.bias = None if bias is None else nn.Parameter(torch.full((outputs,), bias / self.rate))

    def forward(self, values: Tensor) -> Tensor:
        return functional.linear(values, self.weight * self.scale, None if self.bias is None else self.bias * self.rate)


class EqualisedConv2d(nn.Module):
    """[B, inputs, H, W] -> [B, outputs, H, W] with an equalised learning rate; the sides stay.

    Args:
        inputs: Channels.
        outputs: Channels.
        kernel: Side of the kernel, odd.
        gain: Deviation of an output for inputs of N(0, 1), at the beginning.
        bias: Whether there are biases, at first 0.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, *, gain: float = GAIN, bias: bool = True) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.scale, self.padding = gain / (kernel * sqrt(inputs)), kernel // 2

    def forward(self, features: Tensor) -> Tensor:
        return functional.conv2d(features, self.weight * self.scale, self.bias, padding=self.padding)


def pixel_norm(values: Tensor) -> Tensor:
    """[B, d] -> [B, d] with a mean square of 1 in each row."""
    return values * torch.rsqrt(values.square().mean(1, keepdim=True) + 1e-8)


class Mapping(nn.Module):
    """z [B, z_dim] -> w [B, w_dim]: dense layers, each followed by a leaky ReLU, the last one too.

    In training mode it follows the mean of all w with a moving average, as batch normalisation does with its statistics.

    Args:
        z_dim: Length of z.
        w_dim: Length of w, and units of every layer.
        layers: How many.
        classes: Entries of a label vector; 0: it takes no labels.
        apart: Whether z and the embedded label are normalised each on its own, as in StyleGAN2-ADA, or together.
        rate: Multiple of the learning rate.
        beta: Share of the old average of w that stays in each step.
        together: Whether the gain of a layer is its biases' too, as in StyleGAN2.
    """

    average: Tensor

    def __init__(
        self,
        z_dim: int,
        w_dim: int,
        layers: int = 8,
        *,
        classes: int = 0,
        apart: bool = False,
        rate: float = 0.01,
        beta: float = 0.995,
        together: bool = False,
    ) -> None:
        super().__init__()
        self.apart, self.beta = apart, beta
        # As in the authors' code: with the label normalised apart, its embedding has biases.
        self.embedding = EqualisedLinear(classes, w_dim, bias=0.0 if apart else None) if classes else None
        if self.embedding and not apart:
            self.embedding.scale = 1.0
        widths = [z_dim + (w_dim if classes else 0)] + [w_dim] * layers
        self.layers = nn.ModuleList(
            EqualisedLinear(inputs, outputs, gain=GAIN, rate=rate, together=together)
            for inputs, outputs in pairwise(widths)
        )
        self.register_buffer("average", torch.zeros(w_dim))

    def forward(self, z: Tensor, label: Tensor | None = None, *, follow: bool = True) -> Tensor:
        if self.embedding is None:
            values = pixel_norm(z)
        else:
            embedded = self.embedding(label)
            values = torch.cat([pixel_norm(z), pixel_norm(embedded)], 1) if self.apart else pixel_norm(
                torch.cat([z, embedded], 1)
            )  # fmt: skip
        for layer in self.layers:
            values = functional.leaky_relu(layer(values), SLOPE)
        if self.training and follow:
            with torch.no_grad():
                self.average.lerp_(values.detach().to(self.average.dtype).mean(0), 1 - self.beta)
        return values


def binomial(taps: tuple[int, ...]) -> Tensor:
    """The one-dimensional filter of these taps, with a sum of 1."""
    taps_ = torch.tensor(taps, dtype=torch.float32)
    return taps_ / taps_.sum()


def filtered(features: Tensor, taps: Tensor, padding: tuple[int, int], stride: int = 1) -> Tensor:
    """Every channel of [B, C, H, W] filtered along both axes, with so many zeros before and after each row and column.

    One convolution with the square filter takes half the time of two with its rows and columns.

    Args:
        features: [B, C, H, W].
        taps: Of the one-dimensional filter.
        padding: Zeros before and after.
        stride: Pixels from one output to the next.
    """
    channels, (before, after) = features.shape[1], padding
    if before != after:
        features, before = functional.pad(features, (before, after, before, after)), 0
    kernel = torch.outer(taps, taps).to(features).expand(channels, 1, -1, -1)
    return convolve(features, kernel, stride=stride, padding=before, groups=channels)


class GroupStdDev(nn.Module):
    """[B, C, H, W] -> [B, C + 1, H, W]: one more feature map, constant in each sample, of how much its group varies.

    The standard deviation of every entry over a group of samples, averaged over all entries (Karras et al. 2018,
    arXiv:1710.10196, section 3). A group of equal samples gets sqrt(1e-8) = 1e-4.

    Args:
        group: Samples of a group: of a batch that this does not divide, the greatest divisor below it.
    """

    def __init__(self, group: int = 4) -> None:
        super().__init__()
        self.group = group

    def forward(self, features: Tensor) -> Tensor:
        batch, _, height, width = features.shape
        size = max((size for size in range(1, self.group + 1) if batch % size == 0), default=1)
        # As in the authors' code, a group is made of samples that lie batch / size apart.
        groups = features.reshape(size, -1, *features.shape[1:])
        spread = (groups.var(0, correction=0) + 1e-8).sqrt().mean((1, 2, 3))
        return torch.cat([features, spread.repeat(size)[:, None, None, None].expand(-1, 1, height, width)], 1)
