"""vary, retarget, harmonize, retouch, paint, animate and enlarge --factor: JSON, exit statuses, and one line for every error."""

import json

import numpy as np
import pytest
from PIL import Image

import organza as package
from one_picture_models import save_one_picture_model
from organza import cli
from organza.marks import read_mark
from organza.networks.pyramid.generator import PyramidGenerator
from picture_models import save_picture_model

EDITS = ("harmonize", "retouch")


@pytest.fixture
def organza(capsys):
    def run(*words):
        with pytest.raises(SystemExit) as ended:
            cli.main([str(word) for word in words])
        captured = capsys.readouterr()
        return ended.value.code or 0, captured.out, captured.err

    return run


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_one_picture_model(tmp_path / "one", "singan")
    save_one_picture_model(tmp_path / "grown", "consingan")
    save_one_picture_model(tmp_path / "pair", "analogy-6")
    numbers = np.random.default_rng(0)
    Image.fromarray(numbers.integers(0, 256, (40, 60, 3), dtype=np.uint8)).save("in.png")
    mask = np.zeros((40, 60), np.uint8)
    mask[10:20, 30:40] = 255
    Image.fromarray(mask).save("mask.png")
    Image.fromarray(0 * mask).save("black.png")
    Image.fromarray(mask[:, :50]).save("small.png")
    return tmp_path


def pixels(name):
    return np.asarray(Image.open(name)).astype(int)


@pytest.mark.parametrize("model", ["one", "grown", "pair"])
def test_vary(organza, place, model):
    status, out, err = organza("vary", model, "-n", 3, "--out", "many", "--scale", "2x1.5", "--seed", 4, "--json")
    found = json.loads(out)
    assert (status, err) == (0, "")
    assert (found["size"], found["start_scale"]) == ([48, 24], 0)
    assert found["side"] == ("b" if model == "pair" else None)
    assert [Image.open(file).size for file in found["files"]] == [(48, 24)] * 3
    assert read_mark(place / "many" / "00001.png").details["index"] == 1
    status, out, err = organza("vary", model, "-n", 3, "--out", "grid.png", "--start-scale", 2)
    assert (status, out, err) == (0, "grid.png\n", "")


def test_the_sides_of_an_analogy_are_two_pictures(organza, place):
    for side in "ab":
        assert organza("vary", "pair", "-n", 1, "--out", f"{side}.png", "--side", side)[0] == 0
        assert read_mark(place / f"{side}.png").details["side"] == side
    assert (pixels("a.png") != pixels("b.png")).any()


def test_retarget(organza, place):
    status, out, err = organza("retarget", "one", "wide.png", "--scale", "2x1", "--json")
    found = json.loads(out)
    assert (status, err, found["size"], found["seed"]) == (0, "", [48, 16], None)
    assert Image.open("wide.png").size == (48, 16)
    assert organza("retarget", "one", "wide.png", "--scale", "1x1")[:2] == (0, "wide.png\n")
    assert read_mark(place / "wide.png").details["noise"] == "none"
    assert organza("retarget", "one", "wide.png", "--scale", "1x1", "--seed", 0)[0] == 0
    assert read_mark(place / "wide.png").details["noise"] == "of the seed"


def test_samples_of_other_proportions_are_variations(organza, place):
    assert organza("vary", "one", "-n", 2, "--out", "a.png", "--scale", "2x1", "--seed", 3)[0] == 0
    assert organza("sample", "one", "-n", 2, "--out", "b.png", "--scale", "2x1", "--seed", 3)[:2] == (0, "b.png\n")
    assert (pixels("a.png") == pixels("b.png")).all()


def test_an_analogy_says_that_its_result_was_enlarged(organza, place):
    Image.open("in.png").resize((24, 24)).save("little.png")
    assert organza("translate", "pair", "little.png", "out.png") == (0, "out.png\n", "")
    status, out, err = organza("translate", "pair", "in.png", "out.png")
    assert (status, err) == (0, "")
    assert "had to be enlarged 1.7 times, and is as soft as that" in out


