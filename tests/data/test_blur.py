"""Paths of a shaken camera, their kernels, and what blurring keeps."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import convolve2d

from organza.data.blur import (
    EXPOSURES,
    blur,
    blur_randomly,
    kernel_of_seed,
    kernel_side,
    line_kernels,
    psf,
    random_kernels,
    trajectory,
)
from organza.errors import UsageError

SEEDS = st.integers(0, 2**32)
LENGTHS = st.floats(0.5, 60)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@settings(max_examples=15)
@given(SEEDS, LENGTHS, st.sampled_from([None, 0.0, 0.003, 0.01]))
def test_a_path_has_its_length_and_lies_in_the_middle_of_its_canvas(seed, length, expl):
    path = trajectory(generator(seed), length=length, expl=expl)
    assert path.shape == (2000,)
    assert path.dtype == np.complex128
    assert np.abs(np.diff(path)).sum() == pytest.approx(length, abs=1e-9)
    assert path.real.min() + path.real.max() == pytest.approx(64)
    assert path.imag.min() + path.imag.max() == pytest.approx(64)
    assert min(path.real.min(), path.imag.min()) >= 0
    assert max(path.real.max(), path.imag.max()) <= 63


def test_a_path_is_straight_without_restlessness_and_otherwise_not():
    def ends(expl):
        path = trajectory(generator(), expl=expl)
        return abs(path[-1] - path[0])

    assert ends(0.0) == pytest.approx(60)
    assert ends(0.01) < 55


def test_another_length_is_the_same_form():
    small, large = (trajectory(generator(3), length=length, canvas=200) for length in (20, 120))
    assert np.allclose((small - 100 * (1 + 1j)) * 6, large - 100 * (1 + 1j))


def test_paths_come_from_both_kinds_of_generators():
    one, same, other = (trajectory(np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert (one == same).all()
    assert not np.allclose(one, other)
    drawing = generator()
    assert not np.allclose(trajectory(drawing), trajectory(drawing))


@settings(max_examples=15)
@given(SEEDS, st.one_of(st.sampled_from(EXPOSURES), st.floats(0.01, 1)))
def test_a_point_leaves_as_much_light_as_the_exposure_says(seed, exposure):
    path = trajectory(generator(seed))
    light = psf(path, exposure)
    assert light.shape == (64, 64)
    assert light.min() >= 0
    assert light.sum().item() == pytest.approx(exposure, abs=1e-9)
    # Sharing among four pixels keeps the centre of mass.
    rows, columns = torch.arange(64.0)[:, None], torch.arange(64.0)
    seen = path[: math.ceil(exposure * 2000)]
    assert (light * columns).sum().item() / exposure == pytest.approx(seen.real.mean(), abs=0.1)
    assert (light * rows).sum().item() / exposure == pytest.approx(seen.imag.mean(), abs=0.1)


def test_longer_exposures_only_add_light():
    path = trajectory(generator(1))
    lights = [psf(path, exposure) for exposure in EXPOSURES]
    assert all((later - earlier).min() >= 0 for earlier, later in pairwise(lights))


@settings(max_examples=15)
@given(SEEDS, LENGTHS, st.sampled_from([None, *EXPOSURES]))
def test_kernels_sum_to_one_around_their_middle(seed, length, exposure):
    kernels = random_kernels(5, generator(seed), length=length, exposure=exposure)
    side = kernel_side(length, exposure)
    assert kernels.shape == (5, side, side)
    assert side % 2 == 1
    assert kernels.min() >= 0
    assert torch.allclose(kernels.sum((1, 2)), torch.ones(5), atol=1e-5)
    rows, columns = torch.arange(side)[:, None], torch.arange(side)
    for axis in (rows, columns):
        assert torch.allclose((kernels * axis).sum((1, 2)), torch.full((5,), side // 2).float(), atol=1e-3)


def test_kernels_grow_with_length_and_exposure():
    def spread(**options):
        kernels = random_kernels(32, generator(), canvas=64, **options)
        square = (torch.arange(64)[:, None] - 32) ** 2 + (torch.arange(64) - 32) ** 2
        return (kernels * square).sum((1, 2)).sqrt().mean()

    assert spread(length=20, exposure=1.0) < 0.5 * spread(length=60, exposure=1.0)
    assert spread(length=60, exposure=0.1) < 0.5 * spread(length=60, exposure=1.0)


def test_a_seed_names_its_kernels():
    kernel = kernel_of_seed(1000, length=20, exposure=1.0)
    assert torch.equal(kernel, kernel_of_seed(1000, 0, length=20, exposure=1.0))
    assert torch.equal(kernel_of_seed(7), kernel_of_seed(7))  # also where the exposure is drawn
    others = [kernel_of_seed(1001, length=20, exposure=1.0), kernel_of_seed(1000, 1, length=20, exposure=1.0)]
    assert all((kernel - other).abs().max() > 0.01 for other in others)
    assert kernel_of_seed(0, canvas=64).shape == (64, 64)


def test_all_exposures_are_drawn():
    assert {_exposure_of(seed) for seed in range(20)} == set(EXPOSURES)


def _exposure_of(seed):
    drawn = kernel_of_seed(seed, canvas=64)
    (found,) = (part for part in EXPOSURES if torch.equal(drawn, kernel_of_seed(seed, exposure=part, canvas=64)))
    return found


@pytest.mark.parametrize("linear_light", [False, True])
@pytest.mark.parametrize("size", [(16, 16), (1, 1), (1, 9), (9, 1), (30, 7)])
def test_constant_pictures_stay_as_they_are(size, linear_light):
    images = torch.tensor([-1.0, -0.3, 0.0, 0.7, 1.0])[:, None, None, None].expand(5, 3, *size)
    blurred = blur(images, random_kernels(5, generator(), length=30), linear_light=linear_light)
    assert torch.allclose(blurred, images, atol=2e-3 if linear_light else 1e-5)


@pytest.mark.parametrize("linear_light", [False, True])
@pytest.mark.parametrize("side", [1, 4, 5, 41])
def test_the_kernel_without_motion_is_the_identity(side, linear_light):
    images = torch.rand(2, 3, 12, 17, generator=generator()) * 2 - 1
    kernels = torch.zeros(2, side, side)
    kernels[:, side // 2, side // 2] = 1
    assert torch.allclose(blur(images, kernels, linear_light=linear_light), images, atol=3e-3 if linear_light else 1e-5)


@pytest.mark.parametrize("side", [3, 4, 9, 23])
def test_blurring_is_a_convolution_of_the_mirrored_picture(side):
    images = torch.rand(3, 2, 30, 26, generator=generator(1)) * 2 - 1
    kernels = torch.rand(3, side, side, generator=generator(2))
    kernels /= kernels.sum((1, 2), keepdim=True)
    blurred = blur(images, kernels)
    before, after = side - 1 - side // 2, side // 2
    for sample in range(3):
        for channel in range(2):
            padded = np.pad(images[sample, channel].numpy(), (before, after), mode="reflect")
            wanted = convolve2d(padded, kernels[sample].numpy(), mode="valid")
            assert np.allclose(blurred[sample, channel], wanted, atol=1e-5)


def test_kernels_larger_than_the_picture_mirror_it_again_and_again():
    images = torch.rand(1, 1, 5, 4, generator=generator()) * 2 - 1
    kernel = torch.rand(1, 25, 25, generator=generator(1))
    kernel /= kernel.sum()
    padded = np.pad(images[0, 0].numpy(), 12, mode="reflect")  # numpy mirrors repeatedly
    assert np.allclose(blur(images, kernel)[0, 0], convolve2d(padded, kernel[0].numpy(), mode="valid"), atol=1e-5)


@settings(max_examples=15)
@given(SEEDS, st.booleans())
def test_blurring_keeps_the_light_and_the_range(seed, linear_light):
    kernels = random_kernels(2, generator(seed), length=10)
    reach = kernels.shape[-1]
    images = torch.nn.functional.pad(
        torch.rand(2, 3, 8, 8, generator=generator(seed)) * 2 - 1, (reach,) * 4, value=-1.0
    )
    blurred = blur(images, kernels, linear_light=linear_light)
    assert blurred.min() >= -1
    assert blurred.max() <= 1
    light = [(values + 1).double().div(2).pow(2.2 if linear_light else 1).sum((2, 3)) for values in (images, blurred)]
    assert torch.allclose(*light, rtol=1e-3)


def test_linear_light_makes_lights_wider():
    images = torch.full((1, 1, 15, 15), -1.0)
    images[..., 7, 7] = 1
    kernel = torch.full((1, 5, 5), 1 / 25)
    plain, linear = blur(images, kernel), blur(images, kernel, linear_light=True)
    assert plain[0, 0, 7, 7].item() == pytest.approx(2 / 25 - 1, abs=1e-4)
    assert linear[0, 0, 7, 7].item() == pytest.approx(2 * (1 / 25) ** (1 / 2.2) - 1, abs=1e-4)


def test_each_picture_has_its_own_kernel():
    images = torch.rand(2, 1, 20, 20, generator=generator()) * 2 - 1
    kernels = random_kernels(2, generator(), length=15, exposure=1.0)
    together = blur(images, kernels)
    alone = [blur(images[place : place + 1], kernels[place : place + 1]) for place in range(2)]
    assert torch.allclose(together, torch.cat(alone), atol=1e-5)
    assert (together - blur(images, kernels.flip(0))).abs().max() > 0.01


def test_gradients_go_through():
    images = torch.rand(1, 1, 6, 6, generator=generator(), dtype=torch.double).mul(0.5).requires_grad_()
    blurred = blur(images, random_kernels(1, generator(), length=4))
    (gradient,) = torch.autograd.grad(blurred.sum(), images)
    assert gradient.sum().item() == pytest.approx(36, rel=1e-4)
    assert blurred.dtype == torch.double


def test_shapes_alone_are_enough():
    images = torch.empty(2, 3, 20, 30, device="meta")
    blurred = blur_randomly(images, generator(), length=10, linear_light=True)
    assert (blurred.shape, blurred.device.type) == (images.shape, "meta")


def test_lines_blur_along_their_direction():
    across, down = line_kernels(torch.tensor([6.0, 6.0]), torch.tensor([0.0, math.pi / 2]), 9)
    assert torch.allclose(across, down.T, atol=1e-6)
    assert across[4].sum().item() == pytest.approx(1)
    assert (across[4] > 0.01).sum() == 7


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: trajectory(generator(), length=0), "length"),
        (lambda: random_kernels(1, generator(), length=math.nan), "length"),
        (lambda: random_kernels(1, generator(), length=5000), "1000 pixels"),
        (lambda: random_kernels(1, generator(), exposure=1.5), "exposure"),
        (lambda: psf(trajectory(generator()), 0.0), "exposure"),
        (lambda: random_kernels(1, generator(), length=100, canvas=64), "64 pixels"),
        (lambda: psf(trajectory(generator(), expl=0.0), canvas=32), "canvas of 32"),
    ],
)
def test_what_cannot_be_is_refused(make, said):
    with pytest.raises(UsageError, match=said):
        make()


def test_no_kernels_are_no_error():
    assert random_kernels(0, generator()).shape == (0, 63, 63)
