"""From an authors' checkpoint to a recipe and the network that it builds, with the checkpoint's weights in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn

from organza.errors import OrganzaError, UsageError
from organza.exchange.authors.inert import printable
from organza.exchange.authors.kinds import KINDS, Found, Several, StateKind
from organza.exchange.authors.layers import fitted, layers_of, shape_of
from organza.exchange.authors.reading import open_checkpoint, read_checkpoint, without_statistics
from organza.exchange.authors.rebuilding import STATES
from organza.exchange.authors.style_kinds import SAMPLES, SEED
from organza.networks import Dims, NetworkOptions
from organza.networks.style import StyleGenerator
from organza.recipes import RECIPES, Recipe, override

MESSAGE = 1_000  # characters of a message with names out of a file, which can be of any length
PIECE = 1_000_000  # numbers of latent vectors, or labels, at a time
DIRECTIONS = {"b": "generator_ab", "a": "generator_ba"}  # by the domain that pictures get into


@dataclass(frozen=True)
class Converted:
    """A checkpoint as organza's.

    Attributes:
        recipe: The published one, with the architecture that was found.
        networks: By name, in evaluation mode: those that samples are made with.
        opponents: By name: those that only training needs, where the file has them.
        facts: For the model's `config.json`.
        notes: What the user should know, a line each.
    """

    recipe: Recipe
    networks: dict[str, nn.Module]
    facts: dict[str, Any]
    notes: tuple[str, ...]
    opponents: dict[str, nn.Module] = field(default_factory=dict)


def convert(path: Path, kind: str, overrides: Mapping[str, Any] | None = None, to: str | None = None) -> Converted:
    """Read a checkpoint and put its weights into organza's network.

    Args:
        path: Of the file.
        kind: Whose it is: a name in `KINDS`.
        overrides: Fields of the recipe, by dotted name, that cannot be read off the tensors.
        to: For networks that come in pairs, the domain that this one leads to; None: "b".

    Raises:
        OrganzaError: The file is no such checkpoint, or wants to run code.
        UsageError: There is no such kind, direction or field.
    """
    entry = KINDS[kind]
    directed = not isinstance(entry, StateKind) and entry.direction
    if to is not None and not (directed and to in DIRECTIONS):
        raise UsageError(f"--to is a or b, and for --as cyclegan only: leave out --to {to}")
    if isinstance(entry, StateKind):
        return convert_state(path, kind, entry, overrides or {})
    checkpoint = read_checkpoint(path)
    try:
        found = entry.read(without_statistics(checkpoint.tensors))
        recipe = recipe_for(found)
    except OrganzaError as error:
        raise OrganzaError(f"cannot import {path} as {kind}: {shown(error)}") from None
    recipe = override(recipe, overrides or {})
    try:
        network, weights = build(found, recipe)
    except OrganzaError as error:
        raise OrganzaError(f"cannot import {path} as {kind}: {shown(error)}") from None
    network.load_state_dict(weights, assign=True)
    name = DIRECTIONS[to or "b"] if directed else "generator"
    notes = tuple(map(shown, found.notes))
    if found.unused:
        notes += (f"{found.unused} tensors left out: of a part of the backbone that is never used",)
    facts = facts_of(path, kind, checkpoint.sha256, notes, 0)
    return Converted(recipe, {name: network.eval().requires_grad_(False)}, facts, notes)


def facts_of(path: Path, kind: str, sha256: str, notes: tuple[str, ...], classes: int) -> dict[str, Any]:
    """For the model's `config.json`. Names and shares of the classes are in no file: numbers, and all alike."""
    labels = {"label_kind": "classes", "label_shares": [round(1 / classes, 6)] * classes} if classes else {}
    return {
        "crop": 0,
        "classes": [str(number) for number in range(classes)],
        "images": 0,
        "stage": "main",
        "source": path.name,
        **labels,
        "imported": {"kind": kind, "sha256": sha256, "notes": list(notes)},
    }


