"""make pictures with a trained model: organza sample RUN -n 16 --out grid.png"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from organza.cli.parse import Device, Json, Whole, call, option, print_json


def sample(
    model: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="MODEL")],
    /,
    *,
    n: Annotated[Whole, tyro.conf.arg(aliases=["-n"])] = 16,
    out: Annotated[Path, tyro.conf.arg(metavar="DIR|FILE.png")],
    label: Annotated[str | None, option("L")] = None,
    seed: Whole = 0,
    device: Device = "auto",
    json: Json = False,
) -> int:
    """Write samples of a model. The same seed gives the same bytes; every file says that it was generated.

    Args:
        model: Folder of a model or of a run.
        n: How many.
        out: A folder for single pictures, or a file that ends in .png for one grid.
        label: For models with labels: name or number of a class, or attributes as smiling,hat=0.5. Default: as in the data.
        seed: Sample i depends on the seed and on i alone.
    """
    from organza import api

    files = api.sample(model, n, out=out, label=label, seed=seed, device=device)
    if json:
        print_json({"model": str(model), "n": n, "label": label, "seed": seed, "files": [str(file) for file in files]})
    else:
        print(out)
    return 0


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    return call(sample, "sample", words)
