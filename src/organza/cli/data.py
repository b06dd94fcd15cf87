"""look at data before training on them: organza data check ./pictures"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import tyro

from organza.cli.parse import Json, call, option, print_json
from organza.errors import unknown


def check(
    source: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="SOURCE")],
    /,
    *,
    data_dir: Annotated[Path | None, option("DIR")] = None,
    json: Json = False,
) -> int:
    """Look through a source and say everything that is wrong with it at once, and what training does about it.

    Args:
        source: A folder or zip of images, or a built-in name.
        data_dir: Where to look for built-in data sets first.
    """
    from organza import api

    found = api.check(source, data_dir=data_dir)
    if json:
        print_json(asdict(found))
        return 0
    print(found.sentence)
    print(f"  usable     {found.usable:,} of {found.files:,}, {found.channels} channels")
    print("  sizes      " + ", ".join(f"{width}x{height} ({count:,})" for width, height, count in found.sizes))
    if found.classes:
        print("  classes    " + ", ".join(f"{name} ({count:,})" for name, count in found.classes.items()))
    if found.duplicates:
        print(f"  duplicates {found.duplicates:,} files repeat another byte for byte")
    for problem in found.problems:
        more = "" if problem.count <= 3 else f" and {problem.count - 3} more"
        print(f"  {problem.kind}: {', '.join(problem.files[:3])}{more} -> {problem.action}")
    return 0


VERBS = {"check": check}


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    if not words or words[0] in ("-h", "--help"):
        print("usage: organza data check SOURCE [--json]    see organza data check --help")
        return 0 if words else 2
    if words[0] not in VERBS:
        raise unknown("verb of organza data", words[0], VERBS)
    return call(VERBS[words[0]], f"data {words[0]}", words[1:])
