"""How strong the augmentation is: steered by how well the discriminator knows the real samples, or by the clock.

What is steered is remembered by the game as 0-dim tensors on the device and never read by the host.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

STRENGTH, SIGN = "ada_p", "ada_r"


def beginning(strength: float = 0.0) -> dict[str, Tensor]:
    """What is remembered before the first step.

    Returns:
        0-dim float32 tensors: "ada_p" is the strength, "ada_r" the r_t of the last adjustment (0 before the first), and
        "ada_signs", "ada_count" and "ada_steps" are the sum of signs, the real samples and the steps since then.
    """
    values = {STRENGTH: strength, SIGN: 0.0, "ada_signs": 0.0, "ada_count": 0.0, "ada_steps": 0.0}
    return {name: torch.tensor(value) for name, value in values.items()}


def signs(on_real: Tensor) -> dict[str, Tensor]:
    """What a turn of the discriminator leaves for `adjusted` in the step's scratch; of several in a step, the last one.

    Args:
        on_real: Its raw outputs for real samples, of any shape.

    Returns:
        0-dim: the sum of their signs, and how many they are.
    """
    on_real = on_real.detach().float()
    return {"ada_signs": on_real.sign().sum(), "ada_count": torch.ones_like(on_real).sum()}


def adjusted(
    state: Mapping[str, Tensor],
    scratch: Mapping[str, Tensor],
    *,
    target: float = 0.6,
    every: int = 4,
    speed: float = 500_000,
    ceiling: float = 0.8,
) -> dict[str, Tensor]:
    """What is remembered after a step; to be used as, or within, a stage's `remember`.

    After every `every`-th step p <- p + sign(r_t - target) n / speed, with r_t = E[sign(D(real))] over the n real samples since
    the last time (Karras et al. 2020, arXiv:2006.06676, section 3 and appendix D): where the discriminator is too sure of the
    real samples it has begun to know them by heart.

    Args:
        state: As `beginning` says, and anything else, which stays.
        scratch: With what `signs` has left.
        target: For r_t.
        every: Steps between two adjustments.
        speed: Images in which p can go from 0 to 1.
        ceiling: Strength that is never exceeded; the authors have none, and find that beyond 0.8 the generator begins to learn
            the augmentations.
    """
    total, count = state["ada_signs"] + scratch["ada_signs"], state["ada_count"] + scratch["ada_count"]
    steps = state["ada_steps"] + 1
    due = steps >= every
    mean = total / count
    strength = (state[STRENGTH] + (mean - target).sign() * count / speed).clamp(0, ceiling)
    return dict(state) | {
        STRENGTH: torch.where(due, strength, state[STRENGTH]),
        SIGN: torch.where(due, mean, state[SIGN]),
        "ada_signs": torch.where(due, 0.0, total),
        "ada_count": torch.where(due, 0.0, count),
        "ada_steps": torch.where(due, 0.0, steps),
    }


def rising(clock: int, first: float, last: float, images: int) -> float:
    """A strength by the clock: from `first` to `last` along half a cosine, and constant from then on.

    last + (first - last) (1 + cos(pi clock / images)) / 2, as in the code of R3GAN (Huang et al. 2024, arXiv:2501.05441), which
    goes from 0 to 0.55 on CIFAR-10 and to 0.3 on FFHQ, in 20 million images.

    Args:
        clock: Images so far.
        first: Strength at the beginning.
        last: Strength at the end.
        images: How many it takes to get there; 0: it is `last` at once.
    """
    if clock >= images:
        return last
    return last + (first - last) * (1 + math.cos(math.pi * clock / images)) / 2
