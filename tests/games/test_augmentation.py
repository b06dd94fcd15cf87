"""The pipeline of augmentations against closed forms, its laws, and what steers its strength."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.functional import grid_sample, interpolate

from organza.games import adaptive, augmentation, resampling
from organza.games.augmentation import COLUMNS, TRANSFORMATIONS, Pipeline

NAMES = [name for name, _ in COLUMNS]
EVERYTHING = Pipeline(cutout=1.0)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def noise(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return (torch.rand(*shape, generator=generator(1), dtype=torch.float64) * 2 - 1).to(dtype)


def smooth(count: int, channels: int, height: int, width: int) -> Tensor:
    """Pictures without fine detail, which no filter touches."""
    return interpolate(noise(count, channels, 4, 4), (height, width), mode="bicubic", align_corners=True)


def numbers(count: int, **amounts: float | tuple[float, float]) -> dict[str, Tensor]:
    """As if just these amounts had been drawn, for transformations that act whenever p is above 0."""
    table = torch.zeros(count, len(COLUMNS))
    for name, amount in amounts.items():
        columns = [i for i, known in enumerate(NAMES) if known == name.replace("_", " ")]
        table[:, columns] = torch.tensor(amount, dtype=torch.float32).expand(len(columns))
    return {
        "augment thresholds": torch.zeros(count, len(COLUMNS)),
        "augment amounts": table,
        "augment places": torch.full((count, 2), 0.5),
    }


def changed(images: Tensor, **amounts: float | tuple[float, float]) -> Tensor:
    return EVERYTHING.apply(images, numbers(len(images), **amounts), torch.tensor(1.0))


# What is drawn


def test_a_draw_is_on_the_cpu_and_depends_on_the_key_alone():
    drawn = EVERYTHING.draw(generator(), 5, "augment real")
    assert {name: tuple(values.shape) for name, values in drawn.items()} == {
        "augment real thresholds": (5, len(COLUMNS)),
        "augment real amounts": (5, len(COLUMNS)),
        "augment real places": (5, 2),
    }
    assert all(values.dtype == torch.float32 and values.device.type == "cpu" for values in drawn.values())
    again, other = (EVERYTHING.draw(generator(seed), 5, "augment real") for seed in (0, 1))
    assert all(torch.equal(drawn[name], again[name]) for name in drawn)
    assert not any(torch.equal(drawn[name], other[name]) for name in drawn)


def test_options_do_not_shift_the_other_numbers():
    whole, less = (pipe.draw(generator(), 7)["augment amounts"] for pipe in (EVERYTHING, Pipeline(blit=0, hue=0.5)))
    hue = NAMES.index("hue")
    assert torch.equal(less[:, hue] * 2, whole[:, hue])
    others = [i for i in range(len(COLUMNS)) if i != hue]
    assert torch.equal(less[:, others], whole[:, others])


@pytest.mark.parametrize(("multiplier", "p"), [(1.0, 0.5), (0.5, 0.5), (1.0, 0.1), (1.0, 1.0)])
def test_each_transformation_acts_as_often_as_it_should(multiplier, p):
    count = 20_000
    pipe = Pipeline(blit=multiplier, geometry=multiplier, colour=multiplier, cutout=multiplier)
    thresholds = pipe.draw(generator(), count)["augment thresholds"]
    acts = thresholds < p
    for name in TRANSFORMATIONS:
        columns = acts[:, [i for i, known in enumerate(NAMES) if known == name]]
        assert (columns == columns[:, :1]).all(), "both directions of a shift act together"
        expected = 1 - math.sqrt(1 - multiplier * p) if "turn" in name.split() else multiplier * p
        deviation = math.sqrt(expected * (1 - expected) / count)
        assert abs(columns[:, 0].float().mean() - expected) <= 4 * deviation, name
    either = acts[:, NAMES.index("turn")] | acts[:, NAMES.index("second turn")]
    deviation = math.sqrt(multiplier * p * (1 - multiplier * p) / count)
    assert abs(either.float().mean() - multiplier * p) <= 4 * deviation


def test_transformations_act_independently_of_each_other():
    acts = (EVERYTHING.draw(generator(), 20_000)["augment thresholds"] < 0.5).double()
    single = [NAMES.index(name) for name in TRANSFORMATIONS]
    correlations = torch.corrcoef(acts[:, single].T) - torch.eye(len(single))
    assert correlations.abs().max() < 5 / math.sqrt(20_000)


def test_the_amounts_have_the_published_laws():
    count = 40_000
    amounts = dict(zip(NAMES, EVERYTHING.draw(generator(), count)["augment amounts"].unbind(1), strict=True))
    normal = {"scale": 0.2, "stretch": 0.2, "slide": 0.125, "brightness": 0.2, "contrast": 0.5, "saturation": 1.0}
    for name, deviation in normal.items():
        assert abs(amounts[name].mean()) < 4 * deviation / math.sqrt(count)
        assert amounts[name].std() == pytest.approx(deviation, rel=4 / math.sqrt(2 * count))
    for name, bound in {"shift": 0.125, "turn": math.pi, "second turn": math.pi, "hue": math.pi}.items():
        assert amounts[name].abs().max() <= bound
        assert amounts[name].std() == pytest.approx(bound / math.sqrt(3), rel=4 / math.sqrt(2 * count))
    for name, values in {"flip": 2, "quarter": 4, "luma flip": 2}.items():
        shares = torch.bincount(amounts[name].long(), minlength=values) / count
        assert len(shares) == values
        assert (shares - 1 / values).abs().max() < 4 * math.sqrt(1 / values * (1 - 1 / values) / count)
    assert (amounts["cutout"] == 0.5).all()


@pytest.mark.parametrize("group", ["blit", "geometry", "colour", "cutout"])
def test_a_group_without_a_multiplier_never_acts(group):
    columns = [i for i, (_, of) in enumerate(COLUMNS) if of == group]
    pipe = Pipeline(**{"cutout": 1.0, group: 0.0})
    acting = pipe.acting(pipe.draw(generator(), 100), torch.tensor(1.0))
    assert (acting[:, columns] == 0).all()
    assert (acting != 0).any()


# Nothing, and pixels moved


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_at_strength_0_nothing_changes_and_at_1_everything_does(channels, dtype):
    images = noise(16, channels, 16, 16, dtype=dtype)
    drawn = EVERYTHING.draw(generator(), 16)
    assert torch.equal(EVERYTHING.apply(images, drawn, torch.tensor(0.0)), images)
    moved = EVERYTHING.apply(images, drawn, torch.tensor(1.0))
    assert moved.dtype == dtype
    assert moved.shape == images.shape
    assert moved.isfinite().all()
    assert (moved != images).flatten(1).any(1).all()


def test_a_pipeline_of_nothing_gives_back_its_images():
    images = noise(2, 3, 8, 8)
    pipe = Pipeline(blit=0, geometry=0, colour=0)
    assert not pipe.active
    assert pipe.apply(images, {}, torch.tensor(1.0)) is images


def test_samples_on_which_nothing_acts_stay_bit_for_bit():
    images = noise(64, 3, 16, 16)
    drawn = EVERYTHING.draw(generator(), 64)
    p = torch.tensor(0.05)
    still = (EVERYTHING.acting(drawn, p) == 0).all(1)
    same = (EVERYTHING.apply(images, drawn, p) == images).flatten(1).all(1)
    assert 5 < still.sum() < 60
    assert torch.equal(still, same)


def test_what_a_device_does_in_fixed_shapes_is_what_the_cpu_does(monkeypatch):
    images, drawn, p = noise(32, 3, 16, 16), EVERYTHING.draw(generator(), 32), torch.tensor(0.2)
    here = EVERYTHING.apply(images, drawn, p)
    monkeypatch.setattr(augmentation, "replaced", resampling.selected)
    assert torch.allclose(EVERYTHING.apply(images, drawn, p), here, atol=1e-5)


@given(st.sampled_from([8, 12, 16, 32]), st.sampled_from([8, 12, 16, 32]), st.integers(0, 3), st.booleans())
@settings(max_examples=25, deadline=None)
def test_flips_and_quarter_turns_are_exact_and_undo_themselves(height, width, quarters, flip):
    images = noise(2, 3, height, height if quarters % 2 else width)
    flipped = changed(images, flip=1.0) if flip else images
    assert torch.equal(flipped, images.flip(3) if flip else images)
    assert torch.equal(changed(flipped, flip=1.0) if flip else flipped, images)
    assert torch.equal(changed(images, quarter=float(quarters)), torch.rot90(images, quarters, (2, 3)))


def test_a_picture_is_flipped_first_and_turned_then():
    images = noise(2, 3, 8, 8)
    assert torch.equal(changed(images, flip=1.0, quarter=1.0), torch.rot90(images.flip(3), 1, (2, 3)))


@pytest.mark.parametrize(("height", "width"), [(8, 8), (16, 32), (9, 12)])
def test_shifts_by_pixels_are_exact_and_show_the_mirrored_picture(height, width):
    images = noise(3, 1, height, width)
    moved = changed(images, shift=(2.2 / width, -1 / height))
    around = torch.nn.functional.pad(images, (3, 3, 3, 3), mode="reflect")
    assert torch.equal(moved, around[:, :, 3 + 1 : 3 + 1 + height, 3 - 2 : 3 - 2 + width])


def test_a_quarter_turn_of_a_rectangle_takes_pixels_once():
    images = torch.arange(9.0 * 12).view(1, 1, 9, 12)
    turned = changed(images, quarter=1.0)
    assert torch.isin(turned, images).all()
    assert len(turned[..., 2:10].unique()) == 9 * 8  # those that come from within it


# Geometry


def warped(images: Tensor, matrix: list[list[float]], offset: tuple[float, float] = (0.0, 0.0)) -> Tensor:
    count = len(images)
    linear, by = torch.tensor(matrix).expand(count, 2, 2), torch.tensor(offset).expand(count, 2)
    return resampling.resampled(images, linear.to(images), by.to(images))


@pytest.mark.parametrize("side", [8, 9, 16, 32, 64])
def test_the_filters_undo_each_other(side):
    """Even at the edges, and for noise."""
    images = noise(2, 3, side, side + 3)
    assert torch.allclose(warped(images, [[1.0, 0.0], [0.0, 1.0]]), images, atol=3e-5)


def test_the_filter_is_orthonormal():
    taps = torch.tensor(resampling.SYM6, dtype=torch.float64)
    products = [float(taps[2 * k :] @ taps[: len(taps) - 2 * k]) for k in range(6)]
    assert products == pytest.approx([1, 0, 0, 0, 0, 0], abs=1e-10)
    assert float(taps.sum()) == pytest.approx(math.sqrt(2), abs=1e-10)


def step_by_step(images: Tensor, linear: Tensor, offset: Tensor) -> Tensor:
    """The method as published: a wide margin, zeros between pixels, convolutions, one matrix for all coordinates."""
    count, channels, side, _ = images.shape
    taps = torch.tensor(resampling.SYM6, dtype=images.dtype)
    taps = taps / taps.sum()
    wide = torch.nn.functional.pad(images, (side - 1,) * 4, mode="reflect")
    fine = torch.zeros(count * channels, 1, 2 * wide.shape[2], 2 * wide.shape[2], dtype=images.dtype)
    fine[..., ::2, ::2] = wide.flatten(0, 1)[:, None]
    fine = torch.nn.functional.pad(fine, (6, 5, 6, 5))
    for shape in ((1, 1, 1, -1), (1, 1, -1, 1)):
        fine = torch.nn.functional.conv2d(fine, 2 * taps.flip(0).view(shape))
    outside = 5  # places before the first pixel of the new picture
    places = (torch.arange(2 * side + 10, dtype=images.dtype) - outside) / 2 - (side - 1) / 2
    down, across = torch.meshgrid(places, places, indexing="ij")
    sources = torch.stack([across, down], -1) @ linear.mT[:, None] + offset[:, None, None]
    sources = 2 * (sources + (side - 1) / 2 + side - 1)  # numbers of doubled pixels
    sources = (2 * sources + 1) / fine.shape[-1] - 1
    found = grid_sample(fine.view(count, channels, *fine.shape[2:]), sources, align_corners=False)
    found = found.flatten(0, 1)[:, None]
    found = torch.nn.functional.conv2d(found, taps.view(1, 1, 1, -1), stride=(1, 2))
    return torch.nn.functional.conv2d(found, taps.view(1, 1, -1, 1), stride=(2, 1)).view_as(images)


def test_it_is_the_published_method_up_to_the_far_margin():
    drawn = Pipeline().draw(generator(5), 32)["augment amounts"].double()
    linear, offset = augmentation.affine(drawn, 32, 32)
    images = noise(32, 3, 32, 32, dtype=torch.float64)
    result, expected = (move(images, linear, offset) for move in (resampling.resampled, step_by_step))
    error = (result - expected).abs()
    assert (error < 1e-9).double().mean() > 0.85
    assert error.mean() < 0.01
    linear = linear * 0.5 / torch.linalg.matrix_norm(linear, 2)[:, None, None]  # none of these looks beyond the edges
    result, expected = (move(images, linear, offset * 0) for move in (resampling.resampled, step_by_step))
    assert torch.allclose(result, expected, atol=1e-9)


@pytest.mark.parametrize("quarters", [1, 2, 3, -1])
@pytest.mark.parametrize("name", ["turn", "second turn"])
def test_a_turn_by_quarters_is_that_of_the_pixels(quarters, name):
    images = smooth(4, 3, 32, 32)
    turned = changed(images, **{name.replace(" ", "_"): quarters * math.pi / 2})
    error = (turned - torch.rot90(images, quarters, (2, 3))).abs()
    assert error.max() < 0.05  # of 2 from black to white: the filter is off by a twentieth of a pixel
    assert not torch.allclose(turned, images, atol=0.2)


def test_turns_add_up_and_cancel():
    images = smooth(4, 3, 32, 32)
    assert torch.allclose(changed(images, turn=0.3, second_turn=-0.3), images, atol=1e-4)
    assert torch.allclose(changed(images, turn=0.3, second_turn=0.4), changed(images, turn=0.7), atol=1e-4)


@pytest.mark.parametrize(("name", "amount", "matrix"), [("scale", 1.0, (2, 2)), ("stretch", 0.5, (2**0.5, 2**-0.5))])
def test_scales_against_a_function_that_is_known_everywhere(name, amount, matrix):
    """A wave that is looked at near the middle, where no edge matters."""

    def wave(across: Tensor, down: Tensor) -> Tensor:
        return (0.2 * across + 0.5).sin() * (0.15 * down).cos()

    places = torch.arange(32.0) - 15.5
    down, across = torch.meshgrid(places, places, indexing="ij")
    result = changed(wave(across, down)[None, None], **{name: amount})[0, 0]
    expected = wave(across / matrix[0], down / matrix[1])
    assert (result - expected)[10:22, 10:22].abs().max() < 0.01
    assert (result - wave(across, down))[10:22, 10:22].abs().max() > 0.1


def test_slides_go_with_the_shifts():
    images = smooth(2, 3, 16, 16)
    by_filter, by_pixel = changed(images, slide=(0.125, -0.0625)), changed(images, shift=(0.125, -0.0625))
    assert torch.allclose(by_filter, by_pixel, atol=0.03)
    assert not torch.allclose(by_filter, images, atol=0.3)


def test_all_geometry_is_one_map_in_the_order_of_the_paper():
    """x_out = slide o turn o stretch o turn o scale o shift o quarter o flip, each as a 3x3 matrix of its own, inverted."""
    drawn = Pipeline().draw(generator(3), 20)["augment amounts"].double()
    height, width = 24, 32
    linear, offset = augmentation.affine(drawn, height, width)

    def turn(angle: Tensor) -> Tensor:
        return torch.tensor([[angle.cos(), angle.sin(), 0], [-angle.sin(), angle.cos(), 0], [0, 0, 1]]).double()

    def diagonal(x: float, y: float) -> Tensor:
        return torch.diag(torch.tensor([x, y, 1.0], dtype=torch.float64))

    def move(x: float, y: float) -> Tensor:
        return torch.tensor([[1, 0, x], [0, 1, y], [0, 0, 1]], dtype=torch.float64)

    for i, row in enumerate(drawn):
        flip, quarter, across, down, scale, first, stretch, second, slide_x, slide_y = row[:10]
        steps = [
            diagonal(1 - 2 * float(flip), 1),
            turn(quarter * math.pi / 2),
            move(float((across * width).round()), float((down * height).round())),
            diagonal(float(scale.exp2()), float(scale.exp2())),
            turn(first),
            diagonal(float(stretch.exp2()), float((-stretch).exp2())),
            turn(second),
            move(float(slide_x) * width, float(slide_y) * height),
        ]
        whole = torch.eye(3, dtype=torch.float64)
        for step in steps:
            whole = step @ whole
        inverse = whole.inverse()
        assert torch.allclose(linear[i], inverse[:2, :2], atol=1e-5)
        assert torch.allclose(offset[i], inverse[:2, 2], atol=1e-3)


def test_nothing_aliases():
    """A pattern too fine for the smaller picture goes to its mean, where picking pixels would leave stripes."""
    stripes = torch.ones(1, 1, 32, 32)
    stripes[..., ::2] = -1
    small = changed(stripes, scale=-0.8)
    places = torch.nn.functional.affine_grid(torch.eye(2, 3)[None] * 2**0.8, [1, 1, 32, 32], align_corners=False)
    picked = grid_sample(stripes, places, align_corners=False)
    assert small[..., 12:20, 12:20].abs().max() < 0.15
    assert picked[..., 12:20, 12:20].abs().max() > 0.4


@given(st.integers(2, 20), st.floats(-200, 200))
@settings(deadline=None)
def test_places_fold_as_often_as_needed(side, place):
    last = side - 1
    expected = last - abs(place % (2 * last) - last)
    assert float(resampling.folded(torch.tensor(place, dtype=torch.float64), side)) == pytest.approx(expected, abs=1e-6)


def test_constant_pictures_stay_whatever_moves():
    images = torch.full((32, 3, 16, 16), 0.7)
    pipe = Pipeline(colour=0)
    assert torch.allclose(pipe.apply(images, pipe.draw(generator(), 32), torch.tensor(1.0)), images, atol=1e-5)


# Colour


def homogeneous(amounts: dict[str, float]) -> Tensor:
    """The composition of 4x4 matrices that the paper writes down."""
    identity, axis = torch.eye(4, dtype=torch.float64), torch.tensor([1, 1, 1, 0], dtype=torch.float64) / math.sqrt(3)
    luma = torch.outer(axis, axis)
    move, scale, turn = identity.clone(), identity.clone(), identity.clone()
    move[:3, 3] = amounts["brightness"]
    scale[:3, :3] *= 2 ** amounts["contrast"]
    x, y, z = axis[:3].tolist()
    cross = torch.tensor([[0, -z, y], [z, 0, -x], [-y, x, 0]], dtype=torch.float64)
    turn[:3, :3] = torch.linalg.matrix_exp(amounts["hue"] * cross)
    flip = identity - 2 * luma * amounts["luma_flip"]
    saturate = luma + (identity - luma) * 2 ** amounts["saturation"]
    return saturate @ turn @ flip @ scale @ move


COLOURS = st.fixed_dictionaries(
    {
        "brightness": st.floats(-0.5, 0.5),
        "contrast": st.floats(-1, 1),
        "luma_flip": st.sampled_from([0.0, 1.0]),
        "hue": st.floats(-math.pi, math.pi),
        "saturation": st.floats(-2, 2),
    }
)


@given(COLOURS)
@settings(max_examples=30, deadline=None)
def test_colour_is_the_product_of_the_papers_matrices(amounts):
    images = noise(2, 3, 8, 8)
    matrix = homogeneous(amounts).float()
    expected = torch.einsum("ij,bjhw->bihw", matrix[:3, :3], images) + matrix[:3, 3].view(1, 3, 1, 1)
    assert torch.allclose(changed(images, **amounts), expected, atol=1e-4)
    grey = changed(images[:, :1], **amounts)
    row = matrix[:3].mean(0)
    assert torch.allclose(grey, images[:, :1] * row[:3].sum() + row[3], atol=1e-4)


@pytest.mark.parametrize("channels", [2, 4])
def test_transparency_has_no_colour(channels):
    images = noise(2, channels, 8, 8)
    amounts = {"brightness": 0.3, "contrast": 0.5, "luma_flip": 1.0, "hue": 1.0, "saturation": -1.0}
    result = changed(images, **amounts)
    assert torch.equal(result[:, -1:], images[:, -1:])
    assert torch.allclose(result[:, :-1], changed(images[:, :-1], **amounts))


def test_colours_one_by_one():
    images = noise(2, 3, 8, 8)
    mean = images.mean(1, keepdim=True)
    assert torch.allclose(changed(images, brightness=0.25), images + 0.25, atol=1e-6)
    assert torch.allclose(changed(images, contrast=1.0), 2 * images, atol=1e-6)
    assert torch.allclose(changed(images, luma_flip=1.0), images - 2 * mean, atol=1e-6)
    assert torch.allclose(changed(images, saturation=1.0), mean + 2 * (images - mean), atol=1e-5)
    assert torch.allclose(changed(images, hue=2 * math.pi / 3), images.roll(1, 1), atol=1e-5)
    assert torch.equal(changed(images[:, :1], hue=1.0), images[:, :1])


# Cutout


def test_a_cutout_is_a_quarter_of_the_picture_and_grey():
    images = torch.ones(1, 3, 16, 16)
    drawn = numbers(1, cutout=0.5)
    result = EVERYTHING.apply(images, drawn, torch.tensor(1.0))
    expected = images.clone()
    expected[..., 4:12, 4:12] = 0
    assert torch.equal(result, expected)
    drawn["augment places"] = torch.tensor([[0.0, 1.0]])
    corner = EVERYTHING.apply(images, drawn, torch.tensor(1.0))
    assert (corner[..., 12:, :4] == 0).all()
    assert corner.sum() == 3 * (256 - 16)


# Gradients


@pytest.mark.parametrize("channels", [1, 3])
def test_the_first_and_second_derivatives_are_right(channels):
    images = noise(2, channels, 4, 4, dtype=torch.float64).requires_grad_()
    drawn, p = EVERYTHING.draw(generator(2), 2), torch.tensor(1.0)

    def cubed(images: Tensor) -> Tensor:  # a linear map alone has no second derivative to be wrong
        return EVERYTHING.apply(images, drawn, p).pow(3)

    assert torch.autograd.gradcheck(cubed, images)
    assert torch.autograd.gradgradcheck(cubed, images)


def test_sampling_has_second_derivatives_of_its_own(monkeypatch):
    """Those of PyTorch's `grid_sample` are not used, because not all versions have them."""
    images = noise(1, 1, 4, 4, dtype=torch.float64).requires_grad_()
    places = noise(1, 3, 3, 2, dtype=torch.float64) * 0.7
    assert torch.autograd.gradgradcheck(lambda images: resampling.sampled(images, places).pow(3), images)
    (gradient,) = torch.autograd.grad(resampling.sampled(images, places).pow(2).sum(), images, create_graph=True)
    assert "GridSampler" not in graph(gradient)
    plain = grid_sample(images, places, padding_mode="border", align_corners=False)
    (expected,) = torch.autograd.grad(plain.pow(2).sum(), images, create_graph=True)
    assert torch.allclose(gradient, expected)
    assert "GridSampler" in graph(expected)


