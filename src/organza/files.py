"""Writing files so that a reader, or a crash, never meets half of one; and where what can be made again is kept."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from organza.errors import OrganzaError


def cache_folder() -> Path:
    """$ORGANZA_CACHE, or `organza` in the user's cache folder."""
    own = os.environ.get("ORGANZA_CACHE")
    if own:
        return Path(own).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "organza"


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; when the block ends well, sync what was written there and rename it.

    If the block fails, the temporary file is removed and `path` is as before.

    Raises:
        OSError: The disk is full, or the folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        yield temporary
        with open(temporary, "rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(path.parent)


def write_text(path: Path, text: str) -> None:
    """Write a whole text file, UTF-8; errors as of `written_whole`."""
    with written_whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power failure, where the system can do that."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove_partial(folder: Path) -> None:
    """Remove what interrupted writes have left in `folder`."""
    for leftover in folder.glob(".*.partial"):
        leftover.unlink()


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the disk refuses within the block into one line that says where and what to do."""
    try:
        yield
    except (ConnectionError, TimeoutError):  # a logger's, say: no disk has part in it
        raise
    except OSError as error:
        place = error.filename or path
        raise OrganzaError(
            f"cannot write {place}: {error.strerror or error}; nothing that was there is lost: make room, or name another"
            " place with --out, and run the same command again"
        ) from error
