"""Models of one picture: the laws of variations, edits, other proportions, walks and enlarging."""

from itertools import islice, pairwise, repeat

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from one_picture_models import KINDS, SIZES, generator_of, save_one_picture_model
from organza.errors import UsageError
from organza.exchange import load_model
from organza.games.enlarging import enlarged_by, enlarging, enlarging_sizes
from organza.tools.one_picture.colours import in_colours, main_colours
from organza.tools.one_picture.edits import edited, repainted, write_edit, write_painting
from organza.tools.one_picture.known import MOST_PIXELS, one_picture, pixels_of, read_factors
from organza.tools.one_picture.masks import Softness, blended, blurred, dilated, softened, white
from organza.tools.one_picture.variations import retargeted, write_retargeted, write_variations
from organza.tools.one_picture.walk import frames, walk, write_walk
from organza.tools.pictures.networks import Way
from organza.tools.pictures.photo import Photo, read_photo

few = settings(max_examples=12)


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    """What a small model knows, by the name of its recipe."""
    folder = tmp_path_factory.mktemp("models")
    names = ("singan", "consingan", "analogy-6")
    return {name: one_picture(load_model(save_one_picture_model(folder / name, name))) for name in names}


@pytest.fixture(scope="module")
def generators():
    return {kind: generator_of(kind) for kind in KINDS}


