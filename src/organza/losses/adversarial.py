"""Adversarial losses as pure functions of logits.

Notation: r and f are the discriminator's outputs on real and on generated samples, without a sigmoid, any shape (means run
over everything, a PatchGAN's map included); sp(t) = log(1 + exp t) is the softplus; a bar is a mean over the batch. Every
function returns a scalar to be minimised. Losses are written on logits because log(1 - sigmoid(f)) is -inf in float32
already for f > 17.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import softplus

from organza.registry import Registry


@dataclass(frozen=True)
class AdversarialLoss:
    """What the two players minimise.

    Attributes:
        discriminator: (r, f) -> scalar.
        generator: f -> scalar, or (f, r) -> scalar if `needs_real`.
        paper: Where it was published.
        needs_real: Whether the generator's loss looks at real samples, too, as the relativistic ones do.
        unbounded: Whether it is an estimate of a distance only while the critic's slope is bounded.
        log_odds: Whether the sigmoid of an output is the probability that a sample is real.
        margin: Whether it asks for outputs of real samples above 0 and of generated ones below, without being log-odds.
        smoothed: (r, f, t) -> scalar: the discriminator's loss with the target t in place of 1 for real samples; None
            where there is no such target.
    """

    discriminator: Callable[[Tensor, Tensor], Tensor]
    generator: Callable[..., Tensor]
    paper: str
    needs_real: bool = False
    unbounded: bool = False
    log_odds: bool = False
    margin: bool = False
    smoothed: Callable[[Tensor, Tensor, float], Tensor] | None = None

    @property
    def signed(self) -> bool:
        """Whether the sign of an output says if the sample is taken for real; elsewhere only differences of outputs count."""
        return self.log_odds or self.margin

    @property
    def draw(self) -> float | None:
        """The discriminator's loss where it can tell nothing apart and knows it; None for losses that estimate a distance.

        That is at equal outputs for all samples: 0, or between its targets.
        """
        if self.unbounded:
            return None
        equal = (torch.full((2,), output, device="cpu") for output in (0.0, 0.5))
        return min(float(self.discriminator(outputs, outputs)) for outputs in equal)


LOSSES: Registry[AdversarialLoss] = Registry("loss")


def logistic_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """Binary cross-entropy of real against 1 and generated against 0, summed: E[sp(-r)] + E[sp(f)].

    This is -V(D, G) of Goodfellow et al. 2014, eq. 1; 2 ln 2 where the discriminator cannot tell.
    """
    return softplus(-real).mean() + softplus(fake).mean()


def smoothed_logistic_discriminator(real: Tensor, fake: Tensor, target: float) -> Tensor:
    """The same with real against t instead of 1: t E[sp(-r)] + (1 - t) E[sp(r)] + E[sp(f)].

    One-sided label smoothing (Salimans et al. 2016, arXiv:1606.03498, section 3.4): generated samples stay at 0.
    """
    return target * softplus(-real).mean() + (1 - target) * softplus(real).mean() + softplus(fake).mean()


def non_saturating_generator(fake: Tensor) -> Tensor:
    """-E[log sigmoid(f)] = E[sp(-f)] (Goodfellow et al. 2014, section 3). Its gradient in f is -sigmoid(-f)."""
    return softplus(-fake).mean()


def saturating_generator(fake: Tensor) -> Tensor:
    """E[log(1 - sigmoid(f))] = -E[sp(f)], the minimax form (Goodfellow et al. 2014, eq. 1).

    Its gradient in f is -sigmoid(f), which vanishes where the discriminator rejects with confidence.
    """
    return -softplus(fake).mean()


def wasserstein_critic(real: Tensor, fake: Tensor) -> Tensor:
    """E[f] - E[r] (Arjovsky et al. 2017, arXiv:1701.07875, eq. 2, negated).

    With a critic of slope at most K, its negative is at most K times the Wasserstein-1 distance.
    """
    return fake.mean() - real.mean()


def critic_deceiver(fake: Tensor) -> Tensor:
    """-E[f], the generator's side of the Wasserstein and of the hinge loss."""
    return -fake.mean()


def least_squares_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """(E[(r - 1)^2] + E[f^2]) / 2 (Mao et al. 2017, arXiv:1611.04076, eq. 9: a = 0, b = c = 1)."""
    return smoothed_least_squares_discriminator(real, fake, 1.0)


def smoothed_least_squares_discriminator(real: Tensor, fake: Tensor, target: float) -> Tensor:
    """(E[(r - b)^2] + E[f^2]) / 2 (Mao et al. 2017, arXiv:1611.04076, eq. 2 with a = 0)."""
    return ((real - target).square().mean() + fake.square().mean()) / 2


