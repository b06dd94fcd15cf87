"""Networks out of pickled objects: the tensors that lay in them, and the plain attributes beside these, by dotted names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from organza.errors import OrganzaError
from organza.exchange.authors.inert import Thing
from organza.exchange.authors.reading import Opened, tensors_of

DEPTH = 12  # of modules within modules: those that are known go to 6
MODULES = 10_000  # in a network: those that are known have some hundred
ENTRIES = 1_000  # in a module: those that are known have some ten
TOTAL = 100_000  # entries of all modules: those that are known have some thousand
NAME, FULL_NAME = 100, 200  # characters of a name, and of the dotted one: those that are known have 30 and 70
NUMBERS = 16  # in a list among the settings: filters have four
COMPONENTS = 8  # of a network of TensorFlow: it is known to have three
UNKNOWN = "no plain value"  # stands for a setting that is none, so that it still differs from what is expected
PERSISTED = "torch_utils.persistence._reconstruct_persistent_obj"
NETWORK = "dnnlib.tflib.network.Network"


@dataclass(frozen=True)
class Flat:
    """A network as its authors' code names things.

    Attributes:
        tensors: Parameters and buffers, finite float32.
        settings: Numbers, words and truth values that its modules kept, by "module.attribute".
    """

    tensors: dict[str, Tensor]
    settings: dict[str, Any]

    def all(self, attribute: str) -> set[Any]:
        """The different values of an attribute over all modules."""
        return {value for name, value in self.settings.items() if name.rpartition(".")[2] == attribute}


def state_of(module: Any) -> Mapping[Any, Any]:
    """The attributes of a pickled module: as NVIDIA's code pickles it, beside the source of its class; or plainly.

    Raises:
        OrganzaError: It is no module.
    """
    state: Any = None
    if isinstance(module, Thing) and module.name == PERSISTED:
        (meta,) = module.arguments if len(module.arguments) == 1 else (None,)
        state = meta.get("state") if isinstance(meta, Mapping) else None
    elif isinstance(module, Thing):
        state = module.state
    if not isinstance(state, Mapping) or len(state) > ENTRIES:
        raise OrganzaError("the file holds another thing where a network should be")
    return state


def flatten(module: Any, opened: Opened) -> Flat:
    """A module of PyTorch with all modules in it.

    Raises:
        OrganzaError: It is none, or its tensors are not what they say.
    """
    tensors: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    entries = 0
    for count, (name, state) in enumerate(nested(module, "", DEPTH)):
        if count > MODULES:
            raise OrganzaError(f"its network has more than {MODULES:,} modules")
        parts = [entries_of(state.get(part, {})) for part in ("_parameters", "_buffers")]
        entries += len(state) + sum(map(len, parts))
        if entries > TOTAL:
            raise OrganzaError(f"the modules of its network have more than {TOTAL:,} entries")
        for part in parts:
            tensors |= {joined(name, key): value for key, value in part.items() if value is not None}
        settings |= {
            joined(name, key): value
            for key, value in state.items()
            if isinstance(key, str) and isinstance(value, str | int | float | bool | None)
        }
    found = tensors_of(tensors, opened)
    if not found:
        raise OrganzaError("its network has no tensors")
    return Flat(found, settings)


def entries_of(part: Any) -> Mapping[Any, Any]:
    """The modules, parameters or buffers in a module.

    Raises:
        OrganzaError: They are no dict, or more than any network's.
    """
    if not isinstance(part, Mapping) or len(part) > ENTRIES:
        raise OrganzaError("the file holds another thing where a network should be")
    return part


def joined(prefix: str, name: Any) -> str:
    """The full name. One long name in a small file, within modules that are named many times, would be many long ones here.

    Raises:
        OrganzaError: It is longer than any network's, or no string.
    """
    if type(name) is not str or len(name) > NAME or len(prefix) + len(name) > FULL_NAME:
        raise OrganzaError("its modules have names that no network's have")
    return f"{prefix}{name}"


def nested(module: Any, prefix: str, depth: int) -> Iterator[tuple[str, Mapping[Any, Any]]]:
    """The attributes of a module and of those in it, with the prefix of their names."""
    if depth == 0:
        raise OrganzaError("its network has modules within modules without end")
    state = state_of(module)
    yield prefix, state
    for name, other in entries_of(state.get("_modules", {})).items():
        if other is not None:
            yield from nested(other, f"{joined(prefix, name)}.", depth - 1)


def flatten_tensorflow(network: Any, opened: Opened) -> Flat:
    """A `dnnlib.tflib.Network` with its components; names have slashes.

    Raises:
        OrganzaError: It is none, or its arrays are not what they say.
    """
    variables: dict[str, Any] = {}
    settings: dict[str, Any] = {}
    pending, count = [("", network)], 0
    while pending:
        prefix, other = pending.pop()
        state = other.state if isinstance(other, Thing) and other.name == NETWORK else {}
        own, components = state.get("variables"), state.get("components", {})
        count += 1
        if not isinstance(own, list | tuple) or not isinstance(components, Mapping) or count > COMPONENTS:
            raise OrganzaError("the file holds another thing where a network of TensorFlow should be")
        if len(own) > ENTRIES:
            raise OrganzaError(f"its network has more than {ENTRIES:,} variables")
        for pair in own:
            if not isinstance(pair, tuple) or len(pair) != 2:
                raise OrganzaError("the variables of its network are no pairs of name and array")
            variables[joined(prefix, pair[0])] = pair[1]
        for name, value in entries_of(state.get("static_kwargs") or {}).items():
            settings[joined("", name)] = value if plain(value) else UNKNOWN
        pending += [(f"{joined(prefix, name)}/", inner) for name, inner in list(components.items())[:COMPONENTS]]
    return Flat(tensors_of(variables, opened), settings)


def plain(value: Any) -> bool:
    """Whether a setting may be shown in a message: a short word, a number, or a few numbers."""
    if isinstance(value, list | tuple):
        return len(value) <= NUMBERS and all(isinstance(each, int | float) for each in value)
    return isinstance(value, int | float | None) or (isinstance(value, str) and len(value) <= NAME)
