"""What there is: names, recipes, sources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from organza import data as sources
from organza import tools
from organza.api.paths import PathLike
from organza.console import Console
from organza.diagnosis import DETECTORS
from organza.errors import OrganzaError, UsageError, unknown
from organza.features import FEATURES
from organza.files import disk_errors, write_text
from organza.games import GAMES, OPTIMISERS
from organza.losses import LOSSES, PENALTIES
from organza.networks import NETWORKS
from organza.recipes import RECIPES, Recipe, find_recipe, notes, override, recipe_text, to_mapping
from organza.training.inspection import network_facts


def check(
    source: str,
    *,
    quick: bool = False,
    features: str | None = None,
    data_dir: PathLike | None = None,
    console: Console | None = None,
) -> sources.Check:
    """Look through a source: what is in it, what is wrong with it, what training will do about that, what it is enough for.

    Args:
        source: As for `train`.
        quick: Leave out what needs a look at the pictures' features: at most 2,000 of them, and only the first time.
        features: In which they are looked at; None: those that are made for the source, else `random-conv`.
        data_dir: Where to look for built-in data sets before anywhere else.
        console: Where progress goes; None: standard error.

    Raises:
        UsageError: There are no such features.
        OrganzaError: There is no such source, or it cannot be read at all.
    """
    place = Path(data_dir) if data_dir else None
    with (console or Console()).counting() as progress:
        found = sources.check(source, data_dir=place, progress=progress)
        # Fitness tells what data are enough for in a GAN from noise.
        if quick or not found.fit or found.domains or found.pairs is not None:
            return found
        try:
            opened = sources.open_source(source, data_dir=place, progress=progress)
        except OrganzaError:  # it is not fit for anything, and the check says why
            return found
        return replace(found, fitness=asdict(tools.fitness_of(opened, features, progress)))


def names(kind: str = "recipes") -> dict[str, str]:
    """Names of one kind, each with one line on it.

    Kinds: recipes, sources, studies, features, metrics, detectors, models (none so far), games, networks, losses, penalties,
    optimisers.
    """
    tables: dict[str, Callable[[], dict[str, str]]] = {
        "recipes": lambda: {name: f"{recipe.summary} ({recipe.paper})" for name, recipe in RECIPES.items()},
        "sources": sources.source_names,
        "games": lambda: {name: first_line(game) for name, game in GAMES.items()},
        "networks": lambda: {name: first_line(network) for name, network in NETWORKS.items()},
        "studies": tools.study_names,
        "losses": lambda: {name: loss.paper for name, loss in LOSSES.items()},
        "penalties": lambda: {name: first_line(penalty) for name, penalty in PENALTIES.items()},
        "optimisers": lambda: {name: first_line(optimiser) for name, optimiser in OPTIMISERS.items()},
        "detectors": lambda: {name: f"{detector.summary}: {detector.verdict}" for name, detector in DETECTORS.items()},
        "features": lambda: {name: features.summary for name, features in FEATURES.items()},
        "models": dict,  # none come with the package
        "metrics": lambda: {name: metric.meaning for name, metric in tools.METRICS.items()},
    }
    if kind not in tables:
        raise unknown("kind of names", kind, tables)
    return tables[kind]()


def show(recipe: str | Recipe, overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The resolved recipe as plain values, and its networks.

    Returns:
        {"name", "paper", ..., "networks": {NAME: {"parameters": N, "output": [C, H, W]}}, "notes": [TEXT]}; parts of networks
        have no output, and notes tell what the game decides by shape and batch.
    """
    resolved = override(find_recipe(recipe) if isinstance(recipe, str) else recipe, overrides or {})
    networks = network_facts(resolved.build(), resolved.shape)
    return {**to_mapping(resolved), "networks": networks, "notes": list(notes(resolved))}


def cp(recipe: str, file: PathLike, overrides: Mapping[str, Any] | None = None, *, force: bool = False) -> Path:
    """Write a recipe to a YAML file, to edit it; `train` takes the file wherever it takes a name.

    Raises:
        UsageError: The recipe is unknown, or the file's name does not end in .yaml.
        OrganzaError: The file exists, and `force` is not set.
    """
    path = Path(file)
    if path.suffix not in (".yaml", ".yml"):
        raise UsageError(f"a recipe file ends in .yaml: {path.with_suffix('.yaml')}")
    if path.exists() and not force:
        raise OrganzaError(f"{path} exists: remove it first, or say --force")
    with disk_errors(path):
        write_text(path, recipe_text(override(find_recipe(recipe), overrides or {})))
    return path


def first_line(thing: object) -> str:
    """The first line of a docstring."""
    return (thing.__doc__ or "").strip().partition("\n")[0]
