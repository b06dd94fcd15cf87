import threading

import numpy as np
import pytest
import torch

from organza.data import dataset as module
from organza.data.dataset import StreamedDataset


class Decoder:
    """Decodes index i to pixels of value i, and counts; holds everything back until it is released."""

    def __init__(self, held=False):
        self.asked, self.lock, self.gate = [], threading.Lock(), threading.Event()
        if not held:
            self.gate.set()

    def __call__(self, index):
        with self.lock:
            self.asked.append(index)
        assert self.gate.wait(10)
        if index == 99:
            raise ValueError("ninety-nine")
        return np.full((2, 2, 3), index, np.uint8)


def streamed(decoder):
    return StreamedDataset(decoder, 100, (3, 2, 2), None, (), ("a note",))


def test_pictures_come_in_the_order_of_the_indices():
    data = streamed(Decoder())
    assert (data.count, data.shape, data.notes) == (100, (3, 2, 2), ("a note",))
    read = data.read(torch.tensor([5, 3, 5, 0]))
    assert (read.shape, read.dtype) == ((4, 2, 2, 3), torch.uint8)
    assert read[:, 0, 0, 0].tolist() == [5, 3, 5, 0]


def test_what_is_expected_is_decoded_once_and_before_it_is_read():
    decoder = Decoder()
    data = streamed(decoder)
    data.expect(torch.tensor([1, 2]))
    data.expect(torch.tensor([2, 1]))
    for future in data._ahead.values():
        future.result()
    assert sorted(decoder.asked) == [1, 2]
    assert data.read(torch.tensor([2, 1]))[:, 0, 0, 0].tolist() == [2, 1]
    assert sorted(decoder.asked) == [1, 2]
    data.read(torch.tensor([2]))
    assert sorted(decoder.asked) == [1, 2, 2]


def test_expectations_are_bounded_and_the_oldest_give_way(monkeypatch):
    monkeypatch.setattr(module, "AHEAD", 4 * 12)
    decoder = Decoder(held=True)
    data = streamed(decoder)
    assert data.bound == 4
    for start in range(0, 90, 3):
        data.expect(torch.arange(start, start + 3))
        assert len(data._ahead) <= 4
    data.expect(torch.arange(50))
    assert set(data._ahead) == {0, 1, 2, 3}
    decoder.gate.set()
    assert data.read(torch.arange(20))[:, 0, 0, 0].tolist() == list(range(20))
    assert len(decoder.asked) < 60


def test_a_picture_that_fails_raises_where_it_is_read():
    data = streamed(Decoder())
    data.expect(torch.tensor([99]))
    with pytest.raises(ValueError, match="ninety-nine"):
        data.read(torch.tensor([1, 99]))
    assert data.read(torch.tensor([1])).max() == 1
