"""What the doctor says, as readers meet it in a browser."""

from __future__ import annotations

import pytest
from run_folders import diagnosis, readings, rows
from test_report_browser import CONTRAST, LONG

pytestmark = pytest.mark.browser

APPLIED = {"images": 40_000, "verdict": "mode-rotation", "back_to": 20_000, "changes": {LONG: LONG}, "reason": LONG}


def treated(make_run):
    """A failing run with all that a doctor can say, and words too long for a small screen."""
    told = diagnosis("partial-collapse", remedies=3, notices=(f"Plateau: {LONG}.",))
    for remedy in told["remedies"]:
        remedy["options"] += f" --{LONG} {LONG}"
    return make_run(
        facts={"status": {"verdict": "partial-collapse"}, "remedies": [APPLIED], "source": {"classes": [LONG] * 4}},
        diagnosis=told,
        readings=readings(30),
        metrics=rows(50),
    )


UNFOLD = "() => document.querySelectorAll('details').forEach((each) => (each.open = true))"
OUTSIDE = """width => [...document.querySelectorAll("main *")]
    .filter((element) => !element.closest(".plot, label") && element.getBoundingClientRect().right > width + 1)
    .map((element) => element.outerHTML)"""


def test_folded_charts_are_drawn_once_they_are_seen(make_run, open_run):
    opened = open_run(treated(make_run))
    page = opened.page
    page.wait_for_selector(".plot svg path.line")
    assert page.locator(".readings .plot svg").count() == 0
    page.locator(".readings > summary").click()
    page.wait_for_selector(".readings .plot svg path.line")
    assert page.locator(".readings .plot svg .axes").count() == page.locator(".readings .plot").count() > 3
    assert set(page.locator(".stage text").all_text_contents()) == {"remedy 1"}
    assert opened.complaints == []


@pytest.mark.parametrize("width", [360, 768])
def test_nothing_is_wider_than_the_screen(make_run, open_run, width):
    page = open_run(treated(make_run), width=width, height=740).page
    page.evaluate(UNFOLD)
    page.wait_for_selector(".readings .plot svg")
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    assert page.evaluate(OUTSIDE, width) == []


TEXTS = [
    ".doctor .chip",
    ".verdict small",
    ".told",
    ".sign h3",
    ".sign p",
    ".sign small",
    ".measured",
    ".measured b",
    "summary",
]
TEXTS += [".part p", ".part .reason", ".part code", ".course small", ".kinds span", ".kinds b", ".shares .ends span"]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everything_can_be_read_in_both_themes(make_run, open_run, theme):
    page = open_run(treated(make_run), color_scheme=theme).page
    page.evaluate(UNFOLD)
    for selector in TEXTS:
        contrasts = page.evaluate(CONTRAST, selector)
        assert contrasts, selector
        assert min(contrasts) >= 4.5, selector


def test_without_scripts_all_but_the_curves_is_there(make_run, open_run):
    page = open_run(treated(make_run), java_script_enabled=False).page
    assert page.locator(".signs.fired .sign").is_visible()
    page.locator(".readings > summary").click()
    assert page.locator(".kinds svg").first.bounding_box()["width"] > 200
    assert not page.locator(".signs:not(.fired)").is_visible()
    page.locator(".doctor .card > details > summary").click()
    assert page.locator(".signs:not(.fired) .sign").first.is_visible()
