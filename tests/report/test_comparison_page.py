"""The page of a comparison as a file: complete, escaped, tolerant of what is missing, and of bounded size."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from comparisons import METRICS, SCORES, make_comparison

from organza.diagnosis import VERDICTS
from organza.errors import OrganzaError
from organza.report import comparison_pictures, write_comparison
from organza.report.verdicts import judged


class Reader(HTMLParser):
    """The elements, the words and the tables of a page, as a browser would take them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.tables: list[list[list[list[str]]]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append([])

    def handle_data(self, data):
        if self.elements[-1:] and self.elements[-1][0] not in ("script", "style"):
            self.words.append(data)
            if self.tables and self.tables[-1] and self.tables[-1][-1]:
                self.tables[-1][-1][-1].append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for found, attributes in self.elements if found == tag]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def table(self, number: int = 0) -> list[list[str]]:
        """The words of its cells; what follows the last cell of the table in the page counts to that cell."""
        return [[" ".join(" ".join(cell).split()) for cell in row] for row in self.tables[number]]


def read(folder: Path) -> Reader:
    return Reader(write_comparison(folder).read_text(encoding="utf-8"))


def make(tmp_path: Path, name: str = "one", **arguments) -> Path:
    return make_comparison(tmp_path / name, **arguments)


FAILURES = [{"name": "runs/lost", "reason": "runs/lost/run.json is missing"}]
SECTIONS = [
    {
        "title": "The claim",
        "paragraphs": ["First paragraph.", "Second paragraph."],
        "table": {"header": ["loss", "paper", "ours"], "rows": [["hinge", 21.75, None], ["wgan", 17, "40 or so"]]},
    },
    {"title": "A remark", "paragraphs": ["No table here."], "table": None},
]


def test_the_page_tells_the_whole_comparison(tmp_path):
    page = read(make(tmp_path, changes={"failures": FAILURES, "sections": SECTIONS}))
    for words in [
        "Losses of a DCGAN", "5,000", "What differs loss", "Data fashion-mnist-10k", "Features tiny", "Split test",
        "Resizing 28x28", "Seeds of the trainings 0, 1, 2", "Seed of the measurement 0",
        "FD is biased upwards", "Distance of two clouds of features. Lower is better.", "23.27 ± 0.57", "4 min 11 s",
        "5.79 M", "generator 3.02 M", "Finished ×3", "Seed by seed", "What they make", "How the trainings went", "Losses",
        "Gradient norms", "The claim", "First paragraph.", "Second paragraph.", "21.8", "40 or so", "No table here.",
        "hinge, seed 2", "runs/lost/run.json is missing", "Make each again", "organza train dcgan", "Radford et al. 2016",
    ]:  # fmt: skip
        assert words in page.text, words
    assert len(page.all("h1")) == 1


def test_the_best_is_marked_and_noise_is_called_noise(tmp_path):
    page = read(make(tmp_path))
    heads, *groups = page.table()
    assert heads[:4] == ["Group", "FD[tiny] ↓", "recall ↑", "entropy"]
    assert [row[0] for row in groups] == list(SCORES)
    assert [row[1] for row in groups] == ["23.27 ± 0.57 best", "23.67 ± 0.86 not told apart", "41.4 ± 2.5"]
    assert [row[2] for row in groups] == ["0.607 ± 0.025 best", "0.520 ± 0.030", "0.310 ± 0.036"]
    assert not re.search("best|told", " ".join(row[3] for row in groups))
    assert "hinge is best, 23.27 ± 0.57. Not told apart from it: non-saturating. Behind by more: wgan." in page.text
    assert "All others are behind by at least the deviation of the seeds." in page.text


def test_one_seed_tells_nothing_apart(tmp_path):
    scores = {name: {key: values[:1] for key, values in measured.items()} for name, measured in SCORES.items()}
    page = read(make(tmp_path, scores=scores, seeds=1))
    _, *groups = page.table()
    assert [row[1] for row in groups] == ["23.1 best", "23.5 too few seeds", "41 too few seeds"]
    assert "Too few seeds to tell it from non-saturating and wgan." in page.text
    assert "±" not in " ".join(cell for row in groups for cell in row)


