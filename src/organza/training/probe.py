"""A short try of a training on copies, for the plan: how fast it goes and what memory it needs."""

from __future__ import annotations

import time
from typing import NamedTuple

from organza.training.devices import memory_in_use
from organza.training.session import Session

SECONDS, WARM_UP, STEPS = 1.5, 2, 50
LATER = 1001  # a step like most others: a game may begin with longer ones, as WGAN does


class Probe(NamedTuple):
    """What a try has shown.

    Attributes:
        images_per_second: Clock of the game per second.
        memory: Bytes that the process has needed at most.
    """

    images_per_second: float
    memory: int


def probe(session: Session) -> Probe:
    """Play a few steps of a session that is thrown away afterwards.

    Raises:
        torch.OutOfMemoryError: The device is too small.
    """
    session.progress.step = LATER
    for _ in range(WARM_UP):
        session.play()
    session.window.means()  # waits for the device
    before, start, steps = session.clock, time.perf_counter(), 0
    while steps < STEPS and (steps < 2 or time.perf_counter() - start < SECONDS):
        session.play()
        steps += 1
    session.window.means()
    seconds = time.perf_counter() - start
    return Probe((session.clock - before) / seconds, memory_in_use(session.device))
