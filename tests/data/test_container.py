import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from organza.data.container import DAMAGED_ENTRY, Folder, Zip, natural, open_container
from organza.errors import OrganzaError

from .making import write, zip_of


def names(container):
    return [item.path for item in container.listing().items]


@settings(deadline=None)
@given(st.lists(st.integers(0, 10**6), unique=True))
def test_numbers_are_sorted_by_value(numbers):
    paths = [f"cat {number}/Picture{number}.png" for number in numbers]
    assert sorted(paths, key=natural) == [f"cat {number}/Picture{number}.png" for number in sorted(numbers)]


@settings(deadline=None)
@given(st.lists(st.text(alphabet="aB0١²/. é", max_size=8)))
def test_any_names_have_one_order(paths):
    backwards = paths[::-1]
    assert sorted(paths, key=natural) == sorted(backwards, key=natural)


def test_letters_are_sorted_in_any_case_and_long_numbers_do_no_harm():
    assert sorted(["b", "C", "a"], key=natural) == ["a", "b", "C"]
    assert natural("1" * 10_000) > natural("9")


@pytest.mark.parametrize("packed", [False, True])
def test_what_systems_leave_is_passed_over(tmp_path, packed):
    left = [".DS_Store", "Thumbs.db", "thumbs.DB", "desktop.ini", ".git/1.png", "__MACOSX/._1.png", "cat/._1.png"]
    kept = ["1.png", "cat/bébé 1.png", "cat/deep/er/x", "空 白.jpg"]
    if packed:
        found = Zip(zip_of(tmp_path / "all.zip", dict.fromkeys([*left, *kept], b"x")))
    else:
        for name in [*left, *kept]:
            write(tmp_path / "all" / name, b"x")
        found = Folder(tmp_path / "all")
    assert names(found) == kept
    assert found.listing().folders == ("cat", "cat/deep", "cat/deep/er")
    assert found.listing().faults == ()
    with found.open("cat/bébé 1.png") as stream:
        assert stream.read() == b"x"


def test_sizes_are_listed(tmp_path):
    write(tmp_path / "a.png", b"abc")
    assert Folder(tmp_path).listing().items[0].size == 3
    assert Zip(zip_of(tmp_path / "a.zip", {"a.png": b"abcd"})).listing().items[0].size == 4


def test_a_folder_without_files(tmp_path):
    assert Folder(tmp_path).listing().items == ()


def test_links_are_followed_once_and_folders_keep_their_own_names(tmp_path):
    write(tmp_path / "all/z/1.png", b"x")
    write(tmp_path / "elsewhere/2.png", b"y")
    (tmp_path / "all/a").symlink_to(tmp_path / "all/z")
    (tmp_path / "all/z/loop").symlink_to(tmp_path / "all")
    (tmp_path / "all/out").symlink_to(tmp_path / "elsewhere")
    listing = Folder(tmp_path / "all").listing()
    assert [item.path for item in listing.items] == ["out/2.png", "z/1.png"]
    assert [(fault.kind, fault.path) for fault in listing.faults] == [
        ("repeated-folder", "a"),
        ("repeated-folder", "z/loop"),
    ]


def test_what_is_no_file_is_reported(tmp_path):
    write(tmp_path / "1.png", b"x")
    (tmp_path / "broken.png").symlink_to(tmp_path / "nowhere")
    (tmp_path / "self.png").symlink_to(tmp_path / "self.png")
    os.mkfifo(tmp_path / "pipe.png")
    listing = Folder(tmp_path).listing()
    assert [item.path for item in listing.items] == ["1.png"]
    assert [(fault.path, fault.kind) for fault in listing.faults] == [
        ("broken.png", "unreadable"),
        ("pipe.png", "not-an-image"),
        ("self.png", "unreadable"),
    ]


def test_a_folder_that_may_not_be_read_is_reported(tmp_path, monkeypatch):
    write(tmp_path / "open/1.png", b"x")
    write(tmp_path / "closed/2.png", b"x")
    scandir = os.scandir

    def refuse(path):
        if Path(path).name == "closed":
            raise PermissionError
        return scandir(path)

    monkeypatch.setattr("os.scandir", refuse)
    listing = Folder(tmp_path).listing()
    assert [item.path for item in listing.items] == ["open/1.png"]
    assert [(fault.kind, fault.path) for fault in listing.faults] == [("unreadable", "closed")]


def test_the_stamp_changes_with_the_files(tmp_path):
    path = write(tmp_path / "a/1.png", b"x")
    stamps = [Folder(tmp_path / "a").listing().stamp]
    assert stamps[0] == Folder(tmp_path / "a").listing().stamp
    path.write_bytes(b"xy")
    stamps.append(Folder(tmp_path / "a").listing().stamp)
    os.utime(path, ns=(0, 1))
    stamps.append(Folder(tmp_path / "a").listing().stamp)
    path.rename(path.with_name("2.png"))
    stamps.append(Folder(tmp_path / "a").listing().stamp)
    (tmp_path / "a").rename(tmp_path / "b")
    stamps.append(Folder(tmp_path / "b").listing().stamp)
    stamps += [Zip(zip_of(tmp_path / "a.zip", {"1.png": content})).listing().stamp for content in (b"x", b"y")]
    assert len(set(stamps)) == len(stamps)


def test_names_in_a_zip_are_no_paths(tmp_path):
    path = zip_of(
        tmp_path / "a.zip", {"../../up.png": b"1", "/etc/root.png": b"2", "cat\\dog.png": b"3", "./b.png": b"4"}
    )
    assert names(Zip(path)) == ["b.png", "cat/dog.png", "etc/root.png", "up.png"]
    assert Zip(path).open("up.png").read() == b"1"
    assert [path.name for path in tmp_path.iterdir()] == ["a.zip"]


def test_zips_that_cannot_be_used(tmp_path):
    whole = zip_of(tmp_path / "whole.zip", {"1.png": b"x" * 100})
    cut = write(tmp_path / "cut.zip", whole.read_bytes()[:60])
    with pytest.raises(OrganzaError, match=r"cut\.zip is no whole zip"):
        open_container(cut)
    locked = bytearray(whole.read_bytes())
    locked[6] |= 1
    locked[locked.index(b"PK\1\2") + 8] |= 1
    with pytest.raises(OrganzaError, match="encrypted"):
        open_container(write(tmp_path / "locked.zip", bytes(locked)))
    with pytest.raises(OrganzaError, match="cannot read"):
        open_container(tmp_path / "none.zip")
    assert names(open_container(whole)) == ["1.png"]


def test_a_damaged_entry_is_one_file_lost(tmp_path):
    path = zip_of(tmp_path / "a.zip", {"1.png": b"a" * 50, "2.png": b"b" * 50}, compression=zipfile.ZIP_STORED)
    path.write_bytes(path.read_bytes().replace(b"a" * 50, b"c" * 50))
    found = open_container(path)
    with pytest.raises(DAMAGED_ENTRY):
        found.open("1.png").read()
    assert found.open("2.png").read() == b"b" * 50
