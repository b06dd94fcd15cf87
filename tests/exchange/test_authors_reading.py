"""Files that say they are checkpoints: opened without running anything, or refused in one line."""

import contextlib
import io
import os
import pickle
import tarfile
import tempfile
import warnings
import zipfile
from pathlib import Path

import pytest
import torch
from authors_networks import ResnetGenerator
from hypothesis import given
from hypothesis import strategies as some
from torch import nn

from organza.errors import OrganzaError
from organza.exchange.authors import convert, reading
from organza.exchange.authors.reading import read_checkpoint

WEIGHTS = {"layer.weight": torch.ones(3, 3), "layer.bias": torch.zeros(3)}


class Wicked:
    """What runs a program when it is unpickled."""

    def __init__(self, function, argument):
        self.call = function, (argument,)

    def __reduce__(self):
        return self.call


def wicked(tmp_path):
    """(Objects that leave a file behind when they are opened, the file.)"""
    mark = tmp_path / "it-ran"
    return [Wicked(os.system, f"touch '{mark}'"), Wicked(eval, f"open({str(mark)!r}, 'w').close()")], mark


def pickled(protocol):
    return lambda content, path: path.write_bytes(pickle.dumps(content, protocol))


SAVERS = {
    "zip": torch.save,
    "legacy": lambda content, path: torch.save(content, path, _use_new_zipfile_serialization=False),
    **{f"protocol {number}": pickled(number) for number in range(pickle.HIGHEST_PROTOCOL + 1)},
}


@pytest.mark.parametrize("saver", SAVERS)
@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("alone", [True, False])
def test_a_file_that_wants_to_run_code_is_refused_and_does_not(saver, number, alone, tmp_path):
    objects, mark = wicked(tmp_path)
    file = tmp_path / "latest_net_G.pth"
    SAVERS[saver](objects[number] if alone else {"opt": objects[number], **WEIGHTS}, file)
    with pytest.raises(OrganzaError) as caught:
        convert(file, "cyclegan")
    assert not mark.exists()
    assert "\n" not in str(caught.value)
    if saver in ("zip", "legacy"):
        assert "wants to run code when it is opened" in str(caught.value)
        assert ("system" if number == 0 else "eval") in str(caught.value)
        torch.load(file, weights_only=False)  # which does run it: the trap was a real one
    elif alone:
        assert "wants to run code when it is opened" in str(caught.value)
        pickle.loads(file.read_bytes())
    assert mark.exists() == (alone or saver in ("zip", "legacy"))


def test_whole_networks_are_code_too(tmp_path):
    torch.save(nn.Linear(2, 2), tmp_path / "x.pth")
    with pytest.raises(OrganzaError, match=r"run code .*\(torch\.nn\.modules\.linear\.Linear\): refused"):
        read_checkpoint(tmp_path / "x.pth")
    with warnings.catch_warnings(action="ignore"):
        torch.jit.script(nn.Linear(2, 2)).save(tmp_path / "x.pt")
    with pytest.raises(OrganzaError, match="TorchScript program"):
        read_checkpoint(tmp_path / "x.pt")


def test_archives_of_the_oldest_form_never_reach_the_loader(tmp_path, monkeypatch):
    with tarfile.open(tmp_path / "x.pth", "w") as archive:
        archive.addfile(tarfile.TarInfo("\x80\x02"), io.BytesIO())
    monkeypatch.setattr(torch, "load", lambda *_arguments, **_options: pytest.fail("it was loaded"))
    with pytest.raises(OrganzaError, match="another tar"):
        read_checkpoint(tmp_path / "x.pth")


def zipped(name, content=b""):
    box = io.BytesIO()
    with zipfile.ZipFile(box, "w") as archive:
        archive.writestr(name, content)
    return box.getvalue()


def torch_bytes(content, **options):
    box = io.BytesIO()
    torch.save(content, box, **options)
    return box.getvalue()


