"""The table of a comparison as Markdown, for a thesis, and as CSV, for a program."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from typing import Any

SMALLEST = 7  # places after the point at most; what is smaller is written with a power of ten
ARROWS = {"lower": " ↓", "higher": " ↑"}


def mean_and_deviation(mean: float, deviation: float | None) -> str:
    """A mean with its deviation, of which two digits say all there is to say: 12.34 ± 0.56; alone, with four digits."""
    if deviation is None:
        return _digits(mean, _decimals(mean, 4))
    decimals = _decimals(deviation if deviation > 0 else mean, 2 if deviation > 0 else 4)
    return f"{_digits(mean, decimals)} ± {_digits(deviation, decimals)}"


def _decimals(number: float, digits: int) -> int:
    """Places after the point that show so many digits of a number."""
    if number == 0 or not math.isfinite(number):
        return 0
    return max(0, digits - 1 - math.floor(math.log10(abs(number))))


def _digits(number: float, decimals: int) -> str:
    return f"{number:.1e}" if decimals > SMALLEST else f"{number:,.{decimals}f}"


def _minutes(seconds: float) -> str:
    """With two digits below 10, in whole minutes from there."""
    minutes = seconds / 60
    return _digits(minutes, min(3, _decimals(minutes, 2)))


def markdown(record: Mapping[str, Any]) -> str:
    """The table: a row for each group, and below it everything that the scores depend on.

    Args:
        record: As in `compare.json`.
    """
    metrics, groups = record["metrics"], record["groups"]
    headings = ["", "runs", *(metric["title"] + ARROWS.get(metric["better"], "") for metric in metrics)]
    headings += [record.get("clock", "images"), "minutes", "verdicts"]
    rows = []
    for group in groups:
        scores = group["scores"]
        cells = [group["name"], str(len(group["runs"]))]
        cells += [
            mean_and_deviation(scores[metric["key"]]["mean"], scores[metric["key"]]["sd"])
            if metric["key"] in scores
            else "–"
            for metric in metrics
        ]
        verdicts = ", ".join(
            f"{count} {verdict}" if len(group["runs"]) > 1 else verdict for verdict, count in group["verdicts"].items()
        )
        rows.append([*cells, f"{group['images']:,.0f}", _minutes(group["seconds"]), verdicts])
    lines = [f"# {record['title']}", ""]
    if rows:
        align = ["---", *("---:" for _ in headings[1:-1]), "---"]
        lines += [_row(cells) for cells in (headings, align, *rows)] + [""]
    lines += [conditions(record), ""]
    lines += [f"- {note}" for note in record["notes"]]
    lines += [f"- {failure['name']} is left out: {failure['reason']}" for failure in record["failures"]]
    return "\n".join(lines).rstrip() + "\n"


def sections(record: Mapping[str, Any]) -> str:
    """What a study adds to the table: its question, the document's words beside the numbers, and the like."""
    parts = []
    for section in record["sections"]:
        parts += [f"## {section['title']}", *section.get("paragraphs", [])]
        table = section.get("table")
        if table:
            header, rows = table["header"], table["rows"]
            parts.append("\n".join([_row(header), _row(["---"] * len(header)), *map(_row, rows)]))
    return "\n\n".join(parts) + "\n" if parts else ""


def conditions(record: Mapping[str, Any]) -> str:
    """What the scores depend on, as one line."""
    seeds = sorted({run["seed"] for run in record["runs"]})
    parts = [f"data {record['data']}" if record["data"] else ""]
    if record["metrics"] and record["n"] is not None:
        parts += [
            f"features {record['features']}" if record["features"] else "",
            f"{record['n']:,} samples of each run",
            f"against {record['real']:,} real ones of the {record['split']} part" if record["features"] else "",
            f"resize {record['resize']}" if record["resize"] else "",
            f"seed of the scores {record['seed']}",
        ]
    parts.append(f"{'seeds' if len(seeds) > 1 else 'seed'} of training {', '.join(map(str, seeds))}" if seeds else "")
    several = any(len(group["runs"]) > 1 for group in record["groups"])
    parts.append("mean ± standard deviation over runs (n - 1)" if several else "")
    return "; ".join(part for part in parts if part) + "."


def _row(cells: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def comma_separated(record: Mapping[str, Any]) -> str:
    """The same as CSV: a column for each setting, and two for each score."""
    settings = {name: None for group in record["groups"] for name in group["settings"]}
    keys = [metric["key"] for metric in record["metrics"]]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    pairs = [column for key in keys for column in (f"{key}_mean", f"{key}_sd")]
    writer.writerow(["name", "recipe", *settings, "runs", *pairs, record.get("clock", "images"), "seconds", "verdicts"])
    for group in record["groups"]:
        scores = [group["scores"].get(key, {"mean": None, "sd": None}) for key in keys]
        writer.writerow(
            [
                group["name"],
                group["recipe"],
                *(group["settings"].get(name) for name in settings),
                len(group["runs"]),
                *(value for score in scores for value in (score["mean"], score["sd"])),
                group["images"],
                group["seconds"],
                " ".join(f"{verdict}:{count}" for verdict, count in group["verdicts"].items()),
            ]
        )
    return text.getvalue()
