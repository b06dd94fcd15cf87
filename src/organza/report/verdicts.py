"""How a run ended and what the doctor made of it: the one table behind every chip."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from organza.diagnosis import HEALTHY
from organza.diagnosis import VERDICTS as DIAGNOSES
from organza.report.markup import Html, element
from organza.report.wording import label


@dataclass(frozen=True)
class Verdict:
    """What is said of a run.

    Attributes:
        name: On the chip.
        mood: Its colour in the style sheet: good, bad or open.
        sentence: What it means.
        onward: Before the command that trained it, where the budget is not spent; empty where that is no way on.
    """

    name: str
    mood: str
    sentence: str
    onward: str = ""


NAMES = {"over-fitting": "Over-fitting"}
"""Verdicts that are not written as their words."""

EYE = "How good the samples are, your eye decides below."
MORE = {
    HEALTHY: EYE,
    "not-finite": "It was too large, or not a number at all, so the training was stopped. What the curves did just before tells "
    "more.",
}
"""What the head of the page adds to the doctor's own sentence."""


def _name(verdict: str) -> str:
    return NAMES.get(verdict) or label(verdict.replace("-", " ")).capitalize()


VERDICTS: Mapping[str, Verdict] = {
    **{
        name: Verdict(_name(name), "good" if name == HEALTHY else "bad", f"{sentence} {MORE.get(name, '')}".strip())
        for name, sentence in DIAGNOSES.items()
    },
    "ok": Verdict(
        "Finished", "good", f"The training ran to the end of its budget and every number stayed finite. {EYE}"
    ),
    "interrupted": Verdict(
        "Interrupted",
        "open",
        "The training was stopped before its budget was spent. Nothing is lost.",
        "The same command goes on from exactly where it stopped:",
    ),
    "running": Verdict(
        "Running",
        "open",
        "The training was still under way when this page was written.",
        "If it has been interrupted since, the same command goes on from the last checkpoint:",
    ),
}


def judged(name: str) -> Verdict:
    """What is said of a verdict; one that this organza does not know is shown by its name."""
    return VERDICTS.get(name) or Verdict(_name(name), "open", "")


def failed(name: str | None) -> bool:
    """Whether a verdict is one of a failing training."""
    return name is not None and judged(name).mood == "bad"


def chip(name: str, many: int = 1) -> Html:
    """A verdict as a chip, with how many runs share it."""
    verdict = judged(name)
    times = f" ×{many}" if many > 1 else ""
    return element("strong", verdict.name + times, class_=f"chip {verdict.mood}")
