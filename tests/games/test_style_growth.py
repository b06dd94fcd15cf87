"""Growing: rates and batches by resolution, the cross-fade of real pictures, beginning from a model; and path lengths."""

from dataclasses import dataclass, field

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from organza.data.dataset import ResidentDataset
from organza.errors import OrganzaError, UsageError
from organza.exchange import load_model, save_model
from organza.games import Batch
from organza.games.style import draw_faded, noise_in, path_lengths
from organza.recipes import RECIPES, override
from organza.streams import Streams
from organza.training.planning import make_session
from organza.training.run import begin_from

CPU = torch.device("cpu")
TINY = {"channels": 1, "batch": 4, "z_dim": 6, "generator.w_dim": 6, "generator.mapping_layers": 2}
TINY |= {"generator.channel_max": 4, "discriminator.channel_max": 4}


def stages(names=None, **changes):
    """Stages by name, all or some, their networks without memory for weights."""
    with torch.device("meta"):
        plans = override(RECIPES["stylegan"], changes).build().stages
        return {plan.name: plan.build(None) for plan in plans if names is None or plan.name in names}


@dataclass
class Fixed:
    """A round as far as these draws look at it."""

    size: int = 8
    clock: int = 0
    device: torch.device = CPU
    batch: Batch | None = None
    state: dict = field(default_factory=lambda: {"path_length": torch.zeros(())})

    def stream(self, purpose):
        return Streams(0).generator(purpose)

    def normal(self, *shape, purpose="noise"):
        return torch.randn(*shape, generator=self.stream(purpose))

    def put(self, tensor):
        return tensor

    def real(self, domain="real"):
        return self.batch


# Rates and batches


def test_learning_rates_rise_with_the_resolution():
    """The authors' code: 1e-3 below 128 pixels, 1.5e-3 there, 2e-3 at 256, 3e-3 from 512 on."""
    expected = {"at-64": 1.0, "at-128": 1.5, "to-256": 2.0, "at-256": 2.0, "at-512": 3.0, "main": 3.0}
    for name, stage in stages(expected, size=1024, growing=True).items():
        factors = {player.name: player.schedule(0) for player in stage.players}
        assert factors == dict.fromkeys(("generator", "discriminator"), expected.pop(name))
        assert all(player.schedule(stage.budget or 10**9) == player.schedule(0) for player in stage.players)
    assert not expected


@pytest.mark.parametrize(
    "changes",
    [{"schedule": "steps"}, {"schedule": "burn-in"}, {"augmentation": "rising"}, {"instance_noise_images": 9}],
)
def test_what_would_begin_anew_at_each_resolution_is_refused(changes):
    with pytest.raises(UsageError, match="begin anew at each resolution"):
        stages(size=32, growing=True, **changes)


def test_batches_are_larger_while_pictures_are_small():
    growing = {"size": 128, "growing": True}
    found = stages(**growing, growing_batches=True)
    for side, factor in {8: 8, 16: 4, 32: 2, 64: 1}.items():
        assert found[f"at-{side}"].batch_factor == factor
        assert side == 8 or found[f"to-{side}"].batch_factor == factor
    assert found["main"].batch_factor == 1
    assert {stage.batch_factor for stage in stages(**growing, growing_batches=False).values()} == {1}


@pytest.mark.parametrize("size", [16, 32])
@pytest.mark.parametrize(("weight", "expected"), [("auto", [8.0, 4.0, 1.0]), (1.0, [1.0, 1.0, 1.0])])
def test_a_weight_by_the_rule_is_that_of_the_usual_batch(size, weight, expected):
    """It divides by the samples in a batch, of which there are more while pictures are small."""
    found = stages(["at-8", "to-16", "main"], size=size, growing=True, growing_batches=True, penalty_weight=weight)
    batch = Batch(torch.zeros(1, 3, size, size))
    factors = {
        name: float(turn.draw(Fixed(batch=batch))["penalty factor"])
        for name, stage in found.items()
        for turn in stage.turns
        if turn.name == "discriminator"
    }
    assert factors == dict(zip(("at-8", "to-16", "main"), expected, strict=True))


@pytest.mark.parametrize("size", [8, 16, 32])
def test_the_last_stage_has_the_usual_batch(size):
    assert stages(size=size, growing=True, growing_batches=True)["main"].batch_factor == 1


# Cross-fade


def real_at(clock, resolution, span, real):
    inputs = draw_faded(lambda round: {"real": real}, resolution, span, 1, Fixed(clock=clock))
    return inputs["real"], float(inputs["fade"])


