"""What a person sees while organza works: the plan, a live line with an ETA, the end; all on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from rich.console import Console as RichConsole
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from organza import stages
from organza.diagnosis import HEALTHY

if TYPE_CHECKING:
    from organza.diagnosis import Diagnosis
    from organza.training.plan import Plan
    from organza.training.run import Result

WIDTH = 160  # of lines that go to a file
PLAIN_EVERY = 10.0  # seconds between lines where there is no terminal to rewrite a line on


class Console:
    """Speaks to standard error; on a terminal with live lines, elsewhere in plain ones.

    Args:
        quiet: Say nothing at all.
    """

    def __init__(self, quiet: bool = False) -> None:
        width = None if sys.stderr.isatty() else WIDTH
        self.rich = RichConsole(stderr=True, quiet=quiet, highlight=False, soft_wrap=True, width=width)
        self.near = ""  # how near the pictures come that a training shows, where there is something to come near to

    def say(self, text: str) -> None:
        self.rich.print(text, markup=False)

    def plan(self, plan: Plan) -> None:
        """The plan as a small table; in a file, one line for each entry."""
        if not self.rich.is_terminal:
            for heading, text in plan.lines():
                self.say(f"{heading:<12}{text}")
            return
        table = Table.grid(padding=(0, 2))
        table.add_column(style="bold cyan", no_wrap=True)
        table.add_column(overflow="fold")
        for heading, text in plan.lines():
            table.add_row(heading, text)
        self.rich.print(table, soft_wrap=False)

    @contextmanager
    def status(self, text: str) -> Iterator[None]:
        """Say what is being done, on a terminal only."""
        if self.rich.is_terminal:
            with self.rich.status(text):
                yield
        else:
            yield

    @contextmanager
    def counting(self) -> Iterator[Callable[[int, int, str], None]]:
        """A progress bar for work that counts: told (done, total, label), one bar for each label."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        tasks: dict[str, Any] = {}
        with Progress(*columns, console=self.rich, transient=True, disable=not self.rich.is_terminal) as bars:

            def count(done: int, total: int, label: str) -> None:
                if label not in tasks:
                    tasks[label] = bars.add_task(label, total=total)
                bars.update(tasks[label], completed=done, total=total)

            yield count

    @contextmanager
    def training(self, plan: Plan) -> Iterator[TrainingLine]:
        """The live line of a training."""
        line, self.near = TrainingLine(self, plan), ""
        with line.bar:
            yield line

    def ended(self, plan: Plan, result: Result) -> None:
        """How it went, where to look, and how to go on."""
        from organza.training.plan import duration

        run = plan.out
        seen = f"{result.images:,} {plan.unit} in {duration(result.seconds)}"
        if result.reason:
            self.say(f"stopped at {seen}: {result.reason}")
        elif result.verdict == "interrupted":
            self.say(f"stopped at {seen}; all of it is saved: the same command goes on from here{scales_done(plan)}")
        else:
            self.say(f"done: {seen}")
        if self.near:
            self.say(f"grids:  {self.near}")
        diagnosis = result.diagnosis
        self.say(f"doctor: {diagnosis.verdict}. {diagnosis.sentence}")
        for notice in diagnosis.notices:
            self.say(f"        {notice}")
        if diagnosis.prescriptions:
            first = diagnosis.prescriptions[0]
            self.say(f"        Try {first.options}: {first.reason} `organza diagnose {run}` tells more.")
        self.say(f"report: {run / 'report.html'}")
        if result.verdict != "not-finite":
            self.say(f"try:    organza {use(plan)}")


