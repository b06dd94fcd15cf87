"""Folders and zips of files behind one face."""

from __future__ import annotations

import os
import re
import stat
import zipfile
from pathlib import Path, PurePosixPath
from typing import NamedTuple, Protocol

from organza.data.problems import Fault
from organza.errors import OrganzaError

IGNORED = {"__MACOSX", "Thumbs.db", "desktop.ini"}


class Item(NamedTuple):
    """A file: its path within the container, its size in bytes, and a stamp that changes when it is written."""

    path: str
    size: int
    stamp: int


class Container(Protocol):
    """Files by path, in natural order."""

    def items(self) -> tuple[list[Item], list[Fault]]:
        """All files that are not hidden, and what is wrong with the rest."""
        ...

    def read(self, path: str) -> bytes:
        """The bytes of a file.

        Raises:
            OSError: It cannot be read.
        """
        ...


class Folder:
    """A folder and all folders in it, each followed once even where links make a loop."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def items(self) -> tuple[list[Item], list[Fault]]:
        found: list[Item] = []
        faults: list[Fault] = []
        seen: set[tuple[int, int]] = set()
        for place, folders, files in os.walk(self.root, followlinks=True):
            inside = os.path.relpath(place, self.root)
            status = os.stat(place)
            if (status.st_dev, status.st_ino) in seen:
                faults.append(Fault("repeated-folder", Path(inside).as_posix()))
                folders.clear()
                continue
            seen.add((status.st_dev, status.st_ino))
            folders[:] = [name for name in folders if not hidden(name)]
            for name in files:
                if hidden(name):
                    continue
                path = PurePosixPath(Path(inside, name).as_posix()).as_posix()
                try:
                    about = os.stat(os.path.join(place, name))
                except OSError:
                    faults.append(Fault("unreadable", path))
                    continue
                if stat.S_ISREG(about.st_mode):  # a pipe would wait for ever
                    found.append(Item(path, about.st_size, about.st_mtime_ns))
        return sorted(found, key=lambda item: natural(item.path)), faults

    def read(self, path: str) -> bytes:
        return (self.root / path).read_bytes()


class Zip:
    """A zip file, read in memory: nothing is unpacked. A single folder around everything is taken off.

    Args:
        path: Of the zip.
        inside: Only files in this folder of the zip.

    Raises:
        OrganzaError: It is no zip, it is damaged, or it is encrypted.
    """

    def __init__(self, path: Path, inside: str = "") -> None:
        self.path = path
        try:
            self.file = zipfile.ZipFile(path)
        except zipfile.BadZipFile:
            raise OrganzaError(f"{path} is no whole zip file: make it again") from None
        except OSError as error:
            raise OrganzaError(f"cannot read {path}: {error.strerror}") from None
        self.entries = {
            entry.filename: entry
            for entry in self.file.infolist()
            if not entry.is_dir() and not any(map(hidden, PurePosixPath(entry.filename).parts))
        }
        if any(entry.flag_bits & 1 for entry in self.entries.values()):
            raise OrganzaError(f"{path} is encrypted: unpack it, and name the folder")
        tops = {name.partition("/")[0] for name in self.entries if "/" in name}
        alone = len(tops) == 1 and all("/" in name for name in self.entries)
        inside = inside and f"{inside}/"
        self.prefix = inside or (f"{tops.pop()}/" if alone else "")
        self.entries = {name: entry for name, entry in self.entries.items() if name.startswith(self.prefix)}

    def items(self) -> tuple[list[Item], list[Fault]]:
        found = [
            Item(name.removeprefix(self.prefix), entry.file_size, entry.CRC) for name, entry in self.entries.items()
        ]
        return sorted(found, key=lambda item: natural(item.path)), []

    def read(self, path: str) -> bytes:
        try:
            return self.file.read(self.entries[self.prefix + path])
        except Exception as error:  # zlib.error, lzma errors: a damaged entry is one file lost, not the zip
            raise OSError(str(error)) from error


def hidden(name: str) -> bool:
    """Whether an operating system, not the user, has put a file of this name there."""
    return name.startswith(".") or name in IGNORED


def natural(path: str) -> list[tuple[bool, int, str]]:
    """Sort key that puts 2.png before 10.png."""
    return [(not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in re.split(r"(\d+)", path)]
