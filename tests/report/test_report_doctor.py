"""What the doctor says, on the page of a run: every verdict, what to do, and its readings over time."""

from __future__ import annotations

import json
import math
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from run_folders import diagnosis, finding, readings, rows
from test_report_page import HOSTILE, Reader, data, read

from organza.diagnosis import HEALTHY, VERDICTS
from organza.report import verdicts, write_report
from organza.report.metrics import whole_rows
from organza.report.readings import COLUMNS, EXPLANATIONS, UNSHOWN, reading_charts, shares_over_time

TITLE = "What the doctor says"

REMEDIES = [
    {"images": 40_000, "verdict": "mode-rotation", "back_to": 20_000, "changes": {"loss": "hinge"}, "reason": "So."},
    {"images": 60_000, "verdict": "explosion", "back_to": 30_000, "changes": {"batch": 64}, "reason": "Why not."},
]


def chips(page: Reader) -> list[str]:
    return [attributes["class"] for _, attributes in page.elements if "chip" in (attributes.get("class") or "")]


def section(run, title: str = TITLE) -> str:
    """The words of one section, or nothing."""
    page = write_report(run).read_text(encoding="utf-8")
    found = [part for part in re.findall(r"<section.*?</section>", page, re.DOTALL) if f"<h2>{title}</h2>" in part]
    return Reader(found[0]).text if found else ""


@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_verdict_is_told_in_the_head_and_by_the_doctor(make_run, verdict):
    run = make_run(facts={"status": {"verdict": verdict}}, diagnosis=diagnosis(verdict))
    page, said = read(run), section(run)
    mood = "good" if verdict == HEALTHY else "bad"
    assert set(chips(page)) == {f"chip {mood}"}
    assert VERDICTS[verdict] in page.text.partition(TITLE)[0]
    assert VERDICTS[verdict] in said
    assert verdicts.judged(verdict).name in said
    assert ("What to do" in said) == (verdict != HEALTHY)
    assert ("#doctor" in [link["href"] for link in page.all("a")]) == (verdict != HEALTHY)


def test_verdicts_of_the_doctor_and_of_the_loop_are_one_table():
    assert set(verdicts.VERDICTS) == {*VERDICTS, "ok", "interrupted", "running"}
    assert len({verdict.name for verdict in verdicts.VERDICTS.values()}) == len(verdicts.VERDICTS)
    assert {name for name in verdicts.VERDICTS if verdicts.failed(name)} == set(VERDICTS) - {HEALTHY}
    assert not verdicts.failed("of tomorrow")
    assert not verdicts.failed(None)


def test_the_signs_that_speak_up_come_first_and_the_others_are_folded(make_run):
    page = write_report(make_run(diagnosis=diagnosis("partial-collapse"))).read_text(encoding="utf-8")
    open_part, folded = page.partition("<details")[::2]
    assert "The culprit" in open_part
    assert "What the-culprit means." in open_part
    assert "Gradient growth" not in open_part
    words = Reader(folded).text
    assert "3 signs more that did not speak up" in words
    assert "2.5 · speaks up above 100" in words
    assert "-0.2 · speaks up above 0.1" in words
    assert "Nothing to measure by in this training: Label." in words


def test_a_gauge_shows_on_which_side_of_the_limit_a_value_lies(make_run):
    told = diagnosis() | {
        "detectors": [finding("far", value=8, threshold=2, side="above").record(), finding("near", value=1).record()]
    }
    page = read(make_run(diagnosis=told))
    at = [float(circle["cx"].rstrip("%")) for circle in page.all("circle") if "%" in (circle.get("cx") or "")]
    limits = [float(line["x1"].rstrip("%")) for line in page.all("line") if line.get("class") == "limit"]
    assert len(at) == len(limits) == 2
    assert at[0] == pytest.approx(4 * limits[0], rel=0.01)
    assert max(at + limits) <= 100
    beyond = [(line["x1"], line["x2"]) for line in page.all("line") if line.get("class") == "beyond"]
    assert beyond == [(f"{limits[0]}%", "100%"), ("0%", f"{limits[1]}%")]


