"""Analogies: published counts, losses by hand, and which network each term reaches."""

from dataclasses import replace

import pytest
import torch
from torch import nn

from organza.data.dataset import ResidentDataset
from organza.errors import UsageError
from organza.games.analogy import balanced, edge_difference, kept_structure, palette_difference
from organza.games.scales import generator_of, made_of
from organza.losses import LOSSES
from organza.networks import count_parameters
from organza.networks.pyramid.colours import ColourTransport
from organza.networks.pyramid.generator import resized
from organza.recipes import RECIPES, override
from organza.streams import Streams
from organza.training.inspection import network_facts
from organza.training.planning import make_session

SMALL = {"generator.width": 4, "discriminator.width": 4, "size": 20, "smallest": 12, "scales": 3, "original": (20, 20)}
SYSTEMS = ("structural-analogy", "analogy-6", "analogy-plus")
WASSERSTEIN = LOSSES["wasserstein"]


def pictures(count, seed):
    coarse = torch.rand(count, 3, 5, 5, generator=torch.Generator().manual_seed(seed))
    smooth = nn.functional.interpolate(coarse, (20, 20), mode="bicubic")
    return ResidentDataset((smooth.clamp(0, 1) * 255).byte().permute(0, 2, 3, 1).contiguous(), None, (), ())


def session_of(name, steps=3, scale=0, frames=1, **changes):
    recipe = override(RECIPES[name], {**SMALL, **changes})
    recipe = replace(recipe, images=steps * len(recipe.game.sizes((20, 20))))
    session = make_session(recipe, {"a": pictures(frames, 0), "b": pictures(1, 1)}, Streams(0), torch.device("cpu"))
    while session.progress.stage < scale:
        session.advance()
        if session.progress.stage < scale:
            session.play()
    return recipe.game, session


def inputs_of(session):
    """What the discriminators' turn draws, and what the generators' turn gets of it."""
    from organza.training.session import LiveRound

    judging, making = session.entered.stage.turns
    scratch = {}
    drawn = judging.draw(LiveRound(session, judging, 0, scratch))
    judged = judging.losses(session.entered.networks, drawn)
    scratch |= judged.scratch
    return drawn, judged, making.draw(LiveRound(session, making, 0, scratch))


class Same(nn.Module):
    """A generator that gives every picture back, and makes the same of all noise."""

    built, settled, takes_picture = 1, 0, False

    def __init__(self, network):
        super().__init__()
        self.sizes, self.amplitudes = network.sizes, network.amplitudes

    def forward(self, carried, noises):
        return torch.full((1, 3, *self.sizes[0]), 0.25)

    def repaint(self, picture, start):
        return picture


class Constant(nn.Module):
    """A critic that says the same of everything."""

    def forward(self, images):
        return 0 * images.sum((1, 2, 3), keepdim=True) + 2.0


def test_the_thesis_has_half_the_parameters_of_its_rival():
    recipe = RECIPES["analogy-6"]
    facts = network_facts(recipe.build(), recipe.shape)
    assert facts["generator_a"]["parameters"] + facts["generator_b"]["parameters"] == 1_336_454
    assert facts["discriminator_a"]["parameters"] == facts["discriminator_b"]["parameters"] == 113_153


@pytest.mark.parametrize(("levels", "total"), [(11, 7_695_448), (10, 5_896_784)])
def test_structural_analogy_has_the_published_number_of_parameters(levels, total):
    recipe = override(RECIPES["structural-analogy"], {"scales": levels})
    facts = network_facts(recipe.build(), recipe.shape)
    assert sum(fact["parameters"] for fact in facts.values()) == total


def test_ours_has_no_more_parameters_than_its_rivals():
    counts = {}
    for name in SYSTEMS:
        recipe = RECIPES[name]
        facts = network_facts(recipe.build(), recipe.shape)
        counts[name] = sum(facts[f"generator_{side}"]["parameters"] for side in "ab")
    assert counts["analogy-plus"] <= counts["analogy-6"] < counts["structural-analogy"]


def test_six_sizes_of_the_thesis():
    game, _, _ = RECIPES["analogy-6"].game.at((480, 640), 220)
    sizes = game.sizes((220, 220))
    assert len(sizes) == 6
    assert sizes[0] == (25, 25)
    assert sizes[-1] == (220, 220)


