"""What a plan says of what a game decides by shape and batch."""

import pytest

from organza.games import NoiseToImage
from organza.losses.penalties import automatic
from organza.recipes import RECIPES, notes, override


def noted(name, **changes):
    return notes(override(RECIPES[name], changes))


def test_the_weight_that_follows_the_pictures_is_told_as_a_number():
    pinned = {"penalty_weight": "auto", "batch": 32}
    (note,) = noted("stylegan2-tiny", **pinned)
    assert note == (
        "gamma, the weight of the penalty, is 0.0064 (0.0002 x 32x32 pixels / 32 samples): --penalty_weight sets another"
    )
    assert f"is {automatic((16, 3, 256, 256)):.3g} " in noted("stylegan2-ada")[0]
    assert "0.0032" in noted("stylegan2-tiny", **pinned | {"batch": 64})[0]
    assert noted("stylegan2-tiny", **pinned | {"penalty_weight": 1.0}) == ()


def test_the_stages_of_growing_are_told_with_their_shares_and_batches():
    grows = noted("stylegan-tiny", growing_phase=0.1, growing_batches=True, batch=32)[-1]
    assert grows == (
        "grows over shares of the images: 8x8 for 10 % (batch 256), 16x16 for 20 % (batch 128), 32x32 fades in for 10 % "
        "(batch 64) and trains for 60 % (batch 32)"
    )
    assert not [note for note in noted("stylegan-tiny", growing=False) if "grows" in note]
    assert not [note for note in noted("stylegan-tiny", size=8) if "grows" in note]


@pytest.mark.parametrize("size", [16, 32, 64])
def test_the_shares_and_batches_are_those_of_the_stages(size):
    recipe = override(RECIPES["stylegan-tiny"], {"size": size, "images": 100_000, "growing_phase": 0.05, "batch": 4})
    stages = [plan.build(None) for plan in recipe.build().stages]
    note = notes(recipe)[-1]
    spent = sum(stage.budget for stage in stages[:-1])
    assert f"trains for {100 * (1 - spent / 100_000):.3g} % (batch {4 * stages[-1].batch_factor})" in note
    assert f"fades in for {stages[-2].budget / 1000:.3g} % (batch {4 * stages[-2].batch_factor})" in note
    assert f"8x8 for {stages[0].budget / 1000:.3g} % (batch {4 * stages[0].batch_factor})" in note


def test_other_games_have_nothing_to_say():
    for name, recipe in RECIPES.items():
        if recipe.build().abilities.pyramids:
            assert noted(name)[0].startswith("scales: ")
        elif not isinstance(recipe.game, NoiseToImage) or recipe.game.penalty.active is False:
            assert noted(name) == ()
