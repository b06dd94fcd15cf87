"""A video as a source: its frames, in their order."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from organza.data.cache import array_path
from organza.data.fitting import Pixels, enlarge_picture, fit, fit_picture, native_size
from organza.data.kept import Decoding
from organza.data.parallel import Progress
from organza.data.picture import LARGEST_PIXELS, to_channels
from organza.data.source import Dataset, Source, Want
from organza.data.varied import VariedDataset
from organza.errors import OrganzaError
from organza.files import write_text

VIDEO_SUFFIXES = frozenset({".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm"})
FORMAT = 1
MOST_FRAMES = 5_000  # samples of a video at most: frames that follow each other are nearly the same
LARGEST_KEPT = 10 * 2**30  # bytes of decoded frames: they cannot be decoded one by one, as pictures can
READ = 2**20
WHOLE = 0.9  # of the frames that a file announces, which many only estimate


def frames(path: Path) -> Generator[Pixels, None, None]:
    """All frames of a video in their order, uint8 [H, W, 3], turned as the file asks for; one at a time is in memory.

    Raises:
        OrganzaError: PyAV is missing, there is no frame, frames are too large, or the file cannot be read.
    """
    av = library()
    found = False
    with reading(path, av), av.open(str(path)) as container:
        if not container.streams.video:
            raise OrganzaError(f"{path} has no frames: there is no video in it")
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for frame in container.decode(stream):
            if frame.height * frame.width > LARGEST_PIXELS:
                raise OrganzaError(f"the frames of {path} are too large: {frame.width:,} x {frame.height:,}")
            found = True
            yield upright(frame)
    if not found:
        raise OrganzaError(f"no frame of {path} can be read: it is empty or damaged")


class Seen(NamedTuple):
    """What a video holds: how many frames, and about how many it announces; their upright size in pixels; the bytes' hash."""

    frames: int
    announced: int
    height: int
    width: int
    digest: str


@dataclass(frozen=True)
class VideoContent:
    """Frames in a video.

    Attributes:
        path: Of the file.
        frames: In all of it.
        step: Which of them are samples: the first, and each that comes so many after another.
    """

    path: Path
    frames: int
    step: int

    def dataset(self, source: Source, want: Want) -> Dataset:
        """All samples as one array: from the cache, or decoded into it now.

        Raises:
            OrganzaError: They are too many for their size, the cache cannot be written, or the file has changed.
        """
        height, width = native_size(source.height, source.width, want.size) if want.native else want.goal
        word = "native" if want.native else f"{want.rectangles} {want.pad} {want.sides}"
        decoding = Decoding(
            want.cache,
            array_path(want.cache, source.fingerprint, want.size, want.channels, word),
            (source.count, height, width, want.channels),
            lambda: self._all(source, want),
        )
        if decoding.size > LARGEST_KEPT:
            instead = "a smaller --size" if not want.native else "--native false"
            raise OrganzaError(
                f"{source.count:,} frames of {source.name} would take {decoding.size / 1e9:.1f} GB at {width}x{height}: take "
                f"{instead}, or a shorter piece of the video"
            )
        if not want.native:
            return decoding.dataset(source, ())
        notes: tuple[str, ...] = ()
        if min(source.height, source.width) < want.size:
            notes = (f"the frames have a side below {want.size} pixels: enlarged to that, bicubic",)
        return VariedDataset(decoding.mapped(), source.count, want.size, want.channels, None, (), notes)

    def _all(self, source: Source, want: Want) -> Iterator[Pixels]:
        """The samples in the wanted shape, uint8 [H, W, C]."""
        plan = fit(
            source.height, source.width, want.size, uniform=want.pad, rectangles=want.rectangles, sides=want.sides
        )
        done = 0
        with closing(frames(self.path)) as every:
            for pixels in islice(every, 0, None, self.step):
                if done == source.count:
                    break
                image = Image.fromarray(pixels)
                if image.size != (source.width, source.height):  # a video may change its size on the way
                    image = image.resize((source.width, source.height), Image.Resampling.BICUBIC)
                image = to_channels(image, want.channels)
                yield enlarge_picture(image, want.size) if want.native else fit_picture(image, plan)
                done += 1
                if want.progress is not None:
                    want.progress(done, source.count, "decoding")
        if done < source.count:
            raise OrganzaError(f"{source.name} has changed since it was opened: run again")


