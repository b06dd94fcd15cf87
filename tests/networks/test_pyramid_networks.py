"""Generators of one picture, their critics, and the sizes of their scales: published counts, laws, and what must not move."""

import math
from itertools import pairwise

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from organza.errors import UsageError
from organza.networks import Dims, count_parameters
from organza.networks.pyramid.colours import ColourTransport, moments_of
from organza.networks.pyramid.critic import PatchCriticOptions
from organza.networks.pyramid.growing import GrowingGeneratorOptions
from organza.networks.pyramid.scales import ScaleGeneratorOptions
from organza.networks.pyramid.sizes import concave, fitted, geometric, number_of_scales, scaled

SIZES = ((12, 14), (15, 18), (20, 24), (26, 31))
FORMS = {
    "scales": ScaleGeneratorOptions(width=4),
    "noise": ScaleGeneratorOptions(width=4, padding="noise"),
    "each": ScaleGeneratorOptions(width=4, padding="each", resizing="bilinear", unlinked=2),
    "growing": GrowingGeneratorOptions(width=6),
    "growing-zeros": GrowingGeneratorOptions(width=6, padding="zeros", norm="batch"),
}


def pyramid_of(options, sizes=SIZES, scales=0, amplitude=0.1):
    torch.manual_seed(0)
    network = options.pyramid(3, sizes)
    while network.built < (scales or len(sizes)):
        network.grow()
    network.amplitudes[1:] = amplitude
    network.begin(torch.randn(1, 3, *sizes[0]).clamp(-1, 1), torch.Generator().manual_seed(1))
    return network.eval().requires_grad_(False)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


# Published counts and sizes


@pytest.mark.parametrize(
    ("original", "scales", "coarsest"),
    [((256, 256), 10, 26), ((188, 250), 10, 26), ((250, 250), 11, 25), ((169, 250), 9, 25)],
)
def test_singan_has_its_authors_scales(original, scales, coarsest):
    finest = fitted(*original, 250)
    count = number_of_scales(original, max(finest), 25, 0.75)
    sizes = geometric(finest, count, 25)
    assert (count, min(sizes[0]), sizes[-1]) == (scales, coarsest, finest)


def test_consingan_has_its_authors_sizes():
    assert [min(size) for size in concave((188, 250), 6, 25)] == [25, 32, 42, 63, 126, 188]
    assert [min(size) for size in geometric((188, 250), 6, 25)] == [25, 38, 57, 84, 126, 188]
    assert [min(size) for size in concave((250, 250), 6, 25)] == [25, 33, 45, 72, 158, 250]


def test_structural_analogy_has_its_authors_sizes():
    count = number_of_scales((220, 220), 220, 18, 0.75)
    assert [side for side, _ in geometric((220, 220), count, 18)] == [19, 24, 30, 39, 49, 63, 81, 104, 134, 172, 220]


@given(
    height=st.integers(26, 400),
    width=st.integers(26, 400),
    scales=st.integers(2, 9),
    rule=st.sampled_from((geometric, concave)),
)
def test_sizes_grow_from_the_smallest_to_the_picture(height, width, scales, rule):
    sizes = rule((height, width), scales, 25)
    assert len(sizes) == len(set(sizes)) <= scales
    assert sizes[-1] == (height, width)
    assert all(small[0] <= large[0] and small[1] <= large[1] for small, large in pairwise(sizes))
    assert min(sizes[0]) in (25, 26) or len(sizes) == 1


def test_a_picture_that_is_small_already_has_one_scale():
    assert geometric((16, 16), 4, 25) == ((16, 16),)
    assert number_of_scales((16, 16), 16, 25, 0.75) == 1


@pytest.mark.parametrize(
    ("scales", "generators", "critics"), [(10, 1_479_966, 1_468_426), (9, 1_029_147, 1_019_913), (1, 29_763, 29_185)]
)
def test_singan_has_the_published_number_of_parameters(scales, generators, critics):
    with torch.device("meta"):
        network = ScaleGeneratorOptions().pyramid(3, geometric((250, 250), scales, 25))
        critic = PatchCriticOptions().build(Dims((3, 25, 25)))
        while network.built < scales:
            network.grow()
            critic.grow()
    assert (count_parameters(network), count_parameters(critic)) == (generators, critics)


