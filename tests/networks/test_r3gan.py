"""Counts, shapes and arithmetic of R3GAN's networks."""

from math import prod, sqrt

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from organza.errors import UsageError
from organza.networks import NETWORKS, Dims, count_parameters
from organza.networks.r3gan import (
    Downsampling,
    Level,
    R3GANDiscriminatorOptions,
    R3GANGeneratorOptions,
    ResidualBlock,
    Upsampling,
)
from organza.recipes.fields import override

# A block of width w with inner channels e = 2 w in groups of c has w e + 9 e c + e w weights and 2 e biases:
#     768 in groups of 16: 2,583,552    384: 701,952    192: 203,520    96: 64,896    1536 in groups of 32: 10,328,064
# Each size has two, and a 1x1 convolution where the width changes. On top of those, with E entries of an embedded label,
# the generator has (16 + 64 + E) w + 3 w' and the discriminator (16 + max(E', 1)) w + 3 w', plus classes * E, classes * E'.
PUBLISHED = [
    (32, 10, {}, 8 * 2_583_552, 768),
    (64, 0, {}, 8 * 2_583_552 + 2 * 701_952 + 768 * 384, 384),
    (
        256,
        0,
        {},
        8 * 2_583_552 + 2 * (701_952 + 203_520 + 64_896) + 768 * 384 + 384 * 192 + 192 * 96,
        96,
    ),
    (32, 1000, {"width": "1536", "group_width": "32", "full_to": "64"}, 8 * 10_328_064, 1536),
    (64, 1000, {"width": "1536", "group_width": "32", "full_to": "64"}, 10 * 10_328_064, 1536),
]
TOTALS = {
    (32, 10): (20_781_952, 21_280_512),
    (64, 0): (22_429_824, 22_381_440),
    (256, 0): (23_057_952, 23_009_568),
    (32, 1000): (82_914_304, 86_548_992),
    (64, 1000): (103_570_432, 107_205_120),
}
TINY = {"width": (8,), "group_width": (4,), "blocks": (1,)}


def built(options, size=16, channels=3, classes=0, z_dim=6):
    return options.build(Dims((channels, size, size), z_dim, classes))


def awake(network):
    """The same with weights in the layers that begin at zero, so that everything takes part."""
    for module in network.modules():
        if isinstance(module, ResidualBlock):
            nn.init.normal_(module.narrow.weight, 0, 0.1)
            nn.init.normal_(module.widen.bias, 0, 0.5)
            nn.init.normal_(module.spatial.bias, 0, 0.5)
    return network


@pytest.mark.parametrize(("size", "classes", "changes", "trunk", "finest"), PUBLISHED)
def test_published_counts(size, classes, changes, trunk, finest):
    changes = changes | {"condition": "embedding" if classes else "none"}
    dims = Dims((3, size, size), 64, classes)
    with torch.device("meta"):
        generator = override(R3GANGeneratorOptions(), changes).build(dims)
        discriminator = override(R3GANDiscriminatorOptions(), changes).build(dims)
    width = 1536 if size < 256 and classes == 1000 else 768
    beside, onto = (64, width) if classes else (0, 1)
    assert count_parameters(generator) == trunk + (16 + 64 + beside) * width + 3 * finest + classes * beside
    assert count_parameters(discriminator) == trunk + (16 + onto) * width + 3 * finest + classes * onto
    assert (count_parameters(generator), count_parameters(discriminator)) == TOTALS[size, classes]


def test_published_shapes_follow_from_the_defaults():
    levels = R3GANGeneratorOptions().levels((3, 256, 256))
    assert [level.side for level in levels] == [4, 8, 16, 32, 64, 128, 256]
    assert [level.width for level in levels] == [768, 768, 768, 768, 384, 192, 96]
    assert [level.groups for level in levels] == [96, 96, 96, 96, 48, 24, 12]
    assert {level.blocks for level in levels} == {2}


def test_groups_see_only_their_own_channels():
    block = built(R3GANGeneratorOptions()).stages[0].blocks[0]
    assert block.spatial.weight.shape == (1536, 16, 3, 3)
    assert block.spatial.groups == 96
    assert block.narrow.bias is None


@settings(max_examples=12, deadline=None)
@given(st.sampled_from([4, 8, 16, 32]), st.sampled_from([1, 3, 4]), st.booleans(), st.integers(1, 3))
def test_shapes_at_every_power_of_two(size, channels, labelled, expansion):
    kind = {"condition": "embedding" if labelled else "none", "expansion": expansion, **TINY}
    dims = Dims((channels, size, size), 5, 3)
    label = (torch.eye(3)[:2],) if labelled else ()
    images = R3GANGeneratorOptions(**kind).build(dims)(torch.randn(2, 5), *label)
    assert images.shape == (2, channels, size, size)
    discriminator = R3GANDiscriminatorOptions(**kind).build(dims)
    assert discriminator(images, *label).shape == (2, 1)
    sides = [features.shape[-1] for features in discriminator.features(images)]
    assert sides == [side for side in (32, 16, 8, 4) if side <= size]


