"""Small files that stand for endless texts or many numbers, and texts that no terminal should show: refused, or cut down."""

import io
import json
import pickle
import subprocess
import sys
import zipfile

import pytest
import torch
from style_reference_files import save_tensorflow
from style_references_others import tf_discriminator, tf_generator

import organza
from organza.errors import OrganzaError
from organza.exchange.authors import conversion, convert, modules
from organza.exchange.authors.conversion import average_w
from organza.exchange.authors.inert import Thing
from organza.exchange.authors.modules import UNKNOWN, flatten, flatten_tensorflow
from organza.exchange.authors.reading import Opened
from organza.exchange.authors.rebuilding import MAGIC, VERSION

DOUBLED = b"N" + b"2\x86" * 200  # (x, x) of (x, x), and so on: 2^200 words as text


def text(content):
    return b"\x8c" + bytes([len(content)]) + content


def in_type_of_numbers():
    return b"\x80\x04cnumpy\ndtype\n" + DOUBLED + b"\x85R."


def in_zip():
    box = io.BytesIO()
    identifier = b"(" + text(b"storage") + b"ctorch\nFloatStorage\n" + DOUBLED + text(b"cpu") + b"K\x01tQ."
    with zipfile.ZipFile(box, "w") as archive:
        archive.writestr("x/data.pkl", b"\x80\x04" + identifier)
        archive.writestr("x/data/0", bytes(4))
    return box.getvalue()


def old_form(content, keys):
    before = [MAGIC, VERSION, {"little_endian": True}]
    return b"".join(pickle.dumps(each, 2) for each in before) + content + keys


def in_old_storage():
    identifier = b"(" + text(b"storage") + b"ctorch\nFloatStorage\n" + DOUBLED + text(b"cpu") + b"K\x01NtQ."
    return old_form(b"\x80\x04" + identifier, b"\x80\x02].")


def in_old_keys():
    return old_form(b"\x80\x02}.", b"\x80\x04]" + DOUBLED + b"a.")


def network(variables, kwargs=b"}"):
    state = b"}(" + text(b"variables") + variables + text(b"static_kwargs") + kwargs + b"u"
    return b"cdnnlib.tflib.network\nNetwork\n)\x81" + state + b"b"


def in_variables():
    return b"\x80\x04" + network(b"]" + DOUBLED + b"N\x86a") + b"22\x87."


def in_settings():
    return b"\x80\x04" + network(b"]", b"}" + text(b"architecture") + DOUBLED + b"s") + b"22\x87."


FILES = {
    in_type_of_numbers: "a type of numbers that is none",
    in_zip: "a storage without a name",
    in_old_storage: "a storage without a name",
    in_old_keys: "a storage without a name",
    in_variables: "names that no network's have",
    in_settings: "'no plain value'",
}
PROGRAM = """
import sys
from pathlib import Path
from organza.errors import OrganzaError
from organza.exchange.authors import convert
for file in sys.argv[1:]:
    try:
        convert(Path(file), "stylegan2-ada")
    except OrganzaError as error:
        print(error)
"""


def test_endless_texts_are_never_written(tmp_path):
    """In a process of its own, which is ended where it hangs."""
    files = []
    for made in FILES:
        files.append(tmp_path / made.__name__)
        files[-1].write_bytes(made())
        assert files[-1].stat().st_size < 2_000
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *files], capture_output=True, text=True, timeout=60, check=True
    )
    messages = done.stdout.splitlines()
    assert len(messages) == len(FILES)
    for message, wanted in zip(messages, FILES.values(), strict=True):
        assert wanted in message
        assert len(message) < 500


def opened(tmp_path):
    return Opened(None, "", tmp_path / "x.pkl", 1 << 30)


def module(inner=None, parameters=None, **state):
    return Thing("torch.nn.Module", (), {"_modules": inner or {}, "_parameters": parameters or {}, **state})


LONG = "a" * (modules.NAME + 1)
NAMES = {
    "a module": module({LONG: module()}),
    "a module that is no word": module({b"a": module()}),
    "a parameter": module(parameters={LONG: torch.ones(1)}),
    "a number for a parameter": module(parameters={1: torch.ones(1)}),
    "a buffer": module(_buffers={LONG: torch.ones(1)}),
    "an attribute": module(**{LONG: 1}),
    "names in names": module({"a" * 90: module({"a" * 90: module({"a" * 90: module()})})}),
}


@pytest.mark.parametrize("name", NAMES)
def test_names_that_no_network_has(name, tmp_path):
    with pytest.raises(OrganzaError, match="names that no network's have"):
        flatten(NAMES[name], opened(tmp_path))


