"""Where the files of a source lie: a folder or a zip, read alike as named streams of bytes."""

from __future__ import annotations

import hashlib
import lzma
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, NamedTuple, Protocol

from organza.data.problems import Fault
from organza.errors import OrganzaError

DAMAGED_ENTRY = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError)
"""What reading an entry of a zip raises besides OSError when its bytes are damaged or packed in an unknown way."""

IGNORED = frozenset({"__macosx", "thumbs.db", "desktop.ini"})


class Item(NamedTuple):
    """A file: its path within the container, with slashes, and its size in bytes."""

    path: str
    size: int


@dataclass(frozen=True)
class Listing:
    """What a container holds, before any file is opened.

    Attributes:
        items: The files, in natural order.
        folders: The folders, in natural order.
        faults: What cannot be listed.
        stamp: Hash that changes when a file is added, removed or written.
    """

    items: tuple[Item, ...]
    folders: tuple[str, ...]
    faults: tuple[Fault, ...]
    stamp: str


class Container(Protocol):
    """Files by path."""

    @property
    def path(self) -> Path:
        """Of the folder or the zip."""
        ...

    def listing(self) -> Listing:
        """All files and folders that are not hidden."""
        ...

    def open(self, path: str) -> IO[bytes]:
        """A stream of the bytes of a file; it may be called from several threads.

        Raises:
            OSError: The file cannot be read.
            DAMAGED_ENTRY: Its entry in a zip is damaged. Reading the stream may raise both, too.
        """
        ...


class Folder:
    """A folder and all that lies in it. Links are followed, and each folder is read once, so that loops end."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def listing(self) -> Listing:
        items: list[tuple[Item, int]] = []
        folders: list[str] = []
        faults: list[Fault] = []
        # A folder that is reached both directly and by a link keeps its own name: links wait until the end.
        waiting, linked = [""], list[str]()
        seen: set[tuple[int, int]] = set()
        while waiting or linked:
            folder = (waiting or linked).pop()
            try:
                status = os.stat(self.path / folder)
                if (status.st_dev, status.st_ino) in seen:
                    faults.append(Fault("repeated-folder", folder))
                    continue
                seen.add((status.st_dev, status.st_ino))
                with os.scandir(self.path / folder) as found:
                    children = [child for child in found if not _ignored(child.name)]
            except OSError:
                faults.append(Fault("unreadable", folder or "."))
                continue
            if folder:
                folders.append(folder)
            for child in children:
                path = f"{folder}/{child.name}" if folder else child.name
                try:
                    if child.is_dir():
                        (linked if child.is_symlink() else waiting).append(path)
                    elif stat.S_ISREG((status := child.stat()).st_mode):
                        items.append((Item(path, status.st_size), status.st_mtime_ns))
                    else:  # opening a pipe would wait for ever
                        faults.append(Fault("not-an-image", path))
                except OSError:  # a broken link
                    faults.append(Fault("unreadable", path))
        items.sort(key=lambda item: natural(item[0].path))
        stamp = _hash([os.path.realpath(self.path), *(f"{item.path}\0{item.size}\0{time}" for item, time in items)])
        faults.sort(key=lambda fault: natural(fault.path))
        return Listing(tuple(item for item, _ in items), tuple(sorted(folders, key=natural)), tuple(faults), stamp)

    def open(self, path: str) -> IO[bytes]:
        return open(self.path / path, "rb")


class Lone:
    """A file that lies by itself, as the only one of a folder."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def listing(self) -> Listing:
        try:
            status = os.stat(self.path)
        except OSError:
            return Listing((), (), (Fault("unreadable", self.path.name),), _hash([os.path.realpath(self.path)]))
        stamp = _hash([os.path.realpath(self.path), f"{status.st_size}\0{status.st_mtime_ns}"])
        return Listing((Item(self.path.name, status.st_size),), (), (), stamp)

    def open(self, path: str) -> IO[bytes]:  # noqa: ARG002 (there is no other)
        return open(self.path, "rb")


class Zip:
    """A zip file, read in memory: nothing is unpacked, so an entry's name is never a path on the disk.

    Raises:
        OrganzaError: It cannot be read, it is no zip or a damaged one, or it is encrypted.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._file = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            raise OrganzaError(f"{path} is no whole zip file ({error}): make or download it again") from None
        except OSError as error:
            raise OrganzaError(f"cannot read {path}: {error.strerror or error}") from None
        self._entries: dict[str, zipfile.ZipInfo] = {}
        self._folders: set[str] = set()
        for entry in self._file.infolist():
            # Some programs of Windows write backslashes; dots and empty parts name nothing in a zip.
            parts = [part for part in re.split(r"[/\\]", entry.filename) if part not in ("", ".", "..")]
            if any(map(_ignored, parts)) or not parts:
                continue
            if entry.flag_bits & 1:
                raise OrganzaError(f"{path} is encrypted: unpack it and name the folder")
            if not entry.is_dir():
                self._entries["/".join(parts)] = entry
                parts.pop()
            self._folders.update("/".join(parts[:depth]) for depth in range(1, len(parts) + 1))

    def listing(self) -> Listing:
        items = [Item(path, entry.file_size) for path, entry in self._entries.items()]
        items.sort(key=lambda item: natural(item.path))
        stamp = _hash(f"{item.path}\0{item.size}\0{self._entries[item.path].CRC}" for item in items)
        return Listing(tuple(items), tuple(sorted(self._folders, key=natural)), (), stamp)

    def open(self, path: str) -> IO[bytes]:
        return self._file.open(self._entries[path])


def open_container(path: Path) -> Container:
    """The folder or zip at `path`; errors as of `Zip`."""
    return Folder(path) if path.is_dir() else Zip(path)


def natural(path: str) -> list[tuple[list[tuple[int, str]], str]]:
    """Sort key of a path, folder by folder: numbers by value, so that 2.png comes before 10.png; letters in any case."""
    return [
        (
            [
                # Digits are compared by their number first: `int` refuses the thousands that an entry of a zip may have.
                (len(run.lstrip("0")), run.lstrip("0")) if odd % 2 else (0, run)
                for odd, run in enumerate(re.split("([0-9]+)", part.casefold()))
            ],
            part,
        )
        for part in path.split("/")
    ]


def _ignored(name: str) -> bool:
    """Whether an operating system, not the user, has put a file of this name there."""
    return name.startswith(".") or name.casefold() in IGNORED


def _hash(lines: Iterable[str]) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for line in lines:
        digest.update(f"{line}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()