def test_one_number_for_each_size():
    options = R3GANDiscriminatorOptions(width=(8, 6, 4), blocks=(2, 1, 3), group_width=(4, 3, 2))
    maps = built(options).features(torch.randn(2, 3, 16, 16))
    assert [features.shape[1] for features in maps] == [4, 6, 8]
    network = built(options)
    assert [len(stage.blocks) for stage in network.stages] == [3, 1, 2]
    assert [stage.blocks[0].spatial.groups for stage in network.stages] == [4, 4, 4]


@pytest.mark.parametrize("options", [R3GANGeneratorOptions, R3GANDiscriminatorOptions])
@pytest.mark.parametrize(
    ("changes", "size", "message"),
    [
        ({}, (28, 28), "28x28: take a power of two"),
        ({}, (32, 64), "64x32: take a power of two"),
        ({}, (2, 2), "2x2: take a power of two"),
        ({"width": (8, 8)}, (16, 16), r"width has 2 numbers for 3 sizes \(4, 8, 16\)"),
        ({"blocks": (1, 1, 1, 1)}, (16, 16), "blocks has 4 numbers"),
        ({"group_width": (1, 1)}, (16, 16), "group_width has 2 numbers"),
        ({"width": ()}, (16, 16), "width has 0 numbers"),
        ({"width": (12,)}, (16, 16), "groups of 16 do not divide the 24 inner channels at 4x4"),
        ({"width": (6,), "full_to": 4, "group_width": (1,)}, (16, 16), "width 6 cannot be halved down to 16x16"),
    ],
)
def test_what_does_not_fit_is_refused_in_one_line(options, changes, size, message):
    with pytest.raises(UsageError, match=message) as raised:
        options(**changes).build(Dims((3, *size), 6))
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", ["r3gan-generator", "r3gan-discriminator"])
def test_labels_are_asked_for(name):
    options = NETWORKS[name](condition="embedding", **TINY)
    assert options.conditional
    assert not options.couples_samples
    with pytest.raises(UsageError, match="--classes"):
        built(options)


def test_labels_are_linear_and_matter():
    torch.manual_seed(0)
    dims = Dims((3, 8, 8), 6, 3)
    generator = awake(R3GANGeneratorOptions(condition="embedding", **TINY).build(dims))
    discriminator = awake(R3GANDiscriminatorOptions(condition="embedding", **TINY).build(dims))
    z, labels = torch.randn(1, 6), torch.eye(3)
    images = generator(z.expand(3, -1), labels)
    assert (images[0] - images[1]).abs().max() > 1e-3
    outputs = discriminator(images[:1].expand(3, -1, -1, -1), labels)
    both = discriminator(images[:1], labels[:1] + labels[1:2])
    torch.testing.assert_close(both, outputs[:1] + outputs[1:2])
    assert (outputs[0] - outputs[1]).abs() > 1e-4


def spread_of(network, ending):
    return {
        name: parameter.std().item() for name, parameter in network.named_parameters() if name.endswith(ending)
    }.values()


def test_first_weights():
    torch.manual_seed(0)
    gain = sqrt(2 / 1.04) * 8**-0.25  # two blocks at each of the four sizes of 32x32
    options = {"width": (64,), "condition": "embedding"}
    generator = built(R3GANGeneratorOptions(**options), 32, classes=50, z_dim=64)
    discriminator = built(R3GANDiscriminatorOptions(**options), 32, classes=50)
    for network in (generator, discriminator):
        assert list(spread_of(network, "widen.weight")) == pytest.approx([gain / sqrt(64)] * 8, rel=0.05)
        assert list(spread_of(network, "spatial.weight")) == pytest.approx([gain / sqrt(16 * 9)] * 8, rel=0.05)
        assert all(not parameter.any() for name, parameter in network.named_parameters() if "bias" in name)
        assert all(not block.narrow.weight.any() for block in network.modules() if isinstance(block, ResidualBlock))
    assert generator.basis.std().item() == pytest.approx(1, rel=0.1)
    assert generator.weights.weight.std().item() == pytest.approx(1 / sqrt(128), rel=0.05)
    assert generator.embedding.weight.std().item() == pytest.approx(1 / sqrt(50), rel=0.05)
    assert discriminator.basis.std().item() == pytest.approx(1 / 4, rel=0.1)
    assert discriminator.dense.weight.std().item() == pytest.approx(1 / 8, rel=0.05)
    assert discriminator.embedding.weight.std().item() == pytest.approx(1 / sqrt(50 * 64), rel=0.05)


def test_first_pictures_and_outputs_are_of_ordinary_size():
    torch.manual_seed(0)
    images = built(R3GANGeneratorOptions(width=(64,)), 32, z_dim=64)(torch.randn(64, 64))
    assert 0.2 < images.std().item() < 1.5
    assert images.abs().max() < 12
    outputs = built(R3GANDiscriminatorOptions(width=(64,)), 32)(torch.randn(64, 3, 32, 32).clamp(-1, 1))
    assert 0 < outputs.std().item() < 3


