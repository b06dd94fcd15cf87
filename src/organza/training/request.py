"""What a user asks of a training, where it goes if they do not say, and how to ask for it again."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from organza.data import Source
from organza.recipes import Recipe


@dataclass(frozen=True)
class Request:
    """What the user asks for.

    Attributes:
        recipe: Fitted to the source.
        pinned: Fields that the user has set, which nothing else may change.
        chosen: Whether organza has chosen the recipe.
        images: Budget in images, if the user has set one.
        minutes: Budget in minutes of training, if the user has set one.
        seed: Of all randomness.
        device: Where to train.
        start: Folder of a model to take the first weights from.
        command: What to type to do the same again.
    """

    recipe: Recipe
    pinned: frozenset[str]
    chosen: bool
    images: int | None
    minutes: float | None
    seed: int
    device: torch.device
    start: str | None = None
    command: str = ""


def default_folder(
    recipe: Recipe, source: Source, overrides: Mapping[str, Any], seed: int, start: str | os.PathLike[str] | None
) -> Path:
    """runs/RECIPE-SOURCE, with a digest of what makes this run differ from the plain one, if anything does."""
    asked = {**{name: str(value) for name, value in overrides.items()}, "seed": seed, "from": str(start or "")}
    plain = asked == {"seed": 0, "from": ""}
    digest = "" if plain else "-" + hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:6]
    data = "-".join(Path(one.name.removeprefix("pairs:")).stem for one in source.domains or (source,))
    return Path("runs") / f"{Path(recipe.name).name}-{data or 'data'}{digest}"


def command_line(
    recipe: str | Recipe | None,
    data: str,
    out: str | os.PathLike[str] | None,
    images: int | None,
    minutes: float | None,
    seed: int,
    start: str | os.PathLike[str] | None,
    overrides: Mapping[str, Any],
    also: Mapping[str, Any],
) -> str:
    """The command that does, or goes on with, the same; `also` are options of the command by their names."""
    words = ["organza", "train"] + ([recipe if isinstance(recipe, str) else recipe.name] if recipe else [])
    options = {"data": data, "out": out, "images": images, "minutes": minutes, "seed": seed or None, "from": start}
    options |= also
    options |= overrides
    for name, value in options.items():
        if value is True:
            words += [f"--{name}"] if name in also else [f"--{name}", "true"]
        elif value is not None and not (value is False and name in also):
            words += [f"--{name}", str(value)]
    return shlex.join(words)
