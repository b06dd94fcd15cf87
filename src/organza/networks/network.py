"""What every architecture has in common: a name, typed options, and the sizes that data and game prescribe."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import nn
from torch.func import functional_call

from organza.errors import UsageError
from organza.registry import Registry

Role = Literal["generator from noise", "generator from pictures", "generator of a pyramid", "discriminator"]


@dataclass(frozen=True)
class Shape:
    """What the data prescribe.

    Attributes:
        sample: Shape of one real sample: (channels, height, width), or (2, 1, 1) for a point of the plane.
        classes: Entries of a label vector: one for each class, or for each attribute; 0: no labels.
    """

    sample: tuple[int, int, int]
    classes: int = 0


@dataclass(frozen=True)
class Dims:
    """The sizes that a network cannot choose.

    Attributes:
        sample: Shape of one sample, as in `Shape`.
        z_dim: Length of the latent vector; 0: there is none.
        classes: Entries of a label vector; 0: no labels.
    """

    sample: tuple[int, int, int]
    z_dim: int = 0
    classes: int = 0

    @property
    def labelled(self) -> int:
        """The number of classes, for a network that takes labels.

        Raises:
            UsageError: There are none.
        """
        if not self.classes:
            raise UsageError("the networks of this recipe take labels, and there are no classes: set --classes")
        return self.classes


class NetworkOptions(ABC):
    """Options of one architecture: a frozen dataclass entered in `NETWORKS`, which can build the network.

    A generator maps z [B, z_dim] to samples [B, C, H, W], or pictures [B, C, H, W] to pictures; a discriminator maps samples
    to logits [B, 1], or to a map of logits [B, 1, h, w], one for each patch. One that is `conditional` takes label vectors,
    float [B, classes], as a second argument: one-hot for classes, or attributes.
    """

    role: ClassVar[Role] = "generator from noise"

    @abstractmethod
    def build(self, dims: Dims) -> nn.Module:
        """The network with freshly initialised weights, drawn from torch's global generator.

        Raises:
            UsageError: The architecture cannot have this sample shape.
        """

    @property
    def conditional(self) -> bool:
        """Whether the network takes label vectors."""
        return False

    @property
    def multiple(self) -> int:
        """What height and width of its input must be divisible by. Asked of generators that take pictures."""
        return 1

    @property
    def smallest(self) -> int:
        """The least that height and width of its input may be. Asked of generators that take pictures."""
        return 1

    @property
    def scale(self) -> int:
        """Pixels of its output for each pixel of its input, along each side. Asked of generators that take pictures."""
        return 1

    @property
    def couples_samples(self) -> bool:
        """Whether a normalisation over the batch makes a sample's output depend on the others. Asked of discriminators."""
        return False

    @property
    def bounds_slope(self) -> bool:
        """Whether spectral normalisation bounds the slope of every layer."""
        return False


NETWORKS: Registry[type[NetworkOptions]] = Registry("network")


def count_parameters(network: nn.Module) -> int:
    """Number of trainable values; buffers, such as running statistics, are not counted."""
    return sum(parameter.numel() for parameter in network.parameters())


def multiply_adds(network: nn.Module, shape: tuple[int, ...]) -> int:
    """Multiplications with an addition that convolutions and matrix products take for one input; nothing is computed.

    Biases, normalisations and activations are not counted, as is usual in papers.

    Args:
        network: Of one input. It may be on any device, in either mode, and is left as it is.
        shape: Of one input, as (C, H, W).
    """
    from torch.utils.flop_counter import FlopCounterMode  # which imports a compiler

    samples = 2  # since in training a batch normalisation of vectors needs more than one
    with torch.no_grad(), torch.device("meta"), FlopCounterMode(display=False) as counter:
        tensors = {name: tensor.to("meta") for name, tensor in [*network.named_parameters(), *network.named_buffers()]}
        functional_call(network, tensors, torch.empty(samples, *shape))
    operations: int = counter.get_total_flops()  # multiplications and additions
    return operations // (2 * samples)
