"""The page of a training that makes pictures from pictures: its grids, its numbers, and how to use what came out."""

from __future__ import annotations

import json
import re

import pytest
from run_folders import rows
from test_report_page import read

from organza.report import write_report
from organza.report.charts import DASHED
from organza.report.exhibits import MEANINGS
from organza.report.explain import GENERIC_HEALTHY, explanations

PAIRED = ["input", "output", "target"]
CYCLE = ["A", "A as B", "A again", "B", "B as A", "B again"]
CYCLED = [
    f"{turn}.{term}_{domain}"
    for turn, terms in (("generator", ("adversarial", "cycle", "identity")), ("discriminator", ("adversarial",)))
    for term in terms
    for domain in "ab"
]
RESTORED = [
    "generator.pixel", "generator.perceptual", "generator.adversarial_discriminator_patch",
    "generator.adversarial_discriminator_full", "discriminator.adversarial_discriminator_patch",
    "discriminator.adversarial_discriminator_full", "shown.psnr", "shown.psnr_of_input",
]  # fmt: skip


@pytest.fixture
def make_exhibit(make_run):
    """A run that shows real pictures, with the model that it left."""

    def make(columns=PAIRED, ability="deblurs", held=8, **more):
        facts = {"exhibit": columns, "source": {"held_out": held, "name": "photos"}}
        run = make_run(facts=facts, real=False, mode="RGB", **more)
        (run / "model").mkdir()
        (run / "model" / "config.json").write_text(json.dumps({"abilities": [ability]}))
        return run

    return make


def pictured(page):
    return [image for image in page.all("img") if image.get("id") == "generated"]


@pytest.mark.parametrize("columns", [PAIRED, CYCLE])
def test_columns_are_named_in_place_explained_and_spoken(make_exhibit, columns):
    page = read(make_exhibit(columns))
    assert "What it makes of real pictures" in page.text
    assert " ".join(columns) in page.text
    (picture,) = pictured(page)
    assert picture["alt"].endswith(f"from left to right: {', '.join(columns)}")
    assert all(MEANINGS[name] in page.text for name in columns)


def test_the_script_keeps_the_columns_in_its_words(make_exhibit):
    text = write_report(make_exhibit()).read_text(encoding="utf-8")
    (embedded,) = re.findall(r'<script[^>]*id="frames"[^>]*>(.*?)</script>', text, re.S)
    assert all("input, output, target" in frame["words"] for frame in json.loads(embedded))


def test_there_is_no_frame_of_real_pictures_beside_them(make_exhibit, make_run):
    alone, beside = read(make_exhibit()).all("figure"), read(make_run("noise")).all("figure")
    frames = [[found for found in figures if "picture" in (found.get("class") or "")] for figures in (alone, beside)]
    assert [len(found) for found in frames] == [1, 2]


@pytest.mark.parametrize(
    ("columns", "held", "words"),
    [
        (PAIRED, 8, "These pictures are held out"),
        (PAIRED, 0, "They are trained on, too: there are too few"),
        (CYCLE, 8, "Where a domain has pictures enough, those shown are held out"),
        (CYCLE, 0, "They are trained on, too: the first domain has too few"),
        (PAIRED, None, "Where a domain has pictures enough"),
    ],
)
def test_whether_the_shown_pictures_are_trained_on_is_said_as_it_is(make_exhibit, columns, held, words):
    assert words in read(make_exhibit(columns, held=held)).text


def test_a_column_that_nobody_knows_is_named_all_the_same(make_exhibit):
    page = read(make_exhibit(["<input>", "output", "mask"]))
    assert "<input> output mask" in page.text


def test_a_page_without_pictures_yet_stands(make_exhibit):
    assert "No pictures yet" in read(make_exhibit(grids=0)).text


@pytest.mark.parametrize(
    ("columns", "ability", "expected"),
    [
        (PAIRED, "deblurs", ["organza deblur runs/one input.png", "model.deblur(images)"]),
        (["bicubic", "output", "target"], "enlarges", ["organza enlarge runs/one input.png", "model.enlarge(images)"]),
        (PAIRED, "translates", ["organza translate runs/one input.png output.png Copy", "model.translate(images)"]),
        (CYCLE, "translates", ["output.png --to b", "output.png --to a", 'model.translate(images, to="b")']),
    ],
)
def test_the_commands_are_those_of_the_model(make_exhibit, monkeypatch, tmp_path, columns, ability, expected):
    monkeypatch.chdir(tmp_path)
    text = read(make_exhibit(columns, ability, name="runs/one")).text
    for words in expected:
        assert words.removesuffix(" Copy") in text
    assert "organza sample" not in text
    assert ("--to" in text) == (columns is CYCLE)