def test_many_entries(tmp_path, monkeypatch):
    shared = module(parameters={f"p{number}": torch.ones(1) for number in range(90)})
    known = module({f"m{number}": shared for number in range(5)})
    assert len(flatten(known, opened(tmp_path)).tensors) == 450
    monkeypatch.setattr(modules, "TOTAL", 400)
    with pytest.raises(OrganzaError, match="more than 400 entries"):
        flatten(known, opened(tmp_path))
    with pytest.raises(OrganzaError, match="another thing"):
        flatten(module(dict.fromkeys(map(str, range(modules.ENTRIES + 1)))), opened(tmp_path))


def tensorflow(**state):
    return Thing(modules.NETWORK, (), {"variables": [("w", torch.ones(1))], **state})


@pytest.mark.parametrize("inner", [tensorflow(variables=[(LONG, 1)]), tensorflow(components={LONG: tensorflow()})])
def test_names_of_tensorflow(inner, tmp_path):
    with pytest.raises(OrganzaError, match="names that no network's have"):
        flatten_tensorflow(inner, opened(tmp_path))


def test_settings_of_tensorflow(tmp_path):
    plain = {"a": 1, "b": "lrelu", "c": [1, 3, 3, 1], "d": None, "e": 0.5, "f": (1, 2)}
    others = {"g": LONG, "h": [1] * 17, "i": [[1]], "j": {}, "k": b"a"}
    found = flatten_tensorflow(tensorflow(static_kwargs=plain | others), opened(tmp_path)).settings
    assert found == plain | dict.fromkeys(others, UNKNOWN)


def test_an_unknown_setting_is_not_taken_for_the_usual(tmp_path):
    generator = tf_generator()
    generator.static_kwargs["resample_kernel"] = [[1, 3, 3, 1]]
    save_tensorflow(tmp_path / "x.pkl", generator, tf_discriminator())
    with pytest.raises(OrganzaError, match="resample_kernel is no plain value"):
        convert(tmp_path / "x.pkl", "stylegan2-ada")


@pytest.mark.parametrize("classes", [0, 5])
@pytest.mark.parametrize("piece", [1, 8_000, 10**9])
def test_the_average_in_pieces(classes, piece, monkeypatch):
    monkeypatch.setattr(conversion, "PIECE", piece)
    monkeypatch.setattr(conversion, "SAMPLES", 300)
    given = []

    def mapping(z, labels):
        given.append((z, labels))
        return z * (1 if labels is None else labels.sum(1, keepdim=True))

    found = average_w(mapping, 16, classes)
    torch.testing.assert_close(found, torch.cat([z for z, _ in given]).mean(0))
    assert sum(len(z) for z, _ in given) == 300
    assert all(z.numel() <= max(piece, 16) for z, _ in given)
    if piece >= 8_000:
        whole = torch.randn(300, 16, generator=torch.Generator().manual_seed(conversion.SEED))
        torch.testing.assert_close(found, whole.mean(0))
    assert all((labels is None) == (classes == 0) for _, labels in given)
    assert all(torch.all(labels == 0.2) for _, labels in given if labels is not None)


COLOUR = "\x1b[31mred\x07\nnext"


def test_texts_for_the_terminal(tmp_path):
    identifier = b"(" + text(COLOUR.encode()) + b"NNtQ."
    (tmp_path / "x.pth").write_bytes(old_form(b"\x80\x04" + identifier, b"\x80\x02]."))
    torch.save({COLOUR: torch.ones(3), "a": torch.ones(2)}, tmp_path / "y.pth")
    torch.save({"g_ema": {"input.input": torch.ones(1, 4, 4, 4), COLOUR: torch.ones(3)}}, tmp_path / "z.pth")
    for name, kind in (("x", "cyclegan"), ("y", "srgan"), ("z", "rosinality")):
        with pytest.raises(OrganzaError) as caught:
            convert(tmp_path / f"{name}.pth", kind)
        assert str(caught.value).isprintable()
    assert "?[31mred" in str(caught.value)


def test_texts_in_notes(tmp_path):
    judge = tf_discriminator()
    judge.variables[COLOUR] = torch.ones(3)
    save_tensorflow(tmp_path / "x.pkl", tf_generator(), judge)
    model = organza.import_model(tmp_path / "x.pkl", kind="stylegan2-ada", out=tmp_path / "model")
    notes = json.loads((tmp_path / "model" / "config.json").read_text())["imported"]["notes"]
    assert any("?[31mred" in note for note in notes)
    assert all(note.isprintable() for note in notes)
    assert model.config["imported"]["notes"] == notes


def test_a_file_with_nothing_in_it(tmp_path):
    (tmp_path / "x.pkl").write_bytes(pickle.dumps({}))
    with pytest.raises(OrganzaError, match="but nothing$"):
        convert(tmp_path / "x.pkl", "stylegan2-ada")
