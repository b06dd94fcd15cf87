"""One-shot stylisation: what is swapped, what is compared, and what becomes of a small StyleGAN2."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import organza
from organza import cli
from organza.errors import OrganzaError, UsageError
from organza.exchange import load_model, save_model
from organza.exchange.folder import weights_digest
from organza.features.random_conv import RandomConvolutions
from organza.marks import read_mark
from organza.metrics import perceptual_distance
from organza.networks.style.stylegan2 import StyleGAN2DiscriminatorOptions, StyleGAN2GeneratorOptions
from organza.recipes import RECIPES
from organza.tools.latent import projection, stylisation
from organza.tools.latent.space import Space
from organza.tools.latent.stylisation import (
    Course,
    diversity,
    feature_loss,
    finest,
    framed,
    mixed_codes,
    stylise,
    swapped_inputs,
)
from organza.tools.latent.stylisation_files import folder_written_whole, names_of
from style_models import save_point_model, save_style_model

SIDE, STEPS = 16, 120


def save_small(folder, crop=0, opponents=True, seed=1):
    """A StyleGAN2 of 16 pixels a side in colour, with weights as they are drawn; its w spread as a training would have it."""
    recipe, widths = RECIPES["stylegan2-tiny"], {"channel_base": 256, "channel_max": 24}
    game = recipe.game
    game = replace(
        game,
        generator=replace(
            game.generator, network=StyleGAN2GeneratorOptions(**widths, w_dim=16, mapping_layers=2)
        ),
        discriminator=replace(game.discriminator, network=StyleGAN2DiscriminatorOptions(**widths)),
        z_dim=16,
    )  # fmt: skip
    recipe = replace(recipe, game=game, size=SIDE, channels=3)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        networks = recipe.build().stage("main").build(None).networks
    generator, discriminator = (networks[name].eval() for name in ("generator", "discriminator"))
    facts = {"crop": crop, "classes": [], "images": 0, "seed": 0, "source": "none", "stage": "main"}
    save_model(folder, recipe, {"generator": generator}, {"discriminator": discriminator} if opponents else {}, facts)
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return save_small(tmp_path_factory.mktemp("small") / "model")


@pytest.fixture(scope="module")
def course():
    return Course(STEPS, seed=3)


def style_picture(side=SIDE):
    """Warm and cold stripes with a dark disc: [3, side, side], nothing that a fresh generator makes."""
    down, across = torch.meshgrid(torch.linspace(-1, 1, side), torch.linspace(-1, 1, side), indexing="ij")
    stripes = torch.sign(torch.sin(9 * across))
    disc = (down**2 + across**2 < 0.3).float()
    return torch.stack([stripes * 0.8, 0.4 * down, -stripes * 0.8]) * (1 - disc) - 0.7 * disc


@pytest.fixture(scope="module")
def stylised(small, course):
    model = load_model(small)
    before = weights_digest(model.networks)
    code = Space(model, "w+").of_seeds([7]).points
    made = stylise(model, style_picture()[None], code, course)
    return model, before, code, made


@pytest.fixture
def quick(monkeypatch):
    """Fewer samples for the figures."""
    monkeypatch.setattr(stylisation, "VARIED", 4)
    monkeypatch.setattr(stylisation, "PROBES", 2)
    monkeypatch.setattr(projection, "SAMPLES", 8)


def test_inputs_are_swapped_as_published_and_at_the_same_depths_elsewhere():
    assert swapped_inputs(18) == tuple(range(7, 18))
    assert swapped_inputs(18, keep_colour=True) == (9, 11, 15, 16, 17)
    assert swapped_inputs(8) == (3, 4, 5, 6, 7)
    assert swapped_inputs(8, keep_colour=True) == (4, 5, 7)
    for count in (6, 8, 10, 12, 14, 16, 18):
        every, few = swapped_inputs(count), swapped_inputs(count, keep_colour=True)
        assert every[-1] == few[-1] == count - 1
        assert set(few) < set(every)
        assert len(every) / count == pytest.approx(11 / 18, abs=0.5 / count)


@given(
    st.integers(2, 18), st.floats(0, 1), st.booleans(), st.integers(0, 2**31 - 1)
)  # fmt: skip
def test_codes_that_are_not_swapped_keep_their_bits(count, alpha, keep_colour, seed):
    generator = torch.Generator().manual_seed(seed)
    styles, others = torch.randn(2, 3, count, 5, generator=generator) * 1e3
    swapped = swapped_inputs(count, keep_colour)
    mixed = mixed_codes(styles, others, swapped, alpha)
    kept = [index for index in range(count) if index not in swapped]
    assert torch.equal(mixed[:, kept].view(torch.int32), styles[:, kept].view(torch.int32))
    torch.testing.assert_close(
        mixed[:, list(swapped)], styles[:, list(swapped)].lerp(others[:, list(swapped)], alpha), atol=1e-3, rtol=1e-5
    )
    assert torch.equal(mixed_codes(styles, others, swapped, 1.0)[:, list(swapped)], others[:, list(swapped)])


def test_the_loss_is_a_mean_over_levels():
    wanted = [torch.zeros(1, 2, 4, 4), torch.zeros(1, 3, 2, 2)]
    made = [torch.full((2, 2, 4, 4), 1.0), torch.full((2, 3, 2, 2), -3.0)]
    assert float(feature_loss(made, wanted)) == 2.0
    several = [torch.tensor([1.0, 2.0])[:, None, None, None], torch.tensor([5.0, 7.0])[:, None, None, None]]
    assert float(feature_loss([each.repeat(2, 1, 1, 1) for each in several], several)) == 0.0


def test_the_four_finest_levels_after_the_first_count():
    maps = [torch.zeros(1, 1, side, side) for side in (256, 128, 64, 32, 16, 8, 4)]
    assert [len(each[0, 0]) for each in finest(maps)] == [128, 64, 32, 16]
    assert [len(each[0, 0]) for each in finest(maps[2:])] == [32, 16, 8, 4]
    assert len(finest(maps[3:])) == 4
    assert len(finest(maps[5:])) == 2


def test_diversity_is_the_mean_perceptual_distance_of_pairs():
    images = torch.rand(5, 3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    with torch.no_grad():
        maps = RandomConvolutions()(images)
    pairs = [(a, b) for a in range(5) for b in range(a)]
    distances = [
        float(perceptual_distance([each[a : a + 1] for each in maps], [each[b : b + 1] for each in maps]))
        for a, b in pairs
    ]
    assert diversity(images) == pytest.approx(np.mean(distances), rel=1e-4)
    assert diversity(images[:1].repeat(4, 1, 1, 1)) == pytest.approx(0.0, abs=1e-9)
    assert diversity(images[:, :1]) > 0


def test_a_style_is_learnt_and_diversity_is_kept(stylised):
    _, _, _, made = stylised
    first, last = made.loss
    assert last <= 0.5 * first
    ((before, after),) = made.psnr
    assert after >= before + 5
    assert made.diversity[1] >= 0.3 * made.diversity[0]
    assert (made.swapped, made.levels) == ((2, 3, 4, 5), 3)
    assert len(made.losses) == STEPS


def test_the_original_and_the_mapping_stay_as_they_are(stylised, small):
    model, before, code, made = stylised
    assert weights_digest(model.networks) == before == load_model(small).config["weights_sha256"]
    assert made.model.config["weights_sha256"] == weights_digest(made.model.networks) != before
    old, new = (each.networks["generator"] for each in (model, made.model))
    for name, weight in old.mapping.state_dict().items():
        assert torch.equal(weight, new.mapping.state_dict()[name])
    assert not torch.equal(old.constant, new.constant)
    assert not any(parameter.requires_grad for parameter in new.parameters())
    points = Space(model, "w").of_seeds([1, 2]).points
    assert torch.equal(points, Space(made.model, "w").of_seeds([1, 2]).points)
    assert torch.equal(made.images[0], Space(model, "w+").images(code))


def test_a_seed_says_all(small, stylised, quick):
    model, _, code, _ = stylised
    again = [stylise(model, style_picture()[None], code, Course(3, seed=seed)).losses for seed in (1, 1, 2)]
    assert again[0] == again[1] != again[2]


def test_the_slider_and_the_blend(stylised, quick):
    model, before, code, _ = stylised
    none = stylise(model, style_picture()[None], code, Course(2, blend=0.0))
    assert none.model.config["weights_sha256"] == before
    assert none.loss[0] == none.loss[1]
    own = stylise(model, style_picture()[None], code, Course(2, alpha=0.0))
    wanted = stylise(model, style_picture()[None], code, Course(2, alpha=1.0))
    assert own.losses != wanted.losses
    plain = stylise(model, style_picture()[None], code, Course(2, pixels=0.0))
    assert (plain.pixels, wanted.pixels) == (0.0, stylisation.PIXELS)
    assert plain.losses[0] < wanted.losses[0]
    few = stylise(model, style_picture()[None], code, Course(2, keep_colour=True))
    assert few.losses != wanted.losses


def test_several_styles_go_in_one_batch(stylised, quick):
    model, _, code, _ = stylised
    pictures = torch.stack([style_picture(), -style_picture()])
    made = stylise(model, pictures, code.repeat(2, 1, 1), Course(2))
    assert len(made.psnr) == 2
    assert made.images.shape == (2, 2, 3, SIDE, SIDE)
    swapped = stylise(model, pictures.flip(0), code.repeat(2, 1, 1), Course(2))
    assert swapped.loss[0] != made.loss[0]  # each goes with its own code and noise


def test_numbers_that_are_not_finite_are_told(stylised, monkeypatch):
    model, _, code, _ = stylised
    monkeypatch.setattr(stylisation, "feature_loss", lambda made, wanted: made[0].sum() * torch.nan)
    with pytest.raises(OrganzaError, match="not finite at step 0"):
        stylise(model, style_picture()[None], code, Course(2))


@pytest.mark.parametrize(
    ("crop", "edge"), [(2, -1.0), ([0, 0, 2, 2], 0.5)], ids=["squares in black", "rectangles by their edges"]
)
def test_style_pictures_are_framed_as_those_of_the_training(stylised, crop, edge):
    model = replace(stylised[0], config={**stylised[0].config, "crop": crop})
    height = 12 if crop == 2 else 16
    whole = framed(model, torch.full((1, 3, height, 12), 0.5))
    assert whole.shape == (1, 3, 16, 16)
    assert float(whole[0, 0, 8, 0]) == edge
    assert float(model.cropped(whole).mean()) == 0.5


def test_only_models_with_a_discriminator_of_features_have_a_style(tmp_path):
    code, picture = torch.zeros(1, 6, 5), torch.zeros(1, 3, 16, 16)
    with pytest.raises(UsageError, match="no discriminator whose features are known"):
        stylise(load_model(save_style_model(tmp_path / "woven")), picture, code)
    with pytest.raises(UsageError, match=r"without its discriminator.*opponents\.safetensors"):
        stylise(load_model(save_small(tmp_path / "alone", opponents=False)), picture, torch.zeros(1, 6, 16))
    with pytest.raises(UsageError, match="no styles"):
        stylise(load_model(save_point_model(tmp_path / "points")), picture, code)


def test_nothing_half_written_stays(tmp_path):
    def broken():
        with folder_written_whole(tmp_path / "out") as folder:
            (folder / "part").write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken()
    assert list(tmp_path.iterdir()) == []
    with folder_written_whole(tmp_path / "out") as folder:
        (folder / "whole").write_text("all")
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    with pytest.raises(OrganzaError, match="exists"), folder_written_whole(tmp_path / "out"):
        pass


def test_inputs_of_one_name_get_names_of_their_own(tmp_path):
    given_names = [tmp_path / "a.jpg", tmp_path / "b" / "a.PNG", tmp_path / "grid.png", tmp_path / "Styles.bmp"]
    assert names_of(given_names) == ["a.png", "a-2.png", "grid-2.png", "Styles-2.png"]


@pytest.fixture
def command(capsys, small, tmp_path, monkeypatch, quick):
    """Run a command line in a folder of its own, with pictures; returns exit status, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ORGANZA_WEIGHTS", str(tmp_path))
    pixels = ((style_picture(20) + 1) * 127.5).byte().permute(1, 2, 0).numpy()
    for name in ("style.png", "other.png", "a.jpg"):
        Image.fromarray(pixels).save(name)

    def run(line):
        with pytest.raises(SystemExit) as ended:
            cli.main(["stylize", str(small), *line.split()])
        captured = capsys.readouterr()
        return ended.value.code or 0, captured.out, captured.err

    return run


