"""The skeleton of every page: style sheet, theme switch and scripts around a content."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from organza.report.markup import Html, element, embedded_json, fill, join, part

ALWAYS = ("theme.js", "copy.js")
"""Scripts that no page goes without."""


def page(
    *,
    title: str,
    header: Html,
    main: Html,
    footer: Html,
    data: Mapping[str, object],
    scripts: Sequence[str] = (),
    styles: Sequence[str] = (),
) -> Html:
    """A whole page in one file that asks the network for nothing, and whose policy forbids it to.

    Args:
        title: Of the browser's tab.
        header: What the page is about.
        main: The content.
        footer: The small print.
        data: JSON values for the scripts, by the id of the element that holds each.
        scripts: Names of the page's own scripts among the parts.
        styles: Names of the page's own style sheets among the parts.
    """
    return fill(
        "page.html",
        title=title,
        style=Html("\n".join(part(name) for name in ("style.css", *styles))),
        header=header,
        main=main,
        footer=footer,
        data=join(
            element("script", embedded_json(value), type="application/json", id=name) for name, value in data.items()
        ),
        scripts=join(element("script", Html(part(name)), type="module") for name in (*ALWAYS, *scripts)),
    )


def section(title: str, *content: object, **attributes: object) -> Html:
    """A part of the page under a heading of its own."""
    return element("section", element("h2", title), *content, **attributes)


def definitions(rows: Sequence[tuple[object, object]], class_: str = "facts") -> Html:
    """Names and what they stand for; rows without a value are left out."""
    kept = ((name, value) for name, value in rows if value is not None)
    return element(
        "dl", *(element("div", element("dt", name), element("dd", value)) for name, value in kept), class_=class_
    )


def code(text: str) -> Html:
    """A block of code or a command, which `copy.js` gives a button; a line is broken between words, not at a hyphen."""
    words = (element("span", word, class_="word") if "-" in word else word for word in re.split(r"(\s+)", text))
    return element("div", element("pre", element("code", *words)), class_="code")
