"""put runs side by side: organza compare RUN RUN --out DIR"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import tyro

from organza.cli.parse import Device, Json, Whole, call, option, print_json


def compare(
    runs: Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="RUN...")],
    /,
    *,
    out: Annotated[Path, tyro.conf.arg(metavar="DIR")] = Path("comparison"),
    n: Annotated[Whole, tyro.conf.arg(aliases=["-n"])] = 5000,
    features: Annotated[str | None, option("NAME")] = None,
    split: Annotated[str, tyro.conf.arg(metavar="train|test")] = "test",
    seed: Whole = 0,
    device: Device = "auto",
    data_dir: Annotated[Path | None, option("DIR")] = None,
    title: Annotated[str | None, option("TEXT")] = None,
    json: Json = False,
) -> int:
    """Compare runs: scores with mean and deviation over seeds, cost, verdicts, and samples from the same noise.

    Leaves a table (table.md, table.csv, compare.json), pictures and a page, comparison.html, and prints the table.

    Args:
        runs: Run folders; the folder of a sweep stands for all of its runs.
        out: Where to write.
        n: Samples of each run that are scored.
        features: In which pictures are scored; by default those that are made for the data.
        split: Part of the data that samples are held against.
        seed: Of the scores, not of the trainings.
        data_dir: Where to look for built-in data sets first.
        title: Of the page.
    """
    from organza import api
    from organza.errors import UsageError

    if not runs:
        raise UsageError("name the runs to compare: organza compare RUN RUN")
    compared = api.compare(
        runs, out=out, n=n, features=features, split=split, seed=seed, device=device, data_dir=data_dir, title=title
    )
    if json:
        print_json({"out": str(out), **compared.record})
    else:
        print(compared.table, end="")
    print(f"page:   {out / 'comparison.html'}", file=sys.stderr)
    return 0


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    return call(compare, "compare", words)
