import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from organza.data import decode, decode_domains, open_source
from organza.data.dataset import MappedDataset, ResidentDataset, StreamedDataset
from organza.errors import OrganzaError, UsageError

from .making import encoded, folder_of, image, shades, write, zip_of

EVERYTHING = slice(None)


def pixels(data):
    return data.read(torch.arange(data.count))


def stored(cache):
    return sorted((cache / "arrays").glob("*"))


def test_what_a_folder_says(tmp_path):
    root = folder_of(tmp_path / "pictures", "dog/1.png", "cat/1.png", "cat/2.png", size=(10, 8))
    found = open_source(str(root))
    assert (found.name, found.kind, found.count, found.split) == (str(root), "images", 3, "train")
    assert (found.channels, found.height, found.width, found.uniform) == (3, 8, 10, True)
    assert (found.classes, found.labels.tolist(), found.labels.dtype) == (("cat", "dog"), [0, 0, 1], torch.int64)
    assert found.notes == ()


def test_a_zip_says_the_same_as_its_folder(tmp_path):
    root = folder_of(tmp_path / "all", "cat/1.png", "cat/2.png", "dog/1.png")
    contents = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*.png")}
    plain, packed = open_source(str(root)), open_source(str(zip_of(tmp_path / "all.ZIP", contents)))
    nested = open_source(str(zip_of(tmp_path / "n.zip", {f"pictures/{name}": data for name, data in contents.items()})))
    assert plain.fingerprint == packed.fingerprint
    for found in (packed, nested):
        assert (found.classes, found.labels.tolist()) == (plain.classes, plain.labels.tolist())
        assert torch.equal(pixels(decode(found, 8, 3)), pixels(decode(plain, 8, 3)))


def test_parts_of_a_zip(tmp_path):
    names = ["train/cat/1.png", "train/cat/2.png", "train/dog/1.png", "test/cat/3.png", "test/dog/2.png"]
    path = zip_of(tmp_path / "a.zip", {name: encoded(image(seed=seed)) for seed, name in enumerate(names)})
    train, test = open_source(str(path)), open_source(str(path), split="test")
    assert (train.count, train.split, train.labels.tolist()) == (3, "train", [0, 0, 1])
    assert (test.count, test.split, test.labels.tolist()) == (2, "test", [0, 1])
    assert train.fingerprint != test.fingerprint


def test_a_folder_without_parts_says_so(tmp_path):
    root = folder_of(tmp_path / "a", "1.png", "2.png")
    found = open_source(str(root), split="test")
    assert found.split == "train"
    assert "no test part" in found.notes[0]


def test_notes_say_what_is_done_about_each_problem(tmp_path):
    root = folder_of(tmp_path / "a", "1.png", "2.png")
    write(root / "3.png", b"")
    write(root / "4.png", mode="L")
    write(root / "5.png", size=(3, 3))
    assert open_source(str(root)).notes == (
        "1 file of zero bytes: skipped (3.png)",
        "1 picture in grey among colour: given three equal channels (4.png)",
        "1 picture of another size than the most common one: cropped to a square and resized, "
        "unless squares are cut out of it or it stays whole (--rectangles pad) (5.png)",
    )


@pytest.mark.parametrize(
    ("contents", "message"),
    [
        ({}, "no usable picture among 0 files"),
        (
            {"a.txt": b"x", "b.png": b""},
            r"no usable picture among 2 files: 1 file of zero bytes: skipped \(b.png\); 1 file",
        ),
    ],
)
def test_a_folder_without_a_usable_picture(tmp_path, contents, message):
    (tmp_path / "few").mkdir()
    for name, data in contents.items():
        write(tmp_path / "few" / name, data)
    with pytest.raises(OrganzaError, match=message):
        open_source(str(tmp_path / "few"))


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sets(st.integers(0, 999), min_size=2, max_size=30))
def test_samples_are_in_the_natural_order_of_the_files(tmp_path_factory, numbers):
    root = shades(tmp_path_factory.mktemp("order"), [f"picture {number}.png" for number in sorted(numbers)])
    data = decode(open_source(str(root)), 8, 1)
    assert pixels(data)[:, 0, 0, 0].tolist() == list(range(len(numbers)))


