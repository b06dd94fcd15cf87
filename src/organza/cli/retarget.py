"""one picture with other proportions: organza retarget MODEL wide.png --scale 2x1"""

from __future__ import annotations

from typing import Annotated

import tyro

from organza.cli.parse import Device, Json, Whole, call, option, print_json
from organza.cli.picturing import ModelPath
from organza.cli.varying import Output, Side, StartScale


def retarget(
    model: ModelPath,
    output: Output,
    /,
    *,
    scale: Annotated[str, tyro.conf.arg(metavar="WxH")],
    start_scale: StartScale = None,
    side: Side = None,
    seed: Annotated[Whole | None, option("N")] = None,
    device: Device = "auto",
    json: Json = False,
) -> int:
    """Write the picture that a model was made of with other proportions: its structure is stretched, its textures are not.

    Args:
        scale: Factors of width and height: 2x1 is twice as wide, to the pixel.
        start_scale: The first scale that makes the picture anew, at least 1; what coarser ones make is stretched. Default: 1.
        seed: Of noise for the scales that make it anew. Default: no noise.
    """
    from organza import api

    done = api.retarget(model, output, scale=scale, start_scale=start_scale, side=side, seed=seed, device=device)
    if json:
        asked = {"model": str(model), "scale": scale, "start_scale": done.start, "side": done.side, "seed": seed}
        print_json({**asked, "size": [done.size[1], done.size[0]], "file": str(output)})
    else:
        print(output)
    return 0


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    return call(retarget, "retarget", words)