class TrainingLine:
    """The live line: progress, ETA, speed, and the figures of the game."""

    def __init__(self, console: Console, plan: Plan) -> None:
        self.console, self.plan, self.budget, self.unit = console, plan, plan.recipe.images, plan.unit
        self.began, self.begun_at = time.perf_counter(), None
        self.start_clock: int | None = None
        self.last_plain = time.perf_counter()
        self.bar = Progress(
            TextColumn("[bold]{task.percentage:>3.0f}%"),
            BarColumn(bar_width=24),
            TextColumn(f"{{task.completed:,.0f}} {plan.unit}"),
            TextColumn("{task.fields[speed]}"),
            TextColumn("{task.fields[eta]}"),
            TextColumn("{task.fields[figures]}"),
            console=console.rich,
            disable=not console.rich.is_terminal,
        )
        self.task = self.bar.add_task("", total=self.budget, completed=plan.done, speed="", eta="", figures="")
        self.plan_rate = plan.images_per_second
        self.verdict, self.scores, self.stage = "", "", ""
        self.staged = len(plan.recipe.build().stages) > 1

    def tick(self, clock: int, figures: Mapping[str, float]) -> None:
        """Show where the training is; called twice a second."""
        from organza.training.plan import duration, rate_text

        now = time.perf_counter()
        if self.start_clock is None:
            self.start_clock, self.began = clock, now
        elapsed = now - self.began
        rate = (clock - self.start_clock) / elapsed if elapsed > 1 else self.plan_rate
        left = max(0, self.budget - clock) / max(rate, 1e-9)
        if self.plan.costs:  # stages differ in speed: how the training goes against what was measured of each before
            gone = self.plan.seconds_from(self.start_clock) - self.plan.seconds_from(clock)
            left = self.plan.seconds_from(clock) * (elapsed / gone if gone > 1 and elapsed > 1 else 1.0)
        speed, eta = f"{rate_text(rate)} {self.unit}/s", f"ETA {duration(left)}"
        parts = (self.stage, spoken(figures), self.console.near, self.scores, self.verdict)
        text = "  ".join(part for part in parts if part)
        self.bar.update(self.task, completed=clock, speed=speed, eta=eta, figures=text)
        if not self.console.rich.is_terminal and now - self.last_plain > PLAIN_EVERY:
            self.last_plain = now
            self.console.say(f"{clock / self.budget:4.0%}  {clock:,} {self.unit}  {speed}  {eta}  {text}")

    def entered(self, name: str) -> None:
        """Show in which stage the training is, where there are several: of one that grows, at how many pixels."""
        self.stage = f"stage {stages.words(name)}" if self.staged else ""

    def diagnosed(self, diagnosis: Diagnosis) -> None:
        """Show what the doctor says, and say it once in a line of its own."""
        if diagnosis.verdict not in (self.verdict, HEALTHY if not self.verdict else ""):
            what = diagnosis.sentence if diagnosis.verdict != HEALTHY else "All is well again."
            self.console.say(f"doctor: {diagnosis.verdict} at {diagnosis.images:,} {self.unit}. {what}")
        self.verdict = diagnosis.verdict

    def scored(self, title: str, value: float) -> None:
        """Show the last score."""
        self.scores = f"{title}: {value:.3g}"

    def remedied(self, remedy: Mapping[str, Any]) -> None:
        """Say what was changed, and from where the training goes on."""
        from organza.diagnosis import Prescription

        options = Prescription(remedy["changes"], remedy["reason"]).options
        undone = " The one before has not helped and is undone." if remedy.get("undone") else ""
        self.console.say(
            f"remedy {remedy['attempt']}: {options}. {remedy['reason']} Back to {remedy['back_to']:,} of "
            f"{remedy['images']:,} {self.unit}.{undone}"
        )
        self.start_clock, self.verdict = None, ""

    def row(self, row: Mapping[str, Any]) -> None:
        """Show a row of metrics, at the end of the run the last one; and keep how near the shown pictures come."""
        self.console.near = nearness(row) or self.console.near
        if row["images"] >= self.budget:
            self.bar.update(self.task, completed=row["images"], eta="", figures=spoken(row))


def scales_done(plan: Plan) -> str:
    """How many scales the saved model of one picture has that can be used; nothing for other models."""
    from organza.exchange import load_model
    from organza.networks.pyramid.generator import PyramidGenerator

    if plan.unit != "steps":
        return ""
    generators = [one for one in load_model(plan.out).networks.values() if isinstance(one, PyramidGenerator)]
    if not generators:
        return ""
    one = generators[0]
    has = "has begun" if one.takes_picture else "has"  # one that grows trains its newest scales together, and uses all
    return f"; the model {has} {one.built} of {len(one.sizes)} scales"


def use(plan: Plan) -> str:
    """A command, without its first word, that uses what was trained; it depends on what the model can do."""
    abilities, run = plan.recipe.build().abilities, plan.out
    if abilities.pyramids and not abilities.translates:
        return f"vary {run} -n 16 --out variations"
    if abilities.translates:
        target = f" --to {next(iter(abilities.translates))}" if len(abilities.translates) > 1 else ""
        return f"translate {run} input.png output.png{target}"
    if abilities.deblurs or abilities.enlarges:
        return f"{'deblur' if abilities.deblurs else 'enlarge'} {run} input.png output.png"
    return f"sample {run} -n 64 --out samples.png"


def nearness(figures: Mapping[str, Any]) -> str:
    """How near the pictures of the grid come to their targets, beside how near their inputs are; nothing without a grid."""
    made, given, again, kept = (
        figures.get(f"shown.{name}") for name in ("psnr", "psnr_of_input", "reconstruction", "structure_a")
    )
    if isinstance(again, float):
        return f"reconstruction {again:.1f} dB"
    if isinstance(kept, float):
        return f"A as B has the edges of A by {kept:.2f} (1: in full)"
    if not isinstance(made, float) or not isinstance(given, float):
        return ""
    return f"PSNR {made:.1f} dB (inputs {given:.1f} dB)"


def spoken(figures: Mapping[str, Any]) -> str:
    """Losses of all turns, how the discriminator judges, and how strong the augmentation is, as one short text."""
    words = [
        f"{turn} {value:.3f}"
        for name, value in figures.items()
        if name.endswith(".loss") and isinstance(value, float)
        for turn in [name.removesuffix(".loss")]
    ]
    for name, label in (
        ("discriminator.real", "D(real)"),
        ("discriminator.fake", "D(fake)"),
        ("discriminator.augmented", "augmentation"),
    ):
        if isinstance(figures.get(name), float):
            words.append(f"{label} {figures[name]:.2f}")
    return "  ".join(words)
