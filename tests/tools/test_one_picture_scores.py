"""Scores of models that repeat their picture, shuffle it, or have learnt something; and optical flow."""

import json
import sys
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage

import organza
from organza import cli
from organza.errors import OrganzaError, UsageError
from organza.games import Abilities, Pyramid, Translation
from organza.metrics import shuffled
from organza.networks.pyramid.scales import ScaleGeneratorOptions
from organza.tools.pictures.flow import both_ways, flow, warp
from organza.tools.scoring import METRICS
from organza.tools.scoring.one_picture import learnt_one_picture, score_one_picture
from organza.tools.scoring.table import ANALOGY, ONE_PICTURE
from organza.training import probe
from videos import write_video

HEIGHT, WIDTH = 32, 40


def texture(seed, height=HEIGHT, width=WIDTH, smooth=1.5):
    noise = np.random.default_rng(seed).standard_normal((height, width, 3))
    found = ndimage.gaussian_filter(noise, (smooth, smooth, 0))
    return (127.5 + 127 * found / abs(found).max()).round().astype(np.uint8)


def samples_of(pixels):
    return torch.from_numpy(pixels).permute(2, 0, 1)[None] / 127.5 - 1


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, seed in (("photo.png", 0), ("other.png", 1)):
        Image.fromarray(texture(seed)).save(name)
    return tmp_path


def network(sample, reconstruction):
    made = ScaleGeneratorOptions(width=4).pyramid(3, [(HEIGHT, WIDTH)])
    made.sample = sample
    made.reconstruct = lambda: reconstruction
    return made


def model(sample=None, reconstruction=None, translate=None, domains=("real",)):
    """What scoring asks of a model, with samples and translations of one's own."""
    photo = samples_of(texture(0))
    made = network(sample or (lambda count, generator: photo), photo if reconstruction is None else reconstruction)
    translates = {"b": Translation(lambda networks, pictures: translate(pictures))} if translate else {}
    return SimpleNamespace(
        abilities=Abilities(pyramids={domain: Pyramid("generator") for domain in domains}, translates=translates),
        networks={"generator": made},
        recipe=SimpleNamespace(name="made-up", size=WIDTH, channels=3, sides=(HEIGHT, WIDTH), rectangles="crop"),
        config={},
        device="cpu",
        translate=lambda pictures, to: translate(pictures),
    )


def analogy(translate):
    return model(translate=translate, domains=("a", "b"))


def test_a_model_that_repeats_its_picture_is_perfect_and_has_no_diversity(place):
    found = score_one_picture(model(), "photo.png", n=4)
    assert list(found.values) == list(ONE_PICTURE)
    assert found["sifd"] == pytest.approx(0, abs=1e-6)
    assert found["patch_swd"] == found["pixel_diversity"] == 0
    assert found["psnr_reconstruction"] == 100
    assert found["patch_swd_noise"] > 0.05
    assert found.details["sifd_noise"] > 0.1


def test_a_model_that_shuffles_its_pixels_is_as_bad_as_noise(place):
    photo = samples_of(texture(0))[0]
    found = score_one_picture(model(lambda count, generator: shuffled(photo, generator)[None]), "photo.png", n=4)
    assert found["sifd"] == pytest.approx(found.details["sifd_noise"], rel=0.1)
    assert found["patch_swd"] == pytest.approx(found["patch_swd_noise"], rel=0.1)
    assert found.details["pixel_diversity_relative"] == pytest.approx(3**0.5 / 2, rel=0.1)  # of four samples


def test_other_pieces_of_the_texture_lie_between(place):
    large = samples_of(texture(0, 3 * HEIGHT, WIDTH))
    Image.fromarray(texture(0, 3 * HEIGHT, WIDTH)[:HEIGHT]).save("photo.png")
    found = score_one_picture(model(lambda count, generator: large[:, :, HEIGHT : 2 * HEIGHT]), "photo.png", n=1)
    assert 0 < found["sifd"] < 0.6 * found.details["sifd_noise"]
    assert 0 < found["patch_swd"] < 0.6 * found["patch_swd_noise"]
    assert "no pixel_diversity" in " ".join(found.notes)


