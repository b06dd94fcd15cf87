"""Put what `benchmarks/doctor.py` has measured into docs/doctor.md, between the two marks.

python scripts/doctor_table.py
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
BEGIN, END = "<!-- measured -->", "<!-- /measured -->"


def table(record: dict[str, Any]) -> str:
    """The totals, and a row for each case."""
    lines = ["| trainings | right | share | 95 % interval |", "|---|---|---|---|"]
    for name, total in record["totals"].items():
        low, high = total["interval"]
        lines.append(
            f"| {name} | {total['right']} of {total['of']} | {total['right'] / total['of']:.1%} | {low:.1%} to {high:.1%} |"
        )
    lines += ["", "| what was done to it | should be | what the doctor said |", "|---|---|---|"]
    for key, given in record["verdicts"].items():
        expected = record["expected"][key]
        said = ", ".join(
            f"{verdict} {count}" if verdict == expected else f"**{verdict} {count}**"
            for verdict, count in sorted(given.items(), key=lambda item: -item[1])
        )
        lines.append(f"| {key.replace('/', ': ')} | {expected} | {said} |")
    return "\n".join(lines)


def put(page: str, record: dict[str, Any]) -> str:
    """The page with the table between its marks."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table(record)}\n{END}{after}"


def main() -> None:
    """Read, and write."""
    page, record = (
        ROOT / "docs" / "doctor.md",
        json.loads((ROOT / "benchmarks" / "results" / "doctor.json").read_text()),
    )
    page.write_text(put(page.read_text(encoding="utf-8"), record), encoding="utf-8")


if __name__ == "__main__":
    main()
