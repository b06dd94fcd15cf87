"""Files that are made to do harm: nothing that they name runs, and nothing that they claim is believed, for every kind."""

import argparse
import builtins
import contextlib
import copyreg
import importlib
import io
import operator
import os
import pickle
import shutil
import subprocess
import sys
from collections import OrderedDict

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some
from style_reference_files import (
    R3Generator,
    WrappedGenerator,
    authors_modules,
    save_nvidia,
    save_rosinality,
    save_tensorflow,
)
from style_references import Generator, Persistent
from style_references_others import RosinalityDiscriminator, RosinalityGenerator, tf_discriminator, tf_generator

import organza
from organza.errors import OrganzaError
from organza.exchange.authors import KINDS, convert
from organza.exchange.authors.inert import Malformed, Thing, WantsToRun, unpickle
from organza.exchange.authors.rebuilding import STATES, TENSORS


class Call:
    """What calls a function when it is unpickled."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __call__(self, *_):
        raise AssertionError("called while it is pickled")

    def __reduce__(self):
        return self.call


def attacks(mark):
    """Objects that leave the file `mark` behind when they are opened, each in another way."""
    shell, code = f"touch '{mark}'", f"open({str(mark)!r}, 'w').close()"
    within = io.BytesIO()
    torch.save(Call(os.system, shell), within, _use_new_zipfile_serialization=False)
    return {
        "os.system": Call(os.system, shell),
        "eval": Call(eval, code),
        "exec": Call(exec, code),
        "compiled": Call(exec, Call(compile, code, "x", "exec")),
        "subprocess": Call(subprocess.check_output, ["touch", str(mark)]),
        "popen": Call(subprocess.Popen, ["touch", str(mark)]),
        "getattr": Call(Call(getattr, Call(importlib.import_module, "os"), "system"), shell),
        "attrgetter": Call(Call(operator.attrgetter("system").__class__, "system"), os.path),
        "a pickle within": Call(pickle.loads, pickle.dumps(Call(os.system, shell))),
        "a tensor within": Call(torch.storage._load_from_bytes, within.getvalue()),
        "open": Call(builtins.open, str(mark), "w"),
        "copy": Call(shutil.copyfile, __file__, str(mark)),
    }


NAMES = [name for name in attacks("x") if name != "attrgetter"]


def torch_zip(content, path):
    torch.save(content, path)


def torch_old(content, path):
    torch.save(content, path, _use_new_zipfile_serialization=False)


def bare(content, path):
    path.write_bytes(pickle.dumps(content))


def in_a_state(content, path):
    """Deep in a network of NVIDIA's, among its attributes."""
    generator = Generator(4, 0, 4, 8, 3, {"num_layers": 1}, channel_base=32, channel_max=4)
    generator.synthesis.b8.conv1.affine.extra = content
    save_nvidia(path, generator, generator)


def as_source(content, path):
    """Where the source of a class should be."""
    before, Persistent.source = Persistent.source, content
    try:
        save_nvidia(path, *[Generator(4, 0, 4, 8, 3, {"num_layers": 1}, channel_base=32, channel_max=4)] * 2)
    finally:
        Persistent.source = before


def as_weight(content, path):
    """Where a weight of R3GAN should be."""
    generator = WrappedGenerator(R3Generator(4, [4, 4], [2, 2], [1, 1], 2, 0), 4)
    generator.Model.MainLayers[1].Layers[1].LinearLayer1.Layer.extra = content
    save_nvidia(path, generator, generator)


def in_tensorflow(content, path):
    generator = tf_generator(8, 4, 4, 32, 4, 1)
    generator.static_kwargs["extra"] = content
    save_tensorflow(path, generator, tf_discriminator(8, 32, 4))


def in_rosinalitys_options(content, path):
    networks = RosinalityGenerator([4, 4], 4, 1), RosinalityDiscriminator([4, 4])
    save_rosinality(path, *networks, args=argparse.Namespace(lr=content))


