"""The noise-to-image game: its turns, its latent laws, its constraints and regularisers."""

from dataclasses import replace

import pytest
import torch

from organza.data import decode, open_source
from organza.errors import UsageError
from organza.games import NoiseToImage
from organza.games.noise_to_image import generate
from organza.losses import LOSSES
from organza.recipes import RECIPES, override
from organza.streams import Streams
from organza.training.planning import make_session

CPU = torch.device("cpu")


def session(recipe, source="ring8"):
    opened = open_source(source)
    return make_session(recipe, {"real": decode(opened, recipe.size, recipe.channels)}, Streams(0), CPU)


def ring(**changes):
    return override(RECIPES["ring"], {"batch": 16, "generator.width": 8, "discriminator.width": 8} | changes)


def clothes(name="cgan", **changes):
    narrow = {"generator.width": 4, "discriminator.width": 4, "batch": 8, "channels": 1}
    return override(RECIPES[name], narrow | changes)


def draw(game_session, turn_name):
    """What a turn of the session's first step draws."""
    seen = {}
    turns = game_session.entered.stage.turns
    for turn in turns:
        object.__setattr__(turn, "draw", lambda round, own=turn.draw, name=turn.name: seen.setdefault(name, own(round)))
    game_session.play()
    return seen[turn_name]


def test_the_critic_may_have_several_turns():
    stage = ring(n_critic=5).build().stages[0].build(None)
    assert [turn.times(0) for turn in stage.turns] == [5, 1]


def test_the_critic_may_be_trained_longer_at_first_and_now_and_then():
    times = ring(n_critic=5, n_critic_boost=100).build().stages[0].build(None).turns[0].times
    assert [times(step) for step in (0, 24, 25, 499, 500, 501, 1000)] == [100, 100, 5, 5, 100, 5, 100]


@pytest.mark.parametrize(("law", "low", "high", "deviation"), [("normal", -9, 9, 1.0), ("uniform", -1, 1, 3**-0.5)])
def test_latent_laws(law, low, high, deviation):
    ability = override(RECIPES["ring"], {"z_law": law}).build().abilities.from_noise
    z = ability.latent(torch.Generator().manual_seed(0), 20_000)
    assert z.shape == (20_000, 2)
    assert low <= z.min() <= z.max() <= high
    assert z.std().item() == pytest.approx(deviation, rel=0.02)
    assert z.mean().item() == pytest.approx(0, abs=0.02)


def test_clipped_weights_never_leave_their_bound():
    """Exactly, after every step, those of batch normalisation included; without clipping they do leave it."""
    for clip, within in ((0.01, True), (0.0, False)):
        recipe = clothes("wgan", clip=clip, n_critic_boost=0, allow_unsound=True, size=16, **{"discriminator.lr": 1e-2})
        playing = session(recipe, "fashion-mnist-10k")
        for _ in range(3):
            playing.play()
            weights = torch.cat([weight.flatten() for weight in playing.entered.networks["discriminator"].parameters()])
            assert (weights.abs().max().item() <= torch.tensor(0.01).item()) == within
        if clip:
            assert 0 < playing.window.means()["discriminator.saturated"] <= 1


def test_a_linear_critic_clipped_in_one_dimension_finds_the_distance():
    """Point masses at 0 and d: the best critic of slope at most c gives E[D(real)] - E[D(fake)] = c d, exactly."""
    from organza.games.clipping import clip_weights

    bound, distance = 0.01, 3.0
    critic = torch.nn.Linear(1, 1).double()
    optimiser = torch.optim.RMSprop(critic.parameters(), 5e-3)
    real, fake = torch.full((4, 1), distance, dtype=torch.float64), torch.zeros(4, 1, dtype=torch.float64)
    for _ in range(50):
        loss = LOSSES["wasserstein"].discriminator(critic(real), critic(fake))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            clip_weights(bound, {"discriminator": critic})
    assert -LOSSES["wasserstein"].discriminator(critic(real), critic(fake)).item() == pytest.approx(
        bound * distance, abs=1e-12
    )


def test_disjoint_supports_leave_the_wasserstein_generator_a_gradient():
    for name, alive in (("wasserstein", True), ("saturating", False)):
        fake = torch.tensor([-40.0], requires_grad=True)  # a confident critic's output
        LOSSES[name].generator(fake).backward()
        assert (abs(fake.grad.item()) > 1e-6) == alive


def test_relativistic_generators_see_the_last_real_batch():
    playing = session(ring(loss="relativistic-average", n_critic=2))
    assert "real" in draw(playing, "generator")
    assert playing.progress.drawn["real"] == 2 * 16  # the discriminator's two batches, and no third
    assert "real" not in draw(session(ring()), "generator")


