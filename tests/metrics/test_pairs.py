"""PSNR and SSIM: closed forms, and equality with scikit-image."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from organza.errors import OrganzaError, UsageError
from organza.metrics import psnr, ssim


def noise(seed, count=2, channels=3, height=17, width=23):
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (count, channels, height, width), generator=generator, dtype=torch.uint8)


def test_golden_numbers_of_psnr():
    images = torch.full((1, 3, 16, 16), 100, dtype=torch.uint8)
    assert psnr(images, images + 10).item() == pytest.approx(28.13080361, abs=1e-8)
    assert psnr(torch.zeros(1, 1, 4, 4), torch.full((1, 1, 4, 4), 0.1).double(), peak=1).item() == pytest.approx(20)
    # uint8 must not wrap around: the difference has either sign.
    assert psnr(images + 10, images).item() == pytest.approx(28.13080361, abs=1e-8)


def test_equal_images():
    images = noise(0)
    assert psnr(images, images).tolist() == [math.inf, math.inf]
    assert ssim(images, images).tolist() == pytest.approx([1, 1], abs=1e-12)


@given(st.floats(0, 255), st.floats(0, 255))
def test_ssim_of_plain_images_is_the_term_of_brightness(one, other):
    images = [torch.full((1, 2, 12, 13), value, dtype=torch.float64) for value in (one, other)]
    c1 = (0.01 * 255) ** 2
    expected = (2 * one * other + c1) / (one**2 + other**2 + c1)
    assert ssim(*images).item() == pytest.approx(expected, abs=1e-6)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([1, 3]), st.integers(11, 20), st.integers(11, 20), st.integers(1, 128))
def test_they_are_those_of_scikit_image(seed, channels, height, width, coarse):
    images = noise(seed, 2, channels, height, width)
    targets = (images // coarse * coarse).to(torch.uint8)
    targets[0, 0, 0, 0] = 255 - images[0, 0, 0, 0]
    targets[1, 0, 0, 0] = 255 - images[1, 0, 0, 0]
    similarities, ratios = ssim(images, targets), psnr(images, targets)
    for i in range(2):
        pair = images[i].numpy(), targets[i].numpy()
        expected = structural_similarity(
            *pair,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            channel_axis=0,
            data_range=255,
        )
        assert similarities[i].item() == pytest.approx(expected, abs=1e-6)
        assert ratios[i].item() == pytest.approx(peak_signal_noise_ratio(*pair, data_range=255), abs=1e-9)


def test_the_range_of_the_images_does_not_matter():
    images, targets = noise(0), noise(1)
    scaled = images / 255.0, targets / 255.0
    torch.testing.assert_close(psnr(*scaled, peak=1), psnr(images, targets), rtol=1e-5, atol=0)
    torch.testing.assert_close(ssim(*scaled, peak=1), ssim(images, targets), rtol=1e-4, atol=1e-6)


def test_each_image_has_its_own():
    images, targets = noise(0, 3), noise(1, 3)
    targets[1] = images[1]
    assert psnr(images, targets).isinf().tolist() == [False, True, False]
    assert ssim(images, targets)[1] == pytest.approx(1)
    assert ssim(images, targets)[0] < 0.2
    torch.testing.assert_close(ssim(images, targets)[2:], ssim(images[2:], targets[2:]))


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(UsageError, match="windows of 11 pixels, and the images have 10 x 12"):
        ssim(noise(0, height=10, width=12), noise(1, height=10, width=12))
    with pytest.raises(UsageError, match="got none"):
        psnr(noise(0, 0), noise(0, 0))
    with pytest.raises(ValueError, match="not twice"):
        ssim(noise(0), noise(0, channels=1))
    with pytest.raises(ValueError, match="peak"):
        psnr(noise(0), noise(0), peak=0)
    with pytest.raises(OrganzaError, match="finite"):
        psnr(noise(0) / 0.0, noise(0) / 1.0)
