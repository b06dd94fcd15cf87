"""Small worlds of pictures in which it is known what should come of a translation."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from organza.data import decode, open_source

Pixels = NDArray[np.uint8]
SIDE, DIGIT = 32, 20


def digits(data_dir: Path | None, first: int, count: int, split: str = "train") -> Pixels:
    """Handwritten digits without their margins, uint8 [count, 20, 20]."""
    found = decode(open_source("mnist", data_dir=data_dir, split=split), 28, 1)
    return found.read(torch.arange(first, first + count))[:, 4:24, 4:24, 0].numpy()


def placed(marks: Pixels, channel: int, corner: int) -> Pixels:
    """Pictures, uint8 [n, 32, 32, 3], black but for marks in one colour, whose top left corner lies at (corner, corner)."""
    pictures = np.zeros((len(marks), SIDE, SIDE, 3), np.uint8)
    pictures[:, corner : corner + DIGIT, corner : corner + DIGIT, channel] = marks
    return pictures


def red(marks: Pixels) -> Pixels:
    """Red digits near the top left corner."""
    return placed(marks, 0, 2)


def blue(marks: Pixels) -> Pixels:
    """Blue digits, 8 pixels further down and to the right: the partners of the red ones."""
    return placed(marks, 2, 10)


def blue_turned(marks: Pixels) -> Pixels:
    """Blue digits in the place of the red ones, turned by a quarter: a partner of another geometry."""
    return placed(np.ascontiguousarray(np.rot90(marks, axes=(1, 2))), 2, 2)


def animals(count: int, seed: int, striped: bool, rider: float) -> tuple[Pixels, Pixels]:
    """Discs on a meadow, plain or striped, some with a rider: a pale square above the middle.

    Args:
        count: Pictures.
        seed: Of sizes, places and colours.
        striped: Whether the discs are striped.
        rider: How many of them carry one, 0 to 1.

    Returns:
        Pictures, uint8 [n, 32, 32, 3], and where the riders are, bool [n, 32, 32].
    """
    generator = np.random.default_rng(seed)
    pictures, riders = np.zeros((count, SIDE, SIDE, 3), np.uint8), np.zeros((count, SIDE, SIDE), bool)
    rows, columns = np.mgrid[:SIDE, :SIDE]
    for picture, mask in zip(pictures, riders, strict=True):
        radius, x, y = generator.integers(8, 11), generator.integers(12, 20), generator.integers(15, 20)
        picture[:] = (
            np.array((60, 140, 60))
            + generator.integers(-12, 13, (1, 1, 3))
            + generator.integers(-6, 7, (SIDE, SIDE, 3))
        )
        disc = (rows - y) ** 2 + (columns - x) ** 2 <= radius**2
        coat = np.where((columns // 2 % 2)[..., None] == 0, 235, 25) if striped else np.array([130, 85, 50])
        picture[disc] = np.broadcast_to(coat, picture.shape)[disc] + generator.integers(-8, 9)
        if generator.random() < rider:
            top = y - radius // 2
            mask[top - 5 : top + 3, x - 4 : x + 4] = True
            picture[mask] = np.array([225, 190, 170]) + generator.integers(-8, 9)
    return pictures, riders


def write(folder: Path, pictures: Pixels) -> Path:
    """Pictures as PNG files 00000.png, 00001.png, ... in a fresh folder."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for number, picture in enumerate(pictures):
        Image.fromarray(picture).save(folder / f"{number:05d}.png")
    return folder


World = Callable[[Pixels], Pixels]
