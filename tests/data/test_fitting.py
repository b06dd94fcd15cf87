import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from organza.data import Margins, fit
from organza.data.fitting import arrays_to_channels, fit_arrays, fit_picture, proportional
from organza.data.picture import to_channels

from .making import image

SIDES = st.integers(1, 40)


@pytest.mark.parametrize(
    ("height", "width", "size", "pad", "sentence"),
    [
        (32, 32, 32, 0, "as it is"),
        (28, 28, 32, 2, "28x28 padded by 2 to 32x32"),
        (30, 30, 32, 1, "30x30 padded by 1 to 32x32"),
        (29, 29, 32, 0, "resized from 29x29 to 32x32"),
        (26, 26, 32, 0, "resized from 26x26 to 32x32"),
        (36, 36, 32, 0, "resized from 36x36 to 32x32"),
        (28, 30, 32, 0, "centre-cropped to a square and resized to 32x32"),
        (32, 48, 32, 0, "centre-cropped to a square and resized to 32x32"),
    ],
)
def test_how_a_picture_becomes_square(height, width, size, pad, sentence):
    assert fit(height, width, size).margins.record == pad
    assert fit(height, width, size).sentence == sentence


def test_pictures_of_several_sizes_are_never_framed():
    assert fit(28, 28, 32).margins == Margins(2, 2, 2, 2)
    assert fit(28, 28, 32, uniform=False).margins == Margins()


