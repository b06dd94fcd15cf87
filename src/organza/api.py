"""The functions that users call, from Python as from the command line. Each verb is the function of the same name."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from torch import Tensor

from organza import data as sources
from organza import tools
from organza.console import Console
from organza.errors import OrganzaError, UsageError, unknown
from organza.exchange import Model, load_model
from organza.exchange.model import picture_pixels
from organza.files import disk_errors, write_text
from organza.features import FEATURES
from organza.games import GAMES, OPTIMISERS
from organza.losses import LOSSES, PENALTIES
from organza.marks import Mark, grid, read_mark, save_picture
from organza.networks import NETWORKS
from organza.recipes import RECIPES, Recipe, choose, find_recipe, fit_to, override, recipe_text, to_mapping
from organza.report import write_comparison, write_report
from organza.tools import Comparison, Sweep, write_samples
from organza.training import RunFolder, Watch, pick_device
from organza.training.inspection import network_facts
from organza.training.loggers import Logger, tensorboard_logger
from organza.training.request import Request, command_line, default_folder
from organza.training.run import Job, continued, execute, make_plan
from organza.training.signals import stopping_on_signals

PathLike = str | os.PathLike[str]
UNASKED_MINUTES = 30.0  # what a training takes for which neither recipe nor budget was named


@dataclass(frozen=True)
class Run:
    """A finished or interrupted training. Usable wherever a path is: it is the path of its folder.

    Attributes:
        folder: Where it lies.
        images: Images seen, over all sittings.
        images_per_second: On average.
        seconds: Time spent training.
        verdict: ok, interrupted or not-finite; planned after a dry run.
        reason: Why it stopped, if it had to.
        scores: By metric.
    """

    folder: Path
    images: int
    images_per_second: float
    seconds: float
    verdict: str
    reason: str | None = None
    scores: dict[str, float] = field(default_factory=dict)

    def __fspath__(self) -> str:
        return str(self.folder)

    @property
    def report(self) -> Path:
        return self.folder / "report.html"


def train(
    recipe: str | Recipe | None = None,
    *,
    data: str,
    out: PathLike | None = None,
    images: int | None = None,
    minutes: float | None = None,
    seed: int = 0,
    device: str = "auto",
    start: PathLike | None = None,
    overrides: Mapping[str, Any] | None = None,
    data_dir: PathLike | None = None,
    dry_run: bool = False,
    save_every: float = 60.0,
    logger: Logger | None = None,
    tensorboard: bool = False,
    console: Console | None = None,
) -> Run:
    """Train a recipe on a source, or go on with the run that lies in `out`, exactly.

    Args:
        recipe: Name, path of a YAML file, or value; None: chosen from the data.
        data: Source: a built-in name, a folder or zip of images, a mixture.
        out: Run folder; without it runs/RECIPE-SOURCE, with a digest of what else was asked for.
        images: Budget in images; None: the recipe's, or `minutes`.
        minutes: Budget in minutes; measured once, by a short try, and turned into images.
        seed: Of all randomness.
        device: auto, cpu, cuda, cuda:N or mps.
        start: Model or run whose weights to begin with.
        overrides: Fields of the recipe by dotted name, as {"generator.lr": 1e-4}.
        data_dir: Where to look for built-in data sets before anywhere else.
        dry_run: Print the plan and stop; the run's verdict is then "planned", and nothing is written.
        save_every: Seconds between checkpoints; 0: after every step.
        logger: Called with every row of metrics, a dict.
        tensorboard: Write TensorBoard events into the run folder too.
        console: Where plan and progress go; None: standard error.

    Returns:
        The run. One that stopped on numbers that are not finite is returned too: look at `verdict`.

    Raises:
        UsageError: A name, field or value does not exist or does not fit.
        OrganzaError: Data, device or folder cannot be used.
    """
    console = console or Console()
    job = prepare(
        recipe, data=data, out=out, images=images, minutes=minutes, seed=seed, device=device, start=start,
        overrides=overrides, data_dir=data_dir, console=console,
    )  # fmt: skip
    folder = job.folder.path
    if dry_run:
        return Run(folder, job.plan.done, job.plan.images_per_second, 0.0, "planned")
    loggers = [logger] if logger else []
    if tensorboard:
        loggers.append(tensorboard_logger(folder / "tensorboard", job.plan.done))
    with stopping_on_signals(console.say) as stop, console.training(job.plan) as bar, disk_errors(folder):
        watch = Watch((bar.row, *loggers), bar.tick, lambda: write_report(folder), stop)
        result = execute(job, watch, save_every)
        write_report(folder)
    console.ended(job.plan, result)
    rate = result.images / result.seconds if result.seconds else 0.0
    return Run(folder, result.images, rate, result.seconds, result.verdict, result.reason)


def prepare(
    recipe: str | Recipe | None = None,
    *,
    data: str,
    out: PathLike | None = None,
    images: int | None = None,
    minutes: float | None = None,
    seed: int = 0,
    device: str = "auto",
    start: PathLike | None = None,
    overrides: Mapping[str, Any] | None = None,
    data_dir: PathLike | None = None,
    console: Console | None = None,
) -> Job:
    """Everything before the first step, which is what `organza train --dry-run` shows: arguments and errors of `train`."""
    console, where, overrides = console or Console(), pick_device(device), dict(overrides or {})
    if images is not None and images < 1:
        raise UsageError(f"--images must be at least 1, not {images}")
    if minutes is not None and not minutes > 0:
        raise UsageError(f"--minutes must be more than 0, not {minutes}")
    named = find_recipe(recipe) if isinstance(recipe, str) else recipe
    with console.counting() as progress:
        source = sources.open_source(data, data_dir=Path(data_dir) if data_dir else None, progress=progress)
        wanted = fit_to(override(named or choose(source, where.type), overrides), source, overrides)
        request = Request(
            recipe=wanted,
            pinned=frozenset(overrides),
            chosen=named is None,
            images=images,
            minutes=UNASKED_MINUTES if named is None and images is None and minutes is None else minutes,
            seed=seed,
            device=where,
            start=os.path.abspath(start) if start else None,
            command=command_line(recipe, data, out, images, minutes, seed, start, overrides),
        )
        folder = RunFolder(Path(out) if out else default_folder(wanted, source, overrides, seed, start))
        if start and not folder.exists:
            load(start)  # what cannot be opened is said before anything is begun
        settled = continued(request, folder, source) if folder.exists else wanted
        dataset = sources.decode(source, settled.size, settled.channels, progress=progress)
    with console.status("trying the recipe for a moment"):
        plan = make_plan(request, settled, source, dataset, folder)
    console.plan(plan)
    return Job(plan, request, dataset, folder)


def load(model: PathLike, device: str = "cpu") -> Model:
    """Open a model folder, or the model of a run.

    Raises:
        OrganzaError: There is none, it is damaged, or a newer organza wrote it.
    """
    path = Path(model)
    if not path.exists():
        raise OrganzaError(f"no model at {path}: name a model folder or a run folder")
    return load_model(path, pick_device(device))


def sample(
    model: PathLike | Model,
    n: int = 16,
    *,
    out: PathLike,
    label: str | None = None,
    seed: int = 0,
    device: str = "auto",
    console: Console | None = None,
) -> list[Path]:
    """Write n samples of a model as one PNG grid (`out` ends in .png) or as a folder of PNG files; return the files.

    The same seed gives the same bytes. Every file carries the provenance mark. A model with labels makes `label`, the name or
    number of a class, or attributes as "smiling,hat=0.5"; without it, samples have the shares that the data had.

    Raises:
        UsageError: n is too small, the model makes nothing from noise, or it has no such label.
        OrganzaError: The model cannot be opened, or the files cannot be written.
    """
    opened = model if isinstance(model, Model) else load(model, device)
    with (console or Console()).counting() as progress, disk_errors(Path(out)):
        return write_samples(opened, n, Path(out), seed, label, lambda done, total: progress(done, total, "sampling"))


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
            tools.Place(folder, jobs or tools.default_jobs(where.type), device, str(place) if place else None, wanted, console.say),
        )  # fmt: skip
        if record is None:
            return Sweep(folder, tuple(results))
        write_comparison(folder)
    return Sweep(folder, tuple(results), Comparison(folder, record))


def save_images(images: Tensor, path: PathLike, *, model: Model | None = None, seed: int = 0) -> Path:
    """Write samples, float [n, C, H, W] in [-1, 1], as one PNG grid with the provenance mark.

    Args:
        images: As `Model.sample` returns them.
        path: Where.
        model: What made them, for the mark.
        seed: What they were made from, for the mark.
    """
    mark = model.mark(seed, grid=len(images)) if model else Mark("unknown", "", seed, {"grid": len(images)})
    with disk_errors(Path(path)):
        save_picture(Path(path), grid(picture_pixels(images.detach().cpu())), mark)
    return Path(path)


def verify(image: PathLike) -> Mark | None:
    """The provenance mark of a picture, or None if it carries none (which proves nothing: metadata can be removed).

    Raises:
        OrganzaError: The file cannot be read, or its mark was altered.
    """
    return read_mark(Path(image))


def check(source: str, *, data_dir: PathLike | None = None, console: Console | None = None) -> sources.Check:
    """Look through a source: what is in it, what is wrong with it, and what training will do about that.

    Raises:
        OrganzaError: There is no such source, or it cannot be read at all.
    """
    with (console or Console()).counting() as progress:
        return sources.check(source, data_dir=Path(data_dir) if data_dir else None, progress=progress)


def names(kind: str = "recipes") -> dict[str, str]:
    """Names of one kind, each with one line on it.

    Kinds: recipes, sources, studies, features, metrics, games, networks, losses, penalties, optimisers.
    """
    tables: dict[str, Callable[[], dict[str, str]]] = {
        "recipes": lambda: {name: f"{recipe.summary} ({recipe.paper})" for name, recipe in RECIPES.items()},
        "sources": sources.source_names,
        "games": lambda: {name: first_line(game) for name, game in GAMES.items()},
        "networks": lambda: {name: first_line(network) for name, network in NETWORKS.items()},
        "studies": tools.study_names,
        "losses": lambda: {name: loss.paper for name, loss in LOSSES.items()},
        "penalties": lambda: {name: first_line(penalty) for name, penalty in PENALTIES.items()},
        "optimisers": lambda: {name: first_line(optimiser) for name, optimiser in OPTIMISERS.items()},
        "features": lambda: {name: features.summary for name, features in FEATURES.items()},
        "metrics": lambda: {name: metric.meaning for name, metric in tools.METRICS.items()},
    }
    if kind not in tables:
        raise unknown("kind of names", kind, tables)
    return tables[kind]()


def show(recipe: str | Recipe, overrides: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The resolved recipe as plain values, and its networks.

    Returns:
        {"name", "paper", ..., "networks": {NAME: {"parameters": N, "output": [C, H, W]}}}.
    """
    resolved = override(find_recipe(recipe) if isinstance(recipe, str) else recipe, overrides or {})
    return {**to_mapping(resolved), "networks": network_facts(resolved.build(), resolved.shape)}


def cp(recipe: str, file: PathLike, overrides: Mapping[str, Any] | None = None, *, force: bool = False) -> Path:
    """Write a recipe to a YAML file, to edit it; `train` takes the file wherever it takes a name.

    Raises:
        UsageError: The recipe is unknown, or the file's name does not end in .yaml.
        OrganzaError: The file exists, and `force` is not set.
    """
    path = Path(file)
    if path.suffix not in (".yaml", ".yml"):
        raise UsageError(f"a recipe file ends in .yaml: {path.with_suffix('.yaml')}")
    if path.exists() and not force:
        raise OrganzaError(f"{path} exists: remove it first, or say --force")
    with disk_errors(path):
        write_text(path, recipe_text(override(find_recipe(recipe), overrides or {})))
    return path


def first_line(thing: object) -> str:
    """The first line of a docstring."""
    return (thing.__doc__ or "").strip().partition("\n")[0]
