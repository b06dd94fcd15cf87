"""The page as a file: complete, escaped, tolerant of what is missing, and of bounded size."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from run_folders import rows

from organza.errors import OrganzaError
from organza.report import wording, write_report
from organza.report.verdicts import VERDICTS


class Reader(HTMLParser):
    """The elements and the words of a page, as a browser would take them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data):
        if self.elements[-1:] and self.elements[-1][0] not in ("script", "style"):
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for found, attributes in self.elements if found == tag]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def read(run: Path) -> Reader:
    return Reader(write_report(run).read_text(encoding="utf-8"))


def test_the_page_tells_the_whole_run(make_run):
    page = read(make_run())
    for words in [
        "dcgan on fashion-mnist-10k", "Convolutional GAN at 32x32", "Finished", "64,000", "4 min 12 s", "254", "3.02 M",
        "2.77 M", "What it makes", "Losses", "What the discriminator believes", "Gradient norms", "Speed", "lr 0.0002",
        "0.5, 0.999", "28 × 28 pixels", "28x28 padded by 2 to 32x32", "3 pictures appear twice", "A processor, 2 cores",
        "1.2 GB", "2.11.0", "9f86d081884c7d659a2feaa0c55ad015", "2c26b46b68ffc68f", "organza verify", "without their consent",
        "organza.load(", "organza sample", "25 epochs, about 4 hours on 2 CPU cores",
    ]:  # fmt: skip
        assert words in page.text


def test_recipe_fields_are_grouped_by_player_whatever_they_are(make_run):
    page = read(
        make_run(recipe={"encoder": {"depth": 3, "optimiser": {"warm_up": 17}}, "mystery": "a field of tomorrow"})
    )
    assert "Encoder depth 3 optimiser.warm up 17" in page.text
    assert "mystery a field of tomorrow" in page.text


def test_nothing_is_loaded_from_elsewhere(make_run):
    page = read(make_run())
    sources = [attributes.get("src") for _, attributes in page.elements if "src" in attributes]
    assert sources
    assert all(source.startswith("data:") for source in sources)
    assert all(link["href"].startswith("data:") for link in page.all("link"))
    links = [link["href"] for link in page.all("a")]
    assert links == ["#content", "https://arxiv.org/abs/1511.06434"]
    policy = next(meta["content"] for meta in page.all("meta") if "content" in meta and "-src" in meta["content"])
    assert policy.startswith("default-src 'none'")
    assert "http" not in policy


HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&"