@pytest.mark.parametrize(("remedies", "others"), [(1, None), (2, "instead of it:"), (3, "instead of it one of:")])
def test_remedies_are_options_to_copy_with_their_reasons(make_run, remedies, others):
    run = make_run(diagnosis=diagnosis("explosion", remedies=remedies))
    said = section(run)
    assert "Train again with" in said
    options = ["--discriminator.lr 0.0001", "--loss hinge --n_critic 2", "--batch 256"]
    page = re.sub(r"<[^>]*>", "", write_report(run).read_text(encoding="utf-8"))
    assert [option in page for option in options] == [number < remedies for number in range(3)]
    assert "A slower discriminator." in said
    assert ("instead of it" in said) == (others is not None)
    assert others is None or others in said


def test_a_failure_without_a_remedy_says_so_and_a_healthy_training_needs_none(make_run):
    assert "knows no change" in section(make_run("bad", diagnosis=diagnosis("artefacts", remedies=0)))
    said = section(make_run("good", diagnosis=diagnosis(notices=("Plateau: enough.", "Equilibrium: stop."))))
    assert "What to do" not in said
    assert "Plateau: enough. Equilibrium: stop." in said
    assert "3 signs, none of which speaks up" in said


def test_remedies_that_were_applied_are_told_and_marked_on_every_chart(make_run):
    staged = [{**row, "stage": f"size {4 << n // 20}"} for n, row in enumerate(rows(40, images=64_000))]
    run = make_run(facts={"remedies": REMEDIES}, diagnosis=diagnosis(), readings=readings(5), metrics=staged)
    said = section(run)
    for words in [
        "treated itself 2 times",
        "Mode rotation",
        "40,000 images",
        "back to 20,000 images",
        "hinge",
        "Why not.",
    ]:
        assert words in said
    for chart in data(run, "charts"):
        assert [mark["name"] for mark in chart["stages"]] == ["remedy 1", "remedy 2", "size 8"]
        assert [mark["images"] for mark in chart["stages"]] == [20_000, 30_000, 33_600]


def test_a_remedy_that_was_undone_is_told_with_the_one_after_it(make_run):
    undone = [REMEDIES[0], REMEDIES[1] | {"undone": REMEDIES[0]["changes"]}]
    kept = [{**remedy, "undone": {}} for remedy in REMEDIES]
    said = section(make_run("undone", facts={"remedies": undone}, diagnosis=diagnosis()))
    assert "Why not. The remedy before had not helped and was undone: --loss hinge" in said
    assert said.count("undone") == 1
    for name, remedies in (("kept", kept), ("old", REMEDIES)):
        assert "undone" not in section(make_run(name, facts={"remedies": remedies}, diagnosis=diagnosis()))


def test_an_older_run_has_no_doctor_and_one_just_begun_waits_for_it(make_run):
    assert section(make_run("old")) == ""
    assert "No diagnosis yet" in section(make_run("new", facts={"status": {"verdict": "running"}}))
    assert "holds no diagnosis" in section(make_run("read", readings=readings(3)))


@pytest.mark.parametrize("damage", ["", "{", "[1]", "5", "null", "\x00", '{"verdict": {"a": 1}}', "[" * 100_000])
def test_damaged_files_of_the_doctor_leave_the_page_whole(make_run, damage):
    run = make_run(diagnosis=diagnosis("artefacts"), readings=readings(4))
    (run / "diagnosis.json").write_text(damage, encoding="utf-8")
    with (run / "readings.jsonl").open("a", encoding="utf-8") as file:
        file.write(damage + "\n")
    page = read(run)
    for words in ["What it makes", "Losses", TITLE, "4 readings over time", "Distance from the data", "Use it"]:
        assert words in page.text


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    ["name", "verdict", "value", "threshold", "images", "fired", "changes", "undone", "options", "back_to", "key"]
)
THINGS = st.lists(st.dictionaries(KEYS, ANYTHING, max_size=5), max_size=3) | ANYTHING


