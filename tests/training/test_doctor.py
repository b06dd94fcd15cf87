"""The doctor at work: readings touch nothing, failures stop a training that is to stop, and remedies take it back and on."""

import json

import pytest
import torch

import organza
from organza.console import Console
from organza.data import decode, open_source
from organza.errors import OrganzaError, UsageError
from organza.features import load_features
from organza.recipes import RECIPES, fit_to, override, read_recipe
from organza.streams import Streams
from organza.training import probe
from organza.training.patient import Patient
from organza.training.planning import held_out, make_session

QUIET = Console(quiet=True)
SMALL = {"batch": 8, "generator.width": 8, "discriminator.width": 8}
WEAK = {"discriminator.lr": 0.0, "doctor_every": 80}  # a discriminator that learns nothing
BUDGET = 4_000


@pytest.fixture(autouse=True)
def no_long_try(monkeypatch):
    monkeypatch.setattr(probe, "SECONDS", 0.0)


def train(folder, images=BUDGET, overrides=(), recipe="ring", data="ring8", **what):
    return organza.train(
        recipe, data=data, out=folder, images=images, overrides=SMALL | dict(overrides), console=QUIET, **what
    )


def record(folder, name="run.json"):
    return json.loads((folder / name).read_text())


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def weights(folder):
    return (folder / "model" / "model.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("name", "source"),
    [("ring", "ring8"), ("dcgan", "fashion-mnist-10k"), ("hinge", "fashion-mnist-10k"), ("cgan", "fashion-mnist-10k")],
)
def test_a_reading_touches_nothing_and_comes_out_the_same_again(name, source):
    """Batch normalisation, spectral normalisation, dropout, labels: all is as it was, the state of torch's generators too."""
    opened = open_source(source)
    recipe = fit_to(
        override(RECIPES[name], {**SMALL, **({"generator.dense_width": 4} if name == "cgan" else {})}), opened
    )
    dataset = decode(opened, recipe.size, recipe.channels)
    session = make_session(recipe, dataset, Streams(0), torch.device("cpu"))
    session.play()
    patient = Patient(session, dataset, source, 0, held_out(recipe, dataset.count))
    modes = [module.training for network in session.entered.networks.values() for module in network.modules()]
    before, state = {key: tensor.clone() for key, tensor in session.tensors().items()}, torch.get_rng_state()
    first, second = patient.read(), patient.read()
    assert first == second
    after = session.tensors()
    assert all(torch.equal(before[key], after[key]) for key in before)
    assert modes == [module.training for network in session.entered.networks.values() for module in network.modules()]
    assert torch.equal(state, torch.get_rng_state())
    session.play()
    assert patient.read() != first


def test_a_training_is_the_same_however_often_the_doctor_looks(tmp_path):
    for name, every in (("often", 16), ("seldom", 4_000)):
        train(tmp_path / name, 400, {"doctor_every": every})
    assert weights(tmp_path / "often") == weights(tmp_path / "seldom") or all(
        torch.equal(a, b)
        for a, b in zip(
            organza.load(tmp_path / "often").networks["generator"].parameters(),
            organza.load(tmp_path / "seldom").networks["generator"].parameters(),
            strict=True,
        )
    )
    assert len(lines(tmp_path / "often" / "readings.jsonl")) > len(lines(tmp_path / "seldom" / "readings.jsonl")) >= 2


def test_held_out_samples_never_come():
    recipe = RECIPES["ring"]
    dataset = decode(open_source("ring8"), 1, 2)
    held = held_out(recipe, dataset.count)
    session = make_session(recipe, dataset, Streams(0), torch.device("cpu"))
    order = session.batches["real"].order
    epoch = order.indices(0, order.count)
    assert len(held) == recipe.hold_out
    assert not torch.isin(epoch, held).any()
    assert len(torch.cat([epoch, held]).unique()) == dataset.count


@pytest.mark.parametrize(("count", "kept"), [(10_000, 128), (1_000, 50), (160, 8), (159, 0), (1, 0)])
def test_small_data_hold_out_little(count, kept):
    assert len(held_out(RECIPES["ring"], count)) == kept


def test_kinds_come_from_a_classifier_or_from_clusters():
    opened = open_source("fashion-mnist-10k")
    recipe = fit_to(override(RECIPES["gan"], SMALL), opened)
    dataset = decode(opened, 28, 1)
    session = make_session(recipe, dataset, Streams(0), torch.device("cpu"))
    for classifier in (None, load_features("fashion-classifier")):
        patient = Patient(session, dataset, "x", 0, held_out(recipe, dataset.count), classifier)
        assert 5 < patient.real_kinds <= patient.kinds == 10
        assert sum(patient.read()["shares"]) == pytest.approx(1, abs=1e-3)


