"""make pictures with a trained model: organza sample RUN -n 16 --out grid.png"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from organza.cli.lists import attached
from organza.cli.parse import Device, Json, Whole, call, option, print_json


def sample(
    model: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="MODEL")],
    /,
    *,
    n: Annotated[Whole, tyro.conf.arg(aliases=["-n"])] = 16,
    out: Annotated[Path, tyro.conf.arg(metavar="DIR|FILE.png")],
    label: Annotated[str | None, option("L")] = None,
    seed: Whole = 0,
    truncation: Annotated[str, tyro.conf.arg(metavar="PSI")] = "1",
    cutoff: Annotated[Whole | None, option("K")] = None,
    scale: Annotated[str | None, option("WxH")] = None,
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
        truncation: How far from the middle of the latent space: 1 as drawn, 0 all the same, below 0 the opposite. Several, as
            -1,0,1, make one grid with a row for each sample.
        cutoff: For models with styles: truncate only the first K style inputs. Default: all.
        scale: For models of one picture: factors of width and height, as 2x1, which makes the pictures that `organza vary` makes.
    """
    from organza import api

    files = api.sample(
        model, n, out=out, label=label, seed=seed, truncation=truncation, cutoff=cutoff, scale=scale, device=device
    )
    if json:
        asked = {"model": str(model), "n": n, "label": label, "seed": seed, "cutoff": cutoff, "scale": scale}
        truncations = [float(number) for number in truncation.split(",")]
        print_json({**asked, "truncation": truncations, "files": [str(file) for file in files]})
    else:
        print(out)
    return 0


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    return call(sample, "sample", attached(words, "--truncation"))
