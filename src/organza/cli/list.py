"""names of what there is: recipes, sources, studies, losses, ..."""

from __future__ import annotations

from typing import Annotated

import tyro

from organza.cli.parse import Json, call, print_json

NO_MODELS = "no models come with the package yet: wherever MODEL stands, name the folder of a model or of a run"


def list_names(kind: Annotated[str, tyro.conf.Positional] = "recipes", /, *, json: Json = False) -> int:
    """List the names of one kind, one line each.

    Args:
        kind: recipes, sources, studies, features, metrics, detectors, models, games, networks, losses, penalties or optimisers.
    """
    from organza import api

    found = api.names(kind)
    if json:
        print_json(found)
    elif kind == "models" and not found:
        print(NO_MODELS)
    else:
        width = max(map(len, found), default=0) + 2
        print("\n".join(f"{name:<{width}}{text}" for name, text in found.items()))
    return 0


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    return call(list_names, "list", words)
