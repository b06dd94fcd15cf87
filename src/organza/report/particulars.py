"""What the run was made from: recipe, pictures, networks, machine, cost, and what it takes to repeat it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from organza.report.facts import Facts
from organza.report.folder import RunFolder
from organza.report.markup import Html, element
from organza.report.page import code, definitions, section
from organza.report.wording import count, duration, label, rate, value

Rows = list[tuple[object, object]]


def particulars(run: RunFolder) -> Html:
    """The cards of the section; a card with nothing to say is left out."""
    environment = run.facts.at("environment")
    machine: Rows = [(label(key), value(given)) for key, given in environment if key not in VERSIONS]
    found = [
        _card("Real data", _source(run.facts.at("source")), *_notes(run.facts.at("source"))),
        _card("Networks", _networks(run.facts.at("networks"))),
        _card("Machine", machine),
        _card("Cost", _cost(run)),
        _card("To repeat it", _repeat(run), *_command(run)),
    ]
    return section(
        "What it was made from",
        _recipe(run.recipe),
        element("div", *found, class_="particulars"),
    )


ELSEWHERE = frozenset({"name", "summary", "paper", "cost"})
"""Fields of a recipe that the page tells in other places."""

VERSIONS = ("python", "torch")
"""What of the environment belongs to repeating the run rather than to the machine."""


def _recipe(recipe: Facts) -> Html:
    """The whole recipe: what stands alone first, then what belongs to each player or other group."""
    alone = [(key, given) for key, given in recipe if key not in ELSEWHERE and not isinstance(given, Mapping)]
    groups = [(key, list(_flat(given))) for key, given in recipe if isinstance(given, Mapping)]
    tables = [
        element("div", element("h4", label(name).capitalize()), definitions(_rows(rows)), class_="group")
        for name, rows in [("training", alone), *groups]
        if rows
    ]
    return element("div", element("h3", "Recipe"), element("div", *tables, class_="groups"), class_="card recipe")


def _flat(values: Mapping[str, object], above: str = "") -> Iterator[tuple[str, object]]:
    """Nested fields under the dotted names by which commands set them."""
    for key, given in values.items():
        if isinstance(given, Mapping) and given:
            yield from _flat(given, f"{above}{key}.")
        else:
            yield f"{above}{key}", given


def _rows(fields: list[tuple[str, object]]) -> Rows:
    return [(label(key), value(given)) for key, given in fields]


def _card(title: str, rows: Rows, *more: object) -> Html:
    if not any(given is not None for _, given in rows):
        return Html()
    return element("div", element("h3", title), definitions(rows), *more, class_="card")


def _source(source: Facts) -> Rows:
    height, width = source.number("height"), source.number("width")
    pixels = width and height and source.text("kind") != "points"
    size = f"{width:.0f} × {height:.0f} pixels" if pixels else None
    samples = source.number("count")
    apart = {"name", "count", "height", "width", "notes", "fingerprint"}
    return [
        ("name", source.text("name")),
        ("samples", None if samples is None else count(samples)),
        ("size", size),
        *((label(key), value(given)) for key, given in source if key not in apart),
    ]


def _notes(source: Facts) -> list[Html]:
    notes = source.get("notes")
    return [element("p", note, class_="warning") for note in notes] if isinstance(notes, list) else []


def _networks(networks: Facts) -> Rows:
    return [(label(name), _network(networks.at(name))) for name, _ in networks]


def _network(network: Facts) -> str | None:
    parameters, output = network.number("parameters"), network.get("output")
    words = [] if parameters is None else [f"{count(parameters)} parameters"]
    if isinstance(output, list) and output:
        words.append("output " + " × ".join(map(str, output)))
    return ", ".join(words) or None


def _cost(run: RunFolder) -> Rows:
    status = run.facts.at("status")
    seen, seconds, speed = status.number("images"), status.number("seconds"), status.number("images_per_second")
    budget = run.recipe.number("images")
    whole = None
    if budget and speed:
        whole = f"{count(budget)} {run.unit}: about {duration(budget / speed)} at this speed"
    return [
        (
            "this run",
            f"{count(seen)} {run.unit} in {duration(seconds)}" if seen is not None and seconds is not None else None,
        ),
        ("speed", f"{rate(speed)} {run.unit} per second" if speed is not None else None),
        ("memory", run.facts.text("memory")),
        ("the recipe’s budget", whole),
        ("the recipe says", run.recipe.text("cost")),
    ]


def _repeat(run: RunFolder) -> Rows:
    return [
        ("seed", run.facts.text("seed")),
        ("organza", run.facts.text("organza")),
        *((key, run.facts.text("environment", key)) for key in VERSIONS),
        ("fingerprint of the data", _hash(run.facts.text("source", "fingerprint"))),
        ("SHA-256 of the weights", _hash(run.facts.text("model", "weights_sha256"))),
    ]


def _hash(text: str | None) -> Html | None:
    return element("code", text) if text else None


def _command(run: RunFolder) -> list[Html]:
    command = run.facts.text("command")
    return [code(command)] if command else []
