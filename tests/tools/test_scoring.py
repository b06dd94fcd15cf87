"""Scores of models that are as good as the data, or bad in one known way."""

import json

import pytest
import torch
from records import MadeUpModel, cloud

from organza.data import decode, mixture_centres, to_samples
from organza.errors import UsageError
from organza.tools import scoring
from organza.tools.scoring import METRICS, open_reference, score, score_run

N = 400


@pytest.fixture(scope="module")
def few():
    before, scoring.REAL = scoring.REAL, 600
    yield
    scoring.REAL = before


@pytest.fixture(scope="module")
def clothes(few):
    return open_reference("fashion-mnist-10k")


@pytest.fixture(scope="module")
def real(clothes):
    """Real clothes that the reference does not hold, and their classes."""
    others = torch.ones(clothes.source.count, dtype=torch.bool)
    others[clothes.chosen] = False
    indices = others.nonzero()[:N, 0]
    return to_samples(decode(clothes.source, 28, 1).read(indices)), clothes.source.labels[indices]


@pytest.fixture(scope="module")
def scores_of_data(clothes, real):
    return score(MadeUpModel(real[0], clothes.features.classes, real[1]), clothes, n=N)


def test_the_data_themselves_score_best(scores_of_data):
    values = scores_of_data.values
    assert list(values) == ["fd", "precision", "recall", "classes", "smallest_class", "accuracy", "diversity"]
    assert values["fd"] < 1
    assert min(values["precision"], values["recall"]) > 0.7
    assert 9 < values["classes"] <= 10
    assert values["smallest_class"] > 0.05
    assert values["accuracy"] > 0.85
    assert values["diversity"] == pytest.approx(1, abs=0.1)


def test_scores_say_what_they_depend_on(scores_of_data):
    assert (scores_of_data.features, scores_of_data.n, scores_of_data.real) == ("fashion-classifier", N, 600)
    assert (scores_of_data.split, scores_of_data.data) == ("train", "fashion-mnist-10k")
    assert "28x28" in scores_of_data.resize
    assert "no test part" in scores_of_data.notes[0]
    titles = [metric.title for metric in scores_of_data.metrics]
    assert titles[0] == "FD[fashion-classifier]"
    assert not any("FID" in metric.title for metric in METRICS.values())
    assert all(metric.meaning.endswith(".") for metric in METRICS.values())


def test_noise_scores_worse(clothes, scores_of_data):
    noise = torch.rand(N, 1, 28, 28, generator=torch.Generator().manual_seed(0)) * 2 - 1
    values = score(MadeUpModel(noise), clothes, n=N).values
    assert values["fd"] > 20 * scores_of_data.values["fd"]
    assert values["precision"] < 0.1
    assert set(values) == {"fd", "precision", "recall", "classes", "smallest_class"}


def test_one_picture_again_and_again_is_one_class_without_diversity(clothes, real):
    same = real[0][:1].expand(N, -1, -1, -1)
    values = score(MadeUpModel(same, clothes.features.classes, torch.arange(N) % 10), clothes, n=N).values
    assert values["classes"] == pytest.approx(1)
    assert values["smallest_class"] == values["diversity"] == 0
    assert values["accuracy"] == pytest.approx(0.1)


def test_labels_that_mean_something_else_get_no_accuracy(clothes, real):
    found = score(MadeUpModel(real[0], tuple("abcdefghij"), real[1]), clothes, n=N)
    assert not {"accuracy", "diversity"} & set(found.values)
    assert "no accuracy" in " ".join(found.notes)


@pytest.mark.parametrize("name", ["ring8", "grid25"])
def test_points_are_scored_by_their_modes(name):
    centres = mixture_centres(name)
    found = score(MadeUpModel(cloud(centres, 0.01, 500)), name, n=500)
    assert found.values["modes"] == len(centres)
    assert found.values["high_quality"] > 0.95
    assert found.values["kl"] == pytest.approx(0, abs=1e-3)
    assert (found.features, found.resize) == (None, None)
    collapsed = score(MadeUpModel(cloud(centres[:2], 0.01, 500)), name, n=500).values
    assert collapsed["modes"] == 2
    assert collapsed["kl"] > 1


def test_pictures_without_features_have_no_scores_and_a_reason(tmp_path, real):
    from PIL import Image

    for number in range(3):
        Image.new("L", (28, 28), number).save(tmp_path / f"{number}.png")
    found = score(MadeUpModel(real[0]), str(tmp_path), n=8)
    assert found.values == {}
    assert "no features" in found.notes[-1]
    named = open_reference(str(tmp_path), "fashion-classifier")
    with pytest.raises(UsageError):  # three real pictures have no third neighbour
        score(MadeUpModel(real[0]), named, n=8)


def test_what_cannot_be_scored_is_refused(real):
    with pytest.raises(UsageError, match="makes pictures, and ring8 has points"):
        score(MadeUpModel(real[0]), "ring8", n=8)
    with pytest.raises(UsageError, match="unknown features"):
        open_reference("fashion-mnist-10k", "fashion-clasifier")
    with pytest.raises(UsageError, match="without features"):
        open_reference("ring8", "fashion-classifier")


def test_scores_are_remembered_as_long_as_nothing_has_changed(tmp_path):
    model, reference = MadeUpModel(cloud(mixture_centres("ring8"), 0.01, 300)), open_reference("ring8")
    first = score_run(tmp_path, model, reference, n=200)
    assert model.drawn == 200
    assert score_run(tmp_path, model, reference, n=200) == first
    assert model.drawn == 200
    for change in ("n", "seed", "weights"):
        drawn = model.drawn
        if change == "weights":
            model.config = {"weights_sha256": "1" * 64}
        score_run(tmp_path, model, reference, n=201 if change == "n" else 200, seed=1 if change == "seed" else 0)
        assert model.drawn > drawn, change
    (tmp_path / "scores.json").write_text(json.dumps({"known": [{"key": 1}]}))
    model.config = {"weights_sha256": "0" * 64}
    assert score_run(tmp_path, model, reference, n=200) == first
