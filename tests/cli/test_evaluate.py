"""`organza evaluate` and `organza data features` as a user meets them."""

import json
from pathlib import Path

import pytest
from PIL import Image

from organza import cli
from organza.data import open_source
from organza.training import probe

SMALL = ["--batch", "8", "--generator.width", "8", "--discriminator.width", "8"]


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(probe, "SECONDS", 0.0)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def organza(capsys):
    """Run a command line; returns exit status, standard output and standard error."""

    def run(line):
        with pytest.raises(SystemExit) as ended:
            cli.main(line.split() if isinstance(line, str) else line)
        captured = capsys.readouterr()
        return ended.value.code or 0, captured.out, captured.err

    return run


@pytest.fixture
def pictures():
    for name, first in (("made", 0), ("real", 40)):
        Path(name).mkdir()
        for number, pixels in enumerate(open_source("fashion-mnist-10k").content.images[first : first + 40, :, :, 0]):
            Image.fromarray(pixels).save(f"{name}/{number:02d}.png")


def test_a_trained_model_is_evaluated(organza):
    organza(["train", "ring", "--data", "ring8", "--images", "16", "--out", "run", *SMALL])
    for model in ("run", "run/model"):
        status, out, err = organza(f"evaluate {model} --data ring8 -n 200 --json")
        assert status == 0, err
        found = json.loads(out)
        assert set(found["scores"]) == {"modes", "high_quality", "kl"}
        assert (found["features"], found["n"], found["split"], found["seed"]) == (None, 200, "test", 0)
        assert (found["model"], found["resize"]) == (model, None)


def test_a_table_names_everything_that_scores_depend_on(organza, pictures):
    status, out, err = organza(
        "evaluate made --data real --features fashion-classifier --intervals --metrics fd,classes"
    )
    assert status == 0, err
    lines = out.splitlines()
    assert lines[0].startswith("FD[fashion-classifier]  ")
    assert " to " in lines[0]
    assert "lower is better" in lines[0]
    assert lines[1].startswith("Effective classes")
    protocol = "features fashion-classifier · n 40 · against 40 of real (train) · resize 28x28"
    assert sum(line.startswith(protocol) for line in lines) == 1
    assert "seed 0" in out
    assert "note: real has no test part" in out


def test_the_other_part_stands_beside(organza):
    for part in ("train", "test"):
        Path(f"data/{part}").mkdir(parents=True)
        for number, pixels in enumerate(open_source("fashion-mnist-10k").content.images[:8, :, :, 0]):
            Image.fromarray(pixels).save(f"data/{part}/{number}.png")
    status, out, err = organza("evaluate data --data data --metrics fd")
    assert status == 0, err
    assert "FD[random-conv] from test 0, from train 0: much nearer" in out
    assert "note: no features are made for data" in out


def test_features_of_a_source_become_a_file(organza, pictures):
    status, out, _ = organza("data features real --out real.safetensors -n 5 --json")
    assert status == 0
    assert json.loads(out)["n"] == 5
    assert Path("real.safetensors").exists()
    status, out, _ = organza("data features real --out real.safetensors")
    assert out.splitlines()[:2] == ["real.safetensors", "40 embeddings [224] in random-conv, of real (train)"]
    assert organza("data")[0] == 2
    assert "organza data features SOURCE --out" in organza("data --help")[1]


def test_check_says_what_data_are_enough_for(organza, pictures):
    status, out, _ = organza("data check real")
    assert status == 0
    assert "what it is enough for:\n  40 pictures: too few for a GAN from scratch" in out
    assert json.loads(organza("data check real --json")[1])["fitness"]["n"] == 40
    assert "enough" not in organza("data check real --quick")[1]


@pytest.mark.parametrize(
    ("line", "status", "words"),
    [
        ("evaluate nowhere --data ring8", 1, "no model at nowhere"),
        ("evaluate made", 2, "--data"),
        ("evaluate made --data real --metrics fid", 2, "unknown metric 'fid'"),
        ("evaluate made --data real --metrics fd,modes", 2, "modes cannot be computed: it counts the clusters"),
        ("evaluate made --data real --metrics ppl_w", 2, "needs a style generator"),
        ("evaluate made --data real --metrics ppl_z", 2, "it needs a generator, and made are pictures"),
        ("evaluate made --data ring8", 2, "made makes pictures, and ring8 has points"),
        ("evaluate made --data real --features clasifier", 2, "unknown features"),
        ("evaluate made --data real --features nowhere.onnx", 1, "nowhere.onnx"),
        ("evaluate made --data real --split validation", 2, "unknown split"),
        ("evaluate made --data real -n 0", 2, "scores need samples: -n 0 is too small"),
        ("evaluate made --data real --real 1", 2, "--real 1 is too small"),
        ("evaluate made --data real --real x", 2, "--real must be a number"),
        ("evaluate ring8 --data fashion-mnist-10k --metrics psnr", 2, "ring8 makes points"),
        ("data features nowhere --out a.safetensors", 2, "no source 'nowhere'"),
        ("data features real --out a.npz", 2, "a.safetensors"),
    ],
)
def test_errors_are_one_line(organza, pictures, line, status, words):
    got, out, err = organza(line)
    assert (got, out) == (status, "")
    assert words in err
    assert err.count("\n") == 1
    assert err.startswith("organza: ")
