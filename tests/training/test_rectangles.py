"""Rectangular pictures that stay whole: filled up for the training, and cropped again wherever samples come out."""

import json
import math

import numpy as np
import pytest
import torch
from PIL import Image

import organza
from organza import api
from organza.console import Console
from organza.data import Margins, decode, open_source, to_pixels
from organza.errors import UsageError
from organza.exchange import load_model
from organza.recipes import RECIPES, override, read_recipe
from organza.tools.scoring import open_reference
from organza.training import RunFolder, probe

QUIET = Console(quiet=True)
SMALL = {"size": 16, "batch": 4, "generator.width": 8, "discriminator.width": 8, "rectangles": "pad", "flip": True}


@pytest.fixture(autouse=True)
def small(monkeypatch, tmp_path):
    monkeypatch.setattr(probe, "SECONDS", 0.0)
    monkeypatch.setenv("ORGANZA_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def pictures(tmp_path):
    return write(tmp_path / "pictures", [(20, 30)] * 20 + [(40, 60)] * 10)


def write(folder, sizes):
    folder.mkdir()
    for number, (width, height) in enumerate(sizes):
        pixels = np.random.default_rng(number).integers(60, 256, (height, width), np.uint8)  # nothing is black
        Image.fromarray(pixels).save(folder / f"{number:03d}.png")
    return folder


def train(tmp_path, data, images=8, recipe="gan", overrides=(), **what):
    changes = SMALL | dict(overrides)
    return organza.train(
        recipe, data=str(data), out=tmp_path / "run", images=images, overrides=changes, console=QUIET, **what
    )


def size_of(path):
    with Image.open(path) as picture:
        return picture.size


def test_a_training_of_whole_rectangles(tmp_path, pictures):
    job = api.prepare("gan", data=str(pictures), overrides=SMALL, console=QUIET)
    assert "20x30 resized to 11x16 and padded to 16x16 (2 and 3 pixels left and right" in dict(job.plan.lines())["data"]
    assert job.dataset.shape == (1, 16, 16)
    assert job.dataset.read(torch.arange(30)).min() > 0

    run = train(tmp_path, pictures, score_every=4)
    assert math.isfinite(run.scores["fd"])
    folder = RunFolder(tmp_path / "run")
    assert "samples come out as 11x16" in folder.read_record()["source"]["fit"]
    assert read_recipe(folder.recipe_file).rectangles == "pad"
    assert {size_of(path) for path in folder.samples.glob("0*.png")} == {(88, 128)}
    assert size_of(folder.samples / "real.png")[0] == 88

    train(tmp_path, pictures, images=12)  # goes on
    model = load_model(tmp_path / "run")
    assert model.config["crop"] == [0, 0, 2, 3]
    assert model.sample(3).shape == (3, 1, 16, 11)
    with pytest.raises(UsageError, match="rectangles pad, not crop"):
        train(tmp_path, pictures, images=12, overrides={"rectangles": "crop"})

    scores = organza.evaluate(tmp_path / "run", data=str(pictures), n=30)
    assert math.isfinite(scores.values["fd"])
    assert scores.resize.endswith("of whole rectangles")


def test_real_pictures_are_looked_at_as_the_training_saw_them(pictures):
    reference = open_reference(str(pictures), split="train")
    whole = reference.with_rectangles("pad")
    assert (reference.shape, whole.shape) == ((1, 20, 20), (1, 30, 20))
    assert reference.with_rectangles("crop") is reference
    assert reference.key != whole.key
    (block, _), *_ = whole.blocks(torch.arange(30))
    assert block.shape == (30, 1, 30, 20)
    with Image.open(pictures / "003.png") as picture:
        assert np.array_equal(to_pixels(block)[3, :, :, 0], picture)


def test_the_cache_keeps_both_ways_apart(pictures):
    source, every = open_source(str(pictures)), torch.arange(30)
    kept = [decode(source, 16, 1, rectangles=rectangles).read(every) for rectangles in ("crop", "pad")]
    assert not torch.equal(*kept)
    for rectangles, values in zip(("crop", "pad"), kept, strict=True):
        assert torch.equal(decode(source, 16, 1, rectangles=rectangles).read(every), values)


def test_pictures_of_several_proportions_are_refused(tmp_path):
    source = open_source(str(write(tmp_path / "mixed", [(20, 30), (20, 30), (30, 20)])))
    with pytest.raises(UsageError, match="several proportions, as 20x30 and 30x20"):
        decode(source, 16, 1, rectangles="pad")
    assert decode(source, 16, 1).shape == (1, 16, 16)
    squares = open_source(str(write(tmp_path / "squares", [(20, 20), (30, 30), (30, 30)])))
    assert torch.equal(*(decode(squares, 16, 1, rectangles=way).read(torch.arange(3)) for way in ("crop", "pad")))


@pytest.mark.parametrize(
    ("recipe", "changes", "message"),
    [
        ("dcgan", {"native": True}, "--native true cuts squares"),
        ("dcgan", {"load": 72}, "--load cuts squares"),
        ("ring", {}, "points of the plane are no rectangles"),
        ("dcgan", {"rectangles": "stretch"}, "'rectangles' cannot be 'stretch'"),
    ],
)
def test_what_does_not_go_together(recipe, changes, message):
    with pytest.raises(UsageError, match=message):
        override(RECIPES[recipe], {"rectangles": "pad", **changes})


def test_makers_of_pictures_from_pictures_refuse(tmp_path, pictures):
    with pytest.raises(UsageError, match="makes pictures from pictures of any shape"):
        train(tmp_path, f"{pictures},{pictures}", recipe="cyclegan-tiny", overrides={"load": 0})


def test_models_of_older_versions_are_cropped_alike(tmp_path):
    run = organza.train(
        "gan", data="fashion-mnist-10k", out=tmp_path / "run", images=4, overrides={"batch": 4}, console=QUIET
    )
    config = tmp_path / "run" / "model" / "config.json"
    assert json.loads(config.read_text())["crop"] == 0
    config.write_text(json.dumps({**json.loads(config.read_text()), "crop": 2}))
    assert load_model(run.folder).sample(1).shape == (1, 1, 24, 24)
    assert Margins.read([2, 2, 2, 2]).record == 2
