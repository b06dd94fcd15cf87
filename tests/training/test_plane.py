"""Looking at the discriminator's surface: what it shows, and that the training does not notice."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torch.nn.utils import parametrizations

from organza.data import decode, open_source
from organza.games import Judges
from organza.marks import scatter
from organza.marks.plane import GROUND
from organza.recipes import RECIPES, override
from organza.streams import Streams
from organza.training import checkpoint
from organza.training.plane import at_rest, plane_picture, room_around, shown_points, tints
from organza.training.planning import make_session
from organza.training.shown import POINTS

CPU = torch.device("cpu")
REAL = torch.tensor([[2.0, 0.0], [-2.0, 0.0]])[:, :, None, None]
FAKE = torch.zeros(5, 2, 1, 1)


@pytest.fixture(scope="module")
def ring():
    return decode(open_source("ring8"), 1, 2)


class Restless(nn.Module):
    """Everything that a pass in training mode would change: statistics, a power iteration, random numbers."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            parametrizations.spectral_norm(nn.Linear(2, 8)), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 1)
        )
        nn.init.normal_(self.layers[0].parametrizations.weight.original)  # the iteration has not followed it yet

    def forward(self, samples):
        return self.layers(samples.flatten(1))


def judge(networks, samples, labels=None):
    return networks["discriminator"](samples).flatten()


def everything(network):
    return {name: tensor.clone() for name, tensor in network.state_dict().items()}


def test_looking_changes_nothing():
    network = Restless()
    network.layers[1].eval()  # a part that a game keeps at rest stays so
    modes, before, random = [m.training for m in network.modules()], everything(network), torch.get_rng_state()
    first, _ = plane_picture(FAKE, REAL, Judges(judge), {"discriminator": network}, CPU)
    again, _ = plane_picture(FAKE, REAL, Judges(judge), {"discriminator": network}, CPU)
    assert np.array_equal(first, again)
    assert [m.training for m in network.modules()] == modes
    assert torch.equal(torch.get_rng_state(), random)
    after = everything(network)
    assert all(torch.equal(after[name], tensor) for name, tensor in before.items())
    assert all(parameter.grad is None and parameter.requires_grad for parameter in network.parameters())


def test_the_comparison_can_fail():
    """Negative control: one pass in training mode moves what the test above compares."""
    network, samples = Restless(), torch.randn(16, 2)
    before, random = everything(network), torch.get_rng_state()
    network(samples)
    changed = {name for name, tensor in everything(network).items() if not torch.equal(tensor, before[name])}
    assert any("running_mean" in name for name in changed)
    assert any("_u" in name for name in changed)
    assert not torch.equal(torch.get_rng_state(), random)


def test_modes_come_back_after_an_error():
    network = Restless()
    with pytest.raises(RuntimeError), at_rest(network):
        raise RuntimeError
    assert all(module.training for module in network.modules())


@pytest.mark.parametrize("log_odds", [True, False])
def test_the_surface_shows_who_is_taken_for_real(log_odds):
    """A judge that says real on the right: blue there, brown on the left."""
    judges = Judges(lambda _networks, samples, _labels: 9 * samples[:, 0, 0, 0], log_odds=log_odds)
    real, fake = REAL.abs(), -REAL.abs()
    picture, details = plane_picture(fake, real, judges, {"discriminator": nn.Identity()}, CPU)
    top = picture[20].astype(int)
    assert top[-40, 2] > top[-40, 0] + 50
    assert top[40, 0] > top[40, 2] + 50
    assert details == {"real": 2, "extent": "2.5", "surface": "log-odds" if log_odds else "relative"}


def test_without_a_judge_there_are_points_alone():
    picture, details = plane_picture(FAKE, REAL, None, {}, CPU)
    assert np.array_equal(picture, scatter(FAKE.flatten(1).numpy(), REAL.flatten(1).numpy(), extent=2.5))
    assert "surface" not in details


scores = st.lists(st.integers(-50_000, 50_000), min_size=2, max_size=9).map(lambda whole: torch.tensor(whole) / 1000)


@given(scores)
def test_log_odds_keep_sign_and_order(values):
    tint = tints(values, values, values, log_odds=True)
    assert (tint.abs() < 1).all()
    assert torch.equal(tint.sign(), values.sign())
    assert torch.equal(tint[values.argsort()], tint.sort().values)
    assert float(tints(torch.tensor([2.0]), values, values, log_odds=True)) == 0.5


@given(scores, st.floats(0.1, 10), st.floats(-10, 10))
def test_where_only_differences_count_scale_and_shift_show_nothing(values, scale, shift):
    real, fake = torch.tensor([3.0, 4.0]), torch.tensor([-1.0, 0.0])
    plain = tints(values, real, fake, log_odds=False)
    moved = tints(values * scale + shift, real * scale + shift, fake * scale + shift, log_odds=False)
    assert torch.allclose(plain, moved, atol=1e-3)
    assert float(tints(torch.tensor([1.5]), real, fake, log_odds=False)) == 0


def test_a_constant_judge_is_undecided_everywhere():
    same = torch.full((4,), 7.0)
    assert not tints(same, same, same, log_odds=False).any()


@pytest.mark.parametrize("log_odds", [True, False])
@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_a_judge_out_of_its_mind_spoils_no_picture(score, log_odds):
    judges = Judges(lambda _networks, samples, _labels: torch.full((len(samples),), score), log_odds=log_odds)
    picture, _ = plane_picture(FAKE * math.nan, REAL, judges, {"discriminator": nn.Identity()}, CPU)
    assert tuple(picture[5, 5]) == GROUND


@given(st.floats(1e-3, 1e5))
def test_there_is_a_quarter_of_room_around_the_real_points(reach):
    extent = room_around(torch.tensor([[reach, 0.0], [0.0, -reach / 2]]))
    assert 1.25 * reach * (1 - 1e-6) <= extent <= 1.4 * reach
    assert len(f"{extent:.6e}".split("e")[0].rstrip("0").replace(".", "")) <= 2


def test_a_training_that_is_looked_at_goes_on_as_if_it_were_not(ring):
    """Weights, optimisers and all else that a checkpoint holds, bit by bit; the judge has all that could notice."""
    recipe = override(
        RECIPES["ring"],
        {"batch": 8, "discriminator.width": 8, "discriminator.dropout": 0.3, "discriminator.spectral_norm": True},
    )
    quiet, watched = (make_session(recipe, {"real": ring}, Streams(0), CPU) for _ in range(2))
    judges = watched.game.abilities.judges
    for _ in range(4):
        torch.manual_seed(quiet.progress.step)  # dropout draws from the global generator
        quiet.play()
    for _ in range(4):
        torch.manual_seed(watched.progress.step)
        plane_picture(FAKE, REAL, judges, watched.entered.networks, CPU)
        watched.play()
    assert checkpoint.checksum(quiet.tensors()) == checkpoint.checksum(watched.tensors())


def test_the_same_real_points_are_shown_all_through_a_run(ring):
    first, again, other = (shown_points(ring, Streams(seed)) for seed in (0, 0, 1))
    assert first.shape == (POINTS, 2, 1, 1)
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
