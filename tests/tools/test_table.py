"""The table as Markdown and CSV."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from organza.tools.table import comma_separated, markdown, mean_and_deviation

GROUP = {
    "name": "a|b",
    "recipe": "ring",
    "settings": {"loss": "a|b"},
    "runs": [0, 1],
    "scores": {"kl": {"mean": 0.123456, "sd": 0.0123, "values": [0.1, 0.2]}},
    "images": 6400.0,
    "seconds": 90.0,
    "verdicts": {"healthy": 1, "not-finite": 1},
}
RECORD = {
    "title": "ring on ring8",
    "data": "ring8",
    "features": "some-features",
    "n": 5000,
    "split": "test",
    "real": 10_000,
    "resize": "28x28",
    "seed": 3,
    "notes": ["mind this"],
    "metrics": [
        {"key": "kl", "title": "KL of modes", "better": "lower", "meaning": ""},
        {"key": "modes", "title": "Modes", "better": "higher", "meaning": ""},
    ],
    "groups": [GROUP],
    "runs": [{"seed": 1}, {"seed": 0}],
    "failures": [{"name": "c", "reason": "no model"}],
}


def test_markdown_says_all_that_the_numbers_depend_on():
    lines = markdown(RECORD).splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert "KL of modes ↓" in rows[0]
    assert rows[2] == r"| a\|b | 2 | 0.123 ± 0.012 | – | 6,400 | 1.5 | 1 healthy, 1 not-finite |"
    below = "\n".join(lines[lines.index(rows[-1]) :])
    for word in ("some-features", "5,000", "test", "28x28", "seed of the scores 3", "seeds of training 0, 1", "n - 1"):
        assert word in below
    assert "- mind this" in lines
    assert "- c is left out: no model" in lines


def test_a_table_without_scores_says_nothing_of_them():
    text = markdown({**RECORD, "metrics": [], "groups": [{**GROUP, "scores": {}}]})
    assert "some-features" not in text
    assert "| runs | images |" in text


def test_csv_has_a_column_for_each_setting_and_two_for_each_score():
    rows = list(csv.DictReader(io.StringIO(comma_separated(RECORD))))
    assert len(rows) == 1
    assert rows[0]["loss"] == "a|b"
    assert (float(rows[0]["kl_mean"]), float(rows[0]["kl_sd"])) == (0.123456, 0.0123)
    assert rows[0]["modes_mean"] == ""


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6))
def test_rounding_stays_within_a_twentieth_of_the_deviation(mean, deviation):
    shown = [float(part.replace(",", "")) for part in mean_and_deviation(mean, deviation).split(" ± ")]
    assert abs(shown[0] - mean) <= max(0.051 * deviation, 0.5000001 if deviation >= 10 else 0)
    assert abs(shown[1] - deviation) <= max(0.051 * deviation, 0.5000001 if deviation >= 10 else 0)


def test_a_single_run_has_no_deviation():
    assert mean_and_deviation(12.3456, None) == "12.35"
    assert mean_and_deviation(0.0, 0.0) == "0 ± 0"
    assert mean_and_deviation(2.0, 0.0) == "2.000 ± 0.000"
