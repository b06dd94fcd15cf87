"""`organza data check` of two domains and of pairs, as a user meets it."""

import json

import pytest
from PIL import Image

from organza import cli


@pytest.fixture
def organza(capsys, tmp_path, monkeypatch):
    """Run a command line; returns exit status, standard output and standard error."""
    monkeypatch.chdir(tmp_path)
    for number in range(3):
        for folder in ("horses", "zebras", "pairs/A", "pairs/B"):
            (tmp_path / folder).mkdir(parents=True, exist_ok=True)
            Image.new("RGB", (20, 16), (number, 0, 0)).save(tmp_path / folder / f"{number}.png")
    (tmp_path / "zebras/broken.png").write_bytes(b"")
    (tmp_path / "pairs/B/2.png").unlink()

    def run(line):
        with pytest.raises(SystemExit) as ended:
            cli.main(line.split())
        captured = capsys.readouterr()
        return ended.value.code or 0, captured.out, captured.err

    return run


def test_two_domains_are_told_one_after_the_other(organza):
    status, out, _ = organza("data check horses,zebras")
    assert status == 0
    lines = out.splitlines()
    assert lines[0] == "horses,zebras is fit for training: 3 pictures in horses and 3 pictures in zebras"
    horses, zebras = lines.index("horses:"), lines.index("zebras:")
    assert lines[horses + 1] == "  usable     3 of 3, 3 channels"
    assert lines[zebras + 1] == "  usable     3 of 4, 3 channels"
    assert lines[-1] == "  empty: broken.png -> skipped"
    found = json.loads(organza("data check horses,zebras --json")[1])
    assert (found["usable"], found["pairs"], found["problems"][0]["files"]) == (6, None, ["zebras: broken.png"])
    assert [domain["source"] for domain in found["domains"]] == ["horses", "zebras"]


def test_pairs_are_counted_and_missing_partners_named(organza):
    status, out, _ = organza("data check pairs:pairs")
    assert status == 0
    assert "2 pairs of pictures of 20x16, in two folders; 1 file is left out" in out
    assert "  pairs      2\n" in out
    assert "  without-partner: A/2.png -> left out" in out
    found = json.loads(organza("data check pairs:pairs --json")[1])
    assert (found["pairs"], found["domains"], found["usable"], found["fitness"]) == (2, [], 4, None)


@pytest.mark.parametrize(
    ("name", "words"),
    [("pairs:nowhere", "no source 'pairs:nowhere'"), ("horses,", "a name is missing"), ("a,b,c", "these are 3")],
)
def test_errors_are_one_line(organza, name, words):
    status, out, err = organza(f"data check {name}")
    assert (status, out) == (2, "")
    assert words in err
    assert err.count("\n") == 1