def test_labels_are_shared_by_real_and_generated_samples():
    playing = session(clothes("cgan"), "fashion-mnist-10k")
    inputs = draw(playing, "discriminator")
    assert inputs["label"].shape == (8, 10)
    assert torch.equal(inputs["label"].sum(1), torch.ones(8))
    order = playing.batches["real"].order.indices(0, 8)
    assert torch.equal(inputs["label"].argmax(1), playing.batches["real"].dataset.labels[order])
    assert draw(session(clothes("cgan"), "fashion-mnist-10k"), "generator")["label"].shape == (8, 10)


def test_labels_of_generated_samples_have_the_shares_of_the_data():
    playing = session(clothes("cgan"), "fashion-mnist-10k")
    drawn = playing.batches["real"].draw_labels(20_000, torch.Generator().manual_seed(0))
    torch.testing.assert_close(drawn.mean(0), torch.full((10,), 0.1), atol=0.02, rtol=0)


def test_instance_noise_falls_to_nothing():
    playing = session(ring(instance_noise=0.5, instance_noise_images=64))
    turn, strengths = playing.entered.stage.turns[0], []
    own = turn.draw
    object.__setattr__(turn, "draw", lambda round: strengths.append(own(round)) or strengths[-1])
    for _ in range(6):
        playing.play()
    deviations = [float(drawn["noise on real"].std()) if "noise on real" in drawn else 0.0 for drawn in strengths]
    assert deviations[0] == pytest.approx(0.5, rel=0.4)
    assert deviations[4:] == [0.0, 0.0]
    assert deviations[0] > deviations[3] > 0
    assert "noise on fake" in strengths[0]


def test_dropout_comes_from_the_turn_alone():
    """Somebody else's random numbers change nothing, and two steps are dropped out differently."""
    ends = []
    for disturbance in (0, 7):
        playing = session(ring(**{"discriminator.dropout": 0.5}))
        for _ in range(3):
            torch.rand(disturbance)
            playing.play()
        ends.append(torch.cat([weight.flatten() for weight in playing.entered.networks["generator"].parameters()]))
    assert torch.equal(*ends)
    before = torch.get_rng_state()
    playing.play()
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(
    ("recipe", "changes", "reason"),
    [
        ("dcgan", {"penalty": "gp"}, "batch normalisation in the discriminator"),
        ("wgan-gp", {"discriminator.norm": "batch"}, "--discriminator.norm layer or none"),
        ("dcgan", {"discriminator.spectral_norm": "true"}, "scales it up again"),
        ("hinge", {"clip": "0.1"}, "clipping does nothing"),
        ("wgan-gp", {"clip": "0.1"}, "both bound the critic"),
        ("dcgan", {"loss": "wasserstein"}, "grows without end"),
        ("wgan", {"clip": "0"}, "grows without end"),
        ("hinge", {"label_smoothing": "0.1"}, "no target for real samples"),
        ("cgan", {"discriminator.condition": "none"}, "the generator takes labels and the discriminator does not"),
        ("dcgan", {"discriminator.condition": "one-hot"}, "--generator.condition"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason_or_let_through(recipe, changes, reason):
    with pytest.raises(UsageError, match=reason) as caught:
        override(RECIPES[recipe], changes).build()
    assert "--allow_unsound true" in str(caught.value)
    assert "\n" not in str(caught.value)
    override(RECIPES[recipe], changes | {"allow_unsound": "true"}).build()


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("penalty", ["none", "gp", "r1", "r2", "r1-r2"])
def test_losses_penalties_and_regularisers_combine_freely(loss, penalty):
    changes = {
        "loss": loss,
        "penalty": penalty,
        "instance_noise": 0.1,
        "n_critic": 2,
        "discriminator.dropout": 0.1,
        "discriminator.minibatch_stddev": True,
        "discriminator.lr": 4e-4,
        "label_smoothing": 0.1 if LOSSES[loss].smoothed else 0.0,
        "clip": 0.1 if LOSSES[loss].unbounded and penalty == "none" else 0.0,
    }
    playing = session(ring(**changes))
    for _ in range(2):
        playing.play()
    assert playing.culprit(thorough=True) is None
    figures = playing.window.means()
    assert ("discriminator.slope" in figures) == (penalty != "none")


def test_every_penalty_has_a_place_in_the_game():
    game = RECIPES["wgan-gp"].game
    assert isinstance(game, NoiseToImage)
    assert replace(game, clip=0.0).build(RECIPES["wgan-gp"].shape).abilities.from_noise.images is generate
