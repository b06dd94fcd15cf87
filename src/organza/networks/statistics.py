"""Which statistics normalisations use: those of the training, of the picture itself, or ones measured before.

A picture too large for memory goes through a network in tiles. Where a normalisation takes its statistics from its own input,
as instance normalisations do and as DeblurGAN-v2's batch normalisations do after the training, each tile would be normalised
by itself, and their borders would show. So the statistics are measured first, in one joint pass over patches of the picture,
and then held fixed for all tiles.

All of these are context managers that put everything back however the block ends, and change no running statistics. They are
not for networks that are being trained at the same time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.dropout import _DropoutNd
from torch.nn.modules.instancenorm import _InstanceNorm

Normalisation = _BatchNorm | _InstanceNorm


class Moments(NamedTuple):
    """What one normalisation subtracts and divides by.

    Attributes:
        mean: [C].
        variance: [C], of the whole population.
    """

    mean: Tensor
    variance: Tensor


class Core(NamedTuple):
    """The part of a patch that counts, in pixels of the patch; what is around it only gives the layers their surroundings."""

    top: int
    bottom: int
    left: int
    right: int


def normalisations(network: nn.Module, own: bool = False) -> dict[str, Normalisation]:
    """The normalisations whose statistics come from their input: instance normalisations without running statistics.

    Args:
        network: Its tree is searched; timm's batch normalisations with an activation are found, too.
        own: All other batch and instance normalisations as well, as under `own_statistics`.
    """
    return {
        name: module
        for name, module in network.named_modules()
        if isinstance(module, _BatchNorm | _InstanceNorm)
        and (own or (module.running_mean is None if isinstance(module, _BatchNorm) else not module.track_running_stats))
    }


@contextmanager
def own_statistics(network: nn.Module) -> Iterator[None]:
    """Within the block, every normalisation uses the statistics of its present input, and none is updated.

    A batch normalisation takes them over the whole batch: pictures that are not to influence each other go one by one.
    """
    with ExitStack() as stack:
        for module in normalisations(network, own=True).values():
            # Without running statistics torch looks at the input alone, and has nothing to write to: an instance normalisation
            # that has them updates them even where they are not tracked.
            stack.enter_context(
                _changed(module, training=False, track_running_stats=False, running_mean=None, running_var=None)
            )
        yield


@contextmanager
def with_dropout(network: nn.Module) -> Iterator[None]:
    """Within the block, dropout goes on as in training."""
    with ExitStack() as stack:
        for module in network.modules():
            if isinstance(module, _DropoutNd):
                stack.enter_context(_changed(module, training=True))
        yield


@contextmanager
def measured(
    network: nn.Module, own: bool = False, tally: Tally | None = None, known: Mapping[str, Moments] | None = None
) -> Iterator[dict[str, Moments]]:
    """Within the block, normalisations work jointly on all samples of a batch, and what they used is recorded.

    Args:
        network: Run once within the block, on a batch of patches.
        own: Whether batch normalisations take part, too.
        tally: What counts of each patch; None: all of it.
        known: Statistics that are to be used, not measured.

    Yields:
        A dict with the known ones that the pass fills, by the names of the normalisations, in the order in which they came.

    Raises:
        ValueError: A normalisation is met twice in one pass: it has no statistics of its own.
    """
    found = dict(known or {})
    with ExitStack() as stack:
        stack.enter_context(fixed(network, found))
        for name, module in normalisations(network, own).items():
            if name in found:
                continue
            stack.enter_context(
                _changed(module, training=False, track_running_stats=True, running_mean=None, running_var=None)
            )

            def look(module: nn.Module, inputs: tuple[Any, ...], name: str = name) -> None:
                if name in found:
                    raise ValueError(f"the normalisation '{name}' is used twice: its statistics cannot be held fixed")
                values = inputs[0].detach()
                found[name] = sums(values, tally).moments if tally else moments(values)
                module.running_mean, module.running_var = found[name]

            stack.enter_context(_removed(module.register_forward_pre_hook(look)))
        yield found


@contextmanager
def fixed(network: nn.Module, statistics: Mapping[str, Moments]) -> Iterator[None]:
    """Within the block, the normalisations named in `statistics` use these; the others do what they always do."""
    with ExitStack() as stack:
        for name, (mean, variance) in statistics.items():
            module = network.get_submodule(name)
            values = {"training": False, "track_running_stats": True, "running_mean": mean, "running_var": variance}
            stack.enter_context(_changed(module, **values))
        yield


@contextmanager
def counted(network: nn.Module, name: str, tally: Tally) -> Iterator[None]:
    """Within the block, passes through the network end at the normalisation `name`, whose input is counted.

    Raises:
        Counted: Of each pass, in the block: all that was wanted of it is known.
    """

    def count(_module: nn.Module, inputs: tuple[Any, ...]) -> None:
        tally.add(sums(inputs[0].detach(), tally))
        raise Counted

    with _removed(network.get_submodule(name).register_forward_pre_hook(count)):
        yield


class Counted(Exception):
    """A pass has come to the normalisation that it was made for."""


class Sums(NamedTuple):
    """What moments are made of, so that those of parts can be added.

    Attributes:
        weight: Values of each channel.
        first: Their sum, float64 [C].
        second: The sum of their squares, float64 [C].
    """

    weight: int
    first: Tensor
    second: Tensor

    @property
    def moments(self) -> Moments:
        mean = self.first / self.weight
        return Moments(mean.float(), (self.second / self.weight - mean.square()).clamp(min=0).float())


@dataclass
class Tally:
    """Which part of each patch counts, and what has been counted.

    Attributes:
        patch: Height and width of the network's input, which `cores` are measured in.
        cores: Of each sample of the next batch the part that counts.
        sums: What all batches together have given.
    """

    patch: tuple[int, int]
    cores: Sequence[Core]
    sums: Sums | None = None

    def add(self, new: Sums) -> None:
        old = self.sums
        self.sums = Sums(old.weight + new.weight, old.first + new.first, old.second + new.second) if old else new

    @property
    def moments(self) -> Moments:
        """Of everything added.

        Raises:
            ValueError: Nothing was.
        """
        if self.sums is None:
            raise ValueError("nothing has been counted")
        return self.sums.moments


def moments(values: Tensor) -> Moments:
    """Mean and variance of every channel of values [n, C, H, W] over samples and places."""
    variance, mean = torch.var_mean(values.float(), (0, 2, 3), correction=0)
    return Moments(mean, variance)


def sums(values: Tensor, tally: Tally) -> Sums:
    """The same of the parts that count, as sums."""
    height, width = values.shape[2:]
    weight, first, second = 0, torch.zeros(()), torch.zeros(())
    for sample, core in zip(values, tally.cores, strict=True):
        rows = _span(core.top, core.bottom, height / tally.patch[0], height)
        columns = _span(core.left, core.right, width / tally.patch[1], width)
        part = sample[:, rows, columns]
        variance, mean = (moment.double() for moment in torch.var_mean(part.float(), (1, 2), correction=0))
        size = part.shape[1] * part.shape[2]
        weight, first, second = weight + size, first + size * mean, second + size * (variance + mean.square())
    return Sums(weight, first, second)


def _span(first: int, last: int, share: float, length: int) -> slice:
    """From pixels of the patch to cells of a layer, of which at least one remains."""
    start = min(round(first * share), length - 1)
    return slice(start, max(start + 1, round(last * share)))


@contextmanager
def _changed(module: nn.Module, **values: object) -> Iterator[None]:
    """The module with other attributes or buffers."""
    kept = {name: getattr(module, name) for name in values}
    try:
        for name, value in values.items():
            setattr(module, name, value)
        yield
    finally:
        for name, value in kept.items():
            setattr(module, name, value)


@contextmanager
def _removed(handle: torch.utils.hooks.RemovableHandle) -> Iterator[None]:
    """A hook for as long as the block lasts."""
    try:
        yield
    finally:
        handle.remove()


__all__ = [
    "Core",
    "Counted",
    "Moments",
    "Tally",
    "counted",
    "fixed",
    "measured",
    "normalisations",
    "own_statistics",
    "with_dropout",
]
