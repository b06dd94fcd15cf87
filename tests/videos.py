"""Videos made for tests: moving colours, with sound or without, upright or with a rotation for the player."""

from __future__ import annotations

import struct

import av
import numpy as np

RATE = 10


def frames(count, height, width):
    """Four quarters of different colours, and a bright column that moves."""
    picture = np.zeros((height, width, 3), np.uint8)
    picture[: height // 2, : width // 2] = (200, 40, 40)
    picture[: height // 2, width // 2 :] = (40, 200, 40)
    picture[height // 2 :, : width // 2] = (40, 40, 200)
    picture[height // 2 :, width // 2 :] = (120, 120, 120)
    for index in range(count):
        moved = picture.copy()
        moved[:, 2 * index : 2 * index + 2] = 250
        yield moved


def write_video(path, count=6, height=48, width=64, sound=False, codec="aac"):
    """A video of `count` frames; with sound, of the same length."""
    with av.open(str(path), "w") as made:
        pictures = made.add_stream("libx264", rate=RATE, options={"crf": "10"})
        pictures.width, pictures.height, pictures.pix_fmt = width, height, "yuv420p" if width % 2 == 0 else "yuv444p"
        voice = made.add_stream(codec, rate=8000) if sound else None
        if voice:
            voice.layout = "mono"
        for picture in frames(count, height, width):
            made.mux(pictures.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        if count:
            made.mux(pictures.encode(None))
        else:
            made.start_encoding()
        if voice:
            wave = (np.sin(np.arange(count * 800) / 7) * 9000).astype(np.int16)[None]
            tone = av.AudioFrame.from_ndarray(wave, format="s16", layout="mono")
            tone.sample_rate = 8000
            made.mux(voice.encode(tone))
            made.mux(voice.encode(None))
    return path


def turn(path):
    """Ask the player of an MP4 to turn its pictures by 90 degrees clockwise, as a telephone held upright does."""
    data = bytearray(path.read_bytes())
    place = data.index(b"tkhd") + 4 + 40  # of version 0: ISO/IEC 14496-12, 8.3.2
    height = struct.unpack_from(">I", data, place + 40)[0]
    struct.pack_into(">9i", data, place, 0, 0x10000, 0, -0x10000, 0, 0, height, 0, 0x40000000)
    path.write_bytes(data)
    return path


def read_video(path):
    """Frames, uint8 [n, H, W, 3], as stored; their times in seconds; and the sounds' packets as bytes."""
    with av.open(str(path)) as given:
        found = list(given.decode(video=0))
    packets = []
    with av.open(str(path)) as given:
        if given.streams.audio:
            packets = [bytes(packet) for packet in given.demux(given.streams.audio[0]) if packet.dts is not None]
    return np.stack([frame.to_ndarray(format="rgb24") for frame in found]), [frame.time for frame in found], packets
