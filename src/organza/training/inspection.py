"""Sizes of a game's networks, found by playing one round on shapes alone: no memory, no arithmetic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from organza.games import Batch, Game, Shape, Tensors
from organza.networks import count_parameters

META = torch.device("meta")


class BlankRound:
    """A `Round` whose tensors have shapes and no content."""

    step, clock, size, device = 0, 0, 2, META

    def __init__(self, shape: Shape, pairs: bool, state: Mapping[str, Tensor], scratch: Tensors) -> None:
        self.shape, self.pairs, self.state, self.scratch = shape, pairs, state, scratch

    def real(self, domain: str = "real") -> Batch:
        images = torch.empty(self.size, *self.shape.sample, device=META)
        return Batch(images, self.labels(domain), torch.empty_like(images) if self.pairs else None)

    def labels(self, domain: str = "real") -> Tensor | None:  # noqa: ARG002 (all domains have the same shape)
        return torch.empty(self.size, self.shape.classes, device=META) if self.shape.classes else None

    def stream(self, purpose: str) -> torch.Generator:  # noqa: ARG002 (numbers do not matter here)
        return torch.Generator()

    def put(self, tensor: Tensor) -> Tensor:
        return tensor.to(META)

    def normal(self, *shape: int, purpose: str = "noise") -> Tensor:  # noqa: ARG002
        return torch.empty(*shape, device=META)


def network_facts(game: Game, shape: Shape) -> dict[str, dict[str, Any]]:
    """Trainable parameters and output shape, without the batch, of every network of the game, as the last stage has it.

    Returns:
        Name -> {"parameters": N, "output": [...]}; where a network names parts of it, "NETWORK.PART" -> {"parameters": N}.
    """
    with META:
        stage = game.stages[-1].build(None)
    facts: dict[str, dict[str, Any]] = {}
    for name, network in stage.networks.items():
        facts[name] = {"parameters": count_parameters(network), "output": []}
        for part in getattr(network, "parts", ()):
            facts[f"{name}.{part}"] = {"parameters": count_parameters(network.get_submodule(part))}

    def record(name: str, output: Tensor) -> None:
        facts[name]["output"] = list(output.shape[1:])

    for name, network in stage.networks.items():
        network.register_forward_hook(lambda _module, _inputs, output, name=name: record(name, output))
    scratch: Tensors = {}
    for turn in stage.turns:
        blank = BlankRound(shape, game.pairs == "needed", stage.state, scratch)
        scratch |= turn.losses(stage.networks, turn.draw(blank)).scratch
    return facts