SHORT = "--steps 2 --projection-steps 2 --device cpu"


def test_a_picture_is_redrawn_in_the_style_of_others(command, tmp_path, small):
    status, out, err = command(f"style.png a.jpg other.png --style other.png --out out {SHORT} --json")
    assert status == 0, err
    found = json.loads(out)
    assert [each["file"] for each in found["styles"]] == ["style.png", "other.png"]
    assert [each["file"] for each in found["inputs"]] == ["a.jpg", "other.png"]
    assert found["files"] == ["out/a.png", "out/other.png"]
    assert set(found["loss"]) == {"first", "last"}
    assert found["diversity"]["kept"] > 0
    assert "consent" in err
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "model", "grid.png", "styles.png", "a.png", "other.png"
    }  # fmt: skip
    assert not list(tmp_path.glob(".*"))
    model = organza.load("out/model")
    assert model.config["stylised"]["of"] == load_model(small).config["weights_sha256"]
    for name, size in (("grid", (48, 32)), ("styles", (48, 32)), ("a", (16, 16))):
        assert Image.open(f"out/{name}.png").size == size
        mark = read_mark(tmp_path / "out" / f"{name}.png")
        assert (mark.ai_generated, mark.weights_sha256) == (True, model.config["weights_sha256"])
    last = np.asarray(Image.open("out/grid.png"))[:16, 32:]
    np.testing.assert_array_equal(last, np.asarray(Image.open("out/a.png")))
    status, _, err = command(f"style.png --out out {SHORT}")
    assert (status, err.count("\n")) == (1, 1)
    assert "out exists" in err
    again = organza.stylize(
        "out", "style.png", out="again", steps=1, projection_steps=1, seeds=[4]
    )  # what is stylised can be stylised again
    assert Image.open(again.grid).size == (32, 16)


