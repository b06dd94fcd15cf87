"""deblur, translate and enlarge on the command line: JSON, exit statuses, and one line for every error."""

import json

import pytest
from PIL import Image

from organza import cli
from picture_models import save_picture_model

VERBS = {"deblur": "deblurs", "translate": "translates", "enlarge": "enlarges"}


@pytest.fixture
def organza(capsys):
    def run(*words):
        with pytest.raises(SystemExit) as ended:
            cli.main([str(word) for word in words])
        captured = capsys.readouterr()
        return ended.value.code or 0, captured.out, captured.err

    return run


@pytest.fixture
def place(tmp_path):
    for verb, can in VERBS.items():
        save_picture_model(tmp_path / verb, can)
    (tmp_path / "in").mkdir()
    Image.new("RGB", (20, 14), (90, 60, 30)).save(tmp_path / "in" / "a.png")
    return tmp_path


@pytest.mark.parametrize("verb", VERBS)
def test_one_picture(organza, place, verb):
    status, out, err = organza(verb, place / verb, place / "in" / "a.png", place / "out.png")
    assert (status, out, err) == (0, f"{place / 'out.png'}\n", "")
    size = (40, 28) if verb == "enlarge" else (20, 14)
    assert Image.open(place / "out.png").size == size


@pytest.mark.parametrize("verb", VERBS)
def test_a_folder_with_one_bad_file(organza, place, verb):
    (place / "in" / "bad.jpg").write_text("no picture")
    status, out, err = organza(verb, place / verb, place / "in", place / "out", "--json")
    found = json.loads(out)
    assert status == 1
    assert found["files"] == [str(place / "out" / "a.png")]
    assert [one["file"] for one in found["failed"]] == ["bad.jpg"]
    assert found["tile"] is None
    assert found["seconds"] >= 0
    assert "scores" not in found
    assert err.count("\n") == 1
    assert "bad.jpg" in err


def test_targets_and_report(organza, place):
    words = ["--targets", place / "in", "--report", place / "page.html", "--tile", "64"]
    status, out, _ = organza("deblur", place / "deblur", place / "in", place / "out", *words, "--json")
    scores = json.loads(out)["scores"]
    assert status == 0
    assert scores["input_psnr"] == 100.0
    assert scores["input_ssim"] == 1.0
    assert scores["psnr"] < 100
    assert "a.png" in (place / "page.html").read_text()
    status, out, _ = organza("deblur", place / "deblur", place / "in", place / "out", "--target", place / "in")
    assert "of the input 100.00 dB" in out


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["MODEL", "nothing.png", "out.png"], 1, "no file and no folder"),
        (["MODEL", "text.png", "out.png"], 1, "without a picture"),
        (["MODEL", "in/a.png", "out.png", "--tile", "x"], 2, "--tile is auto or a number"),
        (["MODEL", "in/a.png", "out.doc"], 2, "must end in"),
        (["MODEL", "in/a.png", "out.png", "--report", "in"], 1, "is a folder"),
        (["OTHER", "in/a.png", "out.png"], 2, "it is for organza "),
        (["nowhere", "in/a.png", "out.png"], 1, "no model at"),
        (["MODEL", "in/a.png"], 2, "OUTPUT"),
        (["MODEL", "in", "out", "--targets", "nothing"], 1, "no targets at"),
    ],
)
def test_one_line_for_every_error(organza, place, monkeypatch, verb, words, status, said):
    monkeypatch.chdir(place)
    (place / "text.png").write_text("hello")
    other = "enlarge" if verb != "enlarge" else "deblur"
    found = organza(verb, *[{"MODEL": verb, "OTHER": other}.get(word, word) for word in words])
    assert found[0] == status
    assert found[1] == ""
    assert said in found[2]
    assert found[2].count("\n") == 1
    assert found[2].startswith("organza: ")
