"""Remedies: edits that change something, that a recipe takes, and that do what they say."""

import pytest

from organza.diagnosis import VERDICTS, prescribe
from organza.errors import UsageError
from organza.recipes import RECIPES, flatten, override, to_mapping


def fields(name, **changes):
    return flatten(to_mapping(override(RECIPES[name], changes)))


def takes(recipe, changes):
    try:
        override(recipe, changes).build()
    except UsageError:
        return False
    return True


@pytest.mark.parametrize("verdict", [verdict for verdict in VERDICTS if verdict != "healthy"])
@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_has_a_remedy_that_it_takes(name, verdict):
    prescriptions = prescribe(verdict, fields(name))
    assert any(takes(RECIPES[name], prescription.changes) for prescription in prescriptions)
    for prescription in prescriptions:
        assert any(fields(name).get(key) != value for key, value in prescription.changes.items())
        assert prescription.reason.endswith(".")


def test_nothing_is_prescribed_to_the_healthy():
    assert prescribe("healthy", fields("dcgan")) == ()


def test_a_remedy_that_is_taken_already_is_not_prescribed_again():
    first = prescribe("complete-collapse", fields("ring"))[0]
    after = prescribe("complete-collapse", fields("ring", **first.changes))
    assert all(first.changes != prescription.changes for prescription in after)


def test_learning_rates_are_multiples_and_counts_stay_whole():
    changes = prescribe("discriminator-dominates", fields("dcgan"))[0].changes
    assert changes == {"discriminator.lr": 5e-5}
    wider = [p.changes for p in prescribe("generator-dominates", fields("dcgan")) if "discriminator.width" in p.changes]
    assert wider == [{"discriminator.width": 128}]


def test_a_discriminator_at_rest_is_woken_first():
    changes = prescribe("generator-dominates", fields("ring", **{"discriminator.lr": 0.0}))[0].changes
    assert changes == {"discriminator.lr": 1e-3}


def test_options_can_be_typed():
    prescription = prescribe("over-fitting", fields("dcgan"))[0]
    assert prescription.options == "--flip true"


def test_a_penalty_takes_batch_normalisation_out():
    """With it a penalty on the slope at each sample makes no sense, and the recipe would refuse."""
    first = prescribe("complete-collapse", fields("dcgan"))[0]
    assert first.changes["discriminator.norm"] == "none"
    assert takes(RECIPES["dcgan"], first.changes)