def test_what_files_say_never_becomes_markup(make_run):
    innocent = read(make_run("innocent"))
    hostile_rows = [
        {**row, "stage": HOSTILE + str(n // 50), f"critic.{HOSTILE}": 1.0} for n, row in enumerate(rows(100))
    ]
    page = read(
        make_run(
            "hostile",
            recipe={"name": HOSTILE, "summary": HOSTILE, "paper": HOSTILE, "generator": {HOSTILE: HOSTILE}},
            facts={
                "organza": HOSTILE,
                "command": HOSTILE,
                "source": {"name": HOSTILE, "notes": [HOSTILE], "classes": [HOSTILE]},
                "environment": {HOSTILE: HOSTILE},
                "networks": {HOSTILE: {"parameters": 5}},
                "status": {"verdict": HOSTILE, "reason": HOSTILE, "images": 100},
            },
            metrics=hostile_rows,
        )
    )
    assert len(page.all("script")) == len(innocent.all("script"))
    assert len(page.all("img")) == len(innocent.all("img")) == 2
    assert not [attributes for _, attributes in page.elements if "onerror" in attributes]
    assert HOSTILE in page.text


def data(run: Path, name: str):
    page = write_report(run).read_text(encoding="utf-8")
    (found,) = re.findall(rf'<script type="application/json" id="{name}">(.*?)</script>', page)
    return json.loads(found)


def test_hostile_names_arrive_whole_in_the_charts(make_run):
    run = make_run(metrics=[{"images": 1, f"critic.{HOSTILE}": 1.0, f"{HOSTILE}.x": 2}])
    assert HOSTILE in [series["name"] for chart in data(run, "charts") for series in chart["series"]]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_hardly_any_rows(make_run, count):
    run = make_run(metrics=rows(count))
    assert len(data(run, "charts")) == (4 if count else 0)
    assert ("Nothing was logged yet" in read(run).text) == (count == 0)


def test_nothing_but_recipe_and_record(make_run):
    run = make_run(grids=0, real=False)
    (run / "metrics.jsonl").unlink()
    (run / "recipe.yaml").write_text("{}", encoding="utf-8")
    (run / "run.json").write_text("{}", encoding="utf-8")
    page = read(run)
    assert "No pictures yet" in page.text
    assert "one" in page.text
    assert "None" not in page.text
    assert not page.all("img")


@pytest.mark.parametrize("key", ["status", "source", "environment", "networks", "model", "seed", "memory", "command"])
@pytest.mark.parametrize("value", [None, 5, "words", [1], {"name": {}}])
def test_keys_that_are_missing_or_of_another_kind_leave_their_part_out(make_run, key, value):
    page = read(make_run(facts={key: None} if value is None else {key: value}))
    assert "What it makes" in page.text
    assert "Losses" in page.text


def test_values_that_are_not_finite_are_gaps_and_said(make_run):
    broken = rows(40)
    for row in broken[20:]:
        row["generator.loss"] = float("nan")
        row["discriminator.loss"] = float("inf")
    run = make_run(metrics=broken, facts={"status": {"verdict": "not-finite", "reason": "generator.loss is NaN"}})
    (losses, *_) = data(run, "charts")
    assert losses["series"][0]["values"][19] is not None
    assert losses["series"][0]["values"][20:] == [None] * 20
    page = read(run)
    assert "40 values were not a finite number" in page.text
    assert "generator.loss is NaN" in page.text


def test_fifty_thousand_rows_make_a_small_page(make_run):
    path = write_report(make_run(metrics=rows(50_000), grids=0, real=False))
    assert path.stat().st_size < 500_000


def test_many_large_grids_make_a_bounded_page(make_run):
    run = make_run(grids=1)
    first = (run / "samples" / f"{0:012d}.png").read_bytes()
    large = first + bytes(400_000) + first[-12:]
    for n in range(100):
        (run / "samples" / f"{n:012d}.png").write_bytes(large)
    assert write_report(run).stat().st_size < 8_500_000
    shown = len(data(run, "frames"))
    assert f"{shown} of the run’s 100 grids" in read(run).text


@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_verdict_is_explained(make_run, verdict):
    page = read(make_run(facts={"status": {"verdict": verdict}}))
    assert VERDICTS[verdict].name in page.text
    assert VERDICTS[verdict].sentence in page.text


def test_a_verdict_of_tomorrow_is_shown_by_its_name(make_run):
    assert "Never heard of" in read(make_run(facts={"status": {"verdict": "never-heard-of"}})).text


COMMAND = "organza train dcgan --data fashion-mnist-10k --out runs/one"


def test_an_unfinished_run_says_how_far_it_is_and_how_to_go_on(make_run):
    page = read(make_run(facts={"status": {"verdict": "interrupted", "images": 16_000}}))
    (bar,) = [attributes for _, attributes in page.elements if attributes.get("role") == "progressbar"]
    assert bar["aria-valuenow"] == "25"
    assert "25 % of the budget. The same command goes on from exactly where it stopped:" in page.text
    assert page.text.count(COMMAND) == 3


def test_a_run_that_broke_is_not_told_to_go_on(make_run):
    text = read(make_run(facts={"status": {"verdict": "not-finite", "images": 16_000}})).text
    assert "25 % of the budget." in text
    assert "same command goes on" not in text
    assert text.count(COMMAND) == 2
    assert "Try again" in text


def test_a_finished_run_shows_no_progress(make_run):
    page = read(make_run())
    assert not [attributes for _, attributes in page.elements if attributes.get("role") == "progressbar"]


def test_the_cost_of_the_whole_recipe_is_told_at_this_rate(make_run):
    text = read(make_run(recipe={"images": 1_000_000}, facts={"status": {"images_per_second": 250.0}})).text
    assert "1,000,000 images: about 1 h 6 min at this speed" in text


def test_points_of_the_plane_have_no_size_in_pixels(make_run):
    source = {"name": "ring8", "kind": "points", "channels": 2, "height": 1, "width": 1}
    assert "pixels" not in read(make_run(facts={"source": source})).text


def test_charts_describe_themselves_to_those_who_cannot_see_them(make_run):
    page = read(make_run())
    plots = [attributes for _, attributes in page.elements if attributes.get("role") == "img"]
    assert len(plots) == 4
    assert re.fullmatch(
        r"Losses over 64,000 images: discriminator from [\d.]+ to [\d.]+; generator from [\d.]+ to [\d.]+\.",
        plots[0]["aria-label"],
    )


def test_stages_are_marked_where_they_change(make_run):
    staged = [{**row, "stage": f"size {4 << n // 30}"} for n, row in enumerate(rows(90, images=900))]
    (losses, *_) = data(make_run(metrics=staged), "charts")
    assert losses["stages"] == [{"name": "size 8", "images": 310}, {"name": "size 16", "images": 610}]


@pytest.mark.parametrize("name", ["recipe.yaml", "run.json"])
@pytest.mark.parametrize("content", [None, "{", "[1, 2]", "\x00", "a: b: c\n- d"])
def test_a_run_without_recipe_or_record_is_refused_in_one_line(make_run, name, content):
    run = make_run()
    before = write_report(run).read_bytes()
    (run / name).unlink()
    if content is not None:
        (run / name).write_text(content, encoding="utf-8")
    with pytest.raises(OrganzaError) as caught:
        write_report(run)
    assert name in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (run / "report.html").read_bytes() == before


def test_the_page_is_replaced_and_nothing_else_is_left(make_run):
    run = make_run()
    before = {path.name for path in run.iterdir()}
    assert write_report(run) == write_report(run) == run / "report.html"
    assert {path.name for path in run.iterdir()} == before | {"report.html"}


def test_the_page_names_no_folder_above_the_run(make_run, monkeypatch, tmp_path):
    assert str(tmp_path) not in write_report(make_run("away")).read_text(encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    assert "organza sample 'runs/with a blank'" in read(make_run("runs/with a blank")).text


def test_writing_a_page_needs_no_torch(make_run):
    program = "import sys; from pathlib import Path; from organza.report import write_report; "
    program += "write_report(Path(sys.argv[1])); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", program, str(make_run())], check=True)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (wording.short(3_021_123), "3.02 M"),
        (wording.short(173_489), "173 k"),
        (wording.short(999_900), "1,000 k"),
        (wording.short(12), "12"),
        (wording.duration(0.42), "0.42 s"),
        (wording.duration(59.7), "1 min"),
        (wording.duration(252), "4 min 12 s"),
        (wording.duration(3600 * 50), "2 d 2 h"),
        (wording.rate(1293.5), "1,294"),
        (wording.rate(3.456), "3.46"),
        (wording.figure(None), "–"),
        (wording.figure(0.0), "0"),
        (wording.figure(0.00012345), "1.23e-04"),
        (wording.figure(12345.6), "12,346"),
        (wording.value(True), "yes"),
        (wording.value(1e-5), "1e-05"),
        (wording.value([0.5, 0.999]), "0.5, 0.999"),
        (wording.value(list(range(30)))[-10:], "and 6 more"),
        (wording.value({"a_b": None}), "a b –"),
    ],
)
def test_numbers_read_well(words, expected):
    assert words == expected