def noise(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def photo_of(height, width, channels=3, seed=0, alpha=False):
    numbers = np.random.default_rng(seed)
    colours = numbers.integers(0, 256, (height, width, channels), dtype=np.uint8)
    return Photo(colours, numbers.integers(0, 256, (height, width), dtype=np.uint8) if alpha else None)


def mask_of(marked):
    return Photo(np.where(marked, 255, 0).astype(np.uint8)[..., None])


# Factors and sizes


@pytest.mark.parametrize(
    ("text", "factors"),
    [("2x1", (1, 2)), ("1.5x.5", (0.5, 1.5)), (" 1x3. ", (3, 1)), ((2, 0.25), (0.25, 2)), ([1, 1], (1, 1))],
)
def test_factors_are_of_width_and_height(text, factors):
    assert read_factors(text) == factors


@pytest.mark.parametrize(
    "text", ["", "2", "x", "2x", "0x1", "-1x2", "2x1x1", "axb", "infx1", "nanx1", (2,), (1, 0), (1, -2)]
)
def test_what_is_no_factor_is_refused(text):
    with pytest.raises(UsageError, match="--scale is two positive factors"):
        read_factors(text)


@few
@given(st.floats(0.1, 3), st.floats(0.1, 3), st.sampled_from(KINDS), st.integers(0, 2))
def test_variations_have_exactly_the_size_that_was_asked_for(generators, high, wide, kind, start):
    height, width = SIZES[-1]
    size = max(1, round(high * height)), max(1, round(wide * width))
    generator = generators[kind]
    made = generator.sample(1, torch.Generator().manual_seed(0), (high, wide), start)
    assert made.shape == (1, 3, *size)
    assert retargeted(generator, (high, wide), max(start, 1)).shape == (1, 3, *size)


def test_a_result_of_too_many_pixels_is_refused(known):
    assert known["singan"].result((2, 3)) == (32, 72)
    side = (MOST_PIXELS / (16 * 24)) ** 0.5 + 1
    with pytest.raises(UsageError, match="megapixels are not made"):
        known["singan"].result((side, side))


@given(st.integers(1, 3000), st.integers(1, 3000))
def test_a_picture_is_repainted_in_its_proportions(known, height, width):
    size = known["singan"].like((height, width))
    assert min(size) >= 1
    if min(size) > 4:
        assert abs(size[0] * size[1] - 16 * 24) < 0.5 * sum(size) + 1
        assert size[0] / size[1] == pytest.approx(height / width, rel=0.25)
    assert known["singan"].like((16 * height, 24 * height)) == (16, 24)


# Variations


@pytest.mark.parametrize("name", ["singan", "consingan", "analogy-6"])
def test_a_variation_comes_from_seed_and_number_alone(known, name, tmp_path):
    many = write_variations(known[name], 4, tmp_path / "many", seed=5)
    few_of_them = write_variations(known[name], 2, tmp_path / "few", seed=5)
    assert [file.read_bytes() for file in many.files[:2]] == [file.read_bytes() for file in few_of_them.files]
    assert len({file.read_bytes() for file in many.files}) == 4
    other = write_variations(known[name], 2, tmp_path / "other", seed=6)
    assert other.files[0].read_bytes() != many.files[0].read_bytes()


def test_a_grid_shows_the_single_pictures(known, tmp_path):
    single = write_variations(known["singan"], 4, tmp_path / "single", factors=(1, 2))
    together = write_variations(known["singan"], 4, tmp_path / "grid.png", factors=(1, 2))
    cells = [np.asarray(Image.open(file)) for file in single.files]
    expected = np.vstack([np.hstack(cells[:2]), np.hstack(cells[2:])])
    assert (np.asarray(Image.open(together.files[0])) == expected).all()
    assert together.size == (16, 48)


@pytest.mark.parametrize("kind", ["scales", "noise", "each"])
@pytest.mark.parametrize("start", [1, 2])
def test_scales_before_the_start_are_those_of_the_reconstruction(kind, start):
    generator = generator_of(kind)
    generator.amplitudes[start:] = 0
    made = generator.sample(1, torch.Generator().manual_seed(1), start=start)
    # Finer scales of this kind of network add no noise to the reconstruction.
    torch.testing.assert_close(made, generator.reconstruct().clamp(-1, 1))
    assert not torch.allclose(generator.sample(1, torch.Generator().manual_seed(1)), made, atol=1e-2)


@pytest.mark.parametrize("kind", KINDS)
def test_retargeting_with_the_factors_one_changes_nothing(generators, kind):
    generator = generators[kind]
    still = generator.anchored(range(1))
    expected = generator.show(generator.through(still, range(1, 3), [None, None])).clamp(-1, 1)
    assert torch.equal(retargeted(generator, (1, 1)), expected)
    if generator.anchor_noise(1) is None:
        torch.testing.assert_close(retargeted(generator, (1, 1)), generator.reconstruct().clamp(-1, 1))


def test_retargeting_stretches_what_the_coarser_scales_make():
    generator = generator_of("scales")
    for scale in generator.scales[1:]:  # finer scales that add nothing
        scale[-1].weight.data.zero_()
        scale[-1].bias.data.zero_()
    wide = retargeted(generator, (1, 2))
    assert wide.shape == (1, 3, 16, 48)
    assert torch.equal(wide, retargeted(generator, (1, 2)))
    back = torch.nn.functional.interpolate(wide, (16, 24), mode="area")
    assert (back - retargeted(generator, (1, 1))).abs().mean() < 0.1 * wide.std()


def test_retargeting_takes_noise_only_if_asked_to(known, tmp_path):
    plain = write_retargeted(known["singan"], tmp_path / "a.png", (1, 2))
    again = write_retargeted(known["singan"], tmp_path / "b.png", (1, 2))
    noisy = write_retargeted(known["singan"], tmp_path / "c.png", (1, 2), seed=0)
    assert plain.files[0].read_bytes() == again.files[0].read_bytes()
    assert not (np.asarray(Image.open(plain.files[0])) == np.asarray(Image.open(noisy.files[0]))).all()


# Which model, which side, which scale


def test_scales_to_start_from(known):
    assert known["singan"].start(None, 5) == 2
    assert known["singan"].start(None, 0, first=1) == 1
    assert [known["singan"].first, known["consingan"].first] == [1, 0]
    for asked, first in ((3, 0), (-1, 0), (0, 1)):
        with pytest.raises(UsageError, match=f"--start-scale is a number from {first} to 2"):
            known["singan"].start(asked, 0, first)


def test_sides(known):
    model = known["analogy-6"].model
    assert known["analogy-6"].side == "b"
    assert one_picture(model, "a").generator is model.networks["generator_a"]
    assert one_picture(model).generator is model.networks["generator_b"]
    assert known["singan"].side is None
    with pytest.raises(UsageError, match="unknown side 'c'"):
        one_picture(model, "c")
    with pytest.raises(UsageError, match="leave out --side"):
        one_picture(known["singan"].model, "a")


# Masks


@st.composite
def flags(draw):
    height, width = draw(st.integers(1, 30)), draw(st.integers(1, 30))
    numbers = np.random.default_rng(draw(st.integers(0, 99)))
    return numbers.random((height, width)) < draw(st.sampled_from([0, 0.01, 0.2, 1]))


@settings(max_examples=40)
@given(flags(), st.floats(0, 9))
def test_dilation_is_what_lies_within_a_distance(marked, radius):
    places = np.argwhere(marked)
    everywhere = np.argwhere(np.ones_like(marked))
    distance = ((everywhere[:, None] - places[None]) ** 2).sum(-1).min(1, initial=10**9)
    assert (dilated(marked, radius).ravel() == (distance <= radius**2)).all()


@settings(max_examples=40)
@given(flags(), st.floats(0, 5), st.floats(0, 3))
def test_softened_masks(marked, radius, sigma):
    share = softened(marked, Softness(radius, sigma))
    assert share.shape == marked.shape
    assert share.min() >= 0
    assert share.max() <= 1
    reach = radius + 2**0.5 * (int(4 * sigma + 0.5) + 1)
    assert (share[~dilated(marked, reach)] == 0).all()
    if marked.any():
        assert share.max() == 1
    if marked.all() or not marked.any():
        assert (share == marked).all()


def test_blurring_agrees_with_scipy():
    ndimage = pytest.importorskip("scipy.ndimage")
    values = np.random.default_rng(0).random((23, 31)).astype(np.float32)
    for sigma in (0.4, 1.3, 5.0):
        np.testing.assert_allclose(
            blurred(values, sigma), ndimage.gaussian_filter(values, sigma, mode="nearest", truncate=4), atol=1e-5
        )


def test_softness_shrinks_with_small_pictures_only():
    assert Softness(7, 5).for_size(125, 50) == Softness(3.5, 2.5)
    assert Softness(7, 5).for_size(4000, 3000) == Softness(7, 5)


def test_masks_of_all_kinds():
    marked = np.eye(4, dtype=bool)
    grey = np.where(marked, 200, 90).astype(np.uint8)
    assert (white(Photo(grey[..., None])) == marked).all()
    assert (white(Photo(np.repeat(grey[..., None], 3, 2))) == marked).all()
    opaque = np.full((4, 4, 3), 255, np.uint8)
    assert (white(Photo(opaque, np.where(marked, 255, 0).astype(np.uint8))) == marked).all()


@settings(max_examples=30)
@given(flags(), st.sampled_from([1, 3]))
def test_blending_keeps_every_bit_outside_and_takes_all_inside(marked, channels):
    picture, other = (photo_of(*marked.shape, channels, seed).colours for seed in (1, 2))
    share = softened(marked, Softness(1, 0.5))
    made = blended(picture, other, share)
    assert (made[share == 0] == picture[share == 0]).all()
    assert (made[share == 1] == other[share == 1]).all()
    low, high = np.minimum(picture, other), np.maximum(picture, other)
    assert ((low <= made) & (made <= high)).all()


# Edits


@few
@given(flags(), st.sampled_from(["singan", "consingan"]), st.sampled_from(["harmonize", "retouch"]), st.booleans())
def test_edits_keep_every_bit_outside_of_the_mask(known, marked, name, verb, grey):
    photo = photo_of(*marked.shape, 1 if grey else 3, alpha=True)
    made, done = edited(known[name], photo, mask_of(marked), verb, 1, seed=0)
    share = softened(marked, done.softness)
    assert made.size == photo.size
    assert made.colours.shape == photo.colours.shape
    assert made.alpha is photo.alpha
    assert (made.colours[share == 0] == photo.colours[share == 0]).all()
    assert done.changed == (share > 0).sum()


def test_inside_of_the_mask_is_the_models_own(known):
    photo = photo_of(40, 60)
    everywhere, done = edited(known["singan"], photo, mask_of(np.ones((40, 60), bool)), "harmonize", 1, seed=0)
    painted = repainted(known["singan"], photo.colours, 1, 0, "harmonize")
    assert painted.shape == (16, 24, 3)
    expected = np.asarray(Image.fromarray(painted).resize((60, 40), Image.Resampling.BICUBIC))
    assert (everywhere.colours == expected).all()
    assert done.changed == 40 * 60
    other, _ = edited(known["singan"], photo, mask_of(np.ones((40, 60), bool)), "harmonize", 1, seed=1)
    assert not (other.colours == everywhere.colours).all()


def test_a_black_mask_changes_nothing_and_claims_nothing(known, tmp_path):
    save(tmp_path / "p.png", photo_of(10, 10).colours)
    save(tmp_path / "m.png", np.zeros((10, 10, 3), np.uint8))
    for _ in range(2):  # its own output is not in the way
        done = write_edit(known["singan"], "harmonize", tmp_path / "p.png", tmp_path / "m.png", tmp_path / "o.png")
    assert done.changed == 0
    assert (read_photo(tmp_path / "o.png").colours == read_photo(tmp_path / "p.png").colours).all()
    assert "trainedAlgorithmicMedia" not in (tmp_path / "o.png").read_bytes().decode("latin-1")


@pytest.mark.parametrize("kind", ["grey", "colour"])
def test_models_of_one_channel_and_pictures_of_the_other(tmp_path, kind):
    channels = 1 if kind == "colour" else 3
    own = one_picture(load_model(save_one_picture_model(tmp_path / "model", channels=channels)))
    photo = photo_of(20, 30, 4 - channels)
    made, _ = edited(own, photo, mask_of(np.eye(20, 30, dtype=bool)), "retouch", 1, 0)
    assert made.colours.shape == photo.colours.shape


def save(path, pixels):
    Image.fromarray(pixels).save(path)


# Paint


@settings(max_examples=30)
@given(flags(), st.integers(2, 8), st.sampled_from([1, 3]))
def test_strokes_are_told_in_few_colours_each_in_the_nearest(marked, count, channels):
    pixels, strokes = (photo_of(*marked.shape, channels, seed).colours for seed in (3, 4))
    colours = main_colours(pixels, count)
    assert len(colours) <= count
    assert (main_colours(pixels, count) == colours).all()
    told = in_colours(strokes, colours).reshape(-1, channels).astype(int)
    distances = ((strokes.reshape(-1, 1, channels).astype(int) - colours.astype(int)) ** 2).sum(-1)
    assert (((told - strokes.reshape(-1, channels)) ** 2).sum(-1) == distances.min(1)).all()


def test_main_colours_of_a_picture_of_two(tmp_path):
    pixels = np.full((6, 6, 3), (10, 200, 30), np.uint8)
    pixels[:, 3:] = (250, 0, 90)
    assert sorted(map(tuple, main_colours(pixels, 5).tolist())) == [(10, 200, 30), (250, 0, 90)]


@pytest.mark.parametrize("name", ["singan", "consingan"])
def test_painting(known, name, tmp_path):
    save(tmp_path / "s.png", photo_of(32, 48).colours)
    done = write_painting(known[name], tmp_path / "s.png", tmp_path / "o.png", colours=4)
    assert Image.open(tmp_path / "o.png").size == (24, 16)
    assert done.start == 1
    assert 1 <= len(done.colours) <= 4
    with pytest.raises(UsageError, match="--colours is a number from 2 to 256"):
        write_painting(known[name], tmp_path / "s.png", tmp_path / "o.png", colours=1)


# Walks


def test_a_walk_by_hand():
    anchor, drawn = torch.tensor([1.0]), [torch.tensor([value]) for value in (2.0, -1.0, 3.0)]
    first = 0.95 * 1 + 0.05 * 2
    second = 0.1 * 1 + 0.9 * (first + 0.9 * (first - 1) + 0.1 * -1)
    third = 0.1 * 1 + 0.9 * (second + 0.9 * (second - first) + 0.1 * 3)
    assert [step.item() for step in walk(anchor, drawn)] == pytest.approx([second, third])


@given(st.floats(0, 0.99), st.integers(0, 50))
def test_a_walk_that_is_wholly_drawn_back_stays(inertia, seed):
    anchor = noise(2, 3, seed=seed)
    drawn = (noise(2, 3, seed=seed + number) for number in range(1, 7))
    steps = [*walk(anchor, drawn, pull=1.0, inertia=inertia)]
    assert len(steps) == 5
    assert all(torch.equal(step, anchor) for step in steps)


def test_a_walk_under_a_steady_push_rests_where_the_pull_is_as_strong():
    *_, last = walk(torch.ones(1), [torch.full((1,), 9.0), *repeat(torch.ones(1), 400)])
    assert last.item() == pytest.approx(1 + 0.9 * 0.1 / 0.1, rel=1e-3)  # a z = a z* + (1 - a) (1 - b) u


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("start", [0, 1, 2])
def test_frames_that_are_drawn_back_show_the_reconstruction(generators, kind, start):
    generator = generators[kind]
    still = [*islice(frames(generator, start, pull=1.0), 2)]
    for frame in still:
        torch.testing.assert_close(frame, without_noise_at(generator, start))
    first, second, third = islice(frames(generator, start), 3)
    assert not torch.equal(first, second)
    assert (second - first).abs().mean() < 0.3
    assert not torch.equal(second, third)
    assert torch.is_grad_enabled()


def without_noise_at(generator, start):
    noises = [generator.anchor_noise(scale) for scale in range(start, generator.built)]
    still = generator.anchored(range(start))
    return generator.show(generator.through(still, range(start, generator.built), noises)).clamp(-1, 1)


def test_an_animation(known, tmp_path):
    done = write_walk(known["consingan"], tmp_path / "a.gif", 4)
    again = write_walk(known["consingan"], tmp_path / "b.gif", 4)
    longer = write_walk(known["consingan"], tmp_path / "many", 6)
    shorter = write_walk(known["consingan"], tmp_path / "few", 3)
    assert done.files[0].read_bytes() == again.files[0].read_bytes()
    assert Image.open(tmp_path / "a.gif").n_frames == 4
    for short, long in zip(shorter.files, longer.files, strict=False):
        assert (read_photo(short).colours == read_photo(long).colours).all()
    assert (done.start, done.size) == (2, (16, 24))


# Enlarging


@given(st.integers(1, 400), st.integers(1, 400), st.integers(2, 8))
def test_enlarging_ends_at_exactly_so_many_times(height, width, factor):
    sizes = enlarging_sizes((height, width), factor)
    assert sizes[-1] == (factor * height, factor * width)
    assert len(sizes) == {2: 3, 3: 5, 4: 6, 5: 7, 6: 8, 7: 8, 8: 9}[factor]
    whole = [(height, width), *sizes]
    ratio = factor ** (1 / len(sizes))
    for small, large in pairwise(whole):
        assert abs(large[0] - ratio * small[0]) <= 0.03 * ratio * small[0] + 0.5 * ratio + 0.5 + 1e-9
    assert 1.2 < ratio < 1.33


@given(st.integers(1, 40), st.integers(1, 40), st.integers(2, 8))
def test_a_part_meets_the_same_places_as_the_whole(part, rest, factor):
    """Where both are of a size that the ability asks for; else they drift apart on the way, and seams show."""
    multiple = enlarging("generator", factor).multiple
    sizes = (enlarging_sizes((multiple, multiple * count), factor) for count in (part, rest, part + rest))
    for (_, left), (_, right), (_, whole) in zip(*sizes, strict=True):
        assert left + right == whole


@pytest.mark.parametrize("factor", [2, 3, 4])
def test_tiles_enlarge_as_the_whole_picture_does(factor):
    generator = generator_of("scales").eval()
    photo = photo_of(150, 333).colours
    whole, tiled = (
        Way(enlarging("generator", factor), {"generator": generator}, 3, tile).make(photo).astype(int)
        for tile in (4096, 128)
    )
    assert abs(whole - tiled).max() <= 1


@few
@given(st.integers(1, 12), st.integers(1, 12), st.integers(2, 5), st.sampled_from(KINDS))
def test_enlarged_pictures(generators, height, width, factor, kind):
    pictures = noise(2, 3, height, width).clamp(-1, 1)
    made = enlarged_by(generators[kind], pictures, factor)
    assert made.shape == (2, 3, factor * height, factor * width)
    assert made.abs().max() <= 1
    translation = enlarging("generator", factor)
    assert torch.equal(translation.images({"generator": generators[kind]}, pictures), made)


def test_enlarging_applies_the_last_scale_alone(generators):
    generator = generator_of("scales")
    pictures = noise(1, 3, 6, 9).clamp(-1, 1)
    before = enlarged_by(generator, pictures, 2)
    for scale in generator.scales[:-1]:
        scale[-1].bias.data += 1
    assert torch.equal(enlarged_by(generator, pictures, 2), before)
    generator.scales[-1][-1].bias.data += 1
    assert not torch.equal(enlarged_by(generator, pictures, 2), before)


def test_a_single_scale_enlarges_nothing(generators):
    single, begun = generator_of("scales", SIZES[:1]), generator_of("scales")
    begun.unfinished = 2
    pictures = noise(1, 3, 6, 9).clamp(-1, 1)
    with pytest.raises(UsageError, match="has a single scale"):
        enlarged_by(single, pictures, 2)
    with pytest.raises(UsageError, match="only the first of 3 scales so far, .*go on with its training"):
        enlarged_by(begun, pictures, 2)


def test_a_growing_model_is_given_the_picture_at_the_coarsest_scale(tmp_path):
    growing = one_picture(load_model(save_one_picture_model(tmp_path / "grown", "consingan")))
    assert (growing.enters(2), growing.first) == (0, 0)
    photo = photo_of(16, 24)
    _, done = edited(growing, photo, mask_of(np.eye(16, 24, dtype=bool)), "harmonize", 2, 0)
    assert (done.start, done.enters) == (2, 0)


def test_pixels_of_pictures():
    assert pixels_of(torch.tensor([[[[-1.0, 0.0, 1.0]]]])).tolist() == [[[[0], [128], [255]]]]
