"""Recipes as YAML files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from organza.errors import OrganzaError, UsageError, unknown
from organza.recipes.fields import from_mapping, to_mapping
from organza.recipes.recipe import Recipe
from organza.recipes.table import RECIPES


def find_recipe(name: str) -> Recipe:
    """The recipe of this name, or the one written in the YAML file of this path.

    Raises:
        UsageError: No recipe has that name; the file names an unknown field or holds a value that does not fit.
        OrganzaError: The file cannot be read.
    """
    if name in RECIPES:
        return RECIPES[name]
    if name.endswith((".yaml", ".yml")):
        return read_recipe(Path(name))
    raise unknown("recipe", name, RECIPES)


def read_recipe(path: Path) -> Recipe:
    """The recipe written in a YAML file; errors as of `find_recipe`."""
    try:
        tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no UTF-8 text"
        raise OrganzaError(f"cannot read the recipe {path}: {reason}") from None
    except yaml.YAMLError as error:
        raise OrganzaError(f"{path} is not valid YAML: {' '.join(str(error).split())}") from None
    if not isinstance(tree, dict):
        raise OrganzaError(f"{path} holds no recipe: write one with 'organza cp dcgan {path}'")
    try:
        return from_mapping(Recipe, tree)
    except UsageError as error:
        raise UsageError(f"{path}: {error}") from None


class Dumper(yaml.SafeDumper):
    """Writes pairs of numbers on one line."""


Dumper.add_representer(list, lambda dumper, items: dumper.represent_sequence("tag:yaml.org,2002:seq", items, True))


def recipe_text(recipe: Recipe) -> str:
    """The recipe as YAML, which `read_recipe` reads back as the same value."""
    return yaml_text(to_mapping(recipe))


def yaml_text(tree: dict[str, Any]) -> str:
    """Plain values as YAML for people: in their order, one field a line."""
    return yaml.dump(tree, Dumper=Dumper, sort_keys=False, allow_unicode=True, width=1000)
