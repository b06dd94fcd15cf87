"""The table of systems, empty; the files beside this one enter theirs."""

from __future__ import annotations

from organza.recipes.recipe import Recipe
from organza.registry import Registry

RECIPES: Registry[Recipe] = Registry("recipe")


def enter(recipe: Recipe) -> Recipe:
    """Add a recipe to the table under its own name."""
    return RECIPES.add(recipe.name, recipe)
