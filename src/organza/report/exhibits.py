"""Grids in which each row is a real picture and what the generator makes of it: their columns, named and explained in place."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from organza.report.clock import Unit
from organza.report.facts import Facts
from organza.report.markup import Html, element, join
from organza.report.samples import Grid

ONE = "picture"
"""The column by which a training of one picture is known."""

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
    ONE: "the one that it is trained on, at the size of the grid’s scale",
    "reconstruction": "the same picture as the generator makes it anew, of noise that is kept for it: the more like the picture, "
    "the better it knows it",
    "variation": "what it makes of other noise: like the picture in every patch, and nowhere the same",
}
"""By the name of a column, without its number."""

OF_TWO: Mapping[str, str] = {
    "A": "the first picture, or a frame of the video",
    "A as B": "the same with the looks of the second: its structure stays, colours and textures come from B",
    "A again": "what comes back of that: the more like A, the more of its structure has stayed",
    "B": "the second picture",
    "B as A": "the same with the looks of the first",
    "B again": "what comes back of that",
}
"""The same of a training of two pictures."""

HYPHENATED = {"reconstruction": "recon\u00adstruc\u00adtion", "variation": "varia\u00adtion"}
"""Words that a narrow column may break, and where."""

SMALL = 128
"""A column of so many pixels, or fewer, is enlarged on most screens: its pixels are then kept as they are."""

TALLEST = 85  # percent of the window's height, so that most of a grid is seen at once
TILE = (120, 176)  # least and greatest width of a column in pixels, where the window has room


def title(columns: Sequence[str], unit: Unit = "images") -> str:
    """Of the section."""
    if unit == "images":
        return "What it makes of real pictures"
    return f"What it makes of the {'picture' if ONE in columns else 'two pictures'}"


def lead(facts: Facts, unit: Unit = "images") -> str:
    """What the grids show, and whether the training has seen it: by the record of the run."""
    columns, held = facts.texts("exhibit"), facts.number("source", "held_out")
    both = "A" in columns and "B" in columns
    if unit == "steps":
        at = "at the size of the scale that was then in training. "
        if both:
            return f"Each grid shows the two pictures and what the generators make of them, {at}"
        noise = "The noise is the same in all grids of one size. "
        return f"Each grid shows the picture and what the generator makes of it, {at}{noise}"
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


def exhibit(grid: Grid, columns: Sequence[str], detail: object, words: str, *, pixels: bool = False) -> Html:
    """The grid of the page beneath the names of its columns.

    Args:
        grid: What is shown at first.
        columns: Their names.
        detail: Beside the title.
        words: What to say instead of showing the grid.
        pixels: Whether they are kept as they are where the grid is enlarged.
    """
    share, (least, most) = grid.width / grid.height, TILE
    tall = f"max({least * len(columns)}px, min({most * len(columns)}px, {TALLEST * share:.2f}vh))"
    picture = element("img", src=grid.data_uri(), alt=words, width=grid.width, height=grid.height, id="generated")
    frame = element(
        "div", picture, class_="frame small" if pixels else "frame", style=f"aspect-ratio: {grid.width} / {grid.height}"
    )
    caption = element("figcaption", element("b", "Real and made"), " ", detail)
    return element("figure", caption, headings(columns), frame, class_="picture exhibit", style=f"--wide: {tall}")


def headings(columns: Sequence[str]) -> Html:
    """The names of the columns, each above its own."""
    names = (re.sub(r"[a-z]+", lambda word: HYPHENATED.get(word[0], word[0]), name) for name in columns)
    return element("div", *(element("span", name) for name in names), class_="columns", aria_hidden="true")


def small(grid: Grid, columns: Sequence[str]) -> bool:
    """Whether a grid's pictures are so small that a page enlarges them."""
    return grid.width <= SMALL * max(1, len(columns))


def key(columns: Sequence[str], unit: Unit = "images") -> Html:
    """What each column is, those that are numbered together; nothing for columns that this page does not know."""
    meanings = {**MEANINGS, **OF_TWO} if unit == "steps" else MEANINGS
    names = dict.fromkeys(re.sub(r" \d+$", "", name) for name in columns)
    known = [(name, meanings[name]) for name in names if name in meanings]
    rows = (element("div", element("dt", name), element("dd", meaning)) for name, meaning in known)
    return element("div", element("dl", join(rows)) if known else "", class_="key")
