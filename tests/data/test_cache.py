import os
import time

import numpy as np
import pytest

from organza.data.cache import array_path, cache_folder, map_array, write_array

SHAPE = (3, 4, 4, 1)
VALUES = np.arange(48, dtype=np.uint8).reshape(SHAPE)


def test_where_the_cache_is(monkeypatch, tmp_path):
    monkeypatch.setenv("ORGANZA_CACHE", str(tmp_path / "own"))
    assert cache_folder() == tmp_path / "own"
    monkeypatch.delenv("ORGANZA_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert cache_folder() == tmp_path / "organza"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache/organza"


def test_each_content_and_shape_has_a_file_of_its_own(tmp_path):
    keys = [("a", 32, 3), ("b", 32, 3), ("a", 64, 3), ("a", 32, 1)]
    assert len({array_path(tmp_path, *key) for key in keys}) == len(keys)
    assert array_path(tmp_path, "a", 32, 3) == array_path(tmp_path, "a", 32, 3)
    assert array_path(tmp_path, "a", 32, 3, fitted="resized") not in {array_path(tmp_path, *key) for key in keys}


def test_an_array_comes_back(tmp_path):
    path = tmp_path / "arrays/a.npy"
    assert map_array(path, SHAPE) is None
    write_array(path, SHAPE, iter(VALUES))
    assert np.array_equal(map_array(path, SHAPE), VALUES)
    assert np.array_equal(np.load(path), VALUES)
    assert [path.name for path in path.parent.iterdir()] == ["a.npy"]


@pytest.mark.parametrize("damage", ["cut", "longer", "empty", "header", "shape", "type"])
def test_a_damaged_file_is_as_good_as_none(tmp_path, damage):
    path = tmp_path / "a.npy"
    write_array(path, SHAPE, iter(VALUES))
    data = path.read_bytes()
    if damage == "type":
        np.save(path, VALUES.astype(np.int8))
    elif damage == "shape":
        np.save(path, VALUES.reshape(3, 1, 4, 4))
    else:
        path.write_bytes({"cut": data[:-1], "longer": data + b"x", "empty": b"", "header": b"x" + data[1:]}[damage])
    assert map_array(path, SHAPE) is None


def test_an_interruption_leaves_nothing(tmp_path):
    def interrupted():
        yield VALUES[0]
        raise KeyboardInterrupt

    path = tmp_path / "a.npy"
    with pytest.raises(KeyboardInterrupt):
        write_array(path, SHAPE, interrupted())
    assert list(tmp_path.iterdir()) == []


def test_a_disk_without_room_is_told_at_once(tmp_path):
    def never():
        raise AssertionError("decoded in vain")
        yield

    with pytest.raises(OSError, match="No space left"):
        write_array(tmp_path / "a.npy", (2**40, 1024, 1024, 3), never())


def test_what_a_killed_process_has_left_is_removed(tmp_path):
    for name, age in ((".old.npy.1.partial", 2), (".new.npy.2.partial", 0)):
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (time.time() - age * 24 * 3600,) * 2)
    write_array(tmp_path / "a.npy", SHAPE, iter(VALUES))
    assert sorted(path.name for path in tmp_path.iterdir()) == [".new.npy.2.partial", "a.npy"]
