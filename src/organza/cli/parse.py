"""From words to a verb's arguments: tyro reads the signature and docstring; fields of a recipe are taken out before."""

from __future__ import annotations

import contextlib
import difflib
import functools
import inspect
import io
import itertools
import json
import sys
from collections.abc import Callable
from typing import Annotated, Any

import tyro

from organza.errors import UnknownError, UsageError, unknown


def option(metavar: str, **settings: Any) -> Any:
    """How an option that may be left out shows in the help: its value's name, and no word on a default."""
    return tyro.conf.arg(metavar=metavar, help_behavior_hint="", **settings)


def whole(words: list[str]) -> int:
    """A whole number, which may be written as 1e6 or 1_000_000.

    Raises:
        ValueError: It is none.
    """
    number = float(words[0])
    if not number.is_integer():  # neither are infinity and NaN
        raise ValueError(f"{words[0]} is no whole number")
    return int(number)


Whole = Annotated[
    int,
    tyro.constructors.PrimitiveConstructorSpec(
        nargs=1,
        metavar="N",
        instance_from_str=whole,
        is_instance=lambda value: isinstance(value, int),
        str_from_instance=lambda value: [str(value)],
    ),
]
Device = Annotated[str, tyro.conf.arg(metavar="DEVICE", help="auto, cpu, cuda, cuda:N or mps")]
Json = Annotated[
    bool, tyro.conf.arg(help="print one JSON object on standard output, everything else on standard error")
]


def call(verb: Callable[..., int], name: str, words: list[str]) -> int:
    """Read the words by the verb's signature and run it."""
    words = without_device(words, option_names(verb))
    status: int = read(verb, name, words)
    return status


def read(verb: Callable[..., Any], name: str, words: list[str]) -> Any:
    """Call the verb with the words, as tyro reads them by its signature.

    Raises:
        UsageError: The words do not fit.
    """

    @functools.wraps(verb)
    def later(*arguments: Any, **options: Any) -> Callable[[], Any]:
        return functools.partial(verb, *arguments, **options)

    box = io.StringIO()
    try:
        with contextlib.redirect_stderr(box):
            ready = tyro.cli(later, prog=f"organza {name}", args=words, config=(tyro.conf.FlagCreatePairsOff,))
    except SystemExit as end:
        if not end.code:  # it was --help
            raise
        raise UsageError(f"{plain(box.getvalue())} (organza {name} --help tells more)") from None
    return ready()


def plain(box: str) -> str:
    """The sentences in one of tyro's boxes, without its frame, its advice and its line breaks."""
    lines = [line.strip("│╭╮╰╯─ ") for line in box.splitlines()]
    wanted = itertools.takewhile(lambda line: not line.startswith(("For full helptext", "Argument helptext")), lines)
    said = [
        line for line in wanted if line.strip("-+") and not line.endswith("error") and line != "Unrecognized options"
    ]
    return " ".join(said).replace("Unrecognized options", "not understood") or "the command line does not fit"


def call_with_fields(verb: Callable[..., Callable[[dict[str, str]], int]], name: str, words: list[str]) -> int:
    """The same for a verb that also takes the fields of a recipe, as `--generator.lr 1e-4`.

    The verb returns a function of the fields, because which fields there are depends on the recipe.
    """
    options = option_names(verb)
    rest, fields = split_fields(without_device(words, options), options)
    ready: Callable[[dict[str, str]], int] = read(verb, name, rest)
    try:
        return ready(fields)
    except UnknownError as error:  # a field that the recipe does not have may have been meant as an option
        if error.kind == "field" and difflib.get_close_matches(error.name.replace("_", "-"), options, n=1, cutoff=0.8):
            raise unknown("option", f"--{error.name}", [f"--{option}" for option in options]) from None
        raise


def option_names(verb: Callable[..., Any]) -> set[str]:
    """The options of a verb, as they are written on the command line, without the dashes."""
    names = {"help"}
    for parameter in inspect.signature(verb, eval_str=True).parameters.values():
        given = [
            extra.name for extra in getattr(parameter.annotation, "__metadata__", ()) if getattr(extra, "name", None)
        ]
        names.add(given[0] if given else parameter.name.replace("_", "-"))
    return names


def without_device(words: list[str], options: set[str]) -> list[str]:
    """Take out `--device NAME` for verbs that compute nothing: every verb takes it, so that scripts can always give it."""
    if "device" in options:
        return words
    kept = [word for word in words if not word.startswith("--device=")]
    while "--device" in kept:
        position = kept.index("--device")
        del kept[position : position + 2]
    return kept


def split_fields(words: list[str], options: set[str]) -> tuple[list[str], dict[str, str]]:
    """Take `--NAME VALUE` and `--NAME=VALUE` out of the words wherever NAME is no option of the verb.

    Raises:
        UsageError: A field has no value, or is an option misspelt.
    """
    rest: list[str] = []
    fields: dict[str, str] = {}
    queue = list(words)
    while queue:
        word = queue.pop(0)
        name, equals, value = word[2:].partition("=")
        if not word.startswith("--") or not name or name in options:
            rest.append(word)
            continue
        if not equals:
            if not queue:
                raise UsageError(f"--{name} has no value")
            value = queue.pop(0)
        fields[name.replace("-", "_")] = value
    return rest, fields


def number_or_none(text: str | None, read_number: Callable[[list[str]], float], option: str) -> Any:
    """An option that may be left out and must be a number otherwise.

    Raises:
        UsageError: It is none.
    """
    try:
        return None if text is None else read_number([text])
    except (ValueError, OverflowError):
        raise UsageError(f"{option} must be a number, not '{text}'") from None


def print_json(value: Any) -> None:
    """One JSON object on standard output."""
    json.dump(value, sys.stdout, indent=2, ensure_ascii=False)
    print()
