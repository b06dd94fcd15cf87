"""The page of a comparison as readers meet it, in a browser."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from comparisons import SCORES, make_comparison
from playwright.sync_api import Browser, Page, Request, expect
from test_report_browser import CONTRAST

from organza.report import write_comparison

pytestmark = pytest.mark.browser

LONG = "a-name-that-is-much-longer-than-any-telephone-is-wide-and_has_no_blank_where_it_could_be_broken"


@dataclass
class Opened:
    """A page in the browser, and what it did that it should not."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture
def open_comparison(browser: Browser) -> Iterator[Callable[..., Opened]]:
    """A function that writes the page of a comparison and opens it from the disk."""
    pages: list[Page] = []

    def open_(folder: Path, width: int = 1280, height: int = 900, **options: Any) -> Opened:
        page = browser.new_page(viewport={"width": width, "height": height}, **options)
        pages.append(page)
        opened = Opened(page)

        def asked(request: Request) -> None:
            if not request.url.startswith("data:"):
                opened.requests.append(request.url)

        page.on("request", asked)
        page.on("console", lambda message: opened.complaints.append(message.text))
        page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        page.goto(write_comparison(folder).as_uri())
        return opened

    yield open_
    for page in pages:
        page.close()


def usual(folder: Path) -> Path:
    return make_comparison(folder)


def busy(folder: Path) -> Path:
    """Many groups with long names, a broken run, a failure, and a wide table."""
    scores = {f"{LONG} {index}": {"fd": [20.0 + index, None], "recall": [0.5, 0.6]} for index in range(12)}
    table = {"header": [LONG] * 6, "rows": [[LONG, 1.5, None, "x", LONG, 3]]}
    return make_comparison(
        folder,
        scores=scores,
        seeds=2,
        count=20,
        changes={
            "title": LONG,
            "data": LONG,
            "notes": [LONG],
            "failures": [{"name": LONG, "reason": LONG}],
            "sections": [{"title": LONG, "paragraphs": [LONG], "table": table}],
        },
        group={
            "verdicts": {"ok": 1, "not-finite": 1},
            "settings": {LONG: LONG},
            "command": f"organza train {LONG} --{LONG} {LONG}",
        },
    )


def bare(folder: Path) -> Path:
    """One group without scores, pictures or curves."""
    return make_comparison(folder, scores={"a": {}}, seeds=1, count=0, changes={"metrics": []}, group={"picture": None})


BUILDS = [usual, busy, bare]


@pytest.mark.parametrize("build", BUILDS)
def test_no_complaint_and_no_request(tmp_path, open_comparison, build):
    opened = open_comparison(build(tmp_path / "one"))
    page = opened.page
    page.locator("thead button").first.click()
    page.click("#theme")
    if build is not bare:
        page.wait_for_selector(".plot svg path.line")
        page.click("[data-choose=none]")
        page.locator(".plot").first.hover()
        page.locator(".plot").first.press("ArrowLeft")
        page.click("[data-choose=all]")
    page.wait_for_timeout(200)
    assert opened.complaints == []
    assert len(opened.requests) == 1
    assert opened.requests[0].startswith("file:")


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("width", [360, 390, 768])
def test_nothing_is_wider_than_the_screen_but_tables_in_their_boxes(tmp_path, open_comparison, build, width):
    page = open_comparison(build(tmp_path / "one"), width=width, height=740).page
    for unfold in page.locator("summary").all():
        unfold.click()
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    outside = """width => [...document.querySelectorAll("main *, header *, footer *")]
        .filter((element) => !element.closest(".fabric, .plot, table"))
        .filter((element) => element.getBoundingClientRect().right > width + 1)
        .map((element) => element.outerHTML.slice(0, 200))"""
    assert page.evaluate(outside, width) == []


def test_a_wide_table_scrolls_and_keeps_its_names_in_sight(tmp_path, open_comparison):
    page = open_comparison(usual(tmp_path / "one"), width=390, height=740).page
    box, name = page.locator(".scroll").first, page.locator("tbody th").first
    assert box.evaluate("box => box.scrollWidth > box.clientWidth")
    before = name.bounding_box()["x"]
    box.evaluate("box => box.scrollTo(200, 0)")
    assert name.bounding_box()["x"] == pytest.approx(before, abs=1)
    assert name.bounding_box()["width"] < 0.5 * 390


def names(page: Page) -> list[str]:
    return [" ".join(name.split()) for name in page.locator("table").first.locator("tbody th").all_inner_texts()]


def test_a_press_on_a_heading_sorts_and_another_turns_round(tmp_path, open_comparison):
    page = open_comparison(usual(tmp_path / "one")).page
    heads = page.locator("table").first.locator("thead th")
    hinge, saturating, wgan = SCORES
    assert names(page) == [hinge, saturating, wgan]
    distance, recall = heads.nth(1), heads.nth(2)
    for expected, order in [("ascending", [hinge, saturating, wgan]), ("descending", [wgan, saturating, hinge])]:
        distance.locator("button").click()
        assert distance.get_attribute("aria-sort") == expected
        assert names(page) == order
    recall.locator("button").click()
    assert recall.get_attribute("aria-sort") == "descending"
    assert distance.get_attribute("aria-sort") is None
    assert names(page) == [hinge, saturating, wgan]
    heads.nth(0).locator("button").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    assert names(page) == [wgan, saturating, hinge]


def test_missing_values_come_last_whichever_way(tmp_path, open_comparison):
    scores = {"b": {"fd": [None]}, "a": {"fd": [9.0]}, "c": {"fd": [10.0]}}
    page = open_comparison(make_comparison(tmp_path / "one", scores=scores, seeds=1, count=2)).page
    button = page.locator("table").first.locator("thead button").nth(1)
    button.click()
    assert names(page) == ["a", "c", "b"]
    button.click()
    assert names(page) == ["c", "a", "b"]


