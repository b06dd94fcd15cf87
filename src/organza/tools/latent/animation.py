"""Frames that a model made, as a GIF, as a video, or as a folder of pictures; each file with its mark."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from organza.data.video import library, reading
from organza.errors import UsageError
from organza.exchange.model import picture_pixels
from organza.files import written_whole
from organza.marks import Mark, opaque, save_gif, save_picture
from organza.tools.pictures.files import check_free, may_be_folder
from organza.tools.pictures.video import CONTAINERS, QUALITY

Pixels = NDArray[np.uint8]
DIGITS = 5  # of the names of frames in a folder
RATES = range(1, 51)
"""Frames a second: browsers play GIFs at 50 at most."""
BT709 = 1  # as ITU-T H.273 numbers the colours of HD video
LIMITED = 1  # the range that players expect of H.264


def check_animation(out: Path, rate: int) -> None:
    """See to it that an animation of this rate can be written to `out`, before any work is done.

    Raises:
        UsageError: It cannot.
        OrganzaError: There is a file that no model of organza has written, or PyAV is missing.
    """
    kinds, in_the_way = (".gif", *CONTAINERS), [out]
    if out.is_dir():
        in_the_way = list(out.glob("[0-9]" * DIGITS + ".png"))
    elif out.suffix.lower() not in kinds and not may_be_folder(out):
        raise UsageError(
            f"cannot write an animation to {out}: name a folder, or a file that ends in {', '.join(kinds)}"
        )
    elif out.suffix.lower() in CONTAINERS:
        library()
    if rate not in RATES:
        raise UsageError(f"--rate is a number of frames a second from {RATES[0]} to {RATES[-1]}, not {rate}")
    check_free(*in_the_way)


def frame_pixels(samples: Tensor) -> list[Pixels]:
    """One picture [H, W, C] for each of samples [n, C, H, W]; a point of the plane is one point in a picture of it."""
    return [picture_pixels(sample[None])[0] for sample in samples]


def write_animation(out: Path, frames: Iterable[Pixels], rate: int, mark: Callable[[int | None], Mark]) -> list[Path]:
    """Write frames one after the other.

    Args:
        out: .gif; .mp4, .mov or .mkv; or a folder, which gets a PNG for each frame. Checked by `check_animation`.
        frames: uint8 [H, W, C], of one size, at least one.
        rate: Frames a second.
        mark: The mark of the frame of this number, or, of None, of the whole animation.

    Returns:
        The files.

    Raises:
        OrganzaError: PyAV is missing or fails, or the format cannot hold such pictures.
        OSError: The files cannot be written.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    if not out.is_dir() and out.suffix.lower() == ".gif":
        save_gif(out, frames, mark(None), rate)
        return [out]
    if not out.is_dir() and out.suffix.lower() in CONTAINERS:
        write_video(out, frames, rate, mark(None))
        return [out]
    out.mkdir(exist_ok=True)
    files = []
    for number, pixels in enumerate(frames):
        files.append(out / f"{number:0{DIGITS}d}.png")
        save_picture(files[-1], pixels, mark(number))
    return files


def write_video(out: Path, frames: Iterable[Pixels], rate: int, mark: Mark) -> None:
    """Write frames as H.264 in 4:2:0, which every player plays; arguments and errors as of `write_animation`.

    Where a side is odd, its last row or column comes twice. Transparency is laid over white.
    """
    av, kind = library(), CONTAINERS[out.suffix.lower()]
    options = {} if kind == "matroska" else {"movflags": "+faststart"}
    with (
        reading(out, av),
        written_whole(out) as temporary,
        av.open(str(temporary), "w", format=kind, options=options) as made,
    ):
        made.metadata["comment"] = mark.comment()
        stream = made.add_stream("libx264", rate=rate, options=dict(QUALITY))
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.time_base = Fraction(1, rate)
        for name in ("colorspace", "color_primaries", "color_trc"):
            setattr(context, name, BT709)
        context.color_range = LIMITED
        for number, pixels in enumerate(even(frames)):
            if not number:
                stream.height, stream.width = pixels.shape[:2]
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame = frame.reformat(format="yuv420p", dst_colorspace=BT709, dst_color_range=LIMITED)
            frame.time_base, frame.pts = Fraction(1, rate), number
            made.mux(stream.encode(frame))
        made.mux(stream.encode(None))


def even(frames: Iterable[Pixels]) -> Iterator[Pixels]:
    """Frames [H, W, C] as [H, W, 3] with even sides."""
    for pixels in frames:
        colours = np.broadcast_to(opaque(pixels), (*pixels.shape[:2], 3))
        rows, columns = (side % 2 for side in pixels.shape[:2])
        yield np.ascontiguousarray(np.pad(colours, ((0, rows), (0, columns), (0, 0)), mode="edge"))
