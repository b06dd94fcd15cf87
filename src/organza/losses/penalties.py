"""Penalties on the slope of a discriminator, each an option of a recipe.

Notation: D is the discriminator, x real and y generated samples of equal number, grad the gradient in the samples. A
penalty is computed on outputs without a sigmoid, eagerly and in float32: its own gradient is a second derivative.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, Protocol

import torch
from torch import Tensor

from organza.bounds import Positive, Rate
from organza.registry import Registry

Critic = Callable[[Tensor], Tensor]

AUTOMATIC = 0.0002  # of the weight that follows the size of pictures and batch
EPSILON = 1e-12  # under the root: the slope of a norm at zero is NaN otherwise


@dataclass(frozen=True)
class Punished:
    """What a penalty comes to.

    Attributes:
        term: Scalar, weighted, to be added to the discriminator's loss.
        slope: Scalar to watch: the mean of ||grad D|| at the punished samples.
    """

    term: Tensor
    slope: Tensor


class Penalty(Protocol):
    """Options of one penalty: a frozen dataclass entered in `PENALTIES`.

    Attributes:
        looks_at: At which samples it takes the slope itself: "real" or "fake" ones, or points of its own between them.
    """

    looks_at: ClassVar[tuple[str, ...]]

    @property
    def active(self) -> bool:
        """Whether there is anything to compute."""
        ...

    def punish(self, critic: Critic, real: Tensor, fake: Tensor, mix: Tensor) -> Punished:
        """The penalty on one batch.

        Args:
            critic: Samples [B, C, H, W] -> outputs. One that has judged these very tensors before may answer what it said
                then, if they require a gradient.
            real: Real samples [B, C, H, W].
            fake: Generated samples [B, C, H, W], detached.
            mix: Uniform on (0, 1), [B].
        """
        ...


PENALTIES: Registry[type[Penalty]] = Registry("penalty")


def slope(critic: Critic, samples: Tensor, axis: Literal["sample", "pixel"] = "sample") -> Tensor:
    """||grad D|| at each sample: [B], over all of its entries; or, along the axis "pixel", [B, H, W], over its channels.

    The second is no Lipschitz bound on D as a function of the picture. It is what `gradients.norm(2, dim=1)` on NCHW
    computes, a slip that much public code shares.
    """
    samples = samples if samples.requires_grad else samples.detach().requires_grad_()
    # In one sum: samples do not influence each other's outputs, unless the critic normalises over the batch.
    (gradient,) = torch.autograd.grad(critic(samples).sum(), samples, create_graph=True)
    gradient = gradient.flatten(1) if axis == "sample" else gradient
    return (gradient.square().sum(1) + EPSILON).sqrt()


@PENALTIES.register("none")
@dataclass(frozen=True)
class NoPenalty:
    """No penalty."""

    looks_at: ClassVar[tuple[str, ...]] = ()

    @property
    def active(self) -> bool:
        return False

    def punish(self, critic: Critic, real: Tensor, fake: Tensor, mix: Tensor) -> Punished:  # noqa: ARG002
        return Punished(real.new_zeros(()), real.new_zeros(()))


@PENALTIES.register("gp")
@dataclass(frozen=True)
class GradientPenalty:
    """lambda E[(||grad D(x + e (y - x))|| - a)^2]: WGAN-GP's penalty (Gulrajani et al. 2017, arXiv:1704.00028, eq. 3).

    Attributes:
        penalty_weight: Lambda.
        penalty_target: The slope a that is aimed at.
        penalty_axis: Over which entries the norm runs: all of a sample's, or, as in much public code, each pixel's channels.
        penalty_mix: Whether every sample is mixed in a proportion e of its own, or all of a batch in the same.
        penalty_sides: "one" punishes only slopes above the target.
    """

    looks_at: ClassVar[tuple[str, ...]] = ("between",)
    penalty_weight: Rate = 10.0
    penalty_target: Positive = 1.0
    penalty_axis: Literal["sample", "pixel"] = "sample"
    penalty_mix: Literal["sample", "batch"] = "sample"
    penalty_sides: Literal["two", "one"] = "two"

    @property
    def active(self) -> bool:
        return self.penalty_weight > 0

    def punish(self, critic: Critic, real: Tensor, fake: Tensor, mix: Tensor) -> Punished:
        proportion = mix if self.penalty_mix == "sample" else mix[:1].expand_as(mix)
        between = real + proportion.view(-1, 1, 1, 1) * (fake - real)
        slopes = slope(critic, between, self.penalty_axis)
        excess = slopes - self.penalty_target
        excess = excess.relu() if self.penalty_sides == "one" else excess
        return Punished(self.penalty_weight * excess.square().mean(), slopes.detach().mean())


@PENALTIES.register("r1")
@dataclass(frozen=True)
class R1:
    """gamma/2 E[||grad D(x)||^2] on real samples (Mescheder et al. 2018, arXiv:1801.04406, eq. 9).

    Attributes:
        penalty_weight: Gamma; "auto": by the size of the pictures and of the batch, as `automatic` has it.
    """

    looks_at: ClassVar[tuple[str, ...]] = ("real",)
    penalty_weight: Rate | Literal["auto"] = 10.0

    @property
    def active(self) -> bool:
        return self.penalty_weight == "auto" or self.penalty_weight > 0

    def weight(self, samples: Tensor) -> float:
        """Gamma for these samples [B, C, H, W]."""
        return automatic(samples.shape) if self.penalty_weight == "auto" else self.penalty_weight

    def punish(self, critic: Critic, real: Tensor, fake: Tensor, mix: Tensor) -> Punished:  # noqa: ARG002
        return squared_slopes(self.weight(real), slope(critic, real))


@PENALTIES.register("r2")
@dataclass(frozen=True)
class R2(R1):
    """gamma/2 E[||grad D(y)||^2] on generated samples (Mescheder et al. 2018, arXiv:1801.04406, eq. 10)."""

    looks_at: ClassVar[tuple[str, ...]] = ("fake",)

    def punish(self, critic: Critic, real: Tensor, fake: Tensor, mix: Tensor) -> Punished:  # noqa: ARG002
        return squared_slopes(self.weight(fake), slope(critic, fake))


@PENALTIES.register("r1-r2")
@dataclass(frozen=True)
class R1R2(R1):
    """R1 and R2 together, with the same gamma, as R3GAN has them (Huang et al. 2024, arXiv:2501.05441)."""

    looks_at: ClassVar[tuple[str, ...]] = ("real", "fake")

    def punish(self, critic: Critic, real: Tensor, fake: Tensor, mix: Tensor) -> Punished:  # noqa: ARG002
        on_real = squared_slopes(self.weight(real), slope(critic, real))
        on_fake = squared_slopes(self.weight(fake), slope(critic, fake))
        return Punished(on_real.term + on_fake.term, (on_real.slope + on_fake.slope) / 2)


def automatic(shape: Sequence[int]) -> float:
    """0.0002 pixels / samples of a batch [B, C, H, W]: the gamma that StyleGAN2-ADA's authors begin with (their code)."""
    count, _, height, width = shape
    return AUTOMATIC * height * width / count


def squared_slopes(weight: float, slopes: Tensor) -> Punished:
    """weight/2 E[slope^2]."""
    return Punished(weight / 2 * slopes.square().mean(), slopes.detach().mean())