def test_a_group_alone_is_the_best_of_nothing(tmp_path):
    page = read(make(tmp_path, scores={"hinge": SCORES["hinge"]}))
    assert "At a glance" not in page.text
    assert page.table()[1][1] == "23.27 ± 0.57"
    assert not [attributes for _, attributes in page.elements if "mark" in (attributes.get("class") or "")]
    assert not page.all("fieldset")


def test_missing_values_are_dashes_that_sort_last(tmp_path):
    scores = {**SCORES, "wgan": {"fd": [None, None, None]}}
    page = read(make(tmp_path, scores=scores))
    assert page.table()[3][1:4] == ["—", "—", "—"]
    cells = [attributes for attributes in page.all("td") if "data-order" not in attributes]
    assert len(cells) == 3 + 3 * 3
    assert "Behind by more: wgan" not in page.text


def test_no_scores_at_all(tmp_path):
    page = read(make(tmp_path, scores={"a": {}, "b": {}}, changes={"metrics": []}))
    for words in ("Seed by seed", "At a glance", "What the numbers mean"):
        assert words not in page.text
    assert [row[0] for row in page.table()] == ["Group", "a", "b"]
    assert "How the trainings went" in page.text


def test_a_run_that_broke_says_so_with_its_reason(tmp_path):
    folder = make(tmp_path, group={"verdicts": {"ok": 2, "not-finite": 1}})
    facts = json.loads((folder / "compare.json").read_text(encoding="utf-8"))
    facts["runs"][1] |= {"verdict": "not-finite", "reason": "the loss is NaN", "scores": {"fd": math.nan}}
    (folder / "compare.json").write_text(json.dumps(facts), encoding="utf-8")
    page = read(folder)
    assert "Finished ×2 Not finite" in page.table()[1][-1]
    assert page.table(1)[2][:5] == ["hinge, seed 1", "hinge", "1", "Not finite the loss is NaN", "—"]
    assert "nan" not in page.text.lower().replace("the loss is nan", "")


@pytest.mark.parametrize("verdict", [*VERDICTS, "ok", "running", "of-tomorrow"])
def test_every_verdict_has_its_chip(tmp_path, verdict):
    page = read(make(tmp_path, group={"verdicts": {verdict: 3}}))
    moods = {"healthy": "good", "ok": "good", "running": "open", "of-tomorrow": "open"}
    assert page.table()[1][-1] == f"{judged(verdict).name} ×3"
    assert f"chip {moods.get(verdict, 'bad')}" in [attributes.get("class") for _, attributes in page.elements]


def test_runs_that_failed_sort_behind_those_that_did_not(tmp_path):
    page = read(make(tmp_path, group={"verdicts": {"healthy": 1, "ok": 1, "mode-rotation": 1, "explosion": 2}}))
    cells = [attributes.get("data-order") for attributes in page.all("td")]
    assert cells[len(page.table()[0]) - 2] == "3"  # the last cell of the first row, whose first one is a heading


def test_fields_that_the_names_tell_have_no_column_and_others_have(tmp_path):
    assert "loss" not in read(make(tmp_path)).table()[0]
    page = read(make(tmp_path, "two", group={"settings": {"generator.lr": "1e-4", "batch_size": "64"}}))
    assert page.table()[0][1:3] == ["generator.lr", "batch_size"]
    assert page.table()[1][1:3] == ["1e-4", "64"]


def test_a_group_named_by_its_only_field_sorts_by_that(tmp_path):
    scores = {f"lr={value}": {"fd": [9.0]} for value in ("1e-3", "2e-4")}
    folder = make(tmp_path, scores=scores, seeds=1, count=2)
    facts = json.loads((folder / "compare.json").read_text(encoding="utf-8"))
    for group in facts["groups"]:
        group["settings"] = {"lr": group["name"].removeprefix("lr=")}
    (folder / "compare.json").write_text(json.dumps(facts), encoding="utf-8")
    page = read(folder)
    assert page.table()[0][:2] == ["Group", "FD[tiny] ↓"]
    assert [cell["data-order"] for cell in page.all("th") if cell.get("scope") == "row"][:2] == ["1e-3", "2e-4"]


