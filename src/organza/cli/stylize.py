"""make a model that draws in the style of a picture: organza stylize MODEL style.png photo.jpg --out DIR"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import tyro

from organza.cli.parse import Device, Json, Whole, call, option, print_json
from organza.cli.picturing import ModelPath
from organza.cli.project import CONSENT


def stylize(
    model: ModelPath,
    style: Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="STYLE.png", help="a picture of any size")],
    inputs: Annotated[
        tuple[Path, ...],
        tyro.conf.Positional,
        option("INPUT...", help="pictures to redraw; without them, samples of the model are"),
    ] = (),
    /,
    *,
    out: Annotated[Path, tyro.conf.arg(metavar="DIR")],
    keep_colour: Annotated[bool, option("")] = False,
    alpha: float = 1.0,
    blend: float = 1.0,
    more: Annotated[tuple[Path, ...], tyro.conf.UseAppendAction, option("STYLE.png", name="style")] = (),
    steps: Whole = 300,
    pixels: Annotated[float | None, option("W")] = None,
    space: Annotated[str, tyro.conf.arg(metavar="w|w+")] = "w",
    projection_steps: Whole = 500,
    seeds: Annotated[str | None, option("S1,S2,..")] = None,
    label: Annotated[str | None, option("L")] = None,
    seed: Whole = 0,
    device: Device = "auto",
    json: Json = False,
) -> int:
    """Make a model that draws in the style of one picture, and redraw pictures or samples with it (JoJoGAN).

    The model needs styles, as stylegan2's, and its discriminator (opponents.safetensors). It stays as it is.
    On pictures of people, docs/responsibility.md has a word.

    Args:
        out: A new folder. Gets model/, for every verb that takes a model; grid.png: input, inversion, stylised, or sample,
            stylised; styles.png: style, inversion, what the new model makes of it; and a .png for each INPUT.
        keep_colour: Let the inputs that decide on colours have their way: swap the styles of few others only.
        alpha: How much of the finer styles is random in training. 1: all, the most of the style; 0: hardly any style.
        blend: How far the weights are on the way from the original model to the stylised one, 0 to 1.
        more: A further style picture; may be given again.
        steps: Of the training.
        pixels: Weight of the pixels' difference beside that of the discriminator's features. Default: 0, as published; 4 where
            these have less than five levels, as for 32 pixels.
        space: Where style pictures are inverted. w: as the nearest sound picture of the model. w+: nearer, but farther from what
            the model knows.
        projection_steps: Of the inversion of each picture.
        seeds: Samples for the grid, where there is no INPUT. Default: 0-7.
        label: For models with labels: of samples and styles. Default: what each seed draws.
        seed: Of all that is drawn.
    """
    from organza import api

    done = api.stylize(
        model, (style, *more), inputs, out=out, keep_colour=keep_colour, alpha=alpha, blend=blend, steps=steps, pixels=pixels,
        space=space, projection_steps=projection_steps, seeds=seeds, label=label, seed=seed, device=device,
    )  # fmt: skip
    made = done.stylisation
    before, after = made.diversity
    kept = after / before if before else None  # a model whose samples are all the same has none to lose
    if json:
        print_json(
            {
                "model": str(model),
                "out": str(done.folder),
                "stylised": str(done.folder / "model"),
                "grid": str(done.grid),
                "comparison": str(done.styles),
                "files": [str(file) for file in done.files],
                "loss": {"first": made.loss[0], "last": made.loss[1]},
                "styles": [
                    {"file": str(file), "psnr_before": psnr[0], "psnr_after": psnr[1]}
                    for file, psnr in zip((style, *more), made.psnr, strict=True)
                ],
                "inputs": [
                    {"file": str(file), "inversion_psnr": psnr}
                    for file, psnr in zip(inputs, done.inversions, strict=True)
                ],
                "diversity": {"before": before, "after": after, "kept": kept},
                "swapped": list(made.swapped),
                "levels": made.levels,
                "pixels": made.pixels,
                "steps": steps,
                "alpha": alpha,
                "blend": blend,
                "seconds": round(done.seconds, 3),
            }
        )
    else:
        print(done.folder)
        print(
            f"loss {made.loss[0]:.4f} -> {made.loss[1]:.4f}" + ("" if kept is None else f", diversity kept {kept:.0%}")
        )
        for file, (old, new) in zip((style, *more), made.psnr, strict=True):
            print(f"{file}: PSNR of the inversion {old:.2f} dB, of what the new model makes of it {new:.2f} dB")
    print(CONSENT, file=sys.stderr)
    return 0


def run(words: list[str]) -> int:
    """Run the verb with these words."""
    return call(stylize, "stylize", words)
