"""Whole runs: what they leave, how they end, what they refuse, and what no accident may take from them."""

import errno
import json
import math
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import save_file

import organza
from organza.console import Console
from organza.data import NO_MARGINS, decode, open_source
from organza.errors import OrganzaError, UsageError
from organza.exchange import tensors
from organza.recipes import RECIPES, override, read_recipe
from organza.streams import Streams
from organza.training import RunFolder, checkpoint, loop, planning, probe
from organza.training.doctor import Doctor
from organza.training.patient import Patient

QUIET = Console(quiet=True)
SMALL = {"batch": 8, "generator.width": 8, "discriminator.width": 8}


@pytest.fixture(autouse=True)
def no_long_try(monkeypatch):
    monkeypatch.setattr(probe, "SECONDS", 0.0)


def train(folder, images=64, recipe="ring", data="ring8", overrides=(), **what):
    changes = SMALL | dict(overrides)
    return organza.train(recipe, data=data, out=folder, images=images, overrides=changes, console=QUIET, **what)


def weights(folder):
    return (Path(folder) / "model" / "model.safetensors").read_bytes()


def test_what_a_run_leaves(tmp_path):
    rows = []
    run = train(
        tmp_path / "run", recipe="gan", data="fashion-mnist-10k", logger=rows.append, overrides={"log_every": 16}
    )
    assert (run.verdict, run.images, run.reason) == ("healthy", 64, None)
    folder = RunFolder(tmp_path / "run")
    assert rows == folder.rows()
    assert [row["images"] for row in rows] == [16, 32, 48, 64]
    assert {"discriminator.loss", "discriminator.real", "discriminator.gradient", "generator.loss"} <= set(rows[0])
    assert all(0 < row["discriminator.real"] < 1 for row in rows)
    assert read_recipe(folder.recipe_file).images == 64
    record = folder.read_record()
    assert record["status"] == {**record["status"], "verdict": "healthy", "images": 64, "budget": 64, "steps": 8}
    assert record["source"]["count"] == 10_000
    assert {path.name for path in folder.samples.iterdir()} >= {"real.png", f"{0:012d}.png", f"{64:012d}.png"}
    assert [path.stem for path in checkpoint.all_checkpoints(folder.checkpoints)] == [f"{64:012d}", f"{0:012d}"]
    assert run.report.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert os.fspath(run) == str(tmp_path / "run")


def test_a_larger_budget_goes_on_and_the_same_one_is_done(tmp_path):
    train(tmp_path / "two", images=32)
    before = weights(tmp_path / "two")
    assert train(tmp_path / "two", images=32).images == 32
    assert weights(tmp_path / "two") == before
    assert train(tmp_path / "two", images=96).images == 96
    train(tmp_path / "one", images=96)
    assert weights(tmp_path / "two") == weights(tmp_path / "one")


def test_minutes_become_images_once(tmp_path):
    what = {"data": "ring8", "out": tmp_path / "run", "overrides": SMALL, "console": QUIET}
    run = organza.train("ring", minutes=0.003, **what)
    assert run.images % 8 == 0
    assert read_recipe(tmp_path / "run" / "recipe.yaml").images == run.images
    assert organza.train("ring", minutes=0.003, **what).images == run.images


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ({"overrides": {"generator.lr": 5e-4}}, "was begun with generator.lr 0.001, not 0.0005"),
        ({"seed": 1}, "was begun with --seed 0, not 1"),
        ({"data": "grid25"}, r"was begun on other data \(ring8"),
        ({"recipe": "gan", "data": "fashion-mnist-10k"}, "was begun with"),
    ],
)
def test_another_training_in_the_same_folder_is_refused(tmp_path, what, message):
    train(tmp_path / "run", images=16)
    before = weights(tmp_path / "run")
    with pytest.raises(UsageError, match=message):
        train(tmp_path / "run", **what)
    assert weights(tmp_path / "run") == before


