"""One picture: from the bytes of a file to an upright 8-bit image, or the reason why not."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import PurePosixPath
from typing import NamedTuple

import numpy as np
from PIL import ExifTags, Image, features

LARGEST_PIXELS = 2 * (Image.MAX_IMAGE_PIXELS or 89_478_485)  # where Pillow refuses a decompression bomb
LARGEST_FILE = 2**30
HEAD = 32  # bytes that tell the format

IMAGE_SUFFIXES = frozenset(
    f".{suffix}"
    for suffix in "avif bmp dib gif j2k jfif jp2 jpe jpeg jpg pbm pgm png pnm ppm tif tiff webp".split()  # noqa: SIM905
)
# Raw formats of cameras are here because many of them are TIFF files that would open as their small preview.
UNSUPPORTED_SUFFIXES = frozenset(
    f".{suffix}"
    for suffix in "arw cr2 cr3 dng eps exr hdr heic heif ico jxl nef orf psd raw rw2 svg tga".split()  # noqa: SIM905
)

_SIGNATURES = tuple(
    (name, re.compile(pattern, re.DOTALL))
    for name, pattern in {
        "JPEG": rb"\xff\xd8\xff",
        "PNG": rb"\x89PNG\r\n\x1a\n",
        "GIF": rb"GIF8[79]a",
        "WEBP": rb"RIFF.{4}WEBP",
        "TIFF": rb"II[*+]\0|MM\0[*+]",
        "BMP": rb"BM",
        "PPM": rb"P[1-6]\s",
        "JPEG2000": rb"\xff\x4f\xff\x51|\0\0\0\x0cjP  \r\n\x87\n",
        "AVIF": rb".{4}ftyp(avif|avis|mif1)",
    }.items()
)

_OPTIONAL = {
    "WEBP": "webp",
    "JPEG2000": "jpg_2000",
    "AVIF": "avif",
}  # formats that a Pillow may have been built without

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Refused(Exception):
    """The bytes give no usable picture; the argument is the kind of problem, a key of `problems.KINDS`."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


class Picture(NamedTuple):
    """A decoded picture: upright, 8 bits, in mode L, RGB or RGBA, and what was done to make it so."""

    image: Image.Image
    colour: bool  # the file has colour channels (or a palette)
    flags: tuple[str, ...]  # conversions that were needed: keys of `problems.KINDS`


def sniff(head: bytes, path: str) -> str | None:
    """The Pillow format that the first `HEAD` bytes of a file announce, or None when they are no image's.

    Raises:
        Refused: for a format that is known not to be read.
    """
    if PurePosixPath(path).suffix.lower() in UNSUPPORTED_SUFFIXES:
        raise Refused("unsupported-format")
    return next((name for name, pattern in _SIGNATURES if pattern.match(head)), None)


def read(data: bytes, path: str) -> Picture:
    """Decode the bytes of a file completely.

    The first frame of an animation is taken, the EXIF orientation applied, 16-bit grey scaled by 1/257, CMYK and every
    other colour space converted to RGB, and transparency of any form to an alpha channel. An alpha channel that hides nothing,
    as most screenshots have one, is left out.

    Raises:
        Refused: when they give no usable picture.
    """
    opened, animated = _load(data, path)
    wide = opened.mode == "I" or opened.mode.startswith("I;")
    image = Image.fromarray(to_8_bits(np.asarray(opened))) if wide else opened
    turn = _UPRIGHT.get(_orientation(opened))
    image = _normal(image)
    if image.mode == "RGBA" and image.getchannel("A").getextrema() == (255, 255):
        image = image.convert("RGB")
    if turn is not None:
        image = image.transpose(turn)
    found = {"animated": animated, "cmyk": opened.mode == "CMYK", "16-bit": wide, "rotated": turn is not None}
    colour = not wide and opened.mode not in ("1", "L", "LA", "La")
    return Picture(image, colour, tuple(flag for flag, there in found.items() if there))


def to_8_bits(pixels: np.ndarray) -> np.ndarray:
    """16-bit grey [H, W] as uint8: value / 257, rounded, so that 65535 becomes 255.

    Raises:
        Refused: when a value lies outside 0..65535; its range is then unknown.
    """
    if pixels.size and (pixels.min() < 0 or pixels.max() > 65535):
        raise Refused("unsupported-pixels")
    return ((pixels.astype(np.uint32) + 128) // 257).astype(np.uint8)


def to_channels(image: Image.Image, channels: int) -> Image.Image:
    """A picture in mode L, RGB or RGBA with 1, 3 or 4 channels; transparency is composited over white when it goes."""
    if channels == 4:
        return image.convert("RGBA")
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("L" if channels == 1 else "RGB")


@contextmanager
def without_warnings() -> Iterator[None]:
    """Silence Pillow within the block: of what it warns, everything that matters is found and told here."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="PIL")
        yield


def _load(data: bytes, path: str) -> tuple[Image.Image, bool]:
    """The first frame, with its pixels decoded, and whether there are more."""
    announced = sniff(data[:HEAD], path)
    if announced is None:
        raise Refused("not-an-image")
    if announced in _OPTIONAL and not features.check(_OPTIONAL[announced]):
        raise Refused("unsupported-format")
    try:
        image = Image.open(BytesIO(data), formats=(announced,))
    except Image.DecompressionBombError:
        raise Refused("too-large") from None
    except Exception as error:  # decoders of damaged files raise whatever they stumble on
        # Two letters make the signatures of BMP and PPM: text may begin with them.
        text = announced in ("BMP", "PPM") and PurePosixPath(path).suffix.lower() not in IMAGE_SUFFIXES
        raise Refused("not-an-image" if text else "damaged") from error
    try:
        # An MPO is a photograph with its own previews, not an animation.
        animated = image.format != "MPO" and getattr(image, "is_animated", False)
        image.load()
    except Exception as error:
        raise Refused("damaged") from error
    return image, animated


def _normal(image: Image.Image) -> Image.Image:
    """The image in mode L, RGB or RGBA."""
    if image.mode == "F":
        raise Refused("unsupported-pixels")
    try:
        if image.has_transparency_data:
            return image.convert("RGBA")
        return image.convert("L" if image.mode in ("1", "L") else "RGB")
    except ValueError:  # a colour space that Pillow cannot convert
        raise Refused("unsupported-pixels") from None


def _orientation(image: Image.Image) -> int:
    try:
        return int(image.getexif().get(ExifTags.Base.Orientation, 1))
    except Exception:  # a broken EXIF block says nothing about the orientation, and the pixels are good
        return 1
