"""one picture that moves: organza animate MODEL --out moving.gif"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from organza.cli.parse import Device, Json, Whole, call, print_json
from organza.cli.picturing import ModelPath
from organza.cli.varying import Side, StartScale


def animate(
    model: ModelPath,
    /,
    *,
    out: Annotated[Path, tyro.conf.arg(metavar="FILE.gif|.mp4|DIR")],
    frames: Whole = 100,
    start_scale: StartScale = None,
    rate: Whole = 10,
    side: Side = None,
    seed: Whole = 0,
    device: Device = "auto",
    json: Json = False,
) -> int:
    """Make the picture that a model was made of move: its noise walks around that of the picture itself.

    A model trained with --generator.padding noise moves at its borders as well.

    Args:
        out: A .gif; a .mp4, .mov or .mkv; or a folder, which gets a PNG for each frame.
        frames: How many.
        start_scale: The first scale that moves, from 0, the coarsest; the coarser, the more moves. Default: 2, or the finest one
            of models with fewer.
        rate: Frames a second.
        seed: Of the walk.
    """
    from organza import api

    done = api.animate(
        model, out=out, frames=frames, start_scale=start_scale, rate=rate, side=side, seed=seed, device=device
    )
    if json:
        asked = {"model": str(model), "frames": frames, "rate": rate, "start_scale": done.start, "side": done.side}
        size = [done.size[1], done.size[0]]
        print_json({**asked, "seed": seed, "size": size, "files": [str(file) for file in done.files]})
    else:
        print(out)
        print(f"from scale {done.start} on, of 0 to {done.scales - 1}: the coarser, the more moves")
    return 0


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    return call(animate, "animate", words)
