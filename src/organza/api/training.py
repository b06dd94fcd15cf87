"""Training: from a recipe and a source to a run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from organza import data as sources
from organza import tools
from organza.api.models import load
from organza.api.paths import PathLike
from organza.console import Console
from organza.errors import UsageError
from organza.features import Features, load_features
from organza.files import disk_errors
from organza.recipes import Recipe, choose, find_recipe, resolve, settle
from organza.report import write_report
from organza.tools.scoring import FEATURES_OF
from organza.training import RunFolder, Watch, pick_device
from organza.training.loggers import Logger, tensorboard_logger
from organza.training.planning import continued, make_plan
from organza.training.request import Request, command_line, default_folder
from organza.training.run import Care, Job, execute
from organza.training.signals import stopping_on_signals

MAX_REMEDIES = 3
UNASKED_MINUTES = 30.0  # what a training takes for which neither recipe nor budget was named


@dataclass(frozen=True)
class Run:
    """A finished or interrupted training. Usable wherever a path is: it is the path of its folder.

    Attributes:
        folder: Where it lies.
        images: Images seen, over all sittings.
        images_per_second: On average.
        seconds: Time spent training.
        verdict: What the doctor says (`organza.diagnosis.VERDICTS`: healthy, partial-collapse, ...); interrupted; planned
            after a dry run.
        reason: Why it stopped, if it had to.
        scores: By metric, the last ones that were taken.
        stopped: Whether it had to stop before its budget was spent: numbers that are not finite, or a failure with
            `stop_on_failure`.
    """

    folder: Path
    images: int
    images_per_second: float
    seconds: float
    verdict: str
    reason: str | None = None
    scores: dict[str, float] = field(default_factory=dict)
    stopped: bool = False

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
    score_every: int | None = None,
    stop_on_failure: bool = False,
    auto_remedy: bool = False,
    max_remedies: int = MAX_REMEDIES,
    logger: Logger | None = None,
    tensorboard: bool = False,
    console: Console | None = None,
) -> Run:
    """Train a recipe on a source, or go on with the run that lies in `out`, exactly.

    Args:
        recipe: Name, path of a YAML file, or value; None: chosen from the data.
        data: Source: a built-in name, a folder or zip of images, a picture, a video, a mixture; "A,B", two that nothing pairs;
            "pairs:DIR", pictures in DIR/A, which are given, and DIR/B, which are wanted, or both side by side in each.
        out: Run folder; without it runs/RECIPE-SOURCE, with a digest of what else was asked for.
        images: Budget in images, or steps for games of one picture; None: the recipe's, or `minutes`.
        minutes: Budget in minutes; measured once, by a short try, and turned into images.
        seed: Of all randomness.
        device: auto, cpu, cuda, cuda:N or mps.
        start: Model or run whose weights to begin with.
        overrides: Fields of the recipe by dotted name, as {"generator.lr": 1e-4}.
        data_dir: Where to look for built-in data sets before anywhere else.
        dry_run: Print the plan and stop; the run's verdict is then "planned", and nothing is written.
        save_every: Seconds between checkpoints; 0: after every step.
        score_every: Images between two quick scores, which choose the model in the run's folder `best`; None: no scores.
        stop_on_failure: Stop at a collapse or domination that five checks of the doctor running confirm.
        auto_remedy: At whatever five checks running find amiss, or numbers that are not finite, go back to where all was well
            and on with the doctor's first remedy that was not tried yet.
        max_remedies: How often at most.
        logger: Called with every row of metrics, a dict.
        tensorboard: Write TensorBoard events into the run folder too.
        console: Where plan and progress go; None: standard error.

    Returns:
        The run. One that had to stop is returned, too: look at `verdict` and `stopped`.

    Raises:
        UsageError: A name, field or value does not exist or does not fit.
        OrganzaError: Data, device or folder cannot be used.
    """
    console = console or Console()
    if score_every is not None and score_every < 1:
        raise UsageError(f"--score-every must be at least 1, not {score_every}")
    if max_remedies < 1:
        raise UsageError(f"--max-remedies must be at least 1, not {max_remedies}")
    also = {
        "score-every": score_every,
        "stop-on-failure": stop_on_failure,
        "auto-remedy": auto_remedy,
        "max-remedies": max_remedies if auto_remedy and max_remedies != MAX_REMEDIES else None,
        "data-dir": data_dir,
    }
    job = prepare(
        recipe, data=data, out=out, images=images, minutes=minutes, seed=seed, device=device, start=start,
        overrides=overrides, data_dir=data_dir, console=console, also=also,
    )  # fmt: skip
    folder = job.folder.path
    if dry_run:
        return Run(folder, job.plan.done, job.plan.images_per_second, 0.0, "planned")
    loggers = [logger] if logger else []
    if tensorboard:
        loggers.append(tensorboard_logger(folder / "tensorboard", job.plan.done))
    care = Care(
        classifier=classifier_of(job.plan.source, job.request.device),
        stop_on_failure=stop_on_failure,
        remedies=max_remedies if auto_remedy else 0,
        scorer=scorer_of(job, console) if score_every else None,
        score_every=score_every or 0,
    )
    with stopping_on_signals(console.say) as stop, console.training(job.plan) as bar, disk_errors(folder):
        watch = Watch(
            rows=(bar.row, *loggers), tick=bar.tick, entered=bar.entered, saved=lambda: write_report(folder), stop=stop,
            scored=bar.scored, diagnosed=bar.diagnosed, remedied=bar.remedied,
        )  # fmt: skip
        result = execute(job, watch, save_every, care)
        write_report(folder)
    console.ended(job.plan, result)
    rate = result.images / result.seconds if result.seconds else 0.0
    return Run(
        folder, result.images, rate, result.seconds, result.verdict, result.reason, result.scores, bool(result.reason)
    )


def classifier_of(source: sources.Source, device: torch.device) -> Features | None:
    """The small classifier in the package that knows the source's classes, if there is one."""
    name = FEATURES_OF.get(source.name)
    return load_features(name, device) if name else None