def test_samples_are_shown_before_and_after(command, small):
    status, out, err = command(f"style.png --out out --seeds 1-3 {SHORT} --keep-colour --alpha 0.5 --blend 0.5")
    assert status == 0, err
    assert out.splitlines()[0] == "out"
    assert "diversity kept" in out
    grid = np.asarray(Image.open("out/grid.png"))
    assert grid.shape == (48, 32, 3)
    organza.sample(small, 1, seed=2, out="before.png", device="cpu")
    organza.sample("out/model", 1, seed=2, out="after.png", device="cpu")
    for column, name in enumerate(("before", "after")):
        tile = grid[16:32, 16 * column : 16 * column + 16].astype(int)
        assert abs(tile - np.asarray(Image.open(f"{name}.png"), int)).max() <= 1
    assert command(f"style.png --out two --seeds 1-3 {SHORT} --keep-colour --alpha 0.5 --blend 0.5")[0] == 0
    np.testing.assert_array_equal(grid, np.asarray(Image.open("two/grid.png")))


@pytest.mark.parametrize(
    ("line", "status", "words"),
    [
        ("style.png --out o --alpha 1.5", 2, "--alpha is a number from 0 to 1"),
        ("style.png --out o --blend -1", 2, "--blend is a number from 0 to 1"),
        ("style.png --out o --pixels -1", 2, "--pixels is a number, 0 or more"),
        ("style.png --out o --steps 0", 2, "--steps is 1 or more"),
        ("style.png --out o --space z", 2, "inverted in w or w+"),
        ("style.png a.jpg --out o --seeds 1", 2, "leave out --seeds"),
        ("style.png --out o --seeds x", 2, "--seeds"),
        ("style.png --out o --label a", 2, "no labels"),
        ("style.png nowhere.png --out o", 1, "cannot read nowhere.png"),
        ("style.png --out style.png", 1, "style.png exists"),
        ("--out o", 2, "STYLE"),
    ],
)
def test_errors_are_one_line_and_leave_nothing(command, tmp_path, line, status, words):
    got, out, err = command(line)
    assert (got, out) == (status, "")
    assert words in err
    assert err.count("\n") == 1
    assert not (tmp_path / "o").exists()
