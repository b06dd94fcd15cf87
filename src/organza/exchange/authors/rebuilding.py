"""What the pickles of checkpoints may name, and what is built for it: tensors, arrays, plain containers, stand-ins.

The names are facts of PyTorch, NumPy, and of NVIDIA's and the authors' training code. None of them is imported here: beside
each stands a function of ours. A tensor is a view into a storage, and may not be larger than that; a storage is a view into
the file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor

from organza.exchange.authors.inert import Malformed, Named, Names, Record, Thing, WantsToRun, printable, unpickle

Bytes = bytes | memoryview
DTYPES = {
    "Double": torch.float64,
    "Float": torch.float32,
    "Half": torch.float16,
    "BFloat16": torch.bfloat16,
    "Long": torch.int64,
    "Int": torch.int32,
    "Short": torch.int16,
    "Char": torch.int8,
    "Byte": torch.uint8,
    "Bool": torch.bool,
    "ComplexFloat": torch.complex64,
    "ComplexDouble": torch.complex128,
}
MAGIC, VERSION = 0x1950A86A20F9469CFC6C, 1001  # with which torch.save's old form begins


@dataclass(eq=False)
class Storage:
    """Numbers in a row, as they lie in the file.

    Attributes:
        dtype: Of each.
        count: How many.
        read: Gives their bytes; None while the file has not come to them.
    """

    dtype: torch.dtype
    count: int
    read: Callable[[], Bytes] | None
    _tensor: Tensor | None = field(default=None, repr=False)

    def tensor(self) -> Tensor:
        """All of them, [count]; copied out of the file once."""
        if self._tensor is None:
            if self.read is None:
                raise Malformed("a tensor's numbers are missing")
            content, wanted = self.read(), self.count * self.dtype.itemsize
            if len(content) < wanted:
                raise Malformed("a tensor's numbers are cut short")
            own = bytearray(content[:wanted])
            self._tensor = torch.frombuffer(own, dtype=self.dtype) if own else torch.empty(0, dtype=self.dtype)
        return self._tensor


@dataclass(frozen=True, eq=False)
class Numbers:
    """A tensor: how it lies in its storage, in numbers, not bytes."""

    storage: Storage
    offset: int
    size: tuple[int, ...]
    stride: tuple[int, ...]

    @property
    def claims_too_much(self) -> bool:
        """Whether there are more numbers than in the storage: strides of 0 let one number fill any shape, on paper."""
        return prod(self.size) > self.storage.count

    def tensor(self) -> Tensor:
        """The tensor itself.

        Raises:
            Malformed: It reaches beyond its storage, or that beyond the file.
        """
        if prod(self.size) and not self.claims_too_much:
            last = self.offset + sum((count - 1) * step for count, step in zip(self.size, self.stride, strict=True))
            if last < self.storage.count:
                return self.storage.tensor().as_strided(self.size, self.stride, self.offset)
        elif not prod(self.size):
            return torch.empty(self.size, dtype=self.storage.dtype)
        raise Malformed(f"a tensor of shape {list(self.size)} reaches beyond its {self.storage.count:,} numbers")


def whole(values: Any) -> tuple[int, ...]:
    """A shape, or strides: not negative, not so many that they were no tensor's."""
    if not isinstance(values, list | tuple) or len(values) > 16:
        raise Malformed("a tensor's shape is none")
    if any(type(value) is not int or not 0 <= value < 1 << 48 for value in values):
        raise Malformed("a tensor's shape is none")
    return tuple(values)


def tensor_of(arguments: tuple[Any, ...]) -> Numbers:
    """torch._utils._rebuild_tensor and _v2: (storage, offset, size, stride, ...)."""
    storage, (offset, *_) = arguments[0], whole([arguments[1]])
    size, stride = whole(arguments[2]), whole(arguments[3])
    if type(storage) is not Storage or len(size) != len(stride):
        raise Malformed("a tensor without numbers")
    return Numbers(storage, offset, size, stride)


def first_of(arguments: tuple[Any, ...]) -> Any:
    """Of a parameter: its tensor."""
    return arguments[0]


def of_type(arguments: tuple[Any, ...]) -> Any:
    """torch._tensor._rebuild_from_type_v2: (function, type, arguments, state); the function is that for a plain tensor."""
    function, _, inner = arguments[:3]
    if not isinstance(function, Named) or function.make is not tensor_of or not isinstance(inner, tuple):
        raise Malformed("a tensor of a type that is none")
    return tensor_of(inner)


def embedded_storage(arguments: tuple[Any, ...]) -> Storage:
    """torch.storage._load_from_bytes: a storage as a file within the file, of torch.save's old form."""
    found = read_old(memoryview(arguments[0]), STORAGES)
    if type(found) is not Storage:
        raise Malformed("a storage that is none")
    return found


