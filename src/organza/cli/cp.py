"""write a recipe to a file, to edit: organza cp dcgan mine.yaml"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import tyro

from organza.cli.parse import Json, call_with_fields, print_json


def cp(
    recipe: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="RECIPE")],
    file: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="FILE.yaml")],
    /,
    *,
    force: bool = False,
    json: Json = False,
) -> Callable[[dict[str, str]], int]:
    """Write a recipe to a YAML file; `organza train` and `organza show` take the file wherever they take a name.

    Args:
        recipe: Name or YAML file.
        file: Where to write it; ends in .yaml.
        force: Write over an existing file.
    """

    def with_fields(fields: dict[str, str]) -> int:
        from organza import api

        path = api.cp(recipe, file, fields, force=force)
        if json:
            print_json({"file": str(path)})
        else:
            print(path)
        return 0

    return with_fields


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    return call_with_fields(cp, "cp", words)
