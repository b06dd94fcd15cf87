"""Adversarial losses as pure functions of logits.

Notation: r and f are the discriminator's outputs on real and on generated samples, logits without a sigmoid, any shape
(means run over everything, a PatchGAN's map included); sp(t) = log(1 + exp t) is the softplus. Every function returns a
scalar to be minimised. Losses are written on logits because log(1 - sigmoid(f)) is -inf in float32 already for f > 17.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import softplus

from organza.registry import Registry


@dataclass(frozen=True)
class AdversarialLoss:
    """What the two players minimise.

    Attributes:
        discriminator: (r, f) -> scalar.
        generator: f -> scalar.
        paper: Where it was published.
    """

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[[Tensor], Tensor]
    paper: str


LOSSES: Registry[AdversarialLoss] = Registry("loss")


def logistic_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Binary cross-entropy of real against 1 and generated against 0, summed: E[sp(-r)] + E[sp(f)].

    This is -V(D, G) of Goodfellow et al. 2014, eq. 1; 2 ln 2 where the discriminator cannot tell.
    """
    return softplus(-real).mean() + softplus(fake).mean()


def non_saturating_generator(fake: Tensor) -> Tensor:
    """-E[log sigmoid(f)] = E[sp(-f)] (Goodfellow et al. 2014, section 3). Its gradient in f is -sigmoid(-f)."""
    return softplus(-fake).mean()


def saturating_generator(fake: Tensor) -> Tensor:
    """E[log(1 - sigmoid(f))] = -E[sp(f)], the minimax form (Goodfellow et al. 2014, eq. 1).

    Its gradient in f is -sigmoid(f), which vanishes where the discriminator rejects with confidence.
    """
    return -softplus(fake).mean()


LOSSES.add(
    "non-saturating",
    AdversarialLoss(logistic_discriminator, non_saturating_generator, "Goodfellow et al. 2014, arXiv:1406.2661"),
)
LOSSES.add(
    "saturating",
    AdversarialLoss(logistic_discriminator, saturating_generator, "Goodfellow et al. 2014, arXiv:1406.2661, eq. 1"),
)
