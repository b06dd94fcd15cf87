"""One-shot stylisation: a model that draws in the style of a picture."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from organza.api.models import load
from organza.api.paths import PathLike
from organza.console import Console
from organza.errors import UsageError
from organza.exchange import Model
from organza.files import disk_errors
from organza.tools.latent.fitting import fitted_picture
from organza.tools.latent.options import Seeds, read_seeds
from organza.tools.latent.projection import STEPS as PROJECTION_STEPS
from organza.tools.latent.projection import Projection
from organza.tools.latent.projection import project as project_picture
from organza.tools.latent.space import Space
from organza.tools.latent.stylisation import STEPS, Course, Stylisation, open_judge, stylise
from organza.tools.latent.stylisation_files import (
    GRID,
    MODEL,
    STYLES,
    check_folder,
    folder_written_whole,
    names_of,
    reopened,
    write_model,
    write_pictures,
)

SEEDS = "0-7"


@dataclass(frozen=True, eq=False)
class Stylised:
    """What `stylize` has made.

    Attributes:
        model: The new one, as it was written.
        folder: Where it lies.
        grid: The inputs or samples before and after.
        styles: The style pictures, their inversions, and what the new model makes of these.
        files: The stylised inputs.
        inversions: PSNR of the inversion of each input, in decibels.
        stylisation: The figures.
        seconds: It took.
    """

    model: Model
    folder: Path
    grid: Path
    styles: Path
    files: tuple[Path, ...]
    inversions: tuple[float, ...]
    stylisation: Stylisation
    seconds: float


def stylize(
    model: PathLike | Model,
    style: PathLike | Sequence[PathLike],
    inputs: PathLike | Sequence[PathLike] = (),
    *,
    out: PathLike,
    keep_colour: bool = False,
    alpha: float = 1.0,
    blend: float = 1.0,
    steps: int = STEPS,
    pixels: float | None = None,
    space: str = "w",
    projection_steps: int = PROJECTION_STEPS,
    seeds: Seeds | None = None,
    label: str | None = None,
    seed: int = 0,
    device: str = "auto",
    console: Console | None = None,
) -> Stylised:
    """Make a model that draws in the style of one picture, or of a few, and draw with it. The model itself stays as it is.

    Pictures of people: docs/responsibility.md.

    Args:
        model: Has styles, and its discriminator beside it; opened or by its folder.
        style: A style picture, or several, of any size: their middles are resized to what the model makes.
        inputs: Pictures to redraw; none: samples are.
        out: A folder that is not there yet: gets model/, grid.png, styles.png, and a .png for each input.
        keep_colour: Let the finer inputs that decide on colours have their way.
        alpha: From 1, all of the style, to 0, hardly any: how random the finer codes are in training.
        blend: How far the weights are on the way from the original model to the new one.
        steps: Of the training.
        pixels: Weight of the pixels' difference beside that of the discriminator's features; None: 0, as published, but 4 where
            these have less than five levels (pictures of 32 pixels and less).
        space: Where the style pictures are inverted: w, where the model makes sound pictures, or w+, which comes nearer.
        projection_steps: Of each inversion.
        seeds: Of the samples in the grid where there are no inputs, as "1,5,9" or "0-7"; None: 0-7.
        label: For models with labels: of the samples and the codes; None: as they are drawn.
        seed: Of all that is drawn.
        device: auto, cpu, cuda, cuda:N or mps.
        console: Where progress goes; None: standard error.

    Raises:
        UsageError: The model has no styles or no discriminator, a number is out of its range, or options do not go together.
        OrganzaError: A file cannot be read or written, or `out` is there already.
    """
    began, folder = time.perf_counter(), Path(out)
    pictures, redrawn = _paths(style), _paths(inputs)
    course = Course(steps, alpha, keep_colour, blend, pixels, label, seed)
    if not pictures:
        raise UsageError("a stylisation needs a style picture: organza stylize MODEL STYLE.png --out DIR")
    if redrawn and seeds is not None:
        raise UsageError("the grid shows the inputs, or samples where there are none: leave out --seeds or INPUT")
    if space not in ("w", "w+"):
        raise UsageError(f"a style picture is inverted in w or w+, not in '{space}'")
    chosen = () if redrawn else read_seeds(SEEDS if seeds is None else seeds)
    check_folder(folder)
    opened = model if isinstance(model, Model) else load(model, device)
    where, own = Space(opened, "w+"), Space(opened, space)
    open_judge(opened)  # before anything is computed
    aims = [fitted_picture(path, opened)[0] for path in pictures]
    targets = [fitted_picture(path, opened)[0] for path in redrawn]
    with (console or Console()).counting() as progress:

        def told(what: str) -> Callable[[int, int], None]:
            return lambda done, total: progress(done, total, what)

        def inverted(place: Space, image: Tensor, what: str) -> Projection:
            return project_picture(place, image, projection_steps, label=label, seed=seed, progress=told(what))

        found = [inverted(own, aim, f"inverting {path.name}") for aim, path in zip(aims, pictures, strict=True)]
        codes = own.inputs(torch.stack([each.latent for each in found]).to(opened.device))
        given = [inverted(where, aim, f"inverting {path.name}") for aim, path in zip(targets, redrawn, strict=True)]
        made = stylise(opened, torch.stack(aims), codes, course, told("stylising"))
    spaces = [Space(each, "w+") for each in (opened, made.model)]
    if given:
        points = torch.stack([each.latent for each in given]).to(opened.device)
        shown = [torch.stack(targets), *(each.images(points) for each in spaces)]
    else:
        points = where.of_seeds(chosen, label).points
        shown = [each.images(points) for each in spaces]
    details: dict[str, int | str] = {
        "styles": len(pictures),
        "steps": steps,
        "alpha": f"{alpha:g}",
        "blend": f"{blend:g}",
    }
    details |= {"keep_colour": int(keep_colour)} | ({} if label is None else {"label": label})
    details |= {"seeds": ",".join(map(str, chosen))} if chosen else {}
    names = names_of(redrawn)
    with disk_errors(folder), folder_written_whole(folder) as temporary:
        write_model(opened, made, temporary / MODEL, {**details, "seed": seed, "space": space})
        write_pictures(opened, made, torch.stack(shown, 1), temporary, names, seed, details)
    return Stylised(
        model=reopened(folder, opened.device),
        folder=folder,
        grid=folder / GRID,
        styles=folder / STYLES,
        files=tuple(folder / name for name in names),
        inversions=tuple(each.psnr for each in given),
        stylisation=made,
        seconds=time.perf_counter() - began,
    )


def _paths(paths: PathLike | Sequence[PathLike]) -> list[Path]:
    return [Path(paths)] if isinstance(paths, str | os.PathLike) else [Path(path) for path in paths]
