"""Many trainings, each a process of its own: some at once, in the order of a list, to be gone on with after any end."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shlex
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO, Literal

from organza.errors import OrganzaError
from organza.training import RunFolder
from organza.training.plan import duration
from organza.training.signals import stopping_on_signals

State = Literal["waiting", "running", "done", "not-finite", "failed", "interrupted"]
FOLDER, LOGS = "cells", "logs"
UNFINISHED = ("running", "interrupted")  # verdicts of runs that the same command goes on with
ERROR = "organza: "  # how the command line begins the one line of an error
POLL = 0.1  # seconds between two looks at the children
DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of Linux's <sys/prctl.h>


@dataclass(frozen=True)
class Cell:
    """One training of many.

    Attributes:
        name: Of its folder; must be fit to be a file's name.
        recipe: Name, or path of a YAML file.
        data: Source.
        seed: Of all randomness.
        fields: Of the recipe, by dotted name, as on a command line.
        images: Budget in images; None: the recipe's, or `minutes`.
        minutes: Budget in minutes.
        device: auto, cpu, cuda, cuda:N or mps.
        data_dir: Where to look for built-in data sets first.
    """

    name: str
    recipe: str
    data: str
    seed: int = 0
    fields: Mapping[str, str] = field(default_factory=dict)
    images: int | None = None
    minutes: float | None = None
    device: str = "auto"
    data_dir: str | None = None

    def words(self, out: Path) -> list[str]:
        """What follows `organza` on the command line of this training, with its run below the folder `out`."""
        options: dict[str, object] = {
            "data": self.data,
            "out": out / FOLDER / self.name,
            "seed": self.seed,
            "images": self.images,
            "minutes": self.minutes,
            "device": self.device,
            "data-dir": self.data_dir,
            **self.fields,
        }
        given = [f"--{name}={value}" for name, value in options.items() if value is not None]
        return ["train", self.recipe, *given]


@dataclass(frozen=True)
class CellResult:
    """How a cell stands.

    Attributes:
        cell: Which.
        folder: Of its run.
        state: done; not-finite, which is a result, too; failed; interrupted, waiting or running.
        status: Exit status of its process, negative for a signal; None if none was needed or has ended.
        reason: Why it is not done.
        seconds: Spent training, in all sittings.
        wall: Seconds that its process took, start and all, in this sitting.
    """

    cell: Cell
    folder: Path
    state: State
    status: int | None = None
    reason: str | None = None
    seconds: float = 0.0
    wall: float = 0.0


Watch = Callable[[Sequence[CellResult]], None]


def standing(cell: Cell, out: Path) -> CellResult:
    """How a cell stands by what lies in its folder, if no process is at work there."""
    folder = out / FOLDER / cell.name
    try:
        status = RunFolder(folder).read_record().get("status", {})
        verdict, seconds = status.get("verdict", "running"), float(status.get("seconds", 0.0))
    except (OrganzaError, AttributeError, TypeError, ValueError):  # damaged: its training will say so
        return CellResult(cell, folder, "waiting")
    short = (
        verdict not in UNFINISHED
        and verdict != "not-finite"
        and cell.images is not None
        and status.get("images", 0) < cell.images
    )
    if verdict in UNFINISHED or short:  # the budget may have grown since
        return CellResult(cell, folder, "waiting", seconds=seconds)
    return CellResult(
        cell, folder, "not-finite" if verdict == "not-finite" else "done", None, status.get("reason"), seconds
    )


def run_cells(
    cells: Sequence[Cell],
    out: Path,
    *,
    jobs: int,
    threads: int,
    watch: Watch = lambda results: None,
    stop: Callable[[], bool] = lambda: False,
) -> list[CellResult]:
    """Train all cells that are not trained yet, `jobs` at once, and return how each stands.

    Every cell is a process of its own, whose words go to a file in `out/logs`. One that fails is recorded, and the others
    go on. Called again with the same cells, it begins where it stopped: what is done is left alone, and `organza train`
    resumes exactly what has begun.

    Args:
        cells: With names that differ.
        out: Folder of them all.
        jobs: How many train at once, at least 1.
        threads: Of each.
        watch: Told how all cells stand, whenever one has begun or ended.
        stop: Asked again and again; once it says yes, the trainings under way save themselves and no other begins.

    Raises:
        OSError: A folder cannot be made, or no process can be started.
    """
    for folder in (out / FOLDER, out / LOGS):
        folder.mkdir(parents=True, exist_ok=True)
    results = [standing(cell, out) for cell in cells]
    waiting = [index for index, result in enumerate(results) if result.state == "waiting"]
    running: dict[int, subprocess.Popen[bytes]] = {}
    began: dict[int, float] = {}
    told, changed = False, True
    try:
        while waiting or running:
            if stop() and not told:
                told, waiting = True, []
                for process in running.values():
                    process.terminate()
            while waiting and len(running) < jobs:
                index, changed = waiting.pop(0), True
                running[index], began[index] = _start(cells[index], out, threads), time.monotonic()
                results[index] = replace(results[index], state="running")
            if changed:
                watch(results)
            time.sleep(POLL)
            ended = [index for index, process in running.items() if process.poll() is not None]
            for index in ended:
                result = _ended(cells[index], out, running.pop(index).returncode, told)
                results[index] = replace(result, wall=time.monotonic() - began[index])
            changed = bool(ended)
        watch(results)
    finally:  # after an exception, a second Ctrl-C say, nobody would wait for them any more
        for process in running.values():
            process.kill()
            process.wait()
    return results


def _start(cell: Cell, out: Path, threads: int) -> subprocess.Popen[bytes]:
    """The process of a cell. It is not in our process group: a Ctrl-C is for us, and `run_cells` passes it on, once."""
    command = [sys.executable, "-m", "organza", *cell.words(out), "--json"]
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    with _log(cell, out) as log:
        log.write(f"$ organza {shlex.join(command[3:])}\n".encode())
        log.flush()
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=environment,
            start_new_session=True, preexec_fn=_dies_with(os.getpid()),
        )  # fmt: skip


@contextlib.contextmanager
def _log(cell: Cell, out: Path) -> Iterator[IO[bytes]]:
    with open(log_file(out, cell.name), "ab") as log:
        yield log


def log_file(out: Path, name: str) -> Path:
    """Where the words of the process of the cell of this name go."""
    return out / LOGS / f"{name}.log"


def _dies_with(parent: int) -> Callable[[], None] | None:
    """On Linux, what a child does first so that the system kills it when its parent is gone, however that has died."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork: after it, as little as possible may happen

    def bind() -> None:
        prctl(DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != parent:  # it had died before we asked
            os._exit(1)

    return bind


def _ended(cell: Cell, out: Path, status: int, told: bool) -> CellResult:
    """What came of a cell whose process has ended with this status; `told` whether it had been told to stop."""
    now = standing(cell, out)
    if now.state == "not-finite" or (now.state == "done" and status == 0):
        return CellResult(cell, now.folder, now.state, status, now.reason, now.seconds)
    if told:
        return CellResult(cell, now.folder, "interrupted", status, "stopped before its end", now.seconds)
    if status == 0:
        return CellResult(cell, now.folder, "failed", status, "it was interrupted", now.seconds)
    return CellResult(cell, now.folder, "failed", status, _reason(log_file(out, cell.name), status), now.seconds)


def _reason(log: Path, status: int) -> str:
    """Why a process failed, in its own words if it had any."""
    if status < 0:
        with contextlib.suppress(ValueError):
            return f"killed by {signal.Signals(-status).name}"
    return last_error(log) or f"exit status {status}: see {log}"


def last_error(log: Path) -> str | None:
    """The error that a log file ends with; None if it ends with something else, or is not there."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace").rstrip()
    except OSError:
        return None
    last = text.rpartition("\n")[2]
    return last.removeprefix(ERROR) if last.startswith(ERROR) else None


def remaining(results: Sequence[CellResult], jobs: int) -> float | None:
    """Seconds until all are done, from what the finished ones took; None while none is finished.

    Cells that are running count as half done.
    """
    took = [
        max(result.seconds, result.wall)
        for result in results
        if result.state in ("done", "not-finite") and result.seconds > 0
    ]
    if not took:
        return None
    left = sum({"waiting": 1.0, "running": 0.5}.get(result.state, 0.0) for result in results)
    return left * sum(took) / len(took) / min(jobs, max(1.0, left))


def progress_line(results: Sequence[CellResult], jobs: int) -> str:
    """How far a sweep has come, as one line."""
    states = Counter(result.state for result in results)
    parts = [f"{states['done'] + states['not-finite']} of {len(results)} cells done"]
    parts += [f"{states[state]} {state}" for state in ("running", "failed", "interrupted") if states[state]]
    left = remaining(results, jobs)
    return ", ".join(parts + ([f"ETA {duration(left)}"] if left and states["running"] else []))


def train_cells(
    cells: Sequence[Cell], out: Path, jobs: int, threads: int, say: Callable[[str], None]
) -> list[CellResult]:
    """`run_cells` for a person: says how far it is, and lets the running trainings save at Ctrl-C or SIGTERM."""
    each = f"{threads} {'thread' if threads == 1 else 'threads'}"
    say(f"{len(cells)} {'cell' if len(cells) == 1 else 'cells'}, {jobs} at a time with {each} each, in {out}")
    with stopping_on_signals(say) as stop:
        results = run_cells(
            cells, out, jobs=jobs, threads=threads, stop=stop, watch=lambda now: say(progress_line(now, jobs))
        )
    for result in results:
        if result.state in ("failed", "not-finite"):
            say(f"{result.cell.name}: {result.state}: {result.reason}")
    if any(result.state in ("waiting", "interrupted") for result in results):
        say("stopped; all of it is saved: the same command goes on from here")
    return results


def default_jobs(device: str) -> int:
    """How many cells train at once: one for every two cores; on an accelerator, whose memory they would share, one."""
    return max(1, usable_cores() // 2) if device == "cpu" else 1


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def threads_of_each(jobs: int) -> int:
    """Threads of a cell: the usable cores divided among the jobs, but not more than $OMP_NUM_THREADS, if that is set."""
    share, told = max(1, usable_cores() // jobs), os.environ.get("OMP_NUM_THREADS", "")
    return min(share, int(told)) if told.isdigit() and int(told) else share