def test_block_by_hand():
    torch.manual_seed(0)
    block = awake(ResidualBlock(Level(8, 4, 1, 2), 2, 1)).double()
    x = torch.randn(2, 4, 5, 5, dtype=torch.float64)

    def act(values):
        return torch.where(values > 0, values, 0.2 * values)

    inner = act(torch.einsum("bchw,oc->bohw", x, block.widen.weight[..., 0, 0]) + block.widen.bias.view(-1, 1, 1))
    halves = [
        functional.conv2d(inner[:, part], block.spatial.weight[part], padding=1) for part in (slice(0, 4), slice(4, 8))
    ]
    inner = act(torch.cat(halves, 1) + block.spatial.bias.view(-1, 1, 1))
    expected = x + torch.einsum("bchw,oc->bohw", inner, block.narrow.weight[..., 0, 0])
    torch.testing.assert_close(block(x), expected)


def test_filter_is_the_published_one_and_up_is_its_adjoint():
    down, up = Downsampling(1, 1), Upsampling(1, 1)
    pulse = torch.zeros(1, 1, 8, 8)
    pulse[0, 0, 3, 3] = 1
    row = torch.tensor([1.0, 3, 3, 1]) / 4
    spread = up(pulse)[0, 0]
    torch.testing.assert_close(spread[5:9, 5:9], torch.outer(row, row))
    assert spread.sum() == pytest.approx(4)
    assert spread.count_nonzero() == 16
    flat = torch.ones(1, 1, 8, 8)
    torch.testing.assert_close(down(flat)[0, 0, 1:-1, 1:-1], torch.ones(2, 2))
    torch.testing.assert_close(up(flat)[0, 0, 1:-1, 1:-1], torch.ones(14, 14))
    assert down(flat)[0, 0, 0, 0] == pytest.approx((7 / 8) ** 2)  # beyond the edge are zeros
    x, y = torch.randn(1, 1, 8, 8), torch.randn(1, 1, 4, 4)
    assert (down(x) * y).sum().item() == pytest.approx((x * up(y)).sum().item() / 4, abs=1e-4)


def test_resampling_changes_widths_only_where_they_differ():
    assert Upsampling(8, 8).change is None
    assert Downsampling(4, 8).change.weight.shape == (8, 4, 1, 1)
    assert not [name for name in Downsampling(4, 8).state_dict() if name != "change.weight"]


def test_discriminator_end_by_hand():
    network = awake(built(R3GANDiscriminatorOptions(**TINY)))
    images = torch.randn(2, 3, 16, 16)
    last = network.features(images)[-1]
    weighed = functional.conv2d(last, network.basis, groups=8).flatten(1)
    torch.testing.assert_close(network(images), network.dense(weighed))


def test_slope_penalty_has_the_right_gradient():
    torch.manual_seed(0)
    network = awake(built(R3GANDiscriminatorOptions(width=(4,), group_width=(2,), blocks=(1,)), 8)).double()
    images = torch.randn(2, 3, 8, 8, dtype=torch.float64, requires_grad=True)

    def penalty():
        (slope,) = torch.autograd.grad(network(images).sum(), images, create_graph=True)
        return slope.square().sum()

    parameters = dict(network.named_parameters())
    gradients = torch.autograd.grad(penalty(), list(parameters.values()), allow_unused=True)
    for (name, parameter), gradient in zip(parameters.items(), gradients, strict=True):
        assert gradient is not None or name.endswith("bias"), name
        direction = torch.randn_like(parameter)
        step, values = 1e-6, []
        for sign in (1, -1):
            parameter.data += sign * step * direction
            values.append(penalty().item())
            parameter.data -= sign * step * direction
        numeric = (values[0] - values[1]) / (2 * step)
        analytic = 0.0 if gradient is None else (gradient * direction).sum().item()
        assert analytic == pytest.approx(numeric, rel=1e-4, abs=1e-6), name


@pytest.mark.parametrize("name", ["r3gan-generator", "r3gan-discriminator"])
def test_shapes_alone_will_do(name):
    with torch.device("meta"):
        network = built(NETWORKS[name](**TINY))
        made = network(torch.empty(2, 6) if name.endswith("generator") else torch.empty(2, 3, 16, 16))
    assert made.device.type == "meta"
    assert prod(made.shape) == (2 * 3 * 16 * 16 if name.endswith("generator") else 2)


def test_residual_path_is_stored_pixel_by_pixel():
    images = awake(built(R3GANGeneratorOptions(**TINY)))(torch.randn(2, 6))
    for features in awake(built(R3GANDiscriminatorOptions(**TINY))).features(images):
        assert features.is_contiguous(memory_format=torch.channels_last)