def video_source(name: str, path: Path, split: str, cache: Path, progress: Progress | None) -> Source:
    """A video as a source of its frames, at most 5,000 that are evenly spread.

    Every frame is decoded once, to see that it can be; the cache remembers what was found.

    Args:
        name: As the user wrote it.
        path: Of the file.
        split: train or test; a video has no test part.
        cache: Folder for what was found.
        progress: Told how many frames have been looked at.

    Raises:
        OrganzaError: As of `frames`.
    """
    seen, notes = look(path, cache, progress)
    if seen.frames < WHOLE * seen.announced:
        notes += (
            f"{seen.frames:,} frames can be read, of about {seen.announced:,} announced: it may have been cut off",
        )
    step = -(-seen.frames // MOST_FRAMES)
    if step > 1:
        notes += (f"one frame in {step} is taken, evenly: there are {seen.frames:,}, and {MOST_FRAMES:,} are enough",)
    if split == "test":
        notes += ("there is no test part: the frames are those of the training",)
    return Source(
        name=name,
        kind="images",
        count=-(-seen.frames // step),
        channels=3,
        height=seen.height,
        width=seen.width,
        uniform=True,
        classes=(),
        labels=None,
        notes=notes,
        fingerprint=hashlib.blake2b(f"video {seen.digest} {step}".encode(), digest_size=16).hexdigest(),
        split="train",
        content=VideoContent(path, seen.frames, step),
    )


def look(path: Path, cache: Path, progress: Progress | None) -> tuple[Seen, tuple[str, ...]]:
    """What a video holds, and a note if that could not be kept for the next time; errors as of `frames`."""
    try:
        status = path.stat()
    except OSError as error:
        raise OrganzaError(f"cannot read {path}: {error.strerror or error}") from None
    stamp = f"{path.resolve()}\0{status.st_size}\0{status.st_mtime_ns}".encode("utf-8", "surrogateescape")
    index = cache / "surveys" / f"{hashlib.blake2b(stamp, digest_size=16).hexdigest()}-video-{FORMAT}-{version()}.json"
    try:
        return Seen(*json.loads(index.read_text(encoding="utf-8"))), ()
    except (OSError, ValueError, TypeError):  # not there, or damaged: it is looked at again
        seen = _look(path, progress)
    try:
        index.parent.mkdir(parents=True, exist_ok=True)
        write_text(index, json.dumps(seen))
    except OSError as error:
        reason = error.strerror or error
        return seen, (
            f"cannot keep in {index.parent} what was found ({reason}): every frame is looked at again next time",
        )
    return seen, ()


def _look(path: Path, progress: Progress | None) -> Seen:
    digest = hashlib.blake2b(digest_size=16)
    try:
        with open(path, "rb") as file:
            while block := file.read(READ):
                digest.update(block)
    except OSError as error:
        raise OrganzaError(f"cannot read {path}: {error.strerror or error}") from None
    announced, height, width, count = expected_frames(path), 0, 0, 0
    for count, pixels in enumerate(frames(path), 1):
        if count == 1:
            height, width = pixels.shape[:2]
        if progress is not None:
            progress(count, max(count, announced), "checking the frames")
    return Seen(count, announced, height, width, digest.hexdigest())


def expected_frames(path: Path) -> int:
    """How many frames the file says that there are; errors as of `frames`."""
    av = library()
    with reading(path, av), av.open(str(path)) as container:
        return expected(container.streams.video[0], container, av) if container.streams.video else 0


def expected(stream: Any, container: Any, av: Any) -> int:
    """How many frames there are, as far as the file says; 0 where it says nothing."""
    if stream.frames:
        return int(stream.frames)
    seconds = float(container.duration or 0) / float(av.time_base)
    return int(seconds * float(stream.average_rate or 0))


def upright(frame: Any) -> Pixels:
    """A frame as uint8 [H, W, 3], turned as the file asks for."""
    pixels: Pixels = frame.to_ndarray(format="rgb24")
    return np.ascontiguousarray(np.rot90(pixels, round(frame.rotation / 90)))


def library() -> Any:
    """PyAV.

    Raises:
        OrganzaError: It is not installed.
    """
    try:
        import av
    except ImportError:
        raise OrganzaError("videos need the package av: pip install 'organza[pictures]'") from None
    return av


def version() -> str:
    """Of PyAV, which comes with its decoders; errors as of `library`."""
    return str(library().__version__)


@contextmanager
def reading(source: Path, av: Any) -> Iterator[None]:
    """Turn what FFmpeg says within the block into one line."""
    try:
        yield
    except av.error.EOFError:
        raise OrganzaError(f"no frame of {source} can be read: it is empty or damaged") from None
    except (av.error.FFmpegError, ValueError) as error:
        if isinstance(error, OSError) and error.errno in (13, 28, 30):  # the disk's own errors: EACCES, ENOSPC, EROFS
            raise
        said = getattr(error, "strerror", None) or error
        raise OrganzaError(f"{source} cannot be used as a video: {said}") from None
