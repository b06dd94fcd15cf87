"""a recipe, resolved, with the sizes of its networks: organza show dcgan"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import tyro

from organza.cli.parse import Json, call_with_fields, print_json


def show(
    recipe: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="RECIPE")], /, *, json: Json = False
) -> Callable[[dict[str, str]], int]:
    """Show every field of a recipe, and the parameters and output shapes of its networks.

    Fields can be set here as in `organza train`, to see what that does: organza show dcgan --generator.width 32.

    Args:
        recipe: Name or YAML file.
    """

    def with_fields(fields: dict[str, str]) -> int:
        from organza import api
        from organza.recipes.files import yaml_text

        shown = api.show(recipe, fields)
        if json:
            print_json(shown)
            return 0
        networks, notes = shown.pop("networks"), shown.pop("notes")
        print(yaml_text(shown))
        for name, facts in networks.items():
            made = f", output {'x'.join(map(str, facts['output']))}" if "output" in facts else ""  # parts have none
            print(f"{name}: {facts['parameters']:,} parameters{made}")
        for note in notes:
            print(f"note: {note}")
        return 0

    return with_fields


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    return call_with_fields(show, "show", words)
