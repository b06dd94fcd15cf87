"""Put what `organza reproduce STUDY` has found into the page of the docs on that study, between two marks.

    python scripts/study_page.py studies/ring docs/studies/ring.md

The tables come from the study's `table.md`; everything outside the marks is written by hand and stays. The numbers
themselves are kept beside the page, as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

BEGIN, END = "<!-- begin: written by scripts/study_page.py -->", "<!-- end -->"
KEPT = ("title", "data", "features", "n", "split", "resize", "seed", "notes", "groups", "sections", "failures")


def main(study: Path, page: Path) -> None:
    """Rewrite the marked part of the page, and the JSON beside it."""
    table = (study / "table.md").read_text(encoding="utf-8")
    table = "\n".join("#" + line if line.startswith("# ") else line for line in table.splitlines())
    before, begin, rest = page.read_text(encoding="utf-8").partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        sys.exit(f"{page} has no place for the tables: put '{BEGIN}' and '{END}' on lines of their own")
    page.write_text(f"{before}{BEGIN}\n\n{table.strip()}\n\n{END}{after}", encoding="utf-8")
    record = json.loads((study / "compare.json").read_text(encoding="utf-8"))
    kept = {name: record[name] for name in KEPT}
    for group in kept["groups"]:  # a command names folders of the machine that it ran on
        del group["command"]
    page.with_suffix(".json").write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
