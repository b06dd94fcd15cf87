"""find the point of latent space that makes a picture: organza project MODEL photo.jpg --out photo.npz --picture both.png"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import tyro

from organza.cli.parse import Device, Json, Whole, call, option, print_json
from organza.cli.picturing import ModelPath

CONSENT = (
    "organza: if this shows a person: only with their consent, and never to deceive or to shame"
    " (docs/responsibility.md); what is made of it carries a mark"
)


def project(
    model: ModelPath,
    image: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="IMAGE", help="a picture of any size")],
    /,
    *,
    out: Annotated[Path, tyro.conf.arg(metavar="FILE.npz")],
    space: Annotated[str | None, option("w|w+|z")] = None,
    steps: Whole = 500,
    features: Annotated[str | None, option("NAME")] = None,
    label: Annotated[str | None, option("L")] = None,
    with_noise: Annotated[bool, option("")] = False,
    picture: Annotated[Path | None, option("FILE.png")] = None,
    seed: Whole = 0,
    device: Device = "auto",
    json: Json = False,
) -> int:
    """Find the point of a model's latent space whose picture comes nearest to IMAGE, by optimisation.

    The middle of the picture is resized to what the model makes. `organza edit --latent FILE.npz` goes on from there.

    Args:
        out: The point, its space and its label, for `edit` and for NumPy.
        space: w; w+, one w for each style input, which comes nearest; or z. Default: w+ for models with styles, else z.
        steps: Of the optimisation; 0: the best of 256 samples.
        features: In which pictures are compared, beside their pixels: random-conv, or vgg19-conv3_3. Default: VGG-19 where its
            weights are at hand.
        label: For models with labels. Default: that of the sample it begins with.
        with_noise: Look for the noise, too. It comes nearer, but what belongs into the styles may end up in the noise.
        picture: Write the picture beside its projection.
        seed: Of the samples among which the beginning is looked for.
    """
    from organza import api

    done = api.project(
        model, image, out=out, space=space, steps=steps, features=features, label=label, with_noise=with_noise,
        picture=picture, seed=seed, device=device,
    )  # fmt: skip
    found = done.projection
    if json:
        print_json(
            {
                "model": str(model),
                "image": str(image),
                "psnr": found.psnr,
                "distance": found.distance,
                "latent": str(done.file),
                "space": found.space,
                "shape": list(found.latent.shape),
                "features": found.features,
                "start_psnr": found.start_psnr,
                "steps": found.steps,
                "fitted": done.fitted,
                "picture": str(done.picture) if done.picture else None,
                "seconds": round(found.seconds, 3),
            }
        )
    else:
        print(done.file)
        print(f"PSNR {found.psnr:.2f} dB, of the best sample {found.start_psnr:.2f} dB (the picture: {done.fitted})")
        print(f"perceptual distance [{found.features}] {found.distance:.4f}")
    print(CONSENT, file=sys.stderr)
    return 0


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    return call(project, "project", words)