def test_folders_that_are_no_runs_are_left_alone(tmp_path):
    (tmp_path / "thesis.doc").write_text("years of work")
    with pytest.raises(OrganzaError, match="holds no run, but 'thesis.doc'"):
        train(tmp_path)
    with pytest.raises(OrganzaError, match="is a file"):
        train(tmp_path / "thesis.doc")
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.doc"]


def test_two_at_once_in_one_folder_are_refused(tmp_path):
    train(tmp_path / "run", images=16)
    other = RunFolder(tmp_path / "run")
    other.open()
    with pytest.raises(OrganzaError, match="another process is training"):
        train(tmp_path / "run", images=32)
    other.close()
    assert train(tmp_path / "run", images=32).images == 32


@pytest.mark.parametrize("damage", ["truncated", "flipped", "foreign", "empty"])
def test_a_damaged_checkpoint_is_put_aside_for_the_one_before(tmp_path, damage):
    train(tmp_path / "whole", images=80)
    train(tmp_path / "run", images=80, save_every=0.0)
    folder = RunFolder(tmp_path / "run")
    newest, before = checkpoint.all_checkpoints(folder.checkpoints)
    content = bytearray(newest.read_bytes())
    if damage == "flipped":
        content[-3] ^= 1
    if damage == "foreign":
        save_file({"a": torch.zeros(2)}, newest)
    else:
        newest.write_bytes({"truncated": content[:-9], "flipped": content, "empty": b""}[damage])
    assert train(tmp_path / "run", images=80).verdict == "healthy"
    assert weights(tmp_path / "run") == weights(tmp_path / "whole")
    assert newest.with_name(newest.name + ".damaged").exists()
    assert "put aside" in folder.read_record()["source"]["notes"][-1]
    assert before.exists()


def test_when_no_checkpoint_can_be_read_it_is_said_and_nothing_is_lost(tmp_path):
    train(tmp_path / "run", images=32)
    folder = RunFolder(tmp_path / "run")
    for other in checkpoint.all_checkpoints(folder.checkpoints):
        other.write_bytes(b"garbage")
    rows = folder.rows()
    for _ in range(2):  # asking again must not mean: begin anew, and forget
        with pytest.raises(OrganzaError, match="no checkpoint in .* can be read"):
            train(tmp_path / "run", images=32)
        assert folder.rows() == rows


def test_a_checkpoint_of_a_newer_organza_is_refused(tmp_path, monkeypatch):
    with monkeypatch.context() as newer:
        newer.setattr(checkpoint, "FORMAT", checkpoint.FORMAT + 1)
        train(tmp_path / "run", images=16)
    with pytest.raises(OrganzaError, match="written by organza .* upgrade organza"):
        train(tmp_path / "run", images=32)
    assert len(checkpoint.all_checkpoints(tmp_path / "run" / "checkpoints")) == 2


@pytest.mark.parametrize("place", ["checkpoint", "row", "samples"])
def test_a_full_disk_is_said_in_one_line_and_costs_nothing(tmp_path, monkeypatch, place):
    train(tmp_path / "whole", images=64, overrides={"log_every": 8, "sample_every": 8})
    target, name = {
        "checkpoint": (tensors, "save_file"),
        "row": (RunFolder, "add_row"),
        "samples": (RunFolder, "save_samples"),
    }[place]
    real, calls = getattr(target, name), []

    def full(*arguments):
        calls.append(arguments)
        if len(calls) == 5:
            raise (
                SafetensorError("No space left on device")
                if target is tensors
                else OSError(errno.ENOSPC, "No space left on device")
            )
        return real(*arguments)

    with monkeypatch.context() as disk:
        disk.setattr(target, name, full)
        with pytest.raises(OrganzaError, match="No space left on device; nothing that was there is lost") as caught:
            train(tmp_path / "run", images=64, overrides={"log_every": 8, "sample_every": 8}, save_every=0.0)
    assert "\n" not in str(caught.value)
    assert not list((tmp_path / "run").rglob("*.partial"))
    train(tmp_path / "run", images=64, overrides={"log_every": 8, "sample_every": 8})
    assert weights(tmp_path / "run") == weights(tmp_path / "whole")


