"""Files that claim more than they hold: refused in one line, before anything is allocated on their word."""

import io
import pickle
import struct
import tracemalloc
import zipfile

import pytest
import torch

from organza.errors import OrganzaError
from organza.exchange.authors import convert, inert
from organza.exchange.authors.reading import open_checkpoint


def short(text):
    return b"\x8c" + bytes([len(text)]) + text


TENSOR = b"ctorch._utils\n_rebuild_tensor_v2\n"
DTYPE = (
    b"cnumpy\ndtype\n(X\x02\x00\x00\x00f4\x89\x88tR(K\x03X\x01\x00\x00\x00<NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
)
ARRAY = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\nK\x00\x85C\x01btR"
HUGE = b"\x8a\x06" + (10**12).to_bytes(6, "little")
CYCLE = b"\x80\x04}(" + short(b"G_ema") + b"cargparse\nNamespace\n)\x81\x94}(" + short(b"_modules") + b"}("
CYCLE += b"".join(short(f"m{number}".encode()) + b"h\x00" for number in range(200)) + b"uubu."


def claims_of_zip(count):
    box = io.BytesIO()
    torch.save({"a": torch.ones(3)}, box)
    old, new = zipfile.ZipFile(box), io.BytesIO()
    with zipfile.ZipFile(new, "w") as archive:
        for name in old.namelist():
            content = old.read(name)
            if name.endswith("data.pkl"):
                content = content.replace(b"cpuq\x06K\x03t", b"cpuq\x06" + count + b"t")
                assert count in content
            archive.writestr(name, content)
    return new.getvalue()


def claims_of_old(count):
    box = io.BytesIO()
    torch.save({"a": torch.ones(3)}, box, _use_new_zipfile_serialization=False)
    assert b"K\x03N" in box.getvalue()
    return box.getvalue().replace(b"K\x03N", count + b"N", 1)


CLAIMS = {
    "an array": b"\x80\x04" + ARRAY + b"(K\x01" + HUGE + b"\x85" + DTYPE + b"\x89C\x04abcdtb.",
    "an array of many dimensions": b"\x80\x04" + ARRAY + b"(K\x01(" + HUGE * 12 + b"t" + DTYPE + b"\x89C\x04abcdtb.",
    "an array of objects": b"\x80\x04" + ARRAY + b"(K\x01K\x01\x85" + DTYPE.replace(b"f4", b"O8") + b"\x89C\x08abcdefghtb.",
    "bytes": b"\x80\x04\x8e" + struct.pack("<Q", 1 << 62) + b"abc.",
    "bytes of 2 GB": b"\x80\x04B\xff\xff\xff\x7fabc.",
    "a bytearray": b"\x80\x05\x96" + struct.pack("<Q", 1 << 40) + b"abc.",
    "a made bytearray": b"\x80\x02cbuiltins\nbytearray\n" + HUGE + b"\x85R.",
    "a string": b"\x80\x04\x8d" + struct.pack("<Q", 1 << 50) + b"abc.",
    "a negative string": b"\x80\x02T\xff\xff\xff\xffabc.",
    "an integer": b"\x80\x02\x8b\xff\xff\xff\x7f1.",
    "a negative integer": b"\x80\x02\x8b\xff\xff\xff\xff1.",
    "a written integer": b"\x80\x02I" + b"9" * 100_000 + b"\n.",
    "a frame": b"\x80\x04\x95" + struct.pack("<Q", 1 << 62) + b"N.",
    "a memo": b"\x80\x02Nr\xff\xff\xff\x7f.",
    "a memo of a large number": b"\x80\x02Np" + b"9" * 400 + b"\n.",
    "a memo that is empty": b"\x80\x02j\xff\xff\xff\x7f.",
    "an old storage": claims_of_old(HUGE),
    "a storage": claims_of_zip(HUGE),
    "a storage of a negative size": claims_of_zip(b"J\xff\xff\xff\xff"),
    "deep lists": b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b".",
    "deep tuples": b"\x80\x02N" + b"\x85" * 100_000 + b".",
    "a deep key": b"\x80\x02}N" + b"\x85" * 100_000 + b"Ns.",
    "a list in itself": b"\x80\x02]q\x00h\x00a.",
    "modules in themselves": CYCLE,
    "marks": b"\x80\x02" + b"(" * 100_000 + b".",
    "nothing on the stack": b"\x80\x02R.",
    "no end": b"\x80\x02" + b"N0" * 200_000 + b".",
    "one list many times": b"\x80\x02](" + b"N" * 20_000 + b"eq\x000cbuiltins\nset\nq\x01" + b"h\x01h\x00\x85R0" * 20_000 + b".",
    "one text many times": b"\x80\x02X\xa0\x86\x01\x00"
    + b"a" * 100_000
    + b"q\x000c_codecs\nencode\nq\x01"
    + b"h\x01h\x00X\x06\x00\x00\x00latin1\x86R0" * 20_000
    + b".",
    "numbers that collide": b"\x80\x02}("
    + b"".join(b"\x8a\x10" + (number * (2**61 - 1)).to_bytes(16, "little") + b"N" for number in range(30_000))
    + b"u.",
    "no instruction": b"\x80\x02\xffN.",
    "a pointer outside": b"\x80\x02X\x01\x00\x00\x00aQ.",
    "a set of lists": b"\x80\x04\x8f(]\x90.",
    "no known thing called": b"\x80\x02]N\x85R.",
    "no pairs": b"\x80\x02ccollections\nOrderedDict\n]Na\x85R.",
    "a tensor without storage": b"\x80\x02" + TENSOR + b"(NK\x00K\x01\x85K\x01\x85\x89NtR.",
    "cut short": pickle.dumps({"a": list(range(1000))})[:-100],
}  # fmt: skip


