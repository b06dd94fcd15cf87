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

from organza.networks import Dims, Shape
from organza.registry import Registry

Networks = Mapping[str, nn.Module]
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
    """

    name: str
    player: str
    draw: Callable[[Round], Tensors]
    losses: Callable[[Networks, Tensors], Losses]
    times: Callable[[int], int] = once
    fresh: bool = True
    constrain: Callable[[Networks], None] | None = None


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
    """

    networks: dict[str, nn.Module]
    players: tuple[Player, ...]
    turns: tuple[Turn, ...]
    averaged: tuple[str, ...] = ()
    budget: int | None = None
    state: Tensors = field(default_factory=dict)
    remember: Callable[[Tensors, Tensors], Tensors] = unchanged
    batch_factor: int = 1


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
class FromNoise:
    """The ability to make samples from latent vectors.

    Attributes:
        latent: (generator, n) -> z [n, z_dim].
        images: (networks, z, label vectors [n, classes] or None) -> float [n, C, H, W] in [-1, 1].
        network: Name of the network that does it.
    """

    latent: Callable[[torch.Generator, int], Tensor]
    images: Callable[[Networks, Tensor, Tensor | None], Tensor]
    network: str = "generator"


@dataclass(frozen=True)
class Styles:
    """The ability to make samples from styles: z becomes w, and every layer of the generator takes a w of its own.

    Attributes:
        resolutions: Pixels a side of the feature map that each style input decides on.
        noises: Pixels a side of each noise input; none for generators without noise.
        map: (networks, z [n, z_dim], label vectors [n, classes] or None) -> w [n, w_dim].
        average: networks -> the mean of all w, [w_dim].
        images: (networks, styles [n, len(resolutions), w_dim], noise or None) -> float [n, C, H, W], not clipped. The noise is
            one map [n or 1, 1, side, side] for each noise input; None: the generator's own, the same for every sample.
        network: Name of the network that does it, a `networks.style.StyleGenerator`.
    """

    resolutions: tuple[int, ...]
    noises: tuple[int, ...]
    map: Callable[[Networks, Tensor, Tensor | None], Tensor]
    average: Callable[[Networks], Tensor]
    images: Callable[[Networks, Tensor, Sequence[Tensor] | None], Tensor]
    network: str = "generator"


@dataclass(frozen=True)
class Judges:
    """The ability to say how real a sample looks.

    Attributes:
        scores: (networks, samples [n, C, H, W], label vectors [n, classes] or None) -> raw outputs [n]; the larger, the more
            real.
        network: Name of the network that does it.
        log_odds: Whether the sigmoid of an output is the probability that the sample is real; otherwise only differences
            between outputs mean something.
        draw: Its loss where it can tell nothing apart; None if its loss has no such value.
        least: Its loss where it is never wrong.
        signed: Whether the sign of an output says if it takes the sample for real.
        augmented: The strength at which the augmentation of what it sees in training grows no further; 0: there is none.
        features: (networks, samples [n, C, H, W]) -> what it sees in them: maps [n, c, h, w], those of the first layers, which
            are the finest, first. None: it does not say.
    """

    scores: Callable[[Networks, Tensor, Tensor | None], Tensor]
    network: str = "discriminator"
    log_odds: bool = False
    draw: float | None = None
    least: float = 0.0
    signed: bool = False
    augmented: float = 0.0
    features: Callable[[Networks, Tensor], Sequence[Tensor]] | None = None


@dataclass(frozen=True)
class Translation:
    """The ability to make a picture from a picture.

    Attributes:
        images: (networks, pictures [n, C, H, W] in [-1, 1]) -> pictures [n, C, scale H, scale W] in [-1, 1].
        network: Name of the network that does it.
        multiple: What height and width of its input must be divisible by.
        smallest: The least that they may be.
        scale: Pixels of the output for each pixel of the input, along each side.
        own_statistics: Whether its normalisations take their statistics from the picture itself, batch normalisations
            included, instead of those of the training.
        dropout: Whether its dropout goes on after the training, as the only noise.
    """

    images: Callable[[Networks, Tensor], Tensor]
    network: str = "generator"
    multiple: int = 1
    smallest: int = 1
    scale: int = 1
    own_statistics: bool = False
    dropout: bool = False


@dataclass(frozen=True)
class Exhibit:
    """How a game shows what it makes of real pictures.

    Attributes:
        columns: What each picture of a row is, for people, as ("input", "output", "target").
        images: (networks, batches by domain, generator) -> a tensor [n, C, H, W] for each column.
    """

    columns: tuple[str, ...]
    images: Callable[[Networks, Mapping[str, Batch], torch.Generator], tuple[Tensor, ...]]


@dataclass(frozen=True)
class Abilities:
    """What a trained model can do; verbs ask for these, never for systems.

    Attributes:
        from_noise: Makes samples from noise.
        styles: Makes samples from styles.
        judges: Says how real a sample looks.
        translates: Makes pictures of one domain from those of another, by the name of the domain that they get into.
        deblurs: Makes a sharp picture from a blurred one.
        enlarges: Makes a larger picture from a small one.
    """

    from_noise: FromNoise | None = None
    styles: Styles | None = None
    judges: Judges | None = None
    translates: Mapping[str, Translation] = field(default_factory=dict)
    deblurs: Translation | None = None
    enlarges: Translation | None = None

    def names(self) -> list[str]:
        return [name for name, ability in vars(self).items() if ability]


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
        exhibit: How it shows what it makes of real pictures; None for games from noise.
        begin: What is done to the fresh networks of a new training, such as loading weights that others have trained.
    """

    stages: tuple[StagePlan, ...]
    abilities: Abilities
    clock: Literal["images", "steps"] = "images"
    labelled: bool = False
    domains: tuple[str, ...] = ("real",)
    pairs: Literal["none", "taken", "needed"] = "none"
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
