"""How pictures of any size become squares of one size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

Pixels = npt.NDArray[np.uint8]

BATCH = 1024  # arrays resized in one go
LONGEST = 16  # times the shorter side: how far a strip is enlarged in proportion


@dataclass(frozen=True)
class Fit:
    """How a picture of `height` x `width` becomes one of `size` x `size`.

    Attributes:
        height: Pixels of the picture.
        width: Pixels of the picture.
        size: Pixels on each side of the result.
        pad: Black (or transparent) pixels added on each side; 0 when the picture is cropped and resized instead.
    """

    height: int
    width: int
    size: int
    pad: int

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of the central square of the picture."""
        side = min(self.height, self.width)
        left, top = (self.width - side) // 2, (self.height - side) // 2
        return left, top, left + side, top + side

    @property
    def sentence(self) -> str:
        """What is done to the picture, for the plan of a training."""
        goal = f"{self.size}x{self.size}"
        if self.height == self.width == self.size:
            return "as it is"
        if self.pad:
            return f"{self.width}x{self.height} padded by {self.pad} to {goal}"
        if self.height == self.width:
            return f"resized from {self.width}x{self.height} to {goal}"
        return f"centre-cropped to a square and resized to {goal}"


def fit(height: int, width: int, size: int, *, uniform: bool = True) -> Fit:
    """How a picture becomes `size` x `size`: as it is, padded by 1 or 2 pixels on each side, or cropped and resized.

    Squares that lack 2 or 4 pixels are padded (28-pixel digits for a 32-pixel recipe), which keeps every pixel. All
    others are cropped to their central square and resized with Pillow's antialiased bicubic filter.

    Args:
        height: Pixels of the picture.
        width: Pixels of the picture.
        size: Pixels on each side of the result.
        uniform: Whether all pictures of the source have this size. If not, none is padded: a black frame around some
            of them would be a feature of the data.
    """
    lacking = size - height
    pad = lacking // 2 if uniform and height == width and lacking in (2, 4) else 0
    return Fit(height, width, size, pad)


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
    """Carry out the plan on a picture in mode L, RGB or RGBA. Returns uint8 [size, size, C]."""
    if plan.pad:
        padded = Image.new(image.mode, (plan.size, plan.size))
        padded.paste(image, (plan.pad, plan.pad))
        image = padded
    elif image.size != (plan.size, plan.size):
        image = image.resize((plan.size, plan.size), Image.Resampling.BICUBIC, box=plan.box)
    return np.asarray(image).reshape(plan.size, plan.size, -1)


def fit_arrays(images: Pixels, plan: Fit) -> Pixels:
    """Carry out the plan on uint8 [N, H, W, C] at once. Returns uint8 [N, size, size, C]."""
    if images.shape[1:3] == (plan.size, plan.size):
        return images
    if plan.pad:
        frame = (plan.pad, plan.pad)
        return np.pad(images, ((0, 0), frame, frame, (0, 0)))
    left, top, right, bottom = plan.box
    return _resized(images[:, top:bottom, left:right], plan.size, plan.size)


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
