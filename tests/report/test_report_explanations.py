"""Every number on the page is explained."""

from __future__ import annotations

import math

import pytest
from run_folders import rows

from organza.report.charts import colours
from organza.report.explain import GENERIC_HEALTHY, LOSSES, explanations
from organza.report.metrics import BOOKKEEPING

KNOWN = [key for key in rows(1)[0] if key not in BOOKKEEPING]


@pytest.mark.parametrize("key", KNOWN)
def test_what_a_game_logs_has_words_of_its_own(key):
    (explanation,) = explanations("non-saturating", [key])
    assert key in explanation.series
    assert explanation.healthy != GENERIC_HEALTHY
    assert min(len(explanation.title), len(explanation.meaning), len(explanation.healthy)) > 4


def test_losses_are_drawn_together_and_so_are_beliefs():
    assert [set(found.series) & set(KNOWN) for found in explanations("non-saturating", KNOWN)] == [
        {"discriminator.loss", "generator.loss"},
        {"discriminator.real", "discriminator.fake", "generator.fake"},
        {"discriminator.gradient", "generator.gradient"},
        {"images_per_second"},
    ]


@pytest.mark.parametrize(("loss", "generator"), [("non-saturating", math.log(2)), ("saturating", -math.log(2))])
def test_references_are_the_losses_of_a_discriminator_that_only_guesses(loss, generator):
    """By definition: real and generated pictures both get the logit 0."""
    torch = pytest.importorskip("torch")
    from organza.losses import LOSSES as FUNCTIONS

    guess = torch.zeros(4)
    expected = {
        "discriminator": FUNCTIONS[loss].discriminator(guess, guess).item(),
        "generator": FUNCTIONS[loss].generator(guess).item(),
    }
    assert expected["generator"] == pytest.approx(generator)
    assert {line.colour: line.value for line in LOSSES[loss].references} == pytest.approx(expected)


@pytest.mark.parametrize("loss", ["of-my-own", None])
def test_an_unknown_loss_gets_no_reference_and_no_probability(loss):
    losses, beliefs = explanations(loss, ["generator.loss", "discriminator.real"])
    assert losses.references == beliefs.references == ()
    assert "ln 2" not in losses.healthy
    assert "0.5" not in beliefs.healthy


# Where nobody can tell, real and generated samples get the same score; for least squares it is 1/2, the best answer then.
UNDECIDED = {"least-squares": 0.5}


def test_every_loss_is_explained_with_the_value_where_nobody_can_tell():
    torch = pytest.importorskip("torch")
    from organza.losses import LOSSES as FUNCTIONS

    assert set(LOSSES) == set(FUNCTIONS)
    for name, loss in FUNCTIONS.items():
        same = torch.full((4,), UNDECIDED.get(name, 0.0), dtype=torch.float64)
        of = {
            "discriminator": loss.discriminator(same, same).item(),
            "generator": (loss.generator(same, same) if loss.needs_real else loss.generator(same)).item(),
        }
        for line in LOSSES[name].references:
            players = [line.colour] if line.colour in of else ["discriminator", "generator"]
            assert all(of[player] == pytest.approx(line.value) for player in players), name


def test_scores_that_are_no_probabilities_are_not_called_so():
    for loss, bounded in (("wasserstein", False), ("hinge", False), ("non-saturating", True)):
        (beliefs,) = explanations(loss, ["discriminator.real"])
        assert (beliefs.bounds == (0.0, 1.0)) == bounded
        assert ("How likely" in beliefs.meaning) == bounded


def test_unknown_numbers_are_shown_by_name_with_neutral_words():
    penalty, fd = explanations("non-saturating", ["critic.penalty", "encoder.penalty", "fd"])
    assert penalty.series == {"critic.penalty": "critic", "encoder.penalty": "encoder"}
    assert penalty.title == "Penalty"
    assert "critic, encoder" in penalty.meaning
    assert fd.series == {"fd": "fd"}
    assert penalty.healthy == fd.healthy == GENERIC_HEALTHY


def test_the_gradient_of_any_player_belongs_to_the_gradients():
    (gradients,) = explanations(None, ["generator_ab.gradient", "generator.gradient"])
    assert gradients.scale == "log"
    assert gradients.series["generator_ab.gradient"] == "generator ab"


def test_every_key_is_in_exactly_one_chart():
    keys = [*KNOWN, "encoder.loss", "encoder.gradient", "fd", "a.b.c", "generator_ab.loss"]
    for key in keys:
        assert sum(key in found.series for found in explanations("saturating", keys)) == 1


def test_players_keep_their_colours_and_no_two_curves_share_one():
    assert colours(["discriminator.loss", "generator.loss"]) == {
        "discriminator.loss": "discriminator",
        "generator.loss": "generator",
    }
    two_domains = colours(["generator_ab.loss", "generator_ba.loss", "discriminator_a.loss", "discriminator_b.loss"])
    assert two_domains["generator_ab.loss"] == "generator"
    assert len(set(two_domains.values())) == 4
