"""Pairs move together, and only inputs are spoilt."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from organza.data import augment, corruptions
from organza.data.augment import (
    corrupt,
    geometric,
    jitter,
    mirror,
    positions,
    resample,
    shift_scale_rotate,
    transposition,
)

SEEDS = st.integers(0, 2**32)
STILL = (torch.zeros(1), torch.zeros(1, 2, 4, 4))


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def smooth(count=4, height=32, width=32, seed=0):
    """Pictures without detail, which interpolation hardly changes."""
    coarse = torch.rand(count, 3, 4, 4, generator=generator(seed)) * 2 - 1
    return torch.nn.functional.interpolate(coarse, (height, width), mode="bilinear")


def moved(images, matrices, bend=STILL[0], waves=STILL[1]):
    count = len(images)
    return resample(
        images,
        positions(matrices, bend.expand(count), waves.expand(count, -1, -1, -1), images.shape[2], images.shape[3]),
    )


@settings(max_examples=25)
@given(SEEDS, st.sampled_from([(24, 24), (16, 32)]))
def test_pairs_stay_aligned(seed, size):
    images = smooth(8, *size, seed=seed % 1000)
    first, second = geometric([images, -images], generator(seed))
    assert torch.allclose(first, -second, atol=1e-5)
    assert first.shape == images.shape
    assert first.min() >= -1
    assert first.max() <= 1


@settings(max_examples=15)
@given(SEEDS)
def test_large_and_small_pictures_of_a_pair_stay_aligned(seed):
    large = smooth(8, 64, 64, seed=seed % 1000)
    small = torch.nn.functional.avg_pool2d(large, 2)
    one, other = geometric([large, small], generator(seed))
    assert (torch.nn.functional.avg_pool2d(one, 2) - other).abs().mean() < 0.01


def test_all_five_ways_are_taken_and_two_draws_differ():
    images = smooth(1).expand(256, -1, -1, -1)
    drawing = generator()
    (first,) = geometric([images], drawing)
    (second,) = geometric([images], drawing)
    assert (first - second).abs().max() > 0.1

    def alike(picture):
        return ((first - picture).abs().amax((1, 2, 3)) < 1e-4).sum().item()

    left, mirrored, transposed = alike(images[0]), alike(images[0].flip(2)), alike(images[0].transpose(1, 2))
    assert min(left, mirrored, transposed) > 0
    assert left + mirrored + transposed < 240  # of 256; the others are moved in the other ways


def test_pictures_that_are_not_square_are_not_transposed():
    images = smooth(1, 16, 32).expand(64, -1, -1, -1)
    assert geometric([images], generator())[0].shape == images.shape


@pytest.mark.parametrize("size", [(32, 32), (16, 48), (5, 3)])
def test_nothing_moves_without_strength(size):
    images = torch.rand(2, 3, *size, generator=generator()) * 2 - 1
    zero = torch.zeros(2)
    for matrices in (
        mirror(zero > 0),
        shift_scale_rotate(zero, zero, zero, zero, size[1] / size[0]),
        jitter(torch.zeros(2, 3, 2)),
    ):
        assert torch.allclose(moved(images, matrices), images, atol=1e-4)


def test_mirroring_and_transposition_are_exact():
    images = torch.rand(2, 3, 9, 9, generator=generator()) * 2 - 1
    flipped = moved(images, mirror(torch.tensor([True, False])))
    assert torch.allclose(flipped[0], images[0].flip(2), atol=1e-4)
    assert torch.allclose(flipped[1], images[1], atol=1e-4)
    assert torch.allclose(moved(images, transposition(2)), images.transpose(2, 3), atol=1e-4)


def test_quarter_turns_shifts_and_zooms_are_what_they_say():
    images = torch.rand(1, 3, 16, 16, generator=generator()) * 2 - 1
    zero, one = torch.zeros(1), torch.ones(1)
    turned = moved(images, shift_scale_rotate(zero, zero, zero, one * math.pi / 2))
    assert torch.allclose(turned, images.rot90(-1, (2, 3)), atol=1e-4) or torch.allclose(
        turned, images.rot90(1, (2, 3)), atol=1e-4
    )
    shifted = moved(images, shift_scale_rotate(one / 4, zero, zero, zero))
    assert torch.allclose(shifted[..., 4:], images[..., :-4], atol=1e-4)
    assert torch.allclose(shifted[..., :4], images[..., :4].flip(3), atol=1e-4)  # mirrored at the edge
    lowered = moved(images, shift_scale_rotate(zero, one / 8, zero, zero))
    assert torch.allclose(lowered[:, :, 2:], images[:, :, :-2], atol=1e-4)
    larger = moved(smooth(1), shift_scale_rotate(zero, zero, one, zero))
    wanted = torch.nn.functional.interpolate(smooth(1)[..., 8:24, 8:24], scale_factor=2, mode="bilinear")
    assert torch.allclose(larger[..., 2:-2, 2:-2], wanted[..., 2:-2, 2:-2], atol=1e-3)


def test_a_turn_does_not_shear_wide_pictures():
    across, down = torch.meshgrid(torch.arange(64.0), torch.arange(32.0), indexing="xy")
    spot = (-((across - 31.5) ** 2 + (down - 15.5) ** 2) / 50).exp().expand(1, 1, -1, -1)
    zero = torch.zeros(1)
    turned, sheared = (moved(spot, shift_scale_rotate(zero, zero, zero, zero + 0.7, aspect)) for aspect in (2.0, 1.0))
    middle = (..., slice(24, 40))  # elsewhere the mirrored picture comes into sight
    assert (turned - spot)[middle].abs().max() < 0.02
    assert (sheared - spot)[middle].abs().max() > 0.1


def test_corners_go_where_they_are_moved_to():
    moves = torch.tensor([[[0.05, 0.0], [0.0, -0.03], [0.02, 0.04]]])
    matrix = jitter(moves)[0]
    corners = torch.tensor([[-2 / 3, -2 / 3], [2 / 3, -2 / 3], [-2 / 3, 2 / 3]])
    assert torch.allclose(corners @ matrix[:, :2].T + matrix[:, 2], corners + 2 * moves[0], atol=1e-6)


def test_a_lens_bends_the_corners_most_and_leaves_the_centre():
    grid = positions(torch.eye(2, 3)[None], torch.tensor([0.05]), STILL[1], 33, 33)[0]
    straight = positions(torch.eye(2, 3)[None], *STILL, 33, 33)[0]
    change = (grid - straight).norm(dim=2)
    assert change[16, 16] == 0
    radius = straight[16, 32, 0] / 2
    assert grid[16, 32, 0] / straight[16, 32, 0] == pytest.approx(1 + 0.05 * (radius**2 + radius**4))
    assert change.argmax() in (0, 32, 33 * 32, 33 * 33 - 1)


def test_waves_move_by_what_their_nodes_say():
    waves = torch.full((1, 2, 4, 4), 0.1)
    grid = positions(torch.eye(2, 3)[None], STILL[0], waves, 8, 8)
    straight = positions(torch.eye(2, 3)[None], *STILL, 8, 8)
    assert torch.allclose(grid - straight, torch.tensor(0.2), atol=1e-5)


@settings(max_examples=15)
@given(SEEDS, st.sampled_from([1, 3, 4]))
def test_spoilt_inputs_stay_pictures(seed, channels):
    images = torch.rand(8, channels, 20, 24, generator=generator(seed)) * 2 - 1
    before = images.clone()
    spoilt = corrupt(images, generator(seed), share=1.0)
    assert torch.equal(images, before)
    assert spoilt.shape == images.shape
    assert spoilt.isfinite().all()
    assert spoilt.min() >= -1
    assert spoilt.max() <= 1


def test_a_share_is_spoilt_each_on_its_own():
    images = torch.rand(64, 3, 16, 16, generator=generator()) * 1.6 - 0.8
    assert torch.equal(corrupt(images, generator(), share=0.0), images)
    changed = (corrupt(images, generator(), share=0.5) != images).flatten(1).any(1).sum()
    assert 16 < changed < 48
    assert (corrupt(images, generator(), share=1.0) != images).flatten(1).any(1).sum() > 56


def test_every_way_is_taken(monkeypatch):
    taken = []

    def noting(way):
        return lambda images, drawing: (taken.append(way.__name__), way(images, drawing))[1]

    noted = {way: noting(way) for way in corruptions.WAYS}
    monkeypatch.setattr(corruptions, "WAYS", tuple(noted.values()))
    monkeypatch.setattr(corruptions, "random_hue", noted[corruptions.random_hue])
    corrupt(smooth(64), generator(), share=1.0)
    assert set(taken) == {way.__name__ for way in noted}
    taken.clear()
    corrupt(smooth(64)[:, :1], generator(), share=1.0)
    assert set(taken) == {way.__name__ for way in noted} - {"random_hue"}


def test_the_same_generator_does_the_same():
    images = smooth(8)
    for first, second in (
        [augment.geometric([images], generator(5))[0] for _ in range(2)],
        [corrupt(images, generator(5)) for _ in range(2)],
    ):
        assert torch.equal(first, second)


def test_shapes_alone_are_enough():
    images = torch.empty(8, 3, 16, 16, device="meta")
    assert [tensor.shape for tensor in geometric([images, images], generator())] == [images.shape] * 2
    assert corrupt(images, generator(), share=1.0).shape == images.shape
