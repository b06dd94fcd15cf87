"""Marks in animations, read back by two readers, and bytes that are no GIF."""

import json
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageSequence

from organza.errors import OrganzaError
from organza.marks import Mark, read_mark, save_gif
from organza.marks.provenance import COMMENT, SOURCE_TYPE, gif_comments, gif_extensions, gif_packets

MARK = Mark("a <model> & 'more'", "ab" * 32, 7, {"verb": "interpolate", "seeds": ",".join(map(str, range(200)))})
FRAMES = np.random.default_rng(0).integers(0, 256, (5, 12, 9, 4), np.uint8)


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_the_mark_is_read_back_and_frames_stay(tmp_path, channels):
    path = tmp_path / "a.gif"
    save_gif(path, iter(FRAMES[..., :channels]), MARK, rate=10)
    assert read_mark(path) == MARK
    with Image.open(path) as picture:
        assert (picture.n_frames, picture.size) == (5, (9, 12))
        assert (picture.info["loop"], picture.info["duration"]) == (0, 100)
        assert picture.info["comment"].decode() == MARK.comment()
        frames = [np.asarray(frame.convert("RGB")).astype(int) for frame in ImageSequence.Iterator(picture)]
    if channels < 4:  # 108 colours at most: none is lost
        assert np.array_equal(np.stack(frames), np.broadcast_to(FRAMES[..., :channels], (5, 12, 9, 3)))


def test_the_packet_is_found_by_readers_that_know_and_skipped_by_those_that_do_not(tmp_path):
    save_gif(tmp_path / "a.gif", FRAMES[..., :3], MARK, 10)
    data = (tmp_path / "a.gif").read_bytes()
    (packet,) = gif_packets(data)
    assert packet == MARK.packet()
    with Image.open(tmp_path / "a.gif") as picture:
        name, place = picture.info["extension"]
    assert name == b"XMP DataXMP"
    assert data[place:].startswith(packet)
    tree = ElementTree.fromstring(packet)
    (found,) = tree.iter("{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType")
    assert found.text == SOURCE_TYPE
    (own,) = tree.iter("{urn:organza:mark}mark")
    assert json.loads(own.text)["seed"] == 7
    labels = [extension.label for extension in gif_extensions(data)]
    assert labels == [0xFF, 0xFE, 0xFF] + [0xF9] * 5  # repetition, comment, packet, and what comes before each frame
    assert data.endswith(b"\x3b")


def test_either_of_both_places_is_enough(tmp_path):
    save_gif(tmp_path / "a.gif", FRAMES[..., :3], MARK, 10)
    data = (tmp_path / "a.gif").read_bytes()
    for lost in (0xFE, 0xFF):
        kept = bytearray(data)
        for extension in reversed([*gif_extensions(data)]):
            if extension.label == lost:
                del kept[extension.place : extension.end]
        (tmp_path / "b.gif").write_bytes(bytes(kept))
        assert read_mark(tmp_path / "b.gif") == MARK
        with Image.open(tmp_path / "b.gif") as picture:
            assert picture.n_frames == 5


def test_one_frame_same_bytes_and_colours_of_a_photograph(tmp_path):
    smooth = np.stack(np.meshgrid(np.arange(256), np.arange(256), [99], indexing="ij"), -1)[:, :, 0].astype(np.uint8)
    for name in ("a.gif", "b.gif"):
        save_gif(tmp_path / name, [smooth], MARK, 7)
    assert (tmp_path / "a.gif").read_bytes() == (tmp_path / "b.gif").read_bytes()
    assert read_mark(tmp_path / "a.gif") == MARK
    with Image.open(tmp_path / "a.gif") as picture:
        assert picture.n_frames == 1
        assert np.abs(np.asarray(picture.convert("RGB")).astype(int) - smooth).mean() < 8


def test_transparency_is_laid_over_white(tmp_path):
    save_gif(tmp_path / "a.gif", np.zeros((2, 8, 8, 4), np.uint8), MARK, 10)
    assert Image.open(tmp_path / "a.gif").convert("RGB").getpixel((3, 3)) == (255, 255, 255)


def test_foreign_altered_and_real(tmp_path):
    Image.new("P", (8, 8)).save(tmp_path / "plain.gif")
    assert read_mark(tmp_path / "plain.gif") is None
    Image.new("P", (8, 8)).save(tmp_path / "said.gif", comment=b"organised by me")
    assert read_mark(tmp_path / "said.gif") is None
    save_gif(tmp_path / "a.gif", FRAMES[..., :3], Mark("mnist", "", 0, ai_generated=False), 10)
    assert not read_mark(tmp_path / "a.gif").ai_generated
    data = (tmp_path / "a.gif").read_bytes()
    assert SOURCE_TYPE.encode() not in data
    (tmp_path / "b.gif").write_bytes(data.replace(b'"weights_sha256"', b'"weights_sha25?"'))
    with pytest.raises(OrganzaError, match="altered"):
        read_mark(tmp_path / "b.gif")


def test_a_picture_too_large_for_the_format(tmp_path):
    with pytest.raises(OrganzaError, match="at most 65,535 pixels on a side"):
        save_gif(tmp_path / "wide.gif", [np.zeros((1, 65_536, 1), np.uint8)], MARK, 10)
    assert list(tmp_path.iterdir()) == []


@given(st.binary(max_size=200))
def test_no_bytes_confuse_the_readers(data):
    for head in (
        b"",
        b"GIF89a",
        b"GIF89a" + bytes(4) + b"\x80" + bytes(2),
        b"GIF89a" + bytes(7) + b"!\xff\x0bXMP DataXMP",
    ):
        list(gif_extensions(head + data))
        list(gif_comments(head + data))
        list(gif_packets(head + data))
    assert COMMENT not in "".join(gif_comments(data))
