"""StyleGAN's networks: published counts, the statistics of styles, noise, labels, slopes."""

from math import sqrt

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from organza.errors import UsageError
from organza.networks import NETWORKS, Dims, count_parameters
from organza.networks.style.layers import EqualisedConv2d, GroupStdDev
from organza.networks.style.resampling import DoublingConv2d, HalvingConv2d, blurred
from organza.networks.style.stylegan import (
    StyleGANDiscriminatorOptions,
    StyleGANGeneratorOptions,
    StyleLayer,
    restyled,
    widths,
)

TINY = Dims((3, 32, 32), 6, 3)
GENERATOR = StyleGANGeneratorOptions(channel_base=64, channel_max=8, w_dim=5, mapping_layers=2)
DISCRIMINATOR = StyleGANDiscriminatorOptions(channel_base=64, channel_max=8)


@pytest.fixture(autouse=True)
def _seeded():
    torch.manual_seed(0)


def lively(network):
    """The network with biases, noise and styles away from their first values, so that each of them counts."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter), alpha=0.3)
    return network.eval()


def one_hot(*classes):
    return functional.one_hot(torch.tensor(classes), 3).float()


# Sizes


@pytest.mark.parametrize(
    ("size", "generator", "discriminator"),
    [
        (1024, 26_219_627, 23_087_249),
        (256, 26_086_229, 23_052_353),
        (128, 25_843_858, 22_941_313),
        (64, 25_137_935, 22_498_049),
        (32, 22_841_356, 20_726_785),
    ],
)
def test_counts_of_the_growing_form(size, generator, discriminator):
    dims = Dims((3, size, size), 512)
    with torch.device("meta"):
        made = StyleGANGeneratorOptions().build_growing(dims, 8)
        assert count_parameters(StyleGANDiscriminatorOptions().build_growing(dims, 8)) == discriminator
    assert count_parameters(made) == generator
    assert count_parameters(made.mapping) == 2_101_248


def test_values_of_the_noise_are_buffers():
    with torch.device("meta"):
        made = StyleGANGeneratorOptions().build(Dims((3, 1024, 1024), 512))
    shapes = [buffer.shape for name, buffer in made.named_buffers() if name.endswith("noise")]
    assert sum(shape.numel() for shape in shapes) == 2_796_192
    assert len(shapes) == len(made.resolutions) == 18
    assert {name for name, _ in made.named_buffers() if name.endswith("noise")} <= set(made.state_dict())


def test_counts_of_the_fixed_form():
    dims = Dims((3, 32, 32), 512)
    with torch.device("meta"):
        assert count_parameters(StyleGANGeneratorOptions().build(dims)) == 22_836_739
        assert count_parameters(StyleGANDiscriminatorOptions().build(dims)) == 20_720_641


def test_counts_of_the_form_for_a_cpu():
    dims = Dims((3, 32, 32), 64)
    generator = StyleGANGeneratorOptions(channel_base=1024, channel_max=64, w_dim=64, mapping_layers=4)
    discriminator = StyleGANDiscriminatorOptions(channel_base=1024, channel_max=64)
    with torch.device("meta"):
        assert count_parameters(generator.build_growing(dims, 8)) == 344_076
        assert count_parameters(discriminator.build_growing(dims, 8)) == 325_761
        assert count_parameters(generator.build(dims)) == 343_491
        assert count_parameters(discriminator.build(dims)) == 324_993


def test_published_widths():
    sides = [4, 8, 16, 32, 64, 128, 256, 512, 1024]
    assert widths(sides, 8192, 512) == [512, 512, 512, 512, 256, 128, 64, 32, 16]
    assert widths(sides, 64, 8)[-1] == 1


@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("size", [8, 16])
def test_shapes_for_grey_colour_and_alpha(channels, size):
    dims = Dims((channels, size, size), 6)
    images = GENERATOR.build(dims)(torch.randn(2, 6))
    assert images.shape == (2, channels, size, size)
    assert DISCRIMINATOR.build(dims)(images).shape == (2, 1)


@pytest.mark.parametrize("sides", [(24, 24), (32, 64), (4, 4), (28, 28)])
@pytest.mark.parametrize("options", [GENERATOR, DISCRIMINATOR])
def test_other_sizes_are_refused_in_one_line(options, sides):
    with pytest.raises(UsageError, match="power of two from 8 on") as caught:
        options.build(Dims((3, *sides), 6))
    assert "\n" not in str(caught.value)


def test_registered():
    assert NETWORKS["stylegan-generator"] is StyleGANGeneratorOptions
    assert NETWORKS["stylegan-discriminator"] is StyleGANDiscriminatorOptions
    assert StyleGANDiscriminatorOptions.role == "discriminator"
    assert GENERATOR.resolutions((3, 16, 16)) == GENERATOR.noises((3, 16, 16)) == (4, 4, 8, 8, 16, 16)
    assert StyleGANGeneratorOptions(noise=False).noises((3, 16, 16)) == ()


@pytest.mark.parametrize("grows", [False, True])
def test_both_run_on_shapes_alone(grows):
    with torch.device("meta"):
        generator = GENERATOR.build_growing(TINY, 8) if grows else GENERATOR.build(TINY)
        discriminator = DISCRIMINATOR.build_growing(TINY, 8) if grows else DISCRIMINATOR.build(TINY)
        noise = [torch.empty(2, 1, side, side) for side in generator.resolutions]
        swapped = torch.empty(len(noise), dtype=torch.bool)
        images = generator(torch.empty(2, 6), other=torch.empty(2, 6), swapped=swapped, noise=noise)
    assert images.shape == (2, 3, 32, 32)
    assert discriminator(images).shape == (2, 1)


# Layers


def test_a_fused_doubling_is_upsampling_and_a_convolution():
    layer = DoublingConv2d(3, 5).double()
    features = torch.randn(2, 3, 4, 6, dtype=torch.float64)
    upsampled = functional.interpolate(features, scale_factor=2)
    torch.testing.assert_close(layer(features), functional.conv2d(upsampled, layer.weight * layer.scale, padding=1))


def test_a_fused_halving_is_a_convolution_and_an_average():
    layer = HalvingConv2d(3, 5).double()
    nn.init.normal_(layer.bias)
    features = torch.randn(2, 3, 8, 6, dtype=torch.float64)
    convolved = functional.conv2d(features, layer.weight * layer.scale, layer.bias, padding=1)
    torch.testing.assert_close(layer(features), functional.avg_pool2d(convolved, 2))


def test_the_blur_is_binomial_and_has_derivatives_of_every_order():
    point = torch.zeros(1, 2, 5, 5)
    point[0, 1, 2, 2] = 16
    expected = torch.tensor([[1.0, 2, 1], [2, 4, 2], [1, 2, 1]])
    assert torch.equal(blurred(point)[0, 1, 1:4, 1:4], expected)
    assert blurred(point)[0, 0].abs().max() == 0
    features = torch.randn(1, 2, 4, 4, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(blurred, features)
    assert torch.autograd.gradgradcheck(blurred, features)


@pytest.mark.parametrize(("kernel", "gain"), [(1, 1.0), (3, sqrt(2))])
def test_the_effective_weights_have_hes_deviation_and_keep_the_variance(kernel, gain):
    layer = EqualisedConv2d(64, 64, kernel, gain=gain)
    effective = layer.weight * layer.scale
    assert effective.std().item() == pytest.approx(gain / sqrt(kernel**2 * 64), rel=0.05)
    assert layer.weight.std().item() == pytest.approx(1, rel=0.05)
    outputs = layer(torch.randn(8, 64, 16, 16))[:, :, 1:-1, 1:-1]
    assert outputs.var().item() == pytest.approx(gain**2, rel=0.1)
    if gain > 1:  # and the leaky ReLU takes half of it away
        assert functional.leaky_relu(outputs, 0.2).square().mean().item() == pytest.approx(1.04, rel=0.1)


def test_signals_keep_their_size_on_the_way_through_both_networks():
    dims = Dims((3, 32, 32), 64)
    generator = StyleGANGeneratorOptions(channel_base=512, channel_max=32, w_dim=64).build(dims)
    w = generator.mapping(torch.randn(64, 64))
    assert 0.5 < w.square().mean() < 2
    assert 0.3 < generator(torch.randn(64, 64)).var() < 4
    maps = (
        StyleGANDiscriminatorOptions(channel_base=512, channel_max=32).build(dims).features(torch.randn(8, 3, 32, 32))
    )
    assert 0.5 < maps[0].square().mean() < 2


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([4, 7, 16]), st.floats(0.1, 50), st.floats(-20, 20))
def test_styles_decide_on_mean_and_deviation(seed, side, spread, offset):
    generator = torch.Generator().manual_seed(seed)
    features = torch.randn(2, 3, side, side, generator=generator) * spread + offset
    scale, shift = torch.randn(2, 2, 3, generator=generator)
    styled = restyled(features, scale, shift)
    torch.testing.assert_close(styled.mean((2, 3)), shift, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(styled.std((2, 3), correction=0), scale.abs(), atol=1e-3, rtol=1e-3)


def test_a_layers_output_has_the_mean_and_deviation_of_its_style():
    generator = lively(GENERATOR.build(TINY))
    w = torch.randn(4, 5)
    features = torch.randn(4, 8, 8, 8)
    layer = generator.layers[3]
    scale, shift = layer.style(w).chunk(2, 1)
    styled = layer(features, w)
    torch.testing.assert_close(styled.mean((2, 3)), shift, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(styled.std((2, 3), correction=0), (scale + 1).abs(), atol=1e-3, rtol=1e-3)


def test_the_order_within_a_layer_is_the_papers():
    layer = lively(StyleLayer(DoublingConv2d(3, 4), 4, 8, 5, noise=True, blur=True)).double()
    features, w = torch.randn(2, 3, 4, 4).double(), torch.randn(2, 5).double()
    noise = torch.randn(2, 1, 8, 8).double()
    kernel = layer.convolution.weight * layer.convolution.scale
    expected = blurred(functional.conv2d(functional.interpolate(features, scale_factor=2), kernel, padding=1))
    expected = functional.leaky_relu(expected + noise * layer.strength + layer.bias, 0.2)
    expected = functional.instance_norm(expected, eps=1e-8)
    scale, shift = layer.style(w)[:, :4, None, None], layer.style(w)[:, 4:, None, None]
    torch.testing.assert_close(layer(features, w, noise), expected * (scale + 1) + shift)


def test_first_values():
    generator = GENERATOR.build(TINY)
    assert torch.equal(generator.constant, torch.ones(1, 8, 4, 4))
    for layer in generator.layers:
        assert layer.strength.abs().max() == layer.bias.abs().max() == layer.style.bias.abs().max() == 0
        assert layer.strength.shape[1] == layer.bias.shape[1]


def test_a_group_of_equal_samples_has_a_deviation_of_a_ten_thousandth():
    features = torch.randn(1, 3, 4, 4).expand(8, -1, -1, -1)
    deviation = GroupStdDev()(features)
    assert deviation.shape == (8, 4, 4, 4)
    assert torch.equal(deviation[:, :3], features)
    torch.testing.assert_close(deviation[:, 3], torch.full((8, 4, 4), 1e-4))


@pytest.mark.parametrize(
    ("batch", "size"), [(1, 1), (2, 2), (3, 3), (4, 4), (5, 1), (6, 3), (8, 4), (9, 3), (10, 2), (12, 4)]
)
def test_the_deviation_is_that_of_a_group_for_every_batch(batch, size):
    features = torch.randn(batch, 2, 3, 3)
    found = GroupStdDev(4)(features)[:, 2]
    for sample in range(batch):
        group = features[sample % (batch // size) :: batch // size]
        assert len(group) == size
        expected = (group.var(0, correction=0) + 1e-8).sqrt().mean()
        torch.testing.assert_close(found[sample], expected.expand(3, 3))


# Noise, styles and labels


def test_noise_is_the_networks_own_unless_given():
    generator = lively(GENERATOR.build(TINY))
    z = torch.randn(2, 6)
    own = [layer.noise for layer in generator.layers]
    assert torch.equal(generator(z), generator(z, noise=own))
    other = [torch.randn(2, 1, side, side) for side in GENERATOR.noises(TINY.sample)]
    assert not torch.allclose(generator(z), generator(z, noise=other))
    quiet = lively(StyleGANGeneratorOptions(64, 8, 5, 2, noise=False).build(TINY))
    assert torch.equal(quiet(z), quiet(z, noise=other))
    assert not [name for name in quiet.state_dict() if "noise" in name or "strength" in name]


def test_swapped_styles_leave_earlier_layers_as_they_are():
    generator = lively(GENERATOR.build(TINY))
    z, other = torch.randn(2, 2, 6)
    seen = []
    for layer in generator.layers:
        layer.register_forward_hook(lambda _module, _inputs, output: seen.append(output))
    count = len(generator.layers)
    generator(z)
    plain, seen[:] = list(seen), []
    for cutoff in range(count + 1):
        generator(z, other=other, swapped=torch.arange(count) >= cutoff)
        mixed, seen[:] = list(seen), []
        assert all(torch.equal(*pair) for pair in zip(plain[:cutoff], mixed[:cutoff], strict=True))
        assert not any(torch.equal(*pair) for pair in zip(plain[cutoff:], mixed[cutoff:], strict=True))


def test_mixing_of_no_styles_and_of_all():
    generator = lively(GENERATOR.build(TINY))
    z, other = torch.randn(2, 2, 6)
    none = torch.zeros(len(generator.layers), dtype=torch.bool)
    assert torch.equal(generator(z, other=other, swapped=none), generator(z))
    assert torch.equal(generator(z, other=other, swapped=~none), generator(other))
    assert not torch.allclose(generator(z), generator(other))


def test_the_average_of_w_moves_in_training_only():
    generator = GENERATOR.build(TINY)
    z = torch.randn(4, 6)
    generator.eval()(z)
    assert torch.equal(generator.mapping.average, torch.zeros(5))
    w = generator.mapping(z)
    generator.train()(z)
    torch.testing.assert_close(generator.mapping.average, 0.005 * w.mean(0))


def test_labels_decide_on_pictures_and_pick_outputs():
    generator = lively(StyleGANGeneratorOptions(64, 8, 5, 2, condition="embedding").build(TINY))
    z = torch.randn(2, 6)
    assert not torch.allclose(generator(z, one_hot(0, 0)), generator(z, one_hot(1, 2)))
    options = StyleGANDiscriminatorOptions(64, 8, condition="outputs")
    discriminator = lively(options.build(TINY))
    assert options.conditional
    assert not DISCRIMINATOR.conditional
    images = torch.randn(2, 3, 32, 32)
    logits = torch.cat([discriminator(images, one_hot(label, label)) for label in range(3)], 1)
    assert not torch.allclose(logits[:, 0], logits[:, 1])
    attributes = torch.tensor([[1.0, 0, 1], [0.5, 1, 0]])
    torch.testing.assert_close(discriminator(images, attributes), (logits * attributes).sum(1, keepdim=True))
    for conditional in (StyleGANGeneratorOptions(condition="embedding"), options):
        with pytest.raises(UsageError, match="--classes"):
            conditional.build(Dims((3, 32, 32), 6))


# Slopes


@pytest.mark.parametrize("fade", [0.0, 0.4, 1.0])
def test_the_slope_of_the_discriminator_has_slopes(fade):
    discriminator = DISCRIMINATOR.build_growing(TINY, 32)
    discriminator.set_fade(torch.tensor(fade))
    images = torch.randn(4, 3, 32, 32, requires_grad=True)
    (gradient,) = torch.autograd.grad(discriminator(images).sum(), images, create_graph=True)
    penalty = gradient.square().sum()
    assert penalty > 0
    penalty.backward()
    used = {"convolution.weight", "dense.weight", "logits.weight", "blocks.0.even.weight", "blocks.0.halving.weight"}
    slopes = {
        name: parameter.grad for name, parameter in discriminator.named_parameters() if parameter.grad is not None
    }
    assert used <= set(slopes)
    assert all(slope.isfinite().all() for slope in slopes.values())
    assert all(slopes[name].abs().max() > 0 for name in used)
    assert bool(slopes["blocks.2.even.weight"].abs().max() > 0) == (fade > 0)
    assert bool(slopes["heads.2.weight"].abs().max() > 0) == (fade < 1)


def test_the_slope_of_the_slope_is_right():
    discriminator = lively(StyleGANDiscriminatorOptions(16, 2).build(Dims((1, 8, 8)))).double()
    images = torch.randn(2, 1, 8, 8, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(discriminator, images, atol=1e-5)


def test_every_parameter_in_use_gets_a_slope():
    generator, discriminator = lively(GENERATOR.build(TINY)), lively(DISCRIMINATOR.build(TINY))
    noise = [torch.randn(4, 1, side, side) for side in generator.resolutions]
    discriminator(generator(torch.randn(4, 6), noise=noise)).sum().backward()
    for network in (generator, discriminator):
        assert all(p.grad is not None and p.grad.isfinite().all() and p.grad.any() for p in network.parameters())


def test_the_order_in_memory_does_not_matter():
    for options, inputs in ((GENERATOR, torch.randn(2, 6)), (DISCRIMINATOR, torch.randn(2, 3, 32, 32))):
        network = lively(options.build(TINY))
        expected = network(inputs)
        network.to(memory_format=torch.channels_last)
        torch.testing.assert_close(network(inputs), expected, atol=1e-4, rtol=1e-4)
