"""How much memory and work a network needs for a picture, measured on a small one."""

from __future__ import annotations

import weakref
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode

from organza.errors import OrganzaError
from organza.training.planning import is_out_of_memory

PROBE = 128
"""Pixels on each side of the small picture, or as few as the network takes above that."""

SCRATCH = 1.25
"""What convolutions use besides the tensors that are counted (measured: 1.05 to 1.2 for the networks here)."""

BYTE = 30
"""Operations that take as long as a byte of a tensor being written and read again."""


class LiveBytes(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes of all tensors made within the block that are alive at the same time.

    Attributes:
        most: The highest count.
        written: Bytes of all tensors ever made, views counted as what they show.
    """

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.users: Counter[int] = Counter()
        self.sizes: dict[int, int] = {}
        self.now, self.most, self.written = 0, 0, 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, Tensor):
                self.follow(tensor)
        return result

    def follow(self, tensor: Tensor) -> None:
        """Count a tensor's memory once, however many tensors share it, until the last of them has gone."""
        self.written += tensor.nbytes
        storage = tensor.untyped_storage()
        place = storage.data_ptr()
        if not self.users[place]:
            self.sizes[place] = storage.nbytes()
            self.now += storage.nbytes()
            self.most = max(self.most, self.now)
        self.users[place] += 1
        weakref.finalize(tensor, self.gone, place)

    def gone(self, place: int) -> None:
        self.users[place] -= 1
        if not self.users[place]:
            self.now -= self.sizes.pop(place)


def bytes_per_pixel(forward: Callable[[Tensor], Tensor], picture: Tensor) -> float:
    """Working memory that a forward pass takes for each pixel of its input, weights not counted.

    Args:
        forward: What is measured.
        picture: [1, C, H, W], what it is measured on.
    """
    with torch.no_grad(), LiveBytes() as live:
        forward(picture)
    return float(SCRATCH * (live.most + picture.nbytes) / (picture.shape[2] * picture.shape[3]))


def work_before(
    forward: Callable[[Tensor], Tensor], picture: Tensor, network: nn.Module, names: Iterable[str]
) -> dict[str, float]:
    """The share of a pass's work that is done when each of some layers is met, in the order in which they are met.

    Work is counted and not timed, so that the same picture gives the same result: operations, and bytes written, each as so
    many operations as a CPU does in the same time.
    """
    met: dict[str, int] = {}
    handles = []
    with torch.no_grad(), LiveBytes() as live, FlopCounterMode(display=False) as counter:

        def work() -> int:
            return int(counter.get_total_flops() + BYTE * live.written)

        for name in names:
            layer = network.get_submodule(name)
            handles.append(
                layer.register_forward_pre_hook(
                    lambda _layer, _inputs, name=name: met.setdefault(name, work()) and None
                )
            )
        try:
            forward(picture)
        finally:
            for handle in handles:
                handle.remove()
        total = work()
    return {name: done / total for name, done in met.items()}


@contextmanager
def enough_memory(told: str) -> Iterator[None]:
    """Turn a lack of memory within the block into this line."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and not is_out_of_memory(error):
            raise
        raise OrganzaError(told) from None
