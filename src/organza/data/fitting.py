"""How pictures of any size become squares of one size, or rectangles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from organza.data.margins import NO_MARGINS, Margins

Rectangles = Literal["crop", "pad"]
"""What becomes of pictures that are no squares: the square in their middle, or all of them and what fills them up."""
Pixels = npt.NDArray[np.uint8]

NO_SIDES = (0, 0)  # samples are squares
BATCH = 1024  # arrays resized in one go
LONGEST = 16  # times the shorter side: how far a strip is enlarged in proportion


@dataclass(frozen=True)
class Fit:
    """How a picture of `height` x `width` becomes one of `size` x `size`, or of other `sides`.

    Attributes:
        height: Pixels of the picture.
        width: Pixels of the picture.
        size: Pixels on each side of the result.
        margins: Pixels added on each side, black (or transparent) or, if `framed`, its outermost pixels.
        framed: Whether a picture that is no square stays whole: resized in proportion, and filled up on two sides.
        sides: Height and width of the result, which then shows all of the picture and nothing else; (0, 0): it is a square.
    """

    height: int
    width: int
    size: int
    margins: Margins = NO_MARGINS
    framed: bool = False
    sides: tuple[int, int] = NO_SIDES

    @property
    def goal(self) -> tuple[int, int]:
        """Height and width of the result."""
        return sides_of(self.size, self.sides)

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of what is shown of the picture: all of it, or else its central square."""
        if self.framed or self.sides != NO_SIDES:
            return 0, 0, self.width, self.height
        side = min(self.height, self.width)
        left, top = (self.width - side) // 2, (self.height - side) // 2
        return left, top, left + side, top + side

    @property
    def inner(self) -> tuple[int, int]:
        """Height and width of the picture within the result, which is what samples have without the margins."""
        margins, (height, width) = self.margins, self.goal
        return height - margins.top - margins.bottom, width - margins.left - margins.right

    @property
    def sentence(self) -> str:
        """What is done to the picture, for the plan of a training."""
        height, width = self.goal
        own, goal = f"{self.width}x{self.height}", f"{width}x{height}"
        if own == goal:
            return "as it is"
        if self.sides != NO_SIDES:
            return f"whole, resized from {own} to {goal}"
        if self.framed:
            return self._framed_sentence(own, goal)
        if self.margins != NO_MARGINS:
            return f"{own} padded by {self.margins.top} to {goal}"
        if self.height == self.width:
            return f"resized from {own} to {goal}"
        return f"centre-cropped to a square and resized to {goal}"

    def _framed_sentence(self, own: str, goal: str) -> str:
        height, width = self.inner
        inner, margins = f"{width}x{height}", self.margins
        resized = own if own == inner else f"{own} resized to {inner} and"
        if margins == NO_MARGINS:
            return f"{own} resized to {inner}, which is nearest to its proportions"
        first, second = (margins.left, margins.right) if width < height else (margins.top, margins.bottom)
        sides = "left and right" if width < height else "above and below"
        pixels = f"{first} pixels each {sides}" if first == second else f"{first} and {second} pixels {sides}"
        return f"{resized} padded to {goal} ({pixels}, its edges continued); samples come out as {inner}"


def sides_of(size: int, sides: tuple[int, int]) -> tuple[int, int]:
    """Height and width of samples: `sides`, or those of a square of `size` where these are (0, 0)."""
    return (size, size) if sides == NO_SIDES else sides


def fit(
    height: int,
    width: int,
    size: int,
    *,
    uniform: bool = True,
    rectangles: Rectangles = "crop",
    sides: tuple[int, int] = NO_SIDES,
) -> Fit:
    """How a picture becomes `size` x `size`: as it is, padded by 1 or 2 pixels on each side, or cropped and resized.

    Squares that lack 2 or 4 pixels are padded (28-pixel digits for a 32-pixel recipe), which keeps every pixel. All
    others are cropped to their central square and resized with Pillow's antialiased bicubic filter.

    With `rectangles` "pad" a picture that is no square stays whole: it is resized so that its longer side is `size`, and the
    rest filled with its outermost pixels, on both sides. What is filled is taken off again, whatever generators make of it,
    so all that counts is what it does to the training. Mirrored (by `flip`, where one side has a pixel more than the other),
    turned or shifted training images bring some of it into what is kept: of a black frame that would be black lines, in
    samples too. A mirror image leaves none either, but is more to learn than continued edges are.

    Args:
        height: Pixels of the picture.
        width: Pixels of the picture.
        size: Pixels on each side of the result.
        uniform: Whether all pictures of the source have this size. If not, no square is padded: a black frame around some
            of them would be a feature of the data.
        rectangles: What becomes of pictures that are no squares.
        sides: Height and width of the result instead of a square's: the whole picture is resized to them. (0, 0): a square's.
    """
    if sides != NO_SIDES:
        return Fit(height, width, size, sides=sides)
    if rectangles == "pad" and height != width:
        return Fit(height, width, size, Margins.around(*proportional(height, width, size), size), framed=True)
    lacking = size - height
    pad = lacking // 2 if uniform and height == width and lacking in (2, 4) else 0
    return Fit(height, width, size, Margins(pad, pad, pad, pad))


