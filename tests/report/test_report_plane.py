"""The film of the plane: its legend tells what is in the pictures, and it plays as a film should."""

from __future__ import annotations

import html
import json
import re
from itertools import pairwise

import pytest
from playwright.sync_api import expect

from organza.marks.plane import GENERATED, REAL, TINTS
from organza.report import write_report
from organza.report.gallery import MEANINGS

NEXT_FRAMES = """count => new Promise((done) => {
  const slider = document.getElementById("frame"), shown = [];
  new MutationObserver(() => {
    shown.push(Number(slider.value));
    if (shown.length === count) done(shown);
  }).observe(slider, { attributes: true, attributeFilter: ["aria-valuetext"] });
})"""


def page_of(run):
    return html.unescape(write_report(run).read_text(encoding="utf-8"))


def frames_of(page):
    (found,) = re.findall(r'<script type="application/json" id="frames">(.*?)</script>', page)
    return json.loads(found)


@pytest.mark.parametrize("surface", MEANINGS)
def test_the_legend_explains_what_the_pictures_show(make_run, surface):
    page = page_of(make_run(plane=True, surface=surface, facts={"source": {"name": "ring8", "kind": "points"}}))
    assert "1,200 points that the generator makes" in page
    assert "real points from ring8" in page
    assert "spans −1.3 to 1.3" in page
    assert [meaning in page for meaning in MEANINGS.values()] == [name == surface for name in MEANINGS]
    for colour in (GENERATED, REAL, *(colour for _, colour in TINTS)):
        assert f"rgb({colour[0]} {colour[1]} {colour[2]})" in page
    assert 'id="real"' not in page


def test_without_a_surface_none_is_explained(make_run):
    page = page_of(make_run(plane=True, surface=None))
    assert "Small dots" in page
    assert not any(meaning in page for meaning in MEANINGS.values())
    assert "surface" not in frames_of(page)[0]["words"]


def test_grids_of_pictures_have_no_legend(make_run):
    page = page_of(make_run())
    assert "Small dots" not in page
    assert "What it makes" in page


def test_every_frame_says_what_it_shows(make_run):
    words = [frame["words"] for frame in frames_of(page_of(make_run(plane=True, grids=3)))]
    assert (
        words[1] == "The plane after 32,000 images: generated points over real points and the discriminator’s surface"
    )
    assert len(set(words)) == 3


@pytest.mark.browser
def test_the_film_plays_by_itself_and_begins_again(make_run, open_run):
    opened = open_run(make_run(plane=True, grids=4))
    page = opened.page
    expect(page.locator("#play")).to_have_text("Pause")
    shown = page.evaluate(NEXT_FRAMES, 6)
    assert all(later == (earlier + 1) % 4 for earlier, later in pairwise(shown))
    assert {0, 3} <= set(shown)
    expect(page.locator("#play")).to_have_text("Pause")
    assert opened.complaints == []


@pytest.mark.browser
def test_who_wants_little_motion_starts_the_film_and_stops_it_by_key(make_run, open_run):
    page = open_run(make_run(plane=True, grids=6), reduced_motion="reduce").page
    assert page.inner_text("#play") == "Play"
    page.wait_for_timeout(500)
    assert page.input_value("#frame") == "5"
    page.focus("#play")
    page.keyboard.press("Space")
    expect(page.locator("#frame")).to_have_value("3")
    page.keyboard.press("Space")
    held = page.input_value("#frame")
    page.wait_for_timeout(500)
    assert page.input_value("#frame") == held
    assert page.inner_text("#play") == "Play"


@pytest.mark.browser
def test_the_slider_holds_the_film(make_run, open_run):
    page = open_run(make_run(plane=True, grids=6)).page
    page.focus("#frame")
    page.keyboard.press("Home")
    expect(page.locator("#play")).to_have_text("Play")
    assert page.inner_text("#seen") == "0 images"
    page.wait_for_timeout(400)
    assert page.input_value("#frame") == "0"


@pytest.mark.browser
@pytest.mark.parametrize("width", [360, 1280])
def test_the_legend_fits_the_screen(make_run, open_run, width):
    page = open_run(make_run(plane=True), width=width, reduced_motion="reduce").page
    picture, key = page.locator("#generated").bounding_box(), page.locator(".key").bounding_box()
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    beside = key["x"] >= picture["x"] + picture["width"]
    below = key["y"] >= picture["y"] + picture["height"]
    assert beside if width > 640 else below
    assert picture["width"] == pytest.approx(picture["height"], abs=1)


@pytest.mark.browser
def test_the_legend_is_there_without_scripts(make_run, open_run):
    page = open_run(make_run(plane=True), java_script_enabled=False).page
    assert page.locator(".tints").bounding_box()["width"] > 200
    assert page.locator("#generated").bounding_box()["width"] > 200
    assert not page.is_visible("#controls")
