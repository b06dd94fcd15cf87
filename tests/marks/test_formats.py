"""Marks in JPEG, WebP and videos, read back by two readers each, and bytes that are none of these."""

import json
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from organza.errors import OrganzaError
from organza.marks import Mark, is_video, read_mark, save_picture
from organza.marks.provenance import COMMENT, SOURCE_TYPE, jpeg_comments, webp_chunks
from videos import write_video

MARK = Mark("a <model> & 'more'", "ab" * 32, 7, {"verb": "deblur"})
PIXELS = np.random.default_rng(0).integers(0, 256, (24, 17, 4), np.uint8)


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("name", ["a.jpg", "a.JPEG", "a.webp"])
def test_the_mark_is_read_back(tmp_path, name, channels):
    path = tmp_path / name
    save_picture(path, PIXELS[..., :channels], MARK)
    assert read_mark(path) == MARK
    with Image.open(path) as picture:
        assert picture.format == ("WEBP" if name.endswith("webp") else "JPEG")
        assert picture.size == (17, 24)
        packet = ElementTree.fromstring(picture.info["xmp"])
    (found,) = packet.iter("{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType")
    assert found.text == SOURCE_TYPE
    (own,) = packet.iter("{urn:organza:mark}mark")
    assert json.loads(own.text)["model"] == MARK.model


def test_raw_parsers_agree_with_pillow(tmp_path):
    save_picture(tmp_path / "a.jpg", PIXELS[..., :3], MARK)
    data = (tmp_path / "a.jpg").read_bytes()
    with Image.open(tmp_path / "a.jpg") as picture:
        assert [picture.info["comment"].decode()] == list(jpeg_comments(data))
    assert next(jpeg_comments(data)).startswith(COMMENT)
    save_picture(tmp_path / "a.webp", PIXELS[..., :3], MARK)
    with Image.open(tmp_path / "a.webp") as picture:
        assert [picture.info["xmp"]] == list(webp_chunks((tmp_path / "a.webp").read_bytes(), b"XMP "))


@pytest.mark.parametrize("name", ["a.jpg", "a.webp"])
def test_same_content_same_bytes_and_a_profile_is_kept(tmp_path, name):
    for _ in range(2):
        save_picture(tmp_path / name, PIXELS[..., :3], MARK)
    first = (tmp_path / name).read_bytes()
    save_picture(tmp_path / name, PIXELS[..., :3], MARK)
    assert (tmp_path / name).read_bytes() == first
    save_picture(tmp_path / name, PIXELS[..., :3], MARK, b"a profile")
    with Image.open(tmp_path / name) as picture:
        assert picture.info["icc_profile"] == b"a profile"


@pytest.mark.parametrize("name", ["a.jpg", "a.webp"])
def test_real_samples_are_not_called_generated(tmp_path, name):
    save_picture(tmp_path / name, PIXELS[..., :3], Mark("mnist", "", 0, ai_generated=False))
    assert not read_mark(tmp_path / name).ai_generated
    assert SOURCE_TYPE.encode() not in (tmp_path / name).read_bytes()


def test_transparency_is_laid_over_white_in_a_jpeg_and_kept_elsewhere(tmp_path):
    clear = np.zeros((16, 16, 4), np.uint8)
    save_picture(tmp_path / "a.jpg", clear, MARK)
    save_picture(tmp_path / "a.webp", clear, MARK)
    assert Image.open(tmp_path / "a.jpg").getpixel((3, 3)) == (255, 255, 255)
    assert Image.open(tmp_path / "a.webp").getpixel((3, 3))[3] == 0


def test_altered_and_foreign_marks(tmp_path):
    save_picture(tmp_path / "a.jpg", PIXELS[..., :3], MARK)
    data = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "b.jpg").write_bytes(data.replace(b'"weights_sha256"', b'"weights_sha25?"'))
    with pytest.raises(OrganzaError, match="altered"):
        read_mark(tmp_path / "b.jpg")
    for name in ("plain.jpg", "plain.webp"):
        Image.new("RGB", (8, 8)).save(tmp_path / name)
        assert read_mark(tmp_path / name) is None
    Image.new("RGB", (8, 8)).save(tmp_path / "said.jpg", comment=b"organised by me")
    assert read_mark(tmp_path / "said.jpg") is None


def test_a_picture_too_large_for_its_format(tmp_path):
    with pytest.raises(OrganzaError, match=r"16,383 pixels on a side: write wide\.png"):
        save_picture(tmp_path / "wide.webp", np.zeros((1, 16_384, 1), np.uint8), MARK)
    assert list(tmp_path.iterdir()) == []


def test_videos(tmp_path):
    plain = write_video(tmp_path / "plain.mp4")
    assert is_video(plain.read_bytes()[:16])
    assert read_mark(plain) is None
    (tmp_path / "cut.mp4").write_bytes(plain.read_bytes()[:40])
    with pytest.raises(OrganzaError, match="cannot read .*cut.mp4 as a video"):
        read_mark(tmp_path / "cut.mp4")


@given(st.binary(max_size=200))
def test_no_bytes_confuse_the_readers(data):
    list(jpeg_comments(data))
    list(jpeg_comments(b"\xff\xd8" + data))
    list(jpeg_comments(b"\xff\xd8\xff\xfe" + data))
    list(webp_chunks(b"RIFF0000WEBP" + data, b"XMP "))
    is_video(data)
