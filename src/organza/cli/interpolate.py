"""a walk from seed to seed: organza interpolate MODEL --seeds 1,2,3 --frames 120 --out walk.gif"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from organza.cli.parse import Device, Json, Whole, call, option, print_json
from organza.cli.picturing import ModelPath


def interpolate(
    model: ModelPath,
    /,
    *,
    seeds: Annotated[str, tyro.conf.arg(metavar="S1,S2,..")],
    frames: Whole,
    out: Annotated[Path, tyro.conf.arg(metavar="FILE.gif|.mp4|DIR")],
    space: Annotated[str | None, option("z|w")] = None,
    loop: bool = False,
    rate: Whole = 20,
    label: Annotated[str | None, option("L")] = None,
    device: Device = "auto",
    json: Json = False,
) -> int:
    """Walk through the latent space, through the pictures of all seeds in their order.

    Seed S is what `organza sample MODEL -n 1 --seed S` shows.

    Args:
        seeds: Two or more, with commas between, or a range as 0-7.
        frames: Of the whole walk; each seed's own picture is one of them, the others are spread evenly between.
        out: A .gif; a .mp4, .mov or .mkv; or a folder, which gets a PNG for each frame.
        space: z: along arcs; w: along straight lines, for models with styles. Default: w where there is one.
        loop: Go back to the first seed at the end, so that the animation repeats without a jump.
        rate: Frames a second.
        label: For models with labels: of all pictures. Default: what each seed draws, changing on the way.
    """
    from organza import api

    done = api.interpolate(
        model, seeds=seeds, frames=frames, out=out, space=space, loop=loop, rate=rate, label=label, device=device
    )
    if json:
        files = [str(file) for file in done.files]
        print_json(
            {"model": str(model), "space": done.space, "frames": frames, "stops": list(done.stops), "files": files}
        )
    else:
        print(out)
    return 0


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    return call(interpolate, "interpolate", words)