def test_numbers_that_are_not_finite_end_the_training_and_name_themselves(tmp_path):
    run = train(
        tmp_path / "run", images=8 * 400, overrides={"generator.optimiser": "sgd", "generator.lr": 1e30}, save_every=0.0
    )
    assert run.verdict == "not-finite"
    assert "of turn '" in run.reason
    assert "last good checkpoint" in run.reason
    for path in checkpoint.all_checkpoints(tmp_path / "run" / "checkpoints"):
        assert all(
            tensor.isfinite().all() for tensor in checkpoint.load(path).tensors.values() if tensor.is_floating_point()
        )
    assert json.loads((tmp_path / "run" / "run.json").read_text())["status"]["verdict"] == "not-finite"
    assert "Not finite" in run.report.read_text(encoding="utf-8")


def test_the_loop_notices_a_weight_that_was_spoilt_by_the_last_move(tmp_path, monkeypatch):
    real = loop.Keeper.save

    def spoil(keeper):
        if keeper.session.progress.step >= 4:
            with torch.no_grad():
                keeper.session.entered.networks["generator"].layers[0].weight[0, 0] = math.nan
        real(keeper)

    monkeypatch.setattr(loop.Keeper, "save", spoil)
    run = train(tmp_path / "run", images=64, save_every=0.0)
    assert run.verdict == "not-finite"
    assert "the weight generator.layers.0.weight" in run.reason
    assert [path.stem for path in checkpoint.all_checkpoints(tmp_path / "run" / "checkpoints")] == [
        f"{24:012d}",
        f"{16:012d}",
    ]


def test_stopping_finishes_the_step_and_goes_on_exactly(tmp_path):
    train(tmp_path / "whole", images=96)
    before = signal.getsignal(signal.SIGINT)
    stopped = train(tmp_path / "run", images=96, logger=lambda row: os.kill(os.getpid(), signal.SIGINT))
    assert stopped.verdict == "interrupted"
    assert 0 < stopped.images < 96
    assert "Interrupted" in stopped.report.read_text(encoding="utf-8")
    assert train(tmp_path / "run", images=96).verdict == "healthy"
    assert weights(tmp_path / "run") == weights(tmp_path / "whole")
    assert signal.getsignal(signal.SIGINT) is before


