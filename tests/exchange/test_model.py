"""The model folder: written, opened, refused."""

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

import organza
from organza.console import Console
from organza.errors import OrganzaError, UsageError
from organza.exchange import weights_digest
from organza.marks import read_mark
from organza.training import probe

QUIET = Console(quiet=True)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    probe.SECONDS = 0.0
    small = {"generator.width": 4, "discriminator.width": 4, "batch": 16}
    out = tmp_path_factory.mktemp("model") / "run"
    return organza.train("dcgan", data="fashion-mnist-10k", out=out, images=64, overrides=small, console=QUIET)


@pytest.fixture
def folder(trained, tmp_path):
    shutil.copytree(trained.folder / "model", tmp_path / "model")
    return tmp_path / "model"


def test_a_model_says_what_it_is(trained):
    model = organza.load(trained)
    assert model.abilities.names() == ["from_noise", "judges"]
    assert model.recipe.channels == 1
    assert len(model.classes) == 10
    assert model.config["images"] == 64
    assert model.config["weights_sha256"] == weights_digest(model.networks)
    assert set(model.networks) == {"generator"}
    assert all(name.startswith("discriminator.") for name in model.opponents)


def test_samples_have_the_shape_of_the_data_and_depend_on_seed_and_index_alone(trained):
    model = organza.load(trained)
    samples = model.sample(70, seed=3)
    assert samples.shape == (70, 1, 28, 28)
    assert samples.abs().max() <= 1
    torch.testing.assert_close(model.sample(5, seed=3), samples[:5])
    torch.testing.assert_close(model.sample(4, seed=3, first=66), samples[66:])
    assert not torch.equal(model.sample(5, seed=4), samples[:5])
    assert model.sample(0).shape == (0, 1, 28, 28)
    with pytest.raises(UsageError):
        model.sample(-1)


def test_written_samples_are_marked_and_repeatable(trained, tmp_path):
    for name in ("a", "b"):
        organza.sample(trained, 5, out=tmp_path / name, seed=1, console=QUIET)
        organza.sample(trained, 5, out=tmp_path / f"{name}.png", seed=1, console=QUIET)
    files = sorted((tmp_path / "a").iterdir())
    assert [file.name for file in files] == [f"{number:05d}.png" for number in range(5)]
    assert all(file.read_bytes() == (tmp_path / "b" / file.name).read_bytes() for file in files)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    mark = organza.verify(files[3])
    assert (mark.model, mark.seed, mark.details) == ("dcgan", 1, {"index": 3})
    assert mark.weights_sha256 == organza.load(trained).config["weights_sha256"]
    for picture in trained.folder.rglob("*.png"):
        assert read_mark(picture).ai_generated == (picture.name != "real.png")
    with pytest.raises(UsageError, match="-n must be at least 1"):
        organza.sample(trained, 0, out=tmp_path / "c", console=QUIET)
    with pytest.raises(UsageError, match=r"ends in \.png"):
        organza.sample(trained, 1, out=tmp_path / "c.jpg", console=QUIET)
    (tmp_path / "file").write_text("")
    with pytest.raises(OrganzaError, match="cannot write"):
        organza.sample(trained, 1, out=tmp_path / "file" / "c", console=QUIET)


def test_save_images_marks_too(trained, tmp_path):
    model = organza.load(trained)
    organza.save_images(model.sample(2, seed=9), tmp_path / "a.png", model=model, seed=9)
    assert organza.verify(tmp_path / "a.png").seed == 9
    organza.save_images(torch.zeros(1, 3, 4, 4), tmp_path / "b.png")
    assert organza.verify(tmp_path / "b.png").ai_generated


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: (f / "model.safetensors").unlink(), "no model in"),
        (lambda f: (f / "config.json").write_text("{"), "is damaged"),
        (lambda f: (f / "config.json").write_text("[]"), "does not describe a model"),
        (lambda f: (f / "model.safetensors").write_bytes(b"xx"), "is damaged"),
        (
            lambda f: save_file({"generator.x": torch.zeros(1)}, f / "model.safetensors"),
            "do not fit the network 'generator'",
        ),
    ],
)
def test_spoilt_folders_are_refused_in_one_line(folder, spoil, message):
    organza.load(folder)
    spoil(folder)
    with pytest.raises(OrganzaError, match=message) as caught:
        organza.load(folder)
    assert "\n" not in str(caught.value)


def test_a_model_of_a_newer_organza_is_refused(folder):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "format": 99, "organza": "9.0"}))
    with pytest.raises(OrganzaError, match=r"written by organza 9\.0.*upgrade"):
        organza.load(folder)


def test_weights_of_another_moment_are_refused(folder):
    assert (folder / "model.safetensors").stat().st_mode & 0o044
    weights = load_file(folder / "model.safetensors")
    name = next(name for name in weights if name.endswith("weight"))
    weights[name].view(-1)[0] += 1e-6
    save_file(weights, folder / "model.safetensors")
    with pytest.raises(OrganzaError, match="not those that its config"):
        organza.load(folder)


def test_points_are_drawn_as_a_cloud(tmp_path):
    run = organza.train(
        "ring",
        data="ring8",
        out=tmp_path / "run",
        images=16,
        overrides={"generator.width": 8, "batch": 8},
        console=QUIET,
    )
    assert organza.load(run).sample(3).shape == (3, 2, 1, 1)
    organza.sample(run, 100, out=tmp_path / "cloud.png", console=QUIET)
    with pytest.raises(UsageError, match="drawn together"):
        organza.sample(run, 100, out=tmp_path / "clouds", console=QUIET)
    from PIL import Image

    assert Image.open(tmp_path / "cloud.png").size == (480, 480)
