"""Trained models and the pictures that they make."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor

from organza.api.paths import PathLike
from organza.console import Console
from organza.errors import OrganzaError, UsageError
from organza.exchange import Model, load_model
from organza.exchange.model import picture_pixels
from organza.files import disk_errors
from organza.marks import Mark, grid, read_mark, save_picture
from organza.tools import write_samples
from organza.tools.latent.options import read_numbers
from organza.tools.one_picture.known import one_picture, read_factors
from organza.tools.one_picture.variations import write_variations
from organza.training import pick_device


def load(model: PathLike, device: str = "cpu") -> Model:
    """Open a model folder, or the model of a run.

    Raises:
        OrganzaError: There is none, it is damaged, or a newer organza wrote it.
    """
    path = Path(model)
    if not path.exists():
        raise OrganzaError(f"no model at {path}: name a model folder or a run folder")
    return load_model(path, pick_device(device))


def sample(
    model: PathLike | Model,
    n: int = 16,
    *,
    out: PathLike,
    label: str | None = None,
    seed: int = 0,
    truncation: str | float | Sequence[float] = 1.0,
    cutoff: int | None = None,
    scale: str | Sequence[float] | None = None,
    device: str = "auto",
    console: Console | None = None,
) -> list[Path]:
    """Write n samples of a model as one PNG grid (`out` ends in .png) or as a folder of PNG files; return the files.

    The same seed gives the same bytes. Every file carries the provenance mark. A model with labels makes `label`, the name or
    number of a class, or attributes as "smiling,hat=0.5"; without it, samples have the shares that the data had.

    `truncation` says how far from the middle of the latent space samples come: 1 as drawn, 0 all the same, below 0 the opposite;
    of models with styles, `cutoff` so many style inputs are truncated, the coarsest first. Several truncations, as [-1, 0, 1] or
    "-1,0,1", make one grid: a row for each sample, a column for each truncation.

    Of models of one picture, `scale` are factors of width and height, as "2x1" or (2, 1): then they are those of `vary`.

    Raises:
        UsageError: n is too small, the model makes nothing from noise, or it has no such label or truncation.
        OrganzaError: The model cannot be opened, or the files cannot be written.
    """
    truncations = read_numbers(truncation, "--truncation")
    opened = model if isinstance(model, Model) else load(model, device)
    if scale is not None and (label is not None or cutoff is not None or tuple(truncations) != (1.0,)):
        raise UsageError(
            "--scale is for models of one picture, which have neither labels nor truncation: leave those out"
        )
    with (console or Console()).counting() as progress, disk_errors(Path(out)):
        if scale is not None:
            return write_variations(
                one_picture(opened), n, Path(out), factors=read_factors(scale), seed=seed,
                progress=lambda done, total: progress(done, total, "sampling"),
            ).files  # fmt: skip
        return write_samples(
            opened,
            n,
            Path(out),
            seed,
            label,
            lambda done, total: progress(done, total, "sampling"),
            truncations,
            cutoff,
        )


def save_images(images: Tensor, path: PathLike, *, model: Model | None = None, seed: int = 0) -> Path:
    """Write samples, float [n, C, H, W] in [-1, 1], as one PNG grid with the provenance mark.

    Args:
        images: As `Model.sample` returns them.
        path: Where.
        model: What made them, for the mark.
        seed: What they were made from, for the mark.
    """
    mark = model.mark(seed, grid=len(images)) if model else Mark("unknown", "", seed, {"grid": len(images)})
    with disk_errors(Path(path)):
        save_picture(Path(path), grid(picture_pixels(images.detach().cpu())), mark)
    return Path(path)


def verify(image: PathLike) -> Mark | None:
    """The provenance mark of a picture, or None if it carries none (which proves nothing: metadata can be removed).

    Raises:
        OrganzaError: The file cannot be read, or its mark was altered.
    """
    return read_mark(Path(image))
