import os

import pytest
from PIL import Image

from organza.data.container import Folder, Zip
from organza.data.survey import natural_channels, problems_of, sizes_of, survey

from .making import encoded, folder_of, image, write, zip_of


class Watched(Folder):
    """A folder that remembers which files were opened, and refuses some."""

    def __init__(self, path, refused=()):
        super().__init__(path)
        self.opened, self.refused = [], refused

    def open(self, path):
        self.opened.append(path)
        if path in self.refused:
            raise PermissionError("refused")
        return super().open(path)


def kinds(seen):
    return {fault.path: fault.kind for fault in seen.faults}


def test_usable_pictures_are_found_in_natural_order(tmp_path, cache):
    folder_of(tmp_path / "all", "10.png", "9.png", "sub/1", "sub/UPPER.PNG", size=(6, 4))
    write(tmp_path / "all/photo.JPG", encoded(image(), "JPEG"))
    seen = survey(Folder(tmp_path / "all"), cache, None)
    assert [picture.path for picture in seen.pictures] == ["9.png", "10.png", "photo.JPG", "sub/1", "sub/UPPER.PNG"]
    assert [(picture.width, picture.height) for picture in seen.pictures] == [(6, 4), (6, 4), (8, 8), (6, 4), (6, 4)]
    assert (seen.files, seen.faults, seen.notes) == (5, (), ())


def test_every_bad_file_is_found_with_its_kind(tmp_path, cache):
    root = folder_of(tmp_path / "all", "good/1.png", "good/2.png")
    whole = encoded(image(size=(64, 64)), "JPEG")
    write(root / "good/cut.jpg", whole[: len(whole) // 2])
    write(root / "good/empty.png", b"")
    write(root / "good/notes.txt", b"a text")
    write(root / "good/page.jpg", b"<html>")
    write(root / "good/phone.heic", b"\0\0\0\x18ftypheic")
    write(root / "bad/deep/cut.png", encoded(image())[:50])
    (root / "void/inside").mkdir(parents=True)
    seen = survey(Folder(root), cache, None)
    assert kinds(seen) == {
        "bad": "folder-without-images",
        "bad/deep/cut.png": "damaged",
        "good/cut.jpg": "damaged",
        "good/empty.png": "empty",
        "good/notes.txt": "not-an-image",
        "good/page.jpg": "not-an-image",
        "good/phone.heic": "unsupported-format",
        "void": "folder-without-images",
    }
    assert [picture.path for picture in seen.pictures] == ["good/1.png", "good/2.png"]


def test_damage_in_a_zip_is_one_files(tmp_path, cache):
    first = encoded(image())
    path = zip_of(tmp_path / "a.zip", {"1.png": first, "2.png": encoded(image(seed=1))})
    data = bytearray(path.read_bytes())
    data[data.index(first) + 40] ^= 1
    path.write_bytes(bytes(data))
    seen = survey(Zip(path), cache, None)
    assert kinds(seen) == {"1.png": "damaged"}
    assert len(seen.pictures) == 1


def test_an_unchanged_folder_is_not_opened_again(tmp_path, cache):
    root = folder_of(tmp_path / "all", "a/1.png", "a/2.png", "b/\udcff\n3.png")
    write(root / "a/broken.png", b"")
    first, second = Watched(root), Watched(root)
    before, after = survey(first, cache, None), survey(second, cache, None)
    assert len(first.opened) == 3
    assert second.opened == []
    assert (before.files, before.pictures, before.faults) == (after.files, after.pictures, after.faults)


def test_a_changed_folder_is_looked_at_again(tmp_path, cache):
    root = folder_of(tmp_path / "all", "1.png", "2.png")
    before = survey(Folder(root), cache, None)
    write(root / "2.png", seed=7)
    os.utime(root / "2.png", ns=(1, 1))
    again = Watched(root)
    after = survey(again, cache, None)
    assert again.opened
    assert [a.digest == b.digest for a, b in zip(before.pictures, after.pictures, strict=True)] == [True, False]


def test_a_damaged_index_is_made_again(tmp_path, cache):
    root = folder_of(tmp_path / "all", "1.png")
    before = survey(Folder(root), cache, None)
    for rubbish in (b"", b"{", b"[]", b'{"pictures": [[1]], "faults": []}', b'{"pictures": 3, "faults": []}'):
        before.index.write_bytes(rubbish)
        assert survey(Folder(root), cache, None).pictures == before.pictures


def test_what_cannot_be_read_today_is_tried_again_tomorrow(tmp_path, cache):
    root = folder_of(tmp_path / "all", "1.png", "2.png")
    seen = survey(Watched(root, refused=["1.png"]), cache, None)
    assert kinds(seen) == {"1.png": "unreadable"}
    assert len(survey(Watched(root), cache, None).pictures) == 2


def test_without_a_cache_there_is_a_note(tmp_path):
    root = folder_of(tmp_path / "all", "1.png")
    in_the_way = write(tmp_path / "cache", b"a file")
    seen = survey(Folder(root), in_the_way, None)
    assert len(seen.pictures) == 1
    assert "looked at again next time" in seen.notes[0]


def test_large_files_that_are_no_pictures_are_not_read(tmp_path, cache, monkeypatch):
    monkeypatch.setattr("organza.data.survey.LARGEST_FILE", 300)
    write(tmp_path / "all/film.mkv", b"\x1aE\xdf\xa3" * 1000)
    write(tmp_path / "all/large.png", size=(50, 50))
    write(tmp_path / "all/small.png", size=(4, 4))
    seen = survey(Folder(tmp_path / "all"), cache, None)
    assert kinds(seen) == {"film.mkv": "not-an-image", "large.png": "too-large"}


def test_progress_counts_files(tmp_path, cache):
    told = []
    survey(Folder(folder_of(tmp_path / "all", "1.png", "2.png")), cache, lambda *news: told.append(news))
    assert told == [(2, 2, "checking the files")]


@pytest.mark.parametrize(
    ("modes", "channels", "kind"),
    [
        (["L", "1"], 1, set()),
        (["L", "RGB"], 3, {"grey-among-colour"}),
        (["RGBA", "LA"], 4, set()),
        (["RGBA", "RGB"], 3, {"transparent-among-opaque"}),
        (["LA", "L"], 1, {"transparent-among-opaque"}),
    ],
)
def test_channels_that_suit_all_pictures(tmp_path, cache, modes, channels, kind):
    for number, mode in enumerate(modes):
        write(tmp_path / f"all/{number}.png", mode=mode)
    pictures = survey(Folder(tmp_path / "all"), cache, None).pictures
    assert natural_channels(pictures) == channels
    assert {problem.kind for problem in problems_of((), pictures)} == kind


def test_the_most_common_size_comes_first(tmp_path, cache):
    root = folder_of(tmp_path / "all", "1.png", "2.png", size=(5, 6))
    write(root / "0.png", size=(9, 9))
    pictures = survey(Folder(root), cache, None).pictures
    assert sizes_of(pictures) == [((5, 6), 2), ((9, 9), 1)]
    (problem,) = problems_of((), pictures)
    assert (problem.kind, problem.files) == ("other-size", ("0.png",))


def test_conversions_are_told(tmp_path, cache):
    write(tmp_path / "all/print.tif", encoded(Image.new("CMYK", (4, 4)), "TIFF"))
    (picture,) = survey(Folder(tmp_path / "all"), cache, None).pictures
    (problem,) = problems_of((), [picture])
    assert problem.sentence == "1 picture in CMYK: converted to RGB (print.tif)"
