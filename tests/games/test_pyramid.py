"""The game of one picture: SinGAN's schedule to the number, what must not change within a scale, and how scales follow."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from organza.data.dataset import ResidentDataset
from organza.errors import UsageError
from organza.games import Shape
from organza.games.scales import generator_of
from organza.networks.pyramid.generator import resized
from organza.recipes import RECIPES, override
from organza.streams import Streams
from organza.training.planning import make_session

SMALL = {
    "generator.width": 4,
    "discriminator.width": 4,
    "size": 20,
    "smallest": 12,
    "original": (20, 24),
    "ratio": 0.75,
}


def plain():
    """The schedule written plainly, which a benchmark races with."""
    path = Path(__file__).parents[2] / "benchmarks" / "plain_singan.py"
    spec = importlib.util.spec_from_file_location("plain_singan", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def picture(height=20, width=24, seed=0):
    coarse = torch.rand(1, 3, 5, 6, generator=torch.Generator().manual_seed(seed))
    smooth = torch.nn.functional.interpolate(coarse, (height, width), mode="bicubic")
    return ResidentDataset((smooth.clamp(0, 1) * 255).byte().permute(0, 2, 3, 1).contiguous(), None, (), ())


def recipe_of(name="singan", steps=4, **changes):
    recipe = override(RECIPES[name], {**SMALL, **changes})
    recipe = replace(recipe, sides=(20, 24))
    scales = len(recipe.game.sizes((20, 24)))
    return replace(recipe, images=steps * scales)


def session_of(recipe, seed=0, data=None):
    return make_session(recipe, {"real": data or picture()}, Streams(seed), torch.device("cpu"))


def to_scale(session, scale):
    while session.progress.stage < scale:
        session.advance()
        if session.progress.stage < scale:
            session.play()
    return session


def without_effect(key, state):
    """Whether it is the bias of a convolution before a batch normalisation, which takes it off, or the mean that follows it.

    Its gradient is rounding alone, of which Adam makes steps of full size.
    """
    *path, number, kind = key.split(".") if "." in key else ("", "", "")
    normalised = ".".join([*path, str(int(number) + 1), "running_mean"]) in state if number.isdigit() else False
    return kind == "running_mean" or (kind == "bias" and normalised)


@pytest.mark.parametrize("scale", [0, 2])
def test_a_scale_is_trained_as_the_paper_says(scale):
    recipe = recipe_of(steps=3)
    session = to_scale(session_of(recipe), scale)
    network = generator_of(session.entered.networks, "generator")
    kept = {
        name: {key: value.clone() for key, value in net.state_dict().items()}
        for name, net in session.entered.networks.items()
    }
    first = session.progress.step

    def draw(step, turn):
        shapes = [network.noise_shape(index, network.sizes[index]) for index in range(network.built)]

        def drawn(shape, repeat, purpose):
            generator = session.streams.generator(first + step, "discriminator", repeat, purpose)
            return torch.randn(1, *shape, generator=generator)

        noises = [drawn(shape, turn, f"noise_varied_{index}") for index, shape in enumerate(shapes)]
        mix = torch.rand(1, generator=session.streams.generator(first + step, "discriminator", turn, "mix"))
        return noises, mix

    for _ in range(2):
        session.play()
    # The same from the same beginning, by the plain schedule.
    other = session_of(recipe)
    to_scale(other, scale)
    for name, net in other.entered.networks.items():
        net.load_state_dict(kept[name])
        net.requires_grad_(True)
    rival = generator_of(other.entered.networks, "generator")
    rival.scales[:-1].requires_grad_(False)
    plain().train_scale(
        list(rival.scales),
        other.entered.networks["discriminator"].scales[-1],
        rival.amplitudes,
        rival.sizes,
        other.entered.state["real"],
        rival.anchor,
        draw,
        2,
    )
    for name, net in session.entered.networks.items():
        rivals = other.entered.networks[name].state_dict()
        for key, value in net.state_dict().items():
            if not without_effect(key, rivals):
                assert torch.allclose(value, rivals[key], atol=2e-5), (name, key)
        moved = [not torch.equal(value, kept[name][key]) for key, value in net.state_dict().items()]
        assert any(moved)  # the comparison is no comparison of what stood still


@pytest.mark.parametrize("name", ["singan", "consingan"])
def test_settled_scales_and_their_statistics_stay_to_the_bit(name):
    changes = {"scales": 5} if name == "consingan" else {}
    session = session_of(recipe_of(name, steps=2, **changes))
    last = len(session.game.stages) - 1
    to_scale(session, last)
    network = generator_of(session.entered.networks, "generator")
    assert network.settled
    before = {
        key: value.clone()
        for key, value in network.state_dict().items()
        if any(key.startswith(f"{part}.{index}.") for part in ("scales", "body") for index in range(network.settled))
    }
    newest = [parameter.clone() for parameter in network.levels[-1].parameters()]
    session.play()
    assert before
    assert all(torch.equal(value, network.state_dict()[key]) for key, value in before.items())
    assert any(not torch.equal(a, b) for a, b in zip(newest, network.levels[-1].parameters(), strict=True))


@pytest.mark.parametrize("name", ["singan", "consingan"])
def test_what_is_kept_of_the_anchor_is_what_the_network_makes_of_it(name):
    """What a stage computes once, when it is entered, is at its end what it would be if it was computed again."""
    session = to_scale(
        session_of(recipe_of(name, steps=2, **({"scales": 5} if name == "consingan" else {}))),
        4 if name == "consingan" else 2,
    )
    session.play()
    network = generator_of(session.entered.networks, "generator")
    again = network.anchored(range(network.settled))
    again = network.lift(again, network.settled, network.sizes[network.settled])
    assert torch.allclose(session.entered.state["carried_anchor"], again, atol=1e-6)


def test_the_amplitude_is_a_tenth_of_what_the_coarser_scales_miss():
    session = to_scale(session_of(recipe_of(steps=3)), 1)
    network = generator_of(session.entered.networks, "generator")
    real = resized(session.real("real", fresh=True).images, network.sizes[1])
    missed = (resized(network.reconstruct(1), network.sizes[1]) - real).square().mean().sqrt()
    assert float(network.amplitudes[1]) == pytest.approx(0.1 * float(missed), rel=1e-4)
    assert float(network.amplitudes[0]) == 1.0
    assert not network.amplitudes[2:].any()


def test_consingan_begins_its_reconstruction_with_the_picture_itself():
    session = session_of(recipe_of("consingan", scales=3))
    network = generator_of(session.entered.networks, "generator")
    real = session.real("real", fresh=True).images
    assert torch.allclose(network.anchor, resized(real, network.sizes[0]), atol=1e-6)


def test_an_optimiser_that_moves_three_times_by_one_gradient_goes_further():
    moves = {}
    for count in (1, 3):
        session = session_of(recipe_of("consingan", scales=3, moves=count))
        network = generator_of(session.entered.networks, "generator")
        before = network.tail.weight.detach().clone()
        session.play()
        moves[count] = float((network.tail.weight.detach() - before).abs().max())
    assert moves[1] == pytest.approx(5e-4, rel=0.05)  # Adam's first step is the rate itself
    assert moves[3] == pytest.approx(3 * moves[1], rel=0.05)


def test_stages_share_the_budget_and_the_rate_falls_at_four_fifths_of_each():
    recipe = recipe_of(steps=10)
    session = session_of(recipe)
    assert [stage.name for stage in session.game.stages] == ["scale-0", "scale-1", "scale-2", "scale-3"]
    rates = []
    while session.clock < recipe.images:
        session.advance()
        session.play()
        rates.append(session.entered.optimisers["generator"].param_groups[0]["lr"])
    once = [5e-4] * 8 + [5e-5] * 2
    assert rates == pytest.approx(once * 4)


def test_more_scales_than_steps_are_refused():
    with pytest.raises(UsageError, match="4 scales take at least 4 steps, not 2"):
        replace(recipe_of(), images=2).build()


def test_the_game_is_made_for_the_picture():
    game, sides, steps = RECIPES["singan"].game.at((188, 250), 250)
    assert sides == (188, 250)
    assert len(game.sizes(sides)) == 10
    assert steps == 20_000
    draft, sides, steps = override(RECIPES["singan"], {"quality": "draft"}).game.at((300, 400), 64)
    assert sides == (48, 64)
    assert steps == 200 * len(draft.sizes(sides))


def test_a_picture_of_twelve_pixels_trains_at_one_scale():
    recipe = replace(
        override(RECIPES["singan"], {"generator.width": 4, "discriminator.width": 4}), sides=(12, 12), images=2
    )
    recipe = replace(recipe, game=replace(recipe.game, original=(12, 12)))
    session = session_of(recipe, data=picture(12, 12))
    session.play()
    assert len(session.game.stages) == 1


def test_samples_of_a_trained_pyramid_come_nearer_to_the_picture():
    """A few steps at three scales bring the reconstruction far nearer than it was: the terms pull where they should."""
    recipe = recipe_of(steps=20)
    session = session_of(recipe)
    real = session.real("real", fresh=True).images

    def missed():
        network = generator_of(session.entered.averages.networks, "generator")
        return float((resized(network.reconstruct(), (20, 24)) - real).square().mean())

    before = missed()
    while session.clock < recipe.images:
        session.advance()
        session.play()
    assert missed() < 0.4 * before


def test_unsuitable_networks_and_losses_are_named():
    with pytest.raises(UsageError, match="generator of a pyramid"):
        override(RECIPES["singan"], {"generator.network": "dcgan-generator"}).build()
    with pytest.raises(UsageError, match="patch-critic"):
        override(RECIPES["singan"], {"discriminator.network": "patchgan"}).build()
    with pytest.raises(UsageError, match="compares with real samples"):
        override(RECIPES["singan"], {"loss": "relativistic"}).build()


def test_a_pyramid_s_game_counts_steps_and_wants_one_picture():
    game = RECIPES["singan"].game.build(Shape((3, 250, 250)), 20_000)
    assert (game.clock, game.needs, list(game.abilities.pyramids)) == ("steps", "one", ["real"])
