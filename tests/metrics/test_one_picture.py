"""Scores of one picture against one other: closed forms, laws, and what they must and must not tell apart."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from organza.errors import OrganzaError, UsageError
from organza.metrics import (
    deviation,
    edge_agreement,
    patch_swd,
    pixel_diversity,
    shuffled,
    single_frechet,
)
from organza.metrics.one_picture import laplacian

seeds = st.integers(0, 2**31)


def drawn(seed):
    return torch.Generator().manual_seed(seed)


def texture(seed, height=40, width=48, smooth=1.5):
    """A smooth random picture [3, H, W] that fills [-1, 1]."""
    noise = np.random.default_rng(seed).standard_normal((3, height, width))
    found = ndimage.gaussian_filter(noise, (0, smooth, smooth))
    return torch.from_numpy((found / abs(found).max()).astype(np.float32))


def test_the_frechet_distance_of_places_that_are_shifted_is_the_square_of_the_shift():
    maps = torch.randn(5, 9, 11, generator=drawn(0), dtype=torch.float64)
    shift = torch.tensor([1.0, -2, 0, 0.5, 3], dtype=torch.float64)
    assert single_frechet(maps, maps) == pytest.approx(0, abs=1e-10)
    assert single_frechet(maps, maps + shift[:, None, None]) == pytest.approx(float(shift.square().sum()), rel=1e-9)


def test_the_frechet_distance_of_places_that_are_scaled():
    """(s - 1)^2 times the trace of the covariance, where the mean is 0."""
    maps = torch.randn(3, 20, 20, generator=drawn(1), dtype=torch.float64)
    maps -= maps.mean((1, 2), keepdim=True)
    trace = float(torch.cov(maps.flatten(1)).trace())
    assert single_frechet(maps, 3 * maps) == pytest.approx(4 * trace, rel=1e-9)


def test_where_places_lie_makes_no_difference():
    maps = torch.randn(4, 8, 8, generator=drawn(2))
    assert single_frechet(maps, maps.flatten(1)[:, torch.randperm(64, generator=drawn(3))].view(4, 4, 16)) < 1e-6


def test_too_few_places_are_one_line():
    with pytest.raises(UsageError, match="too small for these features"):
        single_frechet(torch.zeros(4, 1, 1), torch.zeros(4, 3, 3))
    with pytest.raises(ValueError, match="shape"):
        single_frechet(torch.zeros(1, 4, 3, 3), torch.zeros(4, 3, 3))


def test_patches_of_two_plain_pictures_differ_by_the_sum_of_the_direction():
    """One level, one colour each: every projection is c times the sum of a unit vector."""
    filters = torch.randn(1, 64, 3, 5, 5, generator=drawn(4)).flatten(2)[0]
    expected = 0.7 * float((filters.sum(1) / filters.norm(dim=1)).abs().mean())
    low, high = torch.full((3, 12, 14), -0.2), torch.full((3, 12, 14), 0.5)
    assert patch_swd(low, high, drawn(4), patch=5, projections=64, levels=1) == pytest.approx(expected, rel=1e-5)
    assert expected / 0.7 == pytest.approx(math.sqrt(2 / math.pi), rel=0.2)


def test_patches_of_one_pixel_in_one_grey_channel_are_the_distance_of_sorted_pixels():
    one, other = (torch.rand(1, 9, 13, generator=drawn(seed)) for seed in (5, 6))
    expected = (one.flatten().sort().values - other.flatten().sort().values).abs().mean()
    assert patch_swd(one, other, drawn(0), patch=1, projections=3, levels=1) == pytest.approx(float(expected), rel=1e-5)


@settings(max_examples=15)
@given(seeds, st.integers(1, 3), st.integers(16, 40), st.integers(16, 40))
def test_a_patch_distance_is_one(seed, channels, height, width):
    one, other = (torch.rand(channels, height, width, generator=drawn(seed + i)) for i in (0, 1))
    there, back = patch_swd(one, other, drawn(seed)), patch_swd(other, one, drawn(seed))
    assert there == back > 0
    assert patch_swd(one, one, drawn(seed)) == 0
    assert patch_swd(one, one + 0.1, drawn(seed)) > 0


def test_another_piece_of_a_texture_is_nearer_than_its_shuffled_pixels():
    whole = texture(0, 48, 96)
    piece, other = whole[..., :48], whole[..., 48:]
    noise = shuffled(piece, drawn(0))
    assert patch_swd(piece, other, drawn(1)) < 0.5 * patch_swd(piece, noise, drawn(1))


def test_large_pictures_are_gone_over_in_steps():
    flat = torch.zeros(1, 140, 150)
    assert patch_swd(flat, flat + 0.5, drawn(0), levels=1, projections=4) > 0


def test_patches_that_do_not_fit_are_one_line():
    with pytest.raises(UsageError, match="patches of 7 pixels on 2 levels need a picture of 14 pixels or more"):
        patch_swd(torch.zeros(3, 12, 30), torch.zeros(3, 12, 30), drawn(0), levels=2)
    with pytest.raises(OrganzaError, match="finite"):
        patch_swd(torch.full((3, 16, 16), torch.nan), torch.zeros(3, 16, 16), drawn(0))
    with pytest.raises(ValueError, match="shapes"):
        patch_swd(torch.zeros(3, 16, 16), torch.zeros(3, 16, 17), drawn(0))


@settings(max_examples=15)
@given(seeds, st.integers(1, 3), st.integers(8, 33), st.integers(8, 33))
def test_the_bands_of_a_pyramid_hold_the_whole_picture(seed, levels, height, width):
    picture = torch.rand(2, height, width, generator=drawn(seed))
    *bands, rest = laplacian(picture, levels)
    for band in reversed(bands):
        rest = band + torch.nn.functional.interpolate(rest[None], band.shape[1:], mode="bilinear")[0]
    assert torch.allclose(rest, picture, atol=1e-5)


@settings(max_examples=15)
@given(seeds)
def test_shuffled_pixels_keep_their_colours(seed):
    picture = torch.rand(3, 5, 7, generator=drawn(seed))
    found = shuffled(picture, drawn(seed))

    def colours(pixels):
        return sorted(map(tuple, pixels.flatten(1).T.tolist()))

    assert colours(found) == colours(picture)
    assert not torch.equal(found, picture)


def test_the_diversity_of_samples_is_the_deviation_of_each_pixel():
    samples = torch.zeros(4, 1, 2, 2)
    samples[:2, 0, 0, 0], samples[2:, 0, 0, 0] = 1, -1  # a deviation of 1 in one pixel of four
    assert pixel_diversity(samples) == pytest.approx(0.25)
    assert pixel_diversity(torch.rand(1, 3, 6, 6, generator=drawn(0)).expand(5, -1, -1, -1)) == pytest.approx(
        0, abs=1e-7
    )
    normal = torch.randn(400, 1, 9, 9, generator=drawn(1))
    assert pixel_diversity(0.3 * normal) == pytest.approx(0.3, rel=0.02)
    assert deviation(0.3 * normal.flatten(2)) == pytest.approx(0.3, rel=0.02)


def test_one_sample_has_no_diversity():
    with pytest.raises(UsageError, match="needs 2 of them"):
        pixel_diversity(torch.zeros(1, 3, 4, 4))


@settings(max_examples=15)
@given(seeds, st.floats(0.05, 1), st.floats(-0.5, 0.5))
def test_edges_agree_whatever_the_contrast(seed, contrast, brightness):
    picture = texture(seed)
    assert edge_agreement(picture, picture) == pytest.approx(1)
    for sign in (1, -1):
        assert edge_agreement(picture, sign * contrast * picture + brightness) == pytest.approx(1, abs=1e-4)


def test_edges_of_unrelated_pictures_do_not_agree():
    found = [edge_agreement(texture(seed), texture(seed + 100)) for seed in range(6)]
    assert max(map(abs, found)) < 0.25


def test_a_pixel_of_shift_costs_little_and_five_cost_all():
    whole = texture(3, 40, 60, smooth=3)
    here, beside, far = (whole[..., start : start + 48] for start in (0, 1, 10))
    assert edge_agreement(here, beside) > 0.85
    assert edge_agreement(here, beside) > edge_agreement(here, beside, smoothing=0)
    assert edge_agreement(here, far) < 0.3


def test_a_picture_without_edges_agrees_with_nothing():
    flat = torch.full((3, 20, 20), 0.3)
    assert edge_agreement(flat, texture(0, 20, 20)) == edge_agreement(flat, flat) == 0
    with pytest.raises(ValueError, match="shapes"):
        edge_agreement(flat, texture(0, 20, 21))
