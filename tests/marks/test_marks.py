"""The provenance mark, read back by three readers, and pictures laid out in grids."""

from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from organza.errors import OrganzaError
from organza.marks import Mark, grid, read_mark, save_picture
from organza.marks.provenance import SOURCE_TYPE, text_chunks

MARK = Mark("dcgan", "ab" * 32, 7, {"index": 3})


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_the_mark_is_read_back(tmp_path, channels):
    pixels = np.random.default_rng(0).integers(0, 256, (8, 9, channels), np.uint8)
    save_picture(tmp_path / "a.png", pixels, MARK)
    assert read_mark(tmp_path / "a.png") == MARK
    with Image.open(tmp_path / "a.png") as picture:
        assert np.array_equal(np.asarray(picture).reshape(pixels.shape), pixels)
        assert '"ai_generated": true' in picture.text["organza"]
        packet = ElementTree.fromstring(picture.text["XML:com.adobe.xmp"])
    (found,) = packet.iter("{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType")
    assert found.text == SOURCE_TYPE
    chunks = dict(text_chunks((tmp_path / "a.png").read_bytes()))
    assert set(chunks) == {"organza", "XML:com.adobe.xmp"}


def test_same_content_same_bytes(tmp_path):
    pixels = np.zeros((4, 4, 3), np.uint8)
    for name in ("a.png", "b.png"):
        save_picture(tmp_path / name, pixels, MARK)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_pictures_without_a_mark_and_with_a_spoilt_one(tmp_path):
    Image.new("L", (4, 4)).save(tmp_path / "plain.png")
    assert read_mark(tmp_path / "plain.png") is None
    Image.new("L", (4, 4)).save(tmp_path / "photo.jpg")
    assert read_mark(tmp_path / "photo.jpg") is None
    save_picture(tmp_path / "a.png", np.zeros((4, 4, 1), np.uint8), MARK)
    data = (tmp_path / "a.png").read_bytes()
    (tmp_path / "flipped.png").write_bytes(data.replace(b"dcgan", b"dcgaN"))
    assert read_mark(tmp_path / "flipped.png") is None  # the chunk's checksum does not hold
    (tmp_path / "cut.png").write_bytes(data[:60])
    assert read_mark(tmp_path / "cut.png") is None
    with pytest.raises(OrganzaError, match="cannot read"):
        read_mark(tmp_path / "nothing.png")


def test_real_samples_are_not_called_generated(tmp_path):
    save_picture(tmp_path / "real.png", np.zeros((4, 4, 1), np.uint8), Mark("mnist", "", 0, ai_generated=False))
    assert not read_mark(tmp_path / "real.png").ai_generated
    assert SOURCE_TYPE.encode() not in (tmp_path / "real.png").read_bytes()


@given(st.binary(max_size=200))
def test_no_bytes_confuse_the_reader(data):
    list(text_chunks(b"\x89PNG\r\n\x1a\n" + data))


@given(st.integers(1, 20), st.integers(1, 5))
def test_grids_keep_every_pixel(count, columns):
    pictures = np.random.default_rng(count).integers(1, 256, (count, 3, 2, 1), np.uint8)
    whole = grid(pictures, columns)
    assert whole.shape == (-(-count // columns) * 3, columns * 2, 1)
    for index in range(count):
        row, column = divmod(index, columns)
        assert np.array_equal(whole[row * 3 : row * 3 + 3, column * 2 : column * 2 + 2], pictures[index])
    assert (whole > 0).sum() == pictures.size
