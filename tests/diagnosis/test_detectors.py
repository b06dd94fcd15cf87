"""Detectors and verdicts on histories made up so that one thing is wrong with each."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from organza.diagnosis import DETECTORS, FAILURES, VERDICTS, Conditions, History, diagnose
from organza.diagnosis.diagnosis import STRETCH

BUDGET, COUNT = 100_000, 20
KINDS, DRAW = 10, 2 * math.log(2)

WELL = {
    "diversity": 0.95, "energy": 0.02, "kinds": 0.9, "shares": [0.1] * KINDS, "saturated": -0.1, "checkerboard": 2.0,
    "score_real": 1.0, "score_fake": -1.0, "score_held": 0.9, "score_spread": 1.0,
}  # fmt: skip
PLAYED = {
    "discriminator.loss": 1.0,
    "discriminator.wins": 0.8,
    "discriminator.gradient": 1.0,
    "generator.gradient": 1.0,
}


def history(readings=None, rows=None, draw=DRAW, **more):
    """A healthy training of which these values of readings and rows are otherwise; functions are of the share of the budget."""

    def records(usual, changed):
        for number in range(COUNT + 1):
            share = number / COUNT
            values = {**usual, **(changed or {})}
            yield {
                "images": int(share * BUDGET),
                "step": int(share * 2000),
                **{name: value(share) if callable(value) else value for name, value in values.items()},
            }

    return History(
        Conditions(draw, 0.0, KINDS), BUDGET, list(records(WELL, readings)), list(records(PLAYED, rows)), **more
    )


def one_kind(share):
    return [1.0, *[0.0] * (KINDS - 1)]


def next_kind(share):
    place = round(share * COUNT) % KINDS
    return [float(kind == place) for kind in range(KINDS)]


CASES = {
    "healthy": history(),
    "not-finite": history(culprit="the weight generator.layers.0.weight is NaN or infinite"),
    "explosion": history(rows={"generator.gradient": lambda share: 1.0 if share < 0.85 else 1e4}),
    "explosion of outputs": history({"score_spread": 5_000.0}),
    "latent-ignored": history({"diversity": 0.0, "kinds": 0.1, "shares": one_kind}),
    "latent-ignored within labels": history({"noise_effect": 0.01, "label_effect": 0.9}),
    "latent-ignored, the label": history({"noise_effect": 0.8, "label_effect": 0.02}),
    "saturation": history({"saturated": 0.45}),
    "saturation of weights": history(rows={"discriminator.saturated": 0.99}, draw=None),
    "vanishing-gradients": history(rows={"generator.gradient": lambda share: 10.0 ** (-6 * share)}),
    "discriminator-dominates": history({"energy": 1.0}, {"discriminator.loss": 0.01, "discriminator.wins": 1.0}),
    "generator-dominates": history({"energy": 0.9, "diversity": 0.01}, {"discriminator.wins": 0.4}),
    "over-fitting": history({"score_held": -0.9}),
    "artefacts": history({"checkerboard": 4_000.0}),
    "mode-rotation": history({"kinds": 0.1, "shares": next_kind}),
    "complete-collapse": history({"diversity": lambda share: 0.9 if share < 0.5 else 0.02, "kinds": 0.1, "shares": one_kind}),
    "partial-collapse": history({"kinds": 0.2, "shares": [0.5, 0.5, *[0.0] * (KINDS - 2)]}),
    "partial-collapse of modes": history({"kl": 0.9, "modes": 4, "kinds": 0.6}),
    "complete-collapse of modes": history({"kl": math.log(KINDS), "modes": 1, "kinds": 0.1, "shares": one_kind}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_failure_gets_its_verdict(name):
    verdict = next(verdict for verdict in VERDICTS if name.startswith(verdict))
    assert diagnose(CASES[name]).verdict == verdict


def test_there_is_a_case_for_every_verdict_and_a_detector_for_every_failure():
    named = {verdict for verdict in VERDICTS for name in CASES if name.startswith(verdict)}
    assert named == set(VERDICTS)
    assert {detector.verdict for detector in DETECTORS.values()} == set(VERDICTS) - {"healthy"}
    assert set(VERDICTS) > FAILURES


@pytest.mark.parametrize("name", DETECTORS)
def test_no_detector_speaks_of_a_healthy_training_or_of_none_at_all(name):
    assert DETECTORS[name].look(CASES["healthy"], name).verdict is None
    nothing = DETECTORS[name].look(History(Conditions(), BUDGET), name)
    assert nothing.verdict is None
    assert nothing.value in (None, 0.0)


@pytest.mark.parametrize(
    "name", [name for name in CASES if name.split()[0].rstrip(",") not in ("not-finite", "explosion", "healthy")]
)
def test_a_young_training_is_not_judged(name):
    """Every generator begins with samples that are alike, and every discriminator wins at first."""
    grown = CASES[name]
    young = History(grown.conditions, BUDGET, grown.readings[:4], grown.rows[:4])
    assert diagnose(young).verdict in ("healthy", "latent-ignored" if name == "latent-ignored" else "healthy")


def test_one_reading_out_of_the_ordinary_is_no_diagnosis():
    readings = [dict(reading) for reading in CASES["healthy"].readings]
    readings[-1] |= {"diversity": 0.0, "kinds": 0.1, "shares": one_kind(1)}
    once = History(CASES["healthy"].conditions, BUDGET, readings, CASES["healthy"].rows)
    assert diagnose(once).verdict == "healthy"


def test_a_critic_that_estimates_a_distance_may_win_every_pair():
    """With the Wasserstein loss that is what it is trained for; with others it is a failure."""
    rows = {"discriminator.loss": 0.01, "discriminator.wins": 1.0}
    assert diagnose(history(rows=rows, draw=None)).verdict == "healthy"
    assert diagnose(history(rows=rows)).verdict == "discriminator-dominates"


def test_a_penalty_is_no_part_of_what_the_discriminator_judges():
    rows = {"discriminator.loss": 3.0, "discriminator.adversarial": 0.01, "discriminator.wins": 1.0}
    assert diagnose(history(rows=rows)).verdict == "discriminator-dominates"


def test_a_draw_with_samples_like_the_data_is_an_equilibrium_and_not_a_weak_discriminator():
    rows = {"discriminator.wins": 0.52, "discriminator.loss": 1.38}
    diagnosis = diagnose(history(rows=rows))
    assert diagnosis.verdict == "healthy"
    assert diagnosis.notices[0].startswith("Equilibrium")


def test_a_smoothed_loss_does_not_blind_the_doctor():
    """It cannot fall below the entropy of its target, however strong the discriminator is."""
    rows = {"discriminator.loss": 0.33, "discriminator.wins": 1.0}
    sharp, blind = (replace(history(rows=rows), conditions=Conditions(DRAW, least, KINDS)) for least in (0.325, 0.0))
    assert diagnose(sharp).verdict == "discriminator-dominates"
    assert diagnose(blind).verdict == "healthy"


def test_what_was_before_a_remedy_says_nothing():
    changed = history(rows={"generator.gradient": lambda share: 100.0 if share < 0.5 else 0.1})
    assert diagnose(changed).verdict == "vanishing-gradients"
    assert diagnose(changed.after(BUDGET // 2)).verdict == "healthy"


def test_the_young_are_said_to_be_young():
    grown = CASES["partial-collapse"]
    young = diagnose(History(grown.conditions, BUDGET, grown.readings[:4], grown.rows[:4]))
    assert young.notices[0].startswith("Too young")
    assert [finding.name for finding in young.findings if finding.beyond] == ["kinds"]


def test_a_missing_mode_is_a_partial_collapse_once_points_are_sharp():
    """One of twenty-five costs little divergence."""
    missing, blurred = (
        replace(history({"kl": 0.04, "modes": 24, "high_quality": near}), conditions=Conditions(DRAW, 0.0, 25))
        for near in (0.9, 0.2)
    )
    assert diagnose(missing).verdict == "partial-collapse"
    assert diagnose(blurred).verdict == "healthy"


def test_the_scores_of_large_pictures_may_be_large():
    loud, far = (history({"score_spread": 150.0, "reach": reach}) for reach in (2.0, 180.0))
    assert diagnose(loud).verdict == "explosion"
    assert diagnose(far).verdict == "healthy"


def test_readings_with_holes_are_no_hindrance():
    assert diagnose(history({"score_fake": None, "score_spread": None})).verdict == "healthy"


def test_a_prescription_that_the_recipe_refuses_is_none():
    fields = {"loss": "non-saturating", "penalty": "none", "discriminator.lr": 1e-3}
    refused = diagnose(CASES["partial-collapse"], fields, lambda changes: "loss" not in changes)
    assert refused.prescriptions
    assert all("loss" not in prescription.changes for prescription in refused.prescriptions)


def test_a_plateau_is_noticed_and_progress_is_not():
    flat, falling = (
        diagnose(history({"energy": energy})).notices for energy in (0.2, lambda share: 0.2 * (1.05 - share))
    )
    assert flat[0].startswith("Plateau")
    assert falling == ()
    assert COUNT > 2 * STRETCH


@given(st.permutations(sorted(VERDICTS)))
def test_causes_come_before_their_effects(order):
    """Whatever else is wrong, the first verdict in the order of `VERDICTS` counts."""
    readings, rows, culprit = {}, {}, None
    for name in order[:3]:
        case = CASES[name]
        readings |= {
            key: value
            for key, value in case.readings[-1].items()
            if value != WELL.get(key) and key not in ("images", "step")
        }
        rows |= {
            key: value
            for key, value in case.rows[-1].items()
            if value != PLAYED.get(key) and key not in ("images", "step")
        }
        culprit = culprit or case.culprit
    both = diagnose(history(readings, rows, culprit=culprit))
    spoken = [finding.verdict for finding in both.findings if finding.verdict]
    assert both.verdict == next((verdict for verdict in VERDICTS if verdict in spoken), "healthy")


def test_a_record_is_what_the_contract_says():
    record = diagnose(
        CASES["partial-collapse"], {"loss": "non-saturating", "penalty": "none", "discriminator.lr": 1e-3}
    ).record()
    assert record["verdict"] == "partial-collapse"
    assert {"name", "value", "threshold", "images", "sentence"} <= set(record["detectors"][0])
    assert record["remedies"]
    assert [entry["name"] for entry in record["detectors"] if entry["fired"]] == ["kinds"]