def shrunk(images, side):
    return functional.avg_pool2d(images, images.shape[2] // side)


@pytest.fixture(scope="module")
def real():
    return torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1


@pytest.mark.parametrize("resolution", [16, 32])
def test_real_pictures_begin_as_coarse_as_the_resolution_before(real, resolution):
    faded, share = real_at(0, resolution, 100, real)
    coarse = functional.interpolate(shrunk(real, resolution // 2), size=32)
    assert share == 0
    assert torch.equal(faded, coarse)
    assert (shrunk(faded, resolution) - shrunk(real, resolution)).abs().mean() > 0.01


@pytest.mark.parametrize("resolution", [16, 32])
@pytest.mark.parametrize(("clock", "span"), [(100, 100), (1000, 100), (0, None), (50, None)])
def test_real_pictures_end_as_they_are_bit_for_bit(real, resolution, clock, span):
    faded, share = real_at(clock, resolution, span, real)
    assert share == 1
    assert torch.equal(faded, real)


@given(st.integers(0, 100), st.sampled_from([8, 16, 32]))
def test_what_a_network_sees_goes_from_one_pooling_to_the_other(clock, resolution):
    """At the stage's side; and at the side before, nothing changes at all."""
    real = torch.rand(2, 1, 32, 32, generator=torch.Generator().manual_seed(1)) * 2 - 1
    faded, share = real_at(clock, resolution, 100, real)
    assert share == pytest.approx(clock / 100)
    coarse = functional.interpolate(shrunk(real, resolution // 2), scale_factor=2)
    expected = torch.lerp(coarse, shrunk(real, resolution), clock / 100)
    torch.testing.assert_close(shrunk(faded, resolution), expected, rtol=0, atol=1e-6)
    torch.testing.assert_close(shrunk(faded, resolution // 2), shrunk(real, resolution // 2), rtol=0, atol=1e-6)


def test_turns_without_real_pictures_fade_too():
    inputs = draw_faded(lambda round: {"z": torch.ones(1)}, 16, 100, 1, Fixed(clock=25))
    assert inputs.keys() == {"z", "fade"}
    assert float(inputs["fade"]) == 0.25


# Path lengths


@pytest.fixture(scope="module")
def measuring():
    """Stage and turn of path lengths, of a small game."""
    small = TINY | {"size": 8, "path_length_weight": 2.0, "path_length_every": 4, "path_length_shrink": 2}
    with torch.random.fork_rng():
        torch.manual_seed(0)
        stage = override(RECIPES["stylegan2-tiny"], small).build().stages[0].build(None)
    return stage, next(turn for turn in stage.turns if turn.name == "path-length")


def test_the_published_weight_comes_every_fourth_step(measuring):
    stage, turn = measuring
    game = RECIPES["stylegan2"].game
    assert (game.path_length_weight, game.path_length_every, game.path_length_shrink) == (2.0, 4, 2)
    assert [turn.times(step) for step in range(9)] == [1, 0, 0, 0, 1, 0, 0, 0, 1]
    (maker,) = [player for player in stage.players if player.name == "generator"]
    assert turn.player == "generator"
    assert maker.optimiser.lr == pytest.approx(RECIPES["stylegan2-tiny"].game.generator.optimiser.lr * 4 / 5)


@pytest.mark.parametrize(("batch", "shrink", "count"), [(8, 2, 4), (8, 3, 2), (7, 2, 3), (1, 2, 1), (8, 1, 8)])
def test_its_batch_is_smaller(batch, shrink, count):
    recipe = override(RECIPES["stylegan2-tiny"], TINY | {"size": 8, "path_length_shrink": shrink})
    with torch.device("meta"):
        turns = recipe.build().stages[0].build(None).turns
    drawn = next(turn for turn in turns if turn.name == "path-length").draw(Fixed(batch))
    per_sample = {name: len(drawn[name]) for name in drawn if name not in ("swapped", "path_length")}
    assert {"z", "probe", "noise 0", "noise 1", "noise 2"} < per_sample.keys()
    assert set(per_sample.values()) == {count}
    assert drawn["probe"].shape == (count, 1, 8, 8)


def lengths_of(stage, inputs):
    generator = stage.networks["generator"]
    styles = generator.mixed(inputs["z"], None, inputs["z of others"], inputs["swapped"])
    return path_lengths(lambda s: generator.synthesise(s, noise_in(inputs)), styles, inputs["probe"])


def slopes(stage, loss):
    """Of all weights of the generator, in one vector."""
    parameters = list(stage.networks["generator"].parameters())
    found = torch.autograd.grad(loss, parameters, allow_unused=True)
    return torch.cat(
        [torch.zeros(p.numel()) if g is None else g.flatten() for p, g in zip(parameters, found, strict=True)]
    )


@pytest.mark.parametrize("before", [0.0, 5.0])
def test_lengths_are_drawn_to_their_mean_which_is_no_target_of_the_slope(measuring, before):
    """Karras et al. 2020, section 3.2: E[(|J^T y| - a)^2], with a constant a; the term counts weight x every times."""
    stage, turn = measuring
    inputs = turn.draw(Fixed(state={"path_length": torch.tensor(before)}))
    lengths = lengths_of(stage, inputs).detach()
    losses = turn.losses(stage.networks, inputs)
    mean = 0.99 * before + 0.01 * float(lengths.mean())
    assert float(losses.scratch["path_length"]) == pytest.approx(mean, rel=1e-5)
    assert not losses.scratch["path_length"].requires_grad
    (term,) = losses.terms.values()
    assert float(term.detach()) == pytest.approx(float(8 * (lengths - mean).square().mean()), rel=1e-5)
    found = slopes(stage, term)
    torch.testing.assert_close(found, slopes(stage, 8 * (lengths_of(stage, inputs) - mean).square().mean()))
    moving = lengths_of(stage, inputs)
    leaking = slopes(stage, 8 * (moving - torch.tensor(before).lerp(moving.mean(), 0.01)).square().mean())
    assert (leaking - found).norm() > 1e-3 * found.norm() > 0  # what a mean within the graph would do


def test_the_mean_is_remembered_from_turn_to_turn(measuring):
    stage, turn = measuring
    assert stage.state["path_length"] == 0
    inputs = turn.draw(Fixed())
    first = turn.losses(stage.networks, inputs).scratch
    remembered = stage.remember(stage.state, first)
    second = turn.losses(stage.networks, turn.draw(Fixed(state=remembered))).scratch["path_length"]
    length = float(lengths_of(stage, inputs).detach().mean())
    assert float(first["path_length"]) == pytest.approx(0.01 * length, rel=1e-5)
    assert float(second) == pytest.approx((1 - 0.99**2) * length, rel=1e-5)


# Beginning from a model


def growing_session(seed, **changes):
    small = TINY | {"size": 16, "growing": True, "growing_phase": 0.1, "images": 200, "growing_batches": False}
    recipe = override(RECIPES["stylegan-tiny"], small | changes)
    pixels = torch.randint(0, 256, (64, 16, 16, 1), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    return recipe, make_session(recipe, {"real": ResidentDataset(pixels, None, ())}, Streams(seed), CPU)


def left_in(folder, stage, clock, seed=0, **changes):
    """A session that has played a little in a stage, and the folder of its model."""
    recipe, session = growing_session(seed, **changes)
    for number in range(1, [plan.name for plan in session.game.stages].index(stage) + 1):
        session.enter(number, session.entered)
    session.progress.stage_start = session.clock - clock
    session.play()
    entered = session.entered
    facts = {"crop": 0, "classes": [], "images": 0, "seed": 0, "source": "none", "stage": stage}
    opponents = {"discriminator": entered.networks["discriminator"]}
    save_model(folder, recipe, entered.averages.networks, opponents, facts)
    return session, load_model(folder)


def alike(network, other):
    states = network.state_dict(), other.state_dict()
    return states[0].keys() == states[1].keys() and all(
        torch.equal(states[0][key], states[1][key]) for key in states[0]
    )


@pytest.mark.parametrize(("stage", "clock", "fade"), [("at-8", 0, 1.0), ("to-16", 5, 0.25), ("main", 60, 1.0)])
def test_a_training_begins_in_the_stage_in_which_the_model_was_left(tmp_path, stage, clock, fade):
    session, model = left_in(tmp_path / "model", stage, clock)
    _, fresh = growing_session(seed=1)
    assert not alike(fresh.entered.networks["generator"], session.entered.averages.networks["generator"])
    begin_from(fresh, model)
    assert fresh.entered.name == stage
    assert (fresh.progress.stage, fresh.clock) == (["at-8", "to-16", "main"].index(stage), 0)
    average = session.entered.averages.networks["generator"]
    assert average.mapping.average.abs().max() > 0
    for networks in (fresh.entered.networks, fresh.entered.averages.networks):
        generator = networks["generator"]
        assert alike(generator, average)
        assert torch.equal(generator.mapping.average, average.mapping.average)
        assert float(generator.fade) == fade
        assert generator.resolution == (8 if stage == "at-8" else 16)
    assert alike(fresh.entered.networks["discriminator"], session.entered.networks["discriminator"])
    assert alike(fresh.entered.averages.networks["generator"], model.networks["generator"])
    fresh.play()
    assert fresh.culprit(thorough=True) is None


def test_it_then_passes_through_what_is_left_of_the_stages(tmp_path):
    _, model = left_in(tmp_path / "model", "to-16", 5)
    _, fresh = growing_session(seed=1)
    begin_from(fresh, model)
    seen = []
    for _ in range(10):
        fresh.advance()
        fresh.play()
        seen.append(fresh.entered.name)
    assert list(dict.fromkeys(seen)) == ["to-16", "main"]
    assert fresh.entered.networks["generator"].fade == 1


def test_without_growing_its_weights_do_not_fit(tmp_path):
    _, model = left_in(tmp_path / "model", "to-16", 5)
    _, fresh = growing_session(seed=1, growing=False)
    with pytest.raises(OrganzaError, match="do not fit the network"):
        begin_from(fresh, model)
    begin_from(fresh, model, strict=False)  # as after a remedy: what does not fit begins afresh
    assert fresh.entered.name == "main"
