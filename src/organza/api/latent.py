"""What the latent space of a model is for: mixing styles, walking from seed to seed, other noise."""

from __future__ import annotations

from pathlib import Path

from organza.api.models import load
from organza.api.paths import PathLike
from organza.console import Console
from organza.exchange import Model
from organza.files import disk_errors
from organza.tools.latent.interpolation import Walk, write_interpolation
from organza.tools.latent.mixing import Mix, write_mix
from organza.tools.latent.noise import NoiseStudy, write_noise
from organza.tools.latent.options import Seeds, read_seeds


def mix(
    model: PathLike | Model,
    *,
    rows: Seeds,
    columns: Seeds,
    layers: str,
    out: PathLike,
    label: str | None = None,
    device: str = "auto",
    console: Console | None = None,
) -> Mix:
    """Write a grid of styles swapped between seeds.

    The top row shows the seeds of the columns, the left column those of the rows; inside is the row's picture with the styles of
    some layers taken from the column's.

    Args:
        model: A model with styles, opened or by its folder.
        rows: Seeds, as numbers or as "1,5,9" or "0-7"; seed S is what `sample` makes as its only sample of seed S.
        columns: As `rows`.
        layers: coarse, middle or fine; or style inputs by number, from 0, as "2-5" or "3".
        out: A file that ends in .png.
        label: For a model with labels: of all pictures; None: what each seed draws.
        device: auto, cpu, cuda, cuda:N or mps.
        console: Where progress goes; None: standard error.

    Returns:
        The file, and which style inputs were taken from the columns.

    Raises:
        UsageError: The model has no styles, or there are no such seeds, layers or label.
        OrganzaError: The model cannot be opened, or the file cannot be written.
    """
    seeds = read_seeds(rows, "--rows"), read_seeds(columns, "--columns")
    opened = model if isinstance(model, Model) else load(model, device)
    with (console or Console()).counting() as progress, disk_errors(Path(out)):
        return write_mix(opened, *seeds, layers, Path(out), label, lambda done, total: progress(done, total, "mixing"))


def interpolate(
    model: PathLike | Model,
    *,
    seeds: Seeds,
    frames: int,
    out: PathLike,
    space: str | None = None,
    loop: bool = False,
    rate: int = 20,
    label: str | None = None,
    device: str = "auto",
    console: Console | None = None,
) -> Walk:
    """Write a walk through the latent space that goes through the pictures of all seeds in their order.

    Args:
        model: A model that makes samples from noise, opened or by its folder.
        seeds: Two or more, as of `mix`.
        frames: Of the whole walk; each seed's picture is one of them, and the others are spread evenly between.
        out: A .gif; a .mp4, .mov or .mkv; or a folder, which gets a PNG for each frame.
        space: z, along arcs, or w, along straight lines; None: w for models with styles, z for others.
        loop: Whether the walk leads back to the first seed, so that it can be repeated without a jump.
        rate: Frames a second.
        label: As of `mix`.
        device: As of `mix`.
        console: As of `mix`.

    Returns:
        The files, and the space.

    Raises:
        UsageError: There are no such seeds, space or label, too few frames, or `out` is a file of another kind.
        OrganzaError: The model cannot be opened, PyAV is missing, or the files cannot be written.
    """
    stops = read_seeds(seeds)
    opened = model if isinstance(model, Model) else load(model, device)
    with (console or Console()).counting() as progress, disk_errors(Path(out)):
        return write_interpolation(
            opened, stops, frames, Path(out), space=space, loop=loop, rate=rate, label=label,
            progress=lambda done, total: progress(done, total, "frames"),
        )  # fmt: skip


def noise(
    model: PathLike | Model,
    n: int = 8,
    *,
    out: PathLike,
    seed: int = 0,
    layers: str | None = None,
    label: str | None = None,
    device: str = "auto",
    console: Console | None = None,
) -> NoiseStudy:
    """Write n pictures of one style with other noise, and say how much that changes.

    Args:
        model: A model with styles and noise inputs, opened or by its folder.
        n: How many pictures, at least 2.
        out: A .png, a grid whose last picture is the deviation map: the standard deviation of each pixel, white where it is
            largest; or a .gif, an animation.
        seed: Of the style and of the noise.
        layers: coarse, middle or fine; or noise inputs by number, from 0; the others keep the model's own noise. None: all.
        label: As of `mix`.
        device: As of `mix`.
        console: As of `mix`.

    Returns:
        The file, which inputs were drawn anew, and how much the pictures differ.

    Raises:
        UsageError: The model has no noise inputs, or not these, n is too small, or `out` is a file of another kind.
        OrganzaError: The model cannot be opened, or the file cannot be written.
    """
    opened = model if isinstance(model, Model) else load(model, device)
    with (console or Console()).counting() as progress, disk_errors(Path(out)):
        return write_noise(
            opened, seed, n, Path(out), layers=layers, label=label,
            progress=lambda done, total: progress(done, total, "noise"),
        )  # fmt: skip