def least_squares_generator(fake: Tensor) -> Tensor:
    """E[(f - 1)^2], twice the paper's form, as it is commonly trained (Mao et al. 2017, arXiv:1611.04076, eq. 9)."""
    return (fake - 1).square().mean()


def hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """E[relu(1 - r)] + E[relu(1 + f)] (Lim and Ye 2017, arXiv:1705.02894)."""
    return (1 - real).relu().mean() + (1 + fake).relu().mean()


def relativistic_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """E[sp(-(r - f))] over pairs (Jolicoeur-Martineau 2018, arXiv:1807.00734, eq. 6). r and f have the same shape."""
    return softplus(fake - real).mean()


def relativistic_generator(fake: Tensor, real: Tensor) -> Tensor:
    """E[sp(-(f - r))] over pairs (Jolicoeur-Martineau 2018, arXiv:1807.00734, eq. 7)."""
    return relativistic_discriminator(fake, real)


def relativistic_average_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """(E[sp(-(r - mean f))] + E[sp(f - mean r)]) / 2 (Jolicoeur-Martineau 2018, arXiv:1807.00734, section 4.2).

    Halved, as in the author's code.
    """
    return (softplus(fake.mean() - real).mean() + softplus(fake - real.mean()).mean()) / 2


def relativistic_average_generator(fake: Tensor, real: Tensor) -> Tensor:
    """The same with the roles of real and generated exchanged."""
    return relativistic_average_discriminator(fake, real)


def relativistic_average_least_squares_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """(E[(r - mean f - 1)^2] + E[(f - mean r + 1)^2]) / 2 (Jolicoeur-Martineau 2018, arXiv:1807.00734)."""
    return ((real - fake.mean() - 1).square().mean() + (fake - real.mean() + 1).square().mean()) / 2


def relativistic_average_least_squares_generator(fake: Tensor, real: Tensor) -> Tensor:
    """The same with the roles of real and generated exchanged."""
    return relativistic_average_least_squares_discriminator(fake, real)


def relativistic_average_hinge_discriminator(real: Tensor, fake: Tensor) -> Tensor:
    """(E[relu(1 - (r - mean f))] + E[relu(1 + (f - mean r))]) / 2 (Jolicoeur-Martineau 2018, arXiv:1807.00734)."""
    return ((1 - (real - fake.mean())).relu().mean() + (1 + (fake - real.mean())).relu().mean()) / 2


def relativistic_average_hinge_generator(fake: Tensor, real: Tensor) -> Tensor:
    """The same with the roles of real and generated exchanged."""
    return relativistic_average_hinge_discriminator(fake, real)


GOODFELLOW = "Goodfellow et al. 2014, arXiv:1406.2661"
JOLICOEUR_MARTINEAU = "Jolicoeur-Martineau 2018, arXiv:1807.00734"

LOSSES.add(
    "non-saturating",
    AdversarialLoss(
        logistic_discriminator,
        non_saturating_generator,
        GOODFELLOW,
        log_odds=True,
        smoothed=smoothed_logistic_discriminator,
    ),
)
LOSSES.add(
    "saturating",
    AdversarialLoss(
        logistic_discriminator,
        saturating_generator,
        f"{GOODFELLOW}, eq. 1",
        log_odds=True,
        smoothed=smoothed_logistic_discriminator,
    ),
)
LOSSES.add(
    "wasserstein",
    AdversarialLoss(wasserstein_critic, critic_deceiver, "Arjovsky et al. 2017, arXiv:1701.07875", unbounded=True),
)
LOSSES.add(
    "least-squares",
    AdversarialLoss(
        least_squares_discriminator,
        least_squares_generator,
        "Mao et al. 2017, arXiv:1611.04076",
        smoothed=smoothed_least_squares_discriminator,
    ),
)
LOSSES.add(
    "hinge", AdversarialLoss(hinge_discriminator, critic_deceiver, "Lim and Ye 2017, arXiv:1705.02894", margin=True)
)
LOSSES.add(
    "relativistic",
    AdversarialLoss(relativistic_discriminator, relativistic_generator, JOLICOEUR_MARTINEAU, needs_real=True),
)
LOSSES.add(
    "relativistic-average",
    AdversarialLoss(
        relativistic_average_discriminator, relativistic_average_generator, JOLICOEUR_MARTINEAU, needs_real=True
    ),
)
LOSSES.add(
    "relativistic-average-least-squares",
    AdversarialLoss(
        relativistic_average_least_squares_discriminator,
        relativistic_average_least_squares_generator,
        JOLICOEUR_MARTINEAU,
        needs_real=True,
    ),
)
LOSSES.add(
    "relativistic-average-hinge",
    AdversarialLoss(
        relativistic_average_hinge_discriminator,
        relativistic_average_hinge_generator,
        JOLICOEUR_MARTINEAU,
        needs_real=True,
    ),
)