def scorer_of(job: Job, console: Console) -> tools.LiveScorer | None:
    """What scores the training on its way; says so where nothing can."""
    if job.plan.recipe.build().abilities.from_noise is None:
        console.say(
            "no scores during the training: they are of samples from noise; grids say how near their pictures come"
        )
        return None
    scorer, reason = tools.live_scorer(
        job.plan.source, job.dataset, device=job.request.device, rectangles=job.plan.recipe.rectangles
    )
    if scorer is None:
        console.say(reason or "no scores during the training")
    return scorer


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
    also: Mapping[str, Any] | None = None,
) -> Job:
    """Everything before the first step, which is what `organza train --dry-run` shows: arguments and errors of `train`.

    `also` are further options of the command, by name, for the record of how to do the same again.
    """
    console, where, overrides = console or Console(), pick_device(device), dict(overrides or {})
    if images is not None and images < 1:
        raise UsageError(f"--images must be at least 1, not {images}")
    if minutes is not None and not minutes > 0:
        raise UsageError(f"--minutes must be more than 0, not {minutes}")
    named = find_recipe(recipe) if isinstance(recipe, str) else recipe
    with console.counting() as progress:
        source = sources.open_source(data, data_dir=Path(data_dir) if data_dir else None, progress=progress)
        wanted, notes = settle(resolve(named or choose(source, where.type), overrides, source))
        request = Request(
            recipe=wanted,
            pinned=frozenset(overrides),
            chosen=named is None,
            images=images,
            minutes=UNASKED_MINUTES if named is None and images is None and minutes is None else minutes,
            seed=seed,
            device=where,
            start=os.path.abspath(start) if start else None,
            command=command_line(recipe, data, out, images, minutes, seed, start, overrides, also or {}),
        )
        folder = RunFolder(Path(out) if out else default_folder(wanted, source, overrides, seed, start))
        if start and not folder.exists:
            load(start)  # what cannot be opened is said before anything is begun
        settled = continued(request, folder, source) if folder.exists else wanted
        datasets = sources.decode_domains(
            source, settled.decoded, settled.channels, native=settled.native, pad=not settled.load,
            rectangles=settled.rectangles, sides=settled.sides, progress=progress,
        )  # fmt: skip
    with console.status("trying the recipe for a moment"):
        plan = make_plan(request, settled, source, datasets, folder, notes)
    console.plan(plan)
    return Job(plan, request, datasets, folder)