def test_the_command_killed_from_outside_goes_on_exactly(tmp_path):
    """The real thing: the command line, SIGKILL from outside, by the clock."""
    command = [
        sys.executable, "-m", "organza", "train", "ring", "--data", "ring8", "--images", "12000", "--batch", "16",
        "--generator.width", "16", "--discriminator.width", "16", "--save-every", "0.2", "--out",
    ]  # fmt: skip
    subprocess.run([*command, "whole"], cwd=tmp_path, check=True, capture_output=True, timeout=120)
    process = subprocess.Popen([*command, "run"], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    while process.poll() is None and not list(tmp_path.glob("run/checkpoints/*.safetensors")):
        time.sleep(0.02)
    time.sleep(0.1)  # the run takes much longer
    process.kill()
    assert process.wait() == -signal.SIGKILL
    subprocess.run([*command, "run"], cwd=tmp_path, check=True, capture_output=True, timeout=120)
    assert weights(tmp_path / "run") == weights(tmp_path / "whole")


def test_starting_from_a_model(tmp_path):
    train(tmp_path / "first", images=64)
    model = organza.load(tmp_path / "first")
    train(
        tmp_path / "second",
        images=8,
        start=tmp_path / "first",
        overrides={"generator.lr": 0.0, "discriminator.lr": 0.0},
    )
    assert weights(tmp_path / "second") == weights(tmp_path / "first")
    opponents = [(tmp_path / name / "model" / "opponents.safetensors").read_bytes() for name in ("first", "second")]
    assert opponents[0] == opponents[1]
    train(tmp_path / "third", images=8, overrides={"generator.lr": 0.0, "discriminator.lr": 0.0})
    assert weights(tmp_path / "third") != weights(tmp_path / "first")
    with pytest.raises(OrganzaError, match="do not fit the network 'generator'"):
        train(tmp_path / "fourth", start=tmp_path / "first", overrides={"generator.width": 9})
    assert torch.equal(model.sample(3), organza.load(tmp_path / "second").sample(3))


def test_the_start_belongs_to_the_run(tmp_path):
    train(tmp_path / "first", images=16)
    train(tmp_path / "other", images=24)
    begun = train(tmp_path / "run", images=16, start=tmp_path / "first")
    assert json.loads((begun.folder / "run.json").read_text())["from"] == str(tmp_path / "first")
    with pytest.raises(UsageError, match="was begun with --from .*first, not .*other"):
        train(tmp_path / "run", images=32, start=tmp_path / "other")
    (tmp_path / "first").rename(tmp_path / "moved")  # it is not needed any more
    assert train(tmp_path / "run", images=32, start=tmp_path / "first").images == 32
    assert train(tmp_path / "run", images=40).images == 40


def test_a_checkpoint_knows_whose_it_is_without_the_record(tmp_path):
    train(tmp_path / "run", images=16)
    (tmp_path / "run" / "run.json").unlink()
    with pytest.raises(UsageError, match="of seed 0, not 7"):
        train(tmp_path / "run", images=32, seed=7)
    with pytest.raises(UsageError, match="of fingerprint"):
        train(tmp_path / "run", images=32, data="grid25")
    assert train(tmp_path / "run", images=32).images == 32


def test_a_second_process_does_not_touch_the_first_ones_files(tmp_path):
    train(tmp_path / "run", images=16)
    first = RunFolder(tmp_path / "run")
    first.open()
    half_written = tmp_path / "run" / "checkpoints" / ".000000000024.safetensors.1.partial"
    half_written.write_bytes(b"being written")
    with pytest.raises(OrganzaError, match="another process"):
        train(tmp_path / "run", images=32)
    assert half_written.exists()
    first.close()


def test_another_time_for_a_run_is_asked_for_in_images(tmp_path):
    what = {"data": "ring8", "out": tmp_path / "run", "overrides": SMALL, "console": QUIET}
    organza.train("ring", minutes=0.002, **what)
    with pytest.raises(UsageError, match="--images sets another budget"):
        organza.train("ring", minutes=1.0, **what)


def test_a_batch_that_does_not_fit_is_halved_unless_it_was_asked_for(tmp_path, monkeypatch):
    real = planning.probe

    def small_device(session, images, first):
        if session.size > 64:
            raise RuntimeError("[enforce fail at alloc_cpu.cpp:116] DefaultCPUAllocator: can't allocate memory")
        return real(session, images)

    monkeypatch.setattr(planning, "probe", small_device)
    job = organza.api.prepare("ring", data="ring8", out=tmp_path / "run", images=64, console=QUIET)
    assert job.plan.recipe.batch == 64
    assert any("halved" in note for note in job.plan.notes)
    with pytest.raises(OrganzaError, match="too little memory for a batch of 256"):
        organza.api.prepare("ring", data="ring8", out=tmp_path / "run", overrides={"batch": 256}, console=QUIET)


def test_a_recipe_is_chosen_from_the_data(tmp_path, monkeypatch):
    import numpy as np
    from PIL import Image

    monkeypatch.chdir(tmp_path)
    for label in ("a", "b"):
        (tmp_path / "pictures" / label).mkdir(parents=True)
        for number in range(3):
            pixels = np.random.default_rng(number).integers(0, 256, (90, 70), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pictures" / label / f"{number}.png")
    job = organza.api.prepare(data="pictures", console=QUIET)
    assert (job.plan.recipe.name, job.plan.recipe.size, job.plan.recipe.channels) == ("dcgan", 64, 1)
    assert job.plan.out == Path("runs/dcgan-pictures")
    text = dict(job.plan.lines())
    assert "centre-cropped to a square and resized to 64x64" in text["data"]
    assert "2 classes" in text["data"]
    assert "--minutes" in text["stops"]
    assert not (tmp_path / "runs").exists()


def test_a_dry_run_writes_nothing(tmp_path):
    run = train(tmp_path / "run", dry_run=True)
    assert (run.verdict, run.images) == ("planned", 0)
    assert not (tmp_path / "run").exists()


def test_a_run_that_died_before_its_first_checkpoint_begins_again(tmp_path, monkeypatch):
    """Whatever the moment: the same command must be taken every time after."""
    what = {"data": "ring8", "out": tmp_path / "run", "overrides": SMALL, "console": QUIET, "minutes": 0.002}
    for name in ("write_record", "write_recipe"):
        with monkeypatch.context() as death:
            death.setattr(RunFolder, name, lambda *arguments: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                organza.train("ring", **what)
    with monkeypatch.context() as death:
        death.setattr(checkpoint, "save", lambda *arguments: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            organza.train("ring", **what)
    first = organza.train("ring", **what)
    assert first.verdict == "healthy"
    assert json.loads((tmp_path / "run" / "run.json").read_text())["memory"]
    assert organza.train("ring", **what).images == first.images


def test_default_folders_tell_trainings_apart(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    what = {"data": "ring8", "images": 16, "console": QUIET}
    plain = organza.api.prepare("ring", **what).plan.out
    assert plain == Path("runs/ring-ring8")
    others = [
        organza.api.prepare("ring", overrides={"batch": 8}, **what).plan.out,
        organza.api.prepare("ring", overrides={"batch": 16}, **what).plan.out,
        organza.api.prepare("ring", seed=1, **what).plan.out,
    ]
    assert len({plain, *others}) == 4
    assert organza.api.prepare("ring", overrides={"batch": 8}, **what).plan.out == others[0]


@pytest.mark.parametrize(
    ("what", "message"),
    [
        ({"images": 0}, "--images must be at least 1"),
        ({"minutes": -1.0}, "--minutes must be more than 0"),
        ({"device": "tpu"}, "unknown device 'tpu'"),
        ({"device": "cuda:99"}, "no device 'cuda:99'"),
        ({"recipe": "gan"}, "learns pictures; ring8 has points"),
        ({"start": "nowhere"}, "no model at nowhere"),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_written(tmp_path, what, message):
    with pytest.raises(OrganzaError, match=message):
        organza.train(**({"recipe": "ring", "data": "ring8", "out": tmp_path / "run", "console": QUIET} | what))
    assert not (tmp_path / "run").exists()


def test_tensorboard_gets_every_row(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    train(tmp_path / "run", images=32, overrides={"log_every": 8}, tensorboard=True)
    events = EventAccumulator(str(tmp_path / "run" / "tensorboard")).Reload()
    assert [event.step for event in events.Scalars("discriminator/loss")] == [8, 16, 24, 32]


def test_checkpoints_take_their_share_of_the_time_and_no_more(tmp_path):
    recipe = replace(override(RECIPES["ring"], SMALL), images=64, log_every=64, sample_every=64)
    dataset = decode(open_source("ring8"), 1, 2)
    session = planning.make_session(recipe, {"real": dataset}, Streams(0), torch.device("cpu"))
    folder = RunFolder(tmp_path / "run")
    folder.open()
    facts = {"crop": 0, "classes": [], "seed": 0, "source": "ring8", "fingerprint": "x"}
    patient = Patient(session, dataset, "ring8", NO_MARGINS, planning.held_out(recipe, dataset.count))
    doctor = Doctor(patient, recipe, folder)
    keeper = loop.Keeper(session, recipe, folder, facts, loop.Watch(), doctor, save_every=1e-9)
    keeper.save()
    took = keeper.last_save - keeper.last_tick
    assert 0 < keeper.save_every <= took / loop.CHECKPOINT_SHARE * 1.01
    folder.close()
