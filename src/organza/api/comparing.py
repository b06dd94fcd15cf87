"""Several trainings: compared, swept over, and the documents' experiments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from organza import data as sources
from organza import tools
from organza.api.paths import PathLike
from organza.console import Console
from organza.errors import UsageError
from organza.files import disk_errors
from organza.report import write_comparison
from organza.tools import Comparison, Sweep
from organza.training import pick_device


def compare(
    runs: Sequence[PathLike],
    *,
    out: PathLike = "comparison",
    n: int = tools.FAKES,
    features: str | None = None,
    split: str = "test",
    seed: int = 0,
    device: str = "auto",
    data_dir: PathLike | None = None,
    title: str | None = None,
    console: Console | None = None,
) -> Comparison:
    """Put runs side by side: scores with mean and deviation over seeds, cost, verdicts, and samples from the same noise.

    Args:
        runs: Run folders; the folder of a sweep stands for all of its runs.
        out: Folder of the table and the page; what an earlier comparison has written there is replaced.
        n: Samples of each run that are scored.
        features: In which pictures are scored; None: those that are made for the data.
        split: Part of the data that samples are held against, train or test.
        seed: Of the scores, not of the trainings.
        device: auto, cpu, cuda, cuda:N or mps.
        data_dir: Where to look for built-in data sets before anywhere else.
        title: Of the page.
        console: Where progress goes; None: standard error.

    Raises:
        UsageError: There are no such features, split or device.
        OrganzaError: A folder does not exist, no run can be compared, or `out` cannot be written.
    """
    folder = Path(out)
    if n < 1:
        raise UsageError(f"-n must be at least 1, not {n}")
    wanted = tools.Wanted(n, seed, features, split, Path(data_dir) if data_dir else None, pick_device(device))
    with (console or Console()).counting() as progress, disk_errors(folder):
        record = tools.compare_runs(
            [Path(run) for run in runs], folder, wanted, title=title,
            progress=lambda done, total: progress(done, total, "scoring"),
        )  # fmt: skip
        write_comparison(folder)
    return Comparison(folder, record)


def sweep(
    recipe: str | None = None,
    *,
    data: str,
    over: Mapping[str, Sequence[Any]],
    out: PathLike,
    seeds: int = 1,
    jobs: int | None = None,
    images: int | None = None,
    minutes: float | None = None,
    device: str = "auto",
    overrides: Mapping[str, Any] | None = None,
    data_dir: PathLike | None = None,
    n: int = tools.FAKES,
    console: Console | None = None,
) -> Sweep:
    """Train every combination of some values with several seeds, each in a process of its own, and compare all of them.

    However it ends, the same call goes on where it was.

    Args:
        recipe: Name, or path of a YAML file; None where `over` names recipes.
        data: Source.
        over: Field -> values, as {"generator.lr": [1e-4, 1e-3]}; "recipe" sweeps over recipes.
        out: Folder of the sweep.
        seeds: Each combination is trained with the seeds 0 to seeds - 1.
        jobs: How many train at once; None: one for every two cores, or one on an accelerator.
        images: Budget of each training in images; None: the recipe's, or `minutes`.
        minutes: Budget of each training in minutes.
        device: auto, cpu, cuda, cuda:N or mps.
        overrides: Fields that all have in common.
        data_dir: Where to look for built-in data sets before anywhere else.
        n: Samples of each run that are scored.
        console: Where progress goes; None: standard error.

    Raises:
        UsageError: A name, field or value does not exist or does not fit, or another sweep lies in `out`.
        OrganzaError: Data, device or folder cannot be used.
    """
    console, folder, place = console or Console(), Path(out), Path(data_dir) if data_dir else None
    if n < 1 or (jobs is not None and jobs < 1):
        raise UsageError(f"-n and --jobs must be at least 1, not {n} and {jobs}")
    question = tools.Question.of(recipe, data, over, seeds, images, minutes, overrides or {})
    kind = pick_device(device).type
    with console.counting() as progress:
        source = sources.open_source(data, data_dir=place, progress=progress)
    cells = tools.make_cells(question, source, device, str(place) if place else None)
    with disk_errors(folder):
        swept = tools.train_all(question, cells, folder, jobs or tools.default_jobs(kind), console.say)
    if swept.interrupted or len(swept.failed) == len(cells):
        return swept
    return replace(
        swept, comparison=compare([folder], out=folder, n=n, device=device, data_dir=data_dir, console=console)
    )


def reproduce(
    study: str,
    *,
    out: PathLike | None = None,
    quick: bool = False,
    full: bool = False,
    seeds: int | None = None,
    images: int | None = None,
    data: str | None = None,
    jobs: int | None = None,
    device: str = "auto",
    data_dir: PathLike | None = None,
    n: int = tools.FAKES,
    console: Console | None = None,
) -> Sweep:
    """Run one of the documents' experiments and put the document's words beside the numbers; however it ends, it goes on.

    Args:
        study: Name; `organza.names("studies")` tells them.
        out: Folder; None: studies/STUDY, with -quick or -full.
        quick: A tiny budget and one seed, to see that all of it works: the numbers mean nothing.
        full: The document's own budget instead of one that two CPU cores can do.
        seeds: Other than the study's.
        images: Another budget.
        data: Another source than the study's.
        jobs: How many train at once; None: one for every two cores, or one on an accelerator.
        device: auto, cpu, cuda, cuda:N or mps.
        data_dir: Where to look for built-in data sets before anywhere else.
        n: Samples of each run that are scored.
        console: Where progress goes; None: standard error.

    Raises:
        UsageError: There is no such study, or another one, or the same at another size, lies in `out`.
        OrganzaError: Data, device or folder cannot be used.
    """
    if quick and full:
        raise UsageError("--quick and --full are two sizes: take one")
    if min(n, jobs or 1, seeds or 1, images or 1) < 1:
        raise UsageError("-n, --jobs, --seeds and --images must be at least 1")
    found, size = tools.find_study(study), "quick" if quick else "full" if full else "here"
    folder = Path(out) if out else Path("studies") / (study if size == "here" else f"{study}-{size}")
    place, console, where = Path(data_dir) if data_dir else None, console or Console(), pick_device(device)
    scale = tools.Scale(size, seeds, data, images)
    wanted = tools.Wanted(min(n, 200) if quick else n, data_dir=place, device=where)
    with disk_errors(folder):
        results, record = tools.run_study(
            study, found, scale,
            tools.Place(
                folder, jobs or tools.default_jobs(where.type), device, str(place) if place else None, wanted, console.say
            ),
        )  # fmt: skip
        if record is None:
            return Sweep(folder, tuple(results))
        write_comparison(folder)
    return Sweep(folder, tuple(results), Comparison(folder, record))
