"""Every recipe that learns a picture scale by scale: published numbers, exact resume within and between scales, saved models."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

import organza
from organza.api.training import prepare
from organza.console import Console
from organza.data import decode_domains, open_source
from organza.errors import UsageError
from organza.exchange import load_model, save_model
from organza.networks.pyramid.generator import FINISHED
from organza.recipes import RECIPES, fit_to, override
from organza.streams import Streams
from organza.training import checkpoint, probe
from organza.training.inspection import network_facts
from organza.training.planning import make_session

ONE = ("singan", "singan-enlarging", "consingan")
PAIRS = ("structural-analogy", "analogy-6", "analogy-plus")
NARROW = {"generator.width": 4, "discriminator.width": 4, "size": 24, "smallest": 12, "iterations": 2}
CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def _speed_is_of_no_interest(monkeypatch):
    monkeypatch.setattr(probe, "SECONDS", 0.0)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Two pictures of soft colours, one of them no square."""
    root, chance = tmp_path_factory.mktemp("world"), np.random.default_rng(0)
    for name, size in (("a", (60, 48)), ("b", (50, 50))):
        corners = chance.integers(0, 256, (5, 6, 3), np.uint8)
        Image.fromarray(corners).resize(size, Image.Resampling.BICUBIC).save(root / f"{name}.png")
    return root


def source_of(name, world):
    return str(world / "a.png") if name in ONE else f"{world / 'a.png'},{world / 'b.png'}"


def begin(name, world):
    overrides = NARROW | ({"scales": 3} if name != "singan-enlarging" else {})
    source = open_source(source_of(name, world))
    recipe = fit_to(override(RECIPES[name], overrides), source, overrides)
    datasets = decode_domains(source, recipe.decoded, recipe.channels, sides=recipe.sides)
    return recipe, make_session(recipe, datasets, Streams(3), CPU)


def play(session, steps):
    for _ in range(steps):
        session.advance()
        session.play()
    return session


@pytest.mark.parametrize(
    ("name", "generators", "discriminators"),
    [
        ("singan", 1_479_966, 1_468_426),
        ("consingan", 668_227, 113_153),
        ("structural-analogy", 2 * 1_930_785, 2 * 1_916_939),
        ("analogy-6", 1_336_454, 2 * 113_153),
    ],
)
def test_published_sizes(name, generators, discriminators):
    recipe = RECIPES[name]
    facts = network_facts(recipe.build(), recipe.shape)
    counts = {
        kind: sum(fact["parameters"] for part, fact in facts.items() if part.startswith(kind))
        for kind in ("generator", "discriminator")
    }
    assert counts == {"generator": generators, "discriminator": discriminators}


@pytest.mark.parametrize("name", ONE + PAIRS)
def test_the_published_budget_is_that_of_all_scales(name):
    recipe = RECIPES[name]
    sizes = recipe.game.sizes(recipe.sample[1:])
    assert recipe.images == recipe.game.iterations * len(sizes)
    assert len(recipe.build().stages) == len(sizes)


@pytest.mark.parametrize("name", ONE + PAIRS)
@pytest.mark.parametrize("stop", [1, 2, 5])
def test_a_stop_and_a_start_change_nothing(name, stop, world, tmp_path):
    """Six steps straight, against a stop within a scale, between two, or in the last: the same bits in all that there is."""
    _, straight = begin(name, world)
    play(straight, 6)
    _, first = begin(name, world)
    play(first, stop)
    checkpoint.save(tmp_path, 1, checkpoint.Checkpoint(first.tensors(), first.counters()))
    stored = checkpoint.load(checkpoint.all_checkpoints(tmp_path)[0])
    _, second = begin(name, world)
    second.restore(stored.tensors, stored.counters)
    play(second, 6 - stop)
    expected, got = straight.tensors(), second.tensors()
    assert straight.progress.stage > 0
    assert expected.keys() == got.keys()
    assert all(torch.equal(expected[key], got[key]) for key in expected)


@pytest.mark.parametrize("name", ONE + PAIRS)
def test_a_saved_model_makes_the_same_pictures(name, world, tmp_path):
    recipe, session = begin(name, world)
    play(session, 5)
    averages = session.entered.averages.networks
    facts = {"crop": 0, "classes": [], "stage": session.entered.name, "images": 5, "stage_share": 1.0}
    save_model(tmp_path, recipe, averages, {}, facts)
    model = load_model(tmp_path)
    samples = model.sample(2, seed=1)
    assert samples.shape[0] == 2
    assert torch.equal(samples[1:], model.sample(1, seed=1, first=1))
    for ability in model.abilities.pyramids.values():
        own, saved = averages[ability.network], model.networks[ability.network]
        assert torch.equal(own.reconstruct(), saved.reconstruct())
    if name in PAIRS:
        assert model.translate(torch.zeros(1, 3, 20, 30), to="b").shape == (1, 3, 20, 30)
    elif name == "consingan":  # whose scales work on features, which no picture has
        with pytest.raises(UsageError, match="cannot enlarge"):
            model.enlarge(torch.zeros(1, 3, 20, 30))
    else:
        assert model.enlarge(torch.zeros(1, 3, 20, 30)).shape == (1, 3, 80, 120)


