"""What a stylisation leaves on the disk: the new model, and pictures for people, each with its mark."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from organza.errors import OrganzaError
from organza.exchange import Model, load_model, save_model
from organza.exchange.model import picture_pixels
from organza.files import sync_folder
from organza.marks import grid, save_picture
from organza.tools.latent.stylisation import Stylisation, opponents_of

MODEL, GRID, STYLES = "model", "grid.png", "styles.png"
OWN = ("abilities", "format", "organza", "recipe", "sample", "scores", "weights_sha256")
"""What a model's `config.json` says of this model alone."""


def check_folder(out: Path) -> None:
    """Raise an OrganzaError if there is something at `out`."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise OrganzaError(f"{out} exists: remove it first, or name another place with --out")


@contextmanager
def folder_written_whole(out: Path) -> Iterator[Path]:
    """Yield a folder beside `out` that takes its place when the block ends well; otherwise nothing is left of it.

    Raises:
        OrganzaError: There is something at `out`.
        OSError: It cannot be written.
    """
    check_folder(out)
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = out.with_name(f".{out.name}.{os.getpid()}.partial")
    temporary.mkdir()
    try:
        yield temporary
        if out.exists():  # an empty folder; not every system renames onto one
            out.rmdir()
        temporary.rename(out)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    sync_folder(out.parent)


def names_of(inputs: Sequence[Path]) -> list[str]:
    """Names for what is made of the inputs: their own, as .png, made different where two would be the same."""
    taken, names = {GRID, STYLES}, []
    for path in inputs:
        name, number = f"{path.stem}.png", 2
        while name.lower() in taken:
            name, number = f"{path.stem}-{number}.png", number + 1
        taken.add(name.lower())
        names.append(name)
    return names


def write_model(original: Model, made: Stylisation, folder: Path, told: Mapping[str, Any]) -> None:
    """Write the stylised model, with the discriminator of the original, so that it can be stylised again.

    Args:
        original: What was stylised.
        made: What has become of it.
        folder: To be made.
        told: What to say of it in `config.json`, under "stylised".

    Raises:
        OSError: It cannot be written.
    """
    facts = {key: value for key, value in original.config.items() if key not in OWN}
    stylised = {"of": original.config["weights_sha256"], **told}
    save_model(folder, original.recipe, made.model.networks, opponents_of(original), {**facts, "stylised": stylised})


def write_pictures(
    original: Model,
    made: Stylisation,
    rows: Tensor,
    folder: Path,
    names: Sequence[str],
    seed: int,
    told: Mapping[str, int | str],
) -> None:
    """Write the stylised inputs, the grid, and the style pictures beside what is made of their codes.

    Args:
        original: What was stylised.
        made: What has become of it.
        rows: [n, columns, C, H, W] in [-1, 1]: of each input the picture, what the original makes of its code, and what the new
            model does; or of each seed the last two.
        folder: Is there.
        names: Of the files of the inputs; none for seeds.
        seed: For the marks.
        told: For the marks.

    Raises:
        OSError: They cannot be written.
    """
    mark = made.model.mark(seed, verb="stylize", **told)
    of = original.config["weights_sha256"]
    columns = "picture, its inversion, stylised" if names else "sample, stylised"
    for name, pixels in zip(names, picture_pixels(rows[:, -1]), strict=True) if names else ():
        save_picture(folder / name, pixels, replace(mark, details={**mark.details, "input": name}))
    both = replace(mark, details={**mark.details, "original_sha256": of, "columns": columns})
    save_picture(folder / GRID, grid(picture_pixels(rows.flatten(0, 1)), rows.shape[1]), both)
    shown = torch.stack([made.targets, *made.images], 1)
    styles = replace(both, details={**both.details, "columns": "style, its inversion, what the new model makes of it"})
    save_picture(folder / STYLES, grid(picture_pixels(shown.flatten(0, 1)), shown.shape[1]), styles)


def reopened(folder: Path, device: torch.device) -> Model:
    """The model that was written."""
    return load_model(folder / MODEL, device)
