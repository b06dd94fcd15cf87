"""What data are said to be enough for, and embeddings as a file."""

import json

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open

import organza
from organza.console import Console
from organza.data import open_source
from organza.errors import UsageError
from organza.features import load_features
from organza.tools import fitness
from organza.tools.fitness import enough_for, fitness_of, shares_of, standard_scores

QUIET = Console(quiet=True)


@pytest.fixture
def few(monkeypatch):
    monkeypatch.setattr(fitness, "LOOKED_AT", 300)


def write(folder, pictures):
    folder.mkdir(parents=True)
    for number, pixels in enumerate(pictures):
        Image.fromarray(pixels).save(folder / f"{number:04d}.png")


def test_clothes_are_told_from_data_that_repeat_themselves(few, tmp_path):
    good = fitness_of(open_source("fashion-mnist-10k"))
    assert (good.n, good.looked_at, good.half, good.features) == (10_000, 300, 150, "fashion-classifier")
    assert good.effective_classes == pytest.approx(10)
    assert good.smallest_class == good.largest_class == pytest.approx(0.1)
    assert good.near_duplicates == 0
    pictures = open_source("fashion-mnist-10k").content.images[:60, :, :, 0]
    almost = pictures.copy()
    almost[:, 0, 0] ^= 1  # no copies byte for byte
    write(tmp_path / "twice", [*pictures, *almost])
    write(tmp_path / "once", pictures)
    found = [fitness_of(open_source(str(tmp_path / name)), "fashion-classifier") for name in ("twice", "once")]
    assert found[0].near_duplicates == 120
    assert found[1].near_duplicates <= 2


def test_halves_that_differ_are_far_apart(few, monkeypatch):
    """The floor grows as there are fewer pictures: that is why it is told with their number."""
    many = fitness_of(open_source("fashion-mnist-10k"))
    monkeypatch.setattr(fitness, "LOOKED_AT", 40)
    some = fitness_of(open_source("fashion-mnist-10k"))
    assert 0 < many.distance_of_halves < some.distance_of_halves / 2
    assert f"{many.distance_of_halves:.4g}" in " ".join(many.sentences)


def test_balance_is_of_the_classes(tmp_path):
    rng = np.random.default_rng(0)
    for name, count in (("common", 9), ("rare", 3)):
        write(tmp_path / "data" / name, rng.integers(0, 255, (count, 8, 8), np.uint8))
    source = open_source(str(tmp_path / "data"))
    assert shares_of(source).tolist() == [0.75, 0.25]
    found = fitness_of(source)
    assert (found.smallest_class, found.largest_class) == (0.25, 0.75)
    assert 1 < found.effective_classes < 2
    assert (found.looked_at, found.features, found.distance_of_halves, found.near_duplicates) == (0, None, None, None)


def test_points_are_a_toy():
    found = fitness_of(open_source("ring8"))
    assert found.verdict == "a toy on which modes can be counted"
    assert found.effective_classes == pytest.approx(8, abs=0.01)
    assert found.features is None


@pytest.mark.parametrize(
    ("count", "words"),
    [(2, "fine-tuning"), (199, "fine-tuning"), (200, "augmentation"), (1999, "augmentation"), (2000, "small GAN"),
     (10_000, "GAN from scratch")],
)  # fmt: skip
def test_a_number_of_pictures_is_enough_for_something(count, words):
    assert words in enough_for(count)


@pytest.mark.parametrize(
    ("count", "words"), [(2047, "too few"), (2048, "equal numbers"), (50_000, "as it is published")]
)
def test_fid_needs_many_pictures(count, words):
    assert words in standard_scores(count)


def test_check_tells_fitness_unless_it_is_to_be_quick(few, tmp_path):
    found = organza.check("fashion-mnist-10k", console=QUIET)
    assert found.fitness["looked_at"] == 300
    assert json.loads(json.dumps(found.fitness))["verdict"] == found.fitness["verdict"]
    assert organza.check("fashion-mnist-10k", quick=True, console=QUIET).fitness is None
    assert (
        organza.check("fashion-mnist-10k", features="random-conv", console=QUIET).fitness["features"] == "random-conv"
    )
    with pytest.raises(UsageError, match="unknown features"):
        organza.check("fashion-mnist-10k", features="random-cnov", console=QUIET)
    write(tmp_path / "one", np.zeros((1, 8, 8), np.uint8))
    unfit = organza.check(str(tmp_path / "one"), console=QUIET)
    assert "not fit" in unfit.sentence
    assert unfit.fitness is None


def test_embeddings_are_written_with_what_they_are(tmp_path):
    file = tmp_path / "deep" / "clothes.safetensors"
    facts = organza.data_features("fashion-mnist-10k", out=file, n=50, device="cpu", console=QUIET)
    with safe_open(file, "pt") as stored:
        assert json.loads(stored.metadata()["organza"]) == facts
        embedded, indices, labels = (stored.get_tensor(name) for name in ("features", "indices", "labels"))
    source = open_source("fashion-mnist-10k")
    assert (facts["features"], facts["n"], facts["dim"]) == ("fashion-classifier", 50, 96)
    assert (facts["fingerprint"], facts["split"]) == (source.fingerprint, "train")
    assert torch.equal(labels, source.labels[indices])
    assert torch.equal(indices, indices.unique())  # each once, in the order of the source
    images = torch.from_numpy(source.content.images)[indices].permute(0, 3, 1, 2) / 127.5 - 1
    assert torch.allclose(embedded, load_features("fashion-classifier").embed(images), atol=1e-4)


def test_without_a_number_all_are_embedded(tmp_path):
    write(tmp_path / "data", np.random.default_rng(0).integers(0, 255, (7, 9, 9), np.uint8))
    facts = organza.data_features(str(tmp_path / "data"), out=tmp_path / "a.safetensors", device="cpu", console=QUIET)
    assert (facts["n"], facts["features"]) == (7, "random-conv")
    with safe_open(tmp_path / "a.safetensors", "pt") as stored:
        assert set(stored.keys()) == {"features", "indices"}


def test_what_cannot_be_embedded_is_refused(tmp_path):
    with pytest.raises(UsageError, match="points, which have no features"):
        organza.data_features("ring8", out=tmp_path / "a.safetensors", console=QUIET)
    with pytest.raises(UsageError, match=r"--out .*a\.safetensors"):
        organza.data_features("fashion-mnist-10k", out=tmp_path / "a.npz", console=QUIET)
    with pytest.raises(UsageError, match="-n must be at least 1"):
        organza.data_features("fashion-mnist-10k", out=tmp_path / "a.safetensors", n=0, console=QUIET)
