"""Runs whose models make pictures from pictures, side by side: the grids of their trainings."""

import json
import shutil

import pytest
from PIL import Image

from organza import api
from organza.console import Console
from organza.marks import read_mark
from organza.tools.exhibits import UNSCORED, copy_grid, grid_scores
from organza.training import probe

QUIET = Console(quiet=True)
SMALL = {"generator.width": 4, "discriminator.width": 4, "batch": 2, "sample_every": 4, "log_every": 4, "hold_out": 2}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Pairs in two seeds, two domains without pairs, and a plane of points."""
    folder, before = tmp_path_factory.mktemp("runs"), probe.SECONDS
    probe.SECONDS = 0.0
    for side in ("A", "B"):
        (folder / "pairs" / side).mkdir(parents=True)
        for number in range(6):
            Image.new("RGB", (64, 64), (40 * number, 9, 99)).save(folder / "pairs" / side / f"{number}.png")
    pairs, two = f"pairs:{folder / 'pairs'}", f"{folder / 'pairs' / 'A'},{folder / 'pairs' / 'B'}"
    for name, recipe, data, seed in (
        ("a0", "pix2pix-tiny", pairs, 0), ("a1", "pix2pix-tiny", pairs, 1), ("two", "cyclegan-tiny", two, 0),
    ):  # fmt: skip
        api.train(
            recipe, data=data, out=folder / name, seed=seed, images=8, device="cpu", console=QUIET, overrides=SMALL
        )
    ring = {"batch": 32, "generator.width": 8, "discriminator.width": 8}
    api.train("ring", data="ring8", out=folder / "ring", images=64, device="cpu", console=QUIET, overrides=ring)
    yield folder
    probe.SECONDS = before


def compared(runs, out, *names):
    found = api.compare([runs / name for name in names], out=out, n=100, device="cpu", console=QUIET)
    record = json.loads((out / "compare.json").read_text())
    assert "table.md" in {file.name for file in out.iterdir()}
    assert "makes nothing from noise" not in json.dumps(record)
    assert (out / "comparison.html").stat().st_size > 1000
    return record, found.table


def test_grids_against_targets_are_scores_without_a_note(runs, tmp_path):
    record, table = compared(runs, tmp_path, "a0", "a1")
    assert record["notes"] == []
    assert [(metric["key"], metric["better"]) for metric in record["metrics"]] == [
        ("shown.psnr", "higher"),
        ("shown.psnr_of_input", None),
    ]
    rows = [json.loads(line) for line in (runs / "a0" / "metrics.jsonl").read_text().splitlines()]
    last = [row for row in rows if "shown.psnr" in row][-1]
    assert record["runs"][0]["scores"] == {key: last[key] for key in ("shown.psnr", "shown.psnr_of_input")}
    (group,) = record["groups"]
    assert len(group["scores"]["shown.psnr"]["values"]) == 2
    assert "PSNR of the grid ↑ | PSNR of its input |" in table
    assert "samples of each run" not in table
    newest = sorted((runs / "a0" / "samples").glob("[0-9]*.png"))[-1]
    assert (tmp_path / group["picture"]).read_bytes() == newest.read_bytes()
    assert read_mark(tmp_path / group["picture"]) is not None


def test_without_targets_one_note_says_why_there_are_no_scores(runs, tmp_path):
    record, _ = compared(runs, tmp_path, "two")
    assert record["notes"] == [UNSCORED]
    assert record["metrics"] == []
    assert (tmp_path / record["groups"][0]["picture"]).exists()


def test_beside_runs_that_draw_samples(runs, tmp_path):
    record, table = compared(runs, tmp_path, "ring", "ring", "a0")
    keys = [metric["key"] for metric in record["metrics"]]
    assert "shown.psnr" not in keys
    assert keys
    assert "100 samples of each run" in table
    assert any("a0 has no scores here: it was trained on pairs:" in note for note in record["notes"])
    assert all(group["picture"] for group in record["groups"])


def test_a_run_that_has_drawn_nothing_yet(runs, tmp_path):
    shutil.copytree(runs / "two", tmp_path / "young")
    shutil.rmtree(tmp_path / "young" / "samples")
    (tmp_path / "young" / "metrics.jsonl").unlink()
    record, _ = compared(tmp_path, tmp_path / "out", "young")
    assert record["notes"] == [UNSCORED, "young has no picture: it has drawn no grid yet"]
    assert record["groups"][0]["picture"] is None


def test_trainings_of_one_picture_are_compared_by_their_last_grids_and_steps(tmp_path, monkeypatch):
    monkeypatch.setattr(probe, "SECONDS", 0.0)
    Image.radial_gradient("L").convert("RGB").resize((32, 24)).save(tmp_path / "one.png")
    narrow = {"generator.width": 4, "discriminator.width": 4, "smallest": 12, "scales": 2, "iterations": 2, "size": 20}
    for recipe in ("singan", "consingan"):
        api.train(
            recipe, data=str(tmp_path / "one.png"), out=tmp_path / recipe, device="cpu", console=QUIET, overrides=narrow
        )
    record, table = compared(tmp_path, tmp_path / "out", "singan", "consingan")
    assert (record["clock"], record["notes"]) == ("steps", [])
    assert [(metric["key"], metric["better"]) for metric in record["metrics"]] == [
        ("shown.reconstruction", "higher"),
        ("shown.diversity", None),
    ]
    assert [group["name"].split()[0] for group in record["groups"]] == ["singan", "consingan"]
    assert all(group["picture"] and group["images"] == 4 for group in record["groups"])
    assert not {"images", "original", "sides", "scales"} & set(record["groups"][0]["settings"])
    assert "| steps | minutes |" in table
    page = (tmp_path / "out" / "comparison.html").read_text(encoding="utf-8")
    assert "Over steps" in page
    assert "images/s" not in page


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], {}),
        ([{"shown.psnr": 20.0}], {}),
        ([{"shown.psnr": 20, "shown.psnr_of_input": 19.5}, {"step": 9}], {"shown.psnr": 20.0, "shown.psnr_of_input": 19.5}),
        ([{"shown.psnr": None, "shown.psnr_of_input": 19.5}], {}),
        ([{"shown.reconstruction": 20.0}], {}),
        (
            [{"shown.reconstruction": 20, "shown.diversity": 0.1, "stage": "scale-1"}, {"step": 9}],
            {"shown.reconstruction": 20.0, "shown.diversity": 0.1},
        ),
        ([{"shown.structure_a": 0.9, "shown.structure_b": 0.5}], {"shown.structure_a": 0.9, "shown.structure_b": 0.5}),
    ],
)  # fmt: skip
def test_the_last_row_that_has_both_counts(tmp_path, rows, expected):
    (tmp_path / "metrics.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert grid_scores(tmp_path) == expected
    assert not copy_grid(tmp_path, tmp_path / "out" / "a.png")
    assert not (tmp_path / "out").exists()