@pytest.mark.parametrize("claim", CLAIMS)
def test_claims_are_not_believed(claim, tmp_path, monkeypatch):
    monkeypatch.setattr(inert, "INSTRUCTIONS", 300_000)
    file = tmp_path / "x.pkl"
    file.write_bytes(CLAIMS[claim])
    tracemalloc.start()
    try:
        for kind in (
            ("cyclegan", "srgan", "stylegan2", "r3gan", "rosinality")
            if len(CLAIMS[claim]) < 10_000
            else ("stylegan2-ada",)
        ):
            with pytest.raises(OrganzaError) as caught:
                convert(file, kind)
            assert "\n" not in str(caught.value)
            assert len(str(caught.value)) < 500
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < (128 << 20) + 40 * len(CLAIMS[claim])


def test_tensors_reach_no_further_than_their_storage(tmp_path):
    storage = torch.arange(12.0)
    torch.save({"a": storage[2:8].view(2, 3).T, "b": torch.empty(0, 3), "c": storage[11:]}, tmp_path / "x.pth")
    with pytest.raises(OrganzaError, match=r"no network|another network"):
        convert(tmp_path / "x.pth", "cyclegan")
    found = {name: one.tensor() for name, one in open_checkpoint(tmp_path / "x.pth").content.items()}
    assert torch.equal(found["a"], storage[2:8].view(2, 3).T)
    assert found["b"].shape == (0, 3)
    assert found["c"].tolist() == [11.0]
    box = tmp_path / "y.pth"
    torch.save({"a": storage.view(3, 4)}, box, _use_new_zipfile_serialization=False)
    content = box.read_bytes()
    assert content.count(b"K\x03K\x04\x86") == 1
    for size in (b"K\x04K\x04\x86", b"K\x04K\x03\x86"):  # too many numbers; as many, beyond the end
        box.write_bytes(content.replace(b"K\x03K\x04\x86", size))
        with pytest.raises(OrganzaError, match="claims|reaches beyond"):
            convert(box, "cyclegan")
