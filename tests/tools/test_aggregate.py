"""Groups of runs, their names and their numbers, on records that are made up."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from records import record

from organza.recipes import RECIPES, flatten, to_mapping
from organza.tools.aggregate import differences, group_entry, group_names, group_runs, remarks, summaries, summary

numbers = st.floats(-1e6, 1e6)
made_up = st.builds(
    record,
    seed=st.integers(0, 3),
    recipe=st.sampled_from(["ring", "ring-wide", "mine"]),
    data=st.sampled_from(["ring8", "grid25"]),
    minutes=st.sampled_from([None, 1.0]),
    fields=st.fixed_dictionaries({"generator.lr": st.sampled_from([1e-3, 1e-4]), "loss": st.sampled_from(["a", "b"])}),
)


@given(st.lists(numbers, min_size=1, max_size=9))
def test_mean_and_deviation_are_those_of_numpy(values):
    found = summary(values)
    assert found["mean"] == pytest.approx(np.mean(values), abs=1e-6)
    assert found["values"] == values
    if len(values) == 1:
        assert found["sd"] is None
    else:
        assert found["sd"] == pytest.approx(np.std(values, ddof=1), rel=1e-6, abs=1e-6)


@given(st.lists(made_up, min_size=1, max_size=12))
def test_a_group_is_what_differs_in_the_seed_only(runs):
    groups = group_runs(runs)
    assert sorted(index for indices in groups for index in indices) == list(range(len(runs)))
    group_of = {index: number for number, indices in enumerate(groups) for index in indices}
    for one in range(len(runs)):
        for other in range(len(runs)):
            together = group_of[one] == group_of[other]
            assert together == (runs[one].question == runs[other].question)
    questions = [runs[indices[0]].question for indices in groups]
    names = group_names(questions)
    assert len(set(names)) == len(names)
    for settings in differences(questions):
        assert "log_every" not in settings


def test_cadence_does_not_part_runs_and_content_does():
    one, two = record(0), record(1, fields={"log_every": 999})
    assert group_runs([one, two]) == [[0, 1]]
    assert group_runs([one, record(1, fingerprint="other")]) == [[0], [1]]
    assert group_runs([one, record(1, start="elsewhere")]) == [[0], [1]]
    assert group_runs([record(0, minutes=1.0, fields={"images": 5}), record(1, minutes=1.0)]) == [[0, 1]]
    assert group_runs([record(0, minutes=1.0), record(1, minutes=2.0)]) == [[0], [1]]


def test_groups_are_told_apart_by_what_was_changed():
    same = [record(fields={"generator.lr": lr}).question for lr in (1e-4, 1e-3)]
    assert differences(same) == [{"generator.lr": "0.0001"}, {"generator.lr": "0.001"}]
    assert group_names(same) == ["generator.lr=0.0001", "generator.lr=0.001"]
    assert group_names(same[:1]) == ["ring"]

    def published(name, **changes):
        fields = {
            key: value for key, value in flatten(to_mapping(RECIPES[name])).items() if key not in ("name", "paper")
        }
        return record(recipe=name, fields=fields | changes).question

    assert group_names([published("gan"), published("dcgan")]) == ["gan", "dcgan"]
    assert group_names([published("gan"), published("dcgan", batch=7)]) == [
        f"gan batch={RECIPES['gan'].batch}",
        "dcgan batch=7",
    ]
    other = [record(data="ring8").question, record(data="ring8").question]
    assert group_names(other) == ["ring (1)", "ring (2)"]


def test_scores_of_a_group_are_over_the_runs_that_have_them():
    found = summaries([{"fd": 1.0}, {}, {"fd": 3.0, "kl": 2.0}], ["kl", "fd", "modes"])
    assert list(found) == ["kl", "fd"]
    assert found["fd"] == {"mean": 2.0, "sd": pytest.approx(2**0.5), "values": [1.0, 3.0]}
    assert found["kl"]["sd"] is None


def test_an_entry_has_means_of_its_own_runs_only():
    runs = [record(0), record(9, images=10**6), record(1, images=1280, seconds=2.0, verdict="not-finite")]
    entry = group_entry("a", {}, [0, 2], runs, [{"kl": 1.0}, {"kl": 50.0}, {"kl": 2.0}], ["kl"], None)
    assert (entry["images"], entry["images_per_second"]) == (960, (320 + 640) / 2)
    assert entry["verdicts"] == {"healthy": 1, "not-finite": 1}
    assert entry["scores"]["kl"]["values"] == [1.0, 2.0]
    assert entry["runs"] == [0, 2]


def test_what_a_reader_must_know_is_remarked():
    fine = [record(0), record(1)]
    assert remarks(["a"], [[0, 1]], fine) == []
    for bad, word in (
        (record(1, verdict="interrupted"), "not finished"),
        (record(1, verdict="not-finite"), "no longer finite"),
        (record(1, device="cuda"), "different devices"),
        (record(0), "several runs have seed 0"),
    ):
        notes = remarks(["a"], [[0, 1]], [fine[0], bad])
        assert len(notes) == 1
        assert word in notes[0]