@pytest.mark.parametrize(
    ("column", "is_number"),
    [
        ([1, 2.5, None], True),
        (["1,234", "—", "-0.5", "1.2e-05"], True),
        (["23.1 ± 0.4", "5 %"], True),
        (["ok", 1], False),
        ([True, 1], False),
        (["2 of 3"], False),
        (["1e-3 or so"], False),
    ],
)
def test_columns_of_numbers_are_flush_right(tmp_path, column, is_number):
    sections = [{"title": "T", "paragraphs": [], "table": {"header": ["x"], "rows": [[cell] for cell in column]}}]
    page = read(make(tmp_path, scores={}, changes={"sections": sections, "metrics": []}))
    cells = [*page.all("th"), *page.all("td")]
    assert len(cells) == 1 + len(column)
    assert all((cell.get("class") == "number") == is_number for cell in cells)


def test_many_fields_stand_behind_the_scores(tmp_path):
    fields = dict.fromkeys("pqrs", "1")
    heads = read(make(tmp_path, group={"settings": fields}, count=2)).table()[0]
    assert heads[1] == "FD[tiny] ↓"
    assert heads[-4:] == list("pqrs")


def test_the_same_value_everywhere_makes_nobody_best(tmp_path):
    page = read(make(tmp_path, scores={name: {"fd": [0, 0, 0]} for name in "ab"}, count=2))
    assert "FD[tiny] All groups with a value have 0." in page.text
    assert "best" not in page.table()[1][1]


def test_groups_share_the_first_place(tmp_path):
    scores = {"a": {"fd": [1.0]}, "b": {"fd": [1.0]}, "c": {"fd": [2.0]}}
    page = read(make(tmp_path, scores=scores, seeds=1, count=2))
    assert "a and b are best, 1. Too few seeds to tell it from c." in page.text


def test_thirty_groups_show_eight_in_the_charts_and_fold_the_rest(tmp_path):
    scores = {f"group {index}": {"fd": [20.0 + index, 21.0 + index]} for index in range(30)}
    page = read(make(tmp_path, scores=scores, seeds=2, count=3))
    boxes = [attributes for attributes in page.all("input") if attributes.get("type") == "checkbox"]
    assert len(boxes) == 30
    assert ["checked" in box for box in boxes] == [True] * 8 + [False] * 22
    assert "the first 8 of 30" in page.text
    assert len(page.all("details")) == 2
    assert "Behind by more: 29 others." not in page.text
    assert "All others are behind" in page.text


def test_pictures_are_embedded_and_their_bytes_bounded(tmp_path, monkeypatch):
    folder = make(tmp_path)
    sources = [image["src"] for image in read(folder).all("img") if "src" in image]
    assert len(sources) == 3
    assert all(source.startswith("data:image/png;base64,") for source in sources)
    size = (folder / "pictures" / "0.png").stat().st_size
    monkeypatch.setattr(comparison_pictures, "BYTES", size)
    page = read(folder)
    assert len([image for image in page.all("img") if "src" in image]) == 1
    assert "these are left out: non-saturating, wgan." in page.text


@pytest.mark.parametrize("content", [None, b"", b"GIF89a", b"\x89PNG\r\n\x1a\n"])
def test_a_picture_that_is_none_is_left_out(tmp_path, content):
    folder = make(tmp_path)
    path = folder / "pictures" / "0.png"
    path.unlink()
    if content is not None:
        path.write_bytes(content)
    assert len([image for image in read(folder).all("img") if "src" in image]) == 2


HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"'&"


