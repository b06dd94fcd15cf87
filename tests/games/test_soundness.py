"""Combinations that are refused, with what to do instead that the networks at hand can do."""

import re

import pytest

from organza.errors import UsageError
from organza.losses import LOSSES
from organza.recipes import RECIPES, override


def refused(name, **changes):
    changes = {key.replace("__", "."): value for key, value in changes.items()}
    with pytest.raises(UsageError) as caught:
        override(RECIPES[name], changes).build()
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("stylegan-tiny", "outputs"),
        ("stylegan2-tiny", "projection"),
        ("r3gan-tiny", "embedding"),
        ("dcgan", "embedding"),
        ("gan", "embedding"),
    ],
)
def test_labels_for_one_player_alone_are_refused_with_a_way_that_the_other_has(name, way):
    said = refused(name, generator__condition="embedding")
    assert f"take --discriminator.condition {way} or --generator.condition none" in said
    both = override(RECIPES[name], {"generator.condition": "embedding", "discriminator.condition": way, "classes": 10})
    assert both.build().labelled


def test_the_other_way_round_it_is_the_generator_that_is_to_take_labels():
    said = refused("stylegan2-tiny", discriminator__condition="projection")
    assert "take --generator.condition embedding or --discriminator.condition none" in said


@pytest.mark.parametrize("loss", LOSSES)
def test_adaptive_augmentation_needs_a_loss_by_whose_signs_it_can_go(loss):
    changes = {"loss": loss} | ({"penalty": "gp"} if loss == "wasserstein" else {})
    if LOSSES[loss].signed:
        assert override(RECIPES["stylegan2-ada-tiny"], changes).build()
        return
    said = refused("stylegan2-ada-tiny", **changes)
    assert "the sign of an output says nothing" in said
    assert re.search("--loss non-saturating or --augmentation none", said)
    override(RECIPES["stylegan2-ada-tiny"], changes | {"allow_unsound": True}).build()
    override(RECIPES["stylegan2-ada-tiny"], changes | {"augmentation": "rising"}).build()
