"""The head of a run's page: what it is, how it ended, and its key figures."""

from __future__ import annotations

import re

from organza.report.clock import counted
from organza.report.folder import RunFolder
from organza.report.markup import Html, element, fill, join
from organza.report.page import code, definitions
from organza.report.scores import best_score
from organza.report.verdicts import chip, failed, judged
from organza.report.wording import count, duration, figure, label, rate, short


def title(run: RunFolder) -> str:
    """What the page is called."""
    source = _source(run)
    return _name(run) + (f" on {source}" if source else "")


def header(run: RunFolder) -> Html:
    """The head of the page of `run`."""
    source = _source(run)
    summary = run.recipe.text("summary")
    return fill(
        "header.html",
        name=_name(run),
        source=join([" ", element("span", "on", class_="on"), " ", source]) if source else "",
        summary=element("p", summary, class_="summary") if summary else "",
        paper=_paper(run.recipe.text("paper")),
        verdict=_verdict(run),
        figures=definitions(_figures(run), "figures"),
        progress=_progress(run),
    )


def _source(run: RunFolder) -> str | None:
    """What it was trained on; of one picture, or two, their files without the folders."""
    source = run.facts.text("source", "name")
    if source is None or run.unit == "images":
        return source
    return " and ".join(part.replace("\\", "/").rstrip("/").rpartition("/")[2] or part for part in source.split(","))


def _name(run: RunFolder) -> str:
    return run.recipe.text("name") or run.name


def _paper(paper: str | None) -> Html:
    """The recipe's paper, with a link where it gives an arXiv number."""
    if not paper:
        return Html()
    before, arxiv, after = (
        paper.partition(found[0]) if (found := re.search(r"arXiv:\d{4}\.\d{4,5}", paper)) else (paper, "", "")
    )
    address = f"https://arxiv.org/abs/{arxiv.removeprefix('arXiv:')}"
    link = element("a", arxiv, href=address, rel="noreferrer") if arxiv else ""
    return element("p", before, link, after, class_="paper")


def _verdict(run: RunFolder) -> Html:
    name, reason = run.facts.text("status", "verdict"), run.facts.text("status", "reason")
    if not name:
        return Html()
    return element(
        "p",
        chip(name),
        " ",
        judged(name).sentence,
        join([" ", element("a", "What the doctor says", href="#doctor")]) if failed(name) and run.diagnosis else "",
        join([" ", element("em", f"Reason: {reason}")]) if reason else "",
        class_="verdict",
    )


def _figures(run: RunFolder) -> list[tuple[object, object]]:
    status = run.facts.at("status")
    seen, budget = status.number("images"), status.number("budget")
    seconds, speed = status.number("seconds"), status.number("images_per_second")
    of = element("small", f" of {count(budget)}") if budget and seen != budget else ""
    return [
        (counted(run.unit), None if seen is None else join([count(seen), of])),
        ("Training time", None if seconds is None else duration(seconds)),
        (f"{run.unit.capitalize()} per second", None if speed is None else rate(speed)),
        *(
            (
                join([label(network.replace(".", " ")).capitalize(), " ", element("small", "parameters")]),
                short(parameters),
            )
            for network, _ in run.facts.at("networks")
            if (parameters := run.facts.number("networks", network, "parameters"))
        ),
        *_best(run),
    ]


def _best(run: RunFolder) -> list[tuple[object, object]]:
    """The best of the scores taken during the training, where some were."""
    best = best_score(run.facts)
    if not best:
        return []
    after = element("small", f" after {count(best.images)} images")
    return [(join(["Best ", element("small", best.title)]), join([figure(best.value), after]))]


def _progress(run: RunFolder) -> Html:
    """How far the training is, and how it goes on; nothing once its budget is spent."""
    seen, budget = run.facts.number("status", "images"), run.facts.number("status", "budget")
    if seen is None or not budget or seen >= budget:
        return Html()
    percent = f"{100 * seen / budget:.0f}"
    verdict, command = run.facts.text("status", "verdict"), run.facts.text("command")
    onward = judged(verdict).onward if verdict and command else ""
    bar = element(
        "div",
        element("div", class_="woven", style=f"width: {percent}%"),
        class_="progress",
        role="progressbar",
        aria_label=f"{counted(run.unit)} of the budget",
        aria_valuenow=percent,
        aria_valuemin=0,
        aria_valuemax=100,
    )
    words = element("p", element("b", f"{percent} % "), "of the budget. ", onward)
    return element("div", bar, words, code(command) if command and onward else "", class_="unfinished")