@pytest.mark.parametrize(("norm", "counts"), [("none", (114_307, 668_227)), ("batch", (None, 670_659))])
def test_consingan_has_the_published_number_of_parameters(norm, counts):
    with torch.device("meta"):
        network = GrowingGeneratorOptions(norm=norm).pyramid(3, concave((250, 250), 6, 25))
        first = count_parameters(network)
        while network.built < 6:
            network.grow()
        critic = PatchCriticOptions(width=64, norm="none", slope=0.05, each=False).build(Dims((3, 25, 25)))
        critic.grow()
    assert counts[0] in (None, first)
    assert count_parameters(network) == counts[1]
    assert count_parameters(critic) == 113_153


# The critic


def test_the_critic_takes_off_ten_pixels_and_sees_eleven():
    critic = PatchCriticOptions(width=4, norm="none").build(Dims((3, 25, 25))).double()
    pictures = torch.randn(1, 3, 31, 40, dtype=torch.float64, requires_grad=True)
    logits = critic(pictures)
    assert logits.shape == (1, 1, 21, 30)
    logits[0, 0, 10, 15].backward()
    seen = pictures.grad.abs().sum((0, 1)).nonzero()
    assert seen.min(0).values.tolist() == [10, 15]
    assert (seen.max(0).values - seen.min(0).values + 1).tolist() == [11, 11]


def test_the_critic_says_what_is_too_small_for_it():
    with pytest.raises(UsageError, match="patches of 11 pixels do not fit into a picture of 10x30"):
        PatchCriticOptions().build(Dims((3, 30, 10)))


# Growing


@pytest.mark.parametrize("name", FORMS)
def test_a_new_scale_begins_as_a_copy_of_the_last(name):
    network = FORMS[name].pyramid(3, SIZES)
    network.grow()
    last, new = network.levels[-2:]
    assert all(torch.equal(one, other) for one, other in zip(last.parameters(), new.parameters(), strict=True))
    assert all(one is not other for one, other in zip(last.parameters(), new.parameters(), strict=True))


def test_a_wider_scale_begins_afresh():
    network = pyramid_of(ScaleGeneratorOptions(width=4), tuple((12 + i, 12 + i) for i in range(5)))
    assert [scale[0].out_channels for scale in network.scales] == [4, 4, 4, 4, 8]


def test_singan_trains_its_newest_scale_and_consingan_three_at_falling_rates():
    singan = pyramid_of(FORMS["scales"])
    (group,) = singan.rated()
    assert group.rate == 1.0
    assert [id(p) for p in group.parameters] == [id(p) for p in singan.scales[-1].parameters()]
    growing = FORMS["growing"].pyramid(3, SIZES)
    assert [round(group.rate, 9) for group in growing.rated()] == [1, 1, 1]  # head, tail, the only scale
    growing.grow()
    growing.grow()
    assert [round(5e-4 * group.rate, 12) for group in growing.rated()] == [5e-6, 5e-4, 5e-6, 5e-5, 5e-4]
    growing.grow()
    rated = [id(parameter) for group in growing.rated() for parameter in group.parameters]
    assert [round(5e-4 * group.rate, 12) for group in growing.rated()] == [5e-4, 5e-6, 5e-5, 5e-4]
    frozen = [*growing.head.parameters(), *growing.body[0].parameters()]
    assert not any(id(parameter) in rated for parameter in frozen)


@pytest.mark.parametrize("name", FORMS)
def test_settled_scales_keep_their_statistics_in_training(name):
    network = FORMS[name].pyramid(3, SIZES)
    while network.built < 4:
        network.grow()
    network.train()
    assert [level.training for level in network.levels] == [index >= network.settled for index in range(4)]


# What comes out


@pytest.mark.parametrize("name", FORMS)
def test_samples_have_the_size_of_the_picture_and_differ(name):
    network = pyramid_of(FORMS[name])
    samples = network.sample(3, generator())
    assert samples.shape == (3, 3, *SIZES[-1])
    assert samples.abs().max() <= 1
    assert torch.equal(samples, network.sample(3, generator()))
    assert not torch.allclose(samples[0], samples[1])
    assert network.reconstruct().shape == (1, 3, *SIZES[-1])
    assert network.reconstruct(2).shape == (1, 3, *SIZES[1])


@pytest.mark.parametrize("name", FORMS)
@given(wide=st.floats(0.5, 3), high=st.floats(0.5, 3))
def test_sizes_follow_the_factors_exactly(name, wide, high):
    network = pyramid_of(FORMS[name], SIZES[:2])
    assert tuple(network.sample(1, generator(), (high, wide)).shape[2:]) == scaled(SIZES[1], (high, wide))


@pytest.mark.parametrize("name", FORMS)
def test_without_amplitude_only_the_coarsest_scale_is_left_to_chance(name):
    network = pyramid_of(FORMS[name], amplitude=0.0)
    one, other = (network.sample(1, generator(seed), start=1) for seed in (0, 1))
    assert torch.equal(one, other)
    assert torch.allclose(one, network.reconstruct().clamp(-1, 1), atol=1e-6)


