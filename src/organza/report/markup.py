"""HTML that is escaped by construction: whatever is not `Html` already becomes text."""

from __future__ import annotations

import html
import json
import string
from collections.abc import Iterable
from importlib import resources

VOID = frozenset({"br", "hr", "img", "input"})
"""Elements that have no content and no end."""


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def markup(value: object) -> Html:
    """`value` as markup: as it is if it is `Html`, escaped otherwise."""
    return value if isinstance(value, Html) else Html(html.escape(str(value)))


def join(parts: Iterable[object]) -> Html:
    """The parts one after the other, each escaped unless it is `Html`."""
    return Html("".join(map(markup, parts)))


def element(tag: str, *children: object, **attributes: object) -> Html:
    """One element around its children.

    Args:
        tag: The name of the element.
        children: What lies inside, escaped unless it is `Html`.
        attributes: `class_` is written as class, `aria_label` as aria-label; True is an attribute without a value, None
            leaves the attribute out.
    """
    written = "".join(_attribute(name, value) for name, value in attributes.items() if value is not None)
    return Html(f"<{tag}{written}>" if tag in VOID else f"<{tag}{written}>{join(children)}</{tag}>")


def part(name: str) -> str:
    """The text of one of the page's parts (a template, a style sheet, a script)."""
    return resources.files("organza.report").joinpath("parts", name).read_text(encoding="utf-8")


def fill(name: str, /, **values: object) -> Html:
    """The template `name` with its $places filled, each value escaped unless it is `Html`."""
    return Html(string.Template(part(name)).substitute({place: markup(value) for place, value in values.items()}))


def embedded_json(value: object) -> Html:
    """`value` as JSON that cannot close the script element around it."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Html(text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029"))


def _attribute(name: str, value: object) -> str:
    name = name.rstrip("_").replace("_", "-")
    return f" {name}" if value is True else f' {name}="{markup(value)}"'
