"""The pictures of a page: as small as it needs them, the way back included, and no traceback where memory is short."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import organza
from organza.console import Console
from organza.errors import OrganzaError
from organza.tools.pictures import Asked, cases, preview, remake
from organza.tools.pictures.files import Job
from organza.tools.pictures.verbs import fitting
from picture_models import save_picture_model

QUIET = Console(quiet=True)


@pytest.fixture(scope="session")
def translator(tmp_path_factory):
    return organza.load(save_picture_model(tmp_path_factory.mktemp("translator"), "translates"))


def photo(path, width, height, mode="RGB"):
    bands = len(mode)
    values = np.random.default_rng(0).integers(0, 256, (height, width, bands), np.uint8)
    if mode == "RGBA":
        values[..., 3] = 77
    Image.fromarray(values, mode).save(path)
    return path


def made_of(model, folder, to="b"):
    asked = Asked("translate", folder, folder.parent / f"made-{to}", to)
    return asked, remake(model, asked)


def test_the_way_back_is_no_larger_than_the_page(translator, tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    photo(tmp_path / "in" / "large.png", 2 * preview.SIDE, 60)
    photo(tmp_path / "in" / "small.png", 40, 30)
    asked, done = made_of(translator, tmp_path / "in")
    went, told, as_it_is = [], [], preview.remade

    def watched(given, *words, **options):
        went.append(given.size)
        return as_it_is(given, *words, **options)

    monkeypatch.setattr(preview, "remade", watched)
    large, small = cases(translator, asked, done, lambda *words: told.append(words))
    assert went == [(30, preview.SIDE), (30, 40)]
    assert [column.title for column in large.columns] == ["input", "output", "cycle"]
    assert {(column.width, column.height) for column in large.columns} == {(preview.SIDE, 30)}
    assert (large.size, large.shrunk, small.shrunk) == ((60, 2 * preview.SIDE), True, False)
    assert told == [(1, 2, "pictures of the page"), (2, 2, "pictures of the page")]


def test_a_small_picture_has_the_true_way_back_and_its_transparency(translator, tmp_path):
    (tmp_path / "in").mkdir()
    photo(tmp_path / "in" / "glass.png", 24, 20, "RGBA")
    asked, done = made_of(translator, tmp_path / "in")
    (case,) = cases(translator, asked, done)
    _, back = made_of(translator, asked.target, "a")
    shown = [np.asarray(Image.open(BytesIO(column.data))) for column in case.columns]
    files = [asked.source / "glass.png", *done.files, *back.files]
    for pixels, file in zip(shown, files, strict=True):
        assert np.array_equal(pixels, np.asarray(Image.open(file)))


def test_transparency_is_shown_smaller_too(translator, tmp_path):
    (tmp_path / "in").mkdir()
    photo(tmp_path / "in" / "glass.png", 2 * preview.SIDE, 8, "RGBA")
    (case,) = cases(translator, *made_of(translator, tmp_path / "in"))
    for column in case.columns:
        with Image.open(BytesIO(column.data)) as image:
            assert (image.mode, image.size) == ("RGBA", (preview.SIDE, 4))
            assert set(np.asarray(image)[..., 3].ravel()) == {77}


def test_where_memory_is_short_the_page_goes_without_the_case(translator, tmp_path, monkeypatch):
    def remade(*_words, **_options):
        raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 4 bytes")

    file = photo(tmp_path / "in.png", 12, 10)
    monkeypatch.setattr(preview, "remade", remade)
    report = tmp_path / "page.html"
    done = organza.translate(translator, file, tmp_path / "out.png", report=report, console=QUIET)
    assert done.files[0].exists()
    text = report.read_text(encoding="utf-8")
    assert "<img" not in text
    assert "Make it again" in text


@pytest.mark.parametrize(
    "error",
    [MemoryError(), torch.OutOfMemoryError("CUDA out of memory"), RuntimeError("x: can't allocate memory: you tried")],
)
def test_a_lack_of_memory_is_one_line(error):
    with pytest.raises(OrganzaError, match="in.png does not fit into memory"), fitting(job()):
        raise error


def test_other_faults_are_not_taken_for_a_lack_of_memory():
    with pytest.raises(RuntimeError, match="sizes differ"), fitting(job()):
        raise RuntimeError("sizes differ")


def job():
    return Job("in.png", Path("in.png"), Path("out.png"), False)
