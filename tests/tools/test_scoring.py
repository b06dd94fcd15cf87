"""Scores of models that are as good as the data, or bad in one known way, and a memory for them."""

import json

import pytest
import torch
from records import MadeUpModel, cloud

from organza.data import decode, mixture_centres, to_samples
from organza.errors import OrganzaError, UsageError
from organza.tools.scoring import METRICS, Scores, fakes_of_model, measures, open_reference, reference, score, score_run
from organza.tools.scoring import score_samples as samples_scored
from organza.tools.scoring.table import DEFAULT, PAIRS, POINTS, STANDARD, STYLE

N = 400


@pytest.fixture(scope="module")
def few():
    before = reference.REAL, measures.ROUNDS
    reference.REAL, measures.ROUNDS = 600, 30
    yield
    reference.REAL, measures.ROUNDS = before


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
    """All that a labelled model allows, of real pictures."""
    fakes = fakes_of_model(MadeUpModel(real[0], clothes.features.classes, real[1]), N, 0)
    return samples_scored(fakes, clothes, intervals=True)


def all_scores(clothes, images, **options):
    return samples_scored(fakes_of_model(MadeUpModel(images), len(images), 0), clothes, **options).values


def test_the_data_themselves_score_best(scores_of_data):
    values = scores_of_data.values
    assert list(values) == [key for key in METRICS if key in DEFAULT]
    assert values["fd"] < 1
    assert abs(values["kid"]) < 0.01
    assert min(values["precision"], values["recall"]) > 0.7
    assert values["density"] == pytest.approx(1, abs=0.15)
    assert values["coverage"] > 0.85
    assert 6 < values["is"] <= 10
    assert 9 < values["classes"] <= 10
    assert values["entropy"] == pytest.approx(torch.tensor(values["classes"]).log().item(), abs=1e-5)
    assert values["smallest_class"] > 0.05
    assert values["accuracy"] > 0.85
    assert values["diversity"] == pytest.approx(1, abs=0.1)
    assert values["memorisation"] < 0.05
    assert scores_of_data.details["memorisation_ratio"] == pytest.approx(1, abs=0.2)


def test_intervals_hold_their_scores(scores_of_data):
    assert set(scores_of_data.intervals) == {"fd", "kid", "is", "classes", "entropy", "smallest_class", "accuracy"}
    for key, (low, high) in scores_of_data.intervals.items():
        assert low <= scores_of_data[key] <= high, key
    assert any("no intervals for precision" in note for note in scores_of_data.notes)


def test_scores_say_what_they_depend_on(scores_of_data):
    assert (scores_of_data.features, scores_of_data.n, scores_of_data.real) == ("fashion-classifier", N, 600)
    assert (scores_of_data.split, scores_of_data.data) == ("train", "fashion-mnist-10k")
    assert "28x28" in scores_of_data.resize
    assert "no test part" in scores_of_data.notes[0]
    assert len(scores_of_data.features_sha256) == 64
    titles = {metric.key: metric.title for metric in scores_of_data.metrics}
    assert titles["fd"] == "FD[fashion-classifier]"
    assert titles["is"] == "IS[fashion-classifier]"
    for word in ("fashion-classifier", "n 400", "600 of fashion-mnist-10k (train)", "28x28", "seed 0"):
        assert word in scores_of_data.protocol


def test_fid_is_what_only_the_standard_weights_have():
    assert not any("FID" in metric.title for metric in METRICS.values())
    assert METRICS["fd"].of("inception", standard_inception=True).title == "FID"
    assert METRICS["fd"].of("inception").title == "FD[inception]"
    assert METRICS["precision"].of("inception", standard_inception=True).title == "Precision"
    assert all(metric.meaning.endswith(".") and len(metric.brief) < 90 for metric in METRICS.values())


def test_noise_scores_worse(clothes, scores_of_data):
    noise = torch.rand(N, 1, 28, 28, generator=torch.Generator().manual_seed(0)) * 2 - 1
    values = all_scores(clothes, noise)
    assert values["fd"] > 20 * scores_of_data["fd"]
    assert values["kid"] > 1
    assert max(values["precision"], values["coverage"], values["memorisation"]) < 0.1
    assert not {"accuracy", "diversity"} & set(values)


def test_one_picture_again_and_again_is_one_class_without_diversity(clothes, real):
    same = real[0][:1].expand(N, -1, -1, -1)
    values = score(MadeUpModel(same, clothes.features.classes, torch.arange(N) % 10), clothes, n=N).values
    assert list(values) == [key for key in METRICS if key in STANDARD]
    assert values["classes"] == pytest.approx(1)
    assert values["smallest_class"] == values["diversity"] == 0
    assert values["accuracy"] == pytest.approx(0.1)


