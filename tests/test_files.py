"""Files are written whole, or not at all."""

import os

import pytest

from organza.files import written_whole


def test_what_was_written_is_on_the_disk_before_it_gets_its_name(tmp_path, monkeypatch):
    done, replace = [], os.replace
    monkeypatch.setattr(os, "fsync", lambda handle: done.append("sync"))
    monkeypatch.setattr(os, "replace", lambda *paths: done.append("rename") or replace(*paths))
    with written_whole(tmp_path / "a") as temporary:
        temporary.write_text("new")
        assert not (tmp_path / "a").exists()
    assert done == ["sync", "rename", "sync"]  # the file, and then the folder that knows its name


def test_a_block_that_fails_leaves_the_old_file(tmp_path):
    (tmp_path / "a").write_text("old")

    def write():
        with written_whole(tmp_path / "a") as temporary:
            temporary.write_text("ne")
            raise ValueError("midway")

    with pytest.raises(ValueError, match="midway"):
        write()
    assert [file.read_text() for file in tmp_path.iterdir()] == ["old"]
