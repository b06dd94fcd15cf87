"""one style with other noise, and what that changes: organza noise MODEL --seed 1 -n 8 --out noise.png"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tyro

from organza.cli.parse import Device, Json, Whole, call, option, print_json
from organza.cli.picturing import ModelPath


def noise(
    model: ModelPath,
    /,
    *,
    seed: Whole = 0,
    layers: Annotated[str | None, option("coarse|middle|fine|A-B")] = None,
    n: Annotated[Whole, tyro.conf.arg(aliases=["-n"])] = 8,
    out: Annotated[Path, tyro.conf.arg(metavar="FILE.png|.gif")],
    label: Annotated[str | None, option("L")] = None,
    device: Device = "auto",
    json: Json = False,
) -> int:
    """Make pictures of one style with other noise, and say how much each pixel changes. Models with noise inputs only.

    A .png is a grid of the pictures; the last one is the deviation map: the standard deviation of each pixel, black 0, white the
    largest, which is printed. A .gif is an animation.

    Args:
        seed: Of the style and of the noise.
        layers: Noise inputs that are drawn anew, in words as of `organza mix`, or by number, from 0, both ends included; the
            others keep the model's own noise. Default: all.
        n: How many pictures.
        out: A file that ends in .png or .gif.
        label: For models with labels. Default: what the seed draws.
    """
    from organza import api

    done = api.noise(model, n, out=out, seed=seed, layers=layers, label=label, device=device)
    if json:
        deviation = {"mean": done.mean, "largest": done.largest, "unit": "levels of 0 to 255"}
        found = {"model": str(model), "seed": seed, "n": n, "layers": list(done.layers), "deviation": deviation}
        print_json({**found, "file": str(done.file)})
    else:
        print(done.file)
        print(
            f"standard deviation of a pixel: mean {done.mean:.3g}, largest {done.largest:.3g} of 255 levels (white in the map)"
        )
    return 0


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    return call(noise, "noise", words)
