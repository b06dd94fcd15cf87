"""hide that parts of a picture were moved or covered: organza retouch MODEL edited.png mask.png out.png"""

from __future__ import annotations

from organza.cli.parse import Device, Json, Whole, call
from organza.cli.picturing import ModelPath
from organza.cli.varying import Mask, Output, Picture, Side, StartScale, told


def retouch(
    model: ModelPath,
    picture: Picture,
    mask: Mask,
    output: Output,
    /,
    *,
    start_scale: StartScale = None,
    side: Side = None,
    seed: Whole = 0,
    device: Device = "auto",
    json: Json = False,
) -> int:
    """Hide that parts of a picture were moved or covered by hand, with a model of the picture as it was.

    As `organza harmonize`, but the mask is grown by a disk of 20 pixels, because what was moved leaves something behind; less
    for pictures below 250 pixels, in proportion.

    Args:
        start_scale: The first scale that works on it, from 0, the coarsest; the coarser, the less is left of the edit. Default:
            the one in the middle, which is told. Models that grow
            (consingan, analogy-6) always begin at 0: there it is the first scale with noise.
        seed: Of the noise.
    """
    from organza import api

    done = api.retouch(model, picture, mask, output, start_scale=start_scale, side=side, seed=seed, device=device)
    return told(done, model, seed, json)


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    return call(retouch, "retouch", words)