PLACES = [torch_zip, torch_old, bare, in_a_state, as_source, as_weight, in_tensorflow, in_rosinalitys_options]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("place", PLACES)
def test_nothing_runs_for_any_kind(place, name, tmp_path):
    mark, file = tmp_path / "it-ran", tmp_path / "x.pkl"
    place(attacks(mark)[name], file)
    mark.unlink(missing_ok=True)
    for kind in KINDS:
        with pytest.raises(OrganzaError) as caught:
            organza.import_model(file, kind=kind, out=tmp_path / "model")
        assert "wants to run code when it is opened" in str(caught.value)
        assert "\n" not in str(caught.value)
        assert not mark.exists()
    with pytest.raises(OrganzaError):
        organza.load(file)
    assert not mark.exists()
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("name", NAMES)
def test_the_traps_are_real(name, tmp_path):
    mark = tmp_path / "it-ran"
    made = pickle.loads(pickle.dumps(attacks(mark)[name]))
    if isinstance(made, subprocess.Popen):
        made.wait()
    assert mark.exists()


def test_a_source_is_never_run(tmp_path):
    mark = tmp_path / "it-ran"
    before, Persistent.source = Persistent.source, f"open({str(mark)!r}, 'w').close()"
    try:
        generator = Generator(4, 0, 4, 8, 3, {"num_layers": 1}, channel_base=32, channel_max=4)
        save_nvidia(tmp_path / "x.pkl", generator, generator, D=None)
    finally:
        Persistent.source = before
    convert(tmp_path / "x.pkl", "stylegan2-ada")
    assert not mark.exists()
    assert not any(name.startswith("_imported_module_") for name in sys.modules)


def test_models_hold_no_pickles(tmp_path):
    """`load` reads JSON and safetensors: a pickle in their place is damage."""
    generator = Generator(4, 0, 4, 8, 3, {"num_layers": 1}, channel_base=32, channel_max=4)
    save_nvidia(tmp_path / "x.pkl", generator, generator, D=None)
    model, mark = tmp_path / "model", tmp_path / "it-ran"
    organza.import_model(tmp_path / "x.pkl", kind="stylegan2-ada", out=model)
    for name in ("config.json", "model.safetensors", "opponents.safetensors"):
        kept = (model / name).read_bytes()
        for save in (torch_zip, torch_old, bare):
            save(attacks(mark)["os.system"], model / name)
            with pytest.raises(OrganzaError):
                organza.load(model)
            assert not mark.exists()
        (model / name).write_bytes(kept)
    organza.load(model)


def short(text):
    return b"\x8c" + bytes([len(text)]) + text


SYSTEM = {
    "GLOBAL": b"cos\nsystem\n(S'touch it-ran'\ntR.",
    "posix": b"cposix\nsystem\n(S'touch it-ran'\ntR.",
    "STACK_GLOBAL": b"\x80\x04" + short(b"os") + short(b"system") + b"\x93" + short(b"touch it-ran") + b"\x85R.",
    "a dotted name": b"\x80\x04"
    + short(b"torch")
    + short(b"_utils.os.system")
    + b"\x93"
    + short(b"touch it-ran")
    + b"\x85R.",
    "INST": b"(S'touch it-ran'\nios\nsystem\n.",
    "OBJ": b"(cos\nsystem\nS'touch it-ran'\no.",
    "NEWOBJ": b"\x80\x02csubprocess\nPopen\n(]" + b"(X\x05\x00\x00\x00touchX\x06\x00\x00\x00it-ranet\x81.",
    "EXT1": b"\x80\x02\x82\xf0(X\x0c\x00\x00\x00touch it-rantR.",
    "EXT2": b"\x80\x02\x83\xf0\x00(X\x0c\x00\x00\x00touch it-rantR.",
    "EXT4": b"\x80\x02\x84\xf0\x00\x00\x00(X\x0c\x00\x00\x00touch it-rantR.",
    "in a memo": b"\x80\x02]cos\nsystem\nq\x00a(h\x00X\x0c\x00\x00\x00touch it-ran\x85Re.",
}