def read_old(data: memoryview, names: Names) -> Any:
    """torch.save's old form: five pickles, then the numbers of every storage, each after their count.

    Raises:
        WantsToRun, Malformed: As of `unpickle`.
    """
    storages: dict[str, Storage] = {}

    def pointed(identifier: Any) -> Storage:
        kind, named, key, *_ = identifier
        if kind != "storage":
            raise WantsToRun(f"a pickled {printable(kind)}" if isinstance(kind, str) else "a pickled object")
        (count,) = whole([identifier[4]])
        return storages.setdefault(key_of(key), Storage(dtype_of(named), count, None))

    magic, place = unpickle(data, {})
    version, place = unpickle(data, {}, start=place)
    system, place = unpickle(data, {}, start=place)
    if magic != MAGIC or version != VERSION or type(system) is not dict:
        raise Malformed("it is no file of PyTorch")
    if system.get("little_endian") is not True:
        raise Malformed("its bytes are in another order than this computer's")
    content, place = unpickle(data, names, pointed, place)
    keys, place = unpickle(data, {}, start=place)
    for key in keys:
        storage = storages[key_of(key)]
        count = int.from_bytes(data[place : place + 8], "little")
        place, end = place + 8, place + 8 + count * storage.dtype.itemsize
        if count != storage.count or end > len(data):
            raise Malformed("its numbers are cut short")
        storage.read = lambda place=place, end=end: data[place:end]
        place = end
    return content


def key_of(key: Any) -> str:
    """The name of a storage. Words and numbers only: tuples named twice in each other are short in a file, endless as text."""
    if type(key) not in (str, int):
        raise Malformed("a storage without a name")
    return str(key)


def dtype_of(named: Any) -> torch.dtype:
    """The type of numbers in a storage, from the name of its class."""
    match = re.fullmatch(r"torch\.(\w+)Storage", named.name) if isinstance(named, Named) else None
    if match is None or match[1] not in DTYPES:
        raise Malformed("a storage of an unknown type")
    return DTYPES[match[1]]


# Arrays.


@dataclass(eq=False)
class ArrayType:
    """NumPy's type of numbers: a letter and bytes, as "f4"."""

    code: str
    order: str = "<"

    def take(self, state: Any) -> None:
        self.order = state[1]

    @property
    def numpy(self) -> np.dtype[Any]:
        if not re.fullmatch(r"[fiub][1248]", self.code) or self.order not in ("<", ">", "|", "="):
            raise Malformed(f"an array of {self.code[:20]}")
        return np.dtype(f"{self.order}{self.code}")


@dataclass(eq=False)
class Array:
    """An array, while it is being put together."""

    values: np.ndarray[Any, Any] | None = None

    def take(self, state: Any) -> None:
        """(version, shape, type, whether columns come first, bytes)."""
        _, shape, kind, columns, content = state
        if type(content) is str:  # as NumPy of Python 2 wrote it
            content = content.encode("latin-1")
        self.values = array_from(content, kind, shape, "F" if columns else "C")

    def tensor(self) -> Tensor:
        """The same as a tensor."""
        if self.values is None:
            raise Malformed("an array without numbers")
        return torch.from_numpy(np.array(self.values, self.values.dtype.newbyteorder("=")))


def array_from(content: Any, kind: Any, shape: Any, order: str) -> np.ndarray[Any, Any]:
    """An array over bytes, which must be as many as it needs."""
    if not isinstance(kind, ArrayType) or not isinstance(content, bytes | memoryview):
        raise Malformed("an array of objects")
    sizes = whole(shape)
    if prod(sizes) * kind.numpy.itemsize != len(content):
        raise Malformed(f"an array of shape {list(sizes)} in {len(content):,} bytes")
    return np.frombuffer(content, kind.numpy).reshape(sizes, order="F" if order == "F" else "C")


def array_of_buffer(arguments: tuple[Any, ...]) -> Array:
    """NumPy's _frombuffer: (bytes, type, shape, order)."""
    content, kind, shape, order = arguments
    return Array(array_from(content, kind, shape, order))


def scalar_of(arguments: tuple[Any, ...]) -> Any:
    """A number of NumPy's, as Python's: (type, bytes)."""
    kind, content = arguments
    if type(content) is str:
        content = content.encode("latin-1")
    return array_from(content, kind, (), "C").item()


def array_type_of(arguments: tuple[Any, ...]) -> ArrayType:
    """A type of numbers, from its code."""
    if type(arguments[0]) is not str:
        raise Malformed("a type of numbers that is none")
    return ArrayType(arguments[0])


# Containers and stand-ins.


def encoded(arguments: tuple[Any, ...]) -> bytes:
    """_codecs.encode(text, "latin1"): how protocol 2 writes bytes."""
    text, encoding = arguments
    if type(text) is not str or encoding not in ("latin1", "latin-1"):
        raise Malformed("bytes in an unknown encoding")
    return text.encode("latin-1")


def no_bytes(arguments: tuple[Any, ...]) -> bytes:
    """bytes(): how protocol 2 writes none."""
    if arguments:
        raise Malformed("bytes are made of something")
    return b""


