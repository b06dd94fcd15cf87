"""The page of a picture verb: what it says, what it holds, and the line that is dragged."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

import pytest
from PIL import Image

from organza.report import Work, write_pictures
from organza.report.pictures_page import pictures_page, signed


@dataclass(frozen=True)
class Scores:
    psnr: float
    ssim: float | None
    input_psnr: float = 20.0
    input_ssim: float | None = 0.5


@dataclass(frozen=True)
class Column:
    title: str
    data: bytes
    kind: str = "image/png"
    width: int = 90
    height: int = 60


@dataclass(frozen=True)
class Case:
    name: str
    columns: tuple[Column, ...]
    scores: Scores | None = None
    size: tuple[int, int] = (60, 90)
    shrunk: bool = False


def column(title, colour):
    buffer = BytesIO()
    Image.new("RGB", (90, 60), colour).save(buffer, "PNG")
    return Column(title, buffer.getvalue())


def work(**changes):
    columns = (column("input", "red"), column("output", "green"), column("target", "blue"))
    scored = [
        ("good.png", Scores(26.0, 0.9)),
        ("bad <b>.png", Scores(18.5, 0.25)),
        ("tiny.png", Scores(21.0, None, 20.0, None)),
    ]
    given = {
        "title": "in, deblurred", "model": "a <model>", "command": "organza deblur MODEL in out", "files": 3, "seconds": 75.0,
        "tile": 512, "cases": [Case(name, columns, scores) for name, scores in scored], "scored": scored,
        "failed": [("broken.png", "without a <picture>")],
    }  # fmt: skip
    return Work(**(given | changes))


def test_it_says_what_was_done():
    text = pictures_page(work())
    assert "in, deblurred" in text
    assert "a &lt;model&gt;" in text
    assert "without a &lt;picture&gt;" in text
    assert "<b>.png" not in text
    assert "512 px" in text
    assert "1 min 15 s" in text
    assert f"{(26 + 18.5 + 21) / 3:.2f} dB" in text
    assert "+1.83 on the input" in text
    assert "SSIM 0.900 (+0.400)" in text


def test_the_table_begins_with_the_least_gain():
    rows = pictures_page(work()).split("<tbody>")[1]
    places = [rows.index(name) for name in ("bad &lt;b&gt;.png", "tiny.png", "good.png")]
    assert places == sorted(places)
    assert "−1.50" in rows
    assert "+6.00" in rows


def test_without_targets_and_failures_there_is_no_word_of_them():
    text = pictures_page(
        work(cases=[Case("a.png", (column("input", "red"), column("output", "blue")))], scored=(), failed=())
    )
    assert "PSNR" not in text
    assert "could not be done" not in text.lower()
    assert text.count("<img") == 2
    assert "Before and after" not in pictures_page(work(cases=[], scored=(), failed=()))


@pytest.mark.parametrize(
    ("value", "said"), [(1.25, "+1.25"), (-1.25, "−1.25"), (-0.001, "+0.00"), (0.0, "+0.00"), (None, "–")]
)
def test_signs(value, said):
    assert signed(value, 2) == said


@pytest.fixture
def opened(browser, tmp_path):
    path = write_pictures(tmp_path / "deep" / "page.html", work())
    page = browser.new_page(viewport={"width": 1100, "height": 900})
    complaints, requests = [], []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda asked: requests.append(asked.url) if not asked.url.startswith("data:") else None)
    page.goto(path.as_uri())
    yield page
    assert complaints == []
    assert requests == [path.as_uri()]
    page.close()


def split(page):
    return page.evaluate("getComputedStyle(document.querySelector('.stack')).getPropertyValue('--split')").strip()


def colour(page, share):
    """What is seen at a share of the first stack's width, as its largest channel."""
    shot = Image.open(BytesIO(page.locator(".stack").first.screenshot())).convert("RGB")
    pixel = shot.getpixel((int(share * shot.width), int(0.8 * shot.height)))
    return "red green blue".split()[pixel.index(max(pixel))]


@pytest.mark.browser
def test_the_line_can_be_dragged(opened):
    assert (colour(opened, 0.3), colour(opened, 0.7)) == ("red", "green")
    opened.locator(".stack").first.scroll_into_view_if_needed()
    box = opened.locator(".stack").first.bounding_box()
    opened.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    opened.mouse.down()
    opened.mouse.move(box["x"] + box["width"] * 0.1, box["y"] + 20)
    opened.mouse.up()
    assert float(split(opened).rstrip("%")) == pytest.approx(10, abs=1)
    assert colour(opened, 0.3) == "green"


@pytest.mark.browser
def test_the_line_obeys_the_keys_and_the_columns_can_be_chosen(opened):
    opened.locator(".compared input").first.focus()
    opened.keyboard.press("Home")
    assert split(opened) == "0%"
    opened.keyboard.press("End")
    assert colour(opened, 0.9) == "red"
    opened.keyboard.press("Home")
    opened.locator(".compared select").nth(1).select_option(label="target")
    assert colour(opened, 0.5) == "blue"
    assert opened.locator(".stack").first.locator(".label.right").inner_text() == "target"


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1100])
def test_nothing_is_wider_than_the_screen(opened, width):
    opened.set_viewport_size({"width": width, "height": 800})
    assert opened.evaluate("document.scrollingElement.scrollWidth") <= width
