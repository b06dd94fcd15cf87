"""What games remember of earlier samples, as pure functions of tensors that lie in a game's state.

How full a memory is follows from the step, so the caller says it: reading it from a tensor would wait for the device. All
decisions fall on the host; the device only gathers and copies.
"""

from __future__ import annotations

import torch
from torch import Tensor

from organza.data import to_device


def query_pool(pool: Tensor, seen: int, fresh: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """What the discriminator is to judge instead of the newest pictures, and the pool afterwards.

    CycleGAN's pool (Zhu et al. 2017, arXiv:1703.10593, section 4, after Shrivastava et al. 2017): while there is room, a new
    picture is stored and judged. Afterwards a coin decides: the new one is judged and not stored, or it takes the place of a
    stored one, which is judged in its stead. Pictures go in one after the other, so that a later one may meet an earlier one of
    the same batch.

    Args:
        pool: The pictures that are remembered, [P, C, H, W]; it is not changed.
        seen: Pictures that were queried before.
        fresh: The newest ones, [B, C, H, W], on the same device. What is returned has no gradient.
        generator: Of the CPU: two numbers for each picture, needed or not.

    Returns:
        Pictures to judge [B, C, H, W], and the pool [P, C, H, W].
    """
    capacity, batch, fresh = len(pool), len(fresh), fresh.detach().to(pool.dtype)
    swap = (torch.rand(batch, generator=generator) < 0.5).tolist()
    places = torch.randint(capacity, (batch,), generator=generator).tolist()
    stored: dict[int, int] = {}  # place -> which of the fresh ones has got there
    old, from_pool, from_fresh = [False] * batch, [0] * batch, list(range(batch))
    for index in range(batch):
        place = seen + index
        if place >= capacity:
            if not swap[index]:
                continue
            place = places[index]
            if place in stored:
                from_fresh[index] = stored[place]
            else:
                old[index], from_pool[index] = True, place
        stored[place] = index
    if not stored:
        return fresh, pool
    # One copy to the device carries all that was decided.
    plan = to_device(torch.tensor([*old, *from_pool, *from_fresh, *stored, *stored.values()]), pool.device)
    taken, from_pool_, from_fresh_, into, of = torch.split(plan, [batch, batch, batch, len(stored), len(stored)])
    judged = fresh.index_select(0, from_fresh_)
    if any(old):
        judged = torch.where(taken.bool().view(-1, 1, 1, 1), pool.index_select(0, from_pool_), judged)
    return judged, pool.index_copy(0, into, fresh.index_select(0, of))


def push_history(history: Tensor, means: Tensor) -> Tensor:
    """The last numbers of a sequence, after a few more; the newest stands last.

    DeblurGAN-v2 remembers the discriminator's maps of its last 50 samples, of which it only ever takes the mean; as all maps
    have one size, their means are enough.

    Args:
        history: [N]; it is not changed.
        means: [B], one for each sample: D(x).flatten(1).mean(1). What is returned has no gradient.
    """
    return torch.cat((history, means.detach().to(history.dtype)))[-len(history) :]


def history_mean(history: Tensor, pushed: Tensor) -> Tensor:
    """The mean of what is remembered: scalar.

    Args:
        history: [N], as `push_history` leaves it.
        pushed: How many numbers were pushed so far, at least one: an integer scalar beside the history, so that nothing waits
            for the device.
    """
    size = len(history)
    filled = torch.arange(size, device=history.device) >= size - pushed
    return torch.where(filled, history, 0).sum() / filled.sum()