def record_of(arguments: tuple[Any, ...]) -> Record:
    """An OrderedDict or a like: nothing, or pairs."""
    pairs = arguments[0] if arguments else ()
    if isinstance(pairs, dict):
        return Record(pairs)
    if not isinstance(pairs, list | tuple) or any(type(key) is not str for key, _ in pairs):
        raise Malformed("a dict of what are no pairs")
    return Record(pairs)


def set_of(arguments: tuple[Any, ...]) -> set[Any]:
    """A set of words or numbers."""
    items = arguments[0] if arguments else ()
    if not isinstance(items, list | tuple) or any(type(item) not in (str, int) for item in items):
        raise Malformed("a set of what cannot be in one")
    return set(items)


def array_shell(_: tuple[Any, ...]) -> Array:
    """NumPy's _reconstruct: (class, shape, type), all of which the state says again."""
    return Array()


def thing(name: str) -> Named:
    """A name whose objects become stand-ins."""
    return Named(name, lambda arguments: Thing(name, arguments))


def reconstructed(arguments: tuple[Any, ...]) -> Any:
    """copyreg._reconstructor: (class, base, state of the base), for objects and dicts of protocol 0 and 1."""
    named, base, state = arguments
    if not isinstance(named, Named) or named.make is None or not isinstance(base, Named):
        raise Malformed("an object of a class that is none")
    return named.make(() if state is None else (state,))


def table(named: Iterable[Named]) -> dict[str, Named]:
    """Named things by their names."""
    return {each.name: each for each in named}


STORAGES = table(Named(f"torch.{name}Storage") for name in DTYPES)
TENSORS = STORAGES | table(
    [
        Named("torch._utils._rebuild_tensor", tensor_of),
        Named("torch._utils._rebuild_tensor_v2", tensor_of),
        Named("torch._utils._rebuild_parameter", first_of),
        Named("torch._utils._rebuild_parameter_with_state", first_of),
        Named("torch._tensor._rebuild_from_type_v2", of_type),
        Named("torch.storage._load_from_bytes", embedded_storage),
        Named("torch.Tensor", None),
        Named("torch.nn.parameter.Parameter", first_of),
        Named("torch.Size", lambda arguments: whole(arguments[0]) if arguments else ()),
        thing("torch.device"),
        thing("torch._utils._rebuild_sparse_tensor"),
        thing("torch.serialization._get_layout"),
        *(Named(f"torch.{str(dtype).removeprefix('torch.')}") for dtype in DTYPES.values()),
        *(Named(f"collections.{name}", record_of) for name in ("OrderedDict", "Counter")),
        *(Named(f"{module}.set", set_of) for module in ("builtins", "__builtin__")),
        *(Named(f"{module}.bytes", no_bytes) for module in ("builtins", "__builtin__")),
        Named("_codecs.encode", encoded),
        *(Named(f"numpy.{core}.multiarray._reconstruct", array_shell) for core in ("core", "_core")),
        *(Named(f"numpy.{core}.multiarray.scalar", scalar_of) for core in ("core", "_core")),
        *(Named(f"numpy.{core}.numeric._frombuffer", array_of_buffer) for core in ("core", "_core")),
        Named("numpy.dtype", array_type_of),
        Named("numpy.ndarray"),
    ]
)

CLASSES = {  # of the networks that are pickled with their classes, by module
    "training.networks": ["Generator", "Discriminator"],
    "R3GAN.Networks": [
        *("Generator", "GeneratorStage", "GenerativeBasis", "UpsampleLayer"),
        *("Discriminator", "DiscriminatorStage", "DiscriminativeBasis", "DownsampleLayer"),
        *("ResidualBlock", "Convolution"),
    ],
    "R3GAN.FusedOperators": ["BiasedActivationReference", "BiasedActivationCUDA"],
    "R3GAN.Resamplers": [
        *("InterpolativeUpsamplerReference", "InterpolativeUpsamplerCUDA"),
        *("InterpolativeDownsamplerReference", "InterpolativeDownsamplerCUDA"),
    ],
    "torch.nn.modules.activation": ["LeakyReLU"],
    "torch.nn.modules.container": ["ModuleDict", "ModuleList", "Sequential"],
    "torch.nn.modules.conv": ["Conv2d"],
    "torch.nn.modules.linear": ["Identity", "Linear"],
}
# Whole training states, with the classes of their networks. What lies in them is only looked at.
STATES = TENSORS | table(
    [
        Named("dnnlib.util.EasyDict", record_of),
        thing("dnnlib.tflib.network.Network"),
        thing("torch_utils.persistence._reconstruct_persistent_obj"),
        thing("argparse.Namespace"),
        Named("copyreg._reconstructor", reconstructed),
        Named("copy_reg._reconstructor", reconstructed),
        thing("builtins.object"),
        thing("__builtin__.object"),
        Named("builtins.dict", record_of),
        *(thing(f"{module}.{name}") for module, names in CLASSES.items() for name in names),
    ]
)
