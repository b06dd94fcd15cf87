"""variations of one picture: organza vary MODEL -n 16 --out variations --scale 2x1"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from organza.cli.parse import Device, Json, Whole, call, option, print_json
from organza.cli.picturing import ModelPath
from organza.cli.varying import Side, StartScale


def vary(
    model: ModelPath,
    /,
    *,
    n: Annotated[Whole, tyro.conf.arg(aliases=["-n"])] = 16,
    out: Annotated[Path, tyro.conf.arg(metavar="DIR|FILE.png")],
    scale: Annotated[str, option("WxH")] = "1x1",
    start_scale: StartScale = None,
    side: Side = None,
    seed: Whole = 0,
    device: Device = "auto",
    json: Json = False,
) -> int:
    """Write variations of the picture that a model was made of. The same seed gives the same bytes; every file says what made it.

    Args:
        n: How many.
        out: A folder for single pictures, or a file that ends in .png for one grid.
        scale: Factors of width and height: 2x1 is twice as wide, to the pixel.
        start_scale: The first scale with noise, from 0, the coarsest; coarser ones show the training picture. Default: 0, so that
            all varies; with 1 or 2 the structure stays.
        seed: Variation i depends on the seed and on i alone.
    """
    from organza import api

    done = api.vary(model, n, out=out, scale=scale, start_scale=start_scale, side=side, seed=seed, device=device)
    if json:
        asked = {
            "model": str(model),
            "n": n,
            "scale": scale,
            "start_scale": done.start,
            "side": done.side,
            "seed": seed,
        }
        print_json({**asked, "size": [done.size[1], done.size[0]], "files": [str(file) for file in done.files]})
    else:
        print(out)
    return 0


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    return call(vary, "vary", words)
