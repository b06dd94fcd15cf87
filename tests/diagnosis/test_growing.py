"""Verdicts on trainings that grow: a step to larger pictures changes all figures, and is no failure."""

import pytest
from test_detectors import WELL

from organza.diagnosis import Conditions, History, diagnose
from organza.diagnosis.detectors import warm

BUDGET, ROWS, PHASE = 1_000_000, 200, 0.15
STAGES = (("at-8", PHASE), ("to-16", PHASE), ("at-16", PHASE), ("to-32", PHASE), ("main", 1 - 4 * PHASE))
# Of gradients, as far apart as can be.
LENGTHS = {"at-8": 100.0, "to-16": 3.0, "at-16": 5.0, "to-32": 0.02, "main": 0.03}


def stage_at(share):
    ends = 0.0
    for name, span in STAGES:
        ends += span
        if share <= ends + 1e-9:
            return name
    return STAGES[-1][0]


def history(until=1.0, lengths=LENGTHS, named=True, **figures):
    rows, readings = [], []
    for number in range(1, round(ROWS * until) + 1):
        share = number / ROWS
        images, stage = int(share * BUDGET), stage_at(share)
        row = {"discriminator.loss": 1.0, "discriminator.wins": 0.8}
        row |= dict.fromkeys(("generator.gradient", "discriminator.gradient"), lengths[stage])
        row |= {name.replace("__", "."): value(stage, share) for name, value in figures.items()}
        rows.append({"images": images, "step": images // 32, "stage": stage if named else "main", **row})
        if number % 2 == 0:
            readings.append({"images": images, "step": images // 32, **WELL})
    return History(Conditions(1.386, 0.0, 10), BUDGET, readings, rows)


@pytest.mark.parametrize("factor", [1.0, 0.03, 30.0])
def test_a_healthy_training_that_grows_is_healthy_at_every_row(factor):
    rising = {name: factor**number for number, (name, _) in enumerate(STAGES)}
    for lengths in (LENGTHS, rising):
        for number in range(1, 41):
            assert diagnose(history(number / 40, lengths)).verdict == "healthy"


def test_without_names_of_stages_the_same_rows_look_like_a_failure():
    assert diagnose(history(named=False)).verdict == "vanishing-gradients"


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (lambda stage, share: 0.03 if share < 0.95 else 300.0, "explosion"),
        (lambda stage, share: 0.03 if share < 0.7 else 1e-5, "vanishing-gradients"),
    ],
)
def test_a_failure_within_the_last_stage_is_seen(change, verdict):
    def gradient(stage, share):
        return change(stage, share) if stage == "main" else LENGTHS[stage]

    assert diagnose(history(generator__gradient=gradient)).verdict == verdict


def test_every_stage_is_young_when_it_begins():
    begun = 0.0
    for name, span in STAGES:
        early = history(begun + 0.01)
        assert early.rows[-1]["stage"] == name
        assert not warm(early)
        assert [row["stage"] for row in early.stage] == [name] * len(early.stage)
        begun += span
    assert "of what a later stage has of it" in diagnose(history(0.61)).notices[0]
    assert warm(history())
