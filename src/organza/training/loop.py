"""The loop: one screen, read from top to bottom. It plays rounds, and keeps the run folder true."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn

import torch

from organza.data import Margins, to_pixels
from organza.diagnosis import Diagnosis
from organza.errors import TrainingStopped
from organza.exchange import save_model, weights_digest
from organza.exchange.model import picture_pixels
from organza.games import Exhibit
from organza.marks import Mark, grid
from organza.metrics import psnr
from organza.recipes import Recipe
from organza.streams import Streams
from organza.training import checkpoint
from organza.training.checkpoint import Checkpoint
from organza.training.doctor import CONFIRMED, Doctor
from organza.training.folder import Row, RunFolder
from organza.training.plane import plane_picture, shown_points
from organza.training.scores import BestSoFar, NotFiniteError
from organza.training.session import Session
from organza.training.shown import Shown, exhibited

Ending = Literal["done", "interrupted", "failing"]
CHECKPOINT_SHARE = 0.02  # of the time at most goes into checkpoints, however large they are
BEST_PSNR = 100.0  # dB, for pictures that equal their target, as DeblurGAN-v2's authors count them
CHECK_EVERY = 64  # steps between looks at an accelerator's figures, each of which waits for it


@dataclass
class Watch:
    """What the loop tells, and whom it asks.

    Attributes:
        rows: Each is told every row of metrics.
        tick: Told (clock, figures so far) twice a second.
        entered: Told in which stage the training is, as often.
        saved: Told after every checkpoint.
        remedied: Told of a remedy that was applied, as the run's record has it.
        scored: Told the score that was just taken: what to call it, with its features and number of samples, and its value.
        diagnosed: Told what the doctor says after each of its readings.
        stop: Asked after every step whether to finish.
    """

    rows: tuple[Callable[[Row], None], ...] = ()
    tick: Callable[[int, Mapping[str, float]], None] = lambda clock, figures: None
    entered: Callable[[str], object] = lambda stage: None
    saved: Callable[[], object] = lambda: None
    remedied: Callable[[Mapping[str, Any]], object] = lambda remedy: None
    scored: Callable[[str, float], object] = lambda title, value: None
    diagnosed: Callable[[Diagnosis], object] = lambda diagnosis: None
    stop: Callable[[], bool] = lambda: False


def train(
    session: Session,
    recipe: Recipe,
    folder: RunFolder,
    facts: Mapping[str, Any],
    watch: Watch,
    doctor: Doctor,
    save_every: float = 60.0,
    scores: BestSoFar | None = None,
    alarms: Collection[str] = (),
    keeps_good: bool = False,
) -> Ending:
    """Play until the recipe's budget is spent, somebody asks to stop, or the training fails and is not to go on then.

    Args:
        session: Fresh, or restored from a checkpoint.
        recipe: With its cadence filled in.
        folder: Opened.
        facts: For the model's `config.json`: crop, classes, seed, source and its fingerprint.
        watch: Observers.
        doctor: Looks at the training now and then.
        save_every: Seconds between checkpoints, more if they take more than 2 % of the time; 0: after every step.
        scores: Scores the training now and then; None: nobody does.
        alarms: Verdicts at which to stop, if five checks running confirm them.
        keeps_good: Whether to keep the newest checkpoint at which nothing was amiss, to go back to.

    Raises:
        TrainingStopped: A number is not finite any more; the last checkpoint is from before.
        OSError: The folder cannot be written.
    """
    keeper = Keeper(session, recipe, folder, facts, watch, doctor, save_every, keeps_good)
    if session.progress.step == 0:
        keeper.look()
        keeper.grid()
        keeper.save()
    while session.clock < recipe.images and not watch.stop():
        session.advance()
        before = session.clock
        session.play()
        now = session.clock
        if session.device.type == "cpu" or session.progress.step % CHECK_EVERY == 0:
            keeper.check()
        keeper.tick()
        last = now >= recipe.images
        shows = last or (session.stage_over and session.game.clock == "steps")  # what a scale has come to
        if scores and (last or scores.due(before, now)):
            keeper.score(scores)
        if shows or now // recipe.sample_every > before // recipe.sample_every:
            keeper.grid()  # before the row, which tells how near its pictures come
        if shows or now // recipe.log_every > before // recipe.log_every:
            keeper.row()
        if last or doctor.due(before, now):
            keeper.look()
            if doctor.diagnosis.verdict in alarms and doctor.running() >= CONFIRMED:
                return "failing"
        if keeper.due:
            keeper.save()
    keeper.save()
    return "done" if session.clock >= recipe.images else "interrupted"


class Keeper:
    """Writes what the loop has to show for itself."""

    def __init__(
        self,
        session: Session,
        recipe: Recipe,
        folder: RunFolder,
        facts: Mapping[str, Any],
        watch: Watch,
        doctor: Doctor,
        save_every: float,
        keeps_good: bool = False,
    ) -> None:
        self.doctor, self.keeps_good = doctor, keeps_good
        self.session, self.recipe, self.folder, self.facts = session, recipe, folder, facts
        self.watch, self.save_every = watch, save_every
        self.shown = Streams(session.streams.seed)  # the shown latents stay the same through all attempts
        self.last_save = self.last_tick = self.last_look = time.perf_counter()
        self.row_clock, self.row_seconds = session.clock, session.progress.seconds

    def look_at_clock(self) -> float:
        """Add the time since the last look to the run's."""
        now = time.perf_counter()
        self.session.progress.seconds += now - self.last_look
        self.last_look = now
        return now

    def check(self, thorough: bool = False) -> None:
        """Stop if something is not finite, before anything is written that holds it."""
        culprit = self.session.culprit(thorough)
        if culprit:
            self.stop(culprit)

    def stop(self, culprit: str) -> NoReturn:
        """Stop, because of what is not finite any more."""
        raise TrainingStopped(
            f"{culprit}, at step {self.session.progress.step}, {self.session.clock:,} images: the last good "
            f"checkpoint is kept in {self.folder.checkpoints}; try a lower learning rate in a new run, as --discriminator.lr",
            culprit,
        )

    def tick(self) -> None:
        """Tell the watcher how it goes, twice a second."""
        now = self.look_at_clock()
        if now - self.last_tick > 0.5:
            self.last_tick = now
            self.watch.entered(self.session.entered.name)
            self.watch.tick(self.session.clock, self.session.window.means())

    def row(self) -> None:
        """Write one row of metrics."""
        self.check()
        self.look_at_clock()
        session, progress = self.session, self.session.progress
        images, seconds = session.clock - self.row_clock, progress.seconds - self.row_seconds
        self.row_clock, self.row_seconds = session.clock, progress.seconds
        row: Row = {
            "images": session.clock,
            "step": progress.step,
            "seconds": round(progress.seconds, 3),
            "stage": session.entered.name,
            "images_per_second": round(images / max(seconds, 1e-9), 1),
            **{name: float(f"{value:.6g}") for name, value in session.window.means().items()},
        }
        session.window.clear()
        self.folder.add_row(row)
        self.doctor.rows.append(row)
        for tell in self.watch.rows:
            tell(row)

    def look(self) -> None:
        """Let the doctor look."""
        self.check()
        self.look_at_clock()
        diagnosis = self.doctor.look()
        self.watch.diagnosed(diagnosis)
        if diagnosis.verdict == "not-finite":
            self.stop("a generated sample is NaN or infinite")

    def score(self, scores: BestSoFar) -> None:
        """Score the averaged networks; the figures go into the next row of metrics, and the best model is kept."""
        self.check()
        try:
            figures, is_best = scores.take(self.session)
        except NotFiniteError:
            self.stop("a generated sample is NaN or infinite")
        if is_best:
            self.save_model(self.folder.best, figures)
        if figures:
            self.watch.scored(scores.scorer.title, scores.last[scores.scorer.best[0]])

    @torch.no_grad()
    def grid(self) -> None:
        """Write what the averaged networks make of the latents that are shown all through the run."""
        self.check()
        if self.session.game.exhibit:
            self.show_real(self.session.game.exhibit)
        ability = self.session.game.abilities.from_noise
        if ability is None:
            return
        networks = self.session.entered.averages.networks
        plane = self.recipe.channels == 2
        attributes = self.facts.get("label_kind") == "attributes"
        layout, device = Shown(self.recipe, attributes), self.session.device
        z, labels = layout.inputs(ability, self.shown)
        samples = ability.images(networks, z.to(device), None if labels is None else labels.to(device)).cpu()
        details: dict[str, int | str] = {"images": self.session.clock, "grid": len(samples)}
        if plane:
            real = shown_points(next(iter(self.session.batches.values())).dataset, self.shown)
            judges = None if self.session.game.labelled else self.session.game.abilities.judges
            live = self.session.entered.networks
            pixels, more = plane_picture(samples, real, judges, live, self.session.device)
            details |= more
        else:
            cropped = Margins.read(self.facts["crop"]).cropped(samples)
            pixels = grid(picture_pixels(cropped), layout.columns)
        mark = Mark(self.recipe.name, weights_digest(networks), self.shown.seed, details)
        self.folder.save_samples(self.session.clock, pixels, mark)

    def show_real(self, exhibit: Exhibit) -> None:
        """Write what the averaged networks make of the real pictures that are shown all through the run.

        Where it is known what was wanted, how near they come goes into the next row of metrics, beside how near the input is.
        """
        session, networks = self.session, self.session.entered.averages.networks
        real = exhibited(session.batches, self.recipe.size)
        columns = exhibit.images(networks, real, self.shown.generator("exhibit"))
        if not all(bool(column.isfinite().all()) for column in columns):
            self.stop("a generated picture is NaN or infinite")
        if exhibit.columns[-1] == "target":
            given, made, target = columns
            for name, pictures in (("psnr", made), ("psnr_of_input", given)):
                near = psnr(to_pixels(pictures).permute(0, 3, 1, 2), to_pixels(target).permute(0, 3, 1, 2))
                session.window.add({f"shown.{name}": near.clamp(max=BEST_PSNR).mean().to(session.device)})
        if exhibit.figures:
            figures = exhibit.figures(columns)
            session.window.add({f"shown.{name}": value.to(session.device) for name, value in figures.items()})
        rows = torch.stack(columns, 1).flatten(0, 1).cpu()
        details: dict[str, int | str] = {"images": session.clock, "grid": len(rows)}
        mark = Mark(self.recipe.name, weights_digest(networks), self.shown.seed, details)
        self.folder.save_samples(session.clock, grid(picture_pixels(rows), len(columns)), mark)

    def save_model(self, folder: Path, scores: Mapping[str, float] | None = None) -> None:
        """Write what the training has made so far."""
        entered = self.session.entered
        averages = entered.averages.networks
        opponents = {name: network for name, network in entered.networks.items() if name not in averages}
        share = self.session.stage_share(self.recipe.images)
        facts = {**self.facts, "images": self.session.clock, "stage": entered.name, "stage_share": round(share, 4)}
        save_model(folder, self.recipe, averages, opponents, facts | ({"scores": dict(scores)} if scores else {}))

    @property
    def due(self) -> bool:
        """Whether it is time for a checkpoint."""
        return time.perf_counter() - self.last_save >= self.save_every

    def save(self) -> None:
        """Write a checkpoint and, for those who look in before the end, the model."""
        self.check(thorough=True)
        start = self.look_at_clock()
        session = self.session
        counters = {**session.counters(), "fingerprint": self.facts["fingerprint"]}
        path = checkpoint.save(self.folder.checkpoints, session.clock, Checkpoint(session.tensors(), counters))
        if self.keeps_good and self.doctor.sure_of_health:
            checkpoint.keep(path, self.folder.good)
        self.save_model(self.folder.model)
        self.watch.saved()
        self.last_save = self.look_at_clock()
        if self.save_every:
            self.save_every = max(self.save_every, (self.last_save - start) / CHECKPOINT_SHARE)
