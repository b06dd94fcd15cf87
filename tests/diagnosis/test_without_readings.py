"""Verdicts on games of pictures: by losses and gradients alone, stage by stage, and no more than those can bear."""

from dataclasses import replace

import pytest

from organza.diagnosis import VERDICTS, Conditions, History, diagnose
from organza.diagnosis.detectors import warm
from organza.diagnosis.diagnosis import OF_SCALES, UNREAD, UNREAD_YOUNG

BUDGET, COUNT, STEPS = 100_000, 100, 2_000
PAIRED = Conditions(read=False, besides="targets")
CYCLE = Conditions(read=False, besides="cycle")
PLAYED = {
    "discriminator.loss": 0.5,
    "discriminator.wins": 0.8,
    "discriminator.gradient": 1.0,
    "generator.gradient": 1.0,
    "generator.loss": 3.0,
}


def history(conditions=PAIRED, count=COUNT, alone=0.0, **figures):
    """A training of which these figures are otherwise; up to the share `alone` its generator learns without an opponent."""
    rows = []
    for number in range(1, count + 1):
        share = number / COUNT
        known = {**PLAYED, **{name.replace("__", "."): value for name, value in figures.items()}}
        if share <= alone:
            known = {name: value for name, value in known.items() if not name.startswith("discriminator")}
        values = {name: value(share) if callable(value) else value for name, value in known.items()}
        stage = "content" if share <= alone else "main"
        rows.append({"images": int(share * BUDGET), "step": int(share * STEPS), "stage": stage, **values})
    return History(conditions, BUDGET, (), rows)


def jumps(share):
    return 1.0 if share < 0.9 else 1e4


def test_a_grown_training_is_judged_and_says_by_how_little():
    diagnosis = diagnose(history())
    assert (diagnosis.verdict, diagnosis.notices) == ("healthy", (UNREAD,))
    assert "losses and gradients alone" in UNREAD


def test_a_training_of_one_picture_has_a_sentence_of_its_own():
    known = history()
    climbed = replace(known, rows=[{**row, "stage": f"scale-{number // 50}"} for number, row in enumerate(known.rows)])
    assert diagnose(climbed).notices == (OF_SCALES,)
    assert "pictures are made from pictures" not in OF_SCALES


def test_a_young_one_is_said_to_be_young_too():
    diagnosis = diagnose(history(count=10, generator__gradient=jumps))
    assert diagnosis.notices == (UNREAD_YOUNG, UNREAD)


def test_a_bad_verdict_needs_no_such_word():
    assert diagnose(history(generator__gradient=jumps)).notices == ()


@pytest.mark.parametrize("conditions", [PAIRED, CYCLE])
@pytest.mark.parametrize(
    ("figures", "verdict"),
    [
        ({"generator__gradient": jumps}, "explosion"),
        ({"discriminator__gradient": jumps}, "explosion"),
        ({"generator__gradient": 1e-9}, "vanishing-gradients"),
        ({"generator__gradient": lambda share: 1e-9 if share > 0.9 else 1.0}, "vanishing-gradients"),
    ],
)
def test_what_rows_alone_can_tell_is_told(conditions, figures, verdict):
    assert diagnose(history(conditions, **figures)).verdict == verdict
    assert diagnose(history(replace(conditions, read=True), **figures)).verdict == "healthy"  # which waits for readings


@pytest.mark.parametrize(
    ("besides", "verdict"), [("nothing", "vanishing-gradients"), ("cycle", "healthy"), ("targets", "healthy")]
)
def test_a_gradient_that_fades_may_have_learnt_what_else_it_is_told(besides, verdict):
    conditions = Conditions(read=False, besides=besides)
    assert diagnose(history(conditions, generator__gradient=lambda share: 10.0 ** (-4 * share))).verdict == verdict


@pytest.mark.parametrize(
    ("besides", "verdict"),
    [("nothing", "discriminator-dominates"), ("cycle", "discriminator-dominates"), ("targets", "healthy")],
)
def test_a_discriminator_that_always_wins_does_no_harm_where_targets_are_told(besides, verdict):
    """DeblurGAN-v2's generator weighs it with 0.001."""
    conditions = Conditions(draw=2.0, read=False, besides=besides)
    lost = history(conditions, discriminator__loss=0.01, discriminator__wins=1.0)
    assert diagnose(lost).verdict == verdict


def test_a_first_stage_without_a_discriminator_is_no_failure():
    assert diagnose(history(count=60, alone=0.8)).verdict == "healthy"


def test_a_stage_is_compared_with_itself():
    """Another loss has gradients of another length: longer or shorter by any factor."""
    for factor in (1e4, 1e-5):
        changed = history(
            replace(PAIRED, besides="nothing"),
            alone=0.5,
            generator__gradient=lambda share, factor=factor: 1.0 if share <= 0.5 else factor,
        )
        assert diagnose(changed).verdict == "healthy"
        nameless = replace(changed, rows=[{**row, "stage": "main"} for row in changed.rows])
        assert diagnose(nameless).verdict in ("explosion", "vanishing-gradients", "healthy")
        assert (diagnose(nameless).verdict == "healthy") == (factor > 1)  # half of the rows are usual by then


def test_a_stage_is_young_when_it_begins():
    assert not warm(history(count=60, alone=0.5))
    assert warm(history(count=70, alone=0.5))
    assert history(count=60, alone=0.5).begun == (50_000, 1_000)
    assert history().begun == (0, 0)


def test_few_steps_are_too_few_however_large_their_share():
    rows = history().rows
    assert not warm(replace(history(), rows=[{**row, "step": row["step"] // 20} for row in rows]))


def test_verdicts_on_samples_are_never_given():
    """Nobody has seen any, so nothing can be said of collapse."""
    possible = {"not-finite", "explosion", "saturation", "vanishing-gradients", "discriminator-dominates", "healthy"}
    extremes = (0.0, 1.0, 1e6)
    for wins in extremes:
        for gradient in extremes:
            found = diagnose(history(CYCLE, discriminator__wins=wins, generator__gradient=gradient))
            assert found.verdict in possible & set(VERDICTS)
