"""A pickle read as data: a machine for its language that can put together, but neither import nor call anything.

A pickle is a program for a small stack machine. Python's own machine imports what the program names and calls it; this one
looks every name up in a table of ours, and what it finds there are functions of ours that build stand-ins. A name that is not
in the table ends the reading, and so do the instructions that Python's extension registry answers. Nothing is allocated on the
word of the file: every length is held against the bytes that are there. Sources: PEP 307, PEP 3154 and PEP 574.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping, Sized
from dataclasses import dataclass, field
from typing import Any

INSTRUCTIONS = 4_000_000  # the largest checkpoints that are known need a fiftieth of that
WORK = 8  # times the file's length that the arguments of all that is built may have together, as containers can be named twice
LARGE = 1 << 12  # bytes from which on the file's are pointed at, not copied
INTEGER = 256  # bytes: the longest integer that is read


class WantsToRun(Exception):
    """The pickle asks for something that only running code can give; the argument is its name."""


class Malformed(Exception):
    """The pickle breaks the rules of its language, or the limits of this machine."""


@dataclass(frozen=True)
class Named:
    """What a name of the pickle stands for here.

    Attributes:
        name: As "module.name".
        make: Arguments -> what is built of them; a function of ours. None: it is only a name, and nothing is built.
    """

    name: str
    make: Callable[[tuple[Any, ...]], Any] | None = None


class Record(dict[Any, Any]):
    """A dict of any of the kinds that checkpoints hold."""


@dataclass(eq=False)
class Thing:
    """An object of some class, of which nothing is kept but the name of the class and what lay in the object.

    Attributes:
        name: As "module.name".
        arguments: That it was made with.
        state: Its attributes.
    """

    name: str
    arguments: tuple[Any, ...] = ()
    state: dict[str, Any] = field(default_factory=dict)

    def take(self, state: Any) -> None:
        """Take the state that the pickle gives."""
        parts = state if isinstance(state, tuple) else (state,)  # of the object, and of its slots
        for part in parts:
            if isinstance(part, dict):
                self.state.update(part)
            elif part is not None:
                raise Malformed(f"the state of {self.name} is no dict")


Names = Mapping[str, Named]
Persistent = Callable[[Any], Any]


def unpickle(data: memoryview, names: Names, persistent: Persistent | None = None, start: int = 0) -> tuple[Any, int]:
    """What a pickle holds, as numbers, strings, containers and stand-ins.

    Args:
        data: Bytes in which the pickle lies; long strings of bytes in the result are views into them.
        names: All that the pickle may name, by "module.name".
        persistent: What stands for an object that the pickle only points at, from its identifier; None: none may be.
        start: Where it begins.

    Returns:
        The content, and the place after the pickle's last byte.

    Raises:
        WantsToRun: It names something that is not in `names`.
        Malformed: It is damaged, cut short, or no pickle.
    """
    machine = _Machine(data, names, persistent, start)
    try:
        return machine.run(), machine.place
    except (IndexError, KeyError, TypeError, ValueError, AttributeError, OverflowError, struct.error) as error:
        raise Malformed(f"{type(error).__name__} at byte {machine.place}") from None


class _Machine:
    """The stack machine. Containers are Python's own; everything with a name is a stand-in."""

    def __init__(self, data: memoryview, names: Names, persistent: Persistent | None, start: int) -> None:
        self.data, self.names, self.persistent, self.place = data, names, persistent, start
        self.stack: list[Any] = []
        self.marks: list[list[Any]] = []
        self.memo: dict[int, Any] = {}
        self.work = WORK * len(data) + INSTRUCTIONS

    def run(self) -> Any:
        for _ in range(INSTRUCTIONS):
            code = self.take(1)[0]
            if code == STOP:
                if self.marks:
                    raise Malformed("it ends within a list")
                return self.stack.pop()
            action = ACTIONS.get(code)
            if action is None:
                raise Malformed(f"byte {self.place - 1} is no instruction")
            action(self)
        raise Malformed(f"it has more than {INSTRUCTIONS:,} instructions")

    # The file.

    def take(self, count: int) -> memoryview:
        """The next bytes, which must be there."""
        end = self.place + count
        if count < 0 or end > len(self.data):
            raise Malformed(f"it is cut short at byte {self.place}")
        view = self.data[self.place : end]
        self.place = end
        return view

    def number(self, form: str) -> Any:
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def line(self) -> bytes:
        """Up to the next line feed, which is taken, too."""
        step, found = 256, bytearray()
        while True:
            piece = bytes(self.data[self.place : self.place + step])
            end = piece.find(b"\n")
            if end >= 0:
                self.place += end + 1
                return bytes(found + piece[:end])
            if not piece or len(found) > 1 << 20:
                raise Malformed(f"it is cut short at byte {self.place}")
            found += piece
            self.place += len(piece)

    # The stack.

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def since_mark(self) -> list[Any]:
        """What was pushed since the last mark."""
        items, self.stack = self.stack, self.marks.pop()
        return items

    def text(self, form: str) -> None:
        self.push(str(self.take(self.number(form)), "utf-8", "surrogatepass"))

    def old_text(self, form: str) -> None:
        """A string of Python 2, which may be bytes."""
        self.push(str(self.take(self.number(form)), "latin-1"))

    def quoted(self) -> None:
        """A string of Python 2 between quotes."""
        line = self.line().strip()
        if len(line) < 2 or line[:1] != line[-1:] or line[:1] not in (b"'", b'"'):
            raise Malformed("a string without quotes")
        self.push(line[1:-1].decode("unicode-escape"))

    def binary(self, form: str) -> None:
        view = self.take(self.number(form))
        self.push(view if len(view) >= LARGE else bytes(view))

    def integer(self, form: str) -> None:
        count = self.number(form)
        if count > INTEGER:
            raise Malformed(f"an integer of {count} bytes")
        self.push(int.from_bytes(self.take(count), "little", signed=True))

    def written_integer(self, line: bytes) -> None:
        if len(line) > 2 * INTEGER:
            raise Malformed("a very long integer")
        self.push({b"00": False, b"01": True}.get(line) if line in (b"00", b"01") else int(line.rstrip(b"L")))

    def name(self, module: Any, name: Any) -> None:
        """Push what a name stands for; with an error if it stands for nothing."""
        if type(module) is not str or type(name) is not str:
            raise Malformed("a name that is no string")
        full = f"{module}.{name}"
        found = self.names.get(full)
        if found is None:
            raise WantsToRun(printable(full))
        self.push(found)

    def named_on_stack(self) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self.name(module, name)

    def made(self, options: bool = False) -> None:
        """What a named thing makes of arguments: for us, a function call and the making of an object are the same."""
        keywords = self.stack.pop() if options else None
        arguments, named = self.stack.pop(), self.stack.pop()
        if keywords or not isinstance(arguments, tuple) or not isinstance(named, Named):
            raise Malformed("something that is no known function is called")
        if named.make is None:
            raise WantsToRun(named.name)
        self.charge(arguments)
        self.push(named.make(arguments))

    def charge(self, values: tuple[Any, ...]) -> None:
        """Count what is worked through, lest a short pickle names one long container again and again."""
        self.work -= sum(len(value) for value in values if isinstance(value, Sized))
        if self.work < 0:
            raise Malformed("it builds much more than it holds")

    def build(self) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        self.charge(state if isinstance(state, tuple) else (state,))
        if isinstance(target, Record):  # an OrderedDict with attributes: those of state_dict are versions
            return
        target.take(state)

    def pointed_at(self, identifier: Any) -> None:
        if self.persistent is None:
            raise Malformed("it points at something outside itself")
        self.push(self.persistent(identifier))

    def append(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if type(target) is not list:
            raise Malformed("something is appended to what is no list")
        target.extend(items)

    def set_items(self, items: list[Any]) -> None:
        target = self.stack[-1]
        if type(target) not in (dict, Record) or len(items) % 2:
            raise Malformed("items are put into what is no dict")
        target.update((_hashable(key), value) for key, value in zip(items[::2], items[1::2], strict=True))

    def add_items(self) -> None:
        items, target = self.since_mark(), self.stack[-1]
        if type(target) is not set:
            raise Malformed("members are put into what is no set")
        target.update(_hashable(item) for item in items)

    def dictionary(self) -> None:
        items = self.since_mark()
        self.push({})
        self.set_items(items)

    def mark(self) -> None:
        self.marks.append(self.stack)
        self.stack = []

    def pop(self) -> None:
        if self.stack:
            self.stack.pop()
        else:
            self.stack = self.marks.pop()

    def tuple_of(self, count: int) -> None:
        items = tuple(self.stack[-count:])
        if len(items) < count:
            raise Malformed("a tuple of what is not there")
        self.stack[-count:] = [items]

    def remember(self, index: int) -> None:
        if not 0 <= index < 1 << 32:
            raise Malformed("it remembers something under a number that is none")
        self.memo[index] = self.stack[-1]

    def refuse(self, name: str) -> None:
        raise WantsToRun(name)

    def global_line(self) -> None:
        module, name = self.line().decode(), self.line().decode()
        self.name(module, name)

    def old_instance(self) -> None:
        """An object of Python 2, class and arguments since the mark: no checkpoint has one."""
        self.global_line()
        raise WantsToRun(self.stack[-1].name)

    def old_object(self) -> None:
        items = self.since_mark()
        raise WantsToRun(items[0].name)


def _hashable(key: Any) -> Any:
    """A key that is found in little time: no tuple within tuples, and no numbers made to collide."""
    if type(key) in (str, bytes, bool, type(None)) or (type(key) is int and abs(key) < 1 << 53):
        return key
    raise Malformed(f"a key that is a {type(key).__name__}")


def printable(text: str, length: int = 80) -> str:
    """A stranger's text for a message of one line: its first characters, those that no terminal shows as "?"."""
    return "".join(letter if letter.isprintable() else "?" for letter in text[:length])


STOP = ord(".")
ACTIONS: dict[int, Callable[[_Machine], Any]] = {
    ord("("): _Machine.mark,
    ord("0"): _Machine.pop,
    ord("1"): _Machine.since_mark,
    ord("2"): lambda machine: machine.push(machine.stack[-1]),
    ord("F"): lambda machine: machine.push(float(machine.line())),
    ord("I"): lambda machine: machine.written_integer(machine.line()),
    ord("J"): lambda machine: machine.push(machine.number("<i")),
    ord("K"): lambda machine: machine.push(machine.number("<B")),
    ord("L"): lambda machine: machine.written_integer(machine.line()),
    ord("M"): lambda machine: machine.push(machine.number("<H")),
    ord("N"): lambda machine: machine.push(None),
    ord("P"): lambda machine: machine.pointed_at(machine.line().decode()),
    ord("Q"): lambda machine: machine.pointed_at(machine.stack.pop()),
    ord("R"): _Machine.made,
    ord("S"): _Machine.quoted,
    ord("T"): lambda machine: machine.old_text("<i"),
    ord("U"): lambda machine: machine.old_text("<B"),
    ord("V"): lambda machine: machine.push(machine.line().decode("raw-unicode-escape")),
    ord("X"): lambda machine: machine.text("<I"),
    ord("a"): lambda machine: machine.append([machine.stack.pop()]),
    ord("b"): _Machine.build,
    ord("c"): _Machine.global_line,
    ord("d"): _Machine.dictionary,
    ord("}"): lambda machine: machine.push({}),
    ord("e"): lambda machine: machine.append(machine.since_mark()),
    ord("g"): lambda machine: machine.push(machine.memo[int(machine.line())]),
    ord("h"): lambda machine: machine.push(machine.memo[machine.number("<B")]),
    ord("i"): _Machine.old_instance,
    ord("j"): lambda machine: machine.push(machine.memo[machine.number("<I")]),
    ord("l"): lambda machine: machine.push(machine.since_mark()),
    ord("]"): lambda machine: machine.push([]),
    ord("o"): _Machine.old_object,
    ord("p"): lambda machine: machine.remember(int(machine.line())),
    ord("q"): lambda machine: machine.remember(machine.number("<B")),
    ord("r"): lambda machine: machine.remember(machine.number("<I")),
    ord("s"): lambda machine: machine.set_items([machine.stack.pop(-2), machine.stack.pop()]),
    ord("t"): lambda machine: machine.push(tuple(machine.since_mark())),
    ord(")"): lambda machine: machine.push(()),
    ord("u"): lambda machine: machine.set_items(machine.since_mark()),
    ord("G"): lambda machine: machine.push(machine.number(">d")),
    ord("B"): lambda machine: machine.binary("<I"),
    ord("C"): lambda machine: machine.binary("<B"),
    0x80: lambda machine: machine.take(1),  # the version of the language
    0x81: _Machine.made,
    **{code: lambda machine: machine.refuse("a registered extension") for code in (0x82, 0x83, 0x84)},
    0x85: lambda machine: machine.tuple_of(1),
    0x86: lambda machine: machine.tuple_of(2),
    0x87: lambda machine: machine.tuple_of(3),
    0x88: lambda machine: machine.push(True),
    0x89: lambda machine: machine.push(False),
    0x8A: lambda machine: machine.integer("<B"),
    0x8B: lambda machine: machine.integer("<i"),
    0x8C: lambda machine: machine.text("<B"),
    0x8D: lambda machine: machine.text("<Q"),
    0x8E: lambda machine: machine.binary("<Q"),
    0x8F: lambda machine: machine.push(set()),
    0x90: _Machine.add_items,
    0x91: lambda machine: machine.push(frozenset(map(_hashable, machine.since_mark()))),
    0x92: lambda machine: machine.made(options=True),
    0x93: _Machine.named_on_stack,
    0x94: lambda machine: machine.remember(len(machine.memo)),
    0x95: lambda machine: machine.take(8),  # the length of a frame, which only helps those who read by pieces
    0x96: lambda machine: machine.binary("<Q"),
    0x98: lambda machine: None,  # "read only": everything is
}
