"""The style games: lazy regularisation, path lengths, mixing, growing."""

import math

import pytest
import torch

from organza.data import decode, open_source
from organza.errors import UsageError
from organza.games import Adam, RMSprop
from organza.games.optimisers import slow_down
from organza.games.style import path_lengths
from organza.recipes import RECIPES, fit_to, override
from organza.streams import Streams
from organza.training.planning import make_session

CPU = torch.device("cpu")
SMALL = {"batch": 8, "generator.channel_max": 8, "discriminator.channel_max": 8, "generator.w_dim": 8, "z_dim": 8}


@pytest.fixture(scope="module")
def fashion():
    source = open_source("fashion-mnist-10k")
    return source, decode(source, 32, 1)


def begin(fashion, name, **changes):
    source, dataset = fashion
    recipe = fit_to(override(RECIPES[name], SMALL | changes), source)
    return recipe, make_session(recipe, {"real": dataset}, Streams(0), CPU)


def turn_of(session, name):
    return next(turn for turn in session.entered.stage.turns if turn.name == name)


def gradients(session, turn, inputs):
    """Of one turn, all in one vector; the networks stay as they are."""
    session.entered.give_move_to(turn.player)
    parameters = session.entered.parameters[turn.player]
    losses = turn.losses(session.entered.networks, inputs)
    found = torch.autograd.grad(sum(losses.terms.values()), parameters, allow_unused=True)
    return torch.cat(
        [torch.zeros_like(p).flatten() if g is None else g.flatten() for p, g in zip(parameters, found, strict=True)]
    )


def test_lazy_optimisers_have_the_published_numbers():
    """Specs section 0, after Karras et al. 2020, appendix B."""
    critic = slow_down(Adam(0.002, (0.0, 0.99)), 16)
    assert critic.lr == pytest.approx(0.002 * 16 / 17)
    assert critic.betas == (0.0, pytest.approx(0.99058546, abs=1e-8))
    maker = slow_down(Adam(0.002, (0.0, 0.99)), 4)
    assert maker.lr == pytest.approx(0.0016)
    assert maker.betas[1] == pytest.approx(0.99199197, abs=1e-8)
    assert slow_down(Adam(), 1) == Adam()
    assert slow_down(RMSprop(1e-3), 3).lr == pytest.approx(7.5e-4)


class Recorded:
    """The round of a turn that is drawn once and played often."""

    def __new__(cls, session, turn):
        from organza.training.session import LiveRound

        return turn.draw(LiveRound(session, turn, 0, {}))


def test_lazy_regularisation_is_the_eager_one_on_average(fashion):
    """16 steps with frozen weights: the gradients of both add up to the same, though the lazy penalty comes but once."""
    every, weight = 16, 3.0
    _, eager = begin(fashion, "stylegan2-tiny", penalty_every=1, penalty_weight=weight, mixing=0.0)
    _, lazy = begin(fashion, "stylegan2-tiny", penalty_every=every, penalty_weight=weight, mixing=0.0)
    judging, punishing = turn_of(lazy, "discriminator"), turn_of(lazy, "penalty")
    inputs = Recorded(lazy, judging)  # the same samples in all steps: what is left is the bookkeeping
    total = torch.zeros(())
    for step in range(every):
        total = total + gradients(lazy, judging, inputs)
        if punishing.times(step):
            total = total + gradients(lazy, punishing, inputs)
    at_once = every * gradients(eager, turn_of(eager, "discriminator"), inputs)
    assert (total - at_once).abs().max() < 1e-5 * at_once.abs().max()
    without = every * gradients(lazy, judging, inputs)
    assert (without - at_once).abs().max() > 0.01 * at_once.abs().max()  # and the penalty is no small part of it


def test_path_lengths_of_a_linear_generator_are_its_norm():
    """G(w) = A w: E |A^T y|^2 = ||A||_F^2 / (HW) (specs 10.6)."""
    generator = torch.Generator().manual_seed(0)
    height, width, length, count = 4, 4, 6, 4000
    matrix = torch.randn(3 * height * width, length, generator=generator, dtype=torch.float64)
    styles = torch.randn(count, 1, length, generator=generator, dtype=torch.float64).requires_grad_()
    probe = torch.randn(count, 3, height, width, generator=generator, dtype=torch.float64)
    found = path_lengths(lambda s: (s[:, 0] @ matrix.T).view(-1, 3, height, width), styles, probe)
    expected = matrix.square().sum() / (height * width)
    assert found.square().mean() == pytest.approx(float(expected), rel=0.05)
    # By hand for one of them.
    direct = (probe[0].flatten() / math.sqrt(height * width)) @ matrix
    assert found[0] == pytest.approx(float(direct.norm()))
    several = torch.randn(5, 3, length, generator=generator, dtype=torch.float64).requires_grad_()
    alike = path_lengths(lambda s: (s.sum(1) @ matrix.T).view(-1, 3, height, width), several, probe[:5])
    assert torch.allclose(alike, found[:5])  # the same slope at each of three inputs: their mean square is that of one


