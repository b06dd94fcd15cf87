"""A video through a network: frame by frame, with its rate and its sound."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from organza.data.picture import LARGEST_PIXELS
from organza.data.video import expected, library, reading, upright
from organza.errors import OrganzaError
from organza.files import written_whole
from organza.marks import Mark
from organza.tools.pictures.networks import Progress, Way, nothing
from organza.tools.pictures.photo import Photo, remade
from organza.tools.pictures.steady import Steadied
from organza.tools.pictures.tiles import as_floats, as_pixels

Pixels = NDArray[np.uint8]

CONTAINERS = {".mp4": "mp4", ".m4v": "mp4", ".mov": "mov", ".mkv": "matroska"}
QUALITY = {"crf": "16", "preset": "medium"}
"""Of H.264: hardly a difference to be seen."""


def remake_video(
    source: Path, target: Path, way: Way, keeps_grey: bool, mark: Mark, seed: int = 0, progress: Progress = nothing
) -> tuple[int, int]:
    """Write what a network makes of a video, as H.264 in 4:2:0, which every player plays.

    Every frame goes through the network by itself, with the same seed, and keeps its time; where the model wants it, it is held
    to the one before along the optical flow. Sound is copied as it is. A rotation
    that the file asks for is applied. Where a side is odd, its last row or column comes twice, because 4:2:0 has even sides.

    Args:
        source: Anything that PyAV can open.
        target: .mp4, .m4v, .mov or .mkv.
        way: The network.
        keeps_grey: Whether grey frames stay grey.
        mark: For the comment of the file.
        seed: Of dropout.
        progress: Told (done, total) frames; where the file does not say how many there are, they are estimated.

    Returns:
        Height and width of the output.

    Raises:
        OrganzaError: PyAV is missing, there is no frame, or the file cannot be read or written so.
        OSError: The disk is full.
    """
    av = library()
    target.parent.mkdir(parents=True, exist_ok=True)
    kind = CONTAINERS[target.suffix.lower()]
    options = {} if kind == "matroska" else {"movflags": "+faststart"}
    with reading(source, av), written_whole(target) as temporary, av.open(str(source)) as given:
        if not given.streams.video:
            raise OrganzaError(f"{source} has no frames: there is no video in it")
        stream = given.streams.video[0]
        stream.thread_type = "AUTO"
        with av.open(str(temporary), "w", format=kind, options=options) as made:
            made.metadata["comment"] = mark.comment()
            copies = {sound: copied(made, sound, source, target, av) for sound in given.streams.audio}
            writer = Writer(made, stream, av)
            steadied = Steadied(way.translation.steady)
            total, done, waiting = expected(stream, given, av), 0, list[Any]()
            for packet in given.demux(stream, *copies):
                if packet.stream in copies:
                    # Sound may come before the first picture, which decides how the file begins.
                    waiting += [packet] if packet.dts is not None else []
                    if writer.stream:
                        pass_on(waiting, copies, made)
                    continue
                for frame in packet.decode():
                    pixels = upright(frame)
                    height, width = pixels.shape[:2]
                    if height * width * way.translation.scale**2 > LARGEST_PIXELS:
                        raise OrganzaError(f"the frames of {source} are too large: {width:,} x {height:,}")
                    made_of = remade(Photo(pixels), way, keeps_grey, seed).with_channels(3)
                    writer.write(held(steadied, pixels, made_of), frame)
                    done += 1
                    progress(done, max(total, done))
            if done:
                pass_on(waiting, copies, made)
            else:
                raise OrganzaError(f"no frame of {source} can be read: it is empty or damaged")
            writer.close()
    return writer.size


def held(steadied: Steadied, frame: Pixels, made: Pixels) -> Pixels:
    """What was made of a frame, uint8 [H, W, 3], held to the one before, if that is wanted."""
    if not steadied.weight:
        return made
    return as_pixels(steadied(as_floats(frame), as_floats(made))[0])


class Writer:
    """The pictures of the output: set up with the first frame, because only then their size is known."""

    def __init__(self, made: Any, like: Any, av: Any) -> None:
        self.made, self.like, self.av = made, like, av
        self.stream: Any = None
        self.size = (0, 0)
        self.last: int | None = None

    def write(self, pixels: Pixels, frame: Any) -> None:
        """Encode pixels [H, W, 3] in the place of a frame of the input."""
        self.size = self.size if self.stream else (pixels.shape[0], pixels.shape[1])
        if pixels.shape[:2] != self.size:
            raise OrganzaError(f"the frames change their size, from {self.size[::-1]} to {pixels.shape[1::-1]}")
        pixels = np.pad(pixels, ((0, pixels.shape[0] % 2), (0, pixels.shape[1] % 2), (0, 0)), mode="edge")
        if self.stream is None:
            self.stream = self._stream(pixels.shape[0], pixels.shape[1], frame)
            self.made.start_encoding()  # only now the streams know in which units they count time
        new = self.av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
        new = new.reformat(format="yuv420p", dst_colorspace=frame.colorspace, dst_color_range=1)
        new.time_base = self.like.time_base
        new.pts = frame.pts if frame.pts is not None else (0 if self.last is None else self.last + self._step())
        if self.last is not None and new.pts <= self.last:
            return  # a frame of the same moment: no player would show it
        self.last = new.pts
        self.made.mux(self.stream.encode(new))

    def close(self) -> None:
        self.made.mux(self.stream.encode(None))

    def _step(self) -> int:
        return max(1, round(float(1 / (self.like.average_rate or 25) / self.like.time_base)))

    def _stream(self, height: int, width: int, frame: Any) -> Any:
        stream = self.made.add_stream("libx264", rate=self.like.average_rate or 25, options=dict(QUALITY))
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        context = stream.codec_context
        context.time_base = self.like.time_base
        for name in ("colorspace", "color_primaries", "color_trc"):
            setattr(context, name, getattr(frame, name))
        context.color_range = 1  # limited, as players expect it of H.264
        return stream


def pass_on(packets: list[Any], copies: Mapping[Any, Any], made: Any) -> None:
    """Write packets of sound as they are, and forget them."""
    for packet in packets:
        packet.stream = copies[packet.stream]
        made.mux(packet)
    packets.clear()


def copied(made: Any, sound: Any, source: Path, target: Path, av: Any) -> Any:
    """A stream of the output that takes the packets of a sound as they are."""
    try:
        return made.add_stream_from_template(sound)
    except (av.error.FFmpegError, ValueError) as error:
        raise OrganzaError(
            f"the sound of {source} ({sound.codec_context.name}) does not go into {target.suffix} ({error}): name OUTPUT .mkv"
        ) from None