def test_a_lack_of_memory_is_one_line(organza, place, monkeypatch):
    def none_left(*_arguments, **_options):
        raise RuntimeError("[enforce fail] . DefaultCPUAllocator: can't allocate memory")

    monkeypatch.setattr(PyramidGenerator, "sample", none_left)
    for words in ("vary one --out v.png", "sample one --out v.png --scale 2x1", "retarget one v.png --scale 2x1"):
        status, out, err = organza(*words.split())
        assert (status, out) == (1, "")
        assert err == "organza: pictures of that size do not fit into memory: take a smaller --scale\n"


@pytest.mark.parametrize("verb", EDITS)
def test_edits_say_what_they_did(organza, place, verb):
    status, out, err = organza(verb, "one", "in.png", "mask.png", "out.png")
    lines = out.splitlines()
    assert (status, err) == (0, "")
    assert lines[:2] == ["out.png", "from scale 1 on, of 0 to 2"]
    assert "grown by" in lines[2]
    changed = (pixels("out.png") != pixels("in.png")).any(-1)
    assert changed[10:20, 30:40].mean() > 0.9
    far = np.ones_like(changed)
    far[:30, 20:50] = False  # beyond radius + 4 sigma, which are less than published for so small a picture
    assert not changed[far].any()
    status, out, err = organza(verb, "one", "in.png", "mask.png", "out.png", "--start-scale", 2, "--json")
    found = json.loads(out)
    assert (found["start_scale"], found["scales"], found["size"]) == (2, 3, [60, 40])
    assert found["mask"]["radius"] == pytest.approx((7 if verb == "harmonize" else 20) * 60 / 250)
    assert 100 < found["changed_pixels"] < 60 * 40


@pytest.mark.parametrize("verb", EDITS)
def test_a_black_mask(organza, place, verb):
    status, out, err = organza(verb, "one", "in.png", "black.png", "out.png")
    assert (status, out) == (0, "out.png\n")
    assert err == "organza: the mask is black everywhere: nothing was changed\n"
    assert (pixels("out.png") == pixels("in.png")).all()


def test_paint(organza, place):
    status, out, err = organza("paint", "grown", "in.png", "out.png", "--start-scale", 0, "--colours", 3, "--json")
    found = json.loads(out)
    assert (status, err, found["size"], found["start_scale"]) == (0, "", [24, 16], 0)
    assert len(found["colours"]) <= 3
    assert (
        organza("paint", "grown", "in.png", "out.png")[1]
        == "out.png\nfrom scale 0 on, with noise from scale 1 on, of 0 to 2\n"
    )


def test_animate(organza, place):
    status, out, err = organza("animate", "one", "--out", "a.gif", "--frames", 3, "--json")
    found = json.loads(out)
    assert (status, err, found["start_scale"], found["size"], found["files"]) == (0, "", 2, [24, 16], ["a.gif"])
    assert Image.open("a.gif").n_frames == 3
    assert organza("animate", "one", "--out", "frames", "--frames", 2, "--start-scale", 0)[:2] == (
        0,
        "frames\nfrom scale 0 on, of 0 to 2: the coarser, the more moves\n",
    )
    assert len(list((place / "frames").iterdir())) == 2


