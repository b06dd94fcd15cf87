"""A stage that has been entered: the loop's side of a game, with everything that moves networks."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

from organza.games import Before, Stage, StagePlan, Tensors
from organza.streams import Streams
from organza.training.average import Averages


class Entered:
    """A stage that has been entered: its networks on the device, with optimisers, averages and memory.

    Args:
        plan: Which stage.
        before: The stage before, from which networks and averages may grow.
        streams: For the initial weights.
        device: Where it is played.
        half_life: Of the averages, in images.
        size: Samples in a batch, where the stage does not say otherwise.
    """

    def __init__(
        self, plan: StagePlan, before: Entered | None, streams: Streams, device: torch.device, half_life: int, size: int
    ) -> None:
        self.name = plan.name
        self.stage = self._build(plan, Before(before.networks, before.state) if before else None, streams)
        single = size * self.stage.batch_factor == 1
        self.networks: dict[str, nn.Module] = {
            name: on_device(network, device, single) for name, network in self.stage.networks.items()
        }
        moved = {name for player in self.stage.players for name in player.networks}
        for name, network in self.networks.items():  # what nobody moves keeps its statistics and drops nothing out
            network.train(name in moved)
        followed = {name: self.networks[name] for name in self.stage.averaged}
        grown = None
        if before:  # averages grow the way networks do, so the average of the first stage lives on
            averages = Before({**before.networks, **before.averages.networks}, before.state)
            networks = self._build(plan, averages, streams).networks
            grown = {name: on_device(networks[name], device, single) for name in followed}
        self.averages: Averages = Averages(followed, half_life, grown)
        self.state: Tensors = {name: tensor.to(device).contiguous() for name, tensor in self.stage.state.items()}
        self.parameters: dict[str, list[nn.Parameter]] = {}
        self.optimisers: dict[str, torch.optim.Optimizer] = {}
        self.rates: dict[str, list[float]] = {}
        for player in self.stage.players:
            if player.groups:
                groups = player.groups(self.networks)
                self.parameters[player.name] = [parameter for group in groups for parameter in group.parameters]
                built: list[dict[str, Any]] = [
                    {"params": list(group.parameters), "lr": player.optimiser.lr * group.rate} for group in groups
                ]
            else:
                self.parameters[player.name] = [
                    parameter for name in player.networks for parameter in self.networks[name].parameters()
                ]
                built = [{"params": self.parameters[player.name], "lr": player.optimiser.lr}]
            self.optimisers[player.name] = player.optimiser.build(built)
            self.rates[player.name] = [group["lr"] for group in built]
        # Listed once: walking the modules for them in every turn took a tenth of a small network's step.
        self.drops_out = any(
            isinstance(module, nn.modules.dropout._DropoutNd) and module.p > 0
            for network in self.networks.values()
            for module in network.modules()
        )
        self._everything = [parameter for network in self.networks.values() for parameter in network.parameters()]
        self._moving: str | None = None

    @staticmethod
    def _build(plan: StagePlan, before: Before | None, streams: Streams) -> Stage:
        with streams.globally("networks", plan.name):
            return plan.build(before)

    def give_move_to(self, player: str) -> None:
        """Put everything but this player's parameters out of the gradient's reach."""
        if self._moving == player:
            return
        for parameter in self._everything:
            parameter.requires_grad = False
        for parameter in self.parameters[player]:
            parameter.requires_grad = True
        self._moving = player


def on_device(network: nn.Module, device: torch.device, single: bool = False) -> nn.Module:
    """The network on the device, its convolution weights channels last; not for single samples, with which that is slower."""
    layout = torch.preserve_format if single else torch.channels_last
    return network.to(device, memory_format=layout)  # type: ignore[call-overload, no-any-return]
