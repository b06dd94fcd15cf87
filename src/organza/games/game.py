"""What a game is made of: stages, players and turns. One file per published game stands beside this one.

A game is a tuple of stages, usually one. A stage has its own networks, players, turns, budget and schedules. A turn
is one player's move and has two halves:

* `draw` takes everything random or remembered (noise, real images, pools, host-side decisions) into a dict of tensors.
  What it decides on the host it decides from the step, the clock and CPU generators: reading a tensor of the device
  back would make the host wait for it;
* `losses` turns networks and those inputs into named weighted terms: pure, no random numbers, nothing that waits for
  the device. It alone may be captured or compiled.

Games describe; the loop in `organza.training` plays them. Nothing here steps an optimiser.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

import torch
from torch import Tensor, nn

from organza.games.abilities import Abilities, FromNoise, Judges, Networks, Pyramid, Styles, Translation
from organza.networks import Dims, Shape
from organza.registry import Registry

Tensors = dict[str, Tensor]


class OptimiserOptions(Protocol):
    """Options of one optimiser: a frozen dataclass entered in `OPTIMISERS`."""

    @property
    def lr(self) -> float: ...

    def build(self, groups: list[dict[str, object]]) -> torch.optim.Optimizer:
        """The optimiser of these parameter groups, each {"params": ..., "lr": ...}."""
        ...


@dataclass(frozen=True)
class Group:
    """Parameters that share one learning rate.

    Attributes:
        parameters: What is moved.
        rate: Multiple of the player's learning rate.
    """

    parameters: tuple[nn.Parameter, ...]
    rate: float = 1.0


def constant(_clock: int) -> float:
    """The schedule that changes nothing."""
    return 1.0


def unscheduled(_clock: int) -> None:
    """What nobody changes."""


@dataclass(frozen=True)
class Player:
    """The networks that one optimiser moves.

    Attributes:
        name: As in "generator".
        networks: Names within the stage.
        optimiser: Which optimiser, and its learning rate.
        groups: Parameter groups; without it, one group of everything in `networks`.
        schedule: Clock of the stage -> multiple of the learning rate.
        memory: Clock of the stage -> Adam's second beta; None: it stays what it is.
    """

    name: str
    networks: tuple[str, ...]
    optimiser: OptimiserOptions
    groups: Callable[[Networks], tuple[Group, ...]] | None = None
    schedule: Callable[[int], float] = constant
    memory: Callable[[int], float | None] = unscheduled


@dataclass(frozen=True)
class Batch:
    """Real samples.

    Attributes:
        images: Float [B, C, H, W] in [-1, 1].
        labels: Label vectors, float [B, classes], where the game takes labels.
        inputs: What the images are to be made from, float [B, C, H, W] in [-1, 1], where the source has pairs.
    """

    images: Tensor
    labels: Tensor | None = None
    inputs: Tensor | None = None


class Round(Protocol):
    """What a draw may see.

    Attributes:
        step: Number of the step within the run, from 0.
        clock: Images (or steps, as the game counts) since the stage began.
        size: Samples in this process's batch.
        device: Where inputs must lie.
        state: What the game remembers from earlier steps; read only.
        scratch: What earlier turns of this step have left, detached.
    """

    @property
    def step(self) -> int: ...
    @property
    def clock(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def device(self) -> torch.device: ...
    @property
    def state(self) -> Mapping[str, Tensor]: ...
    @property
    def scratch(self) -> Tensors: ...

    def real(self, domain: str = "real") -> Batch:
        """The next batch of real samples; in a turn that shares batches, the last one drawn in this step."""
        ...

    def stream(self, purpose: str) -> torch.Generator:
        """A CPU generator for this seed, attempt, rank, step, turn and purpose."""
        ...

    def put(self, tensor: Tensor) -> Tensor:
        """A tensor of the CPU on the device, without waiting for the device."""
        ...

    def normal(self, *shape: int, purpose: str = "noise") -> Tensor:
        """N(0, 1) of this shape on the device, from a stream of its own."""
        ...

    def labels(self, domain: str = "real") -> Tensor | None:
        """Label vectors, float [B, classes], of samples drawn anew from the source; None if the game takes no labels."""
        ...


@dataclass(frozen=True)
class Losses:
    """What a turn computes.

    Attributes:
        terms: Weighted scalar terms; their sum is minimised.
        figures: Scalars to watch, by name. They steer nothing.
        scratch: Tensors for later turns of this step and for what the game remembers.
    """

    terms: Tensors
    figures: Tensors = field(default_factory=dict)
    scratch: Tensors = field(default_factory=dict)


def once(_step: int) -> int:
    """The turn comes once a step."""
    return 1


@dataclass(frozen=True)
class Turn:
    """One player's move.

    Attributes:
        name: Names its losses in the metrics and its random streams.
        player: Who moves; all other players' parameters are out of the gradient's reach meanwhile.
        draw: Round -> inputs.
        losses: (networks, inputs) -> losses.
        times: Step -> how often it comes in this step; 0 leaves it out.
        fresh: Whether `Round.real` draws new samples, or takes those of an earlier turn of this step.
        constrain: Done to the networks after the optimiser has moved, as clipping weights.
        moves: How often the optimiser moves by the same gradient.
    """

    name: str
    player: str
    draw: Callable[[Round], Tensors]
    losses: Callable[[Networks, Tensors], Losses]
    times: Callable[[int], int] = once
    fresh: bool = True
    constrain: Callable[[Networks], None] | None = None
    moves: int = 1


def unchanged(state: Tensors, _scratch: Tensors) -> Tensors:
    """The memory of a game that remembers nothing new."""
    return state


@dataclass(frozen=True)
class Stage:
    """A stretch of a game.

    Attributes:
        networks: By name; the players refer to them.
        players: Each moves networks of its own.
        turns: One step is one round of these, in this order.
        averaged: Networks of which a moving average is kept, for sampling.
        budget: Clock at which the stage ends, counted from its beginning; None: with the run.
        state: What the game remembers, at the beginning. Flat, saved whole.
        remember: (state, scratch) -> state, after every step.
        batch_factor: Samples in a batch, as a multiple of the usual, as where pictures are still small.
        open: (networks, round) -> state: what is found out once, when the stage is entered, from real samples and the networks
            that it begins with. It may fill buffers of the networks. Not called where a checkpoint is gone on from.
    """

    networks: dict[str, nn.Module]
    players: tuple[Player, ...]
    turns: tuple[Turn, ...]
    averaged: tuple[str, ...] = ()
    budget: int | None = None
    state: Tensors = field(default_factory=dict)
    remember: Callable[[Tensors, Tensors], Tensors] = unchanged
    batch_factor: int = 1
    open: Callable[[Networks, Round], Tensors] | None = None


@dataclass(frozen=True)
class Before:
    """What the stage before has left.

    Attributes:
        networks: By name.
        state: What the game remembered.
    """

    networks: Networks
    state: Mapping[str, Tensor]


@dataclass(frozen=True)
class StagePlan:
    """How a stage is entered.

    Attributes:
        name: What checkpoints, metrics and models call it.
        build: What the stage before has left (None for the first stage, and where weights and memory are loaded
            afterwards) -> stage. New weights are drawn from torch's global generator, which the loop seeds. It changes
            nothing that it is given.
    """

    name: str
    build: Callable[[Before | None], Stage]


@dataclass(frozen=True)
class Exhibit:
    """How a game shows what it makes of real pictures.

    Attributes:
        columns: What each picture of a row is, for people, as ("input", "output", "target").
        images: (networks, batches by domain, generator) -> a tensor [n, C, H, W] for each column.
        figures: Columns -> scalars that go into the metrics, such as how near an output comes to what was wanted.
    """

    columns: tuple[str, ...]
    images: Callable[[Networks, Mapping[str, Batch], torch.Generator], tuple[Tensor, ...]]
    figures: Callable[[Sequence[Tensor]], Tensors] | None = None


@dataclass(frozen=True)
class Game:
    """Who plays whom.

    Attributes:
        stages: In the order in which they are entered.
        abilities: What the trained networks can do.
        clock: What budgets count: real images drawn from the first domain, or steps.
        labelled: Whether its networks take labels, which the source must then have.
        domains: Where its real samples come from: one source, or two whose pictures have nothing to do with each other.
        pairs: Whether each of its pictures comes with one that it is to be made from: never; if the source has them, and
            otherwise the game makes it; or always.
        needs: How many samples each domain must have: several, of which none matters by itself; one; or any number from one on.
        exhibit: How it shows what it makes of real pictures; None for games from noise.
        begin: What is done to the fresh networks of a new training, such as loading weights that others have trained.
    """

    stages: tuple[StagePlan, ...]
    abilities: Abilities
    clock: Literal["images", "steps"] = "images"
    labelled: bool = False
    domains: tuple[str, ...] = ("real",)
    pairs: Literal["none", "taken", "needed"] = "none"
    needs: Literal["many", "one", "any"] = "many"
    exhibit: Exhibit | None = None
    begin: Callable[[Networks], None] | None = None

    def stage(self, name: str) -> StagePlan:
        """The stage of this name.

        Raises:
            KeyError: There is none.
        """
        return {plan.name: plan for plan in self.stages}[name]


class GameOptions(Protocol):
    """Options of one game: a frozen dataclass entered in `GAMES`."""

    def build(self, shape: Shape, images: int) -> Game:
        """The game.

        Args:
            shape: Of real samples, with labels of so many classes.
            images: The whole budget, of which stages and schedules take their parts.

        Raises:
            UsageError: Its options do not go together.
        """
        ...


GAMES: Registry[type[GameOptions]] = Registry("game")
OPTIMISERS: Registry[type[OptimiserOptions]] = Registry("optimiser")

__all__ = [
    "GAMES",
    "OPTIMISERS",
    "Abilities",
    "Batch",
    "Before",
    "Dims",
    "Exhibit",
    "FromNoise",
    "Game",
    "GameOptions",
    "Group",
    "Judges",
    "Losses",
    "Networks",
    "OptimiserOptions",
    "Player",
    "Pyramid",
    "Round",
    "Shape",
    "Stage",
    "StagePlan",
    "Styles",
    "Tensors",
    "Translation",
    "Turn",
    "constant",
    "once",
]
