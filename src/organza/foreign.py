"""What comes from others: libraries that only some parts need, and what they say when they fail."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from organza.errors import OrganzaError

LONGEST = 200  # characters of a reason that are shown


def need(module: str, library: str, extra: str, who: str) -> Any:
    """A module of an optional library.

    Args:
        module: To import.
        library: Its name for people.
        extra: Of organza, that installs it.
        who: Needs it.

    Raises:
        OrganzaError: It is not there, or cannot be imported.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise OrganzaError(f"{who} needs {library} ({reason(error)}): pip install 'organza[{extra}]'") from None


def reason(error: Exception, line: int = 0) -> str:
    """One line of what an error says, or else its class.

    Args:
        error: Of a library.
        line: Which of those that are not empty: 0 for the first, -1 for the last, where tracebacks say what happened.
    """
    lines = [text.strip() for text in str(error).splitlines() if text.strip()]
    if not lines:
        return type(error).__name__
    return lines[line] if len(lines[line]) <= LONGEST else lines[line][:LONGEST] + "…"