def test_coarse_scales_make_the_picture_when_the_noise_starts_later():
    network = pyramid_of(FORMS["scales"])
    below = network.anchored(range(3))
    lifted = network.lift(below, 3, SIZES[3])
    sample = network.sample(1, generator(), start=3)
    assert (sample - lifted.clamp(-1, 1)).abs().mean() < (
        network.sample(1, generator()) - lifted.clamp(-1, 1)
    ).abs().mean()


def test_features_do_not_depend_on_the_tail():
    network = pyramid_of(FORMS["growing"])
    noises = network.draw(1, generator(), range(4))
    before = network.through(None, range(4), noises)
    shown = network.show(before)
    torch.nn.init.normal_(network.tail.weight)
    assert torch.equal(before, network.through(None, range(4), noises))
    assert not torch.allclose(shown, network.show(before))


def test_the_noise_of_the_coarsest_scale_is_one_for_all_channels():
    assert pyramid_of(FORMS["scales"]).noise_shape(0, (12, 14)) == (1, 12, 14)
    assert pyramid_of(FORMS["scales"]).noise_shape(1, (12, 14)) == (3, 12, 14)
    assert pyramid_of(FORMS["noise"]).noise_shape(1, (12, 14)) == (3, 22, 24)
    assert pyramid_of(FORMS["growing"]).noise_shape(1, (12, 14)) == (6, 18, 20)


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("start", [0, 1, 3])
def test_a_picture_of_any_size_is_repainted(name, start):
    network, picture = pyramid_of(FORMS[name]), torch.rand(2, 3, 40, 33) * 2 - 1
    assert network.refine(picture, start).shape == (2, 3, *SIZES[-1])
    assert network.refine(picture, start, generator(), (30, 47)).shape == (2, 3, 30, 47)
    assert network.repaint(picture, start).shape == (2, 3, 40, 33)


def test_a_scale_that_has_hardly_begun_is_left_out():
    network = pyramid_of(FORMS["growing"])
    network.unfinished = 1
    assert network.sample(1, generator()).shape[2:] == SIZES[2]


def test_the_last_scales_of_structural_analogy_add_nothing_to_the_picture():
    network = pyramid_of(FORMS["each"])
    for scale in network.scales:
        for parameter in scale.parameters():
            torch.nn.init.zeros_(parameter)
    picture = torch.rand(1, 3, *SIZES[1]) * 2 - 1
    assert torch.equal(network.climb(picture, 1, None, SIZES[1]), picture)
    assert torch.equal(network.climb(picture, 2, None, SIZES[2]), torch.zeros(1, 3, *SIZES[2]))


# Colours


@given(seed=st.integers(0, 1000), channels=st.integers(1, 4))
def test_the_transport_gives_the_other_picture_s_colours_and_leads_back(seed, channels):
    drawn = generator(seed)
    first = torch.randn(2, channels, 9, 9, generator=drawn) * 0.3
    mixing = torch.randn(channels, channels, generator=drawn)
    second = torch.einsum("dc,nchw->ndhw", mixing, torch.randn(1, channels, 20, 9, generator=drawn)) * 0.2 + 0.1
    moved = ColourTransport(channels)
    moved.measure(first, second)
    there = moved(first, 1)
    mean, covariance = moments_of(there)
    goal_mean, goal = moments_of(second)
    assert torch.allclose(mean, goal_mean, atol=1e-5)
    assert torch.allclose(covariance, goal, atol=0.05 * float(goal.trace()) + 2e-3)
    assert torch.allclose(moved(there, 0), first, atol=1e-3)


def test_a_picture_in_its_own_colours_stays_as_it_is():
    picture = torch.randn(1, 3, 16, 16)
    moved = ColourTransport(3)
    moved.measure(picture, picture)
    assert torch.allclose(moved(picture, 1), picture, atol=1e-5)
    assert math.isclose(float(moved.matrices[0].trace()), 3.0, rel_tol=1e-5)


@pytest.mark.parametrize("start", [0, 1, 2, 3])
def test_networks_that_take_pictures_get_them_at_their_coarsest_scale(start):
    """Wherever the noise begins: the reconstruction without noise comes out again, which it does not through a finer scale."""
    network = pyramid_of(FORMS["growing"], amplitude=0.0)
    again = network.refine(network.anchor, start)
    assert torch.allclose(again, network.reconstruct().clamp(-1, 1), atol=1e-5)
