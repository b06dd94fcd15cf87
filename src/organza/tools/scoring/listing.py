"""Scores as lines for people."""

from __future__ import annotations

import textwrap

from organza.tools.scoring.measures import LEVEL
from organza.tools.scoring.scores import Scores
from organza.tools.table import mean_and_deviation

WIDTH = 120
BETTER = {"lower": "lower is better", "higher": "higher is better", None: ""}


def listing(scores: Scores) -> str:
    """A line for each score: title, value, interval, which way is better, what it is; below, all that they depend on."""
    rows = []
    for metric in scores.metrics:
        ends = scores.intervals.get(metric.key)
        within = f"{number(ends[0])} to {number(ends[1])}" if ends else ""
        rows.append((metric.title, number(scores.values[metric.key]), within, BETTER[metric.better], metric.brief))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    lines = [
        "  ".join(
            [row[0].ljust(widths[0]), row[1].rjust(widths[1])]
            + ([row[2].ljust(widths[2])] if widths[2] else [])
            + [row[3].ljust(widths[3]), row[4]]
        ).rstrip()
        for row in rows
    ]
    if widths[2]:
        lines.append(f"({LEVEL:.0%} confidence intervals, by bootstrap)")
    lines += ["", *against_the_other_part(scores), scores.protocol]
    for note in scores.notes:
        lines += textwrap.wrap(note, WIDTH, initial_indent="note: ", subsequent_indent="      ")
    return "\n".join(lines)


def against_the_other_part(scores: Scores) -> list[str]:
    """What the distances from both parts of the data say of over-fitting, as no line or one."""
    if scores.also is None or "fd" not in scores.values:
        return []
    title, count = scores.metric("fd").title, scores.also["real"]
    fewer = f", of {count:,} real pictures each" if count != scores.real else ""
    return [
        f"{title} from {scores.split} {number(scores.also['own'])}, from {scores.also['split']}"
        f" {number(scores.also['fd'])}{fewer}: much nearer to train than to test would be over-fitting"
    ]


def number(value: float) -> str:
    """With four digits."""
    return mean_and_deviation(value, None)
