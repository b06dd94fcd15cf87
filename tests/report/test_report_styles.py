"""What the page says of the style games: turns that only hold a player in check, augmentation, and growing."""

from __future__ import annotations

import pytest
from run_folders import rows
from test_report_page import data, read

from organza import stages
from organza.losses import LOSSES
from organza.recipes import RECIPES
from organza.report.charts import colours
from organza.report.explain import GENERIC_HEALTHY, explanations
from organza.report.regularising import SIGNED

KEYS = {
    "penalty.loss": "γ/2 · E[‖∇D(x)‖²]",
    "penalty.slope": "output changes with the picture",
    "penalty.gradient": "pushed to change",
    "path-length.loss": "E[(‖Jᵀy‖ − a)²]",
    "path-length.mean": "step of length 1 in w",
    "path-length.gradient": "pushed to change",
    "discriminator.augmented": "arXiv:2006.06676",
    "discriminator.sure": "E[sign D(real)]",
}
GROWN = ["at-8", "to-16", "at-16", "to-32", "main"]


@pytest.mark.parametrize("key", KEYS)
def test_what_a_style_game_logs_has_words_and_its_formula(key):
    (explanation,) = explanations("non-saturating", [key])
    assert key in explanation.series
    assert KEYS[key] in explanation.meaning
    assert explanation.healthy != GENERIC_HEALTHY


def test_every_figure_is_in_one_chart_and_charts_of_other_games_stay_as_they_are():
    keys = [*KEYS, "discriminator.loss", "discriminator.gradient", "generator.gradient", "discriminator.real"]
    for key in keys:
        assert sum(key in found.series for found in explanations("non-saturating", keys)) == 1
    plain = explanations("non-saturating", ["discriminator.gradient", "generator.gradient"])
    assert "in check" not in plain[0].healthy
    (held,) = explanations("non-saturating", ["discriminator.gradient", "penalty.gradient"])
    assert "in check" in held.healthy


def test_sureness_means_something_only_where_signs_do():
    assert set(LOSSES) > SIGNED
    assert {name for name, loss in LOSSES.items() if loss.signed} == SIGNED
    for loss in LOSSES:
        (sure,) = explanations(loss, ["discriminator.sure"])
        assert sure.bounds == (-1.0, 1.0)
        assert [line.value for line in sure.references] == ([0.6] if loss in SIGNED else [])
        assert ("says nothing" in sure.healthy) == (loss not in SIGNED)


def test_a_turn_has_the_colour_of_the_player_that_it_moves():
    assert colours(["penalty.loss"]) == {"penalty.loss": "discriminator"}
    assert colours(["path-length.mean"]) == {"path-length.mean": "generator"}
    together = colours(["discriminator.gradient", "generator.gradient", "penalty.gradient", "path-length.gradient"])
    assert len(set(together.values())) == 4
    assert together["discriminator.gradient"] == "discriminator"


def test_the_steps_of_growing_are_marked_and_told(make_run):
    grown = [{**row, "stage": GROWN[n // 8]} for n, row in enumerate(rows(40, images=64_000))]
    run = make_run(metrics=grown)
    text = read(run).text
    assert "It grew, beginning with pictures of 8x8 pixels: to 16x16 from 14,400 images on" in text
    assert "full size from 52,800 images on" in text
    for chart in data(run, "charts"):
        assert [mark["name"] for mark in chart["stages"]] == ["to 16x16", "16x16", "to 32x32", "main"]


def test_other_stages_are_told_as_before(make_run):
    staged = [{**row, "stage": ("content", "main")[n // 20]} for n, row in enumerate(rows(40, images=64_000))]
    text = read(make_run(metrics=staged)).text
    assert "It went in stages, each with terms of its own: “content”, then “main” from 33,600 images on" in text


def test_all_stages_of_a_game_that_grows_have_words():
    names = [plan.name for plan in RECIPES["stylegan-tiny"].build().stages]
    assert names == GROWN
    assert [stages.words(name) for name in names] == ["8x8", "to 16x16", "16x16", "to 32x32", "main"]
    assert [stages.growing(name) for name in names] == [True, True, True, True, False]
    assert stages.words("size 8") == "size 8"
