"""Run folders, and a browser to open their pages in."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Request, sync_playwright
from run_folders import make_run_folder

from organza.report import write_report

MakeRun = Callable[..., Path]


@pytest.fixture
def make_run(tmp_path: Path) -> MakeRun:
    """`make_run_folder` in a folder of this test."""

    def make(name: str = "one", **arguments: Any) -> Path:
        return make_run_folder(tmp_path / name, **arguments)

    return make


CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        pytest.fail(
            "no Chromium: `make test` installs Debian's package `chromium`, or leave out -m browser", pytrace=False
        )
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


@dataclass
class Opened:
    """A page in the browser, and what it did that it should not."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


OpenRun = Callable[..., Opened]


@pytest.fixture
def open_run(browser: Browser) -> Iterator[OpenRun]:
    """A function that writes the page of a run and opens it from the disk."""
    pages: list[Page] = []

    def open_(run: Path, width: int = 1280, height: int = 900, **options: Any) -> Opened:
        page = browser.new_page(viewport={"width": width, "height": height}, **options)
        pages.append(page)
        opened = Opened(page)

        def asked(request: Request) -> None:
            if not request.url.startswith("data:"):
                opened.requests.append(request.url)

        page.on("request", asked)
        page.on("console", lambda message: opened.complaints.append(message.text))
        page.on("pageerror", lambda error: opened.complaints.append(str(error)))
        page.goto(write_report(run).as_uri())
        return opened

    yield open_
    for page in pages:
        page.close()
