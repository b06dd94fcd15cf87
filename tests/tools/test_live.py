"""The score that a training has every so often."""

import pytest
import torch
from records import cloud

from organza.data import decode, mixture_centres, open_source, to_samples
from organza.errors import OrganzaError
from organza.metrics import frechet_distance
from organza.tools import live
from organza.tools.live import live_scorer
from organza.tools.scoring import reference


@pytest.fixture(scope="module")
def source():
    return open_source("fashion-mnist-10k")


@pytest.fixture(autouse=True)
def few(monkeypatch):
    monkeypatch.setattr(live, "LIVE_REAL", 300)


def pictures(source, count):
    """The last ones."""
    return to_samples(decode(source, 28, 1).read(torch.arange(source.count - count, source.count)))


def test_pictures_are_scored_by_the_distance_of_features(source):
    scorer, reason = live_scorer(source, n=200)
    assert reason is None
    good, noise = pictures(source, 200), torch.rand(200, 1, 28, 28) * 2 - 1
    asked = []

    def sample(start, count):
        asked.append((start, count))
        return good[start : start + count]

    real = reference.Reference(source, "fashion-classifier", limit=300)
    expected = frechet_distance(real.seen.embedded, real.features.embed(good))
    assert scorer(sample) == {"fd": pytest.approx(expected, rel=1e-6)}
    assert sum(count for _, count in asked) == 200
    bad = scorer(lambda start, count: noise[start : start + count])
    assert bad["fd"] > 10 * expected
    assert scorer.best == ("fd", "lower")
    assert scorer.better({"fd": expected}, bad)
    assert not scorer.better(bad, {"fd": expected})
    assert scorer.title == "FD[fashion-classifier] of 200"


def test_real_pictures_are_looked_at_once(source, monkeypatch):
    first, _ = live_scorer(source, n=50)

    def decode_again(*arguments, **options):
        raise AssertionError("decoded again")

    monkeypatch.setattr(reference, "decode", decode_again)
    second, _ = live_scorer(source, n=50)
    good = pictures(source, 50)
    assert first(lambda start, count: good[start : start + count]) == second(
        lambda start, count: good[start : start + count]
    )


def test_the_pictures_of_the_training_serve_without_what_it_has_padded(source, monkeypatch, tmp_path):
    good = pictures(source, 50)
    alone, _ = live_scorer(source, n=50)
    monkeypatch.setenv("ORGANZA_CACHE", str(tmp_path))
    padded = decode(source, 32, 1)
    monkeypatch.setattr(reference, "decode", None)
    beside, _ = live_scorer(source, padded, n=50)
    answers = [scorer(lambda start, count: good[start : start + count]) for scorer in (alone, beside)]
    assert answers[0]["fd"] == pytest.approx(answers[1]["fd"], rel=1e-6)


def test_points_are_scored_by_their_modes():
    scorer, _ = live_scorer(open_source("ring8"), n=400)
    centres = mixture_centres("ring8")
    good, collapsed = cloud(centres, 0.01, 400), cloud(centres[:1], 0.01, 400)
    found = scorer(lambda start, count: good[start : start + count])
    assert (found["modes"], scorer.best, scorer.title) == (8, ("modes", "higher"), "Modes of 8")
    worse = scorer(lambda start, count: collapsed[start : start + count])
    assert worse["modes"] == 1
    assert worse["kl"] > 1
    assert scorer.better(found, worse)
    assert not scorer.better(worse, found)


def test_of_equally_many_modes_the_cleaner_points_are_better():
    scorer, _ = live_scorer(open_source("ring8"), n=10)
    assert scorer.best == ("modes", "higher")
    few, blurred, clean = (
        {"modes": modes, "high_quality": quality, "kl": 0.0} for modes, quality in ((7.0, 1.0), (8.0, 0.5), (8.0, 0.9))
    )
    ranked = [few, blurred, clean]
    for place, new in enumerate(ranked):
        assert [scorer.better(new, old) for old in ranked] == [at < place for at in range(3)]


def test_without_features_there_is_a_reason_and_no_scorer(source, monkeypatch):
    scorer, reason = live_scorer(source, features="fashion-clasifier")
    assert scorer is None
    assert "unknown features" in reason

    def lost(*arguments):
        raise OrganzaError("weights are lost")

    monkeypatch.setattr(reference, "load_features", lost)
    assert live_scorer(source) == (None, "no scores during the training: weights are lost")


def test_samples_that_are_not_finite_are_an_error(source):
    scorer, _ = live_scorer(source, n=20)
    with pytest.raises(OrganzaError, match="finite"):
        scorer(lambda start, count: torch.full((count, 1, 28, 28), torch.nan))
