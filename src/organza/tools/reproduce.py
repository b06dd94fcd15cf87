"""From a study to its answer: train every cell, score it along the way, and put the document's words beside the numbers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from organza.errors import OrganzaError, UsageError
from organza.exchange import load_model
from organza.files import write_text
from organza.tools.aggregate import summary
from organza.tools.cells import FOLDER, UNFINISHED, Cell, CellResult, standing, threads_of_each, train_cells
from organza.tools.comparison import Wanted, compare_runs, open_wanted, write_record
from organza.tools.likeness import likeness_section
from organza.tools.mixtures import mixing_section
from organza.tools.scoring import METRICS, Reference, score_run
from organza.tools.study import Scale, Study, StudyCell, study_cells
from organza.tools.study import settings as settings_of
from organza.tools.sweep import locked
from organza.tools.table import mean_and_deviation
from organza.training import RunFolder

RECORD, MARKS = "study.json", "marks.json"
MISSING = "–"
Section = dict[str, Any]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Place:
    """Where and with what a study is run.

    Attributes:
        out: Folder.
        jobs: Trainings at once.
        device: Of the trainings.
        data_dir: Where to look for built-in data sets first.
        wanted: How to score.
        say: Told how far it is, in lines.
    """

    out: Path
    jobs: int
    device: str
    data_dir: str | None
    wanted: Wanted
    say: Say


Analysis = Callable[[Sequence[tuple[str, Path]], Reference, Place], Section | None]

ANALYSES: Mapping[str, Analysis] = {
    "embeddings": lambda runs, reference, place: likeness_section(runs, reference),
    "mixing": lambda runs, reference, place: mixing_section(runs, reference, place.wanted, place.out),
}
"""By name: (title and run of the first seed of each setting, real samples, where) -> a section of the page."""


def run_study(name: str, study: Study, scale: Scale, place: Place) -> tuple[list[CellResult], dict[str, Any] | None]:
    """Train and score all of a study, or go on with what lies in the folder.

    Returns:
        How each cell stands, and what is in `compare.json`; None instead if it was interrupted or nothing can be compared.

    Raises:
        UsageError: Another study, or the same at another size, is there.
        OrganzaError: Data cannot be read, another process is at work there, or nothing could be trained.
        OSError: The folder cannot be written.
    """
    results: list[CellResult] = []
    with locked(place.out, RECORD, "study"):
        threads = begin(name, study, scale, place)
        marks = read_marks(place.out)
        for mark in study.marks:
            cells = study_cells(study, scale, place.device, place.data_dir, mark)
            results = train_cells(cells, place.out, place.jobs, threads, place.say)
            if any(result.state in ("waiting", "interrupted") for result in results):
                return results, None
            if mark != study.marks[-1]:
                add_mark(marks, mark, cells, place)
        return results, answer(study, scale, marks, place)


def begin(name: str, study: Study, scale: Scale, place: Place) -> int:
    """Write what is run into the folder, or find that the same is there already; returns the threads of each training."""
    asked: dict[str, Any] = {"study": name, **asdict(scale)}
    if len(study.marks) > 1:  # scores along the way cannot be had again: all must be of as many samples
        asked["n"] = place.wanted.n
    path = place.out / RECORD
    if not path.exists():
        record = {"format": 1, "question": asked, "threads": threads_of_each(place.jobs)}
        write_text(path, json.dumps(record, indent=2) + "\n")
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        began, threads = asked | record["question"], int(record["threads"])
    except (ValueError, KeyError, TypeError):
        raise OrganzaError(f"{path} is damaged: name another folder with --out") from None
    if [name for name in began if began[name] != asked.get(name)] == ["n"]:
        raise UsageError(
            f"the study in {place.out} is scored on {began['n']:,} samples along the way, and scores on {asked['n']:,} cannot"
            f" stand beside those: say -n {began['n']}, or name another folder with --out"
        )
    if began != asked:
        raise UsageError(
            f"in {place.out} lies the study {began['study']} at size {began['budget']}: name another folder with --out, or ask "
            "for the same to go on"
        )
    return threads


def read_marks(out: Path) -> dict[str, dict[str, dict[str, float]]]:
    """Scores along the way: mark -> cell -> metric -> value; those that cannot be read are forgotten."""
    try:
        marks: dict[str, dict[str, dict[str, float]]] = json.loads((out / MARKS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return marks


def add_mark(marks: dict[str, dict[str, dict[str, float]]], mark: float, cells: Sequence[Cell], place: Place) -> None:
    """Score all cells that stand at this mark now; later it is too late, because their weights will have moved on."""
    known = marks.setdefault(f"{mark:g}", {})
    reference = open_wanted(cells[0].data, place.wanted)
    for cell in cells:
        run = place.out / FOLDER / cell.name
        if cell.name in known or not stands_at(cell, run):
            continue
        scores = score_run(run, load_model(run), reference, place.wanted.n, place.wanted.seed)
        known[cell.name] = dict(scores.values)
        write_text(place.out / MARKS, json.dumps(marks, indent=2) + "\n")


def stands_at(cell: Cell, run: Path) -> bool:
    """Whether the run has come to the end of this cell's budget, and of no later one."""
    status = RunFolder(run).read_record().get("status", {})
    wanted = cell.images or 0
    ended = status.get("verdict", "running") not in (*UNFINISHED, "not-finite")
    return bool(ended and status.get("budget", 0) <= wanted <= status.get("images", 0))


