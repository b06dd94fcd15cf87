"""Games that learn a picture scale by scale: how the scales become stages, and how a stage grows out of the one before."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal, Protocol, TypeVar, cast

import torch
from torch import Tensor, nn

from organza.bounds import Count, Fraction, Natural, Rate
from organza.errors import UsageError
from organza.games.game import Before, Dims, Group, Networks, Shape, Stage, StagePlan, Tensors
from organza.games.optimisers import PlayerOptions
from organza.games.schedules import SCHEDULES, Schedule, Steps
from organza.games.soundness import refuse_role
from organza.losses import LOSSES, PENALTIES, AdversarialLoss, Penalty
from organza.losses.penalties import GradientPenalty
from organza.networks.pyramid.critic import PatchCritic
from organza.networks.pyramid.generator import PyramidGenerator, PyramidOptions, resized
from organza.networks.pyramid.sizes import Size, concave, geometric, number_of_scales

QUALITIES = {"draft": 0.1, "normal": 0.3, "full": 1.0}  # of the published number of iterations
ROOM = 0.6  # at most this share of the shorter side has the coarsest scale
FEWEST_PIXELS = 12  # of the shorter side of a picture, at any scale: the patches that are compared have 11
RULES: Mapping[str, Callable[[Size, int, int], tuple[Size, ...]]] = {"geometric": geometric, "concave": concave}


@dataclass(frozen=True)
class ScaleGame:
    """Options of all games that learn a picture scale by scale.

    Attributes:
        generator: Player of the generator, or of both.
        discriminator: Player of the discriminator, or of both: a critic of small patches.
        loss: Name in `LOSSES`.
        penalty: On the critic's slope; its own fields begin with `penalty_`.
        reconstruction: Weight of the mean square between the training picture and what the generator makes of its anchor.
        amplitude: Of the noise of all scales but the coarsest, as a multiple of what the coarser ones miss of the picture.
        n_critic: Turns of the discriminator in a step.
        n_generator: Turns of the generator in a step.
        moves: How often the generator's optimiser moves by each gradient.
        schedule: Of both learning rates, within each scale; its own fields begin with `schedule_`.
        iterations: Steps of each scale, as published.
        quality: How many of them: draft: a tenth; normal: three tenths; full: all.
        smallest: Shorter side of the picture at the coarsest scale; of pictures whose own is little more, three fifths of
            that, but at least 12 pixels.
        ratio: Of the sides of two scales, about.
        scales: How many; 0: as `ratio` and the picture ask for.
        rescaling: geometric: each scale so many times larger than the last; concave: more of them are small.
        original: Height and width of the picture before it was made smaller; filled in from the data.
    """

    generator: PlayerOptions
    discriminator: PlayerOptions
    loss: str = "wasserstein"
    penalty: Penalty = field(
        default_factory=lambda: GradientPenalty(0.1, penalty_axis="pixel", penalty_mix="batch"),
        metadata={"choice": PENALTIES},
    )
    reconstruction: Rate = 10.0
    amplitude: Rate = 0.1
    n_critic: Count = 3
    n_generator: Count = 3
    moves: Count = 1
    schedule: Schedule = field(default_factory=lambda: Steps((0.8,), 0.1), metadata={"choice": SCHEDULES})
    iterations: Count = 2000
    quality: Literal["draft", "normal", "full"] = "full"
    smallest: Count = 25
    ratio: Fraction = 0.75
    scales: Natural = 0
    rescaling: Literal["geometric", "concave"] = "geometric"
    original: tuple[Count, Count] = (256, 256)

    decided = ("original",)  # fields that are filled in from the data

    @property
    def pyramid(self) -> PyramidOptions:
        """Options of the generator's network."""
        return cast(PyramidOptions, self.generator.network)

    def sizes(self, finest: Size) -> tuple[Size, ...]:
        """Height and width of the picture at every scale, the coarsest first."""
        smallest = min(self.smallest, max(FEWEST_PIXELS, int(ROOM * min(finest))))
        count = self.scales or number_of_scales(self.original, max(finest), smallest, self.ratio)
        return RULES[self.rescaling](finest, count, smallest)

    def budget(self, finest: Size) -> int:
        """Steps of the whole training."""
        return max(1, round(self.iterations * QUALITIES[self.quality])) * len(self.sizes(finest))

    def notes(self, shape: Shape, batch: int) -> tuple[str, ...]:  # noqa: ARG002 (a hook that others have by the batch)
        """The sizes of the scales, for the user."""
        _, height, width = shape.sample
        sizes = self.sizes((height, width))
        if len(sizes) == 1:
            return (
                f"the picture is learnt at one scale, {width}x{height}, because it is so small: textures, no structure",
            )
        return (f"scales: {', '.join(f'{wide}x{high}' for high, wide in sizes)}",)

    def checked(self) -> AdversarialLoss:
        """The loss, if the networks are such as can play.

        Raises:
            UsageError: They are not.
        """
        refuse_role("generator", self.generator.network, "generator of a pyramid")
        refuse_role("discriminator", self.discriminator.network, "discriminator")
        if not hasattr(self.discriminator.network, "each"):
            raise UsageError("--discriminator.network must judge patches at every scale: take patch-critic")
        if LOSSES[self.loss].needs_real:
            raise UsageError(f"--loss {self.loss} compares with real samples, of which there is one: take another loss")
        return LOSSES[self.loss]


Options = TypeVar("Options", bound=ScaleGame)


def fit_whole(options: Options, original: Size, finest: Size) -> tuple[Options, Size, int]:
    """The game for a picture, the sides of the training picture, and the budget in steps."""
    game = replace(options, original=original)
    return game, finest, game.budget(finest)