@settings(deadline=None)
@given(SIDES, st.sampled_from([2, 4]), st.sampled_from(["L", "RGB", "RGBA"]), st.integers(0, 99))
def test_cropping_takes_the_padding_off_again(side, lacking, mode, seed):
    plan = fit(side, side, side + lacking)
    original = image(mode, (side, side), seed)
    fitted = fit_picture(original, plan)
    inside = slice(lacking // 2, lacking // 2 + side)
    assert np.array_equal(fitted[inside, inside], np.asarray(original).reshape(side, side, -1))
    assert fitted.sum(dtype=int) == np.asarray(original).sum(dtype=int)  # what was added is black


@settings(deadline=None)
@given(SIDES, SIDES, SIDES, st.sampled_from(["L", "RGB", "RGBA"]))
def test_every_picture_gets_the_size(height, width, size, mode):
    fitted = fit_picture(image(mode, (width, height)), fit(height, width, size))
    assert fitted.shape == (size, size, len(mode))


@settings(deadline=None, max_examples=40)
@given(st.integers(4, 40), st.integers(4, 40), st.integers(4, 40), st.sampled_from([1, 3]))
def test_arrays_are_fitted_like_pictures(height, width, size, channels):
    plan = fit(height, width, size)
    pictures = [image("L" if channels == 1 else "RGB", (width, height), seed) for seed in range(3)]
    side = min(height, width)
    square = fit(side, side, size, uniform=height == width)  # the filter of a picture also looks beside the square
    expected = np.stack([fit_picture(picture.crop(plan.box), square) for picture in pictures])
    arrays = np.stack([np.asarray(picture).reshape(height, width, channels) for picture in pictures])
    difference = np.abs(fit_arrays(arrays, plan).astype(int) - expected)
    assert difference.max() <= 2  # torch and Pillow round between the two directions in their own ways


def test_more_arrays_than_one_batch(monkeypatch):
    monkeypatch.setattr("organza.data.fitting.BATCH", 2)
    arrays = np.random.default_rng(0).integers(0, 256, (5, 9, 9, 1), np.uint8)
    plan = fit(9, 9, 6)
    assert np.array_equal(fit_arrays(arrays, plan), np.concatenate([fit_arrays(one[None], plan) for one in arrays]))


def test_the_centre_is_kept():
    wide = Image.new("L", (30, 10), 0)
    wide.paste(255, (10, 0, 20, 10))
    assert fit_picture(wide, fit(10, 30, 10)).min() == 255
    assert fit_picture(wide.crop((0, 0, 20, 10)), fit(10, 20, 10)).min() == 0  # another crop shows what is beside


def test_shrinking_is_antialiased():
    stripes = np.zeros((64, 64), np.uint8)
    stripes[:, ::2] = 255
    small = fit_picture(Image.fromarray(stripes), fit(64, 64, 16))
    assert small[:, 2:-2].min() > 100
    assert small[:, 2:-2].max() < 155


@settings(deadline=None)
@given(st.integers(0, 999), st.sampled_from(["L", "RGB"]), st.sampled_from([1, 3, 4]))
def test_arrays_change_channels_like_pictures(seed, mode, channels):
    picture = image(mode, (5, 4), seed)
    array = np.asarray(picture).reshape(1, 4, 5, -1)
    expected = np.asarray(to_channels(picture, channels)).reshape(4, 5, channels)
    assert np.array_equal(arrays_to_channels(array, channels)[0], expected)


def framed(height, width, size):
    return fit(height, width, size, rectangles="pad")


@pytest.mark.parametrize(
    ("height", "width", "size", "margins", "sentence"),
    [
        (60, 40, 64, [0, 0, 10, 11], "40x60 resized to 43x64 and padded to 64x64 (10 and 11 pixels left and right, its edges "
         "continued); samples come out as 43x64"),
        (24, 32, 32, [4, 4, 0, 0], "32x24 padded to 32x32 (4 pixels each above and below, its edges continued); samples come out "
         "as 32x24"),
        (127, 128, 64, 0, "128x127 resized to 64x64, which is nearest to its proportions"),
        (32, 32, 32, 0, "as it is"),
        (28, 28, 32, 2, "28x28 padded by 2 to 32x32"),
        (29, 29, 32, 0, "resized from 29x29 to 32x32"),
    ],
)  # fmt: skip
def test_how_a_rectangle_stays_whole(height, width, size, margins, sentence):
    assert framed(height, width, size).margins.record == margins
    assert framed(height, width, size).sentence == sentence


@settings(deadline=None)
@given(SIDES, SIDES, SIDES, st.sampled_from(["L", "RGB", "RGBA"]), st.integers(0, 99))
def test_cropping_gives_the_whole_picture_back(height, width, size, mode, seed):
    plan, original = framed(height, width, size), image(mode, (width, height), seed)
    fitted = fit_picture(original, plan)
    assert fitted.shape == (size, size, len(mode))
    if height != width:
        tall, wide = proportional(height, width, size)
        resized = original.resize((wide, tall), Image.Resampling.BICUBIC) if (wide, tall) != original.size else original
        cropped = plan.margins.cropped(torch.tensor(fitted).permute(2, 0, 1)).permute(1, 2, 0)
        assert np.array_equal(cropped, np.asarray(resized).reshape(tall, wide, -1))
        assert max(tall, wide) == size
        beside = abs(tall * width - wide * height)  # half a pixel at most
        assert beside * 2 <= max(height, width) or min(tall, wide) == 1


@settings(deadline=None, max_examples=40)
@given(st.integers(4, 40), st.integers(4, 40), st.integers(4, 40), st.sampled_from([1, 3]))
def test_arrays_stay_whole_like_pictures(height, width, size, channels):
    plan = framed(height, width, size)
    # Nothing overshoots: torch and Pillow clip between the two directions, and not always in the same order.
    drawn = [image("L" if channels == 1 else "RGB", (width, height), seed) for seed in range(3)]
    pictures = [picture.point(lambda value: 96 + value // 4) for picture in drawn]
    expected = np.stack([fit_picture(picture, plan) for picture in pictures])
    arrays = np.stack([np.asarray(picture).reshape(height, width, channels) for picture in pictures])
    assert np.abs(fit_arrays(arrays, plan).astype(int) - expected).max() <= 2


def test_what_is_filled_are_the_edges():
    picture = np.arange(1, 13, dtype=np.uint8).reshape(1, 6, 2, 1)
    row = fit_arrays(picture, framed(6, 2, 6))[0, 0, :, 0]
    assert row.tolist() == [1, 1, 1, 2, 2, 2]
    assert fit_arrays(picture, fit(6, 2, 6)).shape == (1, 6, 6, 1)


@given(st.integers(1, 99), st.integers(1, 99), st.integers(0, 9))
def test_margins_are_written_and_read(height, width, more):
    margins = Margins.around(height, width, max(height, width) + more)
    assert Margins.read(margins.record) == margins
    assert abs(margins.top - margins.bottom) <= 1
    assert abs(margins.left - margins.right) <= 1


def test_margins_of_older_models_are_one_number():
    images = torch.arange(36.0).reshape(1, 1, 6, 6)
    assert torch.equal(Margins.read(2).cropped(images), images[..., 2:-2, 2:-2])
    assert torch.equal(Margins.read(0).cropped(images), images)
    assert torch.equal(Margins.read([0, 1, 2, 0]).cropped(images), images[..., :5, 2:])
