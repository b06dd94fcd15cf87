"""Grids in which each row is a real picture and what the generator makes of it: their columns, named and explained in place."""

from __future__ import annotations

from collections.abc import Sequence

from organza.report.facts import Facts
from organza.report.markup import Html, element, join
from organza.report.samples import Grid

TITLE = "What it makes of real pictures"
MEANINGS = {
    "input": "what the generator is given",
    "bicubic": "the small picture that the generator is given, enlarged by bicubic interpolation, which learns nothing",
    "output": "what the generator makes of it",
    "target": "what was wanted",
    "A": "a real picture of the first domain",
    "A as B": "what it becomes in the second",
    "A again": "what comes back of it: the more like A, the better the cycle closes",
    "B": "a real picture of the second domain",
    "B as A": "what it becomes in the first",
    "B again": "what comes back of it",
}
"""By the name of a column."""

TALLEST = 85  # percent of the window's height, so that most of a grid is seen at once
TILE = (120, 176)  # least and greatest width of a column in pixels, where the window has room


def lead(facts: Facts) -> str:
    """What the grids show, and whether the training has seen it: by the record of the run."""
    columns, held = facts.texts("exhibit"), facts.number("source", "held_out")
    both = "A" in columns and "B" in columns
    rows = (
        "Each row holds a real picture of each domain, the same ones through the whole training, and what the generators make "
        "of them. "
        if both
        else "Each row holds a real picture, the same one through the whole training, and what the generator makes of it. "
    )
    if held is None or (both and held):
        return rows + "Where a domain has pictures enough, those shown are held out: nothing is trained on them."
    if held:
        return rows + "These pictures are held out: nothing is trained on them."
    few = "the first domain has" if both else "there are"
    return rows + f"They are trained on, too: {few} too few pictures to hold any out."


def spoken(columns: Sequence[str]) -> str:
    """The columns in words, for those who cannot see them."""
    return f"in each row, from left to right: {', '.join(columns)}"


def exhibit(grid: Grid, columns: Sequence[str], detail: object, words: str) -> Html:
    """The grid of the page beneath the names of its columns.

    Args:
        grid: What is shown at first.
        columns: Their names.
        detail: Beside the title.
        words: What to say instead of showing the grid.
    """
    share, (least, most) = grid.width / grid.height, TILE
    tall = f"max({least * len(columns)}px, min({most * len(columns)}px, {TALLEST * share:.2f}vh))"
    names = element("div", *(element("span", name) for name in columns), class_="columns", aria_hidden="true")
    picture = element("img", src=grid.data_uri(), alt=words, width=grid.width, height=grid.height, id="generated")
    frame = element("div", picture, class_="frame", style=f"aspect-ratio: {grid.width} / {grid.height}")
    caption = element("figcaption", element("b", "Real and made"), " ", detail)
    return element("figure", caption, names, frame, class_="picture exhibit", style=f"--wide: {tall}")


def key(columns: Sequence[str]) -> Html:
    """What each column is; nothing for columns that this page does not know."""
    known = [(name, MEANINGS[name]) for name in columns if name in MEANINGS]
    rows = (element("div", element("dt", name), element("dd", meaning)) for name, meaning in known)
    return element("div", element("dl", join(rows)) if known else "", class_="key")
