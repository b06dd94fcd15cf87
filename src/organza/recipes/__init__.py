"""The table of systems, and recipes by name, by field and by file."""

from organza.recipes import noise_to_image, pictures, pyramid, style  # noqa: F401 (they enter their systems into the table)
from organza.recipes.fields import flatten, from_mapping, override, to_mapping
from organza.recipes.files import find_recipe, read_recipe, recipe_text
from organza.recipes.recipe import Recipe
from organza.recipes.resolve import choose, fit_to, notes, resolve, settle, whole_steps, with_cadence
from organza.recipes.table import RECIPES, enter

__all__ = [
    "RECIPES",
    "Recipe",
    "choose",
    "enter",
    "find_recipe",
    "fit_to",
    "flatten",
    "from_mapping",
    "notes",
    "override",
    "read_recipe",
    "recipe_text",
    "resolve",
    "settle",
    "to_mapping",
    "whole_steps",
    "with_cadence",
]
