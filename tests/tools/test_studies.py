"""The studies: their files, their cells, and the smallest run of each."""

import json

import pytest

import organza
from cells_here import trained_here
from organza.console import Console
from organza.data import open_source
from organza.errors import OrganzaError, UsageError
from organza.recipes import find_recipe, fit_to, override
from organza.tools import reproduce
from organza.tools.likeness import nearest, rank_correlation, similarities
from organza.tools.study import Scale, find_study, read_study, study_cells, study_names
from organza.training import probe

QUIET = Console(quiet=True)
NAMES = sorted(study_names())
MINIMAL = """
title: t
document: d
question: q
data: ring8
recipe: ring
seeds: 2
budgets: {quick: 32, here: 64}
cells: [{name: plain, fields: {}}, {name: fast, fields: {generator.lr: 0.01}, times: 2}]
scores: [modes]
"""


@pytest.fixture
def here(monkeypatch, tmp_path):
    monkeypatch.setattr(probe, "SECONDS", 0.0)
    monkeypatch.setattr(probe, "WARM_UP", 0)
    monkeypatch.setattr(reproduce, "train_cells", trained_here)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", NAMES)
def test_every_setting_of_every_study_is_a_sound_recipe(name):
    study = find_study(name)
    source = open_source("ring8" if study.data == "ring8" else "fashion-mnist-10k")
    cells = study_cells(study, Scale("here"))
    assert len(cells) == len(study.cells) * study.seeds
    assert len({cell.name for cell in cells}) == len(cells)
    for cell in cells:
        fit_to(override(find_recipe(cell.recipe), dict(cell.fields)), source, cell.fields).build()
    assert study.budgets["quick"] < study.budgets["here"] <= study.budgets["full"]


@pytest.mark.parametrize("name", NAMES)
def test_the_smallest_run_of_every_study(name, here):
    data = None if find_study(name).data == "ring8" else "fashion-mnist-10k"
    done = organza.reproduce(name, quick=True, images=16, data=data, n=120, out=here / name, console=QUIET)
    study, record = find_study(name), json.loads((here / name / "compare.json").read_text())
    assert [group["name"] for group in record["groups"]] == [cell.name for cell in study.cells]
    question, answer = record["sections"][:2]
    reported = any(cell.reported for cell in study.cells)
    assert question["title"] == "The question"
    assert answer["title"] == ("The document’s words beside our numbers" if reported else "The numbers")
    assert ("the document" in answer["table"]["header"]) == reported
    rows = answer["table"]["rows"]
    assert [row[0] for row in rows] == [cell.name for cell in study.cells]
    assert all(row[1] == cell.reported for row, cell in zip(rows, study.cells, strict=True) if cell.reported)
    assert not done.failed
    assert (here / name / "comparison.html").stat().st_size > 20_000
    table = (here / name / "table.md").read_text()
    assert study.question.split(".")[0] in table
    again = organza.reproduce(name, quick=True, images=16, data=data, n=120, out=here / name, console=QUIET)
    assert again.comparison.record == done.comparison.record


def test_marks_are_scored_on_the_way(here):
    organza.reproduce("ring", quick=True, images=768, n=50, out="ring", console=QUIET)
    marks = json.loads((here / "ring" / "marks.json").read_text())
    record = json.loads((here / "ring" / "compare.json").read_text())
    assert len(marks) == 2
    assert all(len(at) == len(find_study("ring").cells) for at in marks.values())
    (way,) = (section for section in record["sections"] if section["title"] == "Along the way")
    assert len(way["table"]["rows"]) == 3 * len(find_study("ring").cells)
    assert not any("–" in row for row in way["table"]["rows"])


def test_another_study_or_size_is_refused(here):
    organza.reproduce("ring", quick=True, images=256, n=50, out="one", console=QUIET)
    with pytest.raises(UsageError, match="lies the study ring at size quick"):
        organza.reproduce("ring", images=256, n=50, out="one", console=QUIET)
    with pytest.raises(UsageError, match="is scored on 50 samples along the way, and scores on 60 cannot stand beside"):
        organza.reproduce("ring", quick=True, images=256, n=60, out="one", console=QUIET)
    with pytest.raises(UsageError, match="take one"):
        organza.reproduce("ring", quick=True, full=True, console=QUIET)
    with pytest.raises(UsageError, match="did you mean ring"):
        organza.reproduce("rin", quick=True, console=QUIET)
    (here / "full").mkdir()
    (here / "full" / "letter.txt").write_text("mine")
    with pytest.raises(OrganzaError, match="holds no study"):
        organza.reproduce("ring", quick=True, out="full", console=QUIET)


def test_cells_have_their_budgets_and_seeds():
    study = read_study(MINIMAL, "here")
    cells = study_cells(study, Scale("here"), mark=0.5)
    assert [(cell.name, cell.images, cell.seed) for cell in cells] == [
        ("plain,seed=0", 32, 0),
        ("plain,seed=1", 32, 1),
        ("fast,seed=0", 64, 0),
        ("fast,seed=1", 64, 1),
    ]
    assert cells[2].fields == {"generator.lr": "0.01"}
    assert len(study_cells(study, Scale("quick"))) == 2
    assert len(study_cells(study, Scale("quick", seeds=3, images=7))) == 6


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MINIMAL.replace("seeds: 2", "seeds: two"), "'seeds'"),
        (MINIMAL.replace("fields: {}", "field: {}"), "field"),
        (MINIMAL.replace("title: t\n", ""), "title"),
        ("a: [", "not valid YAML"),
    ],
)
def test_a_study_that_is_none_says_where(text, message):
    with pytest.raises(OrganzaError, match=message) as caught:
        read_study(text, "mine.yaml")
    assert "mine.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_likeness_of_vectors():
    import torch

    vectors = torch.tensor([[1.0, 0.0], [0.9, 0.1], [-1.0, 0.2], [-0.9, 0.0]])
    assert nearest(similarities(vectors), ["a", "b", "c", "d"]) == ["b", "a", "d", "c"]
    values = torch.tensor([3.0, 1.0, 2.0, 5.0])
    assert rank_correlation(values, values.exp()) == pytest.approx(1)
    assert rank_correlation(values, -values) == pytest.approx(-1)
