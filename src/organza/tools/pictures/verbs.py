"""A picture verb from INPUT to OUTPUT: every file, its scores, and what could not be done."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import torch

from organza.errors import OrganzaError, UsageError
from organza.exchange import Model
from organza.games import Translation
from organza.tools.pictures.files import Failure, Job, jobs_for
from organza.tools.pictures.memory import enough_memory
from organza.tools.pictures.networks import BUDGET, Way
from organza.tools.pictures.photo import read_photo, remade, write_photo
from organza.tools.pictures.scores import PairScores, compare, find_targets, summary
from organza.tools.pictures.video import remake_video

Verb = Literal["deblur", "translate", "enlarge"]
Told = Callable[[int, int, str], None]
FACTORS = range(2, 9)
"""How many times models of one picture enlarge."""


@dataclass(frozen=True)
class Asked:
    """What is to be done.

    Attributes:
        verb: deblur, translate or enlarge.
        source: INPUT.
        target: OUTPUT.
        to: For translate: the domain to get into; None as of `Model.domain`.
        tile: Pixels on each side of a tile; None: the whole picture if it fits.
        seed: Of dropout, for models that go on with it.
        targets: Folder of the true pictures, or one of them.
        factor: For enlarge, by a model of one picture: how many times; None: as many as the model says.
    """

    verb: Verb
    source: Path
    target: Path
    to: str | None = None
    tile: int | None = None
    seed: int = 0
    targets: Path | None = None
    factor: int | None = None


@dataclass(frozen=True)
class Remade:
    """A file that was made.

    Attributes:
        job: From what to what.
        scores: Against the true picture, where there is one.
        tile: Pixels on each side of the tiles; None: it went as a whole.
        seconds: How long it took.
        larger: How many times its shorter side is as long as the model has made it, for models that make pictures in one size.
    """

    job: Job
    scores: PairScores | None
    tile: int | None
    seconds: float
    larger: float = 1.0


@dataclass(frozen=True)
class Pictured:
    """What a picture verb has done.

    Attributes:
        made: In the order of the inputs.
        failed: What nothing was made of, and why.
        unscored: Pictures that were made and could not be scored, and why.
        seconds: How long all of it took.
        peak_memory: Most bytes that the process has ever held; None where the system does not tell.
        targets: The true pictures, by the names of the inputs.
    """

    made: tuple[Remade, ...]
    failed: tuple[Failure, ...]
    unscored: tuple[Failure, ...]
    seconds: float
    peak_memory: int | None = None
    targets: dict[str, Path] = field(default_factory=dict)

    @property
    def files(self) -> list[Path]:
        """The files written."""
        return [remade.job.target for remade in self.made]

    @property
    def scores(self) -> dict[str, object] | None:
        """Means and single values of PSNR and SSIM; None without targets."""
        scored = [(remade.job.name, remade.scores) for remade in self.made if remade.scores]
        return summary(scored) if scored else None

    @property
    def larger(self) -> float:
        """How much the result that had to be enlarged the most was."""
        return max((remade.larger for remade in self.made), default=1.0)

    @property
    def tile(self) -> int | None:
        """The largest tile used; None where everything went as a whole."""
        return max((remade.tile for remade in self.made if remade.tile), default=None)


def way_of(model: Model, asked: Asked) -> Way:
    """How pictures go through the model.

    Raises:
        UsageError: The model cannot do it.
    """
    translation = model.ability(asked.verb, asked.to)
    if asked.factor is not None:
        translation = enlarged(model, translation, asked.factor)
    return Way(translation, model.networks, model.recipe.channels, asked.tile, budget_on(model.device))


def enlarged(model: Model, translation: Translation, factor: int) -> Translation:
    """The ability to enlarge so many times instead.

    Raises:
        UsageError: The model enlarges as it was trained to, or the factor is none that is possible.
    """
    if translation.by_factor is None:
        raise UsageError(
            f"the model '{model.recipe.name}' enlarges {translation.scale} times: --factor is for models of one picture"
        )
    if factor not in FACTORS:
        raise UsageError(f"--factor is a whole number from {FACTORS[0]} to {FACTORS[-1]}, not {factor}")
    return translation.by_factor(factor)


def remake(model: Model, asked: Asked, progress: Told = lambda done, total, label: None) -> Pictured:
    """Do what is asked with every file. One that fails does not stop the others.

    Args:
        model: A picture model.
        asked: What is to be done.
        progress: Told (done, total, label): files, and tiles or frames of each.

    Raises:
        UsageError: The model cannot do it, or the options do not fit.
        OrganzaError: There is no input, something is in the way of the output, or the only input cannot be used.
        OSError: The disk refuses.
    """
    began = time.perf_counter()
    way = way_of(model, asked)
    jobs, failures = jobs_for(asked.source, asked.target)
    pictures = [job.name for job in jobs if not job.video]
    targets = find_targets(asked.targets, pictures) if asked.targets else {}
    made: list[Remade] = []
    unscored: list[Failure] = []
    for number, job in enumerate(jobs):
        try:
            with fitting(job):
                remade, problem = _one(model, way, asked, job, targets.get(job.name), progress)
            made.append(remade)
            if problem:
                unscored.append(Failure(job.name, problem))
        except UsageError:
            raise
        except OrganzaError as error:
            if not asked.source.is_dir():
                raise
            failures.append(Failure(job.name, str(error).removeprefix(f"{job.source} ")))
        if len(jobs) > 1:
            progress(number + 1, len(jobs), "files")
    return Pictured(tuple(made), tuple(failures), tuple(unscored), time.perf_counter() - began, peak_memory(), targets)


def _one(model: Model, way: Way, asked: Asked, job: Job, target: Path | None, progress: Told) -> tuple[Remade, str]:
    """One file, and why it could not be scored."""
    began, label = time.perf_counter(), job.source.name
    more: dict[str, int | str] = {"to": asked.to} if asked.to else {}
    more |= {"factor": way.translation.scale} if asked.verb == "enlarge" else {}
    mark = model.mark(asked.seed, verb=asked.verb, **more)
    keeps_grey = asked.verb != "translate"

    def larger(height: int, width: int) -> float:
        return min(height, width) / model.recipe.size if way.translation.whole else 1.0

    if job.video:
        height, width = remake_video(
            job.source, job.target, way, keeps_grey, mark, asked.seed, lambda done, total: progress(done, total, label)
        )
        tile = way.tile_for(height // way.translation.scale, width // way.translation.scale)
        return Remade(job, None, tile, time.perf_counter() - began, larger(height, width)), ""
    given = read_photo(job.source)
    tile = way.tile_for(*given.size)
    told = (lambda done, total: progress(done, total, label)) if tile else (lambda done, total: None)
    output = remade(given, way, keeps_grey, asked.seed, told)
    write_photo(output, job.target, mark)
    scores, problem = None, ""
    if target:
        try:
            scores = compare(given, output, target)
        except OrganzaError as error:
            problem = str(error)
    elif asked.targets:
        problem = f"no picture of this name in {asked.targets}"
    return Remade(job, scores, tile, time.perf_counter() - began, larger(*given.size)), problem


def fitting(job: Job) -> AbstractContextManager[None]:
    """Turn a lack of memory within the block into one line."""
    return enough_memory(f"{job.source} does not fit into memory: smaller tiles take less, as --tile 256")


def budget_on(device: torch.device) -> float:
    """Bytes that the tensors of one pass may take: on a GPU, half of what is free."""
    return torch.cuda.mem_get_info(device)[0] / 2 if device.type == "cuda" else BUDGET


def peak_memory() -> int | None:
    """Most bytes of memory that this process has ever held; None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        return None
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
