"""how abruptly pictures change along paths through latent space: organza pathlength MODEL --space w"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import tyro

from organza.cli.parse import Device, Json, Whole, call, option, print_json
from organza.cli.picturing import ModelPath


def pathlength(
    model: ModelPath,
    /,
    *,
    space: Annotated[str | None, option("z|w")] = None,
    features: Annotated[str | None, option("NAME")] = None,
    n: Annotated[Whole, tyro.conf.arg(aliases=["-n"])] = 1000,
    seed: Whole = 0,
    device: Device = "auto",
    json: Json = False,
) -> int:
    """Measure the perceptual path length (Karras et al. 2019), over whole paths and at their ends: less is smoother.

    Paths are arcs in z and straight lines in w; both pictures of a step have the same noise; the mean leaves out the 1 % that
    change least and the 1 % that change most. Figures compare only in the same features.

    Args:
        space: Default: w for models with styles, else z.
        features: In whose maps distances are taken. Default: those that are made for the data of the training, else
            random-conv.
        n: Paths; published lengths are of 50,000.
        seed: Of everything that is drawn.
    """
    from organza import api

    found = api.pathlength(model, space=space, features=features, n=n, seed=seed, device=device)
    if json:
        print_json({"model": str(model), **asdict(found)})
    else:
        print(f"PPL {found.space}[{found.features}]  full {found.full:.4g}  end {found.end:.4g}  (n = {found.n:,})")
    return 0


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    return call(pathlength, "pathlength", words)