def hostile(value):
    """`value` with every text in it replaced, but for what leads to files."""
    if isinstance(value, dict):
        kept = {"run", "picture", "better"}
        return {key: entry if key in kept else hostile(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [hostile(entry) for entry in value]
    return HOSTILE if isinstance(value, str) else value


def test_what_files_say_never_becomes_markup(tmp_path):
    folder = make(tmp_path, changes={"failures": FAILURES, "sections": SECTIONS})
    innocent = read(folder)
    facts = hostile(json.loads((folder / "compare.json").read_text(encoding="utf-8")))
    for group in facts["groups"]:
        group.update(settings={HOSTILE: HOSTILE}, verdicts={HOSTILE: 1}, parameters={HOSTILE: 5, "b": 1})
    (folder / "compare.json").write_text(json.dumps(facts), encoding="utf-8")
    row = json.dumps({"images": 1, "stage": HOSTILE, f"critic.{HOSTILE}": 1.0, f"{HOSTILE}.x": 2})
    for path in folder.glob("runs/*/metrics.jsonl"):
        path.write_text(row, encoding="utf-8")
    page = read(folder)
    assert len(page.all("script")) == len(innocent.all("script"))
    assert len(page.all("img")) == len(innocent.all("img"))
    assert not [attributes for _, attributes in page.elements if "onerror" in attributes]
    assert "alert(1)" in page.text


def test_parts_of_a_network_are_told_and_not_counted_twice(tmp_path):
    sizes = {"generator": 3_000_000, "generator.fpn": 1_000_000, "discriminator": 2_000_000}
    page = read(make(tmp_path, group={"parameters": sizes}, count=2))
    cells = [cell for row in page.table() for cell in row]
    assert any(cell.startswith("5 M") and "generator fpn 1 M" in cell for cell in cells), cells


def test_nothing_is_loaded_from_elsewhere(tmp_path):
    page = read(make(tmp_path))
    sources = [attributes["src"] for _, attributes in page.elements if "src" in attributes]
    assert all(source.startswith("data:") for source in sources)
    assert [link["href"] for link in page.all("a")] == ["#content"]
    policy = next(meta["content"] for meta in page.all("meta") if "content" in meta and "-src" in meta["content"])
    assert policy.startswith("default-src 'none'")


KEYS = ["title", "data", "n", "seed", "notes", "metrics", "groups", "runs", "failures", "sections"]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("value", [None, 5, "words", [1], ["words"], [[]], {"name": {}}, [{}]])
def test_keys_of_another_kind_leave_their_part_out(tmp_path, key, value):
    page = read(make(tmp_path, changes={key: value}, count=2))
    assert "None" not in page.text.replace("All None", "")
    assert page.all("h1")


def test_a_group_that_says_nothing_is_still_a_row(tmp_path):
    page = read(make(tmp_path, changes={"groups": [{}, {"name": "b", "runs": [99, -1, 0, "x"]}]}))
    assert [row[0] for row in page.table()][:3] == ["Group", "?", "b"]


@pytest.mark.parametrize("content", [None, "{", "[1]", "\x00", "{}", '{"format": 2}', '{"format": "1"}'])
def test_a_file_that_is_no_comparison_is_refused_in_one_line(tmp_path, content):
    folder = make(tmp_path)
    before = write_comparison(folder).read_bytes()
    (folder / "compare.json").unlink()
    if content is not None:
        (folder / "compare.json").write_text(content, encoding="utf-8")
    with pytest.raises(OrganzaError) as caught:
        write_comparison(folder)
    assert "compare.json" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (folder / "comparison.html").read_bytes() == before


def test_the_page_is_replaced_and_nothing_else_is_left(tmp_path):
    folder = make(tmp_path)
    before = {path.name for path in folder.iterdir()}
    assert write_comparison(folder) == write_comparison(folder) == folder / "comparison.html"
    assert {path.name for path in folder.iterdir()} == before | {"comparison.html"}


def test_long_trainings_of_many_groups_make_a_small_page(tmp_path):
    scores = {f"group {index}": {"fd": [20.0 + index]} for index in range(12)}
    folder = make(tmp_path, scores=scores, seeds=1, count=1500, group={"picture": None})
    assert write_comparison(folder).stat().st_size < 700_000


def test_drawings_describe_themselves_to_those_who_cannot_see_them(tmp_path):
    page = read(make(tmp_path))
    labels = [attributes["aria-label"] for _, attributes in page.elements if attributes.get("role") == "img"]
    assert len(labels) == 3 * len(METRICS) + 8
    assert labels[0] == "hinge: 23.27 ± 0.57; seeds: 23.1, 23.9, 22.8"
    assert re.match(r"Discriminator over 64,000 images: hinge from [\d.]+ to [\d.]+; non-saturating from", labels[9])


def test_writing_a_page_needs_no_torch(tmp_path):
    program = "import sys; from pathlib import Path; from organza.report import write_comparison; "
    program += "write_comparison(Path(sys.argv[1])); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", program, str(make(tmp_path))], check=True)