@pytest.mark.parametrize("name", SYSTEM)
def test_every_way_of_naming_a_function(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    copyreg.add_extension("posix", "system", 0xF0)
    try:
        (tmp_path / "x.pkl").write_bytes(SYSTEM[name])
        for kind in KINDS:
            with pytest.raises(OrganzaError, match="wants to run code"):
                convert(tmp_path / "x.pkl", kind)
        assert not (tmp_path / "it-ran").exists()
        if name not in ("a dotted name", "NEWOBJ", "OBJ"):
            pickle.loads(SYSTEM[name])
            assert (tmp_path / "it-ran").exists()
    finally:
        copyreg.remove_extension("posix", "system", 0xF0)
        copyreg.clear_extension_cache()


@pytest.mark.parametrize("names", [TENSORS, STATES])
def test_what_may_be_named_is_ours(names):
    for name, named in names.items():
        assert named.name == name
        assert named.make is None or named.make.__module__ == "organza.exchange.authors.rebuilding"


def test_a_state_changes_no_stand_in():
    state = dict.fromkeys(("take", "name", "__class__", "state", "__setstate__", "arguments"), 1)
    content = argparse.Namespace()
    content.__dict__.update(state)
    found, _ = unpickle(memoryview(pickle.dumps(content)), STATES)
    assert type(found) is Thing
    assert (found.name, found.arguments) == ("argparse.Namespace", ())
    assert found.state == state
    with pytest.raises(WantsToRun, match="Namespace"):
        unpickle(memoryview(pickle.dumps(content)), TENSORS)


def plain():
    """Values that pickles of checkpoints are made of."""
    numbers = some.integers(-(2**60), 2**60) | some.floats(allow_nan=False)
    leaves = some.none() | some.booleans() | numbers | some.text(max_size=20) | some.binary(max_size=20)
    return some.recursive(
        leaves,
        lambda inner: (
            some.lists(inner, max_size=4)
            | some.lists(inner, max_size=4).map(tuple)
            | some.dictionaries(some.text(max_size=5), inner, max_size=4)
            | some.sets(some.text(max_size=5), max_size=4)
        ),
        max_leaves=12,
    )


@given(plain(), some.integers(0, pickle.HIGHEST_PROTOCOL))
def test_what_is_harmless_is_read_as_it_is(value, protocol):
    content = pickle.dumps(value, protocol)
    found, end = unpickle(memoryview(content), TENSORS)
    assert (found, end) == (value, len(content))


@given(plain(), some.integers(0, pickle.HIGHEST_PROTOCOL), some.data())
def test_damage_is_read_or_refused(value, protocol, data):
    content = bytearray(pickle.dumps(value, protocol))
    place = data.draw(some.integers(0, len(content) - 1))
    content[place : place + 3] = data.draw(some.binary(max_size=4))
    with contextlib.suppress(Malformed, WantsToRun):
        unpickle(memoryview(bytes(content)), STATES)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_arrays_and_tensors_come_out(protocol):
    array = np.arange(24, dtype=">f8").reshape(2, 3, 4)
    state = OrderedDict(
        a=array, b=np.asfortranarray(array), c=np.float64(2.5), d=np.int64(7), e=np.bool_(True), f=set("ab")
    )
    state |= {"g": torch.nn.Parameter(torch.ones(2, 3)), "h": torch.Size([2, 3]), "i": torch.bfloat16, "j": array[:, 1]}
    found, _ = unpickle(memoryview(pickle.dumps(state, protocol)), TENSORS)
    for name in ("a", "b", "j"):
        assert torch.equal(found[name].tensor(), torch.from_numpy(state[name].astype("f8")))
    assert (found["c"], found["d"], found["e"], found["f"]) == (2.5, 7, True, {"a", "b"})
    assert torch.equal(found["g"].tensor(), torch.ones(2, 3))
    assert (found["h"], found["i"].name) == ((2, 3), "torch.bfloat16")


def test_the_authors_modules_are_gone_again():
    with authors_modules():
        assert "R3GAN.Networks" in sys.modules
    assert not {"R3GAN.Networks", "dnnlib", "training.networks"} & set(sys.modules)
