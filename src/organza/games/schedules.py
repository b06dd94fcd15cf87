"""Learning-rate schedules as values: the multiple of a player's learning rate, by how much of the budget is gone.

Published schedules count epochs. Here an epoch is the budget's share that it is of the published number, so that a short
training goes through the whole schedule.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import cos, pi

from organza.bounds import Count, Natural, Share
from organza.registry import Registry


class Schedule(ABC):
    """Options of one schedule: a frozen dataclass entered in `SCHEDULES`."""

    @abstractmethod
    def factor(self, clock: int, budget: int) -> float:
        """The multiple of the learning rate.

        Args:
            clock: Images since the stage began.
            budget: Images of the whole stage. Beyond it the last factor stays.
        """

    def penalty(self, clock: int, budget: int) -> float:  # noqa: ARG002
        """The multiple of the weight of a penalty on the slope."""
        return 1.0

    def memory(self, clock: int, budget: int) -> float | None:  # noqa: ARG002
        """Adam's second beta, which says how long it remembers squared gradients; None: it stays what it is."""
        return None


SCHEDULES: Registry[type[Schedule]] = Registry("schedule")


@SCHEDULES.register("constant")
@dataclass(frozen=True)
class Constant(Schedule):
    """The learning rate stays what it is."""

    def factor(self, clock: int, budget: int) -> float:  # noqa: ARG002
        return 1.0


@SCHEDULES.register("linear-decay")
@dataclass(frozen=True)
class LinearDecay(Schedule):
    """Constant for some epochs, then down a straight line, in steps of an epoch.

    The e-th epoch, counted from 0, has the factor 1 - (1 - last) max(0, e + 1 - constant) / span. The defaults are CycleGAN's
    and pix2pix's (their code): the last epoch has 1/101, not 0.

    DeblurGAN's code lowers the rate for the first time after epoch 151 of 300: constant 151, decay 149, so that the last epoch
    has 1/150. DeblurGAN-v2's paper says 150 and 150 epochs to 1e-7, from 1e-4: constant 150, decay 150, span 150, last 1e-3.
    Its authors' own configuration trains 200 epochs, holds the rate for 51 of them, and goes a 200th of the way to 1e-7 in
    each of the others: constant 51, decay 149, span 200, last 1e-3; so it ends at 0.256 and never comes near 1e-7.

    Attributes:
        schedule_constant: Epochs at the full rate.
        schedule_decay: Epochs of the decay.
        schedule_last: Factor at the line's end.
        schedule_span: Epochs that the line takes to get there, whether the training lasts so long or not; 0: one more than there
            are epochs of decay.
    """

    schedule_constant: Natural = 100
    schedule_decay: Count = 100
    schedule_last: Share = 0.0
    schedule_span: Natural = 0

    def factor(self, clock: int, budget: int) -> float:
        epochs = self.schedule_constant + self.schedule_decay
        # In whole numbers, so that no rounding moves an epoch's beginning.
        epoch = min(clock * epochs // max(budget, 1), epochs - 1)
        gone = max(0, epoch + 1 - self.schedule_constant) / (self.schedule_span or self.schedule_decay + 1)
        return 1 - (1 - self.schedule_last) * min(gone, 1.0)


@SCHEDULES.register("steps")
@dataclass(frozen=True)
class Steps(Schedule):
    """The learning rate falls at once, at given shares of the budget. The defaults are SRGAN's: 1e-4, then 1e-5.

    Attributes:
        schedule_at: Shares of the budget.
        schedule_times: By what the rate is multiplied at each.
    """

    schedule_at: tuple[Share, ...] = (0.5,)
    schedule_times: Share = 0.1

    def factor(self, clock: int, budget: int) -> float:
        return float(self.schedule_times ** sum(clock >= share * budget for share in self.schedule_at))


@SCHEDULES.register("halvings")
@dataclass(frozen=True)
class Halvings(Schedule):
    """The learning rate is halved at given shares of the budget. The defaults are ESRGAN's: 50, 100, 200, 300 of 400 thousand.

    Attributes:
        schedule_at: Shares of the budget.
    """

    schedule_at: tuple[Share, ...] = (0.125, 0.25, 0.5, 0.75)

    def factor(self, clock: int, budget: int) -> float:
        return Steps(self.schedule_at, 0.5).factor(clock, budget)


@SCHEDULES.register("burn-in")
@dataclass(frozen=True)
class BurnIn(Schedule):
    """Three things together go from a first to a last value along half a cosine, and stay there: R3GAN's code.

    The defaults are those of its CIFAR-10 and FFHQ networks (Huang et al. 2024, arXiv:2501.05441): 20 million images, which
    are 0.08 of the 250 million of the recipe here.

    Attributes:
        schedule_share: Of the budget, how much the burn-in takes.
        schedule_last: Multiple of the learning rate in the end.
        schedule_penalty: Multiple of the penalty's weight in the end.
        schedule_memory: Adam's second beta at the beginning and in the end.
    """

    schedule_share: Share = 0.08
    schedule_last: Share = 0.25
    schedule_penalty: Share = 0.1
    schedule_memory: tuple[Share, Share] = (0.9, 0.99)

    def factor(self, clock: int, budget: int) -> float:
        return self.eased(1.0, self.schedule_last, clock, budget)

    def penalty(self, clock: int, budget: int) -> float:
        return self.eased(1.0, self.schedule_penalty, clock, budget)

    def memory(self, clock: int, budget: int) -> float | None:
        return self.eased(*self.schedule_memory, clock, budget)

    def eased(self, first: float, last: float, clock: int, budget: int) -> float:
        """From the first to the last value."""
        span = self.schedule_share * budget
        return last if clock >= span else last + (first - last) * (1 + cos(pi * clock / span)) / 2
