"""`organza data blur` as a user meets it."""

import io
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import organza as python
from organza import cli
from organza.data.blur import blur, kernel_of_seed
from organza.marks import read_mark


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def organza(capsys):
    def run(line):
        with pytest.raises(SystemExit) as ended:
            cli.main(line.split())
        captured = capsys.readouterr()
        return ended.value.code or 0, captured.out, captured.err

    return run


def picture(path, size=(24, 20), mode="RGB", seed=0):
    """A random picture of that mode."""
    bands = len(Image.new(mode, (1, 1)).getbands())
    pixels = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], bands), np.uint8)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Image.frombytes(mode, size, pixels.tobytes()).save(path)


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in Path(folder).rglob("*") if path.is_file())


def pixels(path):
    return np.asarray(Image.open(path))


def test_a_folder_becomes_pairs(organza):
    picture("sharp/a.png")
    picture("sharp/sub/b.jpg", (7, 33), "L")
    picture("sharp/c.png", (5, 5), "RGBA")
    status, out, err = organza("data blur sharp pairs --length 12 --json")
    assert status == 0, err
    told = json.loads(out)
    assert (told["source"], told["pictures"], told["pairs"]) == ("pairs:pairs", 3, 3)
    assert files("pairs/A") == files("pairs/B") == ["a.png", "c.png", "sub/b.png"]
    assert (pixels("pairs/B/a.png") == pixels("sharp/a.png")).all()
    assert pixels("pairs/A/sub/b.png").shape == (33, 7)
    assert pixels("pairs/A/c.png").shape == (5, 5, 3)
    for name in files("pairs/A"):
        blurred, sharp = (pixels(f"pairs/{side}/{name}").astype(float) for side in "AB")
        assert blurred.std() < sharp.std()
    mark = read_mark(Path("pairs/A/a.png"))
    assert not mark.ai_generated
    assert (mark.model, mark.seed) == ("a.png", 0)
    assert mark.details == {"kernel": 0, "length": "12", "exposure": "any", "light": "values"}


def test_the_kernel_of_a_picture_is_that_of_seed_and_place(organza):
    for place, name in enumerate("abc"):
        picture(f"sharp/{name}.png", seed=place)
    assert organza("data blur sharp pairs --count 2 --seed 5 --length 9 --exposure 0.5 --linear-light")[0] == 0
    assert files("pairs/A") == [f"{name}-{repeat}.png" for name in "abc" for repeat in (0, 1)]
    sharp = torch.from_numpy(pixels("sharp/b.png").copy()).permute(2, 0, 1)[None] / 127.5 - 1
    kernel = kernel_of_seed(5, 3, length=9, exposure=0.5)[None]
    wanted = blur(sharp, kernel, linear_light=True)[0].permute(1, 2, 0).add(1).mul(127.5)
    assert np.abs(pixels("pairs/A/b-1.png") - wanted.numpy()).max() < 0.6


def test_the_same_seed_gives_the_same_bytes(organza):
    picture("a.png")
    for out, seed in (("one", 1), ("same", 1), ("other", 2)):
        assert organza(f"data blur a.png {out} --seed {seed}")[0] == 0
    one, same, other = (Path(out, "A/a.png").read_bytes() for out in ("one", "same", "other"))
    assert one == same
    assert one != other
    assert Path("one/B/a.png").read_bytes() == Path("same/B/a.png").read_bytes()


def test_a_zip_and_equal_names(organza):
    with zipfile.ZipFile("sharp.zip", "w") as archive:
        for name in ("x/a.png", "x/a.jpg", "x/a-2.png"):
            file = io.BytesIO()
            Image.new("RGB", (6, 6), "red").save(file, "PNG")
            archive.writestr(name, file.getvalue())
    assert organza("data blur sharp.zip pairs")[0] == 0
    assert len(files("pairs/A")) == 3
    assert files("pairs/A") == files("pairs/B")


def test_bad_files_are_listed_and_the_others_done(organza):
    picture("sharp/a.png")
    picture("sharp/z.png", (1, 1))
    Path("sharp/m.png").write_bytes(Path("sharp/a.png").read_bytes()[:90])
    Path("sharp/n.txt").write_text("no picture")
    Path("sharp/o.png").write_bytes(b"")
    status, out, err = organza("data blur sharp pairs")
    assert status == 1
    assert "2 pairs of 2 pictures" in out
    assert files("pairs/A") == ["a.png", "z.png"]
    assert all(name in err for name in ("m.png", "n.txt", "o.png"))
    assert "Traceback" not in err
    status, out, _ = organza("data blur sharp again --json")
    assert status == 1
    assert {problem["kind"] for problem in json.loads(out)["problems"]} == {"damaged", "not-an-image", "empty"}


@pytest.mark.parametrize(
    ("line", "status", "said"),
    [
        ("data blur nowhere pairs", 2, "nowhere"),
        ("data blur sharp full", 1, "full is not empty"),
        ("data blur sharp sharp", 1, "not empty"),
        ("data blur sharp sharp/a.png", 2, "is a file"),
        ("data blur sharp pairs --count 0", 2, "--count"),
        ("data blur sharp pairs --length 0", 2, "--length"),
        ("data blur sharp pairs --length nan", 2, "--length"),
        ("data blur sharp pairs --length 1e6", 2, "1000 pixels"),
        ("data blur sharp pairs --exposure 2", 2, "--exposure"),
        ("data blur sharp pairs --exposure much", 2, "--exposure must be a number"),
        ("data blur sharp pairs --seed -1", 2, "--seed"),
        ("data blur text.txt pairs", 1, "no usable picture"),
        ("data blur empty pairs", 1, "no usable picture"),
        ("data blur broken.zip pairs", 1, "broken.zip"),
        ("data blur sharp", 2, "DEST"),
    ],
)
def test_mistakes_are_one_line(organza, line, status, said):
    picture("sharp/a.png")
    Path("full").mkdir()
    Path("empty").mkdir()
    Path("full/note").write_text("mine")
    Path("text.txt").write_text("no picture")
    Path("broken.zip").write_bytes(b"PK\x03\x04")
    found = organza(line)
    assert (found[0], found[1]) == (status, "")
    assert found[2].count("\n") == 1
    assert said in found[2]
    assert files("full") == ["note"]
    assert files("sharp") == ["a.png"]
    assert not Path("pairs").exists()


def test_from_python():
    picture("sharp/a.png")
    done = python.data_blur("sharp", "pairs", length=8.0, exposure=1.0)
    assert (done.pictures, done.pairs, done.problems) == (1, 1, ())
    assert (done.out / "A/a.png").is_file()
