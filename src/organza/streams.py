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
        with replace(self, rank=0).locally(*key):
            yield

    @contextmanager
    def locally(self, *key: Key, device: torch.device | str = "cpu") -> Iterator[None]:
        """Seed torch's global generators of the CPU and of `device` within the block, for this rank: dropout draws from them."""
        number, device = self.number(*key), torch.device(device)
        accelerators = [] if device.type == "cpu" else [device.index or 0]
        with torch.random.fork_rng(accelerators, device_type="cuda" if device.type == "cpu" else device.type):
            torch.default_generator.manual_seed(number)
            if accelerators:
                torch.get_device_module(device).manual_seed(number)
            yield
