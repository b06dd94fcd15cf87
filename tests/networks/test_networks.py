"""Counts, shapes, initial statistics, and the arithmetic of strided convolutions."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from organza.errors import UsageError
from organza.networks import NETWORKS, Dims, count_parameters
from organza.networks.dcgan import DCGANDiscriminatorOptions, DCGANGeneratorOptions, feature_maps
from organza.networks.mlp import MLPDiscriminatorOptions, MLPGeneratorOptions


def count(options, sample, z_dim=100):
    with torch.device("meta"):
        return count_parameters(options.build(Dims(sample, z_dim)))


@pytest.mark.parametrize(("z_dim", "expected"), [(20, 103_824), (50, 107_664), (100, 114_064), (200, 126_864)])
def test_mlp_generator_count(z_dim, expected):
    assert count(MLPGeneratorOptions(), (1, 28, 28), z_dim) == expected


def test_mlp_discriminator_count():
    assert count(MLPDiscriminatorOptions(), (1, 28, 28)) == 100_609


@pytest.mark.parametrize(
    ("kernel", "bias", "generator", "discriminator"),
    [
        (4, "all", 3_021_123, 2_760_385),
        (4, "unnormalised", 3_020_675, 2_759_489),
        (5, "all", 4_571_139, 4_310_401),
        (3, "all", 1_815_555, 1_554_817),
    ],
)
def test_dcgan_32_counts(kernel, bias, generator, discriminator):
    assert count(DCGANGeneratorOptions(kernel=kernel, bias=bias), (3, 32, 32), 128) == generator
    assert count(DCGANDiscriminatorOptions(kernel=kernel, bias=bias), (3, 32, 32)) == discriminator


def test_radford_64_counts():
    generator = DCGANGeneratorOptions(width=128, kernel=5, base=4, bias="none", normalise_dense=True)
    assert count(generator, (3, 64, 64)) == 18_885_760
    assert count(DCGANDiscriminatorOptions(width=128, kernel=5, base=4, bias="none"), (3, 64, 64)) == 17_232_768


@settings(max_examples=15, deadline=None)
@given(
    st.sampled_from([3, 4, 5]),
    st.sampled_from([(16, 16), (32, 32), (48, 48), (32, 64), (112, 112)]),
    st.sampled_from([1, 3, 4]),
    st.sampled_from([2, 4]),
)
def test_dcgan_shapes_at_every_size_divisible_by_16(kernel, sides, channels, base):
    sample = (channels, *sides)
    dims = Dims(sample, 5)
    images = DCGANGeneratorOptions(width=2, kernel=kernel, base=base).build(dims)(torch.randn(2, 5))
    assert images.shape == (2, *sample)
    assert images.abs().max() <= 1
    assert DCGANDiscriminatorOptions(width=2, kernel=kernel, base=base).build(dims)(images).shape == (2, 1)


def test_dcgan_refuses_sizes_that_do_not_halve():
    with pytest.raises(UsageError, match="divisible by 16"):
        DCGANGeneratorOptions().build(Dims((3, 30, 30), 100))


def test_feature_maps_of_the_published_forms():
    assert feature_maps((3, 32, 32), 64, 2) == ([64, 128, 256, 512], (2, 2))
    assert feature_maps((3, 64, 64), 128, 4) == ([128, 256, 512, 1024], (4, 4))


def test_dcgan_initial_statistics():
    torch.manual_seed(0)
    for options in (DCGANGeneratorOptions(), DCGANDiscriminatorOptions()):
        for module in options.build(Dims((3, 32, 32), 128)).modules():
            if isinstance(module, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
                if module.weight.numel() > 50_000:
                    assert abs(module.weight.mean().item()) < 1e-3
                    assert module.weight.std().item() == pytest.approx(0.02, rel=0.02)
                assert module.bias.abs().max() == 0
            if isinstance(module, nn.BatchNorm2d):
                assert module.weight.mean().item() == pytest.approx(1, abs=0.02)
                assert module.bias.abs().max() == 0


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([3, 4, 5]), st.integers(2, 6), st.integers(0, 2**16))
def test_transposed_convolution_is_zero_insertion_and_convolution(kernel, size, seed):
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(2, 3, size, size, generator=generator, dtype=torch.float64)
    weight = torch.randn(3, 4, kernel, kernel, generator=generator, dtype=torch.float64)
    padding, output_padding = (kernel - 1) // 2, kernel % 2
    direct = nn.functional.conv_transpose2d(x, weight, None, 2, padding, output_padding)
    stretched = torch.zeros(2, 3, 2 * size - 1, 2 * size - 1, dtype=torch.float64)
    stretched[:, :, ::2, ::2] = x
    edge = kernel - padding - 1
    stretched = nn.functional.pad(stretched, (edge, edge + output_padding, edge, edge + output_padding))
    by_hand = nn.functional.conv2d(stretched, weight.flip(2, 3).transpose(0, 1))
    assert direct.shape[-1] == 2 * size
    torch.testing.assert_close(direct, by_hand, atol=1e-12, rtol=0)


def test_dcgan_discriminator_can_overfit_one_batch():
    torch.manual_seed(0)
    dims = Dims((1, 32, 32), 8)
    discriminator = DCGANDiscriminatorOptions(width=8).build(dims)
    optimiser = torch.optim.Adam(discriminator.parameters(), 2e-3, (0.5, 0.999))
    real, fake = torch.rand(32, 1, 32, 32) * 2 - 1, torch.randn(32, 1, 32, 32).tanh()
    for _ in range(60):
        loss = nn.functional.softplus(-discriminator(real)).mean() + nn.functional.softplus(discriminator(fake)).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.05


FROM_PICTURES = {"fpn-generator", "ganilla-generator", "resnet-generator", "rrdb", "srresnet", "unet-generator"}
PYRAMIDS = {"growing-generator", "scale-generator"}


@pytest.mark.parametrize("name", sorted(set(NETWORKS) - FROM_PICTURES - PYRAMIDS))  # those have tests of their own
def test_every_network_builds_and_backpropagates(name):
    options = NETWORKS[name]()
    network = options.build(Dims((1, 32, 32), 6, 4))
    inputs = torch.randn(3, 6) if name.endswith("generator") else torch.randn(3, 1, 32, 32)
    label = (torch.eye(4)[:3],) if options.conditional else ()
    network(inputs, *label).square().mean().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())
