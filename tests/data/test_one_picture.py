"""One picture as a source, and whole pictures in sides of their own."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from organza.data import check, decode, decode_domains, fit, open_source
from organza.data.arrays import array_source
from organza.data.fitting import fit_arrays, fit_picture
from organza.errors import OrganzaError, UsageError

from .making import encoded, folder_of, image, write

FIRST = torch.tensor([0])


def refused(name):
    with pytest.raises(OrganzaError) as error:
        open_source(str(name))
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("name", "mode", "format", "channels"),
    [
        ("photo.jpg", "RGB", "JPEG", 3),
        ("photo.PNG", "RGBA", "PNG", 4),
        ("photo.webp", "RGB", "WEBP", 3),
        ("photo", "L", "PNG", 1),
        ("one bit.png", "1", "PNG", 1),
    ],
)
def test_a_picture_is_a_source_of_one(tmp_path, name, mode, format, channels):
    path = write(tmp_path / name, encoded(image(mode, (12, 9)), format))
    found = open_source(str(path))
    assert (found.name, found.kind, found.form, found.count) == (str(path), "images", "single", 1)
    assert (found.channels, found.height, found.width, found.notes) == (channels, 9, 12, ())
    assert decode(found, 8, channels).read(FIRST).shape == (1, 8, 8, channels)


def test_a_picture_by_itself_is_the_one_of_a_folder(tmp_path):
    alone = write(tmp_path / "a" / "picture.png", size=(9, 7))
    again = write(tmp_path / "another name.png", size=(9, 7))
    sources = [open_source(str(path)) for path in (alone, again, tmp_path / "a")]
    assert len({source.fingerprint for source in sources}) == 1
    first, *others = (decode(source, 9, 3).read(FIRST) for source in sources)
    assert all(torch.equal(first, other) for other in others)
    assert open_source(str(write(tmp_path / "b.png", seed=1))).fingerprint != sources[0].fingerprint


def test_a_photograph_is_turned_upright(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    path = write(tmp_path / "photo.jpg", encoded(image(size=(20, 10)), "JPEG", exif=exif))
    found = open_source(str(path))
    assert (found.height, found.width) == (20, 10)
    assert "turned upright" in found.notes[0]


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("cut.png", encoded(image())[:70], "is a file truncated or damaged: name another picture"),
        ("empty.jpg", b"", "is a file of zero bytes"),
        ("words.jpg", b"no picture at all", "is a file without a picture in it"),
        ("phone.heic", b"\0\0\0\x18ftypheic", "is a file in a format that is not read"),
    ],
)
def test_files_that_are_no_usable_picture(tmp_path, name, data, said):
    path = write(tmp_path / name, data)
    assert said in refused(path)
    assert said in refused(f"{write(tmp_path / 'good.png')},{path}")
    assert not check(str(path)).fit


def test_a_picture_that_is_written_anew_is_looked_at_anew(tmp_path):
    path = write(tmp_path / "a.png", size=(9, 7))
    before = open_source(str(path))
    write(path, size=(30, 20))
    assert open_source(str(path)).width == 30
    with pytest.raises(OrganzaError, match=r"has changed since"):
        decode(before, 8, 3)


def test_pictures_videos_and_folders_are_domains(tmp_path):
    one, other = write(tmp_path / "a.png"), write(tmp_path / "b.png", size=(5, 6), mode="L", seed=1)
    pair = open_source(f"{one},{other}")
    assert (pair.form, [domain.count for domain in pair.domains]) == ("two", [1, 1])
    mixed = open_source(f"{folder_of(tmp_path / 'many', '1.png', '2.png')},{other}")
    assert [domain.count for domain in mixed.domains] == [2, 1]
    decoded = decode_domains(pair, 8, 3, sides=(4, 10))
    assert {name: data.shape for name, data in decoded.items()} == {"a": (3, 4, 10), "b": (3, 4, 10)}


def test_a_check_says_what_one_picture_is_enough_for(tmp_path):
    path = write(tmp_path / "a.png", size=(9, 7))
    found = check(str(path))
    assert found.fit
    assert found.sentence.endswith("one picture of 9x7, enough for models of one picture, as singan, and no others")
    (tmp_path / "few").mkdir()
    write(tmp_path / "few" / "a.png")
    assert not check(str(tmp_path / "few")).fit


# Sides.


@settings(deadline=None, max_examples=30)
@given(*[st.integers(1, 40)] * 4, st.sampled_from(["L", "RGB", "RGBA"]))
def test_whole_pictures_are_resized_as_pillow_does(height, width, tall, wide, mode):
    picture = image(mode, (width, height))
    plan = fit(height, width, 7, sides=(tall, wide))
    expected = np.asarray(picture.resize((wide, tall), Image.Resampling.BICUBIC)).reshape(tall, wide, -1)
    assert np.array_equal(fit_picture(picture, plan), expected)
    assert plan.inner == (tall, wide)
    assert plan.margins.record == 0


@pytest.mark.parametrize(
    ("height", "width", "sentence"), [(3000, 4000, "whole, resized from 4000x3000 to 64x48"), (48, 64, "as it is")]
)
def test_the_sentence_of_a_whole_picture(height, width, sentence):
    assert fit(height, width, 64, sides=(48, 64)).sentence == sentence


def test_arrays_are_made_whole_too():
    pixels = np.random.default_rng(0).integers(0, 256, (3, 10, 10, 3), np.uint8)
    found = array_source("made", "train", pixels, np.zeros(3, np.uint8), ("one",), ())
    data = decode(found, 8, 3, sides=(4, 6))
    assert data.shape == (3, 4, 6)
    assert np.array_equal(data.read(torch.arange(3)).numpy(), fit_arrays(pixels, fit(10, 10, 8, sides=(4, 6))))


def test_whole_pictures_and_squares_are_kept_apart(tmp_path):
    found = open_source(str(write(tmp_path / "a.png", size=(20, 10))))
    shapes = [(1, 8, 8, 3), (1, 4, 8, 3), (1, 8, 8, 3), (1, 3, 8, 3)]
    sides = [(0, 0), (4, 8), (8, 8), (3, 8)]
    read = [decode(found, 8, 3, sides=one, cache_dir=tmp_path / "cache").read(FIRST) for one in sides * 2]
    assert [tuple(one.shape) for one in read] == shapes * 2
    assert not torch.equal(read[0], read[2])  # the square in the middle, and all of it squeezed
    assert all(torch.equal(one, again) for one, again in zip(read[:4], read[4:], strict=True))


@pytest.mark.parametrize("options", [{"native": True}, {"rectangles": "pad"}])
def test_whole_pictures_are_not_cut_or_filled_up(tmp_path, options):
    found = open_source(str(write(tmp_path / "a.png", size=(20, 10))))
    with pytest.raises(UsageError, match="take one of these"):
        decode(found, 8, 3, sides=(4, 8), **options)