def test_scores_say_what_they_depend_on(place):
    found = score_one_picture(model(), "photo.png", n=3, seed=5)
    assert (found.features, found.n, found.real, found.seed) == ("random-conv", 3, 1, 5)
    assert "40x32 as in training" in found.protocol
    titles = {metric.key: metric.title for metric in found.metrics}
    assert titles["sifd"] == "SIFD[random-conv]"
    assert METRICS["sifd"].of("inception", standard_inception=True).title == "SIFID"
    bare = score_one_picture(model(), "photo.png", ["psnr_reconstruction"], n=3)
    assert (bare.features, bare.resize, list(bare.values)) == (None, None, ["psnr_reconstruction"])


def test_samples_come_from_the_seed_and_their_number(place):
    def sample(count, generator):
        return torch.rand(count, 3, HEIGHT, WIDTH, generator=generator) * 2 - 1

    first, again, other = (score_one_picture(model(sample), "photo.png", n=2, seed=seed) for seed in (0, 0, 1))
    assert first.values == again.values
    assert first["sifd"] != other["sifd"]


def test_a_picture_that_was_not_learnt_is_named(place):
    made = model()
    made.config = {"fingerprint": "0", "source": "elsewhere.png"}
    assert (
        "photo.png is not what the model has learnt from (elsewhere.png)" in score_one_picture(made, "photo.png").notes
    )


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"data": "photo.png,other.png"}, "has learnt one picture, and photo.png,other.png names more"),
        ({"data": "ring8"}, "makes pictures, and ring8 has points"),
        ({"data": "fashion-mnist-10k"}, "fashion-mnist-10k has 10,000: name that one"),
        ({"metrics": ["fd"]}, "fd cannot be computed of 'made-up', which has sifd"),
        ({"metrics": ["sifid"]}, "unknown metric 'sifid'"),
        ({"metrics": []}, "no metric is named"),
        ({"metrics": ["pixel_diversity"], "n": 1}, "pixel_diversity cannot be computed: .*ask for more with -n"),
        ({"features": "fashion-classifier"}, "do not see a picture place by place"),
        ({"features": "random"}, "unknown features 'random'"),
        ({"n": 10**9}, "do not fit into memory: take -n"),
    ],
)
def test_what_cannot_be_had_is_one_line(place, options, words):
    with pytest.raises(UsageError, match=words) as error:
        score_one_picture(model(), **{"data": "photo.png"} | options)
    assert "\n" not in str(error.value)


def test_a_translation_into_the_style_itself_and_none_at_all(place):
    style = samples_of(texture(1))
    copied = score_one_picture(analogy(lambda pictures: style.expand(len(pictures), -1, -1, -1)), "photo.png,other.png")
    left = score_one_picture(analogy(lambda pictures: pictures), "photo.png,other.png")
    assert list(left.values) == [key for key in METRICS if key in ANALOGY and key != "warp_error"]
    assert copied["style"] == pytest.approx(0, abs=1e-6)
    assert left["style"] == left.details["style_before"] > 0.01
    assert left["structure"] == pytest.approx(1)
    assert abs(copied["structure"]) < 0.3


def test_a_video_that_flickers_is_told_from_one_that_moves(place):
    write_video("clip.mp4", 4, HEIGHT, WIDTH)
    signs = iter([0, 0.4] * 2)
    steady = score_one_picture(analogy(lambda pictures: pictures), "clip.mp4,other.png")
    flickers = score_one_picture(analogy(lambda pictures: pictures * 0.5 + next(signs)), "clip.mp4,other.png")
    assert steady.n == 4
    assert steady["warp_error"] == steady.details["warp_error_before"]
    assert flickers["warp_error"] > 0.3 > 3 * steady["warp_error"]
    assert score_one_picture(analogy(lambda pictures: pictures), "clip.mp4,other.png", n=2).n == 2


def test_only_frames_of_a_video_are_held_to_each_other(place, monkeypatch):
    """A folder of pictures is translated one by one, and scored so; one picture is scored without a library for flow."""
    held = []
    monkeypatch.setattr(
        "organza.tools.scoring.one_picture.Steadied", lambda weight: held.append(weight) or (lambda frame, made: made)
    )
    made, words = analogy(lambda pictures: pictures), {"metrics": ["structure"]}
    made.abilities.translates["b"] = replace(made.abilities.translates["b"], steady=2.0)
    write_video("clip.mp4", 3, HEIGHT, WIDTH)
    for data in ("clip.mp4,other.png", "photo.png,other.png"):
        score_one_picture(made, data, **words)
    assert held == [2.0, 0.0]


