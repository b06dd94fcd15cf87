"""Each way to spoil a picture: nothing at no strength, the right thing at some."""

import io

import numpy as np
import pytest
import torch
from PIL import Image
from skimage.color import hsv2rgb, rgb2hsv

from organza.data.corruptions import (
    CHROMINANCE,
    LUMINANCE,
    WAYS,
    cut_out,
    gamma,
    jpeg,
    median,
    sharpen,
    shift,
    shift_hue,
)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def noise(count=2, channels=3, height=24, width=20):
    return torch.rand(count, channels, height, width, generator=generator()) * 2 - 1


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("kind", ["noise", "black", "white"])
def test_pictures_stay_pictures(way, kind):
    images = noise(4) if kind == "noise" else torch.full((4, 3, 24, 20), -1.0 if kind == "black" else 1.0)
    spoilt = way(images, generator())
    assert spoilt.shape == images.shape
    assert spoilt.isfinite().all()
    assert spoilt.min() >= -1
    assert spoilt.max() <= 1
    if kind == "noise":
        assert ((spoilt - images).flatten(1).abs().amax(1) > 0.01).sum() >= 3
        assert (spoilt[0] - images[0]).abs().mean() < 0.5


@pytest.mark.parametrize(
    "same",
    [
        lambda images, zero: cut_out(images, torch.rand(2, 3, 2), 0.0),
        lambda images, zero: median(images, 1),
        lambda images, zero: gamma(images, zero + 1),
        lambda images, zero: shift(images, torch.zeros(2, 3)),
        lambda images, zero: shift_hue(images, zero, zero, zero),
        lambda images, zero: shift_hue(images, zero + 1, zero, zero),
        lambda images, zero: sharpen(images, zero, zero + 1),
    ],
)
def test_no_strength_is_the_identity(same):
    assert torch.allclose(same(noise(), torch.zeros(2)), noise(), atol=1e-5)


def test_holes_are_black_and_have_their_size():
    images = torch.ones(1, 3, 40, 60)
    holed = cut_out(images, torch.tensor([[[0.25, 0.25], [0.75, 0.75], [0.0, 1.0]]]), 10)
    assert (holed == -1).sum() == 3 * (100 + 100 + 25)
    assert (holed[0, :, 5:15, 10:20] == -1).all()


@pytest.mark.parametrize("quality", [30, 70, 75, 90, 100])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_rounding_is_the_codecs(quality, mode):
    channels = 1 if mode == "L" else 3
    coarse = torch.nn.functional.interpolate(noise(1, channels, 6, 5), (45, 35), mode="bicubic").clamp(-1, 1)
    pixels = coarse.add(1).mul(127.5).round().to(torch.uint8)[0].permute(1, 2, 0).numpy()
    file = io.BytesIO()
    picture = Image.fromarray(pixels[..., 0] if channels == 1 else pixels, mode)
    picture.save(file, "JPEG", quality=quality, subsampling=0)
    theirs = np.asarray(Image.open(file)).reshape(pixels.shape).astype(float)
    images = torch.from_numpy(pixels).permute(2, 0, 1)[None].float() / 127.5 - 1
    ours = jpeg(images, torch.tensor([float(quality)])).add(1).mul(127.5)[0].permute(1, 2, 0).numpy()
    # The codec rounds colours and pixels to integers on the way.
    assert np.abs(ours - theirs).mean() < 1.1
    if quality <= 75:
        assert np.abs(theirs - pixels).mean() > np.abs(ours - theirs).mean()


def test_tables_are_the_standards():
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "JPEG", quality=50)
    tables = Image.open(file).quantization
    assert sorted(tables[0]) == sorted(np.ravel(LUMINANCE).tolist())
    assert sorted(tables[1]) == sorted(np.ravel(CHROMINANCE).tolist())


def test_jpeg_has_a_quality_for_each_picture():
    both = jpeg(noise(), torch.tensor([10.0, 95.0]))
    changes = (both - noise()).abs().mean((1, 2, 3))
    assert changes[0] > 3 * changes[1]


def test_medians_take_away_single_pixels():
    images = torch.zeros(1, 2, 9, 9)
    images[:, :, 4, 4] = 1
    images[:, :, 0, 0] = -1
    assert torch.equal(median(images, 3), torch.zeros(1, 2, 9, 9))


def test_gamma_above_one_darkens():
    assert gamma(torch.zeros(1, 1, 1, 1), torch.tensor([2.0])).item() == pytest.approx(-0.5)


def test_channels_shift_on_their_own():
    shifted = shift(torch.zeros(1, 3, 2, 2), torch.tensor([[0.1, -0.2, 2.0]]))
    assert torch.allclose(shifted[0, :, 0, 0], torch.tensor([0.1, -0.2, 1.0]))


def test_hues_shift_as_in_scikit_image():
    images = noise(1)
    unit = images[0].permute(1, 2, 0).add(1).div(2).double().numpy()
    hsv = rgb2hsv(unit)
    hsv = np.stack([(hsv[..., 0] + 0.1) % 1, (hsv[..., 1] - 0.2).clip(0, 1), (hsv[..., 2] + 0.05).clip(0, 1)], -1)
    ours = shift_hue(images, torch.tensor([0.1]), torch.tensor([-0.2]), torch.tensor([0.05]))
    assert np.allclose(ours[0].permute(1, 2, 0).add(1).div(2), hsv2rgb(hsv), atol=1e-4)


def test_grey_stays_grey_whatever_the_hue():
    grey = noise(2, 1).expand(-1, 3, -1, -1)
    shifted = shift_hue(grey, torch.full((2,), 0.1), torch.full((2,), 0.5), torch.zeros(2))
    assert torch.allclose(shifted, grey, atol=1e-5)


def test_sharpening_steepens_edges_and_keeps_flat_parts():
    images = torch.full((1, 1, 8, 8), -0.2)
    images[..., 4:] = 0.2
    sharp = sharpen(images, torch.tensor([0.3]), torch.tensor([1.0]))
    assert torch.allclose(sharp[..., :2], images[..., :2], atol=1e-5)
    assert sharp[0, 0, 0, 4] - sharp[0, 0, 0, 3] > 0.5