def proportional(height: int, width: int, size: int) -> tuple[int, int]:
    """Height and width of a picture whose longer side has become `size`; the other is rounded, and at least 1."""
    longer = max(height, width)
    tall, wide = (max(1, round(side * size / longer)) for side in (height, width))
    return tall, wide


def native_size(height: int, width: int, size: int) -> tuple[int, int]:
    """Height and width of a picture that keeps its own size, but for what is too small to cut `size` x `size` out of it.

    What is too small is enlarged in proportion, so that its shorter side is `size`; a strip's longer side not beyond
    `LONGEST` times that.
    """
    factor = size / min(height, width)
    if factor <= 1:
        return height, width
    tall, wide = (max(size, min(round(side * factor), max(side, LONGEST * size))) for side in (height, width))
    return tall, wide


def enlarge_picture(image: Image.Image, size: int) -> Pixels:
    """A picture in mode L, RGB or RGBA in its `native_size`, uint8 [H, W, C]; bicubic."""
    height, width = native_size(image.height, image.width, size)
    if (width, height) != image.size:
        image = image.resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(image).reshape(height, width, -1)


def enlarge_arrays(images: Pixels, size: int) -> Pixels:
    """The same of uint8 [N, H, W, C] at once."""
    height, width = native_size(images.shape[1], images.shape[2], size)
    return images if images.shape[1:3] == (height, width) else _resized(images, height, width)


def fit_picture(image: Image.Image, plan: Fit) -> Pixels:
    """Carry out the plan on a picture in mode L, RGB or RGBA. Returns uint8 [*goal, C]."""
    height, width = plan.inner
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.BICUBIC, box=plan.box)
    filled: Pixels = _filled(np.asarray(image).reshape(1, height, width, -1), plan)[0]
    return filled


def fit_arrays(images: Pixels, plan: Fit) -> Pixels:
    """Carry out the plan on uint8 [N, H, W, C] at once. Returns uint8 [N, *goal, C]."""
    if images.shape[1:3] != plan.inner:
        left, top, right, bottom = plan.box
        images = _resized(images[:, top:bottom, left:right], *plan.inner)
    return _filled(images, plan)


def _filled(images: Pixels, plan: Fit) -> Pixels:
    """Pictures [N, *inner, C] with their margins."""
    margins = plan.margins
    if margins == NO_MARGINS:
        return images
    frame = ((0, 0), (margins.top, margins.bottom), (margins.left, margins.right), (0, 0))
    filled: Pixels = np.pad(images, frame, mode="edge" if plan.framed else "constant")
    return filled


def arrays_to_channels(images: Pixels, channels: int) -> Pixels:
    """Opaque uint8 images [N, H, W, 1 or 3] with 1, 3 or 4 channels; grey is Pillow's ITU-R 601 luma."""
    if images.shape[3] == 3 and channels == 1:
        red, green, blue = (images[..., channel].astype(np.uint32) for channel in range(3))
        return ((19595 * red + 38470 * green + 7471 * blue + 2**15) >> 16).astype(np.uint8)[..., None]
    if images.shape[3] == 1 and channels > 1:
        images = np.repeat(images, 3, axis=3)
    if channels == 4:
        images = np.concatenate((images, np.full_like(images[..., :1], 255)), axis=3)
    return images


def _resized(images: Pixels, height: int, width: int) -> Pixels:
    """uint8 [N, H, W, C] in another size, by torch's antialiased bicubic filter, which is Pillow's."""
    result = np.empty((len(images), height, width, images.shape[3]), np.uint8)
    for start in range(0, len(images), BATCH):
        batch = np.ascontiguousarray(images[start : start + BATCH])
        resized = torch.nn.functional.interpolate(
            torch.from_numpy(batch).permute(0, 3, 1, 2), (height, width), mode="bicubic", antialias=True
        )
        result[start : start + BATCH] = resized.permute(0, 2, 3, 1).numpy()
    return result