def test_identity_generators_lose_nothing_on_the_way_back_and_constant_critics_pay_the_penalty_alone():
    game, session = session_of("structural-analogy")
    networks = {
        name: Same(net) if name.startswith("generator") else Constant()
        for name, net in session.entered.networks.items()
    }
    drawn, _, inputs = inputs_of(session)
    judged = game.judge(WASSERSTEIN, networks, drawn)
    assert {name: round(float(term), 6) for name, term in judged.terms.items()} == {
        f"{prefix}{kind}_{side}": value
        for side in "ab"
        for kind in ("own", "crossed")
        for prefix, value in (("", 0.0), ("penalty_", 0.1))
    }
    made = game.make(WASSERSTEIN, networks, inputs)
    assert float(made.terms["cycle_a"]) == float(made.terms["cycle_b"]) == 0.0
    assert float(made.terms["own_a"]) == float(made.terms["crossed_b"]) == -2.0
    real = inputs["real_a"]
    assert float(made.terms["reconstruction_a"]) == pytest.approx(float((real - 0.25).square().mean()), rel=1e-5)


def test_the_weight_of_b_counts_for_what_b_s_critic_says():
    plain, session = session_of("structural-analogy")
    _, _, inputs = inputs_of(session)
    sketch = replace(plain, weight_b=0.1)
    full, less = (game.make(WASSERSTEIN, session.entered.networks, inputs).terms for game in (plain, sketch))
    for kind in ("own", "crossed"):
        assert torch.allclose(0.1 * full[f"{kind}_b"], less[f"{kind}_b"])
        assert torch.equal(full[f"{kind}_a"], less[f"{kind}_a"])


@pytest.mark.parametrize("name", ["structural-analogy", "analogy-6"])
def test_what_crosses_over_moves_both_generators(name):
    game, session = session_of(name, scale=1)
    _, _, inputs = inputs_of(session)
    for network in session.entered.networks.values():
        network.requires_grad_(True)
    networks = session.entered.networks
    term = game.make(WASSERSTEIN, networks, inputs).terms["crossed_b"]
    gradients = torch.autograd.grad(
        term, [generator_of(networks, f"generator_{side}").levels[-1][0].weight for side in "ab"]
    )
    assert all(gradient.abs().sum() > 0 for gradient in gradients)
    own = game.make(WASSERSTEIN, networks, inputs).terms["own_b"]
    first, second = torch.autograd.grad(
        own, [generator_of(networks, f"generator_{side}").levels[-1][0].weight for side in "ab"], allow_unused=True
    )
    assert first is None
    assert second.abs().sum() > 0


def test_the_thesis_reconstructs_from_the_coarsest_picture():
    _, session = session_of("analogy-6", scale=2)
    _, _, inputs = inputs_of(session)
    networks, real = session.entered.networks, session.real("a", fresh=True).images
    network = generator_of(networks, "generator_a")
    with torch.no_grad():
        again = made_of(network, inputs, "anchor_a")
        network.begin(resized(real, network.sizes[0]), torch.Generator())
        assert torch.allclose(again, network.reconstruct(), atol=1e-6)
        network.begin(resized(-real, network.sizes[0]), torch.Generator())
        assert not torch.allclose(again, network.reconstruct())


@pytest.mark.parametrize("name", SYSTEMS)
def test_of_a_video_one_frame_is_reconstructed_at_all_scales(name):
    """Against ever other frames, A's error would not fall below their variance, and the balance would take that for lagging."""
    game, session = session_of(name, scale=0, frames=3)
    frames = torch.cat([session.real("a", fresh=True).images for _ in range(3)])
    first = session.entered.state["kept_a"]
    assert sum(torch.equal(first[0], frame) for frame in frames) == 1
    session = session_of(name, scale=2, frames=3)[1]
    assert torch.equal(session.entered.state["kept_a"], first)
    _, _, inputs = inputs_of(session)
    size = session.entered.networks["generator_a"].sizes[2]
    again = made_of(session.entered.networks["generator_a"], inputs, "anchor_a")
    error = (again - resized(first, size)).square().mean()
    made = game.make(LOSSES[game.loss], session.entered.networks, inputs)
    assert float(made.scratch["errors"][0]) == pytest.approx(float(error.detach()), rel=1e-4)


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_plays_through_its_scales_and_translates_any_size(name):
    recipe_game, session = session_of(name, steps=1, frames=2)
    while session.clock < 3:
        session.advance()
        session.play()
    networks = session.entered.averages.networks
    for side in "ab":
        made = recipe_game.translate(side, networks, torch.rand(1, 3, 31, 47) * 2 - 1)
        assert made.shape == (1, 3, 31, 47)
        assert bool(made.isfinite().all())
        assert made.abs().max() <= 1
    assert session.culprit(thorough=True) is None


