"""Several runs side by side: a folder with one table of scores over seeds, and pictures from the same latent vectors."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch

from organza.errors import OrganzaError, UsageError
from organza.exchange import Model, load_model
from organza.exchange.model import picture_pixels
from organza.files import write_text
from organza.marks import grid, save_picture
from organza.tools.aggregate import differences, group_entry, group_names, group_runs, remarks
from organza.tools.exhibits import UNSCORED, copy_grid, grid_metrics, grid_scores
from organza.tools.run_record import RunRecord, find_runs
from organza.tools.scoring import FAKES, METRICS, Reference, Scores, open_reference, score_run, why_not_beside
from organza.tools.sweep import file_name
from organza.tools.table import comma_separated, markdown
from organza.tools.table import sections as sections_text
from organza.training.shown import CLASSES, PICTURES, POINTS

FORMAT = 1
RECORD, TABLE, CSV, IMAGES = "compare.json", "table.md", "table.csv", "pictures"
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Wanted:
    """How runs are to be scored.

    Attributes:
        n: Samples of each run.
        seed: Of the scores.
        features: Their name; None: those that are made for the data.
        split: Part of the data.
        data_dir: Where to look for built-in data sets first.
        device: Where samples are made and looked at.
    """

    n: int = FAKES
    seed: int = 0
    features: str | None = None
    split: str = "test"
    data_dir: Path | None = None
    device: torch.device | str = "cpu"


@dataclass(frozen=True)
class Comparison:
    """Runs side by side.

    Attributes:
        folder: With compare.json, table.md, table.csv, pictures/ and comparison.html.
        record: What compare.json says.
    """

    folder: Path
    record: dict[str, Any] = field(repr=False)

    @property
    def table(self) -> str:
        """The table as Markdown."""
        return markdown(self.record)


def compare_runs(
    folders: Sequence[Path],
    out: Path,
    wanted: Wanted,
    *,
    title: str | None = None,
    titles: Mapping[Path, str] | None = None,
    notes: Sequence[str] = (),
    sections: Sequence[Mapping[str, Any]] = (),
    progress: Progress = lambda done, total: None,
) -> dict[str, Any]:
    """Write compare.json, table.md, table.csv and pictures/ into a folder, and return what is in compare.json.

    Args:
        folders: Of runs, or of sweeps.
        out: Made if it is not there.
        wanted: How to score.
        title: Of the page.
        titles: Of groups, by the folder of a run; None: from what they differ in.
        notes: To stand before those that are found here.
        sections: For the page: {"title", "paragraphs", "table"}, passed on as they are.
        progress: Told (runs scored, runs).

    Raises:
        UsageError: There are no such features or split.
        OrganzaError: A folder does not exist, or no run in them can be compared; the message says why of the first.
        OSError: The folder cannot be written.
    """
    runs, exhibiting, failures = _read_all(folders)
    if not runs:
        first = failures[0]
        raise OrganzaError(
            f"none of {len(failures)} runs can be compared; the first, {first['name']}: {first['reason']}"
        )
    data = most_common_data(runs)
    # Where no model makes samples, there is nothing to hold real ones against.
    reference, why = (None, None) if all(exhibiting) and wanted.features is None else _reference(data[0], wanted)
    found: list[Scores | None] = []
    values: list[dict[str, float]] = []
    said = [*notes, *([why] if why else [])]
    for index, run in enumerate(runs):
        progress(index, len(runs))
        scored, own, reason = _score(run, exhibiting[index], data, reference, wanted)
        found.append(scored)
        values.append(own)
        said += [reason] if reason else []
    progress(len(runs), len(runs))
    groups = group_runs(runs)
    questions = [runs[indices[0]].question for indices in groups]
    names = group_names(questions)
    if titles:
        names = [titles.get(runs[indices[0]].folder, name) for name, indices in zip(names, groups, strict=True)]
    _clear(out)
    pictures = []
    for number, (name, indices) in enumerate(zip(names, groups, strict=True)):
        eldest = indices[0]
        picture, reason = _picture(runs[eldest], exhibiting[eldest], out, f"{number:02d}-{file_name(name)}.png", wanted)
        pictures.append(picture)
        said += [reason] if reason else []
    # A title says what a group is; the fields in which a study's settings differ would be a dozen columns.
    settings: list[dict[str, str]] = [{} for _ in groups] if titles else differences(questions)
    record = comparison_record(runs, found, values, groups, names, settings, pictures, out)
    record |= {
        "title": title or _title(names, runs),
        "data": data[0],
        "seed": wanted.seed,
        "notes": [*dict.fromkeys([*said, *record["notes"]])],
        "failures": failures,
        "sections": [dict(section) for section in sections],
    }
    write_record(record, out)
    return record


def write_record(record: Mapping[str, Any], out: Path) -> None:
    """Write compare.json, table.md and table.csv.

    Raises:
        OSError: The folder cannot be written.
    """
    write_text(out / RECORD, json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n")
    write_text(out / TABLE, "\n".join(part for part in (markdown(record), sections_text(record)) if part))
    write_text(out / CSV, comma_separated(record))


def _read_all(folders: Sequence[Path]) -> tuple[list[RunRecord], list[bool], list[dict[str, str]]]:
    """The runs that can be compared, whether the model of each draws nothing from noise, and why the others cannot."""
    runs, exhibiting, failures = [], [], []
    for found in find_runs(folders):
        try:
            run = found.read()
            exhibiting.append(load_model(run.folder).abilities.from_noise is None)
            runs.append(run)
        except OrganzaError as error:
            failures.append({"name": found.name, "reason": " ".join(str(error).split())})
    return runs, exhibiting, failures


def most_common_data(runs: Sequence[RunRecord]) -> tuple[str, str]:
    """Name and fingerprint of the data that most of the runs were trained on; of the first ones, if several have as many."""
    return Counter((run.data, run.fingerprint) for run in runs).most_common(1)[0][0]


def _reference(data: str, wanted: Wanted) -> tuple[Reference | None, str | None]:
    """Real samples of the data; or a sentence on why there are none, which is no reason to show nothing else."""
    if wanted.features is None:
        try:
            return open_wanted(data, wanted), None
        except OrganzaError as error:
            return None, f"no scores: {error}"
    return open_wanted(data, wanted), None


def open_wanted(data: str, wanted: Wanted) -> Reference:
    """Real samples to score runs against, as it is wanted; errors as of `open_reference`."""
    return open_reference(
        data, wanted.features, split=wanted.split, seed=wanted.seed, data_dir=wanted.data_dir, device=wanted.device
    )


def _score(
    run: RunRecord, exhibits: bool, data: tuple[str, str], reference: Reference | None, wanted: Wanted
) -> tuple[Scores | None, dict[str, float], str | None]:
    """The scores of a run and their values; or none, and a sentence on why, unless that was said for all.

    Of a run whose model draws nothing from noise there are no `Scores`, but there may be values of its grids.
    """
    own = grid_scores(run.folder) if exhibits else {}
    if exhibits and not own:
        return None, {}, UNSCORED
    if (run.data, run.fingerprint) != data:
        other = run.data if run.data != data[0] else f"another version of {run.data}"
        reason = f"it was trained on {other}, and scores on different data cannot be compared"
        return None, {}, f"{run.name} has no scores here: {reason}"
    if exhibits or reference is None:
        return None, own, None
    try:
        scores = score_run(run.folder, load_model(run.folder, wanted.device), reference, wanted.n, wanted.seed)
    except OrganzaError as error:
        return None, {}, f"{run.name} has no scores: {error}"
    if not scores.values:
        return None, {}, f"no scores: {'; '.join(scores.notes)}"
    return scores, dict(scores.values), None


def check_alike(runs: Sequence[RunRecord], found: Sequence[Scores | None]) -> None:
    """Refuse to put scores into one table that cannot be compared.

    Raises:
        UsageError: Two of them depend on different things.
    """
    scored = [(run, scores) for run, scores in zip(runs, found, strict=True) if scores]
    for run, scores in scored[1:]:
        reason = why_not_beside(scored[0][1], scores)
        if reason:
            raise UsageError(f"{scored[0][0].name} and {run.name} cannot be compared: {reason}")


def comparison_record(
    runs: Sequence[RunRecord],
    found: Sequence[Scores | None],
    values: Sequence[Mapping[str, float]],
    groups: Sequence[Sequence[int]],
    names: Sequence[str],
    settings: Sequence[Mapping[str, str]],
    pictures: Sequence[str | None],
    out: Path,
) -> dict[str, Any]:
    """What `compare.json` says about the runs; the rest is about how they were asked for.

    Args:
        runs: All of them.
        found: Scores of each.
        values: Of each: those of its scores, or of its grids.
        groups: Which runs are in each.
        names: Of the groups.
        settings: Of the groups.
        pictures: Of the groups.
        out: Folder that paths are relative to.

    Raises:
        UsageError: Two scores depend on different things: other features, n, split, seed or data.
    """
    check_alike(runs, found)
    first = next((scores for scores in found if scores), None)
    scored = [key for key in METRICS if any(key in run for run in values)]
    metrics = [asdict(first.metric(key)) for key in scored] if first else []
    metrics += [asdict(metric) for metric in grid_metrics(values)]
    keys = [metric["key"] for metric in metrics]
    belongs = {index: number for number, indices in enumerate(groups) for index in indices}
    return {
        "format": FORMAT,
        "title": "",
        "clock": " or ".join(sorted({run.clock for run in runs})),
        "data": None,
        "features": first.features if first else None,
        "n": first.n if first else None,
        "real": first.real if first else None,
        "split": first.split if first else None,
        "resize": first.resize if first else None,
        "seed": 0,
        "notes": [
            *dict.fromkeys(note for scores in found if scores for note in scores.notes),
            *remarks(names, groups, runs),
        ],
        "metrics": [{name: metric[name] for name in ("key", "title", "better", "meaning")} for metric in metrics],
        "groups": [
            group_entry(name, own, indices, runs, values, keys, picture)
            for name, own, indices, picture in zip(names, settings, groups, pictures, strict=True)
        ],
        "runs": [
            {
                "run": Path(os.path.relpath(run.folder, out)).as_posix(),
                "name": run.name,
                "group": belongs[index],
                "seed": run.seed,
                "verdict": run.verdict,
                "reason": run.reason,
                "images": run.images,
                "seconds": run.seconds,
                "scores": dict(values[index]),
            }
            for index, run in enumerate(runs)
        ],
        "failures": [],
        "sections": [],
    }


def _title(names: Sequence[str], runs: Sequence[RunRecord]) -> str:
    recipes = list(dict.fromkeys(run.recipe for run in runs))
    listed = ", ".join(recipes[:4]) + (" and others" if len(recipes) > 4 else "")
    ways = f" in {len(names)} settings" if len(names) > len(recipes) else ""
    return f"{listed}{ways} on {' and '.join(dict.fromkeys(run.data for run in runs))}"


def _clear(out: Path) -> None:
    """Make the folder, and remove the pictures of an earlier comparison there."""
    out.mkdir(parents=True, exist_ok=True)
    try:
        before = json.loads((out / RECORD).read_text(encoding="utf-8"))["groups"]
        named = {Path(group["picture"]).name for group in before if group["picture"]}
    except (OSError, ValueError, TypeError, KeyError):
        return
    for name in named:
        (out / IMAGES / name).unlink(missing_ok=True)


def _picture(run: RunRecord, exhibits: bool, out: Path, name: str, wanted: Wanted) -> tuple[str | None, str | None]:
    """Write what the model of a run makes from the same latent vectors as all others; or else the run's last grid.

    Returns:
        Its path below `out`, or None, and why there is none.
    """
    if exhibits:
        copied = copy_grid(run.folder, out / IMAGES / name)
        return (f"{IMAGES}/{name}", None) if copied else (None, f"{run.name} has no picture: it has drawn no grid yet")
    try:
        model = load_model(run.folder, wanted.device)
        pixels = sample_grid(model)
    except OrganzaError as error:
        return None, f"{run.name} has no picture: {error}"
    (out / IMAGES).mkdir(exist_ok=True)
    save_picture(out / IMAGES / name, pixels, model.mark(0))
    return f"{IMAGES}/{name}", None


def sample_grid(model: Model, seed: int = 0) -> Any:
    """Samples as one picture, uint8 [H, W, C]: with labels a column for each, and all of a row from one latent vector."""
    if model.recipe.channels == 2:
        return grid(picture_pixels(model.sample(POINTS, seed)))
    if not model.labels:
        return grid(picture_pixels(model.sample(PICTURES * PICTURES, seed)), PICTURES)
    columns = [model.sample(PICTURES, seed, label=label) for label in model.labels[:CLASSES]]
    return grid(picture_pixels(torch.stack(columns, 1).flatten(0, 1)), len(columns))