@pytest.mark.parametrize(("channels", "mode"), [(1, "L"), (3, "RGB")])
def test_the_python_lines_make_a_batch_of_the_models_channels(make_exhibit, tmp_path, monkeypatch, channels, mode):
    """They are run as they stand there, with a model that gives back what it gets."""
    import organza

    numpy, image = pytest.importorskip("numpy"), pytest.importorskip("PIL.Image")
    image.fromarray(numpy.full((6, 5, 3), 255, numpy.uint8)).save(tmp_path / "input.png")
    page = write_report(make_exhibit(recipe={"channels": channels})).read_text(encoding="utf-8")
    (lines,) = [text for text in re.findall(r"<pre[^>]*>(.*?)</pre>", page, re.S) if "import organza" in text]
    code = re.sub(r"<[^>]+>", "", lines).replace("&quot;", '"').replace("&#x27;", "'")
    saved = []
    model = type("Model", (), {"deblur": staticmethod(lambda images: images)})
    monkeypatch.setattr(organza, "load", lambda _name: model, raising=False)
    monkeypatch.setattr(organza, "save_images", lambda made, path, model: saved.append((made, path)), raising=False)
    monkeypatch.chdir(tmp_path)
    exec(code, {})
    ((made, path),) = saved
    assert (tuple(made.shape), path) == ((1, channels, 6, 5), "output.png")
    assert float(made.min()) == float(made.max()) == 1.0
    assert f'convert("{mode}")' in code


def test_a_model_that_cannot_be_read_leaves_the_usual_commands(make_run):
    run = make_run()
    (run / "model").mkdir()
    (run / "model" / "config.json").write_text("{")
    assert "organza sample" in read(run).text


def test_a_doctor_without_readings_claims_none(make_exhibit, make_run):
    from run_folders import diagnosis

    assert "samples that are made from the same random" not in read(make_exhibit(diagnosis=diagnosis())).text
    assert "samples that are made from the same random" in read(make_run("noise", diagnosis=diagnosis())).text


@pytest.mark.parametrize("keys", [CYCLED, RESTORED])
def test_every_number_of_such_a_training_has_words_of_its_own(keys):
    found = explanations("least-squares", [*keys, "generator.loss"])
    assert all(explanation.healthy != GENERIC_HEALTHY for explanation in found)
    for key in keys:
        assert sum(key in explanation.series for explanation in found) == 1


def test_parts_of_one_term_share_a_chart():
    charts = [set(found.series) & set(CYCLED) for found in explanations("least-squares", CYCLED)]
    assert sorted(map(sorted, charts)) == sorted(
        [
            sorted(key for key in CYCLED if key.startswith(start))
            for start in ("generator.adversarial", "generator.cycle", "generator.identity", "discriminator.adversarial")
        ]
    )


def test_how_near_it_comes_stands_first_beside_the_input():
    first, *_ = explanations("non-saturating", ["generator.loss", "shown.psnr", "shown.psnr_of_input"])
    assert list(first.series) == ["shown.psnr", "shown.psnr_of_input"]
    assert "shown.psnr_of_input" in DASHED


def test_a_penalty_of_the_only_critic_stays_beside_its_loss():
    keys = ["discriminator.adversarial_discriminator", "discriminator.penalty_discriminator"]
    (found,) = explanations("wasserstein", keys)
    assert found.title == "Loss and penalty of the discriminator"


def test_levels_of_a_draw_are_drawn_only_where_the_losses_are_nothing_but_adversarial():
    """A weight, a second discriminator and further terms all move them."""
    for extra, drawn in ((), True), (["generator.cycle_a"], False), (["generator.pixel"], False):
        found = explanations("least-squares", ["generator.loss", "discriminator.loss", *extra])
        (losses,) = [explanation for explanation in found if explanation.title == "Losses"]
        assert bool(losses.references) == drawn


def test_stages_are_told_and_marked(make_run):
    staged = [row | {"stage": "content" if row["images"] <= 32_000 else "main"} for row in rows(40)]
    assert "“content”, then “main” from 33,600 images on" in read(make_run(metrics=staged)).text
    assert "It went in stages" not in read(make_run("single")).text


@pytest.mark.browser
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("columns", [PAIRED, CYCLE])
def test_names_stand_above_their_columns(make_exhibit, open_run, columns, width):
    opened = open_run(make_exhibit(columns), width=width)
    page = opened.page
    frame = page.locator(".exhibit .frame").bounding_box()
    names = [box.bounding_box() for box in page.locator(".columns span").all()]
    wide = frame["width"] / len(columns)
    assert len(names) == len(columns)
    for place, name in enumerate(names):
        assert name["x"] + name["width"] / 2 == pytest.approx(frame["x"] + (place + 0.5) * wide, abs=1)
        assert name["y"] + name["height"] <= frame["y"] + 1
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert opened.complaints == []
    page.locator("#frame").fill("0")
    assert "after 0 images" in page.locator("#generated").get_attribute("alt")
