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
COMPONENTS = 8  # of a network of TensorFlow: it is known to have three
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
    for count, (name, state) in enumerate(nested(module, "", DEPTH)):
        if count > MODULES:
            raise OrganzaError(f"its network has more than {MODULES:,} modules")
        for part in ("_parameters", "_buffers"):
            found = state.get(part, {})
            if isinstance(found, Mapping) and len(found) <= ENTRIES:
                tensors |= {f"{name}{key}": value for key, value in found.items() if value is not None}
        settings |= {
            f"{name}{key}": value
            for key, value in state.items()
            if isinstance(key, str) and isinstance(value, str | int | float | bool | None)
        }
    found = tensors_of(tensors, opened)
    if not found:
        raise OrganzaError("its network has no tensors")
    return Flat(found, settings)


def nested(module: Any, prefix: str, depth: int) -> Iterator[tuple[str, Mapping[Any, Any]]]:
    """The attributes of a module and of those in it, with the prefix of their names."""
    if depth == 0:
        raise OrganzaError("its network has modules within modules without end")
    state = state_of(module)
    yield prefix, state
    inner = state.get("_modules", {})
    if not isinstance(inner, Mapping):
        raise OrganzaError("the file holds another thing where a network should be")
    for name, other in inner.items():
        if other is not None:
            yield from nested(other, f"{prefix}{name}.", depth - 1)


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
        for pair in own:
            if not isinstance(pair, tuple) or len(pair) != 2:
                raise OrganzaError("the variables of its network are no pairs of name and array")
            variables[f"{prefix}{pair[0]}"] = pair[1]
        if isinstance(state.get("static_kwargs"), Mapping):
            settings |= state["static_kwargs"]
        pending += [(f"{prefix}{name}/", inner) for name, inner in list(components.items())[:COMPONENTS]]
    return Flat(tensors_of(variables, opened), settings)