def test_frames_are_seen_one_after_the_other():
    _, session = session_of("analogy-plus", frames=3)
    seen = set()
    for _ in range(3):
        drawn, _, _ = inputs_of(session)
        session._last = {}
        seen.add(float(drawn["real_a"].sum()))
    assert len(seen) == 3


def test_the_side_that_lags_counts_more_and_not_without_bound():
    weights = balanced(torch.tensor([0.3, 0.1]), 1.0)
    assert weights.tolist() == pytest.approx([1.5, 0.5])
    assert balanced(torch.tensor([0.3, 0.1]), 0.0).tolist() == [1.0, 1.0]
    assert balanced(torch.tensor([1.0, 1e-9]), 9.0).tolist() == pytest.approx([3.0, 1 / 3])


def test_the_noise_of_the_real_picture_is_as_strong_as_at_this_scale():
    _, session = session_of("analogy-plus", scale=1)
    network = generator_of(session.entered.networks, "generator_a")
    assert network.built == 2
    assert float(network.amplitude) == float(network.amplitudes[1]) > 0
    assert float(network.amplitudes[2]) == 0


@pytest.mark.parametrize("name", SYSTEMS)
def test_fakes_that_weigh_nothing_are_left_out(name):
    game, session = session_of(name, own_weight=0.0, crossed_weight=1.0)
    _, judged, inputs = inputs_of(session)
    assert not any(term.startswith("own") for term in judged.terms)
    made = game.make(LOSSES[game.loss], session.entered.networks, inputs)
    assert {"crossed_a", "crossed_b", "cycle_a", "reconstruction_b"} <= set(made.terms)


def test_weights_that_leave_nothing_are_refused():
    for changes, said in (
        ({"crossed_weight": 0.0}, "nothing is led from one picture to the other"),
        ({"content": 1.0}, "--content holds the edges .*--self_weight 0"),
        ({"palette": 1.0}, "--palette holds the colours .*--self_weight 0"),
    ):
        with pytest.raises(UsageError, match=said):
            override(RECIPES["structural-analogy"], changes).build()


def test_edges_do_not_care_for_colours():
    picture = torch.rand(1, 3, 8, 8)
    assert float(edge_difference(picture, picture + 0.3)) == pytest.approx(0.0, abs=1e-10)
    assert float(edge_difference(picture, picture.flip(3))) > 0.01


def test_palettes_differ_by_their_means_and_covariances():
    """By hand: two colours of one channel, 0.2 apart in the mean and with variances of 0.25 and 1."""
    one = torch.tensor([-0.5, 0.5, 0.5, -0.5]).view(1, 1, 2, 2)
    other = torch.tensor([-1.0, 1.0, 1.0, -1.0]).view(1, 1, 2, 2) + 0.2
    assert float(palette_difference(one, other)) == pytest.approx(0.2**2 + 0.75**2)
    assert float(palette_difference(one, one.flip(2))) == pytest.approx(0)
    picture = torch.rand(1, 3, 8, 8)
    assert float(palette_difference(picture, picture[:, [1, 0, 2]])) > 0
    moved = ColourTransport(3)
    target = torch.rand(1, 3, 8, 8) * torch.tensor([1, 0.2, 0.5]).view(1, 3, 1, 1)
    moved.measure(picture, target)
    assert float(palette_difference(moved(picture, 1), target)) < 1e-4  # the linear map is where it is least


def test_ours_begins_with_the_colours_of_the_other_picture():
    _, session = session_of("analogy-plus")
    networks = session.entered.networks
    a, b = (session.real(side, fresh=True).images for side in "ab")
    moved = networks["colours"](a, 1)
    assert torch.allclose(moved.mean((0, 2, 3)), b.mean((0, 2, 3)), atol=1e-4)
    assert count_parameters(networks["colours"]) == 0


def test_the_grid_tells_how_much_structure_stays():
    """Of A as B all, because edges do not care for contrast; of B as A nothing, because nothing is to be seen."""
    a, b = (torch.rand(2, 3, 12, 12, generator=torch.Generator().manual_seed(seed)) * 2 - 1 for seed in (0, 1))
    figures = kept_structure((a, 0.3 * a, a, b, torch.zeros_like(b), b))
    assert float(figures["structure_a"]) == pytest.approx(1)
    assert float(figures["structure_b"]) == 0
