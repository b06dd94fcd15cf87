"""make a picture of strokes of paint: organza paint MODEL strokes.png out.png --start-scale 2"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from organza.cli.parse import Device, Json, Whole, call, option
from organza.cli.picturing import ModelPath
from organza.cli.varying import Output, Side, StartScale, told


def paint(
    model: ModelPath,
    strokes: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="STROKES", help="a picture; any size")],
    output: Output,
    /,
    *,
    start_scale: StartScale = None,
    colours: Annotated[Whole | None, option("K")] = None,
    side: Side = None,
    seed: Whole = 0,
    device: Device = "auto",
    json: Json = False,
) -> int:
    """Make a picture like the one that a model was made of from strokes of paint.

    It has the proportions of the strokes, and as many pixels as the model's picture.

    Args:
        start_scale: The first scale that works on the strokes, from 0, the coarsest; the coarser, the less is left of them.
            Default: after a third of the scales, which is told. Models that grow
            (consingan, analogy-6) always begin at 0: there it is the first scale with noise.
        colours: First tell the strokes in so many main colours of the training picture, as the scales before know it: each pixel
            gets the nearest. Nothing is trained anew for it. Default: the strokes' own colours.
        seed: Of the noise.
    """
    from organza import api

    done = api.paint(
        model, strokes, output, start_scale=start_scale, colours=colours, side=side, seed=seed, device=device
    )
    return told(done, model, seed, json)


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    return call(paint, "paint", words)