@settings(max_examples=30, deadline=None)
@given(
    told=st.dictionaries(
        st.sampled_from(["verdict", "sentence", "images", "detectors", "remedies", "notices"]), THINGS
    ),
    applied=THINGS,
    best=ANYTHING | st.dictionaries(KEYS, ANYTHING),
    shares=ANYTHING,
)
def test_whatever_the_files_say_the_page_is_written(tmp_path_factory, told, applied, best, shares):
    from run_folders import make_run_folder

    run = make_run_folder(
        tmp_path_factory.mktemp("run") / "one",
        facts={"remedies": applied, "best": best},
        diagnosis=told,
        readings=[{"images": 1, "shares": shares, "verdict": shares, "energy": shares}, *readings(2)],
        metrics=[{"images": 1, "score.fd": 3.0}],
        grids=0,
        real=False,
    )
    assert "Use it" in read(run).text


def test_what_the_doctor_says_never_becomes_markup(make_run):
    def filled(words: str) -> dict[str, object]:
        sign = {
            "name": words,
            "verdict": words,
            "value": 1,
            "threshold": 2,
            "images": 3,
            "sentence": words,
            "fired": True,
        }
        remedy = {"changes": {words: words}, "options": words, "reason": words}
        applied = remedy | {"images": 1, "back_to": 1, "verdict": words, "undone": {words: words}}
        told = {"verdict": words, "sentence": words, "images": 1, "remedies": [remedy, remedy], "notices": [words]}
        return {
            "diagnosis": told | {"detectors": [sign, sign | {"fired": False}, sign | {"fired": False, "value": None}]},
            "readings": [{**reading, "verdict": words, words: 1.0} for reading in readings(3)],
            "facts": {
                "remedies": [applied],
                "source": {"classes": [words] * 4},
                "score": {"titles": {"fd": words}},
                "best": {"images": 1, "key": "fd", "value": 2.0, "title": words},
            },
            "metrics": [{**row, "score.fd": 1.0, f"score.{words}": 1.0} for row in rows(3)],
        }

    innocent, hostile = (read(make_run(name, **filled(words))) for name, words in [("a", "word"), ("b", HOSTILE)])
    for tag in ("script", "img", "svg", "details"):
        assert len(hostile.all(tag)) == len(innocent.all(tag))
    assert not [attributes for _, attributes in hostile.elements if "onerror" in attributes]
    assert hostile.text.count(HOSTILE) > 10


def test_readings_are_charts_with_words_and_the_course_of_the_verdict(make_run):
    run = make_run(diagnosis=diagnosis("complete-collapse"), readings=readings(9))
    said = section(run)
    for words in ["9 readings over time", "Healthy from 0 images", "Complete collapse from 32,000 images", "kind 4"]:
        assert words in said
    titles = [chart.explanation.title for chart in reading_charts(readings(9))]
    assert all(title in said for title in titles)
    assert len(data(run, "charts")) == 4 + len(titles)
    assert [attributes["data-chart"] for _, attributes in read(run).elements if "data-chart" in attributes] == [
        *(str(number) for number in range(4, 4 + len(titles))),
        *map(str, range(4)),
    ]


def test_many_changes_of_the_verdict_are_cut_short(make_run):
    restless = [{"images": n, "verdict": ("healthy", "artefacts")[n % 2], "energy": 1.0} for n in range(30)]
    said = section(make_run(diagnosis=diagnosis(), readings=restless))
    assert "22 earlier changes" in said
    assert "from 21 images" not in said
    assert "from 22 images" in said


READ = (
    "diversity duplicates energy precision recall sensitivity kinds largest modes high_quality kl saturated contrast "
)
READ += "checkerboard score_real score_fake score_held score_spread noise_effect label_effect"


def test_every_figure_of_a_reading_is_explained_once_or_left_out_on_purpose():
    shown = [key for explanation in EXPLANATIONS for key in explanation.series]
    assert sorted([*shown, *UNSHOWN]) == sorted(READ.split())
    for explanation in EXPLANATIONS:
        assert min(len(explanation.title), len(explanation.meaning), len(explanation.healthy)) > 8


def test_a_figure_of_tomorrow_is_shown_by_its_name_and_real_scores_only_beside_held_out_ones():
    titles = {chart.explanation.title for chart in reading_charts([{"images": 1, "novelty": 2.0, "score_real": 1.0}])}
    assert titles == {"Novelty"}


