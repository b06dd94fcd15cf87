"""Weight clipping, by which the first Wasserstein GAN bounds its critic."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from organza.games.abilities import Networks

SATURATED = 0.99  # of the clip bound: weights beyond it count as stuck there


def clip_weights(bound: float, networks: Networks) -> None:
    """Put every weight of the critic back into [-bound, bound] (Arjovsky et al. 2017, arXiv:1701.07875, algorithm 1).

    After the critic's move, so that no weight is ever beyond the bound when the generator looks.
    """
    weights: list[Tensor] = list(networks["discriminator"].parameters())
    torch._foreach_clamp_min_(weights, -bound)
    torch._foreach_clamp_max_(weights, bound)


def saturated_share(critic: nn.Module, bound: float) -> Tensor:
    """Share of the weights at the bound, within 1 %."""
    weights = torch.cat([weight.detach().flatten() for weight in critic.parameters()])
    return (weights.abs() > SATURATED * bound).float().mean()