LEGACY = {"_use_new_zipfile_serialization": False}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"a text file\n" * 9, "is no checkpoint"),
        (b"c", "is no checkpoint"),
        (b"\x80", "is no checkpoint"),
        (b"\x89HDF\r\n\x1a\n" + bytes(99), "an HDF5 file, as Keras writes it"),
        (b"\x89PNG\r\n\x1a\n" + bytes(99), "is no checkpoint"),
        (zipped("word/document.xml"), "an archive, but no checkpoint"),
        (torch_bytes(WEIGHTS)[:500], "damaged or cut short"),
        (torch_bytes(WEIGHTS, **LEGACY)[:-9], "damaged or cut short"),
        (torch_bytes(WEIGHTS, **LEGACY)[:30], "damaged or cut short"),
        (zipped("x/data.pkl", b"\x80\x02}q\x00X"), "damaged or cut short"),
        ((40).to_bytes(8, "little") + b'{"a": ' + bytes(60), "damaged or cut short"),
        (torch_bytes([1, 2]), "no network's weights, but a list"),
        (torch_bytes({}), "no network's weights, but nothing"),
        (torch_bytes({"epoch": 3, "model": 4}), "its entries are epoch, model"),
        (torch_bytes({"a": torch.tensor([1.0, float("nan")])}), "'a' .*not finite"),
        (torch_bytes({"a": torch.zeros(1).expand(10**5, 10**5)}), r"'a' .*claims \[100000, 100000\]"),
        (torch_bytes({"a": torch.zeros(1).expand(10**5, 10**5)}, **LEGACY), r"'a' .*claims \[100000, 100000\]"),
        (torch_bytes({"a": torch.eye(3).to_sparse()}), "'a' .*no plain array"),
        (torch_bytes({"a": torch.eye(3) * 1j}), "'a' .*no plain array"),
    ],
)
def test_other_files_are_refused_in_one_line(content, message, tmp_path):
    file = tmp_path / "x.h5"
    file.write_bytes(content)
    with warnings.catch_warnings(action="error"), pytest.raises(OrganzaError, match=message) as caught:
        read_checkpoint(file)
    assert "\n" not in str(caught.value)
    assert str(file) in str(caught.value)
    assert len(str(caught.value)) < 400


@given(some.sampled_from([{}, LEGACY]), some.integers(0, 1200), some.binary(min_size=1, max_size=9))
def test_whatever_a_file_holds_it_is_read_or_refused(options, place, damage):
    content = torch_bytes(WEIGHTS, **options)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "x.pth"
        file.write_bytes(content[:place] + damage + content[place + len(damage) :])
        with contextlib.suppress(OrganzaError):
            assert set(read_checkpoint(file).tensors) is not None


def test_files_that_are_not_there(tmp_path):
    for file in (tmp_path / "none.pth", tmp_path):
        with pytest.raises(OrganzaError, match="cannot read the checkpoint"):
            read_checkpoint(file)


def test_what_unpacks_to_too_much_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "LARGEST", 1 << 20)
    box = io.BytesIO()
    with zipfile.ZipFile(box, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x/data.pkl", b"")
        archive.writestr("x/data/0", bytes((1 << 20) + 1))
    (tmp_path / "x.pth").write_bytes(box.getvalue())
    assert len(box.getvalue()) < 1 << 12
    monkeypatch.setattr(torch, "load", lambda *_arguments, **_options: pytest.fail("it was loaded"))
    with pytest.raises(OrganzaError, match="unpacks to more than"):
        read_checkpoint(tmp_path / "x.pth")
    (tmp_path / "y.pth").write_bytes(bytes((1 << 20) + 1))
    with pytest.raises(OrganzaError, match="is larger than"):
        read_checkpoint(tmp_path / "y.pth")


def test_numbers_become_float32_and_prefixes_go(tmp_path):
    content = {"module.a.weight": torch.ones(2).half(), "module.a.num_batches_tracked": torch.tensor(3)}
    torch.save({"state_dict": content}, tmp_path / "x.pth")
    found = read_checkpoint(tmp_path / "x.pth")
    assert {name: tensor.dtype for name, tensor in found.tensors.items()} == {
        "a.weight": torch.float32,
        "a.num_batches_tracked": torch.float32,
    }
    assert reading.without_prefixes({"module.a": torch.ones(1), "b": torch.ones(1)}).keys() == {"module.a", "b"}


def test_statistics_of_instance_normalisations_go_and_others_stay():
    tracked = ResnetGenerator(norm=lambda channels: nn.InstanceNorm2d(channels, track_running_stats=True)).state_dict()
    plain = ResnetGenerator().state_dict()
    assert reading.without_statistics(tracked).keys() == plain.keys()
    batch = ResnetGenerator(norm=nn.BatchNorm2d).state_dict()
    kept = {name for name in batch if not name.endswith("num_batches_tracked")}
    assert reading.without_statistics(batch).keys() == kept
