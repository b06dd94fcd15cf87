"""A recipe's fields by name: to a flat mapping and back, and one field changed.

A value that was chosen from a registry (the game, a network, an optimiser) is written as its name, and its own fields
stand beside it. So the nested value

    Recipe(game=NoiseToImage(loss=..., generator=PlayerOptions(network=..., optimiser=Adam(lr=...))))

reads, as a mapping, as a YAML file and on the command line alike:

    game: noise-to-image
    loss: non-saturating
    generator: {network: dcgan-generator, width: 64, optimiser: adam, lr: 0.0002}       --generator.lr 1e-4
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from typing import Annotated, Any, TypeVar, cast, get_args, get_origin, get_type_hints

from pydantic import TypeAdapter, ValidationError

from organza.errors import UsageError, unknown
from organza.registry import Registry

T = TypeVar("T")
Tree = dict[str, Any]


def to_mapping(value: object) -> Tree:
    """The dataclass `value` as nested plain mappings, in the order of its fields."""
    tree: Tree = {}
    for field, content in _contents(value):
        choice = _choice(field)
        if choice is not None:
            tree |= {field.name: choice.name_of(content), **to_mapping(content)}
        elif is_dataclass(content):
            tree[field.name] = to_mapping(content)
        else:
            tree[field.name] = list(content) if isinstance(content, tuple) else content
    return tree


def from_mapping(kind: type[T], tree: Mapping[str, Any], where: str = "") -> T:
    """The inverse of `to_mapping`; fields left out take their defaults.

    Args:
        kind: The dataclass to make.
        tree: Nested mappings.
        where: Dotted name of `tree` within the whole, for messages.

    Raises:
        UsageError: A field is unknown, missing, or of the wrong kind.
    """
    value, used = _read(kind, tree, where)
    for name in tree:
        if name not in used:
            raise unknown("field", _join(where, name), [_join(where, known) for known in used])
    return value


def flatten(tree: Mapping[str, Any], where: str = "") -> dict[str, Any]:
    """Nested mappings as one mapping with dotted names."""
    flat: dict[str, Any] = {}
    for name, content in tree.items():
        if isinstance(content, Mapping):
            flat |= flatten(content, _join(where, name))
        else:
            flat[_join(where, name)] = content
    return flat


def override(value: T, changes: Mapping[str, Any]) -> T:
    """`value` with the fields of these dotted names changed; strings are read as the field's type.

    Choosing another network, optimiser or game keeps those fields of the old choice that the new one has too, if they fit it.

    Raises:
        UsageError: A name is unknown, or a value does not fit.
    """
    # Choices go first, whatever the order on the command line, because they decide which other fields there are.
    for name in sorted(changes, key=lambda name: (name not in _choices(value), name.count("."))):
        tree = to_mapping(value)
        known = flatten(tree)
        if name not in known:
            raise unknown("field", name, known)
        *path, last = name.split(".")
        inner = tree
        for part in path:
            inner = inner[part]
        if name in _choices(value):
            _choose(inner, last, changes[name], _choices(value)[name])
        else:
            inner[last] = changes[name]
        value = from_mapping(type(value), tree)
    return value


def _choose(tree: Tree, name: str, wanted: str, registry: Registry[Any]) -> None:
    """Put another choice in place, dropping the fields that only the old one had, and values that mean nothing to the new."""
    new = {field.name for field in fields(registry[wanted])}
    hints = _hints(registry[wanted])
    for field in fields(registry[tree[name]]):
        nested = isinstance(tree.get(field.name), Mapping) or _choice(field) is not None
        if field.name not in new or not (nested or _fits(hints[field.name], tree.get(field.name))):
            tree.pop(field.name, None)
    tree[name] = wanted


def _fits(hint: Any, value: Any) -> bool:
    """Whether a field of this type can have the value."""
    try:
        _convert(hint, value, "")
    except UsageError:
        return False
    return True


def _choices(value: object, where: str = "") -> dict[str, Registry[Any]]:
    """Dotted names of all fields that are choices, with their registries."""
    found: dict[str, Registry[Any]] = {}
    for field, content in _contents(value):
        choice = _choice(field)
        if choice is not None:
            found[_join(where, field.name)] = choice
            found |= _choices(content, where)
        elif is_dataclass(content):
            found |= _choices(content, _join(where, field.name))
    return found


def _read(kind: type[T], tree: Mapping[str, Any], where: str) -> tuple[T, set[str]]:
    """A value of `kind` out of `tree`, and which of its names were meant for it."""
    hints, arguments, used = _hints(cast(type, kind)), {}, set()
    for field in fields(cast(Any, kind)):
        name, choice = field.name, _choice(field)
        used.add(name)
        if choice is not None:
            tag = tree.get(name)
            if name not in tree and field.default_factory is not MISSING:  # of a recipe older than the field
                tag = choice.name_of(field.default_factory())
            if not isinstance(tag, str):
                raise UsageError(f"'{_join(where, name)}' must name a {choice.kind}: one of {', '.join(choice)}")
            arguments[name], inner = _read(choice[tag], tree, where)
            used |= inner
        elif name not in tree:
            continue
        elif is_dataclass(hints[name]):
            if not isinstance(tree[name], Mapping):
                raise UsageError(f"'{_join(where, name)}' must be a mapping, not {tree[name]!r}")
            arguments[name] = from_mapping(cast(type, hints[name]), tree[name], _join(where, name))
        else:
            arguments[name] = _convert(hints[name], tree[name], _join(where, name))
    try:
        return kind(**arguments), used
    except TypeError as error:  # only a required field left out can get here
        raise UsageError(f"{where or 'the recipe'}: {str(error).partition('()')[2].strip()}") from None


def _convert(hint: Any, value: Any, name: str) -> Any:
    """`value`, which may be a string from the command line, as the type of its field."""
    if isinstance(value, str):
        plain = get_args(hint)[0] if get_origin(hint) is Annotated else hint
        if plain is int and not value.lstrip("+-").isdigit():  # 1e6 and 10_000 are ways to write whole numbers
            value = _whole(value)
        elif str(hint).startswith("tuple"):
            value = [part.strip() for part in value.strip("()[] ").split(",")]
        elif str(hint).startswith("typing.Literal"):
            value = next((known for known in hint.__args__ if str(known) == value), value)
    try:
        return _adapter(hint).validate_python(value)
    except ValidationError as error:
        reason = error.errors()[0]["msg"]
        raise UsageError(f"'{name}' cannot be {value!r}: {reason[0].lower()}{reason[1:]}") from None


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


@cache
def _adapter(hint: Any) -> TypeAdapter[Any]:
    return TypeAdapter(hint)


def _whole(text: str) -> int | str:
    try:
        number = float(text)
    except ValueError:
        return text
    return int(number) if number.is_integer() else text


def _contents(value: object) -> Iterator[tuple[Field[Any], Any]]:
    return ((field, getattr(value, field.name)) for field in fields(cast(Any, value)))


def _choice(field: Field[Any]) -> Registry[Any] | None:
    return cast("Registry[Any] | None", field.metadata.get("choice"))


def _join(where: str, name: str) -> str:
    return f"{where}.{name}" if where else name
