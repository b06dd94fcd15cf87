"""train every combination of some values, then compare: organza sweep gan --data SOURCE --over loss=.. --out DIR"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import tyro

from organza.cli.parse import Device, Json, Whole, call_with_fields, number_or_none, option, print_json, whole


def sweep(
    recipe: Annotated[str | None, tyro.conf.Positional, option("RECIPE")] = None,
    /,
    *,
    data: Annotated[str, tyro.conf.arg(metavar="SOURCE")],
    over: Annotated[tuple[str, ...], tyro.conf.UseAppendAction, option("FIELD=V1,V2")] = (),
    out: Annotated[Path, tyro.conf.arg(metavar="DIR")],
    seeds: Whole = 1,
    jobs: Annotated[str | None, option("J")] = None,
    images: Annotated[str | None, option("N")] = None,
    minutes: Annotated[str | None, option("M")] = None,
    n: Annotated[Whole, tyro.conf.arg(aliases=["-n"])] = 5000,
    device: Device = "auto",
    data_dir: Annotated[Path | None, option("DIR")] = None,
    json: Json = False,
) -> Callable[[dict[str, str]], int]:
    """Train every combination of the values with every seed, each in a process of its own, and compare all of them.

    The same command goes on where the sweep was, however it ended. Ctrl-C lets the running trainings save.
    Any field of the recipe can be set for all, as --batch 32.

    Args:
        recipe: Name (`organza list`) or YAML file; left out where --over recipe=gan,dcgan names several.
        data: A folder or zip of images (sub-folders are labels), or a built-in name (`organza list sources`).
        over: A field and its values; may be given again for another field. A value in brackets may hold commas.
        out: Folder of the sweep: its runs, their logs, and their comparison.
        seeds: Train each combination with so many seeds: 0, 1, ...
        jobs: Train so many at once. Default: one for every two cores; on an accelerator, one.
        images: Stop each training after so many images.
        minutes: Stop each training after about so many minutes.
        n: Samples of each run that are scored.
        data_dir: Where to look for built-in data sets first.
    """

    def with_fields(fields: dict[str, str]) -> int:
        from organza import api
        from organza.tools.sweep import parse_over

        swept = api.sweep(
            recipe, data=data, over=parse_over(over), out=out, seeds=seeds, jobs=number_or_none(jobs, whole, "--jobs"),
            images=number_or_none(images, whole, "--images"),
            minutes=number_or_none(minutes, lambda words: float(words[0]), "--minutes"),
            device=device, overrides=fields, data_dir=data_dir, n=n,
        )  # fmt: skip
        page = str(out / "comparison.html") if swept.comparison else None
        if json:
            print_json(
                {
                    "out": str(out),
                    "interrupted": swept.interrupted,
                    "cells": [
                        {
                            "name": result.cell.name,
                            "run": str(result.folder),
                            "state": result.state,
                            "seconds": round(result.seconds, 3),
                            "reason": result.reason,
                        }
                        for result in swept.cells
                    ],
                    "page": page,
                    "comparison": swept.comparison.record if swept.comparison else None,
                }
            )
        elif swept.comparison:
            print(swept.comparison.table, end="")
        if page:
            print(f"page:   {page}", file=sys.stderr)
        if swept.failed:
            print(
                f"organza: {len(swept.failed)} of {len(swept.cells)} cells failed, the first, {swept.failed[0].cell.name}: "
                f"{swept.failed[0].reason}; put that right, and the same command trains them again",
                file=sys.stderr,
            )
        return 1 if swept.failed else 0

    return with_fields


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    return call_with_fields(sweep, "sweep", words)
