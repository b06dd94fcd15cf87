"""How much nearer to the true picture the output is than the input was."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from organza.data.container import Folder
from organza.errors import OrganzaError, UsageError
from organza.metrics import psnr, ssim
from organza.tools.pictures.photo import Photo, Pixels, read_photo, resized_pixels

EQUAL = 100.0
"""The PSNR that equal pictures are given, so that a mean can be taken."""

WINDOW = 11
BAND = 1_500_000  # pixels of a picture that are compared at once: SSIM's maps are many, and of 64 bits


@dataclass(frozen=True)
class PairScores:
    """One picture against the true one.

    Attributes:
        psnr: Of the output, in decibels, at most `EQUAL`.
        ssim: Of the output; None where the picture is smaller than SSIM's window.
        input_psnr: Of the input; where the output is larger, of the input enlarged bicubically.
        input_ssim: Also.
    """

    psnr: float
    ssim: float | None
    input_psnr: float
    input_ssim: float | None

    @property
    def gain(self) -> float:
        """Decibels by which the output is nearer than the input."""
        return self.psnr - self.input_psnr


def find_targets(folder: Path, names: Sequence[str]) -> dict[str, Path]:
    """The true picture for each name, from a folder with the same names (whatever the format), or one file for one.

    Raises:
        OrganzaError: There is no such folder, or not one of the names in it.
    """
    if folder.is_file():
        if len(names) != 1:
            raise UsageError(f"{folder} is one picture, and there are {len(names)}: name a folder of targets")
        return {names[0]: folder}
    if not folder.is_dir():
        raise OrganzaError(f"no targets at {folder}: name a folder with pictures of the same names")
    files = [item.path for item in Folder(folder).listing().items]
    exact, stems = {file: file for file in files}, {_stem(file): file for file in reversed(files)}
    found = {name: folder / file for name in names if (file := exact.get(name) or stems.get(_stem(name)))}
    if not found:
        raise OrganzaError(
            f"no picture in {folder} has the name of an input, as {names[0]}: name the folder of their targets"
        )
    return found


def _stem(name: str) -> str:
    return str(Path(name).with_suffix(""))


def compare(given: Photo, made: Photo, target: Path) -> PairScores:
    """Output and input against the true picture, in colour, or in grey where all three are grey.

    Raises:
        OrganzaError: The true picture cannot be read, or has another size than the output.
    """
    true = read_photo(target)
    if true.size != made.size:
        sizes = " and ".join(f"{width} x {height}" for height, width in (true.size, made.size))
        raise OrganzaError(f"{target} and the output have {sizes} pixels, and only equal sizes can be compared")
    channels = max(photo.colours.shape[2] for photo in (true, given, made))
    wanted, output = true.with_channels(channels), made.with_channels(channels)
    before = given.with_channels(channels)
    if given.size != made.size:
        before = resized_pixels(before, made.size)
    return PairScores(
        min(EQUAL, _psnr(output, wanted)),
        _ssim(output, wanted),
        min(EQUAL, _psnr(before, wanted)),
        _ssim(before, wanted),
    )


def _psnr(a: Pixels, b: Pixels) -> float:
    """Over bands, whose errors are averaged before the logarithm."""
    height = a.shape[0]
    rows = max(1, BAND // a.shape[1])
    errors = 0.0
    for top in range(0, height, rows):
        one, other = _tensor(a[top : top + rows]), _tensor(b[top : top + rows])
        errors += 255**2 / 10 ** (float(psnr(one, other)[0]) / 10) * one.numel()
    return float(10 * np.log10(255**2 * a.size / errors)) if errors else float("inf")


def _ssim(a: Pixels, b: Pixels) -> float | None:
    """Over bands that overlap by a window less one row, so that every place counts once."""
    height, width = a.shape[:2]
    if min(height, width) < WINDOW:
        return None
    rows = max(1, BAND // width)
    total: float = 0.0
    places: int = height - WINDOW + 1
    for top in range(0, places, rows):
        here = min(rows, places - top)
        band = slice(top, top + here + WINDOW - 1)
        total += here * float(ssim(_tensor(a[band]), _tensor(b[band]))[0])
    return total / places


def _tensor(pixels: Pixels) -> Tensor:
    return torch.from_numpy(np.array(pixels.transpose(2, 0, 1)))[None]


def summary(scores: Sequence[tuple[str, PairScores]]) -> dict[str, object]:
    """Means over all pictures, and each of them, for people and programs."""

    def mean(value: Callable[[PairScores], float | None]) -> float | None:
        found = [number for _, score in scores if (number := value(score)) is not None]
        return sum(found) / len(found) if found else None

    return {
        "n": len(scores),
        "psnr": mean(lambda score: score.psnr),
        "ssim": mean(lambda score: score.ssim),
        "input_psnr": mean(lambda score: score.input_psnr),
        "input_ssim": mean(lambda score: score.input_ssim),
        "pictures": [{"file": name, **vars(score)} for name, score in scores],
    }
