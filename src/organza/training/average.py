"""Moving averages of networks, which is what samples are made with."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping

import torch
from torch import Tensor, nn


def weight_of_old(half_life: int, images: int) -> float:
    """How much of the old average stays after so many images: 0.5^(images / half_life)."""
    return float(0.5 ** (images / half_life))


class Averages:
    """Exponential moving averages of networks, by half-life in images.

    Parameters are averaged; buffers, such as the running statistics of batch normalisation, which are averages already,
    are copied.

    Args:
        live: The networks to follow, by name.
        half_life: Images after which an old weight counts half; 0: the average is always the network itself.
        start: What the averages begin with; without it, the live networks.
    """

    def __init__(
        self, live: Mapping[str, nn.Module], half_life: int, start: Mapping[str, nn.Module] | None = None
    ) -> None:
        self.half_life = half_life
        self.networks = {
            name: copy.deepcopy(network).requires_grad_(False).eval() for name, network in (start or live).items()
        }
        # Listed once, because walking the modules of a small network takes as long as moving its average.
        self._parameters = _pairs(self.networks, live, nn.Module.parameters)
        self._buffers = _pairs(self.networks, live, nn.Module.buffers)

    @torch.no_grad()
    def update(self, images: int, half_life: int | None = None) -> None:
        """Move every average towards its live network by a step of so many images.

        Args:
            images: Since the last step.
            half_life: Instead of the usual one.
        """
        half_life = self.half_life if half_life is None else half_life
        new = 1.0 - weight_of_old(half_life, images) if half_life else 1.0
        averages, live = self._parameters
        torch._foreach_lerp_(averages, live, new)
        averages, live = self._buffers
        if averages:
            torch._foreach_copy_(averages, live)


def _pairs(
    averages: Mapping[str, nn.Module], live: Mapping[str, nn.Module], kind: Callable[[nn.Module], Iterator[Tensor]]
) -> tuple[list[Tensor], list[Tensor]]:
    """The tensors of one kind of all averages, and those that they follow, in the same order."""
    return (
        [tensor for network in averages.values() for tensor in kind(network)],
        [tensor for name in averages for tensor in kind(live[name])],
    )
