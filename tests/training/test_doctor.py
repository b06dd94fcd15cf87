"""The doctor at work: readings touch nothing, failures stop a training that is to stop, and remedies take it back and on."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import organza
from organza.console import Console
from organza.data import NO_MARGINS, decode, open_source
from organza.errors import OrganzaError, UsageError
from organza.features import load_features
from organza.losses import LOSSES
from organza.recipes import RECIPES, fit_to, override, read_recipe
from organza.streams import Streams
from organza.training import RunFolder, probe
from organza.training.patient import Patient
from organza.training.planning import held_out, make_session

QUIET = Console(quiet=True)
SMALL = {"batch": 8, "sample_every": 1_200, "generator.width": 8, "discriminator.width": 8}
WEAK = {"discriminator.lr": 0.0, "doctor_every": 80}  # a discriminator that learns nothing
BUDGET = 2_400


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
    session = make_session(recipe, {"real": dataset}, Streams(0), torch.device("cpu"))
    session.play()
    patient = Patient(session, dataset, source, NO_MARGINS, held_out(recipe, dataset.count))
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
    assert weights(tmp_path / "often") == weights(tmp_path / "seldom")
    assert len(lines(tmp_path / "often" / "readings.jsonl")) > len(lines(tmp_path / "seldom" / "readings.jsonl")) >= 2


def test_held_out_samples_never_come():
    recipe = RECIPES["ring"]
    dataset = decode(open_source("ring8"), 1, 2)
    held = held_out(recipe, dataset.count)
    session = make_session(recipe, {"real": dataset}, Streams(0), torch.device("cpu"))
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
    session = make_session(recipe, {"real": dataset}, Streams(0), torch.device("cpu"))
    for classifier in (None, load_features("fashion-classifier")):
        patient = Patient(session, dataset, "x", NO_MARGINS, held_out(recipe, dataset.count), classifier)
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
    assert record(run.folder)["score"] == {"n": 1000, "titles": {"modes": "Modes of 8"}}
    best = record(run.folder)["best"]
    assert best["scores"]["modes"] == max(row["score.modes"] for row in rows)
    assert organza.load(run.folder / "best").sample(2, seed=0).shape == (2, 2, 1, 1)
    last = {name.removeprefix("score."): value for name, value in rows[-1].items() if name.startswith("score.")}
    assert run.scores == pytest.approx(last, rel=1e-4)


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


def pictures(folder, images):
    folder.mkdir()
    for number, pixels in enumerate(images):
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return str(folder)


@pytest.mark.parametrize("kind", ["flat", "upscaled", "equal", "three"])
def test_pictures_of_every_kind_can_be_looked_at(tmp_path, kind):
    """None of them has the fine detail, the variety or the number that a measure might divide by."""
    chance = np.random.default_rng(0)
    images = {
        "flat": [np.full((32, 32, 3), value, np.uint8) for value in range(60)],
        "upscaled": [chance.integers(0, 256, (16, 16, 3), np.uint8).repeat(2, 0).repeat(2, 1) for _ in range(60)],
        "equal": [np.full((32, 32, 3), 7, np.uint8)] * 60,
        "three": [chance.integers(0, 256, (32, 32, 3), np.uint8) for _ in range(3)],
    }[kind]
    run = train(tmp_path / "run", 48, {"doctor_every": 16}, "dcgan", pictures(tmp_path / "pictures", images))
    assert run.images == 48
    assert bool(lines(run.folder / "readings.jsonl")) == (kind != "three")


def test_a_label_of_one_attribute_is_not_taken_for_ignored(tmp_path):
    """Turned round, it is another one; shifted by one place, it would be the same."""
    chance = np.random.default_rng(0)
    images = [chance.integers(0, 256, (28, 28), np.uint8) for _ in range(24)]
    folder = pictures(tmp_path / "pictures", images)
    rows = "".join(f"{number}.png,{number % 2}\n" for number in range(24))
    (tmp_path / "pictures" / "attributes.csv").write_text("file,dark\n" + rows)
    run = train(tmp_path / "run", 24, {"generator.dense_width": 4, "doctor_every": 8}, "cgan", folder)
    assert all(reading["label_effect"] > 0 for reading in lines(run.folder / "readings.jsonl"))


WILD = {"generator.lr": 1e38, "doctor_every": 80}


@pytest.mark.parametrize("more", [{}, {"score_every": 80}])
def test_numbers_that_are_not_finite_are_told_however_they_are_met(tmp_path, more):
    run = train(tmp_path / "run", 800, WILD, **more)
    assert (run.verdict, run.stopped) == ("not-finite", True)
    again = organza.diagnose(run)
    assert again.verdict == "not-finite"
    json.loads(
        (run.folder / "diagnosis.json").read_text(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON")
    )


def test_a_remedy_that_changes_networks_begins_them_afresh_in_a_run_that_began_with_a_model(tmp_path):
    small = {"size": 32, "channels": 1, "doctor_every": 80, "hold_out": 0}
    first = train(tmp_path / "first", 16, small, "dcgan", "fashion-mnist-10k")
    run = train(
        tmp_path / "run", 160, small | {"discriminator.lr": 1e35, "discriminator.optimiser": "sgd"}, "dcgan",
        "fashion-mnist-10k", start=first, auto_remedy=True, max_remedies=4,
    )  # fmt: skip
    changes = [entry["changes"] for entry in record(run.folder)["remedies"]]
    assert any(change.get("discriminator.norm") == "none" for change in changes)


class Killed(BaseException):
    """What a killed process cannot catch."""


@pytest.mark.parametrize("at", ["unlink", "write_record", "write_recipe"])
def test_killed_in_the_middle_of_a_remedy_a_run_goes_on(tmp_path, monkeypatch, at):
    from organza.training import remedy

    def killed(*_args, **_kwargs):
        raise Killed

    applied = remedy.apply_remedy

    def dying(folder, *args):
        with monkeypatch.context() as patch:
            patch.setattr(*((Path, "unlink", killed) if at == "unlink" else (RunFolder, at, killed)))
            return applied(folder, *args)

    with monkeypatch.context() as patch:
        patch.setattr("organza.training.run.apply_remedy", dying)
        with pytest.raises(Killed):
            train(tmp_path / "run", overrides=WEAK, auto_remedy=True, max_remedies=1)
    run = train(tmp_path / "run", overrides=WEAK, auto_remedy=True, max_remedies=1)
    assert run.images == BUDGET
    (entry,) = record(run.folder)["remedies"]
    assert (
        read_recipe(run.folder / "recipe.yaml").game.discriminator.optimiser.lr == entry["changes"]["discriminator.lr"]
    )


def test_when_remedies_run_out_the_training_goes_on(tmp_path, monkeypatch):
    monkeypatch.setattr("organza.training.run.apply_remedy", lambda *_: None)
    run = train(tmp_path / "run", overrides=WEAK, auto_remedy=True)
    assert (run.images, run.stopped) == (BUDGET, False)


def test_the_recorded_command_has_all_that_was_asked_for(tmp_path):
    run = train(tmp_path / "run", 64, auto_remedy=True, max_remedies=2, score_every=32)
    command = record(run.folder)["command"]
    assert "--auto-remedy" in command
    assert "--max-remedies 2" in command
    assert "--score-every 32" in command
    assert "--stop-on-failure" not in command


def test_a_smoothed_loss_has_its_own_least_value():
    """Of a discriminator that is never wrong, cross-entropy against 0.9 is not 0."""
    judges = override(RECIPES["dcgan"], {"label_smoothing": 0.1}).build().abilities.judges
    logit = torch.tensor([math.log(9.0)])
    loss = LOSSES["non-saturating"].smoothed(logit, torch.tensor([-60.0]), 0.9)
    assert judges.least == pytest.approx(float(loss), abs=1e-6)
    assert RECIPES["dcgan"].build().abilities.judges.least == 0