@pytest.mark.parametrize(
    ("data", "metrics", "words"),
    [
        ("photo.png", None, "has learnt two pictures: name both"),
        ("photo.png,fashion-mnist-10k", None, "takes the style of one picture, and fashion-mnist-10k has 10,000"),
        ("photo.png,other.png", ["warp_error"], "warp_error cannot be computed: it is of the frames of a video"),
        ("photo.png,other.png", ["sifd"], "sifd cannot be computed of 'made-up', which has"),
    ],
)
def test_what_cannot_be_had_of_an_analogy_is_one_line(place, data, metrics, words):
    with pytest.raises(UsageError, match=words):
        score_one_picture(analogy(lambda pictures: pictures), data, metrics)


def test_only_models_of_one_picture_are_scored_so():
    assert learnt_one_picture(model())
    assert not learnt_one_picture(SimpleNamespace(abilities=Abilities()))
    with pytest.raises(UsageError, match="sifd cannot be computed: it needs a model that has learnt one picture"):
        organza.evaluate("fashion-mnist-10k", data="fashion-mnist-10k", metrics=["sifd"], n=10, real=10)


def test_a_trained_model_is_evaluated(place, capsys, monkeypatch):
    monkeypatch.setattr(probe, "SECONDS", 0.0)
    fields = {"size": 24, "generator.width": 4, "discriminator.width": 4}
    organza.train("singan", data="photo.png", images=6, out="run", overrides=fields)
    with pytest.raises(SystemExit) as ended:
        cli.main("evaluate run --data photo.png -n 3 --json".split())
    found = json.loads(capsys.readouterr().out)
    assert not ended.value.code
    assert list(found["scores"]) == list(ONE_PICTURE)
    assert (found["features"], found["n"], found["seed"]) == ("random-conv", 3, 0)
    assert found["resize"] == "24x20 as in training"
    assert organza.evaluate("run", data="photo.png", metrics=["psnr_reconstruction"]).n == 50


def moving(count=2, down=2, right=3, height=48, width=64):
    """Pieces of a texture that moves by so many pixels from one to the next."""
    pixels = samples_of(texture(2, height + 20, width + 20))
    places = [(10 - number * down, 10 - number * right) for number in range(count)]
    return [pixels[:, :, top : top + height, left : left + width] for top, left in places]


def test_a_shift_of_a_texture_is_found():
    before, after = moving()
    found = flow(before, after)
    assert found.shape == (1, 2, 48, 64)
    down, right = found[0, :, 8:-8, 8:-8].flatten(1)
    assert down.median() == pytest.approx(2, abs=0.02)
    assert right.median() == pytest.approx(3, abs=0.02)
    back, valid = both_ways(before, after)
    assert (warp(before, back) - after).abs()[valid.expand_as(after)].mean() < 0.01
    assert valid[..., 8:-8, 8:-8].float().mean() > 0.98
    assert not valid[..., 0, :].any()


def test_nothing_moves_between_equal_frames_and_flat_ones():
    before, _ = moving()
    assert flow(before, before).abs().max() < 1e-3
    flat = torch.zeros(2, 1, 5, 7)
    assert flow(flat, flat).eq(0).all()
    with pytest.raises(ValueError, match="differ"):
        flow(before, before[..., 1:])


def test_occlusion_is_found():
    """A square moves by 5 over a ground that stays: of the ground that comes out, little is trusted, and of the square all."""
    ground, square = samples_of(texture(2, 48, 80, smooth=3)), samples_of(texture(7, 28, 28, smooth=3))
    before, after = ground.clone(), ground.clone()
    before[:, :, 10:38, 20:48], after[:, :, 10:38, 25:53] = square, square
    _, valid = both_ways(before, after)
    uncovered, within, far = (valid[0, 0, 14:34, part].float().mean() for part in np.s_[20:25, 35:45, 62:80])
    assert uncovered < 0.5
    assert min(within, far) > 0.9


def test_without_scikit_image_there_is_one_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "skimage.registration", None)
    before, after = moving()
    with pytest.raises(OrganzaError, match=r"optical flow needs scikit-image .*pip install 'organza\[pictures\]'"):
        flow(before, after)
