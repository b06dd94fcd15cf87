"""Every recipe that makes pictures from pictures: its published size; narrow, it trains, resumes to the bit, is saved."""

import numpy as np
import pytest
import torch
from PIL import Image

from organza.data import decode_domains, open_source
from organza.errors import UsageError
from organza.exchange import load_model, save_model
from organza.exchange.folder import weights_digest
from organza.games.translation import apply
from organza.recipes import RECIPES, choose, fit_to, flatten, override, settle, to_mapping
from organza.streams import Streams
from organza.training import checkpoint
from organza.training.inspection import network_facts
from organza.training.planning import make_session
from organza.training.remedy import same_networks
from organza.training.run import begin_from
from organza.training.shown import exhibited

CPU = torch.device("cpu")
ABLE = {name: recipe.build().abilities for name, recipe in RECIPES.items()}
NAMES = [name for name, abilities in ABLE.items() if not abilities.from_noise and not abilities.pyramids]
RESNET_6, RESNET_9, PATCHGAN, FULL = 7_837_699, 11_378_179, 2_764_737, 11_154_369
CYCLE = ("generator_ab", "generator_ba", "discriminator_a", "discriminator_b")

PUBLISHED = {
    "cyclegan": dict(zip(CYCLE, (RESNET_9, RESNET_9, PATCHGAN, PATCHGAN), strict=True)),
    "cyclegan-128": dict(zip(CYCLE, (RESNET_6, RESNET_6, PATCHGAN, PATCHGAN), strict=True)),
    "cyclegan-seed": dict(zip(CYCLE, (RESNET_6, RESNET_6, PATCHGAN, PATCHGAN), strict=True)),
    "ganilla": dict(zip(CYCLE, (7_228_419, 7_228_419, PATCHGAN, PATCHGAN), strict=True)),
    "pix2pix": {"generator": 54_413_955, "discriminator": 2_768_705},
    "deblurgan": {"generator": RESNET_9, "discriminator": PATCHGAN},
    "deblurgan-v2-inception": {
        "generator": 35_840_099,
        "generator.fpn": 5_085_827,
        "discriminator_patch": PATCHGAN,
        "discriminator_full": FULL,
    },
    "deblurgan-v2-mobilenet": {
        "generator": 2_106_627,
        "generator.fpn": 1_088_835,
        "discriminator_patch": PATCHGAN,
        "discriminator_full": FULL,
    },
    "deblurgan-v2-dsc": {
        "generator": 1_185_987,
        "generator.fpn": 168_195,
        "discriminator_patch": PATCHGAN,
        "discriminator_full": FULL,
    },
    "srgan": {"generator": 1_549_462, "discriminator": 23_565_505},
    "esrgan": {"generator": 16_697_987, "discriminator": 38_245_569},
}
OUTPUTS = {  # of the first discriminator: logits of patches, or one for the whole picture
    **{key: [1, 30, 30] for key in ("cyclegan", "cyclegan-seed", "ganilla", "pix2pix")},
    "cyclegan-128": [1, 14, 14],
    **{key: [1, 35, 35] for key in (name for name in PUBLISHED if name.startswith("deblurgan"))},
    **{key: [1] for key in ("srgan", "esrgan")},
}
V1, V2, SR = (1e-4, (0.5, 0.999)), (1e-4, (0.9, 0.999)), (1e-4, (0.9, 0.999))
NUMBERS = {  # rate and betas, batch, size, images, and fields of the game, as published (specs: the papers and their code)
    "cyclegan": ((2e-4, (0.5, 0.999)), 1, 256, 266_800, {"cycle": 10, "identity": 0.5, "pool": 50, "loss": "least-squares"}),
    "pix2pix": ((2e-4, (0.5, 0.999)), 1, 256, 80_000, {"content.pixel": "l1", "content.pixel_weight": 100, "conditional": True}),
    "deblurgan": (V1, 1, 256, 630_900, {"n_critic": 5, "content.perceptual_weight": 100, "generator.dropout": 0.5,
                  "penalty_weight": 10, "degrade_length": 60, "discriminator.padding": 2, "generator.residual": True}),
    "deblurgan-v2-inception": (V2, 1, 256, 200_000, {"adversarial": 0.001, "history": 50, "content.pixel_weight": 0.5,
                  "content.perceptual_weight": 0.006, "frozen": 0.015, "degrade_length": 60, "discriminator.initial": "torch"}),
    "srgan": (SR, 16, 96, 19_200_000, {"adversarial": 1e-3, "content.perceptual": "vgg19-conv5_4", "degrade_scale": 4}),
    "srgan-tiny": ((1e-3, (0.9, 0.999)), 16, 48, 40_000, {"content.perceptual": "vgg19-conv5_4", "degrade_scale": 2}),
    "esrgan": (SR, 16, 128, 22_400_000, {"adversarial": 5e-3, "content.pixel_weight": 1e-2, "loss": "relativistic-average"}),
}  # fmt: skip


