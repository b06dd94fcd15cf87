"""StyleGAN2: parameter counts, the arithmetic of its layers against a form written out by hand, and what styles decide on."""

from itertools import pairwise
from math import sqrt

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from organza.errors import UsageError
from organza.networks import NETWORKS, Dims, count_parameters
from organza.networks.style.layers import binomial, filtered
from organza.networks.style.modulation import ModulatedConv2d, ToPicture, convolved, demodulation, doubled
from organza.networks.style.stylegan2 import StyleGAN2DiscriminatorOptions, StyleGAN2GeneratorOptions, widths

TINY = {"channel_base": 64, "channel_max": 8}
SMALL = {"w_dim": 6, "mapping_layers": 2, **TINY}
TAPS = torch.tensor([1.0, 3.0, 3.0, 1.0], dtype=torch.float64) / 8


def count(options, size, z_dim=512, classes=0, channels=3):
    with torch.device("meta"):
        return count_parameters(options.build(Dims((channels, size, size), z_dim, classes)))


def tiny_generator(size=16, channels=3, classes=0, seed=0, **options):
    """In double precision, every parameter different from what it is at the beginning."""
    torch.manual_seed(seed)
    network = StyleGAN2GeneratorOptions(**{**SMALL, **options}).build(Dims((channels, size, size), 5, classes))
    return shaken(network)


def tiny_discriminator(size=16, channels=3, classes=0, seed=1, **options):
    torch.manual_seed(seed)
    network = StyleGAN2DiscriminatorOptions(**{**TINY, **options}).build(Dims((channels, size, size), 0, classes))
    return shaken(network)


def shaken(network):
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.3 * torch.randn(parameter.shape))
    return network.double().eval()


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


# The same by hand, as the authors define it: zeros put in, padding, a filter, every n-th pixel kept.


def resampled(features, up=1, down=1, padding=(0, 0), gain=1.0):
    batch, channels, height, width = features.shape
    spread = features.new_zeros(batch, channels, height, up, width, up)
    spread[:, :, :, 0, :, 0] = features
    spread = spread.view(batch, channels, height * up, width * up)
    spread = functional.pad(spread, (*padding, *padding))
    kernel = torch.outer(TAPS, TAPS).flip(0, 1).expand(channels, 1, 4, 4) * gain
    return functional.conv2d(spread, kernel, groups=channels)[:, :, ::down, ::down]


def active(values):
    return torch.where(values > 0, values, 0.2 * values) * sqrt(2)


def dense(layer, values, rate=1.0):
    weight = layer.weight * rate / sqrt(layer.weight.shape[1])
    return values @ weight.T + layer.bias * rate


