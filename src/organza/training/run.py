"""From the plan to a finished run: sittings, what is recorded of them, and remedies between them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from organza.data import NO_MARGINS, Dataset, Margins, Source, to_samples
from organza.diagnosis import FAILURES, SICK, Diagnosis
from organza.errors import OrganzaError, TrainingStopped, UsageError
from organza.exchange import Model, load_model
from organza.exchange.folder import fill, flat_weights
from organza.exchange.model import picture_pixels
from organza.features import Features
from organza.marks import Mark, grid, save_picture, scatter
from organza.recipes import Recipe
from organza.streams import Streams
from organza.training.devices import describe
from organza.training.doctor import Doctor
from organza.training.folder import RunFolder
from organza.training.loop import Watch, train
from organza.training.patient import Patient
from organza.training.plan import Plan, memory_text
from organza.training.plane import flat, room_around
from organza.training.planning import first_stage, fit_of, held_out, make_session
from organza.training.remedy import apply_remedy
from organza.training.request import Request
from organza.training.scores import BestSoFar, Scorer
from organza.training.session import Session
from organza.training.shown import Shown
from organza.version import __version__

RECORDED = ("name", "kind", "count", "channels", "height", "width", "split", "fingerprint")  # of the source


@dataclass(frozen=True)
class Job:
    """A training that is ready to begin or to go on; its data by domain."""

    plan: Plan
    request: Request
    datasets: Mapping[str, Dataset]
    folder: RunFolder

    @property
    def dataset(self) -> Dataset:
        """Of the first domain, whose images are counted."""
        return next(iter(self.datasets.values()))


@dataclass(frozen=True)
class Care:
    """How a training is looked after.

    Attributes:
        classifier: Tells the kinds of the source's pictures apart; None: clusters of them are its kinds.
        stop_on_failure: Whether to stop at a collapse or domination that five checks running confirm.
        remedies: How often at most to go back, at whatever five checks running find amiss, to where all was well, and on with
            a changed recipe.
        scorer: Scores the training now and then; None: nobody does.
        score_every: Images between two scores.
    """

    classifier: Features | None = None
    stop_on_failure: bool = False
    remedies: int = 0
    scorer: Scorer | None = None
    score_every: int = 0


@dataclass(frozen=True)
class Result:
    """How a run ended.

    Attributes:
        verdict: Of the doctor, as not-finite; or interrupted.
        images: Images seen.
        steps: Rounds played.
        seconds: Time spent training.
        reason: Why it stopped, if it had to.
        diagnosis: All that the doctor has to say.
        scores: The last ones that were taken.
    """

    verdict: str
    images: int
    steps: int
    seconds: float
    reason: str | None
    diagnosis: Diagnosis
    scores: dict[str, float] = field(default_factory=dict)


def execute(job: Job, watch: Watch, save_every: float, care: Care) -> Result:
    """Train as planned: begin, or go on from the newest checkpoint, exactly; and try remedies, if that is wanted.

    Raises:
        OrganzaError: No checkpoint can be read, or another process trains in the folder.
        OSError: The disk is full, or the folder cannot be written; the run goes on from its last checkpoint later.
    """
    folder, recipe = job.folder, job.plan.recipe
    folder.open()
    try:
        if folder.exists != job.plan.resumes:
            raise OrganzaError(
                f"another process has begun a run in {folder.path} meanwhile: run the same command again"
            )
        while True:
            result = sitting(job, recipe, watch, save_every, care)
            applied = folder.read_record().get("remedies", [])
            if not result.reason or len(applied) >= care.remedies:
                return result
            changed = apply_remedy(folder, recipe, result.diagnosis)
            if changed is None and (care.stop_on_failure or result.verdict == "not-finite"):
                return result
            if changed is None:  # nothing left to try: on as it is
                care = replace(care, remedies=0)
                continue
            recipe = changed
            watch.remedied(folder.read_record()["remedies"][-1])
    finally:
        folder.close()


def sitting(job: Job, recipe: Recipe, watch: Watch, save_every: float, care: Care) -> Result:
    """One attempt, from the newest checkpoint or from the beginning, as far as it goes."""
    plan, request, folder, source = job.plan, job.request, job.folder, job.plan.source
    stored, warnings = folder.newest_checkpoint()
    earlier = folder.read_record()
    attempt = len(earlier.get("remedies", []))
    counters: dict[str, Any] = {"seed": request.seed, "attempt": attempt, "fingerprint": source.fingerprint}
    if stored:
        counters = stored.counters
    for name, asks in (("seed", request.seed), ("fingerprint", source.fingerprint)):
        if counters[name] != asks:
            raise UsageError(f"the checkpoints in {folder.path} are of {name} {counters[name]}, not {asks}")
    session = make_session(recipe, job.datasets, Streams(counters["seed"], counters["attempt"]), request.device)
    start = request.start or earlier.get("from")
    if start:  # the average that is taken over has no beginning to forget
        session.ramp = 0.0
    if stored:
        session.restore(stored.tensors, stored.counters)
    elif start:
        begin_from(session, load_model(Path(start)), strict=not attempt)
    elif session.game.begin:
        for networks in (session.entered.networks, session.entered.averages.networks):
            session.game.begin(networks)
    folder.cut(session.clock if stored and session.progress.step else -1)
    crop = fit_of(source, recipe).margins if source.kind == "images" and not recipe.native else NO_MARGINS
    held = held_out(recipe, job.dataset.count)
    patient = Patient(session, job.dataset, source.name, crop, held, care.classifier)
    remedies = earlier.get("remedies", [])
    remedies_left = len(remedies) < care.remedies
    doctor = Doctor(
        patient, recipe, folder, changed_at=remedies[-1]["back_to"] if remedies else -1,
        thrifty=not (care.stop_on_failure or care.remedies),
    )  # fmt: skip
    scores = None
    if care.scorer:
        scores = BestSoFar(care.scorer, care.score_every, crop, earlier.get("best"))
    about: dict[str, Any] = {
        "organza": __version__,
        "command": request.command,
        "seed": request.seed,
        "from": start,
        "minutes": earlier.get("minutes", request.minutes),
        "environment": describe(request.device),
        "source": {
            **{name: getattr(source, name) for name in RECORDED},
            "classes": list(source.classes),
            "fit": plan.fit,
            "held_out": len(held),
            "notes": [*plan.notes, *warnings],
        },
        "exhibit": list(session.game.exhibit.columns) if session.game.exhibit else [],
        "columns": Shown(recipe, has_attributes(job.dataset)).names(source.classes),
        "networks": plan.networks,
        "costs": plan.costs,
        "clock": session.game.clock,
        "memory": memory_text(plan.memory) if plan.memory else earlier.get("memory"),
        "remedies": remedies,
        "score": scores.about if scores else earlier.get("score"),
    }
    facts = {
        "crop": crop.record,
        "classes": list(source.classes),
        **label_facts(job.dataset.labels, len(source.classes)),
        "seed": request.seed,
        "source": source.name,
        "fingerprint": source.fingerprint,
    }

    def record(verdict: str, reason: str | None = None, culprit: str | None = None) -> Diagnosis:
        progress, diagnosis = session.progress, doctor.diagnose(culprit)
        status = {
            "verdict": verdict,
            "images": session.clock,
            "budget": recipe.images,
            "steps": progress.step,
            "seconds": round(progress.seconds, 3),
            "images_per_second": round(session.clock / progress.seconds, 1) if progress.seconds else None,
            "doctor_seconds": round(doctor.spent, 3),  # of this sitting
            "reason": reason,
            "culprit": culprit,
        }
        best = scores.best if scores else earlier.get("best")
        folder.write_record({**about, **({"best": best} if best else {}), "status": status})
        folder.write_diagnosis(diagnosis.record())
        return diagnosis

    def saved() -> None:
        record("running")
        watch.saved()

    if not stored and not session.game.exhibit:  # whose grids show the real pictures themselves
        save_real(folder, job.dataset, source, recipe, crop, request.seed)
    record("running")
    folder.write_recipe(recipe)  # last, because with it the run has begun: whoever finds it finds the record, too
    reason = culprit = None
    try:
        ending: str = train(
            session, recipe, folder, facts, replace(watch, saved=saved), doctor, save_every, scores,
            alarms=SICK if remedies_left else FAILURES if care.stop_on_failure else (), keeps_good=remedies_left,
        )  # fmt: skip
    except TrainingStopped as error:
        ending, reason, culprit = "not-finite", str(error), error.culprit
    diagnosis = doctor.diagnose(culprit)
    verdict = "interrupted" if ending == "interrupted" else diagnosis.verdict
    if ending == "failing":
        reason = f"{diagnosis.sentence} Five checks running say so, the last at {session.clock:,} images."
    diagnosis = record(verdict, reason, culprit)
    figures = scores.last if scores else {}
    return Result(verdict, session.clock, session.progress.step, session.progress.seconds, reason, diagnosis, figures)


def begin_from(session: Session, model: Model, *, strict: bool = True) -> None:
    """Take over the weights of a model, for live networks and averages alike; networks that it lacks begin afresh.

    The training begins with the stage in which the model was left.

    Args:
        session: Fresh.
        model: Whose weights.
        strict: Refuse networks of other shapes. Without it they begin afresh, too: a remedy may have changed them.

    Raises:
        OrganzaError: The networks have other shapes.
    """
    first = first_stage(session.game, model)
    if first:
        session.enter(first, None)
    weights = {**flat_weights(model.networks), **model.opponents}
    known = {name.partition(".")[0] for name in weights}
    for networks in (session.entered.networks, session.entered.averages.networks):
        for name in networks.keys() & known:
            with nullcontext() if strict else suppress(OrganzaError):
                fill({name: networks[name]}, weights, model.folder)
    session.open()  # anew: what was found out with the fresh weights is wrong now


def has_attributes(dataset: Dataset) -> bool:
    """Whether the labels are attributes."""
    return dataset.labels is not None and dataset.labels.is_floating_point()


def label_facts(labels: Tensor | None, classes: int) -> dict[str, Any]:
    """What a model must know of the labels of its data to make samples with the same shares."""
    if labels is None:
        return {}
    kind = "attributes" if labels.is_floating_point() else "classes"
    totals = labels.sum(0, dtype=torch.float64) if kind == "attributes" else torch.bincount(labels, minlength=classes)
    shares = totals.double() / len(labels)
    return {"label_kind": kind, "label_shares": [round(share, 6) for share in shares.tolist()]}


def save_real(folder: RunFolder, dataset: Dataset, source: Source, recipe: Recipe, crop: Margins, seed: int) -> None:
    """A grid of real samples in the layout of the generated ones, to compare with."""
    order = torch.randperm(dataset.count, generator=Streams(seed).generator("shown real"))
    labels = dataset.labels
    layout = Shown(recipe, has_attributes(dataset))
    if layout.labelled and labels is not None:
        shown = layout.labels if layout.attributes else torch.arange(layout.columns)
        own = labels[order].round() if layout.attributes else labels[order]
        columns = [order[(own == label).view(len(own), -1).all(1)][: layout.rows] for label in shown]
        if all(len(column) == layout.rows for column in columns):
            order = torch.stack(columns, 1).flatten()
    chosen = order[: layout.count]
    samples = to_samples(dataset.read(chosen))
    if source.kind == "points":
        picture = scatter(flat(samples[:0]), flat(samples), extent=room_around(samples))
    else:
        picture = grid(picture_pixels(crop.cropped(samples)), layout.columns)
    save_picture(folder.samples / "real.png", picture, Mark(source.name, "", seed, ai_generated=False))