def test_a_healthy_run_says_so(tmp_path):
    run = train(tmp_path / "run", 400)
    assert (run.verdict, run.stopped) == ("healthy", False)
    assert record(tmp_path / "run", "diagnosis.json")["verdict"] == "healthy"
    assert organza.diagnose(tmp_path / "run").verdict == "healthy"


def test_a_confirmed_failure_stops_a_training_that_is_to_stop(tmp_path):
    run = train(tmp_path / "stopped", overrides=WEAK, stop_on_failure=True)
    assert (run.verdict, run.stopped) == ("generator-dominates", True)
    assert run.images < BUDGET
    assert [reading["verdict"] for reading in lines(run.folder / "readings.jsonl")][-5:] == ["generator-dominates"] * 5
    again = organza.diagnose(run)
    assert again.verdict == run.verdict
    assert again.prescriptions[0].changes == {"discriminator.lr": 1e-3}
    to_the_end = train(tmp_path / "end", overrides=WEAK)
    assert (to_the_end.verdict, to_the_end.stopped, to_the_end.images) == ("generator-dominates", False, BUDGET)


def test_a_remedy_goes_back_and_on_and_is_written_down(tmp_path):
    run = train(tmp_path / "run", overrides=WEAK, auto_remedy=True, max_remedies=1)
    (entry,) = record(tmp_path / "run")["remedies"]
    assert entry["changes"] == {"discriminator.lr": 1e-3}
    assert (entry["verdict"], entry["back_to"], entry["attempt"]) == ("generator-dominates", 0, 1)
    assert read_recipe(tmp_path / "run" / "recipe.yaml").game.discriminator.optimiser.lr == 1e-3
    assert run.images == BUDGET
    images = [row["images"] for row in lines(tmp_path / "run" / "metrics.jsonl")]
    assert images == sorted(set(images))
    assert "--discriminator.lr" in (tmp_path / "run" / "report.html").read_text()


def test_the_same_command_goes_on_with_a_remedied_run(tmp_path):
    first = train(tmp_path / "run", overrides=WEAK, auto_remedy=True, max_remedies=1)
    more = train(tmp_path / "run", 2 * BUDGET, WEAK, auto_remedy=True, max_remedies=1)
    assert (first.images, more.images) == (BUDGET, 2 * BUDGET)
    with pytest.raises(UsageError, match="was begun with discriminator.lr 0.0, not 0.5"):
        train(tmp_path / "run", 2 * BUDGET, {**WEAK, "discriminator.lr": 0.5})


def test_remedies_are_tried_one_after_the_other_and_no_more_than_allowed(tmp_path):
    wild = {"discriminator.lr": 1e35, "discriminator.optimiser": "sgd", "doctor_every": 80}
    run = train(tmp_path / "run", 400, wild, auto_remedy=True, max_remedies=2)
    assert (run.verdict, run.stopped) == ("not-finite", True)
    tried = [entry["changes"]["discriminator.lr"] for entry in record(tmp_path / "run")["remedies"]]
    assert tried == [5e34, 1e34]  # the first is undone before the second, because it has not helped


def test_without_leave_nothing_is_changed(tmp_path):
    train(tmp_path / "run", overrides=WEAK)
    assert record(tmp_path / "run")["remedies"] == []


def test_scores_on_the_way_choose_the_best(tmp_path):
    run = train(tmp_path / "run", 400, {"log_every": 80}, score_every=80)
    rows = [row for row in lines(run.folder / "metrics.jsonl") if "score.modes" in row]
    assert [row["images"] for row in rows] == [80, 160, 240, 320, 400]
    best = record(run.folder)["best"]
    assert best["scores"]["modes"] == max(row["score.modes"] for row in rows)
    assert organza.load(run.folder / "best").sample(2, seed=0).shape == (2, 2, 1, 1)
    assert run.scores == {
        name.removeprefix("score."): value for name, value in rows[-1].items() if name.startswith("score.")
    }


def test_the_best_survives_a_stop(tmp_path):
    straight = train(tmp_path / "straight", 320, {"log_every": 80}, score_every=80)
    train(tmp_path / "halves", 160, {"log_every": 80}, score_every=80)
    halves = train(tmp_path / "halves", 320, {"log_every": 80}, score_every=80)
    assert record(straight.folder)["best"] == record(halves.folder)["best"]


@pytest.mark.parametrize(
    ("what", "words"), [({"score_every": 0}, "--score-every"), ({"max_remedies": 0}, "--max-remedies")]
)
def test_counts_that_make_no_sense(tmp_path, what, words):
    with pytest.raises(UsageError, match=words):
        train(tmp_path / "run", **what)


def test_what_is_no_run_has_no_diagnosis(tmp_path):
    with pytest.raises(OrganzaError, match="is not the folder of a run"):
        organza.diagnose(tmp_path)