def test_a_generator_that_copies_the_training_pictures_is_caught(clothes):
    copies = to_samples(decode(clothes.source, 28, 1).read(clothes.chosen[:100]))
    assert all_scores(clothes, copies, metrics=["memorisation"]) == {"memorisation": 1.0}


def test_scores_are_of_all_samples_and_what_is_kept_is_capped(clothes, real, monkeypatch):
    from organza.tools.scoring import evaluation

    whole = all_scores(clothes, real[0], metrics=["fd", "classes", "precision"])
    monkeypatch.setattr(evaluation, "KEPT", 100)
    found = samples_scored(fakes_of_model(MadeUpModel(real[0]), N, 0), clothes, ["fd", "classes", "precision"])
    assert found["fd"] == whole["fd"]
    assert found["classes"] == whole["classes"]
    assert found["precision"] == all_scores(clothes, real[0][:100], metrics=["precision"])["precision"]
    assert any("first 100 of 400 pictures only: precision" in note for note in found.notes)


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


def test_too_few_pictures_leave_out_what_needs_more(tmp_path, real):
    from PIL import Image

    for number in range(3):
        Image.new("L", (28, 28), 50 * number).save(tmp_path / f"{number}.png")
    found = score(MadeUpModel(real[0]), str(tmp_path), n=8)
    assert found.features == "random-conv"
    assert list(found.values) == ["fd"]
    assert any("random-conv sees textures" in note and "--features" in note for note in found.notes)
    assert any(note.startswith("no precision: ") for note in found.notes)
    named = open_reference(str(tmp_path), "fashion-classifier")
    with pytest.raises(UsageError, match="at least 4 real features"):  # what is asked for is not left out in silence
        samples_scored(fakes_of_model(MadeUpModel(real[0]), 8, 0), named, ["precision"])
    with pytest.raises(OrganzaError, match="at least 2"):  # nothing is left
        samples_scored(fakes_of_model(MadeUpModel(real[0]), 1, 0), named, ["fd"])


def test_what_cannot_be_scored_is_refused(real):
    with pytest.raises(UsageError, match="makes pictures, and ring8 has points"):
        score(MadeUpModel(real[0]), "ring8", n=8)
    with pytest.raises(UsageError, match="unknown features"):
        open_reference("fashion-mnist-10k", "fashion-clasifier")
    with pytest.raises(UsageError, match="without features"):
        open_reference("ring8", "fashion-classifier")
    with pytest.raises(UsageError, match="-n 0 is too small"):
        score(MadeUpModel(real[0]), "fashion-mnist-10k", n=0)


@pytest.mark.parametrize(
    ("key", "words"),
    [
        *((key, "name a folder of pictures instead of the model") for key in PAIRS),
        *((key, "needs a style generator") for key in STYLE),
        *((key, "counts the clusters of a mixture") for key in POINTS),
        ("accuracy", "asked for no labels"),
        ("diversity", "asked for no labels"),
        ("precison", "did you mean precision"),
    ],
)
def test_a_score_that_cannot_be_had_is_refused_with_the_reason(clothes, real, key, words):
    with pytest.raises(UsageError, match=words):
        all_scores(clothes, real[0], metrics=["fd", key])


@pytest.mark.parametrize("key", ["is", "classes", "entropy", "smallest_class"])
def test_scores_of_classes_need_a_classifier(real, key):
    textures = open_reference("fashion-mnist-10k", "random-conv")
    with pytest.raises(UsageError, match="needs a classifier, and the features random-conv are none"):
        all_scores(textures, real[0], metrics=[key])


def test_scores_are_remembered_as_long_as_nothing_has_changed(tmp_path):
    model, ring = MadeUpModel(cloud(mixture_centres("ring8"), 0.01, 300)), open_reference("ring8")
    first = score_run(tmp_path, model, ring, n=200)
    assert isinstance(first, Scores)
    assert model.drawn == 200
    assert score_run(tmp_path, model, ring, n=200) == first
    assert model.drawn == 200
    for change in ("n", "seed", "weights"):
        drawn = model.drawn
        if change == "weights":
            model.config = {"weights_sha256": "1" * 64}
        score_run(tmp_path, model, ring, n=201 if change == "n" else 200, seed=1 if change == "seed" else 0)
        assert model.drawn > drawn, change
    (tmp_path / "scores.json").write_text(json.dumps({"known": [{"key": 1}]}))
    model.config = {"weights_sha256": "0" * 64}
    again = score_run(tmp_path, model, ring, n=200)
    assert (again.values, again.notes) == (first.values, first.notes)
