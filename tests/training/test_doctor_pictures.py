"""The doctor of games that make pictures from pictures: what it knows of them, and that its word counts there, too."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import organza
from organza.console import Console
from organza.diagnosis import diagnose
from organza.recipes import RECIPES
from organza.training import doctor, probe
from organza.training.doctor import conditions_of

SMALL = {"batch": 4, "generator.width": 4, "discriminator.width": 4, "size": 32, "load": 32, "log_every": 4}


@pytest.fixture(autouse=True)
def no_long_try(monkeypatch):
    monkeypatch.setattr(probe, "SECONDS", 0.0)


@pytest.fixture
def train(tmp_path):
    """Trains a completion of a few small pictures."""
    chance = np.random.default_rng(0)
    (tmp_path / "pictures").mkdir()
    for number in range(6):
        pixels = chance.integers(0, 256, (32, 32, 3), np.uint8)
        Image.fromarray(pixels).save(tmp_path / "pictures" / f"{number}.png")

    def run(images, doctor_every=4, **more):
        return organza.train(
            "pix2pix-completion", data=str(tmp_path / "pictures"), out=tmp_path / "run", images=images,
            overrides={**SMALL, "doctor_every": doctor_every}, console=Console(quiet=True), **more,
        )  # fmt: skip

    return run


@pytest.mark.parametrize(
    ("name", "read", "besides"),
    [
        ("dcgan", True, "nothing"),
        ("cgan", True, "nothing"),
        ("cyclegan-tiny", False, "cycle"),
        ("ganilla-tiny", False, "cycle"),
        ("pix2pix-tiny", False, "targets"),
        ("pix2pix-completion", False, "targets"),
        ("deblurgan-v2-tiny", False, "targets"),
        ("srgan-tiny", False, "targets"),
    ],
)
def test_what_a_game_is_like(name, read, besides):
    conditions = conditions_of(RECIPES[name].build(), 3)
    assert (conditions.read, conditions.besides, conditions.kinds) == (read, besides, 3)


def test_a_run_of_pictures_says_on_what_its_verdict_rests(train):
    run = train(16)
    assert run.verdict == "healthy"
    diagnosis = organza.diagnose(run)
    assert "losses and gradients alone" in diagnosis.notices[-1]
    assert (run.folder / "readings.jsonl").read_text() == ""
    assert json.loads((run.folder / "diagnosis.json").read_text())["notices"] == list(diagnosis.notices)


def sick(history, *rest):
    """A doctor that finds every training lost from its beginning on."""
    return replace(diagnose(history, *rest), verdict="discriminator-dominates")


def test_a_failure_stops_a_training_without_readings(train, monkeypatch):
    monkeypatch.setattr(doctor, "diagnose", sick)
    run = train(80, stop_on_failure=True)
    assert (run.stopped, run.verdict) == (True, "discriminator-dominates")
    assert run.images == 16  # the fifth look, the first of them before the first step


def test_without_leave_it_goes_on(train, monkeypatch):
    monkeypatch.setattr(doctor, "diagnose", sick)
    assert train(24).images == 24
