import threading
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from organza.data import VariedDataset, decode, open_source
from organza.data import arrays as arrays_module
from organza.data import pictures as pictures_module
from organza.data import varied as module
from organza.data.fitting import enlarge_arrays, enlarge_picture, native_size
from organza.data.varied import KeptPictures, places

from .making import folder_of, image, write

FRACTIONS = st.floats(0, 1, exclude_max=True)


def pixels(height, width, channels=3, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)


def varied(pictures, size):
    return VariedDataset(pictures, len(pictures), size, pictures[0].shape[2], None, ())


@given(st.integers(1, 12), st.integers(0, 20), st.integers(0, 20), FRACTIONS, FRACTIONS)
def test_a_cut_is_a_piece_of_the_picture(size, more_height, more_width, top, left):
    picture = pixels(size + more_height, size + more_width)
    cut = varied([picture], size).cut(torch.tensor([0]), torch.tensor([[top, left]], dtype=torch.float64))
    row, column = int(top * (more_height + 1)), int(left * (more_width + 1))
    assert np.array_equal(cut[0], picture[row : row + size, column : column + size])


@given(st.integers(0, 10_000), st.floats(0, 1, exclude_max=True, width=32))
def test_every_place_lies_in_the_room(room, fraction):
    (found,) = places(torch.tensor([fraction]), room).tolist()
    assert 0 <= found <= room


def test_every_place_is_as_likely_as_another():
    found = places(torch.arange(1200) / 1200, torch.full((1200,), 3))
    assert found.bincount().tolist() == [300] * 4


def test_reading_takes_the_middle():
    picture = pixels(7, 10)
    data = varied([picture, pixels(4, 4, seed=1)], 4)
    assert np.array_equal(data.read(torch.tensor([1, 0]))[1], picture[1:5, 3:7])
    assert data.shape == (3, 4, 4)


@given(st.integers(1, 80), st.integers(1, 80), st.integers(1, 40))
def test_only_what_is_too_small_is_enlarged_and_in_proportion(height, width, size):
    tall, wide = native_size(height, width, size)
    assert min(tall, wide) >= size
    if min(height, width) >= size:
        assert (tall, wide) == (height, width)
    else:
        assert min(tall, wide) == size
        assert tall >= height
        assert wide >= width
        if max(height, width) <= 16 * min(height, width):
            assert abs(tall * width - wide * height) <= max(height, width)


def test_a_strip_does_not_fill_the_memory():
    assert native_size(1, 10_000, 256) == (256, 10_000)
    assert native_size(1, 1_000, 256) == (256, 4_096)


def test_pictures_and_arrays_are_enlarged_alike():
    picture = image(size=(6, 9))
    enlarged = enlarge_picture(picture, 12)
    assert enlarged.shape == (18, 12, 3)
    of_array = enlarge_arrays(np.array(picture)[None], 12)[0]
    assert np.abs(enlarged.astype(int) - of_array).max() <= 1


def test_a_folder_in_its_own_sizes(tmp_path):
    write(tmp_path / "1.png", size=(9, 20), seed=1)
    write(tmp_path / "2.png", size=(8, 8), seed=2)
    write(tmp_path / "3.png", size=(4, 6), seed=3)
    data = decode(open_source(str(tmp_path)), 8, 3, native=True)
    assert isinstance(data, VariedDataset)
    assert (data.count, data.shape) == (3, (3, 8, 8))
    assert data.notes == ("1 of 3 pictures have a side below 8 pixels: enlarged to that, bicubic",)
    corner = data.cut(torch.tensor([0, 2]), torch.tensor([[0.999, 0.999], [0, 0]]))
    assert np.array_equal(corner[0], np.asarray(image(size=(9, 20), seed=1))[12:, 1:])
    assert np.array_equal(corner[1], enlarge_picture(image(size=(4, 6), seed=3), 8)[:8])


def test_what_is_too_large_for_memory_is_decoded_when_it_is_read(tmp_path, monkeypatch):
    root = folder_of(tmp_path / "a", *(f"{number}.png" for number in range(5)), size=(12, 10))
    source = open_source(str(root))
    resident = decode(source, 8, 3, native=True)
    monkeypatch.setattr(pictures_module, "RESIDENT", 5 * 12 * 10 * 3)
    streamed = decode(source, 8, 3, native=True)
    assert isinstance(streamed.pictures, KeptPictures)
    assert "decoded on the fly" in streamed.notes[0]
    streamed.expect(torch.tensor([4, 1]))
    indices, where = torch.tensor([4, 0, 1, 4]), torch.rand(4, 2)
    assert torch.equal(streamed.cut(indices, where), resident.cut(indices, where))
    assert torch.equal(streamed.read(indices), resident.read(indices))


@pytest.mark.parametrize(("size", "side"), [(20, 28), (40, 40)])
def test_arrays_in_their_own_size(monkeypatch, size, side):
    whole = open_source("fashion-mnist-10k")
    content = arrays_module.ArrayContent(whole.content.images[:6])
    source = replace(whole, count=6, labels=whole.labels[:6], content=content)
    resident = decode(source, size, 3, native=True)
    assert resident.pictures.shape == (6, side, side, 3)
    assert bool(resident.notes) is (size > 28)
    monkeypatch.setattr(arrays_module, "RESIDENT", 6 * side * side * 3)
    streamed = decode(source, size, 3, native=True)
    indices, where = torch.tensor([5, 0]), torch.rand(2, 2)
    assert torch.equal(streamed.cut(indices, where), resident.cut(indices, where))
    assert torch.equal(streamed.labels, resident.labels)


def test_points_have_no_size_to_keep():
    assert decode(open_source("ring8"), 1, 2, native=True).shape == (2, 1, 1)


class Counting:
    """Decodes index i to pixels of value i, and counts; 9 cannot be decoded at first."""

    def __init__(self):
        self.asked, self.lock = [], threading.Lock()

    def __call__(self, index):
        with self.lock:
            self.asked.append(index)
        if index == 9 and self.asked.count(9) == 1:
            raise ValueError("nine")
        return np.full((4, 4, 1), index, np.uint8)


def test_the_pictures_asked_for_last_are_kept_and_no_more(monkeypatch):
    monkeypatch.setattr(module, "KEPT", 3 * 16)
    one = Counting()
    kept = KeptPictures(one, 16)
    assert kept.bound == 3
    for index in (0, 1, 2, 0, 3, 0, 1):  # 1 was the oldest when 3 came
        assert kept[index].max() == index
        assert len(kept._kept) <= 3
    assert one.asked == [0, 1, 2, 3, 1]
    kept.expect([5, 6, 7, 8])
    assert set(kept._kept) == {5, 6, 7}
    data = VariedDataset(kept, 10, 4, 1, None, ())
    assert data.read(torch.arange(9))[:, 0, 0, 0].tolist() == list(range(9))


def test_a_picture_that_fails_raises_where_it_is_read_and_is_tried_again():
    kept = KeptPictures(Counting(), 16)
    kept.expect([9])
    with pytest.raises(ValueError, match="nine"):
        kept[9]
    assert kept[9].max() == 9


def test_one_picture_is_kept_however_large_it_is():
    kept = KeptPictures(lambda index: pixels(4, 4, 1, index), 2**40)
    assert kept.bound == 1
    read = VariedDataset(kept, 3, 4, 1, None, ()).read(torch.tensor([2, 0, 1]))
    assert np.array_equal(read[2], pixels(4, 4, 1, 1))
