"""Every kind of file that a folder can hold, and every form that a built-in set can have."""

import gzip
import io
import os
import struct
import zipfile

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from organza.data import check, decode, fit, open_source, source_names
from organza.data.container import natural
from organza.data.dataset import StreamedDataset
from organza.data.mixtures import MIXTURES
from organza.data.picture import read, to_8_bits
from organza.errors import OrganzaError, UsageError


def noise(height=20, width=24, channels=3, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)
    return Image.fromarray(pixels[..., 0] if channels == 1 else pixels, {1: "L", 3: "RGB", 4: "RGBA"}[channels])


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ORGANZA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def pictures(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in (10, 2, 1):
        noise(seed=number).save(folder / f"{number}.png")
    return folder


def test_a_folder_is_read_in_natural_order_and_decoded_once(pictures, cache):
    source = open_source(str(pictures))
    assert (source.count, source.channels, source.height, source.width, source.uniform) == (3, 3, 20, 24, True)
    assert source.labels is None
    data = decode(source, 20, 3)
    assert data.shape == (3, 20, 20)
    read_back = data.read(torch.tensor([2, 0]))
    assert read_back.dtype == torch.uint8
    for picture, number in zip(read_back, (10, 1), strict=True):
        square = noise(seed=number).resize((20, 20), Image.Resampling.BICUBIC, box=(2, 0, 22, 20))
        assert np.array_equal(picture.numpy(), np.asarray(square))
    (array,) = cache.glob("arrays/*.npy")
    before = array.stat().st_mtime_ns
    decode(open_source(str(pictures)), 20, 3)
    assert array.stat().st_mtime_ns == before
    array.write_bytes(array.read_bytes()[:-7])
    assert torch.equal(decode(source, 20, 3).read(torch.tensor([2, 0])), read_back)


def test_another_content_is_another_fingerprint(pictures):
    before = open_source(str(pictures)).fingerprint
    assert open_source(str(pictures)).fingerprint == before
    noise(seed=5).save(pictures / "2.png")
    assert open_source(str(pictures)).fingerprint != before


def test_all_that_can_be_wrong_is_told_at_once(pictures):
    good = (pictures / "1.png").read_bytes()
    (pictures / "truncated.png").write_bytes(good[: len(good) // 2])
    (pictures / "zero.jpg").write_bytes(b"")
    (pictures / "notes.txt").write_text("BM not a picture")
    (pictures / ".hidden.png").write_bytes(b"x")
    (pictures / "Thumbs.db").write_bytes(b"x")
    noise(channels=3).convert("CMYK").save(pictures / "cmyk.jpg")
    Image.fromarray(np.full((20, 24), 40_000, np.uint16)).save(pictures / "deep.png")
    noise(channels=1).convert("P").save(pictures / "palette.png")
    noise().save(pictures / "moving.gif", save_all=True, append_images=[noise(seed=3)])
    turned = Image.Exif()
    turned[0x0112] = 6
    noise(24, 20).save(pictures / "turned.jpg", exif=turned)
    (pictures / "bomb.png").write_bytes(bomb())
    found = check(str(pictures))
    kinds = {problem.kind: problem for problem in found.problems}
    assert {"damaged", "empty", "not-an-image", "cmyk", "16-bit", "animated", "rotated", "too-large"} <= set(kinds)
    assert (found.usable, found.files) == (8, 12)
    assert kinds["damaged"].files == ("truncated.png",)
    assert kinds["too-large"].files == ("bomb.png",)
    source = open_source(str(pictures))
    assert source.count == 8
    assert any("truncated.png" in note for note in source.notes)
    assert all("\n" not in note for note in source.notes)
    assert decode(source, 16, 3).read(torch.arange(8)).shape == (8, 16, 16, 3)


def bomb():
    """A PNG that claims to be 60,000 pixels wide and high."""
    import zlib

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


def test_exif_rotation_is_applied_and_16_bits_are_scaled(tmp_path):
    turned = Image.Exif()
    turned[0x0112] = 6
    buffer = io.BytesIO()
    noise(10, 30).save(buffer, "PNG", exif=turned)
    assert read(buffer.getvalue(), "a.png").image.size == (10, 30)
    deep = np.array([[0, 257, 65535, 128, 129]], np.uint16)
    assert to_8_bits(deep).tolist() == [[0, 1, 255, 0, 1]]


@given(st.lists(st.integers(0, 65535), min_size=2, max_size=30))
def test_16_bits_become_8_in_order_and_keep_8_bit_values(values):
    small = to_8_bits(np.array([sorted(values)], np.int64))[0]
    assert (np.diff(small.astype(int)) >= 0).all()
    eight = np.arange(256)
    assert np.array_equal(to_8_bits((eight * 257)[None])[0], eight)


@pytest.mark.parametrize(
    ("modes", "channels"),
    [((1, 1), 1), ((1, 3), 3), ((4, 4), 4), ((4, 3), 3), ((4, 1), 1)],
)
def test_channels_are_inferred_and_converted(tmp_path, modes, channels):
    for number, mode in enumerate(modes):
        picture = noise(channels=mode, seed=number)
        if mode == 4 and channels == 1:
            picture = noise(channels=1).convert("LA")
        picture.save(tmp_path / f"{number}.png")
    source = open_source(str(tmp_path))
    assert source.channels == channels
    for wanted in (1, 3, 4):
        assert decode(source, 16, wanted).shape == (wanted, 16, 16)


def test_transparency_is_laid_over_white(tmp_path):
    Image.new("RGBA", (16, 16), (10, 20, 30, 0)).save(tmp_path / "clear.png")
    Image.new("RGB", (16, 16), (10, 20, 30)).save(tmp_path / "opaque.png")
    clear, opaque = decode(open_source(str(tmp_path)), 16, 3).read(torch.tensor([0, 1]))
    assert (clear == 255).all()
    assert opaque[0, 0].tolist() == [10, 20, 30]


def test_sub_folders_are_labels(tmp_path):
    for label in ("dog", "cat", "empty", "notes"):
        (tmp_path / label).mkdir()
    for number in range(3):
        noise(seed=number).save(tmp_path / "dog" / f"{number}.png")
        noise(seed=number).save(tmp_path / "cat" / f"{number}.png")
    (tmp_path / "notes" / "a.txt").write_text("x")
    source = open_source(str(tmp_path))
    assert source.classes == ("cat", "dog")
    assert source.labels.tolist() == [0, 0, 0, 1, 1, 1]
    assert check(str(tmp_path)).classes == {"cat": 3, "dog": 3}
    assert check(str(tmp_path)).duplicates == 3
    noise().save(tmp_path / "stray.png")
    assert open_source(str(tmp_path)).labels is None


def test_zips_are_read_without_unpacking(tmp_path, pictures):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as file:
        for label in ("cat", "dog"):
            for picture in pictures.iterdir():
                file.write(picture, f"top/{label}/{picture.name}")
        file.writestr("__MACOSX/top/._1.png", b"x")
    source = open_source(str(tmp_path / "a.zip"))
    assert (source.count, source.classes) == (6, ("cat", "dog"))
    assert torch.equal(
        decode(source, 20, 3).read(torch.arange(3)), decode(open_source(str(pictures)), 20, 3).read(torch.arange(3))
    )
    (tmp_path / "bad.zip").write_bytes(b"PK not a zip")
    with pytest.raises(OrganzaError, match=r"bad\.zip is no whole zip"):
        open_source(str(tmp_path / "bad.zip"))


def test_no_usable_picture(tmp_path):
    (tmp_path / "broken.png").write_bytes(b"")
    with pytest.raises(OrganzaError, match="usable picture") as caught:
        open_source(str(tmp_path))
    assert "\n" not in str(caught.value)
    assert check(str(tmp_path)).usable == 0


def test_names_that_mean_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "flowers").mkdir()
    for name, hint in (("fashion-mnst", "fashion-mnist"), ("flwers", "flowers"), ("zzz", "built-in are")):
        with pytest.raises(UsageError, match=hint):
            open_source(name)
    (tmp_path / "text.md").write_text("x")
    with pytest.raises(UsageError, match="no source"):
        open_source("text.md")


def test_an_unreadable_folder(tmp_path, monkeypatch):
    def refuse(path):
        raise PermissionError(13, "Permission denied", path)

    (tmp_path / "shut").mkdir()
    monkeypatch.setattr(os, "scandir", refuse)  # root, who may be running this, can read everything
    with pytest.raises(OrganzaError, match=r"no usable picture .* cannot be read"):
        open_source(str(tmp_path / "shut"))


def test_loops_of_links_end(pictures):
    (pictures / "loop").symlink_to(pictures)
    assert open_source(str(pictures)).count == 3


def test_above_the_disk_budget_pictures_are_decoded_on_the_fly(pictures):
    source = open_source(str(pictures))
    streamed = decode(source, 20, 3, disk_budget=100)
    assert isinstance(streamed, StreamedDataset)
    assert "on the fly" in streamed.notes[0]
    streamed.expect(torch.tensor([1, 2]))
    indices = torch.tensor([2, 0, 0])
    assert torch.equal(streamed.read(indices), decode(source, 20, 3).read(indices))


def test_a_cache_that_cannot_be_written_is_said(pictures, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ORGANZA_CACHE", str(tmp_path / "file" / "cache"))
    data = decode(open_source(str(pictures)), 20, 3)
    assert data.count == 3
    assert "cannot keep decoded data" in data.notes[0]


@pytest.mark.parametrize("packed", [False, True])
def test_idx_files_are_found_and_verified(tmp_path, monkeypatch, packed):
    folder = tmp_path / "data" / "mnist"
    folder.mkdir(parents=True)
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)

    def write(name, array):
        header = bytes((0, 0, 8, array.ndim)) + b"".join(struct.pack(">I", n) for n in array.shape)
        content = header + array.tobytes()
        path = folder / (name + (".gz" if packed else ""))
        path.write_bytes(gzip.compress(content) if packed else content)
        return path

    write("train-labels-idx1-ubyte", np.arange(5, dtype=np.uint8))
    path = write("train-images-idx3-ubyte", images)
    monkeypatch.setenv("ORGANZA_DATA", str(tmp_path / "data"))
    source = open_source("mnist")
    assert (source.count, source.channels, source.classes[3]) == (5, 1, "3")
    assert np.array_equal(decode(source, 28, 1).read(torch.arange(5))[..., 0].numpy(), images)
    padded = decode(source, 32, 3).read(torch.arange(5)).numpy()
    assert np.array_equal(padded[:, 2:-2, 2:-2, 1], images)
    assert padded[:, :2].max() == 0
    content = path.read_bytes()
    path.write_bytes(content[:-20])
    with pytest.raises(OrganzaError, match=r"truncated|cannot read"):
        open_source("mnist")


def test_cifar_as_binary_batches_and_as_a_zip(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (4, 3, 32, 32), np.uint8)
    records = np.concatenate([np.arange(4, dtype=np.uint8)[:, None], pixels.reshape(4, -1)], 1)
    (tmp_path / "cifar10").mkdir()
    batches = [tmp_path / "cifar10" / f"data_batch_{number}.bin" for number in range(1, 6)]
    for batch in batches:
        batch.write_bytes(records.tobytes())
    source = open_source("cifar10", data_dir=tmp_path)
    assert source.labels.tolist() == [0, 1, 2, 3] * 5
    assert np.array_equal(decode(source, 32, 3).read(torch.arange(4)).numpy(), pixels.transpose(0, 2, 3, 1))
    with zipfile.ZipFile(tmp_path / "cifar10-small.zip", "w") as file:
        for split in ("train", "test"):
            for label in ("cat", "dog"):
                buffer = io.BytesIO()
                noise(32, 32).save(buffer, "PNG")
                file.writestr(f"{split}/{label}/0.png", buffer.getvalue())
    for batch in batches:
        batch.unlink()
    assert open_source("cifar10", data_dir=tmp_path).classes == ("cat", "dog")


def test_what_lies_nowhere_is_downloaded_or_said(tmp_path, monkeypatch):
    import torchvision

    def refuse(root, train, download):
        raise RuntimeError("no network")

    monkeypatch.setattr(torchvision.datasets, "MNIST", refuse)
    with pytest.raises(OrganzaError, match=r"cannot be downloaded \(no network\).*--data-dir"):
        open_source("mnist", data_dir=tmp_path)

    class Fetched:
        def __init__(self, root, train, download):
            self.data = torch.zeros(10 if train else 5, 28, 28, dtype=torch.uint8)
            self.targets = torch.arange(len(self.data)) % 10

    monkeypatch.setattr(torchvision.datasets, "MNIST", Fetched)
    assert open_source("mnist").count == 10
    assert open_source("mnist", split="test").count == 5


def test_the_shipped_pictures():
    source = open_source("fashion-mnist-10k")
    assert source.count == 10_000
    assert source.labels.bincount().tolist() == [1000] * 10
    assert source.classes[1] == "trouser"
    assert "fashion-mnist-10k" in source_names()


@pytest.mark.parametrize(("name", "modes", "spread"), [("ring8", 8, 2.0), ("grid25", 25, 4.0)])
def test_mixtures(name, modes, spread):
    source = open_source(name)
    data = decode(source, 1, 2)
    points = data.read(torch.arange(data.count))
    assert data.shape == (2, 1, 1)
    assert points.abs().max() < spread + 0.5
    mixture = MIXTURES[name]
    distance = (points - mixture.centres[data.labels]).norm(dim=1)
    assert distance.square().mean().sqrt().item() == pytest.approx(mixture.sigma * 2**0.5, rel=0.02)
    assert len(data.labels.unique()) == modes
    assert torch.equal(points, decode(open_source(name), 1, 2).read(torch.arange(data.count)))


@settings(deadline=None)
@given(st.integers(1, 300), st.integers(1, 300), st.sampled_from([16, 28, 32, 64]))
def test_every_picture_fits(height, width, size):
    plan = fit(height, width, size)
    left, top, right, bottom = plan.box
    assert right - left == bottom - top == min(height, width)
    assert plan.margins.record == (2 if height == width == size - 4 else 1 if height == width == size - 2 else 0)
    assert plan.sentence


def test_natural_order():
    assert sorted(["10.png", "2.png", "a/1.png", "1.png"], key=natural) == ["1.png", "2.png", "10.png", "a/1.png"]
