"""one of the documents' experiments, its words beside our numbers: organza reproduce ring"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from organza.cli.parse import Device, Json, Whole, call, number_or_none, option, print_json, whole


def reproduce(
    study: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="STUDY")],
    /,
    *,
    quick: Annotated[bool, option("")] = False,
    full: Annotated[bool, option("")] = False,
    out: Annotated[Path | None, option("DIR")] = None,
    seeds: Annotated[str | None, option("K")] = None,
    images: Annotated[str | None, option("N")] = None,
    data: Annotated[str | None, option("SOURCE")] = None,
    jobs: Annotated[str | None, option("J")] = None,
    n: Annotated[Whole, tyro.conf.arg(aliases=["-n"])] = 5000,
    device: Device = "auto",
    data_dir: Annotated[Path | None, option("DIR")] = None,
    json: Json = False,
) -> int:
    """Run one of the documents' experiments: every setting with every seed, then one page and one table of it all.

    Stopped in any way, the same command goes on. Without --quick or --full, the budget is one that two CPU cores can do.

    Args:
        study: Name (`organza list studies`).
        quick: A tiny budget and one seed, to see that all of it works: the numbers mean nothing.
        full: The document's own budget.
        out: Folder. Default: studies/STUDY.
        seeds: Other than the study's.
        images: Another budget of each training.
        data: Another source.
        jobs: How many train at once. Default: one for every two cores.
        n: Samples of each run that are scored.
        data_dir: Where to look for built-in data sets first.
    """
    from organza import api

    done = api.reproduce(
        study, out=out, quick=quick, full=full, data=data, device=device, data_dir=data_dir, n=n,
        seeds=number_or_none(seeds, whole, "--seeds"),
        images=number_or_none(images, whole, "--images"),
        jobs=number_or_none(jobs, whole, "--jobs"),
    )  # fmt: skip
    if json:
        print_json(
            {
                "out": str(done.folder),
                "cells": [{"name": each.cell.name, "state": each.state, "reason": each.reason} for each in done.cells],
                "comparison": done.comparison.record if done.comparison else None,
            }
        )
    elif done.comparison:
        print((done.folder / "table.md").read_text(encoding="utf-8"))
        print(done.folder / "comparison.html")
    return 1 if done.failed else 0


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    return call(reproduce, "reproduce", words)