@pytest.mark.parametrize("factor", [None, 2, 3, 8])
def test_enlarge(organza, place, factor):
    words = [] if factor is None else ["--factor", factor]
    status, out, err = organza("enlarge", "one", "in.png", "out.png", *words)
    assert (status, out, err) == (0, "out.png\n", "")
    assert Image.open("out.png").size == (60 * (factor or 4), 40 * (factor or 4))
    assert read_mark(place / "out.png").details["factor"] == (factor or 4)


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        ("vary one --out v -n 0", 2, "-n must be at least 1"),
        ("vary one --out v.gif", 2, "name a folder, or a file that ends in .png"),
        ("vary one --out in.png", 1, "in.png exists and was not made by organza"),
        ("vary one --out theirs", 1, "00001.png exists and was not made by organza"),
        ("animate one --out theirs", 1, "00001.png exists and was not made by organza"),
        ("animate one --out theirs.gif", 1, "theirs.gif exists and was not made by organza"),
        ("vary one --out v --start-scale 3", 2, "--start-scale is a number from 0 to 2"),
        ("vary one --out v --scale 2", 2, "--scale is two positive factors"),
        ("vary one --out v --scale 900x900", 2, "megapixels are not made"),
        ("vary one --out v --scale .05x1", 2, "leave less than 2 at the coarsest scale: take a larger --scale"),
        ("sample one --out v --scale 2", 2, "--scale is two positive factors"),
        ("sample one --out v --scale 2x1 --truncation 0", 2, "have neither labels nor truncation"),
        ("sample sharp --out v --scale 2x1", 2, "was not made of one picture"),
        ("vary one --out v --side a", 2, "leave out --side"),
        ("vary pair --out v --side c", 2, "unknown side 'c'"),
        ("vary sharp --out v", 2, "was not made of one picture; it is for organza deblur"),
        ("vary nowhere --out v", 1, "no model at"),
        ("retarget one out.png", 2, "--scale"),
        ("retarget one in.png out.png --scale 2x1", 2, "organza: not understood: out.png ("),
        ("harmonize one film.mp4 mask.png out.png", 2, "film.mp4 is a video, and one picture is wanted there"),
        ("retarget one out.png --scale 1x1 --start-scale 0", 2, "--start-scale is a number from 1 to 2"),
        ("retarget one out.gif --scale 1x1", 2, "OUTPUT must end in"),
        ("harmonize one in.png small.png out.png", 2, "has 50x40 pixels and the picture in.png 60x40"),
        ("harmonize one in.png mask.png out.png --start-scale 0", 2, "--start-scale is a number from 1 to 2"),
        ("harmonize one in.png mask.png in.png", 2, "would overwrite an input"),
        ("harmonize one in.png mask.png small.png", 1, "was not made by organza"),
        ("retouch one nothing.png mask.png out.png", 1, "cannot read nothing.png"),
        ("retouch one in.png", 2, "MASK"),
        ("paint one text.png out.png", 1, "text.png cannot be used"),
        ("paint one in.png out.png --colours 1", 2, "--colours is a number from 2 to 256"),
        ("animate one --out a.txt", 2, "cannot write an animation to a.txt"),
        ("animate one --out a.gif --frames 0", 2, "--frames must be at least 1"),
        ("animate one --out a.gif --start-scale 7", 2, "--start-scale is a number from 0 to 2"),
        ("enlarge one in.png out.png --factor 9", 2, "--factor is a whole number from 2 to 8"),
        ("enlarge large in.png out.png --factor 2", 2, "enlarges 2 times: --factor is for models of one picture"),
    ],
)
def test_one_line_for_every_error(organza, place, words, status, said):
    (place / "text.png").write_text("hello")
    (place / "film.mp4").write_bytes(b"\0\0\0\x18ftypisom" + bytes(16))
    (place / "theirs").mkdir()
    (place / "theirs" / "00001.png").write_bytes((place / "in.png").read_bytes())
    Image.open(place / "in.png").save(place / "theirs.gif")
    model = words.split()[1]
    if model in ("sharp", "large"):
        save_picture_model(place / model, "deblurs" if model == "sharp" else "enlarges")
    found = organza(*words.split())
    assert (found[0], found[1]) == (status, "")
    assert said in found[2]
    assert found[2].count("\n") == 1
    assert found[2].startswith("organza: ")


def test_python_has_the_same_names(place):
    assert package.vary("one", 2, out="v", scale=(2, 1)).size == (16, 48)
    assert package.retarget("one", "r.png", scale="1x2").size == (32, 24)
    assert package.harmonize("one", "in.png", "mask.png", "h.png").start == 1
    assert package.retouch("one", "in.png", "mask.png", "t.png").start == 1
    assert package.paint("one", "in.png", "p.png").size == (16, 24)
    assert package.animate("one", out="a.gif", frames=2).start == 2
    assert len(package.enlarge("one", "in.png", "e.png", factor=2).files) == 1
