"""Layers of a file beside layers of a network: their order, which goes with which, and whether their tensors fit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest

import torch
from torch import Tensor, nn

from organza.errors import OrganzaError

Pair = tuple[str, str]  # a layer of the file, a layer of the network; "" where the other has no partner
COUNT = "num_batches_tracked"  # which enters no output
TENSORS = ("weight", "bias", "running_mean", "running_var")


def layers_of(names: Iterable[str]) -> list[str]:
    """The layers to which tensors of these names belong, each once, in the order of the names."""
    return list(dict.fromkeys(name.rpartition(".")[0] for name in names if not name.endswith(COUNT)))


def sorted_layers(names: Iterable[str], order: Sequence[str] = ()) -> list[str]:
    """The layers of these tensors by the parts of their names: numbers by their value, so that 10 comes after 9.

    Args:
        names: Of tensors.
        order: Parts that come in this order, and before all others at their place.
    """

    def rank(layer: str) -> list[tuple[int, str, int]]:
        ranks = []
        for part in layer.split("."):
            word, number = re.fullmatch(r"(.*?)(\d*)", part).groups()  # type: ignore[union-attr]
            place = order.index(part) if part in order else len(order)
            ranks.append((place, word, int(number or 0)))
        return ranks

    return sorted(layers_of(names), key=rank)


def paired(file: Sequence[str], network: Sequence[str]) -> list[Pair]:
    """Layers in the order in which they work, one to one; the network's registration is in that order."""
    return list(zip_longest(file, network, fillvalue=""))


def fitted(tensors: Mapping[str, Tensor], pairs: Iterable[Pair], network: nn.Module, where: str) -> dict[str, Tensor]:
    """The network's weights out of the file's tensors; counts of batches, which the file may lack, begin at 0.

    Args:
        tensors: Of the file.
        pairs: Which layer goes where.
        network: May lie on the meta device.
        where: The file and the network, for messages.

    Raises:
        OrganzaError: A tensor has no place, is missing or has another shape; the message names the first.
    """
    own = network.state_dict()
    weights = {name: torch.zeros_like(tensor, device="cpu") for name, tensor in own.items() if name.endswith(COUNT)}
    placed = set()
    for source, target in pairs:
        for last in TENSORS:
            name, place = f"{source}.{last}", f"{target}.{last}"
            given, wanted = tensors.get(name) if source else None, own.get(place) if target else None
            if given is None and wanted is None:
                continue
            if given is None or wanted is None or given.shape != wanted.shape:
                label = f"'{name}'" if source else f"for its '{place}'"
                raise OrganzaError(
                    f"{where}: the tensor {label} is {shape_of(given)} in the file, {shape_of(wanted)} there"
                )
            weights[place] = given
            placed.add(name)
    missing = next((name for name in own if name not in weights), None)
    if missing is not None:
        raise OrganzaError(f"{where}: no tensor of the file belongs to its '{missing}' {shape_of(own[missing])}")
    stray = next((name for name in tensors if name not in placed), None)
    if stray is not None:
        raise OrganzaError(f"{where}: nothing there corresponds to the file's '{stray}' {shape_of(tensors[stray])}")
    return weights


def shape_of(tensor: Tensor | None) -> str:
    """The shape of a tensor, in words."""
    return "missing" if tensor is None else str(list(tensor.shape))