@dataclass(frozen=True)
class Scale:
    """What a stage is built for.

    Attributes:
        index: Of the scale, from 0.
        sizes: Of all scales.
        budget: Steps; None: to the end of the run.
        steps: The same for the last scale, too.
    """

    index: int
    sizes: tuple[Size, ...]
    budget: int | None
    steps: int

    @property
    def size(self) -> Size:
        """Height and width of pictures at this scale."""
        return self.sizes[self.index]


def scale_plans(
    options: ScaleGame, shape: Shape, images: int, build: Callable[[Scale, Before | None], Stage]
) -> tuple[StagePlan, ...]:
    """A stage for each scale, all of them equally long.

    Args:
        options: Of the game.
        shape: Of the training picture.
        images: Steps of the whole run.
        build: (scale, what the stage before has left) -> stage.

    Raises:
        UsageError: There are more scales than steps.
    """
    _, height, width = shape.sample
    sizes = options.sizes((height, width))
    count = len(sizes)
    if images < count:
        raise UsageError(f"{count} scales take at least {count} steps, not {images}: --images {count} or more")
    ends = [images * (index + 1) // count for index in range(count)]
    steps = [end - start for start, end in zip([0, *ends], ends, strict=False)]
    return tuple(
        StagePlan(
            f"scale-{index}",
            partial(build, Scale(index, sizes, None if index == count - 1 else steps[index], steps[index])),
        )
        for index in range(count)
    )


class Grows(Protocol):
    """A network that goes on to the next scale."""

    def grow(self) -> None: ...


def grown(before: Before | None, name: str, index: int, fresh: Callable[[], nn.Module]) -> nn.Module:
    """The network of a scale: out of that of the scale before, or from the beginning.

    Args:
        before: What the stage before has left; None: nothing.
        name: Of the network.
        index: Of the scale.
        fresh: Makes the network of the coarsest scale.
    """
    if before is not None:
        network = copy.deepcopy(before.networks[name])
        cast(Grows, network).grow()
        return network
    network = fresh()
    for _ in range(index):
        cast(Grows, network).grow()
    return network


def grown_pair(
    options: ScaleGame, channels: int, scale: Scale, before: Before | None, generator: str, discriminator: str
) -> dict[str, nn.Module]:
    """The generator and the discriminator of a scale, by name."""
    dims = Dims((channels, *scale.sizes[0]))
    return {
        generator: grown(before, generator, scale.index, lambda: options.pyramid.pyramid(channels, scale.sizes)),
        discriminator: grown(before, discriminator, scale.index, lambda: options.discriminator.network.build(dims)),
    }


def generator_of(networks: Networks, name: str) -> PyramidGenerator:
    """The generator of that name."""
    return cast(PyramidGenerator, networks[name])


def groups_of(names: Sequence[str], networks: Networks) -> tuple[Group, ...]:
    """What these networks train at present, with the rates that they give it."""
    rated = [part for name in names for part in cast(PyramidGenerator | PatchCritic, networks[name]).rated()]
    return tuple(Group(part.parameters, part.rate) for part in rated)


def noise_name(name: str, scale: int) -> str:
    """What the noise of a scale is called among the inputs of a turn."""
    return f"noise_{name}_{scale}"


def carried_name(name: str) -> str:
    """What that which the settled scales have left is called among the inputs of a turn."""
    return f"carried_{name}"


def noises_of(inputs: Mapping[str, Tensor], name: str, scales: range) -> list[Tensor | None]:
    """The noise of these scales; None where there is none."""
    return [inputs.get(noise_name(name, scale)) for scale in scales]


def anchor(network: PyramidGenerator, real: Tensor, index: int, amplitude: float, generator: torch.Generator) -> None:
    """Decide what the reconstruction begins with, at the coarsest scale, and the amplitude of a scale's noise.

    Args:
        network: With the scale that is about to be trained.
        real: The training picture in full size, [1, C, H, W].
        index: Of the scale.
        amplitude: As of `ScaleGame`.
        generator: Of the CPU.
    """
    if index == 0 or network.takes_picture:
        # The anchor of the latter is the picture, which may be another one than at the scale before.
        network.begin(resized(real, network.sizes[0]), generator)
    if index == 0:
        return
    carried = network.anchored(range(index))
    assert carried is not None
    network.amplitudes[index] = amplitude * network.missing(carried, resized(real, network.sizes[index]))


def anchored(network: PyramidGenerator, name: str) -> Tensors:
    """What does not change while a scale is trained, on the way from the anchor to the training picture.

    Args:
        network: With its anchor and amplitudes.
        name: What it is called among the inputs of a turn.

    Returns:
        What the settled scales make of the anchor, if any are, and what is added to it at the others.
    """
    found: Tensors = {}
    carried = network.anchored(range(network.settled))
    if carried is not None:
        found[carried_name(name)] = network.lift(carried, network.settled, network.sizes[network.settled])
    for scale in range(network.settled, network.built):
        noise = network.anchor_noise(scale)
        if noise is not None:
            found[noise_name(name, scale)] = noise.clone()
    return found


def room_for_anchored(network: PyramidGenerator, name: str) -> Tensors:
    """What `anchored` returns, in its shapes, before there is an anchor."""
    room: Tensors = {}
    if network.settled:
        room[carried_name(name)] = torch.zeros(1, *network.carried_shape)
    for scale in range(network.settled, network.built):
        noise = network.anchor_noise(scale)
        if noise is not None:
            room[noise_name(name, scale)] = torch.zeros_like(noise)
    return room


def made_of(network: PyramidGenerator, inputs: Mapping[str, Tensor], name: str) -> Tensor:
    """The picture that the scales in training make of what the settled ones have left, and of their noise."""
    noises = noises_of(inputs, name, range(network.settled, network.built))
    made: Tensor = network(inputs.get(carried_name(name)), noises)
    return made
