"""The convolutional discriminator that several architectures share: label planes, convolutions, a head."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from typing import ClassVar, Literal

from torch import Tensor, nn

from organza.bounds import Share
from organza.errors import UsageError
from organza.networks.labels import DenseHead, DiscriminatorCondition, ProjectionHead, beside, input_planes
from organza.networks.layers import Initial, MinibatchStdDev, Norm, initialise, normalise_spectrally
from organza.networks.network import Dims, NetworkOptions, Role

Bias = Literal["all", "unnormalised", "none"]


def biased(bias: Bias, normalised: bool) -> bool:
    """Whether a layer has biases: all have, only those without a normalisation after them, or none."""
    return bias == "all" or (bias == "unnormalised" and not normalised)


@dataclass(frozen=True)
class Features:
    """The feature maps that a trunk of convolutions ends with.

    Attributes:
        trunk: [B, C', H', W'] -> [B, channels, *sides].
        channels: Of the last feature maps.
        sides: Height and width of the last feature maps.
    """

    trunk: nn.Sequential
    channels: int
    sides: tuple[int, int]


@dataclass(frozen=True, kw_only=True)
class ConvDiscriminatorOptions(NetworkOptions):
    """What convolutional discriminators have in common.

    Attributes:
        norm: Normalisation of every layer but the first: batch, layer, instance or none. Batch normalisation couples the
            samples of a batch.
        spectral_norm: Whether every weight is divided by its largest singular value.
        dropout: Share of the last features that are left out at random.
        minibatch_stddev: Whether the head sees how much the batch varies.
        condition: How a label enters: as one constant plane for each class beside the picture (one-hot), as one learned plane
            (embedding), or as the projection of the last features onto a learned vector.
    """

    role: ClassVar[Role] = "discriminator"

    norm: Norm = "none"
    spectral_norm: bool = False
    dropout: Share = 0.0
    minibatch_stddev: bool = False
    condition: DiscriminatorCondition = "none"

    @property
    def conditional(self) -> bool:
        return self.condition != "none"

    @property
    def couples_samples(self) -> bool:
        return self.norm == "batch"

    @property
    def bounds_slope(self) -> bool:
        return self.spectral_norm


class ConvDiscriminator(nn.Module):
    """[B, C, H, W] -> logits [B, 1].

    Args:
        dims: Of data and game.
        options: See there.
        features: Channels of the input, label planes included -> the trunk.
        initial: First weights.
        bias: Whether the dense layer at the end has a bias.
    """

    def __init__(
        self,
        dims: Dims,
        options: ConvDiscriminatorOptions,
        features: Callable[[int], Features],
        initial: Initial,
        bias: bool = True,
    ) -> None:
        super().__init__()
        channels, *sides = dims.sample
        classes = dims.labelled if options.conditional else 0
        self.entry, planes = input_planes(options.condition, classes, (sides[0], sides[1]))
        made = features(channels + planes)
        if options.norm == "instance" and prod(made.sides) == 1:
            raise UsageError(
                "instance normalisation needs feature maps of more than one pixel: take another norm, or --size"
            )
        self.trunk = made.trunk
        self.deviation = MinibatchStdDev() if options.minibatch_stddev else nn.Identity()
        last = made.channels + options.minibatch_stddev
        self.head: nn.Module
        if options.condition == "projection":
            self.head = ProjectionHead(last, classes, bias, options.dropout)
        else:
            self.head = DenseHead(last * prod(made.sides), bias, options.dropout)
        for part in (self.trunk, self.head):
            initialise(part, initial)
        if options.spectral_norm:
            normalise_spectrally(self)

    def forward(self, images: Tensor, label: Tensor | None = None) -> Tensor:
        features = self.deviation(self.trunk(beside(images, label, self.entry)))
        logits: Tensor = self.head(features, label)
        return logits
