"""One step of play: who moves, what is remembered, which randomness it takes."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from organza.data import Batches, decode, open_source
from organza.data.batches import Order, to_pixels, to_samples
from organza.games import Game, StagePlan
from organza.recipes import RECIPES, override
from organza.streams import Streams
from organza.training import checkpoint
from organza.training.average import Averages, weight_of_old
from organza.training.checkpoint import Checkpoint
from organza.training.planning import make_session
from organza.training.session import Session
from organza.training.window import Window
from throwaway import THROWAWAY, Growth

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def ring():
    return decode(open_source("ring8"), 1, 2)


def session_of(name, ring, seed=0):
    recipe = THROWAWAY[name]() if name in THROWAWAY else override(RECIPES[name], {"batch": 8, "generator.width": 8})
    return make_session(recipe, {"real": ring}, Streams(seed), CPU)


def weights(networks):
    return {
        name: {key: value.clone() for key, value in network.state_dict().items()} for name, network in networks.items()
    }


@pytest.mark.parametrize("name", ["ring", *THROWAWAY])
def test_a_turn_moves_its_own_player_only(name, ring):
    session = session_of(name, ring)
    session.play()
    stage = session.entered.stage
    for turn in stage.turns:
        before = weights(session.entered.networks)
        session._move(turn, 0, {"fake": torch.zeros(8, 2, 1, 1)})
        after = weights(session.entered.networks)
        player = next(player for player in stage.players if player.name == turn.player)
        moved = {
            network
            for network, values in after.items()
            if any(not torch.equal(values[key], before[network][key]) for key in values if key != "fade")
        }
        assert moved == set(player.networks), turn.name


def test_the_other_player_gets_no_gradient(ring):
    session = session_of("ring", ring)
    turns = {turn.name: turn for turn in session.entered.stage.turns}
    for name, other in (("generator", "discriminator"), ("discriminator", "generator")):
        for parameter in session.entered.networks[other].parameters():
            parameter.grad = None
        session._move(turns[name], 0, {})
        assert all(parameter.grad is None for parameter in session.entered.networks[other].parameters())


@pytest.mark.parametrize("name", THROWAWAY)
def test_same_seed_same_bits_other_seed_other_bits(name, ring):
    def trained(seed):
        session = session_of(name, ring, seed)
        for _ in range(5):
            session.advance()
            session.play()
        return checkpoint.checksum(session.tensors())

    assert trained(0) == trained(0)
    assert trained(0) != trained(1)


def test_looking_at_a_training_does_not_change_it(ring):
    """The global generator, grids and other sessions shift nothing."""
    quiet, noisy = session_of("lazy", ring), session_of("lazy", ring)
    for _ in range(4):
        quiet.play()
        torch.randn(3)
        session_of("growth", ring, 5).play()
        ability = noisy.game.abilities.from_noise
        ability.images(noisy.entered.averages.networks, ability.latent(Streams(0).generator("shown"), 4))
        noisy.play()
    assert checkpoint.checksum(quiet.tensors()) == checkpoint.checksum(noisy.tensors())


def test_lazy_turns_come_when_they_should(ring):
    session = session_of("lazy", ring)
    for _ in range(7):
        session.play()
    assert session.window.counts["discriminator.loss"] == 14
    assert session.window.counts["generator.loss"] == 7
    assert session.window.counts["penalty.loss"] == 3
    assert session.progress.drawn == {"real": 7 * 2 * 8}  # the penalty shares the discriminator's batch
    assert session.entered.state["mean"] != 0


def test_the_pool_fills_and_is_remembered(ring):
    session = session_of("shared-fake", ring)
    session.play()
    assert not session.entered.state["pool"][8:].any()
    first = session.entered.state["pool"][:8].clone()
    session.play()
    assert session.entered.state["pool"][8:].any()
    assert torch.equal(session.entered.state["pool"][:8], first)
    session.play()
    assert not torch.equal(session.entered.state["pool"][:8], first)


def test_growth_carries_weights_and_averages_and_renews_optimisers(ring):
    session = session_of("growth", ring)
    while session.progress.stage == 0:
        before = session.entered
        session.advance()
        if session.progress.stage == 0:
            session.play()
    after = session.entered
    assert session.progress.stage_start == Growth().first
    old, new = before.networks["generator"], after.networks["generator"]
    assert (len(old.blocks), len(new.blocks)) == (1, 2)
    assert torch.equal(old.blocks[0].weight, new.blocks[0].weight)
    assert old.blocks[0].weight is not new.blocks[0].weight
    averaged = after.averages.networks["generator"]
    assert torch.equal(averaged.blocks[0].weight, before.averages.networks["generator"].blocks[0].weight)
    assert not torch.equal(averaged.blocks[0].weight, new.blocks[0].weight)
    assert torch.equal(averaged.blocks[1].weight, new.blocks[1].weight)
    assert not after.optimisers["generator"].state
    session.play()
    assert [group["lr"] for group in after.optimisers["generator"].param_groups] == pytest.approx([1e-3, 1e-4])
    session.play()
    assert after.optimisers["generator"].param_groups[0]["lr"] == pytest.approx(1e-3 / (1 + 8 / 200))
    assert all(parameter.abs().max() <= 1 for parameter in new.tail.parameters())


def test_a_checkpoint_of_a_later_stage_builds_that_stage_first(ring, tmp_path):
    session = session_of("growth", ring)
    for _ in range(15):
        session.advance()
        session.play()
    assert session.entered.name == "large"
    checkpoint.save(tmp_path, session.clock, Checkpoint(session.tensors(), session.counters()))
    stored = checkpoint.load(checkpoint.all_checkpoints(tmp_path)[0])
    other = session_of("growth", ring)
    other.restore(stored.tensors, stored.counters)
    for each in (session, other):
        each.advance()
        each.play()
    assert checkpoint.checksum(session.tensors()) == checkpoint.checksum(other.tensors())


@given(st.integers(1, 40), st.integers(0, 200), st.integers(1, 60))
def test_the_order_is_one_permutation_after_another(count, start, wanted):
    order = Order(count, Streams(3))
    indices = order.indices(start, wanted)
    assert len(indices) == wanted
    whole = Order(count, Streams(3)).indices(0, start + wanted)
    assert torch.equal(indices, whole[start:])
    for epoch in range((start + wanted) // count):
        assert sorted(whole[epoch * count : (epoch + 1) * count].tolist()) == list(range(count))


def test_batches_are_a_function_of_the_position():
    dataset = decode(open_source("fashion-mnist-10k"), 28, 1)
    first, second = (Batches(dataset, 16, Streams(0), CPU, flip=True) for _ in range(2))
    second.take(320)
    images, labels, _ = first.take(64)
    again, same_labels, _ = second.take(64)
    assert torch.equal(images, again)
    assert torch.equal(labels, same_labels)
    assert images.shape == (16, 1, 28, 28)
    assert (images.min(), images.max()) == (-1, 1)
    plain, *_ = Batches(dataset, 16, Streams(0), CPU).take(64)
    mirrored = [not torch.equal(a, b) for a, b in zip(images, plain, strict=True)]
    assert 0 < sum(mirrored) < 16
    assert all(
        torch.equal(image, original.flip(2) if flipped else original)
        for image, original, flipped in zip(images, plain, mirrored, strict=True)
    )


@given(st.integers(0, 2**32), st.sampled_from([1, 3, 4]))
@settings(deadline=None)
def test_pixels_survive_the_way_to_samples_and_back(seed, channels):
    pixels = torch.randint(
        0, 256, (2, 5, 3, channels), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8
    )
    samples = to_samples(pixels)
    assert samples.shape == (2, channels, 5, 3)
    assert torch.equal(to_pixels(samples), pixels)


def test_average_by_half_life():
    assert weight_of_old(10_000, 32) == pytest.approx(0.99778439, abs=1e-8)
    assert weight_of_old(20_000, 64) == pytest.approx(0.99778439, abs=1e-8)
    live = {"net": torch.nn.Sequential(torch.nn.Linear(1, 1), torch.nn.BatchNorm1d(1))}
    averages = Averages(live, 100)
    start = averages.networks["net"][0].weight.item()
    with torch.no_grad():
        live["net"][0].weight.fill_(start + 1)
        live["net"][1].running_mean.fill_(7)
    for _ in range(4):
        averages.update(25)
    assert averages.networks["net"][0].weight.item() == pytest.approx(start + 0.5, abs=1e-6)
    assert averages.networks["net"][1].running_mean.item() == 7
    followed = Averages(live, 0)
    with torch.no_grad():
        live["net"][0].weight.fill_(3)
    followed.update(1)
    assert followed.networks["net"][0].weight.item() == 3


def test_windows_count_each_figure_on_its_own():
    window = Window()
    window.add({"a": torch.tensor(1.0), "b": torch.tensor(4.0)})
    window.add({"a": torch.tensor(2.0)})
    assert window.means() == {"a": 1.5, "b": 4.0}
    assert window.first_not_finite() is None
    window.add({"b": torch.tensor(math.inf)})
    assert window.first_not_finite() == "b"
    window.clear()
    assert window.means() == {}


def test_streams_depend_on_every_part_of_the_key():
    keys = [(), ("z",), ("z", 1), ("z", 11), ("z1", 1), (1, "z")]
    numbers = [
        Streams(seed, attempt, rank).number(*key)
        for seed, attempt, rank in ((0, 0, 0), (1, 0, 0), (0, 1, 0), (0, 0, 1))
        for key in keys
    ]
    assert len(set(numbers)) == len(numbers)
    before = torch.random.get_rng_state()
    with Streams(0).globally("networks"):
        torch.randn(2)
    assert torch.equal(before, torch.random.get_rng_state())


def test_what_is_not_finite_is_named(ring):
    session = session_of("ring", ring)
    session.play()
    assert session.culprit(thorough=True) is None
    with torch.no_grad():
        session.entered.networks["discriminator"].layers[2].weight[0, 0] = math.nan
    assert "the weight discriminator.layers.2.weight is NaN" in session.culprit(thorough=True)
    session.play()
    assert "'loss' of turn 'discriminator' is NaN" in session.culprit()


def test_games_may_count_steps(ring):
    inner = THROWAWAY["lazy"]().build()
    game = Game((StagePlan("main", inner.stages[0].build),), inner.abilities, clock="steps")
    batches = {"real": Batches(ring, 8, Streams(0), CPU)}
    session = Session(game, batches, 8, Streams(0), CPU, 64)
    session.play()
    session.play()
    assert session.clock == 2