def test_pictures_are_decoded_once(tmp_path, cache, monkeypatch):
    found = open_source(str(shades(tmp_path / "a", ["0.png", "1.png"])))
    told = []
    first = decode(found, 8, 3, progress=lambda *news: told.append(news))
    assert told == [(2, 2, "decoding")]
    assert isinstance(first, ResidentDataset)
    assert (first.count, first.shape) == (2, (3, 8, 8))
    monkeypatch.setattr("organza.data.pictures.read", None)
    assert torch.equal(pixels(decode(found, 8, 3)), pixels(first))
    with pytest.raises(TypeError):
        decode(found, 9, 3)


def test_the_cache_can_lie_elsewhere(tmp_path, cache):
    found = open_source(str(shades(tmp_path / "a", ["0.png", "1.png"])))
    decode(found, 8, 1, cache_dir=tmp_path / "mine")
    assert stored(cache) == []
    assert len(stored(tmp_path / "mine")) == 1


@pytest.mark.parametrize("damage", [lambda data: data[:-3], lambda data: data + b"x", lambda data: b"x" + data[1:]])
def test_a_damaged_cache_is_made_again(tmp_path, cache, damage):
    found = open_source(str(shades(tmp_path / "a", ["0.png", "1.png"])))
    whole = pixels(decode(found, 8, 1))
    (path,) = stored(cache)
    data = path.read_bytes()
    path.write_bytes(damage(data))
    assert torch.equal(pixels(decode(found, 8, 1)), whole)
    assert path.read_bytes() == data


def test_each_content_size_and_number_of_channels_is_kept_apart(tmp_path, cache):
    root = shades(tmp_path / "a", ["0.png", "1.png"])
    for size, channels in ((8, 1), (8, 3), (16, 1)):
        assert decode(open_source(str(root)), size, channels).shape == (channels, size, size)
    write(root / "1.png", encoded(Image.new("L", (8, 8), 77)))
    assert pixels(decode(open_source(str(root)), 8, 1))[1].unique().tolist() == [77]
    assert len(stored(cache)) == 4


def test_pictures_of_one_size_are_padded_and_others_resized(tmp_path):
    root = shades(tmp_path / "a", ["0.png", "1.png"], size=(28, 28))
    assert pixels(decode(open_source(str(root)), 32, 1))[1, 0, 0, 0] == 0
    write(root / "2.png", encoded(Image.new("L", (20, 28), 2)))
    assert pixels(decode(open_source(str(root)), 32, 1))[:, 0, 0, 0].tolist() == [0, 1, 2]


@pytest.mark.parametrize("channels", [1, 3])
def test_transparency_that_goes_is_laid_over_white_with_a_note(tmp_path, channels):
    for name in ("0.png", "1.png"):
        write(tmp_path / "a" / name, encoded(Image.new("RGBA", (4, 4), (9, 9, 9, 0))))
    found = open_source(str(tmp_path / "a"))
    assert found.channels == 4
    assert decode(found, 4, 4).notes == ()
    assert pixels(decode(found, 4, 4))[0, 0, 0].tolist() == [9, 9, 9, 0]
    data = decode(found, 4, channels)
    assert "over white" in data.notes[0]
    assert pixels(data).min() == 255


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path, monkeypatch):
    found = open_source(str(shades(tmp_path / "a", ["0.png", "1.png"])))
    in_the_way = write(tmp_path / "file", b"")
    data = decode(found, 8, 1, cache_dir=in_the_way)
    assert pixels(data)[:, 0, 0, 0].tolist() == [0, 1]
    assert str(in_the_way) in data.notes[0]
    assert "$ORGANZA_CACHE" in data.notes[0]
    monkeypatch.setattr("organza.data.kept.RESIDENT", 100)
    with pytest.raises(OrganzaError, match=r"in .*file .*ORGANZA_CACHE"):
        decode(found, 8, 1, cache_dir=in_the_way)


def test_large_arrays_are_mapped(tmp_path, monkeypatch):
    found = open_source(str(shades(tmp_path / "a", ["0.png", "1.png", "2.png"])))
    small = decode(found, 8, 3)
    monkeypatch.setattr("organza.data.kept.RESIDENT", 100)
    for _ in ("from the cache", "decoded anew"):
        large = decode(found, 8, 3, cache_dir=tmp_path / "mine")
        assert isinstance(large, MappedDataset)
        assert (large.count, large.shape, large.notes) == (small.count, small.shape, ())
        indices = torch.tensor([2, 0, 2])
        assert torch.equal(large.read(indices), small.read(indices))
        large.read(indices).zero_()  # a batch is the caller's own


