"""Random streams keyed by what they are for, so that no random state has ever to be stored.

Every draw of a training comes from a generator seeded by (seed, attempt, rank, step, turn, purpose). A resumed run
asks for the same keys and gets the same numbers; a probe, a sample grid or a report asks for keys of its own and
shifts nothing. The habit of re-seeding from the progress of the run is EDM2's (Karras et al. 2024, arXiv:2312.02696).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import torch

Key = str | int


@dataclass(frozen=True)
class Streams:
    """The family of random streams of one run.

    Attributes:
        seed: The user's seed.
        attempt: Raised by a remedy, so that a rolled-back run does not walk into the same failure.
        rank: The process within a distributed run.
    """

    seed: int
    attempt: int = 0
    rank: int = 0

    def number(self, *key: Key) -> int:
        """A 63-bit integer that depends on every part of the key and on nothing else."""
        text = "\x1f".join(map(str, (self.seed, self.attempt, self.rank, *key)))
        return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little") >> 1

    def generator(self, *key: Key, device: torch.device | str = "cpu") -> torch.Generator:
        """A fresh generator for this key on `device`."""
        return torch.Generator(device).manual_seed(self.number(*key))

    @contextmanager
    def globally(self, *key: Key) -> Iterator[None]:
        """Seed torch's global generator of the CPU within the block, alike on all ranks: modules initialise from it."""
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(replace(self, rank=0).number(*key))
            yield
