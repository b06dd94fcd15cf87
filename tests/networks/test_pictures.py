"""Generators that make pictures from pictures: counts, sizes, the arithmetic of their layers, checkerboards."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F  # noqa: N812

from organza.errors import UsageError
from organza.networks import Dims, count_parameters
from organza.networks.ganilla import GanillaGeneratorOptions
from organza.networks.layers import StridedPoints
from organza.networks.pictures import upsample
from organza.networks.resnet import ResNetGeneratorOptions
from organza.networks.super_resolution import RRDBOptions, SRGANDiscriminatorOptions, SRResNetOptions
from organza.networks.unet import UNetGeneratorOptions

TINY = [
    ResNetGeneratorOptions(width=2, blocks=1),
    ResNetGeneratorOptions(width=2, blocks=1, norm="batch", dropout=0.5, residual=True, upsampling="resize"),
    UNetGeneratorOptions(width=2, downs=1),
    UNetGeneratorOptions(width=2, downs=2, norm="instance", upsampling="resize"),
    UNetGeneratorOptions(width=2, downs=6),
    GanillaGeneratorOptions(width=2, dropout=0.5),
    SRResNetOptions(width=2, blocks=1, scale=2),
    SRResNetOptions(width=2, blocks=1, scale=8),
    RRDBOptions(width=2, growth=2, blocks=1),
]


def tiny(options, channels=3):
    side = options.smallest * options.scale
    return options.build(Dims((channels, side, side)))


def count(options, *sample):
    with torch.device("meta"):
        return count_parameters(options.build(Dims(sample)))


@pytest.mark.parametrize(
    ("options", "side", "expected"),
    [
        (ResNetGeneratorOptions(blocks=6), 128, 7_837_699),
        (ResNetGeneratorOptions(), 256, 11_378_179),
        (ResNetGeneratorOptions(dropout=0.5, residual=True), 256, 11_378_179),
        (ResNetGeneratorOptions(norm="batch"), 256, 11_383_427),
        (UNetGeneratorOptions(), 256, 54_413_955),
        (UNetGeneratorOptions(downs=7), 128, 41_828_995),
        (GanillaGeneratorOptions(), 256, 7_228_419),
        (SRResNetOptions(), 96, 1_549_462),
        (RRDBOptions(), 128, 16_697_987),
        (SRGANDiscriminatorOptions(), 96, 23_565_505),
    ],
)
def test_published_counts(options, side, expected):
    assert count(options, 3, side, side) == expected


@pytest.mark.parametrize("options", TINY)
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("channels", [1, 3])
def test_shapes_at_the_smallest_size_and_at_others(options, training, channels):
    torch.manual_seed(0)
    network = tiny(options, channels).train(training)
    least, step = options.smallest, options.multiple
    for height, width in ((least, least), (least, least + step), (least + 2 * step, least + step)):
        images = network(torch.randn(2, channels, height, width))
        assert images.shape == (2, channels, options.scale * height, options.scale * width)
        assert images.isfinite().all()
        if not isinstance(options, SRResNetOptions | RRDBOptions):
            assert images.abs().max() <= 1


@pytest.mark.parametrize("options", TINY)
def test_on_the_meta_device(options):
    with torch.device("meta"):
        network = tiny(options)
    side = options.smallest + options.multiple
    assert network(torch.empty(2, 3, side, side, device="meta")).shape[2] == options.scale * side


@pytest.mark.parametrize("options", [options for options in TINY if options.smallest > 1 or options.scale > 1])
def test_sizes_that_do_not_fit_are_refused_in_one_line(options):
    unit, least = options.multiple * options.scale, options.smallest * options.scale
    for sides in ((least + 1, least), (least, least - unit), (least, least + unit // 2)):
        with pytest.raises(UsageError, match=rf"{sides[0]}x{sides[1]} pixels.*--size \d+$") as caught:
            options.build(Dims((3, *sides)))
        assert "\n" not in str(caught.value)
        advised = int(str(caught.value).rsplit(maxsplit=1)[1])
        with torch.device("meta"):
            options.build(Dims((3, advised, advised)))


@pytest.mark.parametrize("options", [options for options in TINY if options.smallest > 1])
def test_smallest_and_multiple_are_not_stricter_than_need_be(options):
    network = tiny(options).train()
    below, between = options.smallest - options.multiple, options.smallest + options.multiple // 2
    for side in (below, between):
        try:
            fits = network(torch.randn(1, 3, side, side)).shape[2] == side
        except (RuntimeError, ValueError):
            fits = False
        assert not fits


@pytest.mark.parametrize("options", TINY)
def test_layers_stand_in_the_order_in_which_they_are_computed(options):
    network = tiny(options)
    layers = [module for module in network.modules() if isinstance(module, nn.Conv2d | nn.ConvTranspose2d)]
    seen = []
    for layer in layers:
        layer.register_forward_hook(lambda module, *_: seen.append(module))
    network(torch.randn(2, 3, options.smallest, options.smallest))
    assert [id(layer) for layer in seen] == [id(layer) for layer in layers]


def test_residual_output_is_the_input_where_the_last_layer_is_zero():
    torch.manual_seed(0)
    network = ResNetGeneratorOptions(width=2, blocks=1, residual=True).build(Dims((3, 16, 16)))
    images = torch.rand(2, 3, 16, 16) * 2 - 1
    assert not torch.equal(network(images), images)
    *_, last = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    nn.init.zeros_(last.weight)
    assert torch.equal(network(images), images)
    nn.init.constant_(last.bias, 100.0)
    assert torch.equal(network(images), (images + 1).clamp(-1, 1))


def test_residual_output_is_cut_to_the_range_of_pictures():
    network = ResNetGeneratorOptions(width=2, blocks=1, residual=True, initial="he").build(Dims((3, 16, 16)))
    images = torch.randn(2, 3, 16, 16) * 4
    made = network(images)
    assert (made.min(), made.max()) == (-1, 1)


def test_a_translation_of_one_picture_does_not_depend_on_the_others():
    torch.manual_seed(0)
    images = torch.randn(3, 3, 32, 32)
    for options in (ResNetGeneratorOptions(width=2, blocks=1), GanillaGeneratorOptions(width=2)):
        network = tiny(options)
        torch.testing.assert_close(network(images)[:1], network(images[:1]))
        torch.testing.assert_close(network(images), network.eval()(images))
    network = tiny(ResNetGeneratorOptions(width=2, blocks=1, norm="batch"))
    assert not torch.allclose(network(images)[:1], network(images[:1]))


@pytest.mark.parametrize(("downs", "expected"), [(4, 0), (5, 0), (6, 1), (7, 2), (8, 3)])
def test_unet_drops_out_in_the_inner_layers(downs, expected):
    with torch.device("meta"):
        network = UNetGeneratorOptions(width=2, downs=downs).build(Dims((3, 256, 256)))
        without = UNetGeneratorOptions(width=2, downs=downs, dropout=0.0).build(Dims((3, 256, 256)))
    assert [sum(isinstance(module, nn.Dropout) for module in one.modules()) for one in (network, without)] == [
        expected,
        0,
    ]


def unet_by_hand(weights, images, depth):
    """The way down and up from one level on, by recursion; without normalisation at either end."""
    downs, ups = weights
    last = depth == len(downs) - 1
    features = F.conv2d(F.leaky_relu(images, 0.2) if depth else images, *downs[depth], 2, 1)
    if depth and not last:
        features = F.instance_norm(features)
    if not last:
        features = torch.cat([features, unet_by_hand(weights, features, depth + 1)], 1)
    features = F.conv_transpose2d(features.relu(), *ups[depth], 2, 1)
    return F.instance_norm(features) if depth else features.tanh()


def test_unet_is_the_recursion_of_the_paper():
    torch.manual_seed(0)
    network = UNetGeneratorOptions(width=2, downs=5, norm="instance").build(Dims((3, 64, 32))).double()
    downs = [(layer.weight, layer.bias) for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    ups = [(layer.weight, layer.bias) for layer in network.modules() if isinstance(layer, nn.ConvTranspose2d)]
    images = torch.randn(2, 3, 64, 32, dtype=torch.float64)
    by_hand = unet_by_hand((downs, ups[::-1]), images, 0)
    torch.testing.assert_close(network(images), by_hand, atol=1e-12, rtol=0)


@pytest.mark.parametrize("kind", ["transposed", "resize"])
@pytest.mark.parametrize("kernel", [3, 4])
@settings(max_examples=10)
@given(st.integers(1, 5), st.integers(1, 5))
def test_upsampling_doubles_the_sides(kind, kernel, height, width):
    network = nn.Sequential(*upsample(kind, 3, 2, kernel, True))
    assert network(torch.randn(1, 3, height, width)).shape == (1, 2, 2 * height, 2 * width)


@pytest.mark.parametrize("kernel", [3, 4])
def test_a_plane_stays_one_only_under_resize_convolution(kernel):
    torch.manual_seed(0)
    plane = torch.randn(2, 8, 1, 1).expand(2, 8, 6, 6)
    even, uneven = (nn.Sequential(*upsample(kind, 8, 8, kernel, True))(plane) for kind in ("resize", "transposed"))
    assert even.std((2, 3)).max() < 1e-6
    assert uneven[..., 2:-2, 2:-2].std((2, 3)).mean() > 0.05


def share_of_checkerboard(images):
    """Power of the patterns of two pixels' period over the mean power."""
    power = torch.fft.fft2(images - images.mean((2, 3), keepdim=True)).abs().square()
    half = images.shape[2] // 2
    patterns = power[..., half, 0] + power[..., 0, half] + power[..., half, half]
    return (patterns.mean() / power.mean()).item()


