"""What deblur, translate and enlarge say on standard output and standard error."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from organza.cli.parse import option, print_json

if TYPE_CHECKING:
    from organza.tools.pictures import Pictured

ModelPath = Annotated[Path, tyro.conf.Positional, tyro.conf.arg(metavar="MODEL", help="folder of a model or of a run")]
Input = Annotated[
    Path, tyro.conf.Positional, tyro.conf.arg(metavar="INPUT", help="a picture, a video, or a folder of them; any size")
]
Output = Annotated[
    Path,
    tyro.conf.Positional,
    tyro.conf.arg(metavar="OUTPUT", help=".png, .jpg or .webp; for a video .mp4, .mov or .mkv; or a folder"),
]
Tile = Annotated[
    str,
    tyro.conf.arg(
        metavar="auto|N",
        help="pixels of overlapping tiles; auto: the whole picture if it fits into memory, else the largest tiles that do",
    ),
]
Targets = Annotated[
    Path | None,
    option("DIR", aliases=["--target"], help="the true pictures, of the same names: prints PSNR and SSIM against them"),
]
Report = Annotated[Path | None, option("FILE.html", help="write a page: input, output and target under a slider")]

TELLING = 1.5  # times that a picture is larger than the model makes it, from which on that shows


def softness_of(what: str, larger: float) -> str:
    """Why something is soft: the model makes pictures in the size that it has learnt, and this was enlarged so many times."""
    finer = "a model trained with a larger --size makes finer ones"
    return f"{what} had to be enlarged {larger:.1f} times, and is as soft as that: {finer}"


def told(done: Pictured, model: Path, json: bool) -> int:
    """Say what was done; returns the exit status, 1 if a file could not be done."""
    for failure in done.failed:
        print(f"organza: {failure.file}: {failure.reason}", file=sys.stderr)
    for picture in done.unscored:
        print(f"organza: {picture.file} was made, and not scored: {picture.reason}", file=sys.stderr)
    if json:
        found: dict[str, Any] = {
            "model": str(model),
            "files": [str(file) for file in done.files],
            "failed": [{"file": failure.file, "reason": failure.reason} for failure in done.failed],
            "unscored": [{"file": picture.file, "reason": picture.reason} for picture in done.unscored],
            "tile": done.tile,
            "seconds": round(done.seconds, 3),
            "peak_memory_bytes": done.peak_memory,
        }
        print_json({**found, "scores": done.scores} if done.scores else found)
        return int(bool(done.failed))
    if len(done.files) == 1:
        print(done.files[0])
    else:
        print(f"{len(done.files)} files made" + (f", {len(done.failed)} failed" if done.failed else ""))
    if done.larger > TELLING:
        print(softness_of("what the model made", done.larger))
    scores = done.scores
    if scores:
        print(f"PSNR {scores['psnr']:.2f} dB, of the input {scores['input_psnr']:.2f} dB ({scores['n']} pictures)")
        if scores["ssim"] is not None:
            print(f"SSIM {scores['ssim']:.4f}, of the input {scores['input_ssim']:.4f}")
    return int(bool(done.failed))
