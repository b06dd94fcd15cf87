"""Which grids are embedded, and that their files arrive unchanged."""

from __future__ import annotations

import base64
import itertools
import json
import re
from pathlib import Path

from run_folders import save_grid

from organza.report import write_report
from organza.report.samples import FRAMES, Grid, choose, read_samples


def grids(count: int, size: int = 1000) -> list[Grid]:
    return [Grid(Path(f"{n}.png"), n * 100, 8, 8, size) for n in range(count)]


def test_few_grids_are_all_shown():
    assert choose(grids(5), budget=10_000) == grids(5)


def test_many_grids_are_thinned_out_evenly_from_the_first_to_the_last():
    chosen = choose(grids(200), budget=10**9)
    steps = {later.images - earlier.images for earlier, later in itertools.pairwise(chosen)}
    assert len(chosen) == FRAMES
    assert (chosen[0].images, chosen[-1].images) == (0, 19_900)
    assert steps <= {300, 400}


def test_large_grids_are_fewer():
    chosen = choose(grids(50, size=1000), budget=7_500)
    assert len(chosen) == 7
    assert (chosen[0].images, chosen[-1].images) == (0, 4_900)


def test_first_and_last_are_shown_whatever_they_weigh():
    assert [grid.images for grid in choose(grids(9), budget=1)] == [0, 800]
    assert choose(grids(1), budget=1) == grids(1)
    assert choose([], budget=1) == []


def test_unfinished_and_foreign_files_are_left_out(tmp_path):
    save_grid(tmp_path / "000000000100.png")
    whole = (tmp_path / "000000000100.png").read_bytes()
    (tmp_path / "000000000200.png").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "000000000300.png").write_bytes(b"")
    (tmp_path / "000000000400.png").write_bytes(b"GIF89a, which is no PNG at all, and long enough")
    (tmp_path / "notes.png").write_bytes(whole)
    samples = read_samples(tmp_path)
    assert [(grid.images, grid.width, grid.height) for grid in samples.shown] == [(100, 168, 168)]
    assert samples.real is None


def test_pictures_are_embedded_byte_by_byte(make_run):
    """So that the mark in their metadata travels with the page."""
    run = make_run(grids=4, mode="RGB")
    page = write_report(run).read_text(encoding="utf-8")
    (frames,) = re.findall(r'<script type="application/json" id="frames">(.*?)</script>', page)
    embedded = [base64.b64decode(frame["source"].partition(",")[2]) for frame in json.loads(frames)]
    assert embedded == [path.read_bytes() for path in sorted((run / "samples").glob("0*.png"))]
    assert b"ai-generated" in embedded[0]
