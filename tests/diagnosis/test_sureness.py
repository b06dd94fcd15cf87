"""How sure a discriminator is of real samples, and when that is over-fitting."""

from dataclasses import replace

import pytest
from test_detectors import history

from organza.diagnosis import DETECTORS, diagnose

NAME = "sure-of-real"
UNSPARED = {"score_held": None}


def seen(sure, p=None, ceiling=0.8, readings=UNSPARED, signed=True):
    """A training with augmentation of the strength p."""
    rows = {"discriminator.sure": sure} | ({} if p is None else {"discriminator.augmented": p})
    made = history(readings, rows)
    return replace(made, conditions=replace(made.conditions, signed=signed, augmented=ceiling))


@pytest.mark.parametrize(
    ("sure", "p", "ceiling", "verdict"),
    [
        (0.97, 0.8, 0.8, "over-fitting"),
        (0.97, 0.797, 0.8, "over-fitting"),
        (0.6, 0.8, 0.8, "healthy"),  # the target is reached, at the ceiling
        (0.85, 0.8, 0.8, "healthy"),
        (0.97, 0.4, 0.8, "healthy"),  # the augmentation is on its way
        (0.97, None, 0.0, "over-fitting"),  # there is none
        (0.6, None, 0.0, "healthy"),
        (-0.5, 0.8, 0.8, "healthy"),
    ],
)
def test_sureness_counts_where_no_more_augmentation_will_come(sure, p, ceiling, verdict):
    diagnosis = diagnose(seen(sure, p, ceiling))
    assert diagnosis.verdict == verdict
    assert [finding.name for finding in diagnosis.findings if finding.verdict] == [NAME] * (verdict != "healthy")


def test_the_last_rows_count():
    assert diagnose(seen(lambda share: 0.99 if share < 0.8 else 0.6, 0.8)).verdict == "healthy"
    assert diagnose(seen(lambda share: 0.6 if share < 0.8 else 0.99, 0.8)).verdict == "over-fitting"


def test_samples_that_were_never_seen_have_the_last_word():
    """They score beside those that were trained on (a gap of 0.05), or farther off (0.15), or nothing can be told apart."""
    for held, fake, verdict in ((0.9, -1.0, "healthy"), (0.7, -1.0, "over-fitting"), (0.7, 0.9, "healthy")):
        readings = {"score_held": held, "score_fake": fake}
        assert diagnose(seen(0.99, 0.8, readings=readings)).verdict == verdict


def test_a_loss_without_a_meaning_for_the_sign_is_left_alone():
    assert diagnose(seen(1.0, 0.8, signed=False)).verdict == "healthy"
    assert DETECTORS[NAME].look(seen(1.0, 0.8, signed=False), NAME).value is None


def test_a_discriminator_that_dominates_is_named_first():
    """Whoever wins every pair is sure of the real samples, too."""
    made = seen(1.0, 0.8)
    rows = [{**row, "discriminator.loss": 0.01, "discriminator.wins": 1.0} for row in made.rows]
    assert diagnose(replace(made, rows=rows)).verdict == "discriminator-dominates"
