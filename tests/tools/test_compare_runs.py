"""Run folders side by side: what is scored, what is left out, and what is written."""

import csv
import json
import shutil
from dataclasses import replace

import pytest
import torch
from records import MadeUpModel, record

from organza import api
from organza.console import Console
from organza.errors import OrganzaError, UsageError
from organza.marks import read_mark
from organza.tools import comparison
from organza.tools.comparison import Wanted, compare_runs, most_common_data, sample_grid
from organza.tools.scoring import Scores, evaluation, reference, why_not_beside
from organza.training import probe

QUIET = Console(quiet=True)
KEYS = {
    "format", "title", "clock", "data", "features", "n", "real", "split", "resize", "seed", "notes", "metrics", "groups", "runs",
    "failures", "sections",
}  # fmt: skip
GROUP_KEYS = {
    "name", "recipe", "paper", "settings", "runs", "parameters", "scores", "images", "seconds", "images_per_second",
    "verdicts", "picture", "command",
}  # fmt: skip
RUN_KEYS = {"run", "name", "group", "seed", "verdict", "reason", "images", "seconds", "scores"}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Three rings of two widths, one grid, one perceptron on clothes."""
    folder, before = tmp_path_factory.mktemp("runs"), (probe.SECONDS, reference.REAL)
    probe.SECONDS, reference.REAL = 0.0, 300
    small = {"batch": 32, "generator.width": 8, "discriminator.width": 8}
    for name, recipe, data, seed, width in (
        ("a0", "ring", "ring8", 0, 8), ("a1", "ring", "ring8", 1, 8), ("b0", "ring", "ring8", 0, 9),
        ("grid", "ring", "grid25", 0, 8), ("clothes", "gan", "fashion-mnist-10k", 0, 8),
    ):  # fmt: skip
        api.train(
            recipe, data=data, out=folder / name, seed=seed, images=64, device="cpu", console=QUIET,
            overrides=small | {"generator.width": width},
        )  # fmt: skip
    yield folder
    probe.SECONDS, reference.REAL = before


@pytest.fixture(scope="module")
def compared(runs, tmp_path_factory):
    (runs / "empty").mkdir()
    shutil.copytree(runs / "a0", runs / "hurt")
    weights = runs / "hurt" / "model" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    shutil.copytree(runs / "a0", runs / "altered")
    (runs / "altered" / "run.json").write_text('{"status": {}}')
    names = ("a0", "b0", "grid", "a1", "empty", "hurt", "altered", "a0")
    found = api.compare([runs / name for name in names], out=runs / "out", n=100, device="cpu", console=QUIET)
    return runs / "out", found


def test_the_record_is_as_agreed(compared):
    out, found = compared
    written = json.loads((out / "compare.json").read_text())
    assert written == json.loads(json.dumps(found.record))
    assert set(written) == KEYS
    assert all(set(group) == GROUP_KEYS for group in written["groups"])
    assert all(set(run) == RUN_KEYS for run in written["runs"])
    assert all(set(metric) == {"key", "title", "better", "meaning"} for metric in written["metrics"])
    assert (written["format"], written["data"], written["features"], written["n"]) == (1, "ring8", None, 100)
    for run in written["runs"]:
        assert (out / run["run"] / "run.json").exists()
    assert (out / "comparison.html").stat().st_size > 1000


def test_runs_that_differ_in_the_seed_only_are_one_group(compared):
    written = compared[1].record
    assert [run["name"] for run in written["runs"]] == ["a0", "b0", "grid", "a1"]
    assert [group["runs"] for group in written["groups"]] == [[0, 3], [1], [2]]
    assert [run["group"] for run in written["runs"]] == [0, 1, 2, 0]
    settings = [group["settings"] for group in written["groups"]]
    assert settings == [
        {"data": "ring8", "generator.width": "8"},
        {"data": "ring8", "generator.width": "9"},
        {"data": "grid25", "generator.width": "8"},
    ]
    kl = written["groups"][0]["scores"]["kl"]
    assert kl["values"] == [written["runs"][0]["scores"]["kl"], written["runs"][3]["scores"]["kl"]]
    assert kl["sd"] is not None
    assert written["groups"][1]["scores"]["kl"]["sd"] is None
    assert written["groups"][0]["verdicts"] == {"healthy": 2}
    assert written["groups"][0]["parameters"].keys() == {"generator", "discriminator"}


def test_scores_on_other_data_are_refused(compared):
    written = compared[1].record
    assert written["runs"][2]["scores"] == {}
    assert written["groups"][2]["scores"] == {}
    assert any(note.startswith("grid has no scores here: it was trained on grid25") for note in written["notes"])


def test_what_cannot_be_compared_is_listed_with_its_reason(compared):
    failures = {failure["name"]: failure["reason"] for failure in compared[1].record["failures"]}
    assert set(failures) == {"empty", "hurt", "altered"}
    assert "no run" in failures["empty"]
    assert "damaged" in failures["hurt"]
    assert "run.json is damaged" in failures["altered"]


def test_tables_and_pictures_are_written(compared):
    out, found = compared
    assert "| data=ring8 generator.width=8 | 2 |" in (out / "table.md").read_text()
    assert (out / "table.md").read_text() == found.table
    rows = list(csv.DictReader((out / "table.csv").open()))
    assert [row["runs"] for row in rows] == ["2", "1", "1"]
    pictures = [group["picture"] for group in found.record["groups"]]
    assert len(set(pictures)) == 3
    for picture in pictures:
        assert read_mark(out / picture).ai_generated


def test_pictures_are_scored_with_features_and_the_scores_are_remembered(runs, tmp_path, monkeypatch):
    wanted = Wanted(n=64)
    found = compare_runs([runs / "clothes"], tmp_path / "one", wanted, sections=[{"title": "more"}], notes=["first"])
    assert found["features"] == "fashion-classifier"
    assert found["metrics"][0]["title"] == "FD[fashion-classifier]"
    assert found["notes"][0] == "first"
    assert found["sections"] == [{"title": "more"}]
    assert (runs / "clothes" / "scores.json").exists()

    def again(*arguments):
        raise AssertionError("scored twice")

    monkeypatch.setattr(evaluation, "score", again)
    assert compare_runs([runs / "clothes"], tmp_path / "two", wanted)["runs"][0]["scores"] == found["runs"][0]["scores"]


SCORED = Scores(
    values={"fd": 1.0}, features="random-conv", n=64, real=100, split="test", resize="64x64", seed=0, data="a",
    fingerprint="f", features_sha256="0",
)  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"features": "inception"}, "scores of features random-conv and of features inception"),
        ({"features_sha256": "1"}, "features_sha256 0"),
        ({"n": 65}, "scores of n 64 and of n 65"),
        ({"real": 101}, "real 100 and of real 101"),
        ({"split": "train"}, "split test and of split train"),
        ({"resize": "8x8"}, "resize 64x64"),
        ({"seed": 1}, "seed 0 and of seed 1"),
        ({"data": "b", "fingerprint": "g"}, "data a and of data b"),
        ({"fingerprint": "g"}, "fingerprint f and of fingerprint g"),
    ],
)
def test_scores_that_depend_on_different_things_are_refused_in_one_table(runs, tmp_path, monkeypatch, change, words):
    other = replace(SCORED, **change)
    assert words in why_not_beside(SCORED, other)
    answers = iter([SCORED, other])
    monkeypatch.setattr(comparison, "score_run", lambda *arguments: next(answers))
    with pytest.raises(UsageError, match=f"a0 and a1 cannot be compared: .*{words}"):
        compare_runs([runs / "a0", runs / "a1"], tmp_path, Wanted())


def test_scores_that_differ_in_their_values_only_stand_in_one_table():
    assert why_not_beside(SCORED, replace(SCORED, values={"fd": 2.0}, notes=("a",), seconds=3.0)) is None


def test_a_comparison_takes_the_place_of_the_one_before(runs, tmp_path):
    compare_runs([runs / "a0", runs / "b0"], tmp_path, Wanted(n=64))
    (tmp_path / "pictures" / "mine.png").touch()
    compare_runs([runs / "a0"], tmp_path, Wanted(n=64))
    assert {path.name for path in (tmp_path / "pictures").iterdir()} == {"00-ring.png", "mine.png"}


def test_data_that_are_gone_leave_no_scores_but_a_table(runs, tmp_path, monkeypatch):
    def gone(*arguments, **options):
        raise UsageError("no such source")

    monkeypatch.setattr(comparison, "open_reference", gone)
    found = compare_runs([runs / "a0"], tmp_path, Wanted(n=64))
    assert found["notes"] == ["no scores: no such source"]
    assert (found["metrics"], found["features"], found["n"]) == ([], None, None)
    with pytest.raises(UsageError, match="no such source"):  # whoever names features wants scores
        compare_runs([runs / "a0"], tmp_path, Wanted(n=64, features="fashion-classifier"))


def test_nothing_to_compare_is_an_error(runs, compared, tmp_path):
    with pytest.raises(OrganzaError, match="none of 1 runs can be compared; the first, empty: there is no run"):
        compare_runs([runs / "empty"], tmp_path, Wanted())
    with pytest.raises(OrganzaError, match="no run at nowhere"):
        api.compare(["nowhere"], out=tmp_path, console=QUIET)
    with pytest.raises(UsageError, match="-n must be at least 1"):
        api.compare([runs / "a0"], out=tmp_path, n=0, console=QUIET)


def test_the_data_of_most_runs_decide():
    assert most_common_data([record(data="a"), record(data="b"), record(data="b")]) == ("b", "content of b")
    assert most_common_data([record(data="a"), record(data="b")]) == ("a", "content of a")


def test_with_labels_a_column_is_a_class_and_a_row_a_latent_vector():
    samples = torch.arange(8.0).mul(0.1)[:, None, None, None].expand(8, 1, 2, 2) - 1
    model = MadeUpModel(samples, labels=("a", "b", "c"))
    model.sample = lambda n, seed, label: samples[:n] + 0.01 * (1 + model.labels.index(label))
    pixels = sample_grid(model)[::2, ::2, 0].astype(int)
    assert pixels.shape == (8, 3)
    rows, columns = torch.arange(8)[:, None], torch.arange(3)[None]
    expected = ((0.1 * rows + 0.01 * (1 + columns)) * 127.5).round().int().numpy()
    assert abs(pixels - expected).max() <= 1
