"""The errors that a user sees, each one line: what is wrong, where, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class OrganzaError(Exception):
    """Something that the user can put right. The message is one line; the command line exits with `status`."""

    status = 1


class UsageError(OrganzaError):
    """A name, option or value that does not exist or does not fit: the command line exits with 2."""

    status = 2


class UnknownError(UsageError):
    """A name that nobody knows.

    Attributes:
        kind: What it was meant to name.
        name: What the user wrote.
    """

    def __init__(self, kind: str, name: str, hint: str) -> None:
        super().__init__(f"unknown {kind} '{name}': {hint}")
        self.kind, self.name = kind, name


class TrainingStopped(OrganzaError):
    """The training cannot go on, because a number is no longer finite: the command line exits with 3.

    Attributes:
        culprit: What is no longer finite, in words.
    """

    status = 3

    def __init__(self, message: str, culprit: str) -> None:
        super().__init__(message)
        self.culprit = culprit


def unknown(kind: str, name: str, known: Iterable[str]) -> UnknownError:
    """The error for a name that nobody knows, with the nearest ones that somebody does.

    Args:
        kind: What the name was meant to name, as in "recipe".
        name: What the user wrote.
        known: The names that exist.
    """
    known = sorted(known)
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known: {', '.join(known) or 'none'}"
    return UnknownError(kind, name, hint)