def test_path_lengths_are_remembered(fashion):
    _, session = begin(fashion, "stylegan2-tiny", path_length_weight=2.0)
    assert float(session.entered.state["path_length"]) == 0
    session.play()
    first = float(session.entered.state["path_length"])
    assert first > 0
    for _ in range(3):  # it comes in every fourth step only
        session.play()
        assert float(session.entered.state["path_length"]) == first
    session.play()
    assert float(session.entered.state["path_length"]) != first


def test_some_batches_have_two_styles(fashion):
    _, session = begin(fashion, "stylegan2-tiny", mixing=0.5)
    turn, seen, cuts = turn_of(session, "generator"), 0, set()
    for _ in range(200):
        session.progress.step += 1
        swapped = Recorded(session, turn)["swapped"]
        seen += bool(swapped.any())
        assert not swapped[0]  # the first layer is never swapped
        assert torch.equal(swapped, swapped.sort().values)  # and all after the cut are
        cuts.add(int(swapped.sum()))
    assert 70 < seen < 130  # 4 sigma around half of them
    assert cuts == set(range(8))
    _, never = begin(fashion, "stylegan2-tiny", mixing=0.0)
    assert "swapped" not in Recorded(never, turn_of(never, "generator"))


def test_every_layer_draws_noise_of_its_own(fashion):
    _, session = begin(fashion, "stylegan2-tiny")
    drawn = Recorded(session, turn_of(session, "generator"))
    sides = [drawn[f"noise {number}"].shape[2] for number in range(7)]
    assert sides == [4, 8, 8, 16, 16, 32, 32]
    assert "noise 7" not in drawn
    assert not torch.equal(drawn["noise 1"], drawn["noise 2"])


def test_a_growing_game_passes_through_all_its_stages(fashion):
    recipe, session = begin(fashion, "stylegan-tiny", growing=True, growing_phase=0.1, growing_batches=True, images=640)
    names = [plan.name for plan in recipe.build().stages]
    assert names == ["at-8", "to-16", "at-16", "to-32", "main"]
    sizes, seen = {}, []
    while session.clock < recipe.images:
        session.advance()
        sizes[session.entered.name] = session.size
        session.play()
        seen.append((session.entered.name, float(session.entered.networks["generator"].fade)))
        assert session.culprit(thorough=True) is None
    assert sizes == {"at-8": 64, "to-16": 32, "at-16": 32, "to-32": 16, "main": 8}
    fades = [fade for name, fade in seen if name == "to-32"]
    assert fades == sorted(fades)
    assert fades[0] < 0.3 < 0.7 < fades[-1]
    assert all(fade == 1 for name, fade in seen if name in ("at-8", "at-16", "main"))


def test_a_coming_resolution_does_not_change_the_picture(fashion):
    """What the networks make is the same before and after the step to a new resolution, at which its fade is 0."""
    _, session = begin(fashion, "stylegan-tiny", growing=True, images=10_000)
    session.play()
    z = torch.randn(3, 8)
    ability = session.game.abilities.from_noise
    before = ability.images(session.entered.averages.networks, z, None)
    session.progress.stage_start = -10_000
    session.advance()
    assert session.entered.name == "to-16"
    for networks in (session.entered.networks, session.entered.averages.networks):
        for network in networks.values():
            network.set_fade(torch.zeros(()))
    after = ability.images(session.entered.averages.networks, z, None)
    assert torch.allclose(before, after, atol=1e-6)


def test_only_networks_that_can_grow_do(fashion):
    with pytest.raises(UsageError, match="does not grow"):
        override(RECIPES["stylegan2-tiny"], {"growing": True}).build()
    with pytest.raises(UsageError, match="needs a generator with styles"):
        override(RECIPES["stylegan2-tiny"], {"generator.network": "dcgan-generator"}).build()
