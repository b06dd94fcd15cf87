"""INPUT to OUTPUT: every kind of file, every mode, every size, and every bad one with its line."""

import struct
import zlib

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import organza
from organza.console import Console
from organza.errors import OrganzaError, UsageError
from organza.marks import read_mark
from organza.metrics import psnr, ssim
from organza.tools.pictures import scores
from organza.tools.pictures.scores import compare
from picture_models import save_picture_model

QUIET = Console(quiet=True)


@pytest.fixture(scope="session")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    kinds = {
        "deblur": {}, "grey": {"channels": 1}, "alpha": {"channels": 4}, "enlarge": {"can": "enlarges"},
        "translate": {"can": "translates"}, "night": {"can": "to-night"}, "own": {"norm": "batch", "own": True},
        "noisy": {"can": "translates", "dropout": 0.5},
    }  # fmt: skip
    return {name: save_picture_model(folder / name, **options) for name, options in kinds.items()}


def picture(mode, width=31, height=22, seed=0):
    bands = {"L": 1, "RGB": 3, "RGBA": 4}[mode]
    values = np.random.default_rng(seed).integers(0, 256, (height, width, bands), np.uint8)
    return Image.fromarray(values[..., 0] if bands == 1 else values, mode)


def deblur(models, source, target, name="deblur", **options):
    return organza.deblur(models[name], source, target, console=QUIET, **options)


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
@pytest.mark.parametrize("suffix", [".png", ".webp"])
def test_mode_and_transparency_are_kept(models, tmp_path, mode, suffix):
    given_ = picture(mode)
    given_.save(tmp_path / "in.png")
    done = deblur(models, tmp_path / "in.png", tmp_path / f"out{suffix}")
    assert done.files == [tmp_path / f"out{suffix}"]
    with Image.open(done.files[0]) as made:
        assert made.size == given_.size
        if suffix == ".png":
            assert made.mode == mode
        if mode == "RGBA":
            assert np.array_equal(np.asarray(made)[..., 3], np.asarray(given_)[..., 3])
    assert read_mark(done.files[0]).details == {"verb": "deblur"}


def test_the_pixels_are_those_of_the_model(models, tmp_path):
    given_ = picture("RGB")
    given_.save(tmp_path / "in.png")
    deblur(models, tmp_path / "in.png", tmp_path / "out.png")
    images = torch.from_numpy(np.array(given_)).permute(2, 0, 1)[None] / 127.5 - 1
    made = organza.load(models["deblur"]).deblur(images)
    wanted = ((made + 1) * 127.5).round().byte()[0].permute(1, 2, 0).numpy()
    assert np.array_equal(np.asarray(Image.open(tmp_path / "out.png")), wanted)


@pytest.mark.parametrize(
    ("name", "mode", "wanted"), [("grey", "RGB", "L"), ("alpha", "RGB", "RGB"), ("alpha", "RGBA", "RGBA")]
)
def test_models_of_other_channels(models, tmp_path, name, mode, wanted):
    picture(mode).save(tmp_path / "in.png")
    deblur(models, tmp_path / "in.png", tmp_path / "out.png", name)
    assert Image.open(tmp_path / "out.png").mode == wanted


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (40, 1), (3, 2)])
@pytest.mark.parametrize("name", ["deblur", "own"])
def test_the_smallest_pictures(models, tmp_path, size, name):
    picture("RGB", *size).save(tmp_path / "in.png")
    deblur(models, tmp_path / "in.png", tmp_path / "out.png", name)
    assert Image.open(tmp_path / "out.png").size == size


