"""Optimisers as values, and the options of a player: its network and its optimiser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import torch

from organza.bounds import Positive, Rate, Share
from organza.games.game import OPTIMISERS, OptimiserOptions
from organza.networks import NETWORKS, NetworkOptions


@OPTIMISERS.register("adam")
@dataclass(frozen=True)
class Adam:
    """Adam (Kingma and Ba 2015). `weight_decay` is the L2 form that the DCGAN paper's code has, not AdamW's."""

    lr: Rate = 2e-4
    betas: tuple[Share, Share] = (0.5, 0.999)
    eps: Positive = 1e-8
    weight_decay: Rate = 0.0

    def build(self, groups: list[dict[str, object]]) -> torch.optim.Optimizer:
        # The fused kernel is about three times as fast as the loop over tensors on a CPU; `foreach` is slower there.
        return torch.optim.Adam(groups, betas=self.betas, eps=self.eps, weight_decay=self.weight_decay, fused=True)


@OPTIMISERS.register("sgd")
@dataclass(frozen=True)
class SGD:
    """Stochastic gradient descent, with momentum if wanted."""

    lr: Rate = 0.1
    momentum: Share = 0.0
    weight_decay: Rate = 0.0

    def build(self, groups: list[dict[str, object]]) -> torch.optim.Optimizer:
        return torch.optim.SGD(groups, lr=self.lr, momentum=self.momentum, weight_decay=self.weight_decay, fused=True)


@OPTIMISERS.register("rmsprop")
@dataclass(frozen=True)
class RMSprop:
    """RMSprop (Tieleman and Hinton 2012), the optimiser of WGAN, whose critic momentum would upset."""

    lr: Rate = 5e-5
    alpha: Share = 0.99
    eps: Positive = 1e-8
    weight_decay: Rate = 0.0

    def build(self, groups: list[dict[str, object]]) -> torch.optim.Optimizer:
        # There is no fused form; `foreach` is the faster of the two others here.
        return torch.optim.RMSprop(groups, alpha=self.alpha, eps=self.eps, weight_decay=self.weight_decay, foreach=True)


def slow_down(optimiser: OptimiserOptions, every: int) -> OptimiserOptions:
    """The optimiser of a player that moves n + 1 times in n steps, made to go as far and to forget as much as in n.

    Rate and betas of Adam for c = n / (n + 1): c lr and beta^c (Karras et al. 2020, arXiv:1912.04958, appendix B).

    Args:
        optimiser: Of the player.
        every: Steps n from one of its additional turns to the next; 1: it has none.
    """
    share = every / (every + 1)
    if every == 1:
        return optimiser
    if isinstance(optimiser, Adam):
        first, second = optimiser.betas
        return replace(optimiser, lr=optimiser.lr * share, betas=(first**share, second**share))
    return replace(optimiser, lr=optimiser.lr * share)  # type: ignore[type-var]


def slow_memory(memory: Callable[[int], float | None], every: int) -> Callable[[int], float | None]:
    """The second beta of such a player by the clock, where it has a schedule."""
    if every == 1:
        return memory

    def slowed(clock: int) -> float | None:
        beta = memory(clock)
        return None if beta is None else float(beta ** (every / (every + 1)))

    return slowed


@dataclass(frozen=True)
class PlayerOptions:
    """A network and what moves it.

    Attributes:
        network: Options of a registered architecture.
        optimiser: Options of a registered optimiser.
    """

    network: NetworkOptions = field(metadata={"choice": NETWORKS})
    optimiser: OptimiserOptions = field(default_factory=Adam, metadata={"choice": OPTIMISERS})