@pytest.mark.parametrize(
    ("kind", "fields"), [(ResNetGeneratorOptions, {"blocks": 1}), (UNetGeneratorOptions, {"downs": 4})]
)
@pytest.mark.parametrize("seed", range(3))
def test_resize_convolution_leaves_less_of_a_checkerboard(kind, fields, seed):
    torch.manual_seed(seed)
    images = F.interpolate(torch.randn(2, 3, 4, 4), size=64, mode="bicubic")
    shares = {}
    for upsampling in ("transposed", "resize"):
        network = kind(width=8, upsampling=upsampling, **fields).build(Dims((3, 64, 64)))
        shares[upsampling] = share_of_checkerboard(network(images))
    assert shares["transposed"] > 10 * shares["resize"]


def srresnet_by_hand(network, images):
    """SRResNet of one block for twice the side, in evaluation mode: shuffled pixels are a reshape."""
    convolutions = [layer for layer in network.modules() if isinstance(layer, nn.Conv2d)]
    norms = [layer for layer in network.modules() if isinstance(layer, nn.BatchNorm2d)]
    first, *slopes = [layer.weight for layer in network.modules() if isinstance(layer, nn.PReLU)]
    start = F.prelu(convolutions[0](images), first)
    block = start + norms[1](convolutions[2](F.prelu(norms[0](convolutions[1](start)), slopes[0])))
    features = convolutions[4](start + norms[2](convolutions[3](block)))
    batch, channels, height, width = features.shape
    shuffled = features.reshape(batch, channels // 4, 2, 2, height, width).permute(0, 1, 4, 2, 5, 3)
    shuffled = shuffled.reshape(batch, channels // 4, 2 * height, 2 * width)
    return convolutions[5](F.prelu(shuffled, slopes[1]))


def test_srresnet_is_what_the_paper_draws():
    torch.manual_seed(0)
    network = SRResNetOptions(width=3, blocks=1, scale=2).build(Dims((3, 10, 14))).double()
    images = torch.randn(2, 3, 5, 7, dtype=torch.float64)
    network(images)  # gives the running statistics values of their own
    network.eval()
    torch.testing.assert_close(network(images), srresnet_by_hand(network, images), atol=1e-12, rtol=0)


@pytest.mark.parametrize("scale", [2, 4, 8])
def test_every_doubling_is_a_stage(scale):
    with torch.device("meta"):
        dims = Dims((3, 96, 96))
        shuffles = SRResNetOptions(scale=scale).build(dims).modules()
        repeats = RRDBOptions(blocks=1, scale=scale).build(dims).modules()
    assert 2 ** sum(isinstance(module, nn.PixelShuffle) for module in shuffles) == scale
    assert 2 ** sum(isinstance(module, nn.Upsample) for module in repeats) == scale


def test_dense_blocks_begin_near_the_identity():
    torch.manual_seed(0)
    network = RRDBOptions(blocks=2).build(Dims((3, 16, 16)))
    *blocks, last = network.layers[1].layers
    features = torch.randn(1, 64, 8, 8)
    for block in blocks:
        added = block(features) - features
        # Three dense blocks hand their input on, and a fifth of that is added to it once more.
        assert 0 < (added - 0.2 * features).abs().max() < 0.05
        for layer in block.modules():
            if isinstance(layer, nn.Conv2d):
                he = (2 / (9 * layer.in_channels)) ** 0.5
                assert layer.weight.std().item() == pytest.approx(0.1 * he, rel=0.05)
                assert not layer.bias.any()
    assert last.bias.any()  # a layer outside the blocks keeps PyTorch's first weights


def test_srgan_discriminator_judges_the_size_it_is_built_for():
    options = SRGANDiscriminatorOptions(width=2)
    assert options.couples_samples
    for sample in ((3, 32, 48), (1, 30, 17)):
        assert options.build(Dims(sample))(torch.randn(2, *sample)).shape == (2, 1)


@pytest.mark.parametrize("stride", [1, 2, 3])
def test_strided_points_are_a_convolution_and_have_its_gradients(stride):
    points = StridedPoints(4, 8, stride).double()
    features = torch.randn(2, 4, 13, 16, dtype=torch.float64, requires_grad=True)
    made = points(features)
    expected = torch.nn.functional.conv2d(features, points.weight, stride=stride)
    assert torch.allclose(made, expected, atol=1e-12)
    assert torch.autograd.gradcheck(points, (features,))
