"""Samples and projected pictures moved along a direction of latent space, and what that does to their attributes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from organza.errors import UsageError
from organza.tools.latent.attributes import Attributes
from organza.tools.latent.directions import Directions
from organza.tools.latent.options import MOST
from organza.tools.latent.projection import Saved
from organza.tools.latent.space import Points, Space

Told = Callable[[int, int], None]


@dataclass(frozen=True, eq=False)
class Move:
    """A way through latent space.

    Attributes:
        name: Of the direction.
        step: What a strength of 1 adds to a point: a standard deviation of the model's samples along the direction, [d].
        space: z or w.
        layers: Numbers of the style inputs that move; None: all.
    """

    name: str
    step: Tensor
    space: str
    layers: tuple[int, ...] | None = None


@dataclass(frozen=True, eq=False)
class Scene:
    """What is moved: points of a space.

    Attributes:
        space: z, w or w+.
        drawn: The points, and their labels.
        noise: For models with styles; None: the generator's own.
    """

    space: Space
    drawn: Points
    noise: tuple[Tensor, ...] | None = None


@dataclass(frozen=True)
class Effect:
    """What a move does to an attribute, on average over some samples.

    Attributes:
        name: Of the attribute.
        probabilities: That it is there, for each strength.
    """

    name: str
    probabilities: tuple[float, ...]

    @property
    def change(self) -> float:
        """From the first strength to the last."""
        return self.probabilities[-1] - self.probabilities[0]


def move_along(space: Space, directions: Directions, key: str, layers: Sequence[int] | None = None) -> Move:
    """A way along one of some directions.

    Args:
        space: Of the model that is to go it; which space, is the directions' to say.
        directions: Found in this model, or in one whose latent space is made alike.
        key: Name or number of one of them.
        layers: Numbers of style inputs; None: all.

    Raises:
        UsageError: There is no such direction, it does not fit the model, or z has no layers.
    """
    index = directions.index(key)
    own = Space(space.model, directions.space)
    length = own.centre().numel()
    if directions.vectors.shape[1] != length:
        raise UsageError(
            f"the directions were found in {directions.space} of {directions.vectors.shape[1]} numbers, and that of "
            f"'{space.model.recipe.name}' has {length}: find them in this model (organza directions)"
        )
    if layers is not None:
        if directions.space == "z":
            raise UsageError("z goes into the whole picture at once: layers are of directions in w")
        count = len(own.styles.resolutions)
        if not layers or min(layers) < 0 or max(layers) >= count:
            raise UsageError(f"layers are numbers of style inputs from 0 to {count - 1}")
    step = directions.vectors[index] * directions.deviations[index]
    chosen = None if layers is None else tuple(sorted(layers))
    return Move(directions.names[index], step.to(space.model.device), directions.space, chosen)


def scene_of_seeds(space: Space, seeds: Sequence[int], label: str | None = None) -> Scene:
    """Sample 0 of each of these seeds; errors as of `Space.of_seeds`."""
    if not seeds:
        raise UsageError("an edit needs at least one seed: --seeds 1,2,3")
    return Scene(space, space.of_seeds(seeds, label))


def scene_of_projection(space: Space, saved: Saved) -> Scene:
    """A projected picture.

    Raises:
        UsageError: It is of another space, or of a model of another shape.
    """
    own, device = Space(space.model, saved.space), space.model.device
    shape = tuple(own.centre().shape)
    if tuple(saved.latent.shape) != shape:
        raise UsageError(
            f"the projected picture is a point of {list(saved.latent.shape)} numbers, and those of "
            f"'{space.model.recipe.name}' have {list(shape)}: project it with this model"
        )
    noise = None if saved.noise is None else tuple(each.to(device) for each in saved.noise)
    if noise is not None:
        sides = own.styles.noises if own.abilities.styles else ()
        if tuple(each.shape[-1] for each in noise) != sides:
            raise UsageError("the noise of the projected picture does not fit this model: project it with this model")
    labels = len(space.model.labels)
    if (0 if saved.label is None else len(saved.label)) != labels:
        raise UsageError("the label of the projected picture does not fit this model: project it with this model")
    label = None if saved.label is None else saved.label[None].to(device)
    return Scene(own, Points(saved.latent[None].to(device), label), noise)


def moved(scene: Scene, move: Move, strength: float) -> Scene:
    """The scene, moved by so many standard deviations.

    Raises:
        UsageError: The direction is one of z and the points are of w, or the other way round.
    """
    space, points = scene.space, scene.drawn.points
    if (space.name == "z") != (move.space == "z"):
        raise UsageError(
            f"the direction '{move.name}' is one of {move.space}, and these points are of {space.name}: find one there"
        )
    if move.layers is not None and space.name == "w":
        space = Space(space.model, "w+")
        points = points[:, None].repeat(1, len(space.styles.resolutions), 1)
    step = strength * move.step.to(points)
    if move.layers is None:
        return Scene(space, scene.drawn._replace(points=points + step), scene.noise)
    chosen = torch.zeros(points.shape[1], 1).to(points)
    chosen[list(move.layers)] = 1.0
    return Scene(space, scene.drawn._replace(points=points + chosen * step), scene.noise)


def strips(scene: Scene, move: Move, strengths: Sequence[float], progress: Told = lambda done, total: None) -> Tensor:
    """What the model makes of the scene at each strength: float [points, strengths, C, H, W] in [-1, 1] on the CPU.

    Raises:
        UsageError: There are no strengths, or as of `moved`.
    """
    if not strengths:
        raise UsageError("an edit needs at least one strength")
    columns = []
    for number, strength in enumerate(strengths):
        there = moved(scene, move, strength)
        columns.append(there.space.images(there.drawn.points, there.drawn.labels, there.noise))
        progress(number + 1, len(strengths))
    return torch.stack(columns, 1)


def effects(pictures: Tensor, attributes: Attributes) -> list[Effect]:
    """What a move does to attributes, seen in its `strips` [points, strengths, C, H, W]."""
    means = torch.stack([attributes.probabilities(column).double().mean(0).cpu() for column in pictures.unbind(1)])
    return [Effect(name, tuple(means[:, number].tolist())) for number, name in enumerate(attributes.names)]


def evenly(first: float, last: float, count: int) -> list[float]:
    """So many strengths from the first to the last.

    Raises:
        UsageError: The count is too small, or a number is not finite.
    """
    if not 1 <= count <= MOST:
        raise UsageError(f"--strength A,B,N: N is 1 to {MOST:,}, not {count:,}")
    values = torch.linspace(first, last, count, dtype=torch.float64)
    if not bool(values.isfinite().all()):
        raise UsageError("--strength A,B,N: A and B are numbers, as -3,3,7")
    return [float(value) for value in values]
