"""A short try of a training on copies, for the plan: how fast it goes and what memory it needs."""

from __future__ import annotations

import time
from typing import NamedTuple

from organza.training.devices import memory_in_use
from organza.training.session import Session

SECONDS, WARM_UP, STEPS = 1.5, 2, 50
LATER = 1008  # no beginning, which may be longer, as WGAN's; and one in which all lazy turns come, for the memory that they take


class Probe(NamedTuple):
    """What a try has shown.

    Attributes:
        images_per_second: Clock of the game per second.
        memory: Bytes that the process has needed at most.
        costs: Of each stage the share of the budget at its end, and the seconds that a unit of the clock takes in it.
    """

    images_per_second: float
    memory: int
    costs: tuple[tuple[float, float], ...] = ()


def probe(session: Session, images: int, first: int = 0) -> Probe:
    """Play a few steps of each stage of a session that is thrown away afterwards.

    Args:
        session: Fresh.
        images: Budget of the whole training, of which each stage takes its part.
        first: The stage with which the training begins; those before it cost nothing.

    Raises:
        torch.OutOfMemoryError: The device is too small.
    """
    stages, left, seconds, costs = len(session.game.stages), images, 0.0, [(0.0, 0.0)] * first
    for stage in range(first, stages):
        session.progress.step = LATER
        if stage:
            session.enter(stage, None if stage == first else session.entered)
        share = left if stage == stages - 1 else min(left, session.entered.stage.budget or left)
        cost = 1 / rate(session, SECONDS / (stages - first))
        seconds += share * cost
        left -= share
        costs.append((1 - left / images, cost))
    return Probe(images / seconds, memory_in_use(session.device), tuple(costs))


def rate(session: Session, span: float) -> float:
    """Clock of the game per second in the present stage, tried for about so many seconds."""
    began = time.perf_counter()
    for _ in range(WARM_UP):
        session.play()
        session.window.means()  # waits for the device
        if time.perf_counter() - began > span:  # so slow that warming up does not show
            break
    before, start, steps = session.clock, time.perf_counter(), 0
    while steps < STEPS and (steps < 1 or time.perf_counter() - start < span):
        session.play()
        steps += 1
    session.window.means()
    return (session.clock - before) / (time.perf_counter() - start)