def test_orientation_is_applied_and_sixteen_bits_become_eight(models, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    picture("RGB", 30, 20).save(tmp_path / "turned.jpg", exif=exif)
    deblur(models, tmp_path / "turned.jpg", tmp_path / "turned.png")
    assert Image.open(tmp_path / "turned.png").size == (20, 30)
    deep = np.arange(0, 65536, 100, dtype=np.uint16)[:600].reshape(20, 30)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    deblur(models, tmp_path / "deep.png", tmp_path / "out.png")
    assert Image.open(tmp_path / "out.png").mode == "L"


def test_enlarging_enlarges_transparency_too(models, tmp_path):
    given_ = picture("RGBA", 20, 13)
    given_.putalpha(Image.new("L", given_.size, 77))
    given_.save(tmp_path / "in.png")
    done = organza.enlarge(models["enlarge"], tmp_path / "in.png", tmp_path / "out.png", console=QUIET)
    made = Image.open(done.files[0])
    assert (made.size, made.mode) == ((40, 26), "RGBA")
    assert set(np.asarray(made)[..., 3].ravel()) == {77}


def test_translating_to_one_domain_and_to_the_other(models, tmp_path):
    picture("L").save(tmp_path / "in.png")
    made = {}
    for to in ("a", "b", None):
        organza.translate(models["translate"], tmp_path / "in.png", tmp_path / f"{to}.png", to=to, console=QUIET)
        made[to] = np.asarray(Image.open(tmp_path / f"{to}.png"))
        assert made[to].shape[2:] == (3,)  # a translation may give colours to grey
    assert np.array_equal(made["b"], made[None])
    assert not np.array_equal(made["a"], made["b"])
    assert read_mark(tmp_path / "a.png").details == {"verb": "translate", "to": "a"}
    organza.translate(models["night"], tmp_path / "in.png", tmp_path / "night.png", console=QUIET)
    assert read_mark(tmp_path / "night.png").details == {"verb": "translate", "to": "night"}
    with pytest.raises(UsageError, match="unknown domain 'c': known: a, b"):
        organza.translate(models["translate"], tmp_path / "in.png", tmp_path / "c.png", to="c", console=QUIET)


def test_dropout_follows_the_seed(models, tmp_path):
    picture("RGB").save(tmp_path / "in.png")
    made = []
    for seed in (1, 1, 2):
        organza.translate(models["noisy"], tmp_path / "in.png", tmp_path / "out.png", seed=seed, console=QUIET)
        made.append((tmp_path / "out.png").read_bytes())
    assert made[0] == made[1] != made[2]


def test_a_folder_keeps_its_structure_and_lists_what_failed(models, tmp_path):
    source = tmp_path / "in"
    (source / "deep").mkdir(parents=True)
    picture("RGB").save(source / "one.jpg")
    picture("RGB").save(source / "deep" / "two.bmp")
    picture("RGB").save(source / "deep" / "two.png")
    (source / "bad.png").write_text("no picture")
    done = deblur(models, source, tmp_path / "out")
    assert [str(file.relative_to(tmp_path / "out")) for file in done.files] == [
        "deep/two.bmp.png",
        "deep/two.png",
        "one.jpg",
    ]
    assert [failure.file for failure in done.failed] == ["bad.png"]
    assert "without a picture" in done.failed[0].reason
    assert str(tmp_path) not in done.failed[0].reason
    again = deblur(models, source, tmp_path / "out")  # what organza has made, it may replace
    assert again.files == done.files


def header(width, height):
    """A PNG that says that it is so large and holds nothing."""
    chunk = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    head = struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return b"\x89PNG\r\n\x1a\n" + head + struct.pack(">I", 9) + b"IDAT"


BAD = {
    "text.png": (b"hello", "without a picture in it"),
    "empty.png": (b"", "of zero bytes"),
    "huge.png": (header(20_000, 20_000), "above 178 megapixels"),
    "cut.png": (header(20, 20), "damaged"),
    "notes.txt": (b"hello", "without a picture in it"),
}


@pytest.mark.parametrize("verb", ["deblur", "translate", "enlarge"])
@pytest.mark.parametrize("name", BAD)
def test_bad_files_in_one_line(models, tmp_path, verb, name):
    content, words = BAD[name]
    (tmp_path / name).write_bytes(content)
    with pytest.raises(OrganzaError, match=words) as raised:
        getattr(organza, verb)(models[verb], tmp_path / name, tmp_path / "out.png", console=QUIET)
    assert "\n" not in str(raised.value)
    assert name in str(raised.value)
    assert not (tmp_path / "out.png").exists()


@pytest.mark.parametrize(("verb", "name"), [("deblur", "enlarge"), ("translate", "deblur"), ("enlarge", "translate")])
def test_a_model_that_cannot_do_it(models, tmp_path, verb, name):
    picture("RGB").save(tmp_path / "in.png")
    with pytest.raises(UsageError, match=f"cannot {verb}; it is for organza "):
        getattr(organza, verb)(models[name], tmp_path / "in.png", tmp_path / "out.png", console=QUIET)
    images = torch.zeros(1, 3, 8, 8)
    with pytest.raises(UsageError, match=f"the model 'painter' cannot {verb}; it is for organza "):
        getattr(organza.load(models[name]), verb)(images)


def test_what_lies_in_the_way(models, tmp_path):
    source = tmp_path / "in"
    source.mkdir()
    file = source / "a.png"
    picture("RGB").save(file)
    picture("RGB", seed=1).save(tmp_path / "mine.png")
    mine = (tmp_path / "mine.png").read_bytes()
    for given_, target, words in (
        (file, file, "overwrite an input"),
        (source, source, "lie in one another"),
        (source, source / "out", "lie in one another"),
        (source, tmp_path, "lie in one another"),
        (source, tmp_path / "mine.png", "is a file, and"),
        (file, tmp_path / "mine.png", "was not made by organza"),
        (file, tmp_path / "out.tiff", "must end in"),
        (file, source, "overwrite an input"),
        (tmp_path / "nothing.png", tmp_path / "out.png", "no file and no folder"),
    ):
        with pytest.raises(OrganzaError, match=words) as raised:
            deblur(models, given_, target)
        assert "\n" not in str(raised.value)
    assert (tmp_path / "mine.png").read_bytes() == mine
    (tmp_path / "empty").mkdir()
    with pytest.raises(OrganzaError, match="no picture and no video in"):
        deblur(models, tmp_path / "empty", tmp_path / "out")
    (tmp_path / "there").mkdir()
    assert deblur(models, file, tmp_path / "there").files == [tmp_path / "there" / "a.png"]


@pytest.mark.parametrize("tile", ["small", "63", 10])
def test_tiles_that_are_none(models, tmp_path, tile):
    picture("RGB").save(tmp_path / "in.png")
    with pytest.raises(UsageError, match="tile"):
        deblur(models, tmp_path / "in.png", tmp_path / "out.png", tile=tile)


def test_scores_against_targets(models, tmp_path):
    for folder in ("in", "true"):
        (tmp_path / folder / "sub").mkdir(parents=True)
    for name, mode in (("a", "RGB"), ("sub/b", "L")):
        picture(mode, seed=1).save(tmp_path / "in" / f"{name}.png")
        picture(mode, seed=2).save(tmp_path / "true" / f"{name}.bmp")
    picture("RGB").save(tmp_path / "in" / "lonely.png")
    done = deblur(models, tmp_path / "in", tmp_path / "out", targets=tmp_path / "true")
    assert [one.file for one in done.unscored] == ["lonely.png"]
    assert done.failed == ()
    assert done.scores["n"] == 2

    def batch(path):
        return torch.from_numpy(np.array(Image.open(path).convert("RGB"))).permute(2, 0, 1)[None]

    found = {one["file"]: one for one in done.scores["pictures"]}["a.png"]
    true = batch(tmp_path / "true" / "a.bmp")
    for key, folder in (("", "out"), ("input_", "in")):
        own = batch(tmp_path / folder / "a.png")
        assert found[f"{key}psnr"] == pytest.approx(float(psnr(own, true)))
        assert found[f"{key}ssim"] == pytest.approx(float(ssim(own, true)))
    (tmp_path / "empty").mkdir()
    with pytest.raises(OrganzaError, match="no picture in .* has the name of an input"):
        deblur(models, tmp_path / "in", tmp_path / "out", targets=tmp_path / "empty")


@given(st.integers(11, 60), st.integers(11, 40), st.integers(200, 900))
def test_scores_over_bands_are_those_of_the_whole(height, width, band):
    random = np.random.default_rng(height)
    one, other = (random.integers(0, 256, (height, width, 3), np.uint8) for _ in range(2))
    before = scores.BAND
    try:
        scores.BAND = band
        found = scores._psnr(one, other), scores._ssim(one, other)
    finally:
        scores.BAND = before
    tensors = [torch.from_numpy(pixels.transpose(2, 0, 1).copy())[None] for pixels in (one, other)]
    assert found == pytest.approx((float(psnr(*tensors)), float(ssim(*tensors))))


def test_equal_and_tiny_pictures_have_scores(tmp_path):
    from organza.tools.pictures.photo import read_photo

    picture("RGB", 5, 5).save(tmp_path / "a.png")
    photo = read_photo(tmp_path / "a.png")
    found = compare(photo, photo, tmp_path / "a.png")
    assert (found.psnr, found.ssim, found.gain) == (100.0, None, 0.0)
    picture("RGB", 6, 5).save(tmp_path / "b.png")
    with pytest.raises(OrganzaError, match="6 x 5 and 5 x 5"):
        compare(photo, photo, tmp_path / "b.png")


def test_models_take_any_size_and_give_it_back(models):
    images = torch.rand(2, 3, 9, 13) * 2 - 1
    opened = {name: organza.load(models[name]) for name in ("deblur", "enlarge", "translate", "night")}
    assert opened["deblur"].deblur(images).shape == (2, 3, 9, 13)
    assert opened["enlarge"].enlarge(images).shape == (2, 3, 18, 26)
    assert opened["night"].translate(images).shape == (2, 3, 9, 13)
    both = [opened["translate"].translate(images, to) for to in ("a", "b")]
    assert not torch.equal(*both)
    assert torch.equal(opened["translate"].translate(images), both[1])  # b, as on the command line
    assert [opened[name].domain() for name in ("translate", "night")] == ["b", "night"]
    torch.testing.assert_close(opened["translate"].translate(images[1:], "a"), both[0][1:])


@pytest.mark.parametrize(
    ("images", "said"),
    [
        (torch.zeros(1, 1, 32, 32), r"not \[1, 1, 32, 32\]$"),
        (torch.zeros(3, 32, 32), r"not \[3, 32, 32\]$"),
        (torch.zeros(1, 3, 0, 8), r"not \[1, 3, 0, 8\]$"),
        (torch.zeros(1, 3, 8, 8, dtype=torch.uint8), r"not \[1, 3, 8, 8\] of uint8$"),
    ],
)
@pytest.mark.parametrize("verb", ["deblur", "translate", "enlarge"])
def test_tensors_that_are_no_pictures_for_a_model(models, verb, images, said):
    opened = organza.load(models[verb])
    with pytest.raises(UsageError, match=said) as raised:
        getattr(opened, verb)(images)
    assert str(raised.value).startswith("the model takes pictures of 3 channels, float [n, 3, H, W] in [-1, 1], not ")


def test_other_floats_and_no_pictures_at_all_are_taken(models):
    opened = organza.load(models["deblur"])
    images = torch.rand(1, 3, 8, 8)
    assert torch.equal(opened.deblur(images.double()), opened.deblur(images))
    assert opened.deblur(images[:0]).shape == (0, 3, 8, 8)
    with pytest.raises(UsageError, match=r"of 1 channel, float \[n, 1, H, W\]"):
        organza.load(models["grey"]).deblur(images)
