"""Grids of samples side by side, grown from the same latent vectors."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from organza.report.comparison import Comparison
from organza.report.markup import Html, element
from organza.report.page import section
from organza.report.samples import Grid
from organza.report.threads import thread, words

BYTES = 12_000_000
"""Bytes of pictures at most; base64 makes a third more of them."""

LEAD = (
    "Grids of samples grow from the same random numbers, so that pictures at the same place can be compared; of models that "
    "make pictures from pictures it is the last grid of the training. Press one to enlarge it; the arrow keys then go from group "
    "to group at the same place."
)
LAST = "The last grid of each training. Press one to enlarge it; the arrow keys then go from group to group at the same place."
"""Where no model makes a grid of samples from noise."""


def pictures(comparison: Comparison) -> Html:
    """The section of the pictures; nothing where no group has one."""
    figures, left_out, room = [], [], BYTES
    for number, group in enumerate(comparison.groups):
        grid = _grid(group.picture) if group.picture else None
        if not grid:
            continue
        if grid.size > room:
            left_out.append(group.name)
            continue
        room -= grid.size
        figures.append(_figure(number, group.name, grid))
    if not figures and not left_out:
        return Html()
    by_scales = comparison.unit == "steps"  # whose grids are single rows
    note = f"To keep the page small, these are left out: {', '.join(left_out)}." if left_out else ""
    return section(
        "What they make",
        element("p", LAST if by_scales else LEAD, class_="lead"),
        element("div", *figures, class_="samples flat" if by_scales else "samples"),
        element("p", note, class_="warning") if note else "",
        _enlarged(),
    )


def _figure(number: int, name: str, grid: Grid) -> Html:
    spoken = f"Grid of generated pictures of {name}"
    picture = element("img", src=grid.data_uri(), alt=spoken, width=grid.width, height=grid.height)
    return element(
        "figure",
        element("button", picture, type="button", class_="frame", data_enlarge=name, title="Enlarge"),
        element("figcaption", thread(number), words(name)),
    )


def _enlarged() -> Html:
    """Where the script shows one grid as large as the window allows."""
    return element(
        "dialog",
        element("img", alt=""),
        element(
            "div",
            element("button", "←", type="button", data_step=-1, aria_label="Previous group"),
            element("p", aria_live="polite"),
            element("button", "→", type="button", data_step=1, aria_label="Next group"),
            element("button", "Close", type="button", data_step=0),
            class_="steps",
        ),
        id="enlarged",
        aria_label="Enlarged samples",
    )


def _grid(path: Path) -> Grid | None:
    """The picture, if it is a PNG that can be shown."""
    try:
        with Image.open(path, formats=["PNG"]) as picture:
            width, height = picture.size
            picture.verify()
        return Grid(path, 0, width, height, path.stat().st_size)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return None
