"""What the verbs of models of one picture have in common on the command line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from organza.cli.parse import Whole, option, print_json
from organza.cli.picturing import TELLING, softness_of

if TYPE_CHECKING:
    from organza.tools.one_picture.edits import Edited

Picture = Annotated[
    Path,
    tyro.conf.Positional,
    tyro.conf.arg(metavar="PICTURE", help="with what was pasted or moved by hand; any size"),
]
Mask = Annotated[
    Path,
    tyro.conf.Positional,
    tyro.conf.arg(metavar="MASK", help="a picture of the same size, white where something is to be changed"),
]
Output = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="OUTPUT", help="a .png, .jpg or .webp")]
StartScale = Annotated[Whole | None, option("K")]
Side = Annotated[str | None, option("a|b", help="for models of analogies: which of the two pictures. Default: b")]


def told(done: Edited, model: Path, seed: int, json: bool) -> int:
    """Say what harmonize, retouch or paint has done; returns the exit status."""
    if not done.changed:
        print("organza: the mask is black everywhere: nothing was changed", file=sys.stderr)
    softness = done.softness
    if json:
        found: dict[str, Any] = {
            "model": str(model),
            "file": str(done.file),
            "size": [done.size[1], done.size[0]],
            "start_scale": done.start,
            "scales": done.scales,
            "side": done.side,
            "seed": seed,
            "changed_pixels": done.changed,
        }
        found |= {} if softness is None else {"mask": {"radius": softness.radius, "sigma": softness.sigma}}
        found |= {} if done.colours is None else {"colours": done.colours.tolist()}
        print_json(found)
        return 0
    print(done.file)
    if done.changed:
        noise = f", with noise from scale {done.start} on" if done.enters != done.start else ""
        print(f"from scale {done.enters} on{noise}, of 0 to {done.scales - 1}")
    if softness is not None and done.changed:
        share = done.changed / (done.size[0] * done.size[1])
        print(
            f"the mask was grown by {softness.radius:.3g} pixels and blurred by {softness.sigma:.3g}: {share:.1%} of the picture"
            " may have changed, all else is as it was"
        )
        if done.larger > TELLING:
            print(softness_of("what was painted", done.larger))
    return 0
