"""StyleGAN's networks in the form that grows: what they have reached, how a resolution fades in, what they hand on."""

from itertools import pairwise

import pytest
import torch
from torch.nn import functional

from organza.errors import UsageError
from organza.networks import Dims
from organza.networks.style.stylegan import StyleGANDiscriminatorOptions, StyleGANGeneratorOptions

TINY = Dims((3, 32, 32), 6)
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


@pytest.mark.parametrize("options", [GENERATOR, DISCRIMINATOR])
def test_the_growing_form_refuses_other_resolutions(options):
    for resolution in (2, 12, 64):
        with pytest.raises(UsageError, match="take one of 4, 8, 16, 32"):
            options.build_growing(TINY, resolution)
    fixed = options.build(TINY)
    with pytest.raises(UsageError, match="fixed form"):
        fixed.set_fade(torch.ones(()))
    with pytest.raises(UsageError, match="take one of 32"):
        fixed.resolution = 16


def grown(options, resolution, state=None, fade=1.0):
    network = options.build_growing(TINY, resolution)
    if state is not None:
        network.load_state_dict(state)
    network.set_fade(torch.tensor(fade))
    return network.eval()


def test_the_fixed_form_is_the_grown_one_with_one_head():
    for options, inputs in ((GENERATOR, torch.randn(2, 6)), (DISCRIMINATOR, torch.randn(2, 3, 32, 32))):
        growing = lively(options.build_growing(TINY, 32))
        growing.set_fade(torch.ones(()))
        state = {name: value for name, value in growing.state_dict().items() if "heads" not in name and name != "fade"}
        state |= {name.replace("3", "0"): value for name, value in growing.state_dict().items() if "heads.3" in name}
        fixed = options.build(TINY).eval()
        fixed.load_state_dict(state)
        assert torch.equal(fixed(inputs), growing(inputs))


@pytest.mark.parametrize("resolution", [4, 8, 16, 32])
def test_a_generator_shows_what_it_has_reached_at_full_size(resolution):
    generator = lively(GENERATOR.build_growing(TINY, resolution))
    generator.set_fade(torch.ones(()))
    z = torch.randn(2, 6)
    images = generator(z)
    assert generator.resolution == resolution
    assert images.shape == (2, 3, 32, 32)
    small = functional.avg_pool2d(images, 32 // resolution)
    torch.testing.assert_close(functional.interpolate(small, size=32), images)
    assert small.std((2, 3)).min() > 0
    # Styles of what it has not reached are not used.
    unused = torch.tensor(generator.resolutions) > resolution
    assert torch.equal(generator(z, other=torch.randn(2, 6), swapped=unused), images)
    assert not torch.allclose(generator(z, other=torch.randn(2, 6), swapped=~unused), images)


@pytest.mark.parametrize(("lower", "higher"), list(pairwise([4, 8, 16, 32])))
@pytest.mark.parametrize(
    ("options", "inputs"),
    [
        (GENERATOR, torch.linspace(-1, 2, 12).view(2, 6)),
        (DISCRIMINATOR, torch.linspace(-1, 1, 6144).sin().view(2, 3, 32, 32)),
    ],
)
def test_a_new_resolution_fades_in(options, inputs, lower, higher):
    state = lively(options.build_growing(TINY, higher)).state_dict()
    before = grown(options, lower, state)(inputs)
    network = grown(options, higher, state, fade=0.0)
    torch.testing.assert_close(network(inputs), before)
    network.set_fade(torch.ones(()))
    after = network(inputs)
    assert not torch.allclose(after, before, atol=1e-2)
    with torch.no_grad():  # the head before this one no longer counts
        network.heads[network.level - 1].weight.add_(1)
    assert torch.equal(network(inputs), after)
    if options is GENERATOR:
        torch.testing.assert_close(grown(options, higher, state, fade=0.25)(inputs), before.lerp(after, 0.25))


def test_a_discriminator_sees_averages_only():
    discriminator = lively(DISCRIMINATOR.build_growing(TINY, 8))
    images = torch.randn(2, 3, 32, 32)
    averages = functional.interpolate(functional.avg_pool2d(images, 4), size=32)
    torch.testing.assert_close(discriminator(averages), discriminator(images))
    assert not torch.allclose(discriminator(images.roll(1, 3)), discriminator(images))


def test_features_are_those_of_the_blocks_finest_first():
    images = torch.randn(2, 3, 32, 32)
    assert [features.shape[2] for features in DISCRIMINATOR.build(TINY).features(images)] == [32, 16, 8, 4]
    assert [features.shape[2] for features in grown(DISCRIMINATOR, 8).features(images)] == [8, 4]
    discriminator = lively(DISCRIMINATOR.build(TINY))
    seen = []
    for block in discriminator.blocks:
        block.register_forward_hook(lambda _module, _inputs, output: seen.append(output))
    maps = discriminator.features(images)
    assert all(torch.equal(*pair) for pair in zip(seen, maps[1:], strict=True))


def test_the_share_may_change_between_a_pass_and_its_slopes():
    for options, inputs in ((GENERATOR, torch.randn(2, 6)), (DISCRIMINATOR, torch.randn(2, 3, 32, 32))):
        network, other = options.build_growing(TINY, 16), options.build_growing(TINY, 16)
        other.load_state_dict(network.state_dict())
        for each, later in ((network, 0.9), (other, 0.3)):
            each.set_fade(torch.tensor(0.3))
            output = each(inputs).square().sum()
            each.set_fade(torch.tensor(later))
            output.backward()
            assert each.fade.item() == pytest.approx(later)
        slopes = [
            [parameter.grad for parameter in each.parameters() if parameter.grad is not None]
            for each in (network, other)
        ]
        assert all(torch.equal(*pair) for pair in zip(*slopes, strict=True))


def test_what_was_learnt_travels_as_a_state():
    for options, inputs in ((GENERATOR, torch.randn(2, 6)), (DISCRIMINATOR, torch.randn(2, 3, 32, 32))):
        network = lively(options.build(TINY))
        copy = options.build(TINY).eval()
        copy.load_state_dict(network.state_dict())
        assert torch.equal(copy(inputs), network(inputs))
        small = lively(options.build_growing(TINY, 8))
        small.set_fade(torch.tensor(0.5))
        large = options.build_growing(TINY, 16).eval()
        large.load_state_dict(small.state_dict())
        assert large.fade == 0.5
        large.resolution = 8
        assert torch.equal(large(inputs), small(inputs))
