"""The page as readers meet it, in a browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from run_folders import rows

pytestmark = pytest.mark.browser

LONG = "a-name-that-is-much-longer-than-any-telephone-is-wide-and_has_no_blank_where_it_could_be_broken"


def busy(make_run):
    """A run with everything that a page can show, and words too long for a small screen."""
    staged = [
        {**row, "stage": f"stage {n // 40}", "critic.penalty": n % 7, f"encoder.{LONG}": None if n % 9 else 1e-7}
        for n, row in enumerate(rows(1500))
    ]
    return make_run(
        recipe={"name": LONG, "summary": LONG, "generator": {LONG: LONG}},
        facts={
            "command": f"organza train {LONG} --data {LONG} --{LONG} {LONG}",
            "source": {"name": LONG, "notes": [LONG]},
            "status": {"verdict": "not-finite", "images": 30_000, "reason": LONG},
        },
        metrics=staged,
        mode="RGB",
    )


@pytest.mark.parametrize("build", [lambda make_run: make_run(), busy])
def test_no_complaint_and_no_request(make_run, open_run, build):
    opened = open_run(build(make_run))
    opened.page.wait_for_selector(".plot svg path.line")
    opened.page.click("#play")
    opened.page.click("#theme")
    opened.page.wait_for_timeout(300)
    assert opened.complaints == []
    assert len(opened.requests) == 1
    assert opened.requests[0].startswith("file:")


def test_the_slider_moves_the_picture(make_run, open_run):
    page = open_run(make_run(grids=6)).page
    last = page.get_attribute("#generated", "src")
    assert page.inner_text("#seen") == "64,000 images"
    page.focus("#frame")
    page.keyboard.press("ArrowLeft")
    assert page.get_attribute("#generated", "src") != last
    assert page.inner_text("#seen") == "51,200 images"
    assert page.get_attribute("#generated", "alt") == "Grid of generated pictures after 51,200 images"
    assert page.get_attribute("#frame", "aria-valuetext") == "51,200 images"
    page.keyboard.press("End")
    assert page.get_attribute("#generated", "src") == last


def test_play_runs_from_the_first_grid_to_the_last_and_stops(make_run, open_run):
    page = open_run(make_run(grids=4)).page
    page.click("#play")
    assert page.inner_text("#play") == "Pause"
    assert page.input_value("#frame") == "0"
    expect(page.locator("#frame")).to_have_value("3")
    expect(page.locator("#play")).to_have_text("Play")


@pytest.mark.parametrize(("motion", "moved"), [("reduce", False), ("no-preference", True)])
def test_who_wants_little_motion_gets_a_slow_play(make_run, open_run, motion, moved):
    page = open_run(make_run(grids=30), reduced_motion=motion).page
    page.click("#play")
    page.wait_for_timeout(900)
    assert (page.input_value("#frame") != "0") == moved


def test_pause_holds_the_picture(make_run, open_run):
    page = open_run(make_run(grids=6)).page
    page.click("#play")
    expect(page.locator("#frame")).to_have_value("1")
    page.click("#play")
    assert page.inner_text("#play") == "Play"
    held = page.input_value("#frame")
    page.wait_for_timeout(1500)
    assert page.input_value("#frame") == held


def test_the_slider_takes_over_from_play(make_run, open_run):
    page = open_run(make_run(grids=30)).page
    page.click("#play")
    page.focus("#frame")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#play")).to_have_text("Play")
    held = page.input_value("#frame")
    page.wait_for_timeout(800)
    assert page.input_value("#frame") == held


def test_a_single_grid_has_nothing_to_slide(make_run, open_run):
    opened = open_run(make_run(grids=1))
    assert not opened.page.is_visible("#frame")
    assert opened.page.is_visible("#generated")
    assert opened.complaints == []


@pytest.mark.parametrize("build", [lambda make_run: make_run(), busy])
@pytest.mark.parametrize("width", [360, 768])
def test_nothing_is_wider_than_the_screen(make_run, open_run, build, width):
    page = open_run(build(make_run), width=width, height=740).page
    page.wait_for_selector(".plot svg")
    assert page.evaluate("document.scrollingElement.scrollWidth") <= width
    outside = """width => [...document.querySelectorAll("main *, header *, footer *")]
        .filter((element) => !element.closest(".fabric, .plot, label"))
        .filter((element) => element.getBoundingClientRect().right > width + 1)
        .map((element) => element.outerHTML)"""
    assert page.evaluate(outside, width) == []


def test_on_a_telephone_real_pictures_lie_below_and_fingers_fit(make_run, open_run):
    page = open_run(make_run(), width=360, height=740, has_touch=True).page
    generated, real = (page.locator(".picture").nth(n).bounding_box() for n in (0, 1))
    assert real["y"] > generated["y"] + generated["height"]
    for selector in ("#play", "#frame", "#theme"):
        assert page.locator(selector).bounding_box()["height"] >= 32


# The colour that is really painted: of a text, of what lies behind it, and the contrast of the two as of WCAG 2.
CONTRAST = """selector => {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const pixel = (...colours) => {
    context.clearRect(0, 0, 1, 1);
    for (const colour of colours) { context.fillStyle = colour; context.fillRect(0, 0, 1, 1); }
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const luminance = (rgb) => rgb.map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);
  return [...document.querySelectorAll(selector)].map((element) => {
    const style = getComputedStyle(element);
    const behind = [];
    for (let node = element; node; node = node.parentElement) behind.unshift(getComputedStyle(node).backgroundColor);
    const isPath = element instanceof SVGElement;
    const front = isPath ? (style.stroke === "none" || element.tagName === "text" ? style.fill : style.stroke) : style.color;
    const [a, b] = [luminance(pixel(...behind, front)), luminance(pixel(...behind))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  });
}"""

TEXTS = [
    "h1",
    "h1 .on",
    ".summary",
    ".paper",
    ".paper a",
    ".chip",
    ".verdict em",
    ".figures dd",
    ".figures dt",
    ".figures small",
]
TEXTS += [
    ".lead",
    ".picture figcaption",
    "#seen",
    "#play",
    "#theme",
    ".legend li",
    ".legend b",
    ".card figcaption p",
    ".warning",
]
TEXTS += [".facts dt", ".facts dd", "h4", "code", ".copy", "footer p", ".plot text", ".reference text", ".unfinished p"]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("verdict", ["ok", "not-finite", "interrupted"])
def test_everything_can_be_read_in_both_themes(make_run, open_run, theme, verdict):
    broken = rows(100)
    broken[50]["generator.loss"] = float("nan")
    run = make_run(metrics=broken, facts={"status": {"verdict": verdict, "images": 32_000, "reason": "as it is"}})
    page = open_run(run, color_scheme=theme).page
    page.wait_for_selector(".plot svg")
    for selector in TEXTS:
        contrasts = page.evaluate(CONTRAST, selector)
        assert contrasts, selector
        assert min(contrasts) >= 4.5, selector
    assert min(page.evaluate(CONTRAST, ".plot path.line")) >= 3


def background(page):
    return page.evaluate("getComputedStyle(document.body).backgroundColor")


def test_the_theme_follows_the_system_until_the_button_is_pressed(make_run, open_run):
    run = make_run()
    light, dark = (open_run(run, color_scheme=theme).page for theme in ("light", "dark"))
    backgrounds = background(light), background(dark)
    assert backgrounds[0] != backgrounds[1]
    lines = [page.evaluate("getComputedStyle(document.querySelector('path.line')).stroke") for page in (light, dark)]
    assert lines[0] != lines[1]
    light.click("#theme")
    assert background(light) == backgrounds[1]
    light.click("#theme")
    assert background(light) == backgrounds[0]
    dark.click("#theme")
    assert background(dark) == backgrounds[0]


def test_pointing_at_a_chart_reads_its_values(make_run, open_run):
    logged = rows(3, images=300)
    page = open_run(make_run(metrics=logged)).page
    plot, legend = page.locator(".plot").first, page.locator(".legend").first
    at_rest = legend.inner_text()
    plot.hover(position={"x": plot.bounding_box()["width"] * 0.6, "y": 100})
    assert plot.locator(".cross text").text_content() == "200 images"
    values = [f"{logged[1][key]:.3g}" for key in ("discriminator.loss", "generator.loss")]
    assert legend.locator("b").all_inner_texts() == values
    assert plot.locator(".cross circle").count() == 2
    page.mouse.move(5, 5)
    assert plot.locator(".cross > *").count() == 0
    assert legend.inner_text() == at_rest


def test_a_finger_reads_values_too(make_run, open_run):
    page = open_run(make_run(), width=360, height=740, has_touch=True).page
    plot = page.locator(".plot").first
    for x in (20, 180, 300):
        plot.tap(position={"x": x, "y": 100})
        label, around = plot.locator(".cross rect").bounding_box(), plot.bounding_box()
        assert "images" in plot.locator(".cross text").text_content()
        assert label["x"] >= around["x"] - 1
        assert label["x"] + label["width"] <= around["x"] + around["width"] + 1


def test_keys_read_values_one_by_one_and_aloud(make_run, open_run):
    logged = rows(5, images=500)
    page = open_run(make_run(metrics=logged)).page
    plot, spoken = page.locator(".plot").first, page.locator("output.spoken").first
    plot.focus()
    for key, row in [("Home", 0), ("ArrowRight", 1), ("End", 4), ("ArrowLeft", 3)]:
        page.keyboard.press(key)
        discriminator, generator = (f"{logged[row][f'{player}.loss']:.3g}" for player in ("discriminator", "generator"))
        expected = f"{logged[row]['images']} images: discriminator {discriminator}, generator {generator}"
        assert spoken.text_content() == expected
    page.keyboard.press("Escape")
    assert spoken.text_content() == ""
    assert plot.locator(".cross > *").count() == 0


def test_charts_fill_their_card_whatever_the_window(make_run, open_run):
    page = open_run(make_run()).page
    widths = []
    for width in (1280, 400, 1000):
        page.set_viewport_size({"width": width, "height": 800})
        plot = page.locator(".plot").first.bounding_box()["width"]
        expect(page.locator(".plot > svg").first).to_have_attribute("width", f"{plot:.0f}")
        assert page.evaluate("document.scrollingElement.scrollWidth") <= width
        widths.append(plot)
    assert widths[1] < widths[2] < widths[0]


def test_no_option_of_a_command_is_torn_apart(make_run, open_run):
    """A browser likes to break lines after the hyphens of an option, which nobody can copy from paper."""
    page = open_run(make_run(facts={"command": "organza train" + " --generator.width 64" * 20}), width=360).page
    torn = """() => [...document.querySelectorAll("pre code")].flatMap((code) => {
      const walker = document.createTreeWalker(code, NodeFilter.SHOW_TEXT);
      const found = [];
      while (walker.nextNode()) {
        for (const word of walker.currentNode.data.matchAll(/--\\S+/g)) {
          const range = document.createRange();
          range.setStart(walker.currentNode, word.index);
          range.setEnd(walker.currentNode, word.index + word[0].length);
          if (new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size !== 1) found.push(word[0]);
        }
      }
      return found;
    })"""
    assert page.evaluate(torn) == []


def test_gaps_and_lone_points_are_drawn_as_such(make_run, open_run):
    gapped = rows(9)
    for n in (3, 5):
        gapped[n]["generator.loss"] = None
    page = open_run(make_run(metrics=gapped)).page
    generator = page.locator(".plot").first.locator(".series").nth(1)
    assert generator.locator("path.line").count() == 2
    assert generator.locator("circle.lone").count() == 1


def test_references_stand_where_the_axis_says(make_run, open_run):
    """The line for 0.5 lies at the middle between the grid lines for 0 and 1."""
    plot = open_run(make_run()).page.locator(".plot").nth(1)
    lines = plot.locator(".axes line")
    heights = {float(lines.nth(n).get_attribute("y1")) for n in range(lines.count())}
    middle = float(plot.locator(".reference line").get_attribute("y1"))
    assert middle == pytest.approx((min(heights) + max(heights)) / 2)
    assert min(heights) > 0
    assert max(heights) < plot.bounding_box()["height"] - 20


def test_a_command_can_be_copied(make_run, open_run):
    opened = open_run(make_run())
    block = opened.page.locator(".code").last
    block.locator(".copy").click()
    expect(block.locator(".copy")).to_have_text(re.compile("Copied|Selected"))
    assert block.locator("code").inner_text().startswith("organza train")


def test_without_scripts_the_last_grid_and_the_words_remain(make_run, open_run):
    page = open_run(make_run(), java_script_enabled=False).page
    assert "need JavaScript" in page.inner_text("noscript")
    assert page.locator("#generated").bounding_box()["width"] > 200
    assert not page.is_visible("#controls")
    assert not page.is_visible("#theme")