def grouped(features, weight, scales, up=False, demodulate=True):
    """Weights for each sample, in as many groups."""
    batch, inputs, height, width = features.shape
    outputs, _, kernel, _ = weight.shape
    weights = weight * scales[:, None, :, None, None]
    if demodulate:
        weights = weights * torch.rsqrt(weights.square().sum((2, 3, 4), keepdim=True) + 1e-8)
    row = features.reshape(1, batch * inputs, height, width)
    if up:
        weights = weights.transpose(1, 2).reshape(batch * inputs, outputs, kernel, kernel)
        row = functional.conv_transpose2d(row, weights, stride=2, groups=batch)
    else:
        weights = weights.reshape(batch * outputs, inputs, kernel, kernel)
        row = functional.conv2d(row, weights, padding=kernel // 2, groups=batch)
    made = row.view(batch, outputs, *row.shape[2:])
    return resampled(made, padding=(1, 1), gain=4) if up else made


def mapped_by_hand(mapping, z, label=None, rate=0.01):
    def normalised(values):
        return values / (values.square().mean(1, keepdim=True) + 1e-8).sqrt()

    values = normalised(z)
    if label is not None:
        values = torch.cat([values, normalised(dense(mapping.embedding, label))], 1)
    for layer in mapping.layers:
        values = active(dense(layer, values, rate))
    return values


def synthesised_by_hand(generator, styles, noise=None):
    features, images = generator.constant.expand(len(styles), -1, -1, -1), None
    for index, layer in enumerate(generator.convs):
        features = grouped(features, layer.weight, dense(layer.style, styles[:, index]), up=index % 2 == 1)
        features = features + layer.strength * (layer.noise if noise is None else noise[index])
        features = active(features + layer.bias[:, None, None])
        if index % 2 == 0:
            last = generator.pictures[index // 2]
            scales = dense(last.style, styles[:, index + 1]) / sqrt(features.shape[1])
            picture = grouped(features, last.weight, scales, demodulate=False) + last.bias[:, None, None]
            images = picture if images is None else resampled(images, up=2, padding=(2, 1), gain=4) + picture
    return images


def judged_by_hand(discriminator, images, group=4):
    def conv(layer, features, **more):
        _, inputs, kernel, _ = layer.weight.shape
        bias = getattr(layer, "bias", None)
        return functional.conv2d(features, layer.weight / sqrt(inputs * kernel**2), bias, **more)

    features = active(conv(discriminator.entry, images))
    for block in discriminator.blocks:
        made = active(conv(block.first, features, padding=1))
        made = active(conv(block.second, resampled(made, padding=(2, 2)), stride=2))
        if block.shortcut is not None:
            beside = conv(block.shortcut.conv, resampled(features, padding=(1, 1)), stride=2)
            made = (made + beside) / sqrt(2)
        features = made
    groups = features.view(group, -1, *features.shape[1:])
    spread = (groups.var(0, correction=0) + 1e-8).sqrt().mean((1, 2, 3)).repeat(group)
    plane = spread[:, None, None, None].expand(-1, 1, 4, 4)
    features = active(conv(discriminator.last, torch.cat([features, plane], 1), padding=1))
    return dense(discriminator.out, active(dense(discriminator.dense, features.flatten(1))))


# Counts


@pytest.mark.parametrize(
    ("size", "base", "generator", "discriminator"),
    [
        (1024, 32768, 30_370_060, 29_012_513),
        (256, 16384, 24_767_458, 24_001_089),
        (256, 32768, 30_034_338, 28_864_129),
        (128, 32768, 29_328_669, 28_389_121),
        (128, 16384, 24_525_213, 23_882_369),
        (64, 32768, 27_032_600, 26_488_833),
        (32, 32768, 21_523_475, 21_507_073),
    ],
)
def test_counts(size, base, generator, discriminator):
    assert count(StyleGAN2GeneratorOptions(channel_base=base), size) == generator
    assert count(StyleGAN2DiscriminatorOptions(channel_base=base), size) == discriminator


def test_counts_of_the_parts_and_variants():
    with torch.device("meta"):
        full = StyleGAN2GeneratorOptions().build(Dims((3, 1024, 1024), 512))
    assert count_parameters(full) - count_parameters(full.mapping) == 28_268_812
    assert len(full.resolutions) == 18
    assert len(full.convs) == 17
    assert count(StyleGAN2GeneratorOptions(mapping_layers=2), 32) == 19_947_539
    assert count(StyleGAN2DiscriminatorOptions(architecture="original"), 32) == 20_720_641
    small = {"channel_base": 1024, "channel_max": 64}
    assert count(StyleGAN2GeneratorOptions(w_dim=64, mapping_layers=4, **small), 32, z_dim=64) == 272_307
    assert count(StyleGAN2DiscriminatorOptions(**small), 32) == 288_993


def test_counts_with_labels():
    plain = count(StyleGAN2GeneratorOptions(), 32)
    labelled = count(StyleGAN2GeneratorOptions(condition="embedding"), 32, classes=10)
    assert labelled - plain == 10 * 512 + 512 + 512 * 512  # the embedding, and what it adds to the first layer
    together = count(StyleGAN2GeneratorOptions(condition="embedding", label_apart=False), 32, classes=10)
    assert labelled - together == 512  # biases
    plain = count(StyleGAN2DiscriminatorOptions(), 32)
    projecting = count(StyleGAN2DiscriminatorOptions(condition="projection"), 32, classes=10)
    assert projecting - plain == 511 * 513 + 10 * 512 + 512 + 8 * (512 * 512 + 512)
    shorter = StyleGAN2DiscriminatorOptions(condition="projection", label_dim=64, mapping_layers=0)
    assert count(shorter, 32, classes=10) - plain == 63 * 513 + 10 * 64 + 64
    assert count(StyleGAN2DiscriminatorOptions(condition="outputs"), 32, classes=10) - plain == 9 * 513


def test_widths_do_not_vanish():
    assert widths((4, 8, 16, 32), 64, 8) == [8, 8, 4, 2]
    assert widths((4, 8, 16), 8, 8) == [2, 1, 1]


# The arithmetic


@pytest.mark.parametrize("up", [False, True])
def test_scaled_activations_give_what_scaled_weights_give(up):
    features, weight, scales = normal(3, 4, 6, 6), normal(5, 4, 3, 3, seed=1), normal(3, 4, seed=2)
    taps = 2 * TAPS if up else None
    shared = (
        convolved(features * scales[:, :, None, None], weight, taps) * demodulation(weight, scales)[:, :, None, None]
    )
    torch.testing.assert_close(shared, grouped(features, weight, scales, up), atol=1e-10, rtol=0)
    single = [tensor.float() for tensor in (features, weight, scales)]
    made = convolved(single[0] * single[2][:, :, None, None], single[1], None if taps is None else taps.float())
    made = made * demodulation(single[1], single[2])[:, :, None, None]
    torch.testing.assert_close(made.double(), shared, atol=1e-5, rtol=0)


def test_demodulation_takes_factors_out_of_weights_and_styles():
    features, weight, scales = normal(3, 4, 6, 6), normal(5, 4, 3, 3, seed=1), normal(3, 4, seed=2)

    def layer(weight, scales):
        made = convolved(features * scales[:, :, None, None], weight, None)
        return made * demodulation(weight, scales)[:, :, None, None]

    torch.testing.assert_close(layer(weight * 7, scales), layer(weight, scales), atol=1e-4, rtol=0)
    torch.testing.assert_close(layer(weight, scales * 0.3), layer(weight, scales), atol=1e-4, rtol=0)
    uneven = scales * torch.tensor([1.0, 2.0, 1.0, 1.0])
    assert (layer(weight, uneven) - layer(weight, scales)).abs().max() > 0.1  # but not what differs between channels


def test_layer_takes_factors_of_w_out():
    torch.manual_seed(0)
    layer = ModulatedConv2d(4, 5, 6, 8, up=False).double()
    nn.init.zeros_(layer.style.bias)  # so that the styles are linear in w
    features, w = normal(3, 4, 8, 8), normal(3, 6, seed=1)
    torch.testing.assert_close(layer(features, 5 * w), layer(features, w), atol=1e-4, rtol=0)


def test_outputs_have_unit_variance():
    torch.manual_seed(0)
    weight, scales = 3 * torch.randn(16, 32, 3, 3), 1 + torch.randn(4, 32)
    features = torch.randn(4, 32, 48, 48)
    made = convolved(features * scales[:, :, None, None], weight, None) * demodulation(weight, scales)[:, :, None, None]
    deviations = made[:, :, 1:-1, 1:-1].std((2, 3))  # at the borders there are fewer inputs
    assert deviations.mean() == pytest.approx(1, abs=0.02)
    assert (deviations - 1).abs().max() < 0.2
    whole = ModulatedConv2d(32, 16, 6, 48, up=False)(features, torch.randn(4, 6)).detach()
    # sqrt(2) max(0.2 x, x) has the mean square 1 + 0.2^2, and a mean of 0.8 / sqrt(pi)
    assert whole[:, :, 1:-1, 1:-1].square().mean() == pytest.approx(1.04, abs=0.03)
    assert whole[:, :, 1:-1, 1:-1].mean() == pytest.approx(0.8 / sqrt(torch.pi), abs=0.03)


@settings(max_examples=10, deadline=None)
@given(st.integers(1, 7), st.integers(1, 7), st.integers(1, 3))
def test_doubling_is_zero_insertion_and_the_filter(height, width, channels):
    images = normal(2, channels, height, width, seed=height)
    torch.testing.assert_close(doubled(images), resampled(images, up=2, padding=(2, 1), gain=4), atol=1e-12, rtol=0)


@pytest.mark.parametrize(("padding", "stride"), [((1, 1), 1), ((2, 2), 1), ((2, 1), 1), ((1, 1), 2)])
def test_filter_is_the_separable_one(padding, stride):
    features = normal(2, 3, 8, 8)
    by_hand = resampled(features, down=stride, padding=padding)
    torch.testing.assert_close(filtered(features, binomial((1, 3, 3, 1)).double(), padding, stride), by_hand)


def test_generator_is_what_it_is_by_hand():
    generator = tiny_generator()
    styles = normal(3, 6, 6)
    torch.testing.assert_close(generator.synthesise(styles), synthesised_by_hand(generator, styles), atol=1e-9, rtol=0)
    noise = [normal(3, 1, side, side, seed=side) for side in (4, 8, 8, 16, 16)]
    made = generator.synthesise(styles, noise)
    torch.testing.assert_close(made, synthesised_by_hand(generator, styles, noise), atol=1e-9, rtol=0)
    assert (made - generator.synthesise(styles)).abs().max() > 0.01


@pytest.mark.parametrize("classes", [0, 3])
def test_mapping_is_what_it_is_by_hand(classes):
    generator = tiny_generator(classes=classes, condition="embedding" if classes else "none")
    z, label = normal(4, 5), torch.eye(3, dtype=torch.float64)[[0, 1, 2, 0]] if classes else None
    torch.testing.assert_close(
        generator.mapping(z, label), mapped_by_hand(generator.mapping, z, label), atol=1e-10, rtol=0
    )


@pytest.mark.parametrize("architecture", ["residual", "original"])
def test_discriminator_is_what_it_is_by_hand(architecture):
    discriminator = tiny_discriminator(architecture=architecture)
    images = normal(8, 3, 16, 16)
    torch.testing.assert_close(discriminator(images), judged_by_hand(discriminator, images), atol=1e-9, rtol=0)


def test_shortcuts_can_be_left_out():
    assert tiny_discriminator().blocks[0].shortcut is not None
    assert tiny_discriminator(architecture="original").blocks[0].shortcut is None


# Styles


def test_picture_is_the_sum_of_enlarged_pictures():
    generator = tiny_generator(32)
    made = []
    handles = [part.register_forward_hook(lambda *call: made.append(call[2])) for part in generator.pictures]
    images = generator(normal(2, 5))
    for handle in handles:
        handle.remove()
    total = torch.zeros_like(images)
    for picture in made:
        while picture.shape[-1] < 32:
            picture = doubled(picture)
        total += picture
    assert [picture.shape[-1] for picture in made] == [4, 8, 16, 32]
    torch.testing.assert_close(images, total, atol=1e-10, rtol=0)


def test_styles_and_noises_have_the_resolutions_that_options_announce():
    options, sample = StyleGAN2GeneratorOptions(**SMALL), (3, 32, 32)
    assert options.resolutions(sample) == (4, 8, 8, 16, 16, 32, 32, 32)
    assert options.noises(sample) == (4, 8, 8, 16, 16, 32, 32)
    generator = options.build(Dims(sample, 5))
    assert generator.resolutions == options.resolutions(sample)
    assert [layer.noise.shape[-1] for layer in generator.convs] == list(options.noises(sample))
    assert all(layer.strength == 0 for layer in generator.convs)
    with pytest.raises(ValueError, match="zip"):
        generator.synthesise(torch.randn(1, 8, 6), [torch.randn(1, 1, 4, 4)])


@pytest.mark.parametrize("first", range(7))
def test_later_styles_leave_earlier_feature_maps_bit_identical(first):
    generator = tiny_generator()
    swapped = torch.arange(6) >= first

    def activations(**more):
        made = []
        handles = [layer.register_forward_hook(lambda *call: made.append(call[2].clone())) for layer in generator.convs]
        images = generator(normal(2, 5), **more)
        for handle in handles:
            handle.remove()
        return [*made, images]

    plain = activations()
    mixed = activations(other=normal(2, 5, seed=9), swapped=swapped)
    equal = [bool((one == other).all()) for one, other in zip(plain, mixed, strict=True)]
    assert equal == [index < first for index in range(5)] + [first == 6]


def test_mixing_all_styles_is_the_other_picture_and_none_the_first():
    generator = tiny_generator()
    z, other = normal(2, 5), normal(2, 5, seed=9)
    everything = torch.ones(6, dtype=torch.bool)
    assert generator(z, other=other, swapped=everything).equal(generator(other))
    assert generator(z, other=other, swapped=~everything).equal(generator(z))
    assert not generator(z).equal(generator(other))


def test_last_style_decides_on_the_last_picture_only():
    generator = tiny_generator()
    styles, changed = normal(1, 6, 6), normal(1, 6, 6)
    changed[:, 5] += 1
    with torch.no_grad():
        generator.pictures[2].weight.zero_()
    assert generator.synthesise(styles).equal(generator.synthesise(changed))


# Derivatives


def test_slope_of_the_discriminator_has_slopes_itself():
    discriminator = tiny_discriminator()
    images = normal(4, 3, 16, 16).requires_grad_()

    def penalty():
        (slope,) = torch.autograd.grad(discriminator(images).sum(), images, create_graph=True)
        return slope.square().sum((1, 2, 3)).mean()

    agrees_with_differences(penalty, discriminator.blocks[0].second.weight)
    agrees_with_differences(penalty, discriminator.blocks[1].shortcut.conv.weight)
    agrees_with_differences(penalty, discriminator.entry.weight)


def test_path_length_has_slopes():
    generator = tiny_generator()
    styles, directions = normal(2, 6, 6).requires_grad_(), normal(2, 3, 16, 16, seed=3)

    def penalty():
        (slope,) = torch.autograd.grad((generator.synthesise(styles) * directions).sum(), styles, create_graph=True)
        return slope.square().sum(2).mean(1).sqrt().mean()

    agrees_with_differences(penalty, generator.convs[1].weight)
    agrees_with_differences(penalty, generator.convs[2].style.weight)
    agrees_with_differences(penalty, generator.pictures[1].weight)
    agrees_with_differences(penalty, generator.constant)


def agrees_with_differences(function, parameter, step=1e-5):
    direction = normal(*parameter.shape, seed=5)
    (slope,) = torch.autograd.grad(function(), parameter)
    values = []
    for sign in (1, -1):
        with torch.no_grad():
            parameter.add_(sign * step * direction)
        values.append(function().item())
        with torch.no_grad():
            parameter.sub_(sign * step * direction)
    difference = (values[0] - values[1]) / (2 * step)
    assert abs(difference) > 1e-4  # or it would agree with anything
    assert (slope * direction).sum().item() == pytest.approx(difference, rel=1e-4)


# Labels, sizes, devices


@pytest.mark.parametrize("channels", [1, 2, 4])
def test_grey_and_alpha(channels):
    images = tiny_generator(8, channels)(normal(2, 5))
    assert images.shape == (2, channels, 8, 8)
    assert tiny_discriminator(8, channels)(images).shape == (2, 1)


@pytest.mark.parametrize("condition", ["projection", "outputs"])
@pytest.mark.parametrize("apart", [True, False])
def test_labels_decide(condition, apart):
    generator = tiny_generator(classes=3, condition="embedding", label_apart=apart)
    discriminator = tiny_discriminator(classes=3, condition=condition)
    z, labels = normal(1, 5).expand(3, -1), torch.eye(3, dtype=torch.float64)
    images = generator(z, labels)
    assert (images[0] - images[1]).abs().max() > 1e-3
    logits = discriminator(images[:1].expand(3, -1, -1, -1), labels)
    assert logits.shape == (3, 1)
    assert logits.unique().numel() == 3


def test_projection_is_the_scaled_product_with_the_mapped_label():
    discriminator = tiny_discriminator(classes=3, condition="projection", label_dim=7)
    images, labels = normal(4, 3, 16, 16), torch.eye(3, dtype=torch.float64)[[0, 1, 2, 1]]
    mapping = discriminator.mapping
    values = dense(mapping.embedding, labels)
    values = values / values.square().mean(1, keepdim=True).sqrt()
    for layer in mapping.layers:
        values = active(dense(layer, values, 0.01))
    expected = (judged_by_hand(discriminator, images) * values).sum(1, keepdim=True) / sqrt(7)
    torch.testing.assert_close(discriminator(images, labels), expected, atol=1e-7, rtol=1e-6)


def test_one_output_for_each_class():
    discriminator = tiny_discriminator(classes=3, condition="outputs")
    images, labels = normal(4, 3, 16, 16), torch.eye(3, dtype=torch.float64)[[0, 1, 2, 1]]
    expected = judged_by_hand(discriminator, images)[torch.arange(4), [0, 1, 2, 1]]
    torch.testing.assert_close(discriminator(images, labels)[:, 0], expected, atol=1e-9, rtol=0)


def test_labels_need_classes():
    with pytest.raises(UsageError, match="classes"):
        tiny_generator(condition="embedding")
    with pytest.raises(UsageError, match="classes"):
        tiny_discriminator(condition="projection")


@pytest.mark.parametrize("sample", [(3, 4, 4), (3, 24, 24), (3, 16, 32), (1, 28, 28)])
@pytest.mark.parametrize("options", [StyleGAN2GeneratorOptions(**SMALL), StyleGAN2DiscriminatorOptions(**TINY)])
def test_refused_sizes(sample, options):
    with pytest.raises(UsageError, match="power of two"):
        options.build(Dims(sample, 5))


def test_features_at_each_resolution_the_finest_first():
    discriminator = tiny_discriminator(32)
    images = normal(4, 3, 32, 32)
    maps = discriminator.features(images)
    assert [tuple(features.shape[1:]) for features in maps] == [(2, 32, 32), (4, 16, 16), (8, 8, 8), (8, 4, 4)]
    assert maps[0].equal(discriminator.entry(images))
    for block, (finer, coarser) in zip(discriminator.blocks, pairwise(maps), strict=True):
        assert coarser.equal(block(finer))


def test_deviation_shows_the_discriminator_that_samples_are_alike():
    image = normal(1, 3, 16, 16).expand(4, -1, -1, -1)
    batch = torch.cat([image[:1], normal(3, 3, 16, 16, seed=4)])
    with_it, without = tiny_discriminator(), tiny_discriminator(group=0)
    torch.testing.assert_close(without(batch)[0], without(image)[0])
    assert (with_it(batch)[0] - with_it(image)[0]).abs() > 1e-6


def test_constant_noises_come_with_the_weights():
    one, other = tiny_generator(seed=0), tiny_generator(seed=1)
    z = normal(2, 5)
    assert not one(z).equal(other(z))
    other.load_state_dict(one.state_dict())
    assert one(z).equal(other(z))
    judge, second = tiny_discriminator(seed=0), tiny_discriminator(seed=1)
    second.load_state_dict(judge.state_dict())
    assert judge(one(z)).equal(second(one(z)))
    assert set(judge.state_dict()) == {name for name, _ in judge.named_parameters()}
    kept = set(one.state_dict()) - {name for name, _ in one.named_parameters()}
    assert kept == {"mapping.average", *(f"convs.{index}.noise" for index in range(5))}


def test_forward_without_data():
    with torch.device("meta"):
        dims = Dims((3, 256, 256), 512, 10)
        generator = StyleGAN2GeneratorOptions(condition="embedding").build(dims)
        discriminator = StyleGAN2DiscriminatorOptions(condition="projection").build(dims)
        labels = torch.empty(8, 10)
        images = generator(torch.empty(8, 512), labels)
        assert images.shape == (8, 3, 256, 256)
        assert discriminator(images, labels).shape == (8, 1)


def test_channels_last_changes_nothing():
    generator, discriminator = tiny_generator(), tiny_discriminator()
    z = normal(4, 5)
    images = generator(z)
    logits = discriminator(images)
    generator.to(memory_format=torch.channels_last)
    discriminator.to(memory_format=torch.channels_last)
    torch.testing.assert_close(generator(z), images, atol=1e-10, rtol=0)
    torch.testing.assert_close(discriminator(images.to(memory_format=torch.channels_last)), logits, atol=1e-10, rtol=0)


def test_bfloat16_stays_near_and_pictures_stay_float32():
    generator, z = tiny_generator().float(), normal(2, 5).float()
    exact = generator(z)
    with torch.autocast("cpu", torch.bfloat16):
        images = generator(z)
    assert images.dtype == torch.float32
    assert (images - exact).abs().max() < 0.05 * exact.abs().max()


def test_networks_are_registered():
    assert NETWORKS["stylegan2-generator"] is StyleGAN2GeneratorOptions
    assert NETWORKS["stylegan2-discriminator"] is StyleGAN2DiscriminatorOptions
    assert StyleGAN2DiscriminatorOptions().role == "discriminator"


def test_to_picture_begins_with_the_gain_of_its_inputs():
    torch.manual_seed(0)
    layer = ToPicture(64, 3, 6)
    nn.init.zeros_(layer.style.weight)  # the styles are then 1
    made = layer(torch.randn(4, 64, 32, 32), torch.randn(4, 6))
    expected = layer.weight.square().mean((1, 2, 3)).sqrt().detach()
    torch.testing.assert_close(made.detach().std((0, 2, 3)), expected, atol=0.05, rtol=0)
