"""`organza project`, `directions`, `edit`, `separability` and `pathlength` as a user meets them."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from organza import cli
from organza import verify as read
from style_models import save_point_model, save_style_model


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ORGANZA_WEIGHTS", str(tmp_path))
    save_style_model(tmp_path / "model")
    Image.fromarray(np.full((40, 30, 3), 90, np.uint8)).save("photo.jpg")


@pytest.fixture
def organza(capsys):
    """Run a command line; returns exit status, standard output and standard error."""

    def run(line):
        with pytest.raises(SystemExit) as ended:
            cli.main(line.split() if isinstance(line, str) else line)
        captured = capsys.readouterr()
        return ended.value.code or 0, captured.out, captured.err

    return run


def test_a_picture_is_projected_and_edited(organza):
    status, out, err = organza("project model photo.jpg --out p.npz --steps 3 --picture both.png --json")
    assert status == 0, err
    found = json.loads(out)
    assert {"psnr", "distance", "latent"} <= set(found)
    assert (found["latent"], found["space"], found["shape"], found["features"]) == (
        "p.npz",
        "w+",
        [6, 5],
        "random-conv",
    )
    assert found["fitted"] == "30x40 cropped to its middle and resized to 16x16"
    assert "consent" in err
    assert Image.open("both.png").size == (32, 16)
    assert read("both.png").details["right"] == "its projection"
    assert dict(np.load("p.npz"))["latent"].shape == (6, 5)

    line = "edit model --direction sefa:1 --latent p.npz --strength -2,2,5 --out edit.png --json"
    status, out, err = organza(line)
    assert status == 0, err
    assert json.loads(out)["strengths"] == [-2, -1, 0, 1, 2]
    assert "consent" in err
    assert Image.open("edit.png").size == (80, 16)
    middle = np.asarray(Image.open("edit.png"))[:, 32:48]
    np.testing.assert_array_equal(middle, np.asarray(Image.open("both.png"))[:, 16:])


@pytest.mark.parametrize(
    "by", ["sefa", "sefa --layers fine", "pca -n 60", "pca -n 60 --space z", "svm --with measures -n 200"]
)
def test_directions_are_found_and_used(organza, by):
    status, out, err = organza(f"directions model --by {by} --out d.npz --json")
    assert status == 0, err
    found = json.loads(out)
    assert found["file"] == "d.npz"
    assert dict(np.load("d.npz"))["directions"].shape[0] == len(found["names"]) == len(found["deviations"])
    second = found["names"][1]
    for direction in ("d.npz", "d.npz:1", f"d.npz:{second}"):
        status, out, err = organza(["edit", "model", "--direction", direction, "--seeds", "1-3", "--strength", "0,2,2",
                                    "--out", "e.png", "--json"])  # fmt: skip
        assert status == 0, err
        assert json.loads(out)["direction"] == (found["names"][0] if direction == "d.npz" else second)
    assert Image.open("e.png").size == (32, 48)
    assert read("e.png").details["direction"] == second
    status, out, _ = organza(f"directions model --by {by} --out d.npz")
    assert status == 0
    assert found["names"][0] in out


def test_an_edit_tells_what_it_does_to_attributes(organza):
    line = (
        "edit model --direction brightness --seeds 1,2,3,4 --strength -3,3,3 --out e.png -n 300 --with measures --json"
    )
    status, out, err = organza(line)
    assert status == 0, err
    seen = json.loads(out)["attributes"]
    assert seen["brightness"][0] < seen["brightness"][1] < seen["brightness"][2]
    organza("directions model --by svm --with measures -n 300 --out d.npz")
    status, out, err = organza(
        "edit model --direction d.npz:brightness --keep contrast --seeds 1 --strength 1,1,1 --out e.png --with measures -n 50"
    )
    assert status == 0, err
    assert "brightness" in out


def test_seed_s_is_the_sample_of_seed_s(organza):
    organza("sample model -n 1 --seed 5 --out s.png")
    organza("edit model --direction pca:0 -n 50 --seeds 5 --strength 0,0,1 --out e.png")
    np.testing.assert_array_equal(np.asarray(Image.open("s.png")), np.asarray(Image.open("e.png")))


def test_measures_of_the_space(organza):
    status, out, err = organza("pathlength model -n 10 --json")
    assert status == 0, err
    found = json.loads(out)
    assert (found["space"], found["n"], found["features"]) == ("w", 10, "random-conv")
    assert min(found["full"], found["end"]) > 0
    assert "PPL z[random-conv]  full" in organza("pathlength model -n 10 --space z")[1]

    status, out, err = organza("separability model --features fashion-classifier -n 60 --json")
    assert status == 0, err
    found = json.loads(out)
    assert set(found["separability"]) == {"z", "w"}
    assert (found["features"], found["n"], found["kept"]) == ("fashion-classifier", 60, 30)
    assert len(found["attributes"]["w"]) == 10
    table = organza("separability model --features fashion-classifier -n 60")[1]
    assert "z         w" in table
    assert "trouser" in table


def test_a_direction_of_another_model_is_noted(organza):
    save_style_model(Path("other"), channels=1)
    organza("directions other --by pca -n 50 --out d.npz")
    status, _, err = organza("edit model --direction d.npz --seeds 1 --strength 0,1,2 --out e.png")
    assert status == 0
    assert "found in another model" in err


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("project model photo.jpg --out p.png", "p.npz"),
        ("project model photo.jpg --out p.npz --picture p.jpg", "ends in .png"),
        ("project model photo.jpg --out p.npz --space v", "unknown space"),
        ("project model photo.jpg --out p.npz --label a", "no labels"),
        ("project model none.jpg --out p.npz", "cannot read"),
        ("project points photo.jpg --out p.npz", "points of the plane"),
        ("directions model --by tea --out d.npz", "unknown way"),
        ("directions model --by sefa --out d.txt", "d.npz"),
        ("directions model --by sefa --out d.npz --label a", "for --by svm"),
        ("directions model --by pca --out d.npz --layers fine", "for --by sefa"),
        ("directions model --by pca --out d.npz --space w+", "of w or z"),
        ("directions model --by pca --out d.npz --count 0", "1 or more"),
        ("directions model --by svm --out d.npz", "say who tells attributes"),
        ("directions model --by svm --with labels --out d.npz", "no labels"),
        ("directions model --by svm --with random-conv --out d.npz", "are none"),
        ("directions model --by svm --label trousers --out d.npz", "did you mean trouser"),
        ("edit model --direction sefa --strength 0,1,2 --out e.png", "name one"),
        ("edit model --direction sefa --strength 0,1 --seeds 1 --out e.png", "A,B,N"),
        ("edit model --direction sefa --strength 0,1,0 --seeds 1 --out e.png", "N is 1 to 1,000"),
        ("edit model --direction sefa --strength 0,1,2 --seeds 1 --out e.jpg", "ends in .png"),
        ("edit model --direction none.npz --strength 0,1,2 --seeds 1 --out e.png", "no directions at"),
        ("edit model --direction tea --strength 0,1,2 --seeds 1 --out e.png", "is no file, not sefa or pca"),
        ("edit model --direction sefa:99999 --strength 0,1,2 --seeds 1 --out e.png", "unknown direction"),
        ("edit model --direction sefa --keep a --strength 0,1,2 --seeds 1 --out e.png", "knows no attributes"),
        ("edit model --direction sefa --layers 9 --strength 0,1,2 --seeds 1 --out e.png", "inputs 0-5"),
        ("edit points --direction sefa --layers 1 --strength 0,1,2 --seeds 1 --out e.png", "has no styles"),
        ("separability model", "no classifier is made"),
        ("separability model --features random-conv", "are none"),
        ("pathlength model --features inceptio", "unknown features"),
        ("pathlength model --space w+", "space z or w"),
        ("pathlength points", "makes points"),
    ],
)
def test_refusals_are_one_line(organza, line, words):
    if "points" in line:
        save_point_model(Path("points"))
    status, out, err = organza(line)
    assert status in (1, 2)
    assert out == ""
    assert words in err
    assert err.count("\n") == 1
