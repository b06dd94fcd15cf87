"""Tables of named things: recipes, networks, games, losses, sources."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Generic, TypeVar

from organza.errors import unknown

T = TypeVar("T")
Item = TypeVar("Item")


class Registry(Mapping[str, T], Generic[T]):
    """A mapping from names to values of one kind, whose unknown names are answered with the nearest known one."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._items: dict[str, T] = {}

    def add(self, name: str, item: T) -> T:
        """Enter `item` under `name`; a name is taken once."""
        if name in self._items:
            raise ValueError(f"{self.kind} '{name}' is registered twice")
        self._items[name] = item
        return item

    def register(self, name: str) -> Callable[[Item], Item]:
        """Decorator form of `add`, which keeps the type of what it decorates."""

        def enter(item: Item) -> Item:
            self.add(name, item)  # type: ignore[arg-type]
            return item

        return enter

    def __getitem__(self, name: str) -> T:
        if name not in self._items:
            raise unknown(self.kind, name, self._items)
        return self._items[name]

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def name_of(self, item: object) -> str:
        """The name under which `item` (or, for classes, the class of `item`) was entered."""
        for name, entered in self._items.items():
            if entered is item or entered is type(item):
                return name
        raise KeyError(f"{item!r} is no registered {self.kind}")