def test_the_strips_tell_the_shares(make_run):
    classes = ["shoe", "bag", "coat", "shirt"]
    run = make_run(diagnosis=diagnosis(), readings=readings(9), facts={"source": {"classes": classes}})
    page = read(run)
    (strips,) = [attributes for _, attributes in page.elements if attributes.get("class") == "kinds"]
    assert "shoe 100%, bag 0%, coat 0%, shirt 0%" in strips["aria-label"]
    cells = [path for path in page.all("path") if "h1v1h-1z" in (path.get("d") or "")]
    assert len(cells) == 2 + 3  # the kind that is left has two shades, those that were lost have one
    assert {path["opacity"] for path in cells} == {"0.5", "1"}


@pytest.mark.parametrize("count", [1, 5, COLUMNS, 500])
def test_strips_hold_the_first_and_the_last_reading_and_no_more_than_fit(count):
    given = readings(count, images=10_000)
    found = shares_over_time(given)
    assert len(found) == min(count, COLUMNS)
    assert (found[0].images, found[-1].images) == (given[0]["images"], given[-1]["images"])


def test_shares_of_another_number_of_kinds_do_not_fit_the_strips():
    odd = {"images": 5, "shares": [0.5, math.nan]}
    assert [each.images for each in shares_over_time([{"images": 1, "shares": [1]}, *readings(3), odd])] == [
        0,
        32_000,
        64_000,
    ]


def test_where_a_remedy_went_back_the_later_readings_count(tmp_path):
    path = tmp_path / "readings.jsonl"
    path.write_text("\n".join(json.dumps({"images": at, "n": n}) for n, at in enumerate([10, 20, 30, 20, 30])) + "\n{")
    assert [row["n"] for row in whole_rows(path)] == [0, 3, 4]
    assert whole_rows(tmp_path / "none") == []


def test_hundreds_of_readings_make_a_small_page(make_run):
    run = make_run(grids=0, real=False, metrics=[], diagnosis=diagnosis(), readings=readings(500, kinds=25))
    assert write_report(run).stat().st_size < 300_000


SCORED = [{**row, "score.fd": 50.0 - n, "score.novel": 1.0} for n, row in enumerate(rows(9))]
BEST = {"images": 56_888, "key": "fd", "title": "FD[tiny] of 1,000"}


@pytest.mark.parametrize("value", [{"value": 42.5}, {"scores": {"fd": 42.5}}])
def test_scores_are_named_with_their_features_and_the_best_is_told(make_run, value):
    facts = {"score": {"features": "tiny", "n": 1000, "titles": {"fd": "FD[tiny]"}}, "best": BEST | value}
    run = make_run(metrics=SCORED, facts=facts)
    page = read(run)
    assert "Best: 42.5 after 56,888 images." in page.text
    assert re.search(r"Best\s+FD\[tiny\] of 1,000\s+42.5\s+after 56,888 images", page.text)
    assert "From 1,000 samples each time." in page.text
    assert page.text.count("Best: ") == 1
    assert [chart["series"][0]["name"] for chart in data(run, "charts")[:2]] == ["FD[tiny]", "Novel"]


@pytest.mark.parametrize("best", [None, 5, {}, {"key": "fd"}, {"key": "fd", "images": 3, "value": None}])
def test_without_a_best_score_none_is_told(make_run, best):
    page = read(make_run(metrics=SCORED, facts={"best": best}))
    assert "Fréchet distance" in page.text
    assert "Best" not in page.text


def test_who_wins_the_pairs_is_explained(make_run):
    run = make_run(metrics=[{**row, "discriminator.wins": 0.7} for row in rows(5)])
    (chart,) = [chart for chart in data(run, "charts") if chart["series"][0]["name"] == "share of the pairs"]
    assert (chart["low"], chart["high"]) == (0, 1)
    assert chart["series"][0]["colour"] == "discriminator"
    assert "Pairs that the discriminator wins" in read(run).text


@pytest.mark.parametrize(
    ("verdict", "told", "words"),
    [
        ("explosion", diagnosis("explosion"), "with what the doctor prescribes"),
        ("not-finite", None, "with a smaller lr"),
        ("healthy", diagnosis(), "Train it further"),
    ],
)
def test_the_way_on_depends_on_the_verdict(make_run, verdict, told, words):
    assert words in read(make_run(facts={"status": {"verdict": verdict}}, diagnosis=told)).text
