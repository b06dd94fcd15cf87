"""Variations of the one picture that a model knows, and the picture itself with other proportions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from organza.data.picture import LARGEST_PIXELS
from organza.errors import UsageError
from organza.marks import grid, save_picture
from organza.networks.pyramid.generator import WHOLE, PyramidGenerator
from organza.networks.pyramid.sizes import Size
from organza.streams import Streams
from organza.tools.one_picture.known import Factors, KnownPicture, Pixels, check_output, pixels_of, told_factors
from organza.tools.pictures.files import check_free, may_be_folder
from organza.tools.pictures.memory import enough_memory


@dataclass(frozen=True)
class Varied:
    """What was made.

    Attributes:
        files: What was written.
        size: Height and width of each picture.
        start: The first scale with noise of its own; for a retargeted picture, the first that made it anew.
        side: Domain of the picture, for models of several.
    """

    files: list[Path]
    size: Size
    start: int
    side: str | None


def variation(known: KnownPicture, seed: int, number: int, factors: Factors = WHOLE, start: int = 0) -> Tensor:
    """The variation of this number of a seed, [1, C, H, W] in [-1, 1], of seed and number alone.

    Args:
        known: Of what.
        seed: Of the noise.
        number: From 0.
        factors: Of height and width.
        start: The first scale with noise; coarser ones make what they make of the training picture.
    """
    return known.generator.sample(1, Streams(seed).generator("sample", number), factors, start)


TOO_LARGE = "pictures of that size do not fit into memory: take a smaller --scale"


def retargeted(
    generator: PyramidGenerator, factors: Factors, start: int = 1, noise: torch.Generator | None = None
) -> Tensor:
    """The training picture with other proportions, [1, C, H, W] in [-1, 1].

    What the coarser scales make of it, its structure, is resized; the finer ones make everything smaller anew, so that
    textures keep their size. Without noise and with the factors 1 it is what the network makes of the training picture
    without noise at the finer scales.

    Args:
        generator: Of the picture.
        factors: Of height and width.
        start: The first of the finer scales, at least 1.
        noise: For the finer scales; None: no noise.
    """
    return generator.sample(1, noise, factors, start)


@enough_memory(TOO_LARGE)
def write_variations(
    known: KnownPicture,
    n: int,
    out: Path,
    *,
    factors: Factors = WHOLE,
    start: int | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Varied:
    """Write n variations: one PNG grid if `out` ends in .png, otherwise a folder of n PNG files.

    Args:
        known: Of what.
        n: How many, at least 1.
        out: File or folder; a folder is made if it is not there, and what models have written there is replaced.
        factors: Of height and width.
        start: The first scale with noise; None: 0, all.
        seed: The same seed gives the same bytes, whatever n is.
        progress: Told (done, total).

    Raises:
        UsageError: n is too small, there is no such scale, the result is too large, or `out` is a file of another kind.
        OrganzaError: Something else is in the way of the output.
        OSError: The files cannot be written.
    """
    if n < 1:
        raise UsageError(f"-n must be at least 1, not {n}")
    first, size = known.start(start, 0), known.result(factors)
    one_grid = out.suffix.lower() == ".png" and not out.is_dir()
    if one_grid and n * size[0] * size[1] > LARGEST_PIXELS:
        raise UsageError(f"{n} pictures of {size[1]}x{size[0]} are too many for one grid: name a folder")
    if not one_grid and not may_be_folder(out):
        raise UsageError(f"cannot write variations to {out}: name a folder, or a file that ends in .png")
    digits = max(5, len(str(n - 1)))
    files = [out] if one_grid else [out / f"{number:0{digits}d}.png" for number in range(n)]
    check_free(*files)

    def pictures() -> Iterator[Pixels]:
        for number in range(n):
            yield pixels_of(variation(known, seed, number, factors, first))[0]
            progress(number + 1, n)

    told: dict[str, int | str] = {"scale": told_factors(factors), "start_scale": first}
    if one_grid:
        out.parent.mkdir(parents=True, exist_ok=True)
        save_picture(out, grid(np.stack([*pictures()])), known.mark("vary", seed, grid=n, **told))
        return Varied(files, size, first, known.side)
    out.mkdir(parents=True, exist_ok=True)
    for number, pixels in enumerate(pictures()):
        save_picture(files[number], pixels, known.mark("vary", seed, index=number, **told))
    return Varied(files, size, first, known.side)


@enough_memory(TOO_LARGE)
def write_retargeted(
    known: KnownPicture, output: Path, factors: Factors, start: int | None = None, seed: int | None = None
) -> Varied:
    """Write the training picture with other proportions.

    Args:
        known: Of what.
        output: .png, .jpg or .webp.
        factors: Of height and width.
        start: The first scale that makes the picture anew; None: 1.
        seed: Of noise for these scales; None: no noise.

    Raises:
        UsageError: There is no such scale, the result is too large, or `output` is no name of a picture.
        OrganzaError: Something else is in the way of the output.
        OSError: The file cannot be written.
    """
    check_output(output)
    size, first = known.result(factors), known.start(start, 1, first=1)
    noise = None if seed is None else Streams(seed).generator("retarget")
    told: dict[str, int | str] = {
        "scale": told_factors(factors),
        "start_scale": first,
        "noise": "none" if seed is None else "of the seed",
    }
    made = pixels_of(retargeted(known.generator, factors, first, noise))[0]
    output.parent.mkdir(parents=True, exist_ok=True)
    save_picture(output, made, known.mark("retarget", seed or 0, **told))
    return Varied([output], size, first, known.side)