@pytest.mark.parametrize("name", PUBLISHED)
def test_every_recipe_has_its_published_size(name):
    recipe = RECIPES[name]
    facts = network_facts(recipe.build(), recipe.shape)
    assert {network: fact["parameters"] for network, fact in facts.items()} == PUBLISHED[name]
    judge = next(network for network in facts if network.startswith("discriminator"))
    assert facts[judge]["output"] == OUTPUTS[name]
    if "discriminator_full" in facts:
        assert facts["discriminator_full"]["output"] == [1, 11, 11]


@pytest.mark.parametrize("name", NUMBERS)
def test_every_recipe_has_its_published_numbers(name):
    recipe, ((rate, betas), batch, size, images, fields) = RECIPES[name], NUMBERS[name]
    found = flatten(to_mapping(recipe))
    for player in ("generator", "discriminator"):
        assert (found[f"{player}.lr"], tuple(found[f"{player}.betas"])) == (rate, betas)
    assert (recipe.batch, recipe.size, recipe.images, recipe.ema_half_life) == (batch, size, images, 0)
    assert {field: found[field] for field in fields} == fields


def test_all_others_are_small_forms():
    others = [name for name in NAMES if name not in PUBLISHED]
    assert all(name.endswith("-tiny") or name in ("pix2pix-completion", "pix2pix-segmentation") for name in others)
    for family in ("cyclegan", "pix2pix", "ganilla", "deblurgan", "deblurgan-v2", "srgan", "esrgan"):
        assert f"{family}-tiny" in others


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Folders of coloured gradients: `a` and `b`, which nothing pairs, and `pairs`."""
    root, chance = tmp_path_factory.mktemp("world"), np.random.default_rng(0)
    for folder in ("a", "b", "pairs/A", "pairs/B"):
        (root / folder).mkdir(parents=True)
        for index in range(6):
            corners = chance.integers(0, 256, (3, 4, 3), np.uint8)
            Image.fromarray(corners).resize((150, 140)).save(root / folder / f"{index}.png")
    return root


def narrow(name):
    """The recipe at a width, size and budget for tests; nothing else of it is changed. Two steps a stage."""
    changes = {"generator.width": 4, "discriminator.width": 4, "batch": 2, "images": 8, "size": 32, "hold_out": 0}
    recipe = RECIPES[name]
    if recipe.load:
        changes["load"] = 36
    match recipe.game.generator.network.__class__.__name__:
        case "FPNGeneratorOptions":
            size = 128 if "inception" in name else 64
            changes |= {"generator.head_width": 2, "size": size, "generator.weights": "none"}
        case "ResNetGeneratorOptions":
            changes["generator.blocks"] = 2
        case "UNetGeneratorOptions":
            changes |= {"generator.downs": 5}
        case "SRResNetOptions" | "RRDBOptions":
            changes |= {"generator.blocks": 1, "first": 0.5}
    if "full_layers" in vars(recipe.game) and recipe.game.full_layers:
        changes["full_layers"] = 4
    return override(recipe, changes)


def sources(world, recipe):
    game = recipe.build()
    if len(game.domains) == 2:
        return f"{world / 'a'},{world / 'b'}"
    return f"pairs:{world / 'pairs'}" if game.pairs == "needed" else str(world / "a")


def begin(name, world, **changes):
    recipe = override(narrow(name), changes)
    source = open_source(sources(world, recipe))
    recipe, _ = settle(fit_to(recipe, source))
    datasets = decode_domains(source, recipe.decoded, recipe.channels, native=recipe.native)
    return recipe, datasets, make_session(recipe, datasets, Streams(3), CPU)


def play(session, steps):
    for _ in range(steps):
        session.advance()
        session.play()


def everything(session):
    return {name: tensor.clone() for name, tensor in session.tensors().items()}


@pytest.mark.parametrize("name", [name for name in NAMES if name != "deblurgan-v2-inception"])  # the same game, slowly
def test_a_stop_and_a_start_change_nothing(name, world, tmp_path):
    """Four steps straight, through all stages, against a stop after the first or the third: the same bits in everything."""
    recipe, _, straight = begin(name, world)
    before = everything(straight)
    play(straight, 4)
    assert straight.culprit(thorough=True) is None
    assert straight.entered.name == recipe.build().stages[-1].name
    for stop in (1, 3):
        _, _, first = begin(name, world)
        play(first, stop)
        folder = tmp_path / str(stop)
        folder.mkdir()
        checkpoint.save(folder, stop, checkpoint.Checkpoint(first.tensors(), first.counters()))
        stored = checkpoint.load(checkpoint.all_checkpoints(folder)[0])
        _, _, second = begin(name, world)
        second.restore(stored.tensors, stored.counters)
        play(second, 4 - stop)
        expected, got = everything(straight), everything(second)
        assert expected.keys() == got.keys()
        assert all(torch.equal(expected[key], got[key]) for key in expected)
    for player in straight.entered.stage.players:  # every network has learnt something
        for network in player.networks:
            keys = [key for key in before if key.startswith(f"network/{network}/") and "weight" in key]
            assert not keys or any(not torch.equal(before[key], expected[key]) for key in keys), network


def test_a_stop_around_the_end_of_the_frozen_stage_changes_nothing(world, tmp_path):
    name, frozen = "deblurgan-v2-mobilenet", {"generator.weights": "imagenet", "frozen": 0.5}
    _, _, straight = begin(name, world, **frozen)
    assert straight.entered.name == "frozen"
    play(straight, 4)
    for stop in (1, 2, 3):
        _, _, first = begin(name, world, **frozen)
        play(first, stop)
        assert first.entered.name == ("frozen" if stop < 3 else "main")
        _, _, second = begin(name, world, **frozen)
        second.restore({key: value.clone() for key, value in first.tensors().items()}, first.counters())
        play(second, 4 - stop)
        expected, got = everything(straight), everything(second)
        assert expected.keys() == got.keys()
        assert all(torch.equal(expected[key], got[key]) for key in expected)


@pytest.mark.parametrize("name", ["deblurgan-v2-mobilenet", "srgan-tiny"])
def test_a_model_of_an_early_stage_opens_and_is_gone_on_from_there(name, world, tmp_path):
    frozen = {"generator.weights": "imagenet", "frozen": 0.5} if name != "srgan-tiny" else {}
    recipe, _, session = begin(name, world, **frozen)
    for steps, stage in ((1, session.entered.name), (2, "main")):
        play(session, steps)
        assert session.entered.name == stage
        networks = session.entered.networks
        averages = session.entered.averages.networks
        opponents = {key: network for key, network in networks.items() if key not in averages}
        folder = tmp_path / stage
        save_model(folder, recipe, averages, opponents, {"crop": 0, "classes": [], "stage": stage, "images": 2})
        model = load_model(folder)
        _, _, fresh = begin(name, world, **frozen)
        begin_from(fresh, model)
        assert fresh.entered.name == stage
        assert weights_digest(fresh.entered.networks) == weights_digest(networks)


@pytest.mark.parametrize("name", NAMES)
def test_a_saved_model_makes_the_same_pictures(name, world, tmp_path):
    recipe, _, session = begin(name, world)
    play(session, 1)
    assert session.culprit(thorough=True) is None
    averages = session.entered.averages.networks
    save_model(tmp_path, recipe, averages, {}, {"crop": 0, "classes": [], "stage": session.entered.name, "images": 2})
    model = load_model(tmp_path)
    assert weights_digest(model.networks) == weights_digest(averages)
    pictures = torch.rand(1, 3, 45, 33, generator=torch.Generator().manual_seed(1)) * 2 - 1
    verb = {"translates": "translate", "deblurs": "deblur", "enlarges": "enlarge"}[model.abilities.names()[0]]
    ability = model.ability(verb, "b" if verb == "translate" else None)
    made = getattr(model, verb)(pictures, **({"to": "b"} if verb == "translate" else {}))
    assert made.shape == (1, 3, 45 * ability.scale, 33 * ability.scale)
    assert made.abs().max() <= 1
    # The coarsest maps of so small a picture have few values: where a network divides by their deviation, rounding shows.
    torch.testing.assert_close(made, apply(ability, averages, pictures), atol=5e-4, rtol=0)
    with pytest.raises(UsageError, match="makes nothing from noise"):
        model.sample(2)


@pytest.mark.parametrize("name", ["cyclegan-tiny", "pix2pix-tiny", "deblurgan-v2-tiny", "srgan-tiny"])
def test_it_shows_what_it_makes_of_real_pictures(name, world):
    recipe, _, session = begin(name, world)
    exhibit, networks = session.game.exhibit, session.entered.averages.networks
    real = exhibited(session.batches, recipe.size)
    first, again = (exhibit.images(networks, real, torch.Generator().manual_seed(5)) for _ in range(2))
    assert len(first) == len(exhibit.columns)
    for column, same in zip(first, again, strict=True):
        assert column.shape[1:] == recipe.sample
        assert torch.equal(column, same)
    if exhibit.columns[-1] == "target":
        assert torch.equal(first[-1], real["real"].images)
        assert not torch.equal(first[0], first[-1])


def test_other_forms_of_source_are_refused(world):
    one, two, pairs = (
        open_source(name) for name in (str(world / "a"), f"{world / 'a'},{world / 'b'}", f"pairs:{world / 'pairs'}")
    )
    for recipe, source, message in (
        ("cyclegan", one, "two domains.*--data A,B"),
        ("cyclegan", pairs, "two domains"),
        ("dcgan", two, "learns from one source.*are two: name one"),
        ("pix2pix", two, "as pairs:DIR"),
        ("srgan-tiny", pairs, "does not learn from pairs"),
        ("dcgan", pairs, "does not learn from pairs"),
        ("pix2pix", one, "learns from pairs.*--data pairs:DIR"),
        ("pix2pix-completion", two, "learns from one source"),
    ):
        with pytest.raises(UsageError, match=message):
            fit_to(RECIPES[recipe], source)
    for recipe, source in (("deblurgan", one), ("deblurgan", pairs), ("pix2pix-completion", one), ("cyclegan", two)):
        assert fit_to(RECIPES[recipe], source).channels == 3
    assert choose(two, "cpu").name == "cyclegan-tiny"
    assert choose(pairs, "cuda").name == "pix2pix"


@pytest.mark.parametrize(
    ("recipe", "changes", "message"),
    [
        ("srgan", {"conditional": True}, "small picture beside a large one"),
        ("pix2pix", {"ability": "enlarges"}, "a generator of scale 1 is no network that enlarges"),
        ("deblurgan-v2-mobilenet", {"loss": "wasserstein"}, "--history 0"),
        ("deblurgan-v2-mobilenet", {"n_critic": 5}, "one turn of the critics"),
        (
            "deblurgan",
            {"discriminator.network": "dcgan-discriminator", "full_layers": 5},
            "needs a network that has layers",
        ),
        ("cyclegan", {"load": 200}, "no square of 256 pixels"),
        ("deblurgan", {"load": 300}, "not both"),
        ("srgan-tiny", {"degrade_scale": 4}, "scale 2 does not undo a degradation of scale 4"),
        ("srgan-tiny", {"generator.scale": 4}, "scale 4 does not undo a degradation of scale 2"),
        ("pix2pix-completion", {"degrade": "shrink"}, "scale 1 does not undo a degradation of scale 4"),
        ("srgan-tiny", {"first_content.pixel_weight": 0}, "nothing for the generator to learn"),
        ("deblurgan-v2-tiny", {"adversarial": 0, "content.pixel_weight": 0}, "nothing for the generator to learn"),
        ("cyclegan", {"generator.network": "rrdb"}, "of one size"),
        (
            "cyclegan",
            {"generator.network": "dcgan-generator"},
            "must be a generator from pictures, .* take one of fpn-",
        ),
        ("cyclegan", {"discriminator.network": "unet-generator"}, "--discriminator.network must be a discriminator"),
        ("dcgan", {"generator.network": "resnet-generator"}, "must be a generator from noise"),
    ],
)
def test_what_does_not_go_together_is_refused(recipe, changes, message):
    with pytest.raises(UsageError, match=message):
        override(RECIPES[recipe], changes).build()


def test_a_remedy_of_a_later_stage_is_another_network():
    recipe = RECIPES["srgan-tiny"]
    assert same_networks(recipe, recipe)
    assert not same_networks(recipe, override(recipe, {"discriminator.width": 16}))
