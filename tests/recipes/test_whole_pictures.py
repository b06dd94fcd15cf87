"""Recipes that learn from one picture, from two, or from a video and a style: who takes what, and in which shape."""

from dataclasses import dataclass, replace

import pytest
import torch
from PIL import Image

import organza
from organza.console import Console
from organza.data import Batches, decode_domains, open_source
from organza.errors import OrganzaError, UsageError
from organza.games import Game, GameOptions
from organza.recipes import RECIPES, Recipe, choose, fit_to, from_mapping, override, resolve, to_mapping
from organza.streams import Streams
from organza.training import probe
from organza.training.planning import fit_sentence, held_out, refuse_one_colour
from organza.training.shown import exhibited

CPU = torch.device("cpu")
QUIET = Console(quiet=True)
SHRUNK = {"n_critic": 1, "n_generator": 1, "generator.width": 4, "discriminator.width": 4}


def picture(path, width=40, height=30, mode="RGB", seed=0):
    """A file of noise, upright and smooth enough to keep its colours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = torch.randint(0, 256, (height, width, 3), generator=torch.Generator().manual_seed(seed))
    Image.fromarray(noise.byte().numpy()).convert(mode).save(path)
    return str(path)


@pytest.fixture(autouse=True)
def _speed_is_of_no_interest(monkeypatch):
    monkeypatch.setattr(probe, "SECONDS", 0.0)


@pytest.fixture
def one(tmp_path):
    return picture(tmp_path / "photo.png")


@pytest.fixture
def many(tmp_path):
    for seed in range(3):
        picture(tmp_path / "many" / f"{seed}.png", seed=seed)
    return str(tmp_path / "many")


@dataclass(frozen=True)
class Any(GameOptions):
    """A game that takes any number of pictures, each as a square."""

    inner: GameOptions
    needs: str = "any"

    def build(self, shape, images) -> Game:
        return replace(self.inner.build(shape, images), needs=self.needs)


def fitted(name, data, **changes):
    return fit_to(override(RECIPES[name], changes), open_source(data), changes)


def refused(name, data, **changes):
    with pytest.raises(UsageError) as error:
        fitted(name, data, **changes)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(("width", "height", "sides"), [(40, 30, (24, 32)), (30, 40, (32, 24)), (20, 20, (20, 20))])
def test_sides_budget_and_game_come_from_the_picture(tmp_path, width, height, sides):
    recipe = fitted("singan", picture(tmp_path / "photo.png", width, height), size=32)
    game, expected, images = RECIPES["singan"].game.at((height, width), 32)
    assert recipe.sides == expected == sides
    assert (recipe.game, recipe.images) == (game, images)
    assert recipe.sample == (3, *sides)
    assert recipe.shape.sample == recipe.sample
    assert from_mapping(Recipe, to_mapping(recipe)) == recipe


def test_what_is_pinned_stays(one):
    recipe = fitted("singan", one, size=32, sides="20,24", images=77)
    assert (recipe.sides, recipe.images, recipe.channels) == ((20, 24), 77, 3)


def test_a_budget_that_stands_in_a_recipe_s_file_counts(one):
    source, published = open_source(str(one)), RECIPES["singan"]
    counted = resolve(published, {"size": 32}, source)
    assert counted.images == published.game.iterations * len(counted.game.sizes(counted.sample[1:]))
    by_hand = replace(counted, images=77)
    assert resolve(by_hand, {}, source).images == 77
    assert resolve(by_hand, {"size": 24}, source).images == 77
    assert resolve(by_hand, {"iterations": 10}, source).images == 10 * len(counted.game.sizes(counted.sample[1:]))
    # What has been counted before is counted anew: for another size, or with other steps in the file.
    assert resolve(counted, {"size": 24}, source) == resolve(published, {"size": 24}, source)
    edited = override(published, {"iterations": 10, "size": 32})
    assert resolve(edited, {}, source) == resolve(published, {"iterations": 10, "size": 32}, source)


def test_ratios_of_two_scales_are_fractions():
    for ratio in ("0", "1", "-0.5"):
        with pytest.raises(UsageError, match="ratio"):
            override(RECIPES["singan"], {"ratio": ratio})


def test_of_videos_no_frame_is_held_out():
    for name in ("analogy-plus", "structural-analogy"):
        assert len(held_out(RECIPES[name], 1000)) == 0
    assert len(held_out(RECIPES["dcgan"], 1000)) > 0


def test_other_games_keep_their_squares(many):
    recipe = fitted("dcgan", many)
    assert (recipe.sides, recipe.sample) == ((0, 0), (3, 32, 32))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"native": True}, "leave out --native true"),
        ({"load": 300}, "leave out --load"),
        ({"rectangles": "pad"}, "leave out --rectangles pad"),
        ({"sides": "0,5"}, "as 48,64"),
        ({"sides": "-1,5"}, "sides"),
    ],
)
def test_whole_pictures_are_not_cut(one, changes, said):
    assert said in refused("singan", one, **changes)


def test_one_picture_is_not_many(one, many):
    message = refused("dcgan", one)
    assert f"one picture ({one}) is not enough to train 'dcgan' on: name a folder or a zip of pictures" in message
    assert "singan learns from one" in message
    assert one in refused("cyclegan-tiny", f"{many},{one}")
    assert f"{many} has 3: name one picture" in refused("singan", many)


def test_one_pair_is_enough_as_before(tmp_path):
    picture(tmp_path / "A" / "1.png")
    picture(tmp_path / "B" / "1.png", seed=1)
    assert fitted("pix2pix-tiny", f"pairs:{tmp_path}").name == "pix2pix-tiny"


@pytest.mark.parametrize("needs", ["one", "any"])
def test_how_many_a_game_needs(one, many, needs):
    recipe = replace(RECIPES["dcgan"], game=Any(RECIPES["dcgan"].game, needs))
    assert recipe.build().needs == needs
    if needs == "one":
        with pytest.raises(UsageError, match="has 3"):
            fit_to(recipe, open_source(many), {"channels"})


@pytest.mark.parametrize(
    ("width", "height", "size", "said"),
    [
        (8, 8, 32, "is 8x8, and of less than 12 pixels a side nothing can be learnt: name a larger picture"),
        (400, 16, 32, "is 400x16 and would be 32x"),
        (400, 16, 250, "take --size 300 or more, or crop it"),
        (1, 1, 250, "is 1x1"),
    ],
)
def test_too_little_of_a_picture(tmp_path, width, height, size, said):
    assert said in refused("singan", picture(tmp_path / "photo.png", width, height), size=size)


@pytest.mark.parametrize(("width", "height", "size"), [(16, 16, 32), (12, 12, 32), (400, 16, 300)])
def test_enough_of_a_picture(tmp_path, width, height, size):
    recipe = fitted("singan", picture(tmp_path / "photo.png", width, height), size=size)
    assert min(recipe.sides) >= 12


def decoded(recipe, source):
    return decode_domains(source, recipe.decoded, recipe.channels, sides=recipe.sides)


@pytest.mark.parametrize(("mode", "colour"), [("RGB", "black"), ("RGB", (9, 8, 7)), ("L", 255), ("RGBA", (1, 2, 3, 4))])
def test_a_picture_of_one_colour_is_refused(tmp_path, mode, colour):
    path = tmp_path / "plain.png"
    Image.new(mode, (40, 30), colour).save(path)
    source = open_source(str(path))
    recipe = fit_to(override(RECIPES["singan"], {"size": 32}), source)
    with pytest.raises(OrganzaError, match="has one colour only: there is nothing to learn from it"):
        refuse_one_colour(recipe, source, decoded(recipe, source))
    square = replace(RECIPES["dcgan"], channels=source.channels)
    refuse_one_colour(square, source, decoded(square, source))  # of no concern to games of many pictures


def test_a_picture_of_two_colours_is_not_refused(tmp_path):
    drawn = Image.new("RGB", (40, 30))
    drawn.paste("white", (0, 0, 20, 30))
    drawn.save(tmp_path / "two.png")
    source = open_source(str(tmp_path / "two.png"))
    recipe = fit_to(override(RECIPES["singan"], {"size": 32}), source)
    refuse_one_colour(recipe, source, decoded(recipe, source))


def test_batches_and_grids_show_all_of_the_picture(one):
    source = open_source(one)
    recipe = fit_to(override(RECIPES["singan"], {"size": 32}), source)
    assert fit_sentence(source, recipe) == "whole, resized from 40x30 to 32x24"
    (dataset,) = decoded(recipe, source).values()
    held = held_out(recipe, dataset.count)
    assert len(held) == 0
    batches = Batches(dataset, 1, Streams(0), CPU, left_out=held)
    assert batches.take(5).samples.shape == (1, 3, 24, 32)
    shown = exhibited({"real": batches}, recipe.size)["real"].images
    assert torch.equal(shown, batches.take(0).samples)


def test_what_is_chosen_for_one_picture_and_for_a_style(tmp_path, one, many):
    chosen = choose(open_source(one), "cpu")
    assert (chosen.name, chosen.size) == ("singan", 40)
    large = open_source(picture(tmp_path / "large.png", 200, 100))
    assert choose(large, "cpu").size == 96
    assert choose(large, "cuda").size == 250
    style = open_source(f"{many},{one}")
    assert [(choose(style, kind).name, choose(style, kind).size) for kind in ("cpu", "cuda")] == [
        ("analogy-plus", 64),
        ("analogy-plus", 220),
    ]
    assert choose(open_source(many), "cpu").name == "dcgan"
    assert choose(open_source(f"{many},{many}"), "cpu").name == "cyclegan-tiny"


def test_a_training_goes_on_and_other_data_are_told(tmp_path, one):
    def train(data, size=16, images=2, recipe="singan"):
        overrides = {"size": size, **SHRUNK}
        return organza.train(recipe, data=data, out=tmp_path / "run", images=images, overrides=overrides, console=QUIET)

    assert train(one).images == 2
    assert train(one, recipe=str(tmp_path / "run" / "recipe.yaml")).images == 2
    with pytest.raises(UsageError, match="was begun on other data"):
        train(picture(tmp_path / "other.png", 24, 20, seed=1))
    with pytest.raises(UsageError, match="begun with size 16, not 20"):
        train(one, size=20)
