"""make what was pasted into a picture look as if it belonged there: organza harmonize MODEL pasted.png mask.png out.png"""

from __future__ import annotations

from organza.cli.parse import Device, Json, Whole, call
from organza.cli.picturing import ModelPath
from organza.cli.varying import Mask, Output, Picture, Side, StartScale, told


def harmonize(
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
    """Make what was pasted into a picture look as if it belonged there, with a model of the background.

    The mask is white where something was pasted; black, and transparent, where nothing was. It is grown by a disk of 7 pixels and
    blurred by 5; both less for pictures below 250 pixels, in proportion. Beyond that the picture keeps its pixels, to the bit (in
    a .png). Where the picture is larger than what the model makes, that is enlarged.

    Args:
        start_scale: The first scale that works on it, from 0, the coarsest; the coarser, the less is left of what was pasted.
            Default: the one in the middle, which is told. Models that grow
            (consingan, analogy-6) always begin at 0: there it is the first scale with noise.
        seed: Of the noise.
    """
    from organza import api

    done = api.harmonize(model, picture, mask, output, start_scale=start_scale, side=side, seed=seed, device=device)
    return told(done, model, seed, json)


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    return call(harmonize, "harmonize", words)
