"""Pictures and videos through models that make pictures from pictures."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from organza.api.models import load
from organza.api.paths import PathLike
from organza.console import Console
from organza.errors import OrganzaError, UsageError
from organza.exchange import Model
from organza.files import disk_errors
from organza.report import Work, write_pictures
from organza.tools.pictures import Asked, Case, Pictured, cases, remake

DONE = {"deblur": "deblurred", "translate": "translated", "enlarge": "enlarged"}


def deblur(
    model: PathLike | Model,
    input: PathLike,
    output: PathLike,
    *,
    tile: int | str = "auto",
    targets: PathLike | None = None,
    report: PathLike | None = None,
    device: str = "auto",
    console: Console | None = None,
) -> Pictured:
    """Make blurred pictures or videos sharp.

    Args:
        model: A deblurring model, opened or by its folder.
        input: A picture or a video of any size, or a folder of them, read with all folders in it.
        output: A .png, .jpg or .webp; for a video a .mp4, .mov or .mkv; or a folder, which gets the structure of the input's.
        tile: Pixels on each side of overlapping tiles; auto: the whole picture if it fits into memory, else the largest that do.
        targets: The true pictures: a folder with the same names, or one file for one input.
        report: Where to write a page with input beside output.
        device: auto, cpu, cuda, cuda:N or mps.
        console: Where progress goes; None: standard error.

    Returns:
        What was made, with scores where there are targets, and what failed: of a folder, one bad file does not stop the others.

    Raises:
        UsageError: The model cannot do it, or the options do not fit.
        OrganzaError: There is no input, a single input cannot be used, or something is in the way of the output.
    """
    asked = Asked("deblur", Path(input), Path(output), None, tile_size(tile), 0, Path(targets) if targets else None)
    return _picture(model, asked, Path(report) if report else None, device, console)


def translate(
    model: PathLike | Model,
    input: PathLike,
    output: PathLike,
    *,
    to: str | None = None,
    tile: int | str = "auto",
    seed: int = 0,
    targets: PathLike | None = None,
    report: PathLike | None = None,
    device: str = "auto",
    console: Console | None = None,
) -> Pictured:
    """Make pictures of one domain into pictures of another; arguments and errors as of `deblur`.

    Args:
        model: A model that translates.
        input: As of `deblur`.
        output: As of `deblur`.
        to: Domain to get into; None: b, or the only one that the model knows.
        tile: As of `deblur`.
        seed: Of models whose dropout goes on, which is their only noise.
        targets: As of `deblur`.
        report: As of `deblur`; where the model knows the way back, the page shows it, too.
        device: As of `deblur`.
        console: As of `deblur`.
    """
    opened = model if isinstance(model, Model) else load(model, device)
    goal, true = opened.domain(to), Path(targets) if targets else None
    asked = Asked("translate", Path(input), Path(output), goal, tile_size(tile), seed, true)
    return _picture(opened, asked, Path(report) if report else None, device, console)


def enlarge(
    model: PathLike | Model,
    input: PathLike,
    output: PathLike,
    *,
    factor: int | None = None,
    tile: int | str = "auto",
    targets: PathLike | None = None,
    report: PathLike | None = None,
    device: str = "auto",
    console: Console | None = None,
) -> Pictured:
    """Make small pictures larger; arguments and errors as of `deblur`.

    Args:
        model: A model that enlarges.
        input: As of `deblur`.
        output: As of `deblur`.
        factor: How many times, 2 to 8, for models of one picture, which take the step from scale to scale again and again;
            None: as many as the model says, for those 4.
        tile: As of `deblur`.
        targets: As of `deblur`.
        report: As of `deblur`.
        device: As of `deblur`.
        console: As of `deblur`.
    """
    true = Path(targets) if targets else None
    asked = Asked("enlarge", Path(input), Path(output), None, tile_size(tile), 0, true, factor)
    return _picture(model, asked, Path(report) if report else None, device, console)


def tile_size(tile: int | str) -> int | None:
    """`auto` -> None, a number as it is.

    Raises:
        UsageError: It is neither.
    """
    if tile == "auto":
        return None
    try:
        return int(tile)
    except ValueError:
        raise UsageError(f"--tile is auto or a number of pixels, not '{tile}'") from None


def _picture(
    model: PathLike | Model, asked: Asked, report: Path | None, device: str, console: Console | None
) -> Pictured:
    opened = model if isinstance(model, Model) else load(model, device)
    if report and report.is_dir():
        raise OrganzaError(f"{report} is a folder: name a file for the page, as {report / 'report.html'}")
    with (console or Console()).counting() as progress:
        with disk_errors(asked.target):
            done = remake(opened, asked, progress)
        if report:
            with disk_errors(report):
                write_pictures(report, _work(opened, asked, done, cases(opened, asked, done, progress)))
    return done


def _work(model: Model, asked: Asked, done: Pictured, shown: Sequence[Case]) -> Work:
    """What the page tells."""
    goal = f" to {asked.to}" if asked.to else ""
    words = ["organza", asked.verb, str(model.folder), str(asked.source), str(asked.target)]
    words += ["--to", asked.to] if asked.to else []
    words += ["--factor", str(asked.factor)] if asked.factor else []
    words += ["--tile", str(asked.tile)] if asked.tile else []
    words += ["--seed", str(asked.seed)] if asked.seed else []
    words += ["--targets", str(asked.targets)] if asked.targets else []
    return Work(
        title=f"{asked.source.name or asked.source}, {DONE[asked.verb]}{goal}",
        model=model.recipe.name,
        command=shlex.join(words),
        files=len(done.made),
        seconds=done.seconds,
        tile=done.tile,
        cases=shown,
        scored=[(made.job.name, made.scores) for made in done.made if made.scores],
        failed=[(failure.file, failure.reason) for failure in done.failed],
    )
