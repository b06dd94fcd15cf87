"""From a run folder to its page."""

from __future__ import annotations

from pathlib import Path

from organza.errors import OrganzaError
from organza.files import written_whole
from organza.report.folder import read_run
from organza.report.run_page import run_page


def write_report(run: Path) -> Path:
    """Write the page of the run in the folder `run`, as `report.html` inside it, and return its path.

    The page is one file that needs nothing else: it opens offline and can be sent to others.

    Raises:
        OrganzaError: The recipe or the record of the run is missing or damaged, or the page cannot be written.
    """
    return write_page(run / "report.html", run_page(read_run(run)))


def write_page(path: Path, page: str) -> Path:
    """Write a page whole or not at all, and return its path.

    Raises:
        OrganzaError: It cannot be written.
    """
    try:
        with written_whole(path) as temporary:
            temporary.write_text(page, encoding="utf-8", errors="replace")
    except OSError as error:
        raise OrganzaError(f"{path} cannot be written: {error.strerror or error}") from error
    return path
