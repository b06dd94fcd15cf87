"""The page of a training that learns one picture, or two, scale by scale: its pyramid, its words, and what it is good for."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from run_folders import diagnosis, save_grid
from test_report_page import read

from organza import stages
from organza.cli import VERBS
from organza.report import write_report
from organza.report.clock import counted, unit_of
from organza.report.exhibits import OF_TWO
from organza.report.explain import GENERIC_HEALTHY, explanations
from organza.report.facts import Facts
from organza.report.folder import read_run
from organza.report.samples import Grid
from organza.report.scales import scales_of

ONE = ["picture", "reconstruction", "variation 1", "variation 2", "variation 3", "variation 4"]
TWO = ["A", "A as B", "A again", "B", "B as A", "B again"]
STEPS, SCALES = 20, 3
ANALOGY = [
    *(f"{turn}.{kind}_{side}" for turn in ("generator", "discriminator") for kind in ("own", "crossed", "self") for side in "ab"),
    *(f"discriminator.penalty_{kind}_{side}" for kind in ("own", "crossed", "self") for side in "ab"),
    *(f"generator.{term}_{side}" for term in ("reconstruction", "cycle", "content") for side in "ab"),
    "shown.structure_a", "shown.structure_b",
]  # fmt: skip
SINGAN = [
    "shown.reconstruction", "shown.diversity", "generator.adversarial", "generator.reconstruction", "discriminator.adversarial",
    "discriminator.penalty",
]  # fmt: skip
COMMON = [
    *(f"{player}.{what}" for player in ("generator", "discriminator") for what in ("loss", "gradient")),
    *(f"discriminator.{what}" for what in ("real", "fake", "wins", "slope")),
    "images_per_second",
]


def scaled_rows(scales=SCALES, last=STEPS):
    """Rows of so many scales, the last one of them cut short after so many steps; every second one with a grid."""
    rows = []
    for step in range(1, STEPS * (scales - 1) + last + 1):
        scale = (step - 1) // STEPS
        row = {
            "images": step,
            "step": step,
            "seconds": step * (scale + 1.0),
            "stage": f"scale-{scale}",
            "images_per_second": 2.0,
        }
        row |= {"generator.loss": 1.0, "generator.reconstruction": 0.5, "discriminator.loss": -1.0}
        if step % 2 == 0:
            row |= {"shown.reconstruction": 20.0 + step / 10, "shown.diversity": 0.2 - step / 1000}
        rows.append(row)
    return rows


@pytest.fixture
def make_scaled(make_run):
    """A run scale by scale, with a grid at the beginning and at the end of every scale, of its size."""

    def make(
        name="one", columns=ONE, abilities=("enlarges", "pyramids"), scales=SCALES, last=STEPS, planned=SCALES, **more
    ):
        steps = STEPS * (scales - 1) + last
        facts = {
            "clock": "steps", "exhibit": columns, "costs": [[(n + 1) / planned, 1.0] for n in range(planned)],
            "source": {"name": "photos/old/cat.png", "count": 1, "held_out": 0},
            "status": {"images": steps, "budget": STEPS * planned, "steps": steps, "seconds": 90.0, "images_per_second": 0.7},
        }  # fmt: skip
        recipe = {
            "name": "singan",
            "game": "pyramid",
            "loss": "wasserstein",
            "iterations": STEPS,
            "images": STEPS * planned,
        }
        run = make_run(name, recipe=recipe, facts=facts, metrics=scaled_rows(scales, last), grids=0, real=False, **more)
        for scale in range(scales):
            taken = last if scale == scales - 1 else STEPS
            for at in (0 if scale == 0 else STEPS * scale + 2, STEPS * scale + taken):
                grid = run / "samples" / f"{at:012d}.png"
                save_grid(grid, mode="RGB", tile=24 + 8 * scale, across=len(columns))
        (run / "model").mkdir()
        (run / "model" / "config.json").write_text(json.dumps({"abilities": list(abilities)}))
        return run

    return make


def test_every_scale_has_its_last_grid_and_its_figures(make_scaled):
    scales = read_run(make_scaled()).scales
    assert [scale.name for scale in scales] == ["scale-0", "scale-1", "scale-2"]
    assert [scale.grid.images for scale in scales] == [20, 40, 60]
    assert [scale.steps for scale in scales] == [20, 20, 20]
    assert [scale.seconds for scale in scales] == [20.0, 60.0, 100.0]
    assert [scale.reconstruction for scale in scales] == [22.0, 24.0, 26.0]
    assert scales[-1].diversity == pytest.approx(0.14)


def test_the_pyramid_is_told_with_sizes_and_what_its_figures_mean(make_scaled):
    page = read(make_scaled())
    for words in (
        "The pyramid", "Scale 0 24 × 144 pixels steps 20 time 20 s reconstruction 22.0 dB diversity 0.180", "Scale 2 40 × 240",
        "peak signal-to-noise ratio", "standard deviation of a pixel", "--start-scale",
    ):  # fmt: skip
        assert words in page.text
    spoken = [image["alt"] for image in page.all("img") if "The last grid of scale" in (image.get("alt") or "")]
    assert len(spoken) == SCALES
    assert all(alt.endswith(", ".join(ONE)) for alt in spoken)
    assert "The training is in the" not in page.text


def test_a_training_on_its_way_says_how_far_it_has_climbed(make_scaled):
    page = read(make_scaled(scales=2, last=7))
    assert "The training is in the second of 3 scales." in page.text
    assert "Scale 1 32 × 192 pixels steps 7" in page.text
    assert "of the budget" in page.text


@pytest.mark.parametrize("cut", [1, 2])
def test_a_scale_without_a_grid_yet_keeps_its_place(make_scaled, cut):
    run = make_scaled(scales=cut, last=1)
    for grid in (run / "samples").glob("*.png"):
        if int(grid.stem) > STEPS * (cut - 1):
            grid.unlink()
    page = read(run)
    assert f"Scale {cut - 1}" in page.text
    assert ("No grid was drawn of it yet." in page.text) == (cut == 2)


def test_grids_too_large_for_the_page_are_named_instead(make_scaled, monkeypatch):
    run = make_scaled()
    monkeypatch.setattr("organza.report.pyramid.BYTES", (run / "samples" / "000000000020.png").stat().st_size)
    text = read(run).text
    assert text.count("To keep the page small, this grid is left out") == 2
    assert "samples/000000000060.png" in text


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.sets(st.integers(0, 50), max_size=12))
def test_scales_share_out_all_steps_seconds_and_grids(tmp_path_factory, lengths, drawn):
    rows, step = [], 0
    for scale, length in enumerate(lengths):
        for _ in range(length):
            step += 1
            rows.append({"images": step, "seconds": 2.0 * step, "stage": f"scale-{scale}"})
    grids = [Grid(tmp_path_factory.getbasetemp() / "a.png", images, 8, 8, 1) for images in sorted(drawn)]
    found = scales_of(rows, grids)
    assert [scale.steps for scale in found] == lengths
    assert sum(scale.seconds for scale in found) == 2.0 * step
    kept = [scale.grid.images for scale in found if scale.grid]
    assert kept == sorted(kept)
    if within := [images for images in drawn if images <= step]:
        assert kept[-1] == max(within)


def test_steps_are_counted_as_steps_everywhere(make_scaled):
    run = make_scaled(diagnosis=diagnosis())
    page = read(run)
    for words in (
        "Steps 60", "Steps per second 0.7", "60 steps in 1 min 30 s", "after 60 steps", "Over steps, from 60 rows",
        "After 64,000 steps",
    ):  # fmt: skip
        assert words in page.text
    for word in ("images seen", "images per second", "60 images", "Images seen"):
        assert word not in page.text
    text = write_report(run).read_text(encoding="utf-8")
    (embedded,) = re.findall(r'<script[^>]*id="charts"[^>]*>(.*?)</script>', text, re.S)
    assert {chart["unit"] for chart in json.loads(embedded)} == {"steps"}
    assert [mark["name"] for mark in json.loads(embedded)[0]["stages"]] == ["scale 1", "scale 2"]


def test_other_runs_count_images_and_have_no_pyramid(make_run):
    page = read(make_run())
    assert "Images seen" in page.text
    assert "The pyramid" not in page.text
    assert "per second" in page.text
    assert counted("steps") == "Steps"
    assert unit_of(Facts({"recipe": "pyramid"})) == "images"


def test_the_climb_is_told_without_a_list(make_scaled, make_run):
    assert "It climbed 3 scales, from the coarsest on" in read(make_scaled()).text
    staged = [row | {"stage": "content"} if row["images"] <= STEPS else row for row in scaled_rows()]
    assert "“content”, then “scale 1” from 21 images on" in read(make_run("mixed", metrics=staged)).text


def test_scales_are_named_in_words():
    assert [stages.words(name) for name in ("scale-0", "scale-11", "scale-x", "main")] == [
        "scale 0",
        "scale 11",
        "scale-x",
        "main",
    ]
    assert [stages.scale(name) for name in ("scale-0", "at-8", "rescale-1")] == [True, False, False]
    assert not stages.growing("scale-3")


def test_columns_are_explained_once_each(make_scaled):
    page = read(make_scaled())
    assert "What it makes of the picture" in page.text
    assert page.text.count("what it makes of other noise") == 1
    assert "held out" not in page.text.partition("What it was made from")[0]
    two = read(make_scaled("two", columns=TWO, abilities=["translates", "pyramids"])).text
    assert all(meaning in two for meaning in OF_TWO.values())


def test_the_title_names_files_and_no_folders(make_scaled):
    assert "singan on cat.png" in read(make_scaled()).text


def test_commands_for_one_picture(make_scaled, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    text = read(make_scaled("runs/one")).text
    for command in (
        "vary runs/one", "retarget runs/one", "harmonize runs/one", "paint runs/one", "animate runs/one", "enlarge runs/one",
    ):  # fmt: skip
        assert f"organza {command}" in text
    assert "organza translate" not in text
    assert "organza sample" not in text
    assert "more steps (--iterations, or --images) and another --out" in text


def test_commands_for_two_pictures(make_scaled, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    text = read(make_scaled("runs/two", columns=TWO, abilities=["translates", "pyramids"])).text
    for words in (
        "output.png --to b",
        "output.png --to a",
        "--side a --out variations-a",
        "--side b --out variations-b",
    ):
        assert words in text
    assert "organza harmonize" not in text


@pytest.mark.parametrize(("columns", "abilities"), [(ONE, ["enlarges", "pyramids"]), (TWO, ["translates", "pyramids"])])
def test_all_commands_are_such_as_organza_takes(make_scaled, columns, abilities):
    page = write_report(make_scaled(columns=columns, abilities=abilities)).read_text(encoding="utf-8")
    codes = [re.sub(r"<[^>]+>", "", code) for code in re.findall(r"<pre[^>]*>(.*?)</pre>", page, re.S)]
    verbs = {code.split()[1] for code in codes if code.startswith("organza ")}
    assert "vary" in verbs
    assert verbs <= set(VERBS)


@pytest.mark.parametrize("keys", [[*SINGAN, *COMMON], [*ANALOGY, *COMMON]])
def test_every_number_has_words_of_its_own_in_one_chart(keys):
    found = explanations("wasserstein", keys)
    assert all(explanation.healthy != GENERIC_HEALTHY for explanation in found)
    for key in keys:
        assert sum(key in explanation.series for explanation in found) == 1
    assert found[-1].series == {"images_per_second": "steps per second"}
    assert all(line.name != "no distance" for explanation in found for line in explanation.references)


def test_a_cycle_of_others_keeps_its_own_words():
    found = explanations("least-squares", ["generator.cycle_a", "generator.loss", "images_per_second"])
    assert all("new scale" not in explanation.healthy for explanation in found)
    assert found[-1].series == {"images_per_second": "images per second"}


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
def test_the_pyramid_in_a_browser(make_scaled, open_run, width):
    opened = open_run(make_scaled(), width=width)
    page = opened.page
    frames = [box.bounding_box() for box in page.locator(".pyramid .frame").all()]
    assert len(frames) == SCALES
    assert len({round(frame["width"]) for frame in frames}) == 1
    names = [box.bounding_box() for box in page.locator(".pyramid > .columns span").all()]
    for place, name in enumerate(names):
        middle = frames[0]["x"] + (place + 0.5) * frames[0]["width"] / len(ONE)
        assert name["x"] + name["width"] / 2 == pytest.approx(middle, abs=1.5)
    rendering = "element => getComputedStyle(element).imageRendering"
    assert page.locator(".pyramid .frame img").first.evaluate(rendering) == "pixelated"
    page.locator("#frame").fill("0")
    assert page.inner_text("#seen") == "0 steps"
    page.locator(".plot").first.focus()
    page.keyboard.press("End")
    assert "60 steps" in page.locator(".spoken").first.text_content()
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert opened.complaints == []
