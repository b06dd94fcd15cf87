"""The script that made the weights in the package, on a data set of stripes."""

import hashlib
import importlib.util
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from organza.data import open_source, to_samples
from organza.features import Classifier

SCRIPT = Path(__file__).parents[2] / "scripts" / "train_classifier.py"


@pytest.fixture(scope="module")
def script():
    spec = importlib.util.spec_from_file_location("train_classifier", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def stripes(tmp_path_factory):
    """A folder with a set in the form of Fashion-MNIST: the label says where a bright stripe is, among noise."""
    folder = tmp_path_factory.mktemp("stripes")
    rng = np.random.default_rng(0)
    for part, count in (("train", 640), ("t10k", 100)):
        labels = rng.integers(0, 10, count).astype(np.uint8)
        images = rng.integers(0, 60, (count, 28, 28)).astype(np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[2 * label + 4 : 2 * label + 6] = 255 if label % 2 else 160
        for array, kind in ((images, "images-idx3"), (labels, "labels-idx1")):
            header = bytes((0, 0, 8, array.ndim)) + b"".join(size.to_bytes(4, "big") for size in array.shape)
            (folder / f"{part}-{kind}-ubyte").write_bytes(header + array.tobytes())
    return folder


@pytest.fixture
def run(script, stripes, monkeypatch, capsys):
    """Run the script; returns what it printed."""
    threads = torch.get_num_threads()

    def train(out, *words):
        line = ["train_classifier.py", "fashion-mnist", "--data-dir", str(stripes), "--out", str(out), *words]
        monkeypatch.setattr(sys, "argv", line)
        script.main()
        return capsys.readouterr().out

    with torch.random.fork_rng():
        yield train
    torch.set_num_threads(threads)


def test_it_writes_weights_that_load_and_are_as_right_as_it_says(run, stripes, tmp_path):
    out = tmp_path / "stripes.safetensors"
    printed = run(out, "--epochs", "4")
    sha256 = hashlib.sha256(out.read_bytes()).hexdigest()
    assert f"sha256 {sha256}" in printed

    source = open_source("fashion-mnist", data_dir=stripes, split="test")
    classifier = Classifier("stripes", "", source.classes, out, sha256)
    record = classifier.record()
    assert (
        record["command"]
        == "python scripts/train_classifier.py fashion-mnist --epochs 4 --seed 0 --out stripes.safetensors"
    )
    assert str(stripes) not in record["command"]  # no paths of somebody's machine in a file that is given away
    images = to_samples(torch.from_numpy(source.content.images))
    right = (classifier.load().probabilities(images).argmax(1) == source.labels).double().mean().item()
    assert right == pytest.approx(record["test_accuracy"], abs=1e-4)
    assert f"{right:.2%} of 100 test pictures right" in printed
    assert right > 0.8  # a tenth by chance


def test_the_seed_decides_the_file(run, tmp_path):
    once, again, other = (tmp_path / name for name in ("a/x.safetensors", "b/x.safetensors", "c/x.safetensors"))
    for out, seed in ((once, "1"), (again, "1"), (other, "2")):
        run(out, "--epochs", "1", "--seed", seed)
    assert once.read_bytes() == again.read_bytes() != other.read_bytes()


def test_pictures_are_moved_and_mirrored_within_their_frame(script):
    picture = torch.full((400, 1, 28, 28), -1.0)
    picture[:, 0, 10, 5] = 1.0
    for mirror, columns in ((False, {4, 5, 6}), (True, {4, 5, 6, 21, 22, 23})):
        varied = script.vary(picture, mirror, torch.Generator().manual_seed(0))
        assert varied.shape == picture.shape
        places = (varied[:, 0] == 1).nonzero()
        assert len(places) == 400  # one bright pixel in each
        assert set(places[:, 1].tolist()) == {9, 10, 11}
        assert set(places[:, 2].tolist()) == columns
