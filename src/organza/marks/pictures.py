"""Every picture that organza writes goes through here: samples to pixels, grids, and the provenance mark."""

from __future__ import annotations

import math
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from organza.errors import OrganzaError
from organza.files import written_whole
from organza.marks.provenance import Mark, with_packet

Pixels = NDArray[np.uint8]

MODES = {1: "L", 3: "RGB", 4: "RGBA"}
FORMATS = {".jpg": "JPEG", ".jpeg": "JPEG", ".jpe": "JPEG", ".jfif": "JPEG", ".webp": "WEBP"}
LARGEST = {"JPEG": 65_535, "WEBP": 16_383, "GIF": 65_535}  # pixels on each side


def grid(pictures: Pixels, columns: int | None = None) -> Pixels:
    """Pictures [n, H, W, C] side by side, row by row, as one picture without gaps; the last row is filled with black.

    Args:
        pictures: All of one shape.
        columns: Without it, as nearly square as n allows.
    """
    count, height, width, channels = pictures.shape
    columns = columns or math.ceil(math.sqrt(count))
    rows = math.ceil(count / columns)
    filled = np.zeros((rows * columns, height, width, channels), np.uint8)
    filled[:count] = pictures
    lines = filled.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    return lines.reshape(rows * height, columns * width, channels)


def save_picture(path: Path, pixels: Pixels, mark: Mark, profile: bytes | None = None) -> None:
    """Write pixels [H, W, C] as a PNG, or as the JPEG or WebP that the name asks for; none goes without a mark.

    JPEG and WebP have quality 95. Transparency is laid over white in a JPEG, which has none.

    Args:
        path: .jpg, .jpeg, .jpe, .jfif and .webp; any other name gets a PNG.
        pixels: uint8 with 1, 3 or 4 channels.
        mark: Where the picture comes from.
        profile: ICC profile of its colours.

    Raises:
        OrganzaError: The format cannot hold a picture of this size.
        OSError: The file cannot be written; nothing half-written stays.
    """
    channels = pixels.shape[-1]
    picture = Image.fromarray(pixels[..., 0] if channels == 1 else pixels, MODES[channels])
    kind = FORMATS.get(path.suffix.lower(), "PNG")
    largest = LARGEST.get(kind, 2**31 - 1)
    if max(picture.size) > largest:
        raise OrganzaError(f"a {kind} has at most {largest:,} pixels on a side: write {path.stem}.png")
    settings: dict[str, Any] = {} if profile is None else {"icc_profile": profile}
    match kind:
        case "JPEG":
            if channels == 4:
                picture = Image.fromarray(opaque(pixels), "RGB")
            # Without subsampling of colours: that would take back some of what a network has just made sharper.
            settings |= {"quality": 95, "subsampling": 0, "comment": mark.comment().encode(), "xmp": mark.packet()}
        case "WEBP":
            settings |= {"quality": 95, "xmp": mark.packet()}
        case _:
            settings["pnginfo"] = mark.chunks()
    with written_whole(path) as temporary:
        picture.save(temporary, kind, **settings)


def save_gif(path: Path, frames: Iterable[Pixels], mark: Mark, rate: float) -> None:
    """Write frames [H, W, C] as an animation that goes on for ever, with a mark.

    Each frame has 256 colours of its own, and is not dithered, because the dots would flicker. Frames that do not differ from
    the one before prolong it. Transparency is laid over white.

    Args:
        path: Where; a GIF, whatever its name.
        frames: uint8 with 1, 3 or 4 channels, of one size, at least one. Taken one by one.
        mark: Where the pictures come from.
        rate: Frames a second; a GIF counts in hundredths of a second.

    Raises:
        OrganzaError: The format cannot hold pictures of this size.
        OSError: The file cannot be written; nothing half-written stays.
    """
    pictures = (_indexed(frame) for frame in frames)
    first = next(pictures)
    if max(first.size) > LARGEST["GIF"]:
        raise OrganzaError(f"a GIF has at most {LARGEST['GIF']:,} pixels on a side: these are {max(first.size):,}")
    buffer = BytesIO()
    first.save(
        buffer, "GIF", save_all=True, append_images=pictures, loop=0, duration=10 * max(1, round(100 / rate)),
        comment=mark.comment().encode(),
    )  # fmt: skip
    with written_whole(path) as temporary:
        temporary.write_bytes(with_packet(buffer.getvalue(), mark.packet()))


def _indexed(pixels: Pixels) -> Image.Image:
    """A frame with at most 256 colours."""
    pixels = opaque(pixels)
    if pixels.shape[-1] == 1:
        return Image.fromarray(pixels[..., 0], "L")
    return Image.fromarray(pixels, "RGB").quantize()


def opaque(pixels: Pixels) -> Pixels:
    """Pixels [H, W, C] as people see them on a white page: [H, W, 1] or [H, W, 3]."""
    if pixels.shape[-1] != 4:
        return pixels
    picture = Image.fromarray(pixels, "RGBA")
    return np.asarray(Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB"))