def test_above_the_disk_budget_pictures_are_decoded_on_the_fly(tmp_path, cache):
    found = open_source(str(shades(tmp_path / "a", ["cat/0.png", "cat/1.png", "dog/2.png"])))
    streamed = decode(found, 8, 3, disk_budget=3 * 8 * 8 * 3 - 1)
    assert isinstance(streamed, StreamedDataset)
    assert "decoded on the fly by" in streamed.notes[0]
    assert stored(cache) == []
    kept = decode(found, 8, 3, disk_budget=3 * 8 * 8 * 3)
    assert isinstance(kept, ResidentDataset)
    assert torch.equal(pixels(streamed), pixels(kept))
    assert (streamed.classes, streamed.labels.tolist()) == (("cat", "dog"), [0, 0, 1])


@pytest.mark.parametrize("budget", [0, 10**6])
def test_a_file_that_changes_after_opening_is_named(tmp_path, budget):
    root = shades(tmp_path / "a", ["0.png", "1.png"])
    found = open_source(str(root))
    status = os.stat(root / "1.png")
    data = encoded(Image.new("L", (8, 8), 50))
    assert len(data) == status.st_size
    (root / "1.png").write_bytes(data)
    os.utime(root / "1.png", ns=(status.st_atime_ns, status.st_mtime_ns))
    with pytest.raises(OrganzaError, match=r"1\.png in .* has changed since"):
        pixels(decode(found, 8, 1, disk_budget=budget))
    again = decode(open_source(str(root)), 8, 1)  # the index, which its time could not correct, is made again
    assert pixels(again)[1, 0, 0, 0] == 50


def test_a_file_that_vanishes_after_opening_is_named(tmp_path):
    root = shades(tmp_path / "a", ["0.png", "1.png"])
    found = open_source(str(root))
    (root / "1.png").unlink()
    with pytest.raises(OrganzaError, match=r"1\.png in .* cannot be read any more"):
        decode(found, 8, 1)


def test_sizes_and_channels_that_do_not_exist(tmp_path):
    found = open_source(str(shades(tmp_path / "a", ["0.png", "1.png"])))
    with pytest.raises(UsageError, match="not 2"):
        decode(found, 8, 2)
    with pytest.raises(UsageError, match="not 0"):
        decode(found, 0, 1)


def test_two_processes_that_decode_at_once_do_no_harm(tmp_path, cache):
    root = shades(tmp_path / "a", [f"{number}.png" for number in range(200)])
    script = (
        "import sys; from organza.data import decode, open_source; import torch\n"
        "data = decode(open_source(sys.argv[1]), 16, 1)\n"
        "print(data.read(torch.arange(200))[:, 5, 5, 0].tolist() == list(range(200)))"
    )
    commands = [
        subprocess.Popen([sys.executable, "-c", script, str(root)], stdout=subprocess.PIPE, text=True) for _ in "ab"
    ]
    assert [command.communicate()[0].strip() for command in commands] == ["True", "True"]
    assert [path.suffix for path in stored(cache)] == [".npy"]


def test_real_photographs_are_close_to_what_was_saved(tmp_path):
    ramp = np.linspace(0, 255, 64).astype(np.uint8)
    original = np.stack(np.broadcast_arrays(ramp[:, None], ramp[None, :], np.uint8(100)), axis=-1)
    for name in ("1.jpg", "2.jpg"):
        write(tmp_path / "a" / name, encoded(Image.fromarray(original), "JPEG", quality=95))
    difference = pixels(decode(open_source(str(tmp_path / "a")), 64, 3))[0].int() - torch.from_numpy(original).int()
    assert difference.abs().float().mean() < 2


def test_without_padding_pictures_are_resized_and_kept_by_themselves(tmp_path):
    bright = folder_of(tmp_path / "bright", "1.png", "2.png", size=(28, 28))
    source, cache = open_source(str(bright)), tmp_path / "cache"

    def read(size, **options):
        (found,) = decode_domains(source, size, 3, cache_dir=cache, **options).values()
        return found.read(torch.arange(2))

    padded, resized = read(32), read(32, pad=False)
    assert not padded[:, 0].any()
    assert resized[:, 0].any()
    assert torch.equal(read(32), padded)  # again, from the cache
    assert torch.equal(read(32, pad=False), resized)
    assert len(list((cache / "arrays").iterdir())) == 2
    # Where nothing would be padded, it is one array.
    assert torch.equal(read(40), read(40, pad=False))
    assert len(list((cache / "arrays").iterdir())) == 3
