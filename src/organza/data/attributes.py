"""A table of attributes at the top of a folder or zip: for each picture a vector of labels instead of a folder's name.

Two forms are read. `attributes.csv` has a header line; its first column is the path of a picture, relative to the table,
and each further column is one attribute. CelebA's `list_attr_celeba.txt` has a line with the number of rows, a line with
the names, and rows of -1 and 1 separated by spaces; `list_attr_celeba.csv` is the same as a csv. CelebA names its pictures
without the folder that they lie in, so there the file's name alone decides.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from organza.data.container import DAMAGED_ENTRY, Container, Item
from organza.data.picture import LARGEST_FILE
from organza.data.problems import Fault

_Rows = Iterator[tuple[int, list[str]]]


@dataclass(frozen=True, eq=False)
class Table:
    """What a table of attributes says.

    Attributes:
        path: Of the table in its container.
        names: Of the attributes, in the order of the columns.
        rows: What a row is called -> its place in `values`.
        values: float32 [rows, attributes] in [0, 1].
        faults: Why the table cannot be used; the rest is then empty.
    """

    path: str
    names: tuple[str, ...]
    rows: dict[str, int]
    values: NDArray[np.float32]
    faults: tuple[Fault, ...] = ()

    def match(self, paths: Sequence[str]) -> tuple[list[int], NDArray[np.float32], tuple[Fault, ...]]:
        """Which of the pictures at these paths have a row.

        Returns:
            Their places in `paths`; their attributes, float32 [matched, attributes]; pictures without a row, and rows
            without a picture, as faults.
        """
        keys = [self._key(path) for path in paths]
        matched = [place for place, key in enumerate(keys) if key in self.rows]
        faults = [
            Fault("picture-without-row", path) for path, key in zip(paths, keys, strict=True) if key not in self.rows
        ]
        known = set(keys)
        faults += [Fault("row-without-picture", name) for name in self.rows if name not in known]
        return matched, self.values[[self.rows[keys[place]] for place in matched]], tuple(faults)

    def _key(self, path: str) -> str:
        """What the row of the picture at this path is called."""
        folder, _, name = self.path.rpartition("/")
        if name != "attributes.csv":
            return path.rpartition("/")[2]
        return path.removeprefix(f"{folder}/") if folder else path


def find_table(items: Sequence[Item]) -> Item | None:
    """The table among these files: it lies at the top, with everything else beside or below it."""
    for name in _FORMS:
        for item in items:
            folder, _, last = item.path.rpartition("/")
            if last == name and (not folder or all(other.path.startswith(f"{folder}/") for other in items)):
                return item
    return None


def read_table(container: Container, item: Item) -> Table:
    """The table in this file. Whatever is wrong with it, all of it, is in its `faults`."""
    name = item.path.rpartition("/")[2]
    try:
        if item.size > LARGEST_FILE:
            raise _Damaged("is above 1 GiB")
        with container.open(item.path) as stream:
            text = stream.read().decode("utf-8-sig")
        names, values, rows, faults = _parse(_FORMS[name](text), name)
    except _Damaged as damaged:
        faults = [Fault("damaged-table", f"{name} {damaged}")]
    except UnicodeDecodeError:
        faults = [Fault("damaged-table", f"{name} is no text in UTF-8")]
    except (OSError, *DAMAGED_ENTRY) as error:
        faults = [Fault("damaged-table", f"{name} cannot be read: {getattr(error, 'strerror', None) or error}")]
    if faults:
        return Table(item.path, (), {}, np.zeros((0, 0), np.float32), tuple(faults))
    return Table(item.path, names, rows, values)


class _Damaged(Exception):
    """The table as a whole cannot be read; the argument goes on after its name."""


def _parse(rows: _Rows, table: str) -> tuple[tuple[str, ...], NDArray[np.float32], dict[str, int], list[Fault]]:
    """Names, values in [0, 1], the places of the rows, and what is wrong; the first of the rows is the header."""
    line, header = next(rows, (1, []))
    names = tuple(name.strip() for name in header[1:])
    if not names:
        raise _Damaged(
            f"line {line} names no attribute: a header line has a column for the file and one for each attribute"
        )
    for place, name in enumerate(names):
        if not name or name in names[:place]:
            raise _Damaged(f"line {line} " + (f"names {name} twice" if name else f"has no name in column {place + 2}"))
    places: dict[str, int] = {}
    lines: list[int] = []
    values: list[NDArray[np.float64]] = []
    faults = []
    for line, (first, *fields) in rows:
        path = first.strip().replace("\\", "/").removeprefix("./")
        if len(fields) != len(names):
            faults.append(
                Fault("damaged-table", f"{table} line {line} has {len(fields) + 1} columns and not {len(header)}")
            )
        elif path in places:
            faults.append(Fault("damaged-table", f"{table} line {line} names {path} a second time"))
        else:
            try:
                values.append(np.array([float(field) for field in fields]))
            except ValueError:
                faults.append(Fault("table-value", f"{table} line {line}: {_no_number(names, fields)}"))
            else:
                places[path] = len(lines)
                lines.append(line)
    if not lines and not faults:
        raise _Damaged("has no rows")
    table_of_values = np.stack(values) if values else np.zeros((0, len(names)))
    # A column of -1 and 1 says no and yes, as one of 0 and 1 does; which it is, only the whole column tells.
    signed = (table_of_values == -1).any(axis=0)
    with np.errstate(invalid="ignore"):
        good = np.where(signed, np.abs(table_of_values) == 1, (table_of_values >= 0) & (table_of_values <= 1))
    for row in np.flatnonzero(~good.all(axis=1)):
        column = int(np.argmin(good[row]))
        beside = " beside -1" if signed[column] else ""
        faults.append(
            Fault(
                "table-value", f"{table} line {lines[row]}: {names[column]} is {table_of_values[row, column]:g}{beside}"
            )
        )
    in_range = np.where(signed, table_of_values > 0, table_of_values)
    return names, in_range.astype(np.float32) if not faults else np.zeros((0, 0), np.float32), places, faults


def _no_number(names: Iterable[str], fields: Iterable[str]) -> str:
    """The first of the fields that is no number, by name."""
    for name, field in zip(names, fields, strict=True):
        try:
            float(field)
        except ValueError:
            return f"{name} is {field.strip()[:20] or 'empty'}"
    raise AssertionError("every field is a number")


def _csv_rows(text: str) -> _Rows:
    """(line number, fields) of every line that is not empty."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for fields in reader:
            if any(map(str.strip, fields)):
                yield reader.line_num, fields
    except csv.Error as error:
        raise _Damaged(f"line {reader.line_num} is no line of a csv: {error}") from None


def _celeba_rows(text: str) -> _Rows:
    """The same of CelebA's own form, whose header has no column for the file."""
    lines = [(number, line.split()) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    if not lines or len(lines[0][1]) != 1 or not re.fullmatch("[0-9]{1,9}", lines[0][1][0]):
        raise _Damaged("does not begin with a line that is the number of rows")
    announced = int(lines[0][1][0])
    if len(lines) - 2 != announced:
        raise _Damaged(f"announces {announced:,} rows and has {max(0, len(lines) - 2):,}: it may be truncated")
    yield from ((number, ["", *fields] if number == lines[1][0] else fields) for number, fields in lines[1:])


_FORMS: dict[str, Callable[[str], _Rows]] = {
    "attributes.csv": _csv_rows,
    "list_attr_celeba.txt": _celeba_rows,
    "list_attr_celeba.csv": _csv_rows,
}