def answer(
    study: Study, scale: Scale, marks: Mapping[str, Mapping[str, Mapping[str, float]]], place: Place
) -> dict[str, Any]:
    """The comparison of all cells, with the document's words beside our numbers."""
    cells = study_cells(study, scale, place.device, place.data_dir)
    chosen = settings_of(study, scale)
    seeds = len(cells) // len(chosen)
    settings = [(cell, cells[index * seeds : (index + 1) * seeds]) for index, cell in enumerate(chosen)]
    titles = {place.out / FOLDER / cell.name: setting.name for setting, own in settings for cell in own}
    record = compare_runs([*titles], place.out, place.wanted, title=study.title, titles=titles)
    scored = {place.out / run["run"]: run["scores"] for run in record["runs"]}
    record["sections"] = [
        {"title": "The question", "paragraphs": [study.question, f"From {study.document}."], "table": None},
        beside(study, settings, scored, record["features"], place),
        *along_the_way(study, settings, scored, marks, record["features"], place),
    ]
    first = [(setting.name, place.out / FOLDER / own[0].name) for setting, own in settings]
    trained = [(title, run) for title, run in first if (run / "model").exists()]
    for name in study.analyses:
        made = ANALYSES[name](trained, open_wanted(cells[0].data, place.wanted), place)
        record["sections"] += [made] if made else []
    write_record(record, place.out)
    return record


def beside(
    study: Study,
    settings: Sequence[tuple[StudyCell, list[Cell]]],
    scored: Mapping[Path, Any],
    features: str | None,
    place: Place,
) -> Section:
    """What the document reports, beside what came out here."""
    titles = [METRICS[key].of(features).title for key in study.scores]
    figures = [figure.replace("discriminator.", "D ").replace("generator.", "G ") for figure in study.figures]
    rows = []
    for setting, own in settings:
        runs = [place.out / FOLDER / cell.name for cell in own]
        columns = [[scored[run][key] for run in runs if run in scored and key in scored[run]] for key in study.scores]
        columns += [[value for run in runs if (value := last_figure(run, key)) is not None] for key in study.figures]
        states = {standing(cell, place.out).state for cell in own}
        rows.append([setting.name, setting.reported or MISSING, *map(in_words, columns), ", ".join(sorted(states))])
    header, title = ["setting", "the document", *titles, *figures, "ended"], "The document’s words beside our numbers"
    if not any(setting.reported for setting, _ in settings):
        rows, title = [[first, *rest] for first, _, *rest in rows], "The numbers"
        header.remove("the document")
    return {"title": title, "paragraphs": [averaged(settings, place)], "table": {"header": header, "rows": rows}}


def averaged(settings: Sequence[tuple[StudyCell, list[Cell]]], place: Place) -> str:
    """With which weights samples were made, in a sentence."""
    runs = [place.out / FOLDER / cell.name for _, own in settings for cell in own]
    lives = sorted({RunFolder(run).read_recipe().ema_half_life for run in runs if RunFolder(run).exists})
    if lives == [0]:
        return "Samples are made with the generator’s last weights."
    spans = " or ".join(f"{life:,}" if life else "0 (the last weights)" for life in lives)
    return f"Samples are made with a moving average of the generator’s weights, of half-life {spans} images."


def along_the_way(
    study: Study,
    settings: Sequence[tuple[StudyCell, list[Cell]]],
    scored: Mapping[Path, Any],
    marks: Mapping[str, Mapping[str, Mapping[str, float]]],
    features: str | None,
    place: Place,
) -> list[Section]:
    """How the scores were at each mark of the budget; nothing if there is but the last."""
    if len(study.marks) == 1:
        return []
    rows = []
    for setting, own in settings:
        for mark in study.marks:
            at = marks.get(f"{mark:g}", {})
            values = [
                scored.get(place.out / FOLDER / cell.name, {}) if mark == study.marks[-1] else at.get(cell.name, {})
                for cell in own
            ]
            columns = [[found[key] for found in values if key in found] for key in study.scores]
            images = round((own[0].images or 0) * mark)
            rows.append([setting.name, f"{images:,}", *map(in_words, columns)])
    header = ["setting", "images", *(METRICS[key].of(features).title for key in study.scores)]
    return [{"title": "Along the way", "paragraphs": [], "table": {"header": header, "rows": rows}}]


def last_figure(run: Path, key: str) -> float | None:
    """The last value of a figure in the metrics of a run."""
    found = [row[key] for row in RunFolder(run).rows() if row.get(key) is not None]
    return float(found[-1]) if found else None


def in_words(values: Sequence[float]) -> str:
    """Mean and deviation over seeds."""
    if not values:
        return MISSING
    summed = summary(values)
    return mean_and_deviation(summed["mean"], summed["sd"])
