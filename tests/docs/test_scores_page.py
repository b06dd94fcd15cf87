"""The page of scores: its table is that of the numbers beside it, what it says about them is so, and it leaves nothing out."""

import contextlib
import io
import json
import re
import sys
from pathlib import Path

import pytest
import torch

from organza import cli
from organza.data import decode, open_source, to_samples
from organza.features import FEATURES
from organza.tools import METRICS, open_reference

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import golden_table  # noqa: E402

PAGE = (ROOT / "docs" / "scores.md").read_text(encoding="utf-8")
RECORD = json.loads((ROOT / "docs" / "scores.json").read_text(encoding="utf-8"))
ROWS = {row["name"]: row["values"] for row in RECORD["rows"]}
NEW, COPIES, SALT, BLUR, MIRRORED, HALF, ONE, REPEATED, TEN, NOISE, SHUFFLED = ROWS.values()
N = 100


def test_the_tables_are_those_of_the_numbers():
    assert golden_table.put(PAGE, RECORD) == PAGE
    changed = json.loads(json.dumps(RECORD))
    changed["rows"][0]["values"]["fd"] += 1
    assert golden_table.put(PAGE, changed) != PAGE


def test_a_page_without_a_place_for_the_tables_is_refused():
    with pytest.raises(SystemExit, match="no place"):
        golden_table.put("# Scores", RECORD)


def test_every_score_and_all_features_are_explained():
    explained = set(re.findall(r"`([\w-]+)`", "\n".join(re.findall(r"^\| (`.*?) \|", PAGE, re.M))))
    assert explained >= {*METRICS, *FEATURES}


def test_the_options_of_the_page_exist():
    commands = {}
    for line in re.findall(r"^(?:\$ )?organza (.*)$", PAGE, re.M):
        words = line.partition(" #")[0].split()
        verb = " ".join(words[: 2 if words[0] == "data" else 1])
        commands.setdefault(verb, set()).update(word for word in words if re.fullmatch("--?[a-z-]+", word))
    assert set(commands) == {"evaluate", "list", "data check", "data features", "train"}
    for verb, options in commands.items():
        written = io.StringIO()
        with contextlib.redirect_stdout(written), contextlib.suppress(SystemExit):
            cli.main([*verb.split(), "--help"])
        assert all(f"{option} " in written.getvalue() or f"{option}," in written.getvalue() for option in options), verb


def test_what_the_page_says_of_its_numbers():
    """In the order of its sentences."""
    better = ("precision", "recall", "density", "coverage", "is")
    assert COPIES["fd"] < NEW["fd"]
    assert COPIES["kid"] < NEW["kid"]
    assert all(COPIES[key] > NEW[key] for key in better)
    assert COPIES["memorisation"] == 1
    assert COPIES["fd_train"] < 0.4 * COPIES["fd"] < NEW["fd_train"]
    for few in (HALF, ONE):
        assert all(few[key] > NEW[key] for key in ("precision", "density"))
        assert few["smallest_class"] == 0
        assert all(few[key] < 0.65 * NEW[key] for key in ("recall", "coverage", "classes", "is"))
        assert few["fd"] > 100 * NEW["fd"]
    assert TEN["is"] == max(row["is"] for row in ROWS.values())
    assert TEN["classes"] == pytest.approx(10)
    assert TEN["accuracy"] == 1
    assert REPEATED["fd"] < SALT["fd"] < TEN["fd"] < 1.2 * BLUR["fd"]
    assert TEN["kid"] == pytest.approx(SALT["kid"], rel=0.01)
    assert REPEATED["recall"] == TEN["recall"] == 0
    assert BLUR["recall"] < 0.1 < 0.5 < BLUR["precision"]
    assert BLUR["classes"] > 9
    assert NEW["fd"] * 5 < MIRRORED["fd"] < REPEATED["fd"]
    assert all(MIRRORED[key] == pytest.approx(NEW[key], rel=0.01) for key in ("is", "classes", "accuracy"))
    assert HALF["fd"] > 2 * BLUR["fd"]
    assert BLUR["fd_random_conv"] > 1.9 * HALF["fd_random_conv"]
    changed = {key for key in NEW if NEW[key] != SHUFFLED[key]}
    assert changed == {"accuracy", "diversity"}
    assert NOISE["memorisation"] == BLUR["memorisation"] == TEN["memorisation"] == 0 < NEW["memorisation"]
    assert round(NEW["accuracy"], 3) == 0.933


@pytest.fixture(scope="module")
def clothes():
    """Real pictures of the package: the features' reference, new ones, and known ones with which it begins."""
    reference = open_reference("fashion-mnist-10k", split="train", limit=N)
    dataset = decode(reference.source, 28, 1, disk_budget=0)
    parts = (reference.order[N : 20 * N], reference.chosen)
    pictures = [(to_samples(dataset.read(part)), reference.source.labels[part]) for part in parts]
    return reference, golden_table.spoil(*pictures[0], *pictures[1], N), *pictures


def test_each_set_is_spoilt_in_its_own_way(clothes):
    _, sets, (new, labels), (known, _) = clothes
    nothing, copies, salt, blur, mirrored, half, one, repeated, ten, noise, shuffled = sets
    assert {spoilt.pictures.shape for spoilt in sets} == {(N, 1, 28, 28)}
    assert all(-1 <= spoilt.pictures.min() <= spoilt.pictures.max() <= 1 for spoilt in sets)
    assert torch.equal(nothing.pictures, new[:N])
    assert torch.equal(copies.pictures, known)
    changed = salt.pictures[salt.pictures != new[:N]]
    assert 0.005 < changed.numel() / salt.pictures.numel() <= 0.025
    assert set(changed.tolist()) == {-1, 1}
    assert 0 < (blur.pictures - new[:N]).abs().mean() < 0.2
    assert torch.equal(mirrored.pictures.flip(3), new[:N])
    assert set(half.labels.tolist()) == set(range(5))
    assert len(one.labels.unique()) == 1
    assert len(repeated.pictures.unique(dim=0)) == N // 10
    assert len(ten.pictures.unique(dim=0)) == 10
    assert ten.labels.bincount().tolist() == [N // 10] * 10
    assert noise.labels is None
    assert torch.equal(shuffled.pictures, new[:N])
    assert torch.equal(shuffled.labels.bincount(), labels[:N].bincount())
    assert not torch.equal(shuffled.labels, labels[:N])


def test_too_few_pictures_are_refused(clothes):
    _, _, new, known = clothes
    for n in (N + 1, 10 * N):
        with pytest.raises(ValueError, match="cannot be made"):
            golden_table.spoil(*new, *known, n)


def test_a_set_is_scored_as_if_it_were_generated(clothes):
    reference, sets, *_ = clothes
    classes = open_source("fashion-mnist-10k").classes
    found = {spoilt.name: golden_table.scores_of(spoilt, reference, None, classes) for spoilt in (sets[1], sets[-1])}
    copies, shuffled = found.values()
    assert set(copies.values) == {*golden_table.SCORED, *golden_table.LABELLED}
    assert copies["memorisation"] == 1
    assert copies["fd"] == pytest.approx(0, abs=1e-6)
    assert shuffled["memorisation"] < 0.5
    assert shuffled["accuracy"] < 0.5 < copies["accuracy"]
    row = golden_table.row_of(copies, copies)
    assert row["fd_random_conv"] == copies["fd"]
    assert row["memorisation_ratio"] == 0
    assert "fd_train" not in row
