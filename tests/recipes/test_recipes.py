"""Recipes as values: the table, fields by name, YAML, and what does not fit."""

from dataclasses import replace

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from organza.errors import OrganzaError, UsageError
from organza.games import SGD, Adam
from organza.networks.dcgan import DCGANGeneratorOptions
from organza.networks.mlp import MLPGeneratorOptions
from organza.recipes import (
    RECIPES,
    Recipe,
    find_recipe,
    flatten,
    from_mapping,
    override,
    recipe_text,
    to_mapping,
    with_cadence,
)
from organza.training.inspection import network_facts

GREY, COLOUR, POINT = [1, 28, 28], [3, 32, 32], [2, 1, 1]
PUBLISHED = {
    "gan": (114_064, 100_609, GREY),
    "dcgan": (3_021_123, 2_760_385, COLOUR),
    "dcgan-64": (18_885_760, 17_232_768, [3, 64, 64]),
    "stylegan": (26_219_627, 23_087_249, [3, 1024, 1024]),
    "stylegan2": (30_370_060, 29_012_513, [3, 1024, 1024]),
    "stylegan2-ada": (23_191_522, 24_001_089, [3, 256, 256]),
    "stylegan-tiny": (344_076, 325_761, COLOUR),
    "stylegan2-tiny": (272_307, 288_993, COLOUR),
    "stylegan2-ada-tiny": (272_307, 288_993, COLOUR),
    "r3gan": (20_732_160, 20_683_776, COLOUR),
    "r3gan-tiny": (198_432, 190_368, COLOUR),
    "lsgan": (3_021_123, 2_760_385, COLOUR),
    "rsgan": (3_021_123, 2_760_385, COLOUR),
    "rasgan": (3_021_123, 2_760_385, COLOUR),
    "ralsgan": (3_021_123, 2_760_385, COLOUR),
    "hinge": (3_021_123, 2_760_385 - 2 * (128 + 256 + 512), COLOUR),  # no batch normalisation
    "wgan": (3_020_675, 2_759_489, COLOUR),
    "wgan-gp": (5_179_907, 4_114_689, COLOUR),
    "cgan": (1_169_336, 196_773, GREY),
    "cgan-seed": (769_784, 4_347_493, GREY),
    # On the trunk of `cgan`, with batch normalisation of both upsampled maps (2 x 2 x 128) and without the label's map
    # (549 + 2,450 values and 128 x 16 weights that read it) or with one more entry of z for each class (10 x 6,272).
    "cgan-onehot": (1_169_336 + 512 - 2_999 - 2_048 + 62_720, 196_773 - 40_484 + 9 * 9 * 128, GREY),
    "cgan-embedding": (1_169_336 + 512, 196_773, GREY),
    "cgan-every-layer": (1_169_336 - 2_999 - 2_048 + 3 * 2 * 128 * 10, 196_773, GREY),
    "cgan-projection": (1_169_336 - 2_999 - 2_048 + 3 * 2 * 128 * 10, 1_280 + 147_584 + 129 + 1_280, GREY),
    "ring": (33_666, 33_537, POINT),
    "ring-wide": (527_874, 527_361, POINT),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_recipe_has_its_published_size(name):
    generator, discriminator, output = PUBLISHED[name]
    recipe = RECIPES[name]
    assert network_facts(recipe.build(), recipe.shape) == {
        "generator": {"parameters": generator, "output": output},
        "discriminator": {"parameters": discriminator, "output": [1]},
    }


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_survives_mapping_and_yaml(name, tmp_path):
    recipe = RECIPES[name]
    assert from_mapping(Recipe, to_mapping(recipe)) == recipe
    file = tmp_path / "mine.yaml"
    file.write_text(recipe_text(recipe))
    assert find_recipe(str(file)) == recipe


@pytest.mark.parametrize("name", RECIPES)
def test_every_field_of_every_recipe_can_be_set_to_what_it_is(name):
    """As the command line does it: by its dotted name, from a string."""
    recipe = RECIPES[name]
    for field, value in flatten(to_mapping(recipe)).items():
        text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
        assert override(recipe, {field: text}) == recipe, field


def test_fields_of_players_are_set_by_dotted_name():
    recipe = override(
        RECIPES["dcgan"], {"generator.lr": "1e-4", "discriminator.betas": "0,0.9", "batch": "1e2", "flip": "true"}
    )
    assert recipe.game.generator.optimiser == Adam(lr=1e-4)
    assert recipe.game.discriminator.optimiser == Adam(betas=(0.0, 0.9))
    assert (recipe.batch, recipe.flip) == (100, True)
    assert RECIPES["dcgan"].batch == 128


def test_another_choice_keeps_the_fields_that_both_have():
    recipe = override(RECIPES["gan"], {"generator.optimiser": "sgd"})
    assert recipe.game.generator.optimiser == SGD(lr=2e-4)
    assert recipe.game.discriminator.optimiser == Adam()


def test_choices_are_made_before_the_fields_they_bring():
    recipe = override(RECIPES["gan"], {"generator.base": "4", "generator.network": "dcgan-generator", "size": "32"})
    assert recipe.game.generator.network == DCGANGeneratorOptions(width=128, base=4, initial="torch")
    back = override(recipe, {"generator.network": "mlp-generator"})
    assert back.game.generator.network == MLPGeneratorOptions()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"generator.lrr": "1"}, "did you mean generator.lr"),
        ({"batch": "0"}, "--batch must be at least 1"),
        ({"batch": "many"}, "'batch' cannot be 'many'"),
        ({"batch": "2.5"}, "'batch' cannot be '2.5'"),
        ({"z_law": "cauchy"}, "'z_law' cannot be 'cauchy'"),
        ({"generator.network": "dcgan-genrator"}, "did you mean dcgan-generator"),
        ({"game": "chess"}, "unknown game"),
        ({"generator": "x"}, "unknown field 'generator'"),
        ({"generator.betas": "0.5"}, "'generator.betas' cannot be"),
        ({"ema_half_life": "-1"}, "cannot be negative"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(changes, message):
    with pytest.raises(UsageError, match=message):
        override(RECIPES["dcgan"], changes)


def test_unknown_losses_are_refused_when_the_game_is_built():
    with pytest.raises(UsageError, match=r"did you mean (non-)?saturating"):
        override(RECIPES["gan"], {"loss": "saturatin"}).build().stages[0].build(None)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- a\n", "holds no recipe"),
        ("a: [", "not valid YAML"),
        ("name: x\n", "'game' must name a game"),
        (yaml.safe_dump({**to_mapping(RECIPES["gan"]), "colour": 1}), "unknown field 'colour'"),
        (yaml.safe_dump({**to_mapping(RECIPES["gan"]), "generator": 3}), "'generator' must be a mapping"),
        (yaml.safe_dump({key: v for key, v in to_mapping(RECIPES["gan"]).items() if key != "images"}), "images"),
    ],
)
def test_bad_recipe_files_say_what_is_wrong(text, message, tmp_path):
    (tmp_path / "bad.yaml").write_text(text)
    with pytest.raises(OrganzaError, match=message) as caught:
        find_recipe(str(tmp_path / "bad.yaml"))
    assert "\n" not in str(caught.value)


def test_unknown_recipes_and_missing_files():
    with pytest.raises(UsageError, match="did you mean dcgan"):
        find_recipe("dcgn")
    with pytest.raises(OrganzaError, match=r"cannot read the recipe nowhere\.yaml"):
        find_recipe("nowhere.yaml")


@given(st.integers(1, 10**8), st.integers(1, 512))
def test_cadence_is_in_whole_steps(images, batch):
    recipe = with_cadence(replace(RECIPES["gan"], images=images, batch=batch))
    assert recipe.log_every % batch == 0
    assert recipe.sample_every % batch == 0
    assert min(recipe.log_every, recipe.sample_every) >= batch
    assert with_cadence(recipe) == recipe
