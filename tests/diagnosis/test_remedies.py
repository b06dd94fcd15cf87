"""Remedies: edits that change something, that a recipe takes, and that do what they say."""

import pytest
import torch

from organza.diagnosis import VERDICTS, prescribe
from organza.diagnosis.remedies import times
from organza.errors import UsageError
from organza.recipes import RECIPES, flatten, override, to_mapping
from organza.training.remedy import same_networks


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


STYLES = [name for name in RECIPES if name.startswith(("stylegan", "r3gan"))]


@pytest.mark.parametrize("name", [name for name in STYLES if name.endswith("tiny")])
def test_networks_can_be_built_after_every_remedy(name):
    """Or the recipe refuses with words: for sizes of networks, only when they are built."""
    seen = []
    for verdict in VERDICTS:
        for prescription in prescribe(verdict, fields(name)):
            if prescription.changes in seen or not takes(RECIPES[name], prescription.changes):
                continue
            seen.append(prescription.changes)
            with torch.device("meta"):
                assert override(RECIPES[name], prescription.changes).build().stages[-1].build(None).networks
    assert len(seen) > 5


@pytest.mark.parametrize(
    ("name", "images", "speed"),
    [
        ("stylegan2-tiny", 60_000, 15_000),
        ("stylegan2", 25_000_000, 500_000),
        ("dcgan", 1600, 400),
        ("hinge", 80_000, 20_000),
    ],
)
def test_a_discriminator_that_knows_its_pictures_by_heart_gets_them_augmented(name, images, speed):
    """As fast as the budget demands, so that p can get to its ceiling within a quarter of it."""
    prescriptions = prescribe("over-fitting", fields(name, images=images))
    (changes,) = [p.changes for p in prescriptions if "augmentation" in p.changes]
    assert changes == {"augmentation": "adaptive", "augmentation_images": speed}
    assert takes(RECIPES[name], changes)


@pytest.mark.parametrize("name", ["ring", "r3gan-tiny", "wgan-gp", "lsgan", "stylegan2-ada-tiny", "pix2pix-tiny"])
def test_augmentation_is_not_prescribed_where_it_is_there_or_cannot_be_steered(name):
    assert not [p for p in prescribe("over-fitting", fields(name)) if "augmentation" in p.changes]


@pytest.mark.parametrize(
    ("name", "pinned", "raised"),
    [
        ("stylegan2-tiny", {"penalty_weight": "auto", "batch": 32}, 4 * 0.0002 * 32 * 32 / 32),
        ("stylegan2-tiny", {"penalty_weight": "auto", "batch": 16}, 4 * 0.0002 * 32 * 32 / 16),
        ("stylegan2-tiny", {"penalty_weight": 1.0}, 4.0),
        ("r3gan-tiny", {"penalty_weight": 0.5}, 2.0),
    ],
)
def test_a_weight_that_follows_the_pictures_becomes_a_number_when_it_is_raised(name, pinned, raised):
    prescriptions = prescribe("over-fitting", fields(name, **pinned))
    weights = [p.changes["penalty_weight"] for p in prescriptions if "penalty_weight" in p.changes]
    assert weights == [pytest.approx(raised)]


@pytest.mark.parametrize("size", [32, 64])
@pytest.mark.parametrize("name", STYLES)
def test_another_size_of_the_discriminator_is_another_network(name, size):
    """Also where the cap on its channels is what decides on them."""
    recipe = override(RECIPES[name], {"size": size})
    for verdict, factor in (("generator-dominates", 2), ("over-fitting", 0.5)):
        (sized,) = [
            p.changes
            for p in prescribe(verdict, flatten(to_mapping(recipe)))
            if any(field.startswith(("discriminator.width", "discriminator.channel")) for field in p.changes)
        ]
        assert not same_networks(recipe, override(recipe, sized))
        if "discriminator.channel_base" in sized:
            was = recipe.game.discriminator.network
            expected = (factor * was.channel_base, factor * was.channel_max)
            assert (sized["discriminator.channel_base"], sized["discriminator.channel_max"]) == expected


def test_words_and_lists_of_numbers_are_no_stumbling_block():
    changed = times(0.5, "a", "b", "c", "d")({"a": "auto", "b": [64, 1], "c": 0.3, "d": 0.0})
    assert changed == {"b": [32, 1], "c": 0.15}


@pytest.mark.parametrize("name", ["stylegan-tiny", "stylegan2", "r3gan-tiny"])
def test_the_critic_of_wasserstein_is_a_remedy_for_style_games_too(name):
    """Its penalty knows no weight that follows the size of the pictures."""
    (critic,) = [p for p in prescribe("partial-collapse", fields(name)) if p.changes.get("loss") == "wasserstein"]
    assert takes(RECIPES[name], critic.changes)
    changed = override(RECIPES[name], critic.changes)
    assert (changed.game.penalty.penalty_weight, changed.game.n_critic) == (10.0, 5)
