"""From what a sweep asks to its cells, and what it refuses before anything starts."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from organza.data import open_source
from organza.errors import OrganzaError, UsageError
from organza.tools import Question, cells
from organza.tools.cells import Cell, CellResult, progress_line, remaining
from organza.tools.sweep import LONGEST, begin, file_name, locked, make_cells, parse_over, read_sweep

RING = open_source("ring8")


def asked(over, recipe="ring", **changes):
    return Question.of(recipe, "ring8", over, changes.pop("seeds", 1), changes.pop("images", 64), None, changes)


def test_cells_are_all_combinations_times_seeds():
    made = make_cells(
        asked({"generator.lr": [1e-4, 1e-3], "loss": ["hinge", "least-squares", "non-saturating"]}, seeds=2), RING
    )
    assert len(made) == len({cell.name for cell in made}) == 12
    assert made[0].name == "generator.lr=0.0001,loss=hinge,seed=0"
    assert made[-1] == Cell(
        "generator.lr=0.001,loss=non-saturating,seed=1", "ring", "ring8", 1,
        {"generator.lr": "0.001", "loss": "non-saturating"}, 64,
    )  # fmt: skip
    assert [cell.seed for cell in made] == [0, 1] * 6


def test_a_sweep_over_recipes_or_over_seeds_alone():
    made = make_cells(asked({"recipe": ["ring", "ring-wide"]}, None, batch=8), RING)
    assert [(cell.name, cell.recipe) for cell in made] == [
        ("recipe=ring,seed=0", "ring"),
        ("recipe=ring-wide,seed=0", "ring-wide"),
    ]
    assert all(cell.fields == {"batch": "8"} for cell in made)
    assert [cell.name for cell in make_cells(asked({}, seeds=2), RING)] == ["seed=0", "seed=1"]


def test_the_words_of_a_cell_are_a_training(tmp_path):
    words = Cell("a", "ring", "ring8", 3, {"batch": "-8"}, minutes=0.5, data_dir="x").words(tmp_path)
    assert words[:2] == ["train", "ring"]
    assert set(words[2:]) == {
        "--data=ring8", f"--out={tmp_path}/cells/a", "--seed=3", "--minutes=0.5", "--device=auto", "--data-dir=x",
        "--batch=-8",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("over", "words", "changes"),
    [
        ({"generator.lrr": ["1"]}, "did you mean generator.lr", {}),
        ({"generator.lr": ["1e-3", "fast"]}, "'generator.lr' cannot be 'fast'", {}),
        ({"loss": ["hinge", "wasserstein"]}, "loss=wasserstein: the loss 'wasserstein' grows without end", {}),
        ({"loss": ["hinge", "hing"]}, "unknown loss 'hing'", {}),
        ({"recipe": ["ring", "rong"]}, "unknown recipe 'rong'", {"recipe": None}),
        ({"recipe": ["gan"]}, "learns pictures", {"recipe": None}),
        ({"recipe": ["ring-wide"]}, "leave out 'ring'", {}),
        ({}, "name a recipe", {"recipe": None}),
        ({"seed": ["0"]}, "--seeds", {}),
        ({"images": ["64", "128"]}, "leave out --images", {}),
        ({"batch": ["8"]}, "leave out --batch", {"batch": 8}),
        ({"generator.lr": ["1e-3", "0.001"]}, "the same training twice", {}),
        ({"batch": ["8"]}, "--seeds must be at least 1", {"seeds": 0}),
        ({"batch": ["8"]}, "--images must be at least 1", {"images": 0}),
    ],
)
def test_what_does_not_fit_is_refused(over, words, changes):
    with pytest.raises(UsageError, match=re.escape(words)):
        make_cells(asked(over, **changes), RING)


def test_values_are_parted_at_commas_but_not_in_brackets():
    assert parse_over(["generator.lr=1e-4, 1e-3", "--z-dim=2"]) == {"generator.lr": ("1e-4", "1e-3"), "z_dim": ("2",)}
    assert parse_over(["generator.betas=(0.5,0.9),[0,0.9]"]) == {"generator.betas": ("(0.5,0.9)", "[0,0.9]")}
    for wrong in (["lr"], ["lr="], ["=1"], ["lr=1,,2"], ["lr=1", "lr=2"]):
        with pytest.raises(UsageError, match="--over"):
            parse_over(wrong)
    pairs = make_cells(asked({"generator.betas": [(0.5, 0.9), (0.0, 0.9)]}), RING)
    assert pairs[1].fields == {"generator.betas": "(0.0,0.9)"}


@given(st.text(max_size=400))
def test_any_title_makes_a_name_of_a_file(title):
    name = file_name(title)
    assert re.fullmatch(r"[\w=+,][\w.,=+-]*", name, re.ASCII)
    assert len(name) <= LONGEST


def test_names_that_become_alike_are_told_apart(tmp_path, monkeypatch):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.yaml").write_text(recipe_text("ring").replace("width: 128", f"width: {ord(folder)}"))
    over = {"recipe": [str(tmp_path / folder / "mine.yaml") for folder in ("a", "b")]}
    names = [cell.name for cell in make_cells(asked(over, None), RING)]
    assert len(set(names)) == 2
    assert all(name.startswith("recipe=mine,seed=0-") for name in names)


def recipe_text(name):
    from organza.recipes import RECIPES, recipe_text

    return recipe_text(RECIPES[name])


def test_a_folder_belongs_to_one_question(tmp_path):
    question = asked({"batch": ["8", "16"]})
    made = make_cells(question, RING)
    assert begin(tmp_path, question, made, 3) == 3
    assert begin(tmp_path, question, made, 1) == 3  # as it was begun
    assert read_sweep(tmp_path)["cells"] == [cell.name for cell in made]
    for other, word in (
        (asked({"batch": ["8", "32"]}), "over batch=8,16, not batch=8,32"),
        (asked({"batch": ["8", "16"]}, seeds=2), "seeds 1, not 2"),
        (asked({"batch": ["8", "16"]}, images=128), "images 64, not 128"),
        (asked({"batch": ["8", "16"]}, z_dim=4), "fields none, not z_dim=4"),
    ):
        with pytest.raises(UsageError, match=re.escape(word)):
            begin(tmp_path, other, made, 3)
    record = json.loads((tmp_path / "sweep.json").read_text())
    for damaged in ("{", "[]", json.dumps({**record, "format": 99}), json.dumps({**record, "threads": 0})):
        (tmp_path / "sweep.json").write_text(damaged)
        with pytest.raises(OrganzaError, match="damaged"):
            begin(tmp_path, question, made, 3)


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "text.tex").touch()
    for folder, word in ((tmp_path / "thesis", "holds no sweep"), (tmp_path / "thesis" / "text.tex", "is a file")):
        with pytest.raises(OrganzaError, match=word), locked(folder):
            pass
    assert [path.name for path in (tmp_path / "thesis").iterdir()] == ["text.tex"]


def test_two_sweeps_do_not_share_a_folder(tmp_path):
    with locked(tmp_path / "one"):
        with pytest.raises(OrganzaError, match="another sweep is at work"), locked(tmp_path / "one"):
            pass
        with locked(tmp_path / "two"):
            pass
    with locked(tmp_path / "one"):
        pass


def test_how_long_it_takes_is_told_from_what_is_done(tmp_path):
    cell = Cell("a", "ring", "ring8")

    def state(name, seconds=0.0, wall=0.0):
        return CellResult(cell, tmp_path, name, seconds=seconds, wall=wall)

    assert remaining([state("waiting"), state("running")], 2) is None
    done = state("done", 8.0, 10.0)
    assert remaining([done, done], 2) == 0
    assert remaining([done, state("waiting"), state("waiting")], 1) == 20
    assert remaining([done, state("waiting"), state("waiting")], 2) == 10
    assert remaining([done, state("waiting"), state("waiting")], 9) == 10
    assert remaining([state("not-finite", 4.0), state("failed"), state("running")], 1) == 2
    assert (
        progress_line([done, state("failed"), state("running")], 1) == "1 of 3 cells done, 1 running, 1 failed, ETA 5 s"
    )


def test_jobs_and_threads_share_the_cores(monkeypatch):
    monkeypatch.setattr(cells, "usable_cores", lambda: 16)
    monkeypatch.delenv("OMP_NUM_THREADS")
    assert (cells.default_jobs("cpu"), cells.default_jobs("cuda")) == (8, 1)
    assert (cells.threads_of_each(8), cells.threads_of_each(5), cells.threads_of_each(99)) == (2, 3, 1)
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert cells.threads_of_each(2) == 1
    monkeypatch.setattr(cells, "usable_cores", lambda: 1)
    assert cells.default_jobs("cpu") == 1
