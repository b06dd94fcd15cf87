"""One picture file, as networks take it and as it is written again."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from organza.data.picture import LARGEST_FILE, LARGEST_PIXELS, Refused, read, to_channels, without_warnings
from organza.data.problems import KINDS
from organza.errors import OrganzaError, UsageError
from organza.marks import Mark, save_picture
from organza.tools.pictures.files import holds_video
from organza.tools.pictures.networks import Progress, Way, nothing

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Photo:
    """A picture, upright, in 8 bits.

    Attributes:
        colours: uint8 [H, W, 1] in grey or [H, W, 3].
        alpha: uint8 [H, W], or None where nothing is transparent.
        profile: ICC profile of the colours.
    """

    colours: Pixels
    alpha: Pixels | None = None
    profile: bytes | None = None

    @property
    def size(self) -> tuple[int, int]:
        """Height and width."""
        return self.colours.shape[0], self.colours.shape[1]

    @property
    def image(self) -> Image.Image:
        """In mode L, RGB or RGBA."""
        grey = self.colours.shape[2] == 1
        picture = Image.fromarray(self.colours[..., 0] if grey else self.colours)
        if self.alpha is not None:
            picture = picture.convert("RGB")
            picture.putalpha(Image.fromarray(self.alpha))
        return picture

    def with_channels(self, channels: int) -> Pixels:
        """As a network takes it: uint8 [H, W, channels]. With 4 channels, the last one says how opaque it is."""
        if channels == 4:
            return np.asarray(self.image.convert("RGBA"))
        opaque = replace(self, alpha=None).image
        return np.asarray(to_channels(opaque, channels)).reshape(*self.size, channels)


def read_photo(path: Path) -> Photo:
    """Open a picture file: upright, of 16-bit grey the upper 8 bits, of an animation the first frame.

    Raises:
        UsageError: It is a video.
        OrganzaError: It cannot be read, holds no picture, or one of too many pixels, which is seen before it is decoded.
    """
    if holds_video(path):
        raise UsageError(f"{path} is a video, and one picture is wanted there")
    try:
        size = path.stat().st_size
        if not size or size > LARGEST_FILE:
            raise Refused("too-large" if size else "empty")
        with without_warnings():
            image = read(path.read_bytes(), str(path)).image
    except OSError as error:
        raise OrganzaError(f"cannot read {path}: {error.strerror or error}") from None
    except Refused as refused:
        raise OrganzaError(f"{path} cannot be used: it is a file {reason(refused)}") from None
    transparent = image.mode == "RGBA"
    alpha = np.asarray(image.getchannel("A")) if transparent else None
    colours = np.asarray(image.convert("RGB") if transparent else image)
    return Photo(colours.reshape(*colours.shape[:2], -1), alpha, profile_of(image))


def reason(refused: Refused) -> str:
    """Why a file gives no picture, as in "of zero bytes"."""
    kind = KINDS[refused.kind]
    return f"{kind.phrase}; {kind.action.partition('; ')[2]}".removesuffix("; ")


def profile_of(image: Image.Image) -> bytes | None:
    """The ICC profile, if it is one for the colours that the picture has now (one for CMYK is not)."""
    profile: Any = image.info.get("icc_profile")
    space = {"L": b"GRAY"}.get(image.mode, b"RGB ")
    return profile if isinstance(profile, bytes) and profile[16:20] == space else None


def remade(photo: Photo, way: Way, keeps_grey: bool, seed: int = 0, progress: Progress = nothing) -> Photo:
    """What a network makes of a picture, with its transparency.

    Args:
        photo: Any size.
        way: The network.
        keeps_grey: Whether grey pictures stay grey, as they should where only sharpness or size changes.
        seed: Of dropout.
        progress: Told (done, total) tiles.

    Raises:
        OrganzaError: The result would have too many pixels.
    """
    height, width = (side * way.translation.scale for side in photo.size)
    if height * width > LARGEST_PIXELS:
        raise OrganzaError(
            f"{width:,} x {height:,} pixels would come out, and more than {LARGEST_PIXELS // 10**6} megapixels are not written:"
            " cut it into parts"
        )
    made = way.make(photo.with_channels(way.channels), seed, progress)
    alpha = photo.alpha
    if made.shape[2] == 4:
        made, alpha = made[..., :3], made[..., 3] if alpha is not None else None
    elif alpha is not None and way.translation.scale > 1:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            alpha = np.asarray(Image.fromarray(alpha).resize((width, height), Image.Resampling.BICUBIC))
    if keeps_grey and photo.colours.shape[2] == 1 and made.shape[2] == 3:
        made = np.asarray(Image.fromarray(made).convert("L"))[..., None]
    same = made.shape[2] == photo.colours.shape[2]
    return Photo(made, alpha, photo.profile if same else None)


def write_photo(photo: Photo, path: Path, mark: Mark) -> None:
    """Write a picture in the format that the name asks for, with its mark.

    Raises:
        OrganzaError: The format cannot hold so large a picture.
        OSError: The file cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.asarray(photo.image)
    save_picture(path, pixels.reshape(*photo.size, -1), mark, photo.profile)


def resized_pixels(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    """A picture, uint8 [H, W, C], in another size: bicubic, antialiased."""
    if pixels.shape[:2] == tuple(size):
        return pixels
    image = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    return np.asarray(image.resize((size[1], size[0]), Image.Resampling.BICUBIC)).reshape(*size, -1)
