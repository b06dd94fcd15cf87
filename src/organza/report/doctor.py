"""What the doctor says: the verdict, the signs behind it, what to do, what was done already, and its readings over time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from organza.diagnosis import Prescription
from organza.report.charts import Chart, cards
from organza.report.clock import Unit
from organza.report.facts import Facts
from organza.report.folder import RunFolder
from organza.report.markup import Html, element, join
from organza.report.metrics import Row, Stage
from organza.report.page import code, section
from organza.report.readings import strips
from organza.report.verdicts import chip, failed, judged
from organza.report.wording import count, figure, label

LEAD = (
    "While it trains, organza looks now and then at a few samples that are made from the same random numbers each "
    "time, and at "
    "what the players make of them. Each sign of a failing training has a limit. Beyond it the sign speaks up, unless the "
    "training is too young to tell, or another sign excuses it."
)
UNREAD_LEAD = (
    "While it trains, organza looks now and then at losses and gradients. Each sign of a failing training has a limit. "
    "Beyond it the sign speaks up, unless the training is too young to tell, or something excuses it, as that the generator "
    "is told its targets and has those to learn from."
)
WAITING = "No diagnosis yet: it comes with the doctor’s first readings."
UNREAD = "The folder holds no diagnosis, or none that can be read: “organza diagnose” tells what the readings mean."
SIDES = ("above", "below")
"""Of its limit, on which a sign speaks up."""

CHANGES = 8
"""Changes of the verdict that are told before the rest is counted."""


@dataclass(frozen=True)
class Applied:
    """A remedy that `--auto-remedy` has applied.

    Attributes:
        images: When the training was found failing.
        back_to: From where it went on.
        verdict: What was found.
        options: What was changed, as options of a command.
        reason: Why that should help.
        undone: The remedy before, which had not helped and was taken back first, as options; empty if it was kept.
    """

    images: float | None
    back_to: float | None
    verdict: str | None
    options: str
    reason: str | None
    undone: str = ""


def doctor(run: RunFolder, drawn: Sequence[Chart], images: float, first: int) -> Html:
    """The section; nothing for a run that no doctor has seen.

    Args:
        run: Whose diagnosis.
        drawn: Charts of the readings.
        images: Where their horizontal axes end.
        first: Number of the first of them among all charts of the page.
    """
    diagnosis, applied = run.diagnosis, applied_remedies(run.facts)
    if not (diagnosis or run.readings or applied):
        running = run.facts.text("status", "verdict") == "running"
        return _section(element("p", WAITING, class_="notice")) if running else Html()
    return _section(
        element("p", UNREAD_LEAD if run.facts.texts("exhibit") and not run.readings else LEAD, class_="lead"),
        _diagnosis(diagnosis, run.unit) if diagnosis else element("p", UNREAD, class_="notice"),
        _prescriptions(diagnosis),
        _log(applied, run.unit),
        _readings(run, drawn, images, first),
    )


def applied_remedies(facts: Facts) -> list[Applied]:
    """The remedies that the record of a run tells of, in their order."""
    return [
        Applied(
            one.number("images"),
            one.number("back_to"),
            one.text("verdict"),
            Prescription(dict(one.at("changes")), "").options,
            one.text("reason"),
            Prescription(dict(one.at("undone")), "").options,
        )
        for one in facts.each("remedies")
    ]


def remedy_marks(facts: Facts) -> list[Stage]:
    """Where on the charts a remedy took effect."""
    remedies = enumerate(applied_remedies(facts), 1)
    return [Stage(f"remedy {number}", one.back_to) for number, one in remedies if one.back_to is not None]


def _section(*content: object) -> Html:
    return section("What the doctor says", *content, class_="doctor", id="doctor")


def _diagnosis(diagnosis: Facts, unit: Unit) -> Html:
    name, images = diagnosis.text("verdict"), diagnosis.number("images")
    after = element("small", f" After {count(images)} {unit}.") if images is not None else ""
    sentence = diagnosis.text("sentence") or (judged(name).sentence if name else "")
    signs = diagnosis.each("detectors")
    fired = [sign for sign in signs if sign.get("fired") is True]
    measured = [sign for sign in signs if sign.get("fired") is not True and sign.number("value") is not None]
    unmeasured = [sign for sign in signs if sign.get("fired") is not True and sign.number("value") is None]
    return element(
        "div",
        element("p", chip(name) if name else "", " ", sentence, after, class_="verdict"),
        *(element("p", notice, class_="told") for notice in diagnosis.texts("notices")),
        element("div", *(_sign(sign, unit) for sign in fired), class_="signs fired") if fired else "",
        _calm(measured, unmeasured, unit, others=bool(fired)),
        class_="card",
    )


def _sign(sign: Facts, unit: Unit) -> Html:
    """One detector: its name, what it has measured beside its limit, and what that means."""
    fired, verdict, images = sign.get("fired") is True, sign.text("verdict"), sign.number("images")
    return element(
        "div",
        element("h3", _title(sign), " ", chip(verdict) if verdict and fired else ""),
        _gauge(sign),
        element("p", sign.text("sentence") or ""),
        element("small", f"Measured after {count(images)} {unit}.") if images is not None and fired else "",
        class_="sign",
    )


def _title(sign: Facts) -> str:
    return label((sign.text("name") or "?").replace("-", " ")).capitalize()


def _gauge(sign: Facts) -> Html:
    """Value and limit in numbers, and on a line that begins at 0, with the stretch beyond the limit marked."""
    value, limit, side = sign.number("value"), sign.number("threshold"), sign.text("side")
    if value is None:
        return Html()
    speaks = f"speaks up {side}" if side in SIDES else "limit"
    words = element(
        "span",
        element("b", figure(value)),
        f" · {speaks} {figure(limit)}" if limit is not None else "",
        class_="measured",
    )
    if limit is None or limit <= 0:
        return words
    end = 1.12 * max(value, limit)
    at, mark = (f"{100 * min(1.0, max(0.0, number / end)):.1f}%" for number in (value, limit))
    low, high = ("0%", mark) if side == "below" else (mark, "100%")
    line = element(
        "svg",
        element("line", x1="0%", x2="100%", y1="8", y2="8"),
        element("line", x1=low, x2=high, y1="8", y2="8", class_="beyond") if side in SIDES else "",
        element("line", x1=mark, x2=mark, y1="2", y2="14", class_="limit"),
        element("circle", cx=at, cy="8", r="5"),
        aria_hidden="true",
    )
    return element("div", words, line, class_="gauge")


def _calm(measured: Sequence[Facts], unmeasured: Sequence[Facts], unit: Unit, *, others: bool) -> Html:
    """The signs that did not speak up, folded away."""
    if not (measured or unmeasured):
        return Html()
    number = len(measured) + len(unmeasured)
    signs = "1 sign" if number == 1 else f"{number} signs"
    names = ", ".join(map(_title, unmeasured))
    return element(
        "details",
        element("summary", f"{signs} more that did not speak up" if others else f"{signs}, none of which speaks up"),
        element("div", *(_sign(sign, unit) for sign in measured), class_="signs"),
        element("p", element("b", "Nothing to measure by in this training: "), f"{names}.") if names else "",
    )


def _prescriptions(diagnosis: Facts) -> Html:
    remedies = [one for one in diagnosis.each("remedies") if one.text("options")]
    name = diagnosis.text("verdict")
    if not remedies:
        words = "The doctor knows no change of this recipe that is likely to help."
        return _part("What to do", element("p", words)) if failed(name) else Html()
    first, *others = remedies
    return _part(
        "What to do",
        element("p", "Train again with these options added to the command, in another folder:"),
        _prescription(first),
        element(
            "p",
            "If that does not help, instead of it:"
            if len(others) == 1
            else "If that does not help, instead of it one of:",
        )
        if others
        else "",
        element("ol", *(element("li", _prescription(other)) for other in others)) if others else "",
    )


def _prescription(remedy: Facts) -> Html:
    reason = remedy.text("reason")
    return join([code(remedy.text("options") or ""), element("p", reason, class_="reason") if reason else ""])


def _log(applied: Sequence[Applied], unit: Unit) -> Html:
    if not applied:
        return Html()
    times = "once" if len(applied) == 1 else f"{len(applied)} times"
    return _part(
        "What was done already",
        element(
            "p", f"The training has treated itself {times} (", element("code", "--auto-remedy", class_="word"), ")."
        ),
        element("ol", *(element("li", _done(one, unit), class_="done") for one in applied)),
    )


def _done(one: Applied, unit: Unit) -> Html:
    found = join(["after ", element("b", f"{count(one.images)} {unit}"), " "]) if one.images is not None else ""
    back = f"back to {count(one.back_to)} {unit}, and on with" if one.back_to is not None else "on with"
    return join(
        [
            element("p", chip(one.verdict) if one.verdict else "", " ", found, "→ ", back),
            code(one.options) if one.options else "",
            element("p", one.reason, class_="reason") if one.reason else "",
            element("p", "The remedy before had not helped and was undone:") if one.undone else "",
            code(one.undone) if one.undone else "",
        ]
    )


def _part(title: str, *content: object) -> Html:
    return element("div", element("h3", title), *content, class_="card part")


def _readings(run: RunFolder, drawn: Sequence[Chart], images: float, first: int) -> Html:
    if not run.readings:
        return Html()
    read = len(run.readings)
    return element(
        "details",
        element("summary", "1 reading" if read == 1 else f"{count(read)} readings over time"),
        _course(run.readings),
        strips(run.readings, run.facts.texts("source", "classes")),
        element("div", cards(drawn, images, first), class_="cards charts"),
        class_="readings",
    )


def _course(readings: Sequence[Row]) -> Html:
    """How the verdict changed from reading to reading."""
    named = [(str(row["verdict"]), float(row["images"])) for row in readings if isinstance(row.get("verdict"), str)]
    changes = [each for before, each in zip([None, *named], named, strict=False) if not before or before[0] != each[0]]
    if not changes:
        return Html()
    left_out = len(changes) - CHANGES
    entries = [
        element("li", chip(name), element("small", f"from {count(images)} images"))
        for name, images in changes[max(0, left_out) :]
    ]
    more = element("li", element("small", f"{left_out} earlier changes")) if left_out > 0 else ""
    return element("ol", more, *entries, class_="course", aria_label="How the verdict changed")
