"""The noise-to-image game: its turns and its latent laws."""

import pytest
import torch

from organza.recipes import RECIPES, override


def test_the_critic_may_have_several_turns():
    stage = override(RECIPES["ring"], {"n_critic": 5}).build().stages[0].build(None)
    assert [turn.times(0) for turn in stage.turns] == [5, 1]


@pytest.mark.parametrize(("law", "low", "high", "deviation"), [("normal", -9, 9, 1.0), ("uniform", -1, 1, 3**-0.5)])
def test_latent_laws(law, low, high, deviation):
    ability = override(RECIPES["ring"], {"z_law": law}).build().abilities.from_noise
    z = ability.latent(torch.Generator().manual_seed(0), 20_000)
    assert z.shape == (20_000, 2)
    assert low <= z.min() <= z.max() <= high
    assert z.std().item() == pytest.approx(deviation, rel=0.02)
    assert z.mean().item() == pytest.approx(0, abs=0.02)