def test_headings_tell_what_their_column_means(tmp_path, open_comparison):
    page = open_comparison(usual(tmp_path / "one")).page
    title = page.locator("table").first.locator("thead th").nth(1).get_attribute("title")
    assert title == "Distance of two clouds of features. Lower is better."


def test_check_boxes_choose_the_curves_and_the_axis_fits_them(tmp_path, open_comparison):
    page = open_comparison(usual(tmp_path / "one")).page
    card = page.locator("figure.card").first
    expect(card.locator(".series")).to_have_count(3)
    labels = card.locator(".axes text").all_inner_texts()
    lines = card.locator(".series path.line")
    strokes = lines.evaluate_all("all => all.map((line) => getComputedStyle(line).stroke)")
    dashes = lines.evaluate_all("all => all.map((line) => getComputedStyle(line).strokeDasharray)")
    assert len(set(strokes)) == len(set(dashes)) == 3
    for name in ("hinge", "non-saturating"):
        page.locator(".chooser label", has_text=name).click()
    expect(card.locator(".series")).to_have_count(1)
    assert [" ".join(words.split()[:1]) for words in card.locator(".legend li:visible").all_inner_texts()] == ["wgan"]
    assert card.locator(".axes text").all_inner_texts() != labels
    card.locator(".plot").hover()
    assert card.locator(".cross circle").count() == 1
    page.click("[data-choose=none]")
    assert card.locator(".series").count() == 0
    page.click("[data-choose=all]")
    assert card.locator(".series").count() == 3
    assert card.locator(".axes text").all_inner_texts() == labels


def test_many_groups_begin_with_eight_curves(tmp_path, open_comparison):
    page = open_comparison(busy(tmp_path / "one")).page
    expect(page.locator("figure.card").first.locator(".series")).to_have_count(8)


def test_a_grid_is_enlarged_and_the_arrows_go_from_group_to_group(tmp_path, open_comparison):
    page = open_comparison(usual(tmp_path / "one")).page
    dialog = page.locator("#enlarged")
    assert not dialog.is_visible()
    small = page.locator("[data-enlarge]").first
    small.click()
    assert dialog.is_visible()
    large = dialog.locator("img")
    assert large.bounding_box()["width"] > 1.5 * small.bounding_box()["width"]
    assert large.evaluate("image => getComputedStyle(image).imageRendering") == "pixelated"
    assert dialog.locator("p").inner_text() == "hinge"
    first = large.get_attribute("src")
    page.keyboard.press("ArrowRight")
    assert dialog.locator("p").inner_text() == "non-saturating"
    assert large.get_attribute("src") != first
    dialog.locator("[data-step='-1']").click()
    dialog.locator("[data-step='-1']").click()
    assert dialog.locator("p").inner_text() == "wgan"
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    small.click()
    dialog.get_by_text("Close").click()
    assert not dialog.is_visible()


def test_dots_lie_where_their_values_are(tmp_path, open_comparison):
    page = open_comparison(usual(tmp_path / "one")).page
    row = page.locator(".strips").first.locator(".strip").first
    places = [box["x"] + box["width"] / 2 for box in (dot.bounding_box() for dot in row.locator(".seed").all())]
    assert sorted(range(3), key=lambda index: places[index]) == [2, 0, 1]  # 23.1, 23.9, 22.8
    assert (places[0] - places[2]) / (places[1] - places[2]) == pytest.approx(0.3 / 1.1, abs=0.05)
    mean = row.locator(".middle").bounding_box()
    assert places[2] < mean["x"] < places[1]


TEXTS = [
    "h1",
    ".lead",
    "h2",
    "h3",
    "h4",
    ".figures dt",
    ".facts dt",
    ".facts dd",
    ".warning",
    "thead th",
    "thead button",
]
TEXTS += ["tbody th", "td", "td small", ".sd", ".mark", ".chip", ".direction", ".strip .of", ".axis text", ".legend li"]
TEXTS += [
    ".chooser label",
    ".chooser legend",
    ".family > p",
    "figcaption",
    ".plot text",
    ".card .paper",
    "code",
    ".glance small",
]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everything_can_be_read_in_both_themes(tmp_path, open_comparison, theme):
    scores = {f"group {index}": {"fd": [20.0 + index / 4, 21.0]} for index in range(8)}
    folder = make_comparison(
        tmp_path / "one", scores=scores, seeds=2, count=10, group={"verdicts": {"ok": 1, "not-finite": 1}}
    )
    page = open_comparison(folder, color_scheme=theme).page
    page.wait_for_selector(".plot svg")
    for unfold in page.locator("summary").all():
        unfold.click()
    for selector in TEXTS:
        contrasts = page.evaluate(CONTRAST, selector)
        assert contrasts, selector
        assert min(contrasts) >= 4.5, selector
    assert min(page.evaluate(CONTRAST, ".plot path.line")) >= 3


def test_headings_do_not_skip_a_level(tmp_path, open_comparison):
    page = open_comparison(busy(tmp_path / "one")).page
    levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3, h4')].map((one) => Number(one.tagName[1]))")
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_without_scripts_table_strips_and_pictures_remain(tmp_path, open_comparison):
    page = open_comparison(usual(tmp_path / "one"), java_script_enabled=False).page
    assert "need JavaScript" in page.inner_text("noscript")
    assert page.locator(".strip .seed").count() == 27
    assert page.locator(".samples img").first.bounding_box()["width"] > 100
    assert not page.is_visible("#enlarged")
    assert not page.is_visible("[data-choose=all]")