def graph(tensor: Tensor) -> str:
    """Names of all nodes that a tensor was computed by."""
    seen, waiting = [], [tensor.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.append(node)
            waiting += [before for before, _ in node.next_functions]
    return " ".join(node.name() for node in seen)


def test_a_penalty_on_the_slope_goes_through_twice():
    """R1 of a critic behind the pipeline: its weights get a gradient, and the map can be gone back along again and again."""
    images, drawn = noise(8, 3, 16, 16).requires_grad_(), Pipeline().draw(generator(), 8)
    weight = noise(3 * 16 * 16).requires_grad_()
    outputs = Pipeline().apply(images, drawn, torch.tensor(0.7)).flatten(1).pow(2) @ weight
    (slopes,) = torch.autograd.grad(outputs.sum(), images, create_graph=True)
    penalty = slopes.square().sum()
    first = torch.autograd.grad(penalty, weight, retain_graph=True)[0]
    second = torch.autograd.grad(penalty + outputs.sum(), weight)[0]
    assert first.abs().sum() > 0
    assert not torch.equal(first, second)


def test_samples_do_not_mix():
    images = noise(6, 3, 16, 16).requires_grad_()
    result = EVERYTHING.apply(images, EVERYTHING.draw(generator(), 6), torch.tensor(0.9))
    (gradient,) = torch.autograd.grad(result[2].square().sum(), images)
    assert gradient[2].abs().sum() > 0
    assert gradient[[0, 1, 3, 4, 5]].abs().sum() == 0


def test_a_first_look_without_gradients_spoils_nothing():
    """The filters are kept; made in inference mode, they must still serve a training."""
    images, drawn, p = noise(2, 3, 11, 11), Pipeline().draw(generator(), 2), torch.tensor(1.0)
    with torch.inference_mode():
        Pipeline().apply(images, drawn, p)
    Pipeline().apply(images.requires_grad_(), drawn, p).sum().backward()
    assert images.grad is not None


def test_autocast_does_not_reach_it():
    images, drawn, p = noise(8, 3, 16, 16), Pipeline().draw(generator(), 8), torch.tensor(1.0)
    expected = Pipeline().apply(images, drawn, p)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(Pipeline().apply(images, drawn, p), expected)


# The strength


def played(
    outputs: float, steps: int, batch: int = 64, start: float = 0.0, **options: float
) -> list[dict[str, Tensor]]:
    """The memory after each of these steps, in all of which the discriminator says `outputs`."""
    state, states = adaptive.beginning(start), []
    for _ in range(steps):
        state = adaptive.adjusted(state, adaptive.signs(torch.full((batch,), outputs)), **options)
        states.append(state)
    return states


def test_a_sure_discriminator_raises_the_strength_every_fourth_step():
    strengths = [float(state["ada_p"]) for state in played(2.5, 8)]
    assert strengths == pytest.approx([0, 0, 0, 0.000512, 0.000512, 0.000512, 0.000512, 0.001024], abs=1e-9)
    assert [float(state["ada_r"]) for state in played(2.5, 5)] == [0, 0, 0, 1, 1]


def test_an_unsure_one_lowers_it():
    assert float(played(-1.0, 4, start=0.5)[-1]["ada_p"]) == pytest.approx(0.5 - 0.000512, abs=1e-7)
    assert float(played(0.0, 4, start=0.5)[-1]["ada_p"]) == pytest.approx(0.5 - 0.000512, abs=1e-7)


def test_it_stays_within_its_bounds():
    assert float(played(-1.0, 8)[-1]["ada_p"]) == 0
    assert float(played(1.0, 20, start=0.799, speed=1000)[-1]["ada_p"]) == pytest.approx(0.8)
    assert float(played(1.0, 20, speed=1000, ceiling=0.3)[-1]["ada_p"]) == pytest.approx(0.3)


def test_the_share_is_taken_over_all_samples_since_the_last_time():
    state = adaptive.beginning(0.5)
    for positive in (64, 64, 64, 12):  # r = (204 - 52) / 256, just below 0.6
        outputs = torch.where(torch.arange(64) < positive, 1.0, -3.0).view(64, 1)
        state = adaptive.adjusted(state, adaptive.signs(outputs))
    assert float(state["ada_r"]) == pytest.approx(152 / 256)
    assert float(state["ada_p"]) == pytest.approx(0.5 - 0.000512, abs=1e-7)
    state = played(1.0, 4, start=float(state["ada_p"]))[-1]  # nothing of it is left
    assert float(state["ada_r"]) == 1


def test_at_the_target_it_rests():
    state = adaptive.beginning(0.25)
    for _ in range(4):
        state = adaptive.adjusted(state, adaptive.signs(torch.tensor([1.0, 1.0, 1.0, -1.0])), target=0.5)
    assert float(state["ada_p"]) == 0.25


def test_what_else_is_remembered_stays():
    state = {**adaptive.beginning(), "other": torch.tensor(3.0)}
    after = adaptive.adjusted(state, {**adaptive.signs(torch.ones(4)), "more": torch.ones(1)})
    assert after.keys() == state.keys()
    assert float(after["other"]) == 3
    assert float(state["ada_steps"]) == 0, "the old memory is not written to"
    assert all(value.shape == () and value.dtype == torch.float32 for value in after.values())


def test_the_signs_are_detached():
    assert not adaptive.signs(torch.ones(3, requires_grad=True) * 2)["ada_signs"].requires_grad


def test_a_strength_by_the_clock():
    rising = [adaptive.rising(clock, 0.0, 0.55, 100) for clock in (0, 50, 100, 1000)]
    assert rising == pytest.approx([0, 0.275, 0.55, 0.55])
    assert adaptive.rising(25, 0.0, 1.0, 100) == pytest.approx((1 - math.sqrt(0.5)) / 2)
    assert adaptive.rising(0, 0.0, 0.3, 0) == 0.3
    assert adaptive.rising(7, 0.2, 0.2, 100) == 0.2