def test_a_scale_that_has_hardly_begun_is_not_used(world, tmp_path):
    recipe, session = begin("singan", world)
    play(session, 3)
    for share, scales in ((FINISHED / 2, 1), (FINISHED, 2)):
        facts = {"crop": 0, "classes": [], "stage": session.entered.name, "images": 3, "stage_share": share}
        save_model(tmp_path, recipe, session.entered.averages.networks, {}, facts)
        network = load_model(tmp_path).networks["generator"]
        assert network.built == scales
        assert network.reconstruct().shape[2:] == network.sizes[scales - 1]


@pytest.mark.parametrize("name", ["singan", "consingan", "analogy-plus"])
def test_a_run_leaves_a_model_and_goes_on_from_its_command(name, world, tmp_path):
    options = {"data": source_of(name, world), "out": tmp_path / "run", "console": Console(quiet=True)}
    overrides = NARROW | {"scales": 3}
    seen = []

    class Enough(Exception):
        """Somebody pulls the plug."""

    def watch(row):
        seen.append(row["stage"])
        if row["images"] >= 4:
            raise Enough

    with pytest.raises(Enough):
        organza.train(name, overrides=overrides, logger=watch, save_every=0, **options)
    cut = organza.load(tmp_path / "run")
    assert cut.sample(1).shape[1] == 3
    run = organza.train(name, overrides=overrides, **options)
    straight = organza.train(name, overrides=overrides, **{**options, "out": tmp_path / "straight"})
    assert run.images == straight.images == 6
    digests = [organza.load(folder).config["weights_sha256"] for folder in (run, straight)]
    assert digests[0] == digests[1]
    assert {"scale-0", "scale-1"} <= set(seen)
    shown = sorted((tmp_path / "straight" / "samples").glob("*.png"))
    assert len(shown) >= 3  # one for each scale at its end


def test_a_model_goes_on_from_the_weights_of_another(world, tmp_path):
    options = {"data": source_of("singan", world), "console": Console(quiet=True), "overrides": NARROW | {"scales": 2}}
    first = organza.train("singan", out=tmp_path / "first", **options)
    planned = prepare("singan", out=tmp_path / "second", start=first, images=4, **options).plan
    assert "4 steps (from scale 1 on, in which the model was left, of scales 0 to 1)" in dict(planned.lines())["stops"]
    assert planned.costs[0] == (0.0, 0.0)
    assert planned.seconds == pytest.approx(4 * planned.costs[1][1])
    second = organza.train("singan", out=tmp_path / "second", start=first, images=4, **options)
    assert organza.load(second).config["stage"] == "scale-1"


def test_more_pictures_than_one_are_refused(world, tmp_path):
    with pytest.raises(organza.OrganzaError, match="one picture"):
        organza.train("singan", data=str(world), out=tmp_path / "run", console=Console(quiet=True))


def test_pictures_are_not_changed_on_the_way(world, tmp_path):
    for name, changes in (("singan", {"flip": True}), ("analogy-plus", {"native": True})):
        with pytest.raises(UsageError, match=f"leave out --{next(iter(changes))}"):
            fit_to(override(RECIPES[name], changes), open_source(source_of(name, world)), changes)


@pytest.mark.parametrize(("sides", "first"), [((26, 64), 15), ((21, 64), 12), ((49, 64), 25)])
def test_low_pictures_have_something_to_grow(sides, first):
    game = replace(RECIPES["singan"].game, original=(sides[0] * 4, sides[1] * 4))
    sizes = game.sizes(sides)
    assert first <= min(sizes[0]) <= first + 1
    assert len(sizes) == len(set(sizes)) > 1


def test_quality_and_iterations_decide_the_budget(world):
    source = open_source(str(world / "a.png"))
    for quality, share in (("draft", 0.1), ("normal", 0.3), ("full", 1.0)):
        recipe = fit_to(override(RECIPES["singan"], {"size": 48, "quality": quality}), source, {"size", "quality"})
        assert recipe.images == 2000 * share * len(recipe.game.sizes(recipe.sides))
    asked = fit_to(replace(RECIPES["singan"], images=77), source, {"images"})
    assert asked.images == 77
