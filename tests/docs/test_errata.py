"""What the page of errata shows in code is run, and what it points to is there."""

import re
from math import log10
from pathlib import Path

from organza.recipes import RECIPES

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "errata.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```", PAGE, re.M | re.S)


def run(code):
    exec(compile(code, "docs/errata.md", "exec"), {})


def test_the_code_of_the_page():
    assert sum(block.count("assert ") for block in BLOCKS) == 12
    run("".join(BLOCKS))


def test_what_the_documents_say_would_fail():
    code = "".join(BLOCKS)
    for right, wrong in [
        ("+ 2 * jensen_shannon", "+ jensen_shannon"),
        ("(scores(256), scores(224)) == (30, 26)", "scores(224) == 30"),
        ("times=2) == [14, 7]", "times=2) == [14, 2]"),
        ("-torch.sigmoid(-f))", "-torch.sigmoid(f))"),
    ]:
        assert code.count(right) == 1
        try:
            run(code.replace(right, wrong))
        except AssertionError:
            continue
        raise AssertionError(f"{wrong} goes unnoticed")


def test_the_tests_that_the_page_points_to_exist():
    named = re.findall(r"`(tests/\S+?\.py)::(\w+)`", PAGE)
    assert len(named) >= 5
    for file, function in named:
        assert f"def {function}(" in (ROOT / file).read_text(encoding="utf-8")


def test_the_recipes_that_the_page_names_exist():
    named = set(re.findall(r"`organza show ([\w-]+)", PAGE)) | set(re.findall(r"`(\w*gan(?:-seed)?)`", PAGE))
    assert named >= {"wgan", "cgan", "cgan-seed", "dcgan"}
    assert all(name in RECIPES for name in named)


def test_the_links_within_the_pages_lead_to_headings():
    for file, anchor in re.findall(r"\]\(([\w-]*(?:\.md)?)#([\w-]+)\)", PAGE):
        text = (ROOT / "docs" / (file or "errata.md")).read_text(encoding="utf-8")
        headings = re.findall(r"^#+ (.*)$", text, re.M)
        anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
        assert anchor in anchors


def test_the_decibels_of_the_page():
    assert f"{20 * log10(255 / 10):.1f}" == "28.1"
    assert round(255 / 10 ** (0.82 / 20)) == 232
    assert 60_000 == 937 * 64 + 32