def convert_state(path: Path, kind: str, entry: StateKind, overrides: Mapping[str, Any]) -> Converted:
    """As `convert`, for a file that holds the networks of a whole game."""
    opened = open_checkpoint(path, STATES)
    try:
        found = entry.read(opened)
        if found.changes["channels"] not in (1, 3, 4):
            raise OrganzaError(f"its pictures have {found.changes['channels']} channels: 1, 3 or 4 are known")
        recipe = override(override(RECIPES[found.recipe], found.changes), overrides)
        networks = {player: filled(player, found, recipe) for player in found.weights}
    except OrganzaError as error:
        raise OrganzaError(f"cannot import {path} as {kind}: {shown(error)}") from None
    except Exception as error:  # a stranger's tensors can have any names and shapes
        reason = printable(" ".join(str(error).split())) or type(error).__name__
        raise OrganzaError(f"cannot import {path} as {kind}: the file holds another network ({reason})") from None
    generator = {"generator": networks.pop("generator")}
    notes = tuple(map(shown, found.notes))
    facts = facts_of(path, kind, opened.sha256, notes, recipe.classes)
    return Converted(recipe, generator, facts, notes, networks)


def shown(text: object) -> str:
    """A message or note as one line: a stranger's names may lie in it."""
    return printable(" ".join(str(text).split()), MESSAGE)


def filled(player: str, found: Several, recipe: Recipe) -> nn.Module:
    """A player's network with the file's weights.

    Raises:
        OrganzaError: They do not fit; the message names the first.
    """
    game, weights = cast(Any, recipe.game), found.weights[player]
    options, dims = cast(NetworkOptions, getattr(game, player).network), Dims(recipe.sample, game.z_dim, recipe.classes)
    with torch.device(
        "meta"
    ):  # where a network of any size takes no room: the file's tensors are to have that size first
        own = options.build(dims).state_dict()
    lacks_average = "mapping.average" in own and "mapping.average" not in weights
    if lacks_average:
        weights = weights | {"mapping.average": torch.zeros(own["mapping.average"].shape)}
    for name in [*own, *weights]:
        wanted, given = own.get(name), weights.get(name)
        if wanted is None or given is None or wanted.shape != given.shape:
            raise OrganzaError(
                f"its {player}'s '{name}' is {shape_of(given)} in the file, {shape_of(wanted)} in organza's network"
            )
    with torch.random.fork_rng(devices=[]):  # first weights, which are overwritten, draw from the global generator
        network = options.build(dims)
    network.load_state_dict(weights)
    network.eval().requires_grad_(False)
    if lacks_average:
        mapping = cast(StyleGenerator, network).mapping
        mapping.average.copy_(average_w(mapping, game.z_dim, recipe.classes))
    return network


def average_w(mapping: nn.Module, z_dim: int, classes: int) -> torch.Tensor:
    """The mean of w over `SAMPLES` latent vectors, with all classes alike, [w_dim].

    In pieces: a small file can have so many classes that labels for all of them at once would fill the memory.
    """
    generator, rows = torch.Generator().manual_seed(SEED), max(1, PIECE // max(z_dim, classes))
    total = torch.zeros(())
    for start in range(0, SAMPLES, rows):
        count = min(rows, SAMPLES - start)
        labels = torch.full((count, classes), 1 / classes) if classes else None
        total = total + mapping(torch.randn(count, z_dim, generator=generator), labels).sum(0)
    return total / SAMPLES


def recipe_for(found: Found) -> Recipe:
    """The published recipe, with the architecture that was found.

    Raises:
        OrganzaError: The network makes no pictures that organza has.
    """
    channels = found.changes.get("channels", 3)
    if channels not in (1, 3, 4):
        raise OrganzaError(f"its pictures have {channels} channels: 1, 3 or 4 are known")
    published = RECIPES[found.recipe]
    changes = {
        "generator.network": found.network,
        **{f"generator.{name}": value for name, value in found.options.items()},
    }
    changes |= found.changes
    if published.load and changes.get("size", published.size) > published.load:
        changes = {"load": 0, **changes}  # before the size, which would not fit otherwise
    return override(published, changes)


def build(found: Found, recipe: Recipe) -> tuple[nn.Module, dict[str, torch.Tensor]]:
    """The recipe's generator without weights, and the weights that it is to have.

    Raises:
        OrganzaError: They do not fit, or some have no place.
    """
    options = cast(NetworkOptions, cast(Any, recipe.game).generator.network)
    with torch.device("meta"):  # which draws no random numbers, and takes no time
        network = options.build(Dims(recipe.sample))
    pairs = found.pairs(layers_of(network.state_dict()))
    return network, fitted(found.tensors, pairs, network, found.network)
