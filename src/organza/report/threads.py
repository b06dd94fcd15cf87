"""The thread of each group of a comparison: the colour and the dash by which it is known throughout the page."""

from __future__ import annotations

from collections.abc import Sequence

from organza.report.markup import Html, element, join

COLOURS = 8
"""Colours of the style sheet, `--group-0` and so on."""

DASHES = ("", "9 5", "1 4.5", "9 4.5 1 4.5", "16 5", "9 4.5 1 4.5 1 4.5", "4 5", "16 4.5 5 4.5")
"""Lengths of strokes and gaps, told apart without colour."""

NAMED = 5
"""Groups that a sentence names before it counts the rest."""


def colour(group: int) -> str:
    """The colour of the group of this number."""
    return f"group-{group % COLOURS}"


def dash(group: int) -> str:
    """Its dash: the first eight groups differ in both, the first 64 in one of the two."""
    return DASHES[(group + group // COLOURS) % len(DASHES)]


def thread(group: int) -> Html:
    """A piece of it, as in a legend."""
    line = element("line", x1=2, x2=30, y1=4, y2=4, stroke_dasharray=dash(group) or None)
    return element(
        "svg", line, class_="thread", style=f"--series: var(--{colour(group)})", width=32, height=8, aria_hidden="true"
    )


def words(name: str) -> Html:
    """A group's name, which a line may break between its words but not at a hyphen, as in lr=1e-4."""
    return element("span", join(join([element("span", word, class_="word"), " "]) for word in name.split()))


def listed(names: Sequence[str]) -> str:
    """Several names in a sentence, the first few of them if they are many; quoted where a comma would blur them."""
    shown = [f"“{name}”" if any("," in each for each in names) else name for name in names]
    more = len(names) - NAMED
    if more > 1:
        return f"{', '.join(shown[:NAMED])} and {more} more"
    return " and ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))
