"""From an authors' checkpoint to a recipe and the network that it builds, with the checkpoint's weights in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn

from organza.errors import OrganzaError, UsageError
from organza.exchange.authors.kinds import KINDS, Found
from organza.exchange.authors.layers import fitted, layers_of
from organza.exchange.authors.reading import read_checkpoint, without_statistics
from organza.networks import Dims, NetworkOptions
from organza.recipes import RECIPES, Recipe, override

DIRECTIONS = {"b": "generator_ab", "a": "generator_ba"}  # by the domain that pictures get into


@dataclass(frozen=True)
class Converted:
    """A checkpoint as organza's.

    Attributes:
        recipe: The published one, with the architecture that was found.
        networks: By name, in evaluation mode.
        facts: For the model's `config.json`.
        notes: What the user should know, a line each.
    """

    recipe: Recipe
    networks: dict[str, nn.Module]
    facts: dict[str, Any]
    notes: tuple[str, ...]


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
    if to is not None and not (entry.direction and to in DIRECTIONS):
        raise UsageError(f"--to is a or b, and for --as cyclegan only: leave out --to {to}")
    checkpoint = read_checkpoint(path)
    try:
        found = entry.read(without_statistics(checkpoint.tensors))
        recipe = recipe_for(found)
    except OrganzaError as error:
        raise OrganzaError(f"cannot import {path} as {kind}: {error}") from None
    recipe = override(recipe, overrides or {})
    try:
        network, weights = build(found, recipe)
    except OrganzaError as error:
        raise OrganzaError(f"cannot import {path} as {kind}: {error}") from None
    network.load_state_dict(weights, assign=True)
    name = DIRECTIONS[to or "b"] if entry.direction else "generator"
    notes = found.notes
    if found.unused:
        notes += (f"{found.unused} tensors left out: of a part of the backbone that is never used",)
    facts = {
        "crop": 0,
        "classes": [],
        "images": 0,
        "stage": "main",
        "source": path.name,
        "imported": {"kind": kind, "sha256": checkpoint.sha256, "notes": list(notes)},
    }
    return Converted(recipe, {name: network.eval().requires_grad_(False)}, facts, notes)


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
