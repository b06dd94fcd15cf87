import numpy as np
import pytest
import torch
from PIL import Image

from organza.data import PairedDataset, VariedDataset, decode, decode_domains, open_source
from organza.errors import OrganzaError, UsageError

from .making import encoded, folder_of, image, write, zip_of


def two_folders(root, count=3, size=(12, 10), names=("A", "B"), start=0):
    """Pairs of random pictures; the seed of the wanted one is 100 more than that of the given one."""
    for number in range(start, start + count):
        write(root / names[0] / f"{number}.png", size=size, seed=number)
        write(root / names[1] / f"{number}.png", size=size, seed=100 + number)
    return root


def side_by_side(root, count=3, size=(12, 10)):
    """The same pairs, each in one file."""
    for number in range(count):
        both = Image.new("RGB", (2 * size[0], size[1]))
        both.paste(image(size=size, seed=number), (0, 0))
        both.paste(image(size=size, seed=100 + number), (size[0], 0))
        write(root / f"{number}.png", encoded(both))
    return root


def fails(name, error=OrganzaError):
    with pytest.raises(error) as caught:
        open_source(str(name))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_pairs_in_two_folders(tmp_path):
    source = open_source(f"pairs:{two_folders(tmp_path)}")
    assert (source.form, source.kind, source.count, source.domains) == ("pairs", "images", 3, ())
    assert (source.width, source.height, source.channels, source.uniform) == (12, 10, 3, True)
    assert (source.classes, source.labels) == ((), None)
    assert source.notes[0].startswith("3 pairs in two folders")
    data = decode(source, 10, 3)
    assert isinstance(data, PairedDataset)
    middle = [np.asarray(image(size=(12, 10), seed=seed))[:, 1:11] for seed in (2, 102)]
    indices = torch.tensor([2, 0])
    assert np.array_equal(data.inputs.read(indices)[0], middle[0])
    assert np.array_equal(data.read(indices)[0], middle[1])
    again = decode(source, 10, 3)  # from the cache, which keeps the two apart
    assert torch.equal(again.inputs.read(indices), data.inputs.read(indices))
    assert torch.equal(again.read(indices), data.read(indices))


@pytest.mark.parametrize("native", [False, True])
@pytest.mark.parametrize("budget", [10**9, 100])
def test_side_by_side_is_the_same_as_in_two_folders(tmp_path, native, budget):
    apart, beside = (
        decode(open_source(f"pairs:{root}"), 8, 3, native=native, disk_budget=budget)
        for root in (two_folders(tmp_path / "apart"), side_by_side(tmp_path / "beside"))
    )
    indices, where = torch.tensor([2, 0, 1]), torch.rand(3, 2)
    for one, other in ((apart.wanted, beside.wanted), (apart.inputs, beside.inputs)):
        assert torch.equal(one.read(indices), other.read(indices))
        if native:
            assert torch.equal(one.cut(indices, where), other.cut(indices, where))
    assert not torch.equal(beside.read(indices), beside.inputs.read(indices))
    assert isinstance(beside.inputs, VariedDataset) is native


def test_a_pair_in_a_folder_says_what_it_found(tmp_path):
    source = open_source(f"pairs:{side_by_side(tmp_path, 1)}")
    assert (source.count, source.width, source.height) == (1, 12, 10)
    assert source.notes[0].startswith("1 pair side by side: the left half is given")


def test_what_has_no_partner_or_another_size_is_left_out_with_a_note(tmp_path):
    two_folders(tmp_path)
    write(tmp_path / "A/alone.png", size=(12, 10))
    write(tmp_path / "B/lonely.png", size=(12, 10))
    write(tmp_path / "A/0.png", size=(10, 12))
    source = open_source(f"pairs:{tmp_path}")
    assert source.count == 2
    notes = "\n".join(source.notes)
    assert "2 pictures of a pair without its partner in the other folder: left out (A/alone.png, B/lonely.png)" in notes
    assert "1 pair of two pictures of different sizes: left out (A/0.png)" in notes
    assert decode(source, 10, 3).count == 2


@pytest.mark.parametrize("names", [("train/A", "train/B"), ("A/train", "B/train"), ("train/s1/blur", "train/s1/sharp")])
def test_parts_for_training_and_testing(tmp_path, names):
    two_folders(tmp_path, 3, names=names)
    two_folders(tmp_path, 1, names=[name.replace("train", "test") for name in names], start=3)
    train, test = (open_source(f"pairs:{tmp_path}", split=split) for split in ("train", "test"))
    assert (train.count, train.split, test.count, test.split) == (3, "train", 1, "test")
    assert train.fingerprint != test.fingerprint
    (picture,) = decode(test, 10, 3).inputs.read(torch.tensor([0]))
    assert np.array_equal(picture, np.asarray(image(size=(12, 10), seed=3))[:, 1:11])


def test_pairs_in_a_zip_and_by_other_names(tmp_path):
    contents = {f"gopro/{folder}/{n}.png": encoded(image(seed=n)) for folder in ("Blur", "SHARP") for n in range(2)}
    source = open_source(f"pairs:{zip_of(tmp_path / 'a.zip', contents)}")
    assert (source.count, source.form) == (2, "pairs")


def test_both_pictures_have_a_say_in_the_channels(tmp_path):
    for number in range(2):
        write(tmp_path / f"A/{number}.png", mode="RGB")
        write(tmp_path / f"B/{number}.png", mode="L")
    assert open_source(f"pairs:{tmp_path}").channels == 3


def test_another_partner_is_another_fingerprint(tmp_path):
    before = open_source(f"pairs:{two_folders(tmp_path)}").fingerprint
    assert open_source(f"pairs:{tmp_path}").fingerprint == before != open_source(str(tmp_path)).fingerprint
    write(tmp_path / "A/1.png", size=(12, 10), seed=77)
    assert open_source(f"pairs:{tmp_path}").fingerprint != before


def test_folders_without_pairs_are_refused_in_one_line(tmp_path):
    folder_of(tmp_path / "only/A", "1.png", "2.png")
    assert "holds no pairs: there is a folder A" in fails(f"pairs:{tmp_path / 'only'}")
    folder_of(tmp_path / "odd", "1.png", "2.png", size=(9, 8))
    assert "no pair of pictures among 2 files: 2 pictures of odd width" in fails(f"pairs:{tmp_path / 'odd'}")
    write(tmp_path / "strangers/A/1.png")
    write(tmp_path / "strangers/B/2.png")
    assert "without its partner" in fails(f"pairs:{tmp_path / 'strangers'}")
    (tmp_path / "empty").mkdir()
    assert "no pair of pictures among 0 files" in fails(f"pairs:{tmp_path / 'empty'}")


def test_pairs_for_testing_are_not_trained_on(tmp_path):
    folder_of(tmp_path, "test/A/1.png", "test/B/1.png", "train/A/2.png", "train/B/3.png")
    assert "no pair for training among 4 files" in fails(f"pairs:{tmp_path}")
    assert open_source(f"pairs:{tmp_path}", split="test").count == 1


def test_pairs_of_nothing_are_refused_in_one_line(tmp_path):
    assert "no source 'pairs:nowhere'" in fails("pairs:nowhere", UsageError)
    assert "name one after pairs:" in fails("pairs:", UsageError)
    two_folders(tmp_path / "horses")
    assert f"did you mean pairs:{tmp_path}/horses?" in fails(f"pairs:{tmp_path}/hores", UsageError)
    one = write(tmp_path / "one.png")
    assert "neither a folder nor a zip" in fails(f"pairs:{one}", UsageError)


def test_two_domains(tmp_path):
    folder_of(tmp_path / "horses/brown", "1.png", "2.png", size=(12, 10))
    folder_of(tmp_path / "horses/white", "1.png", size=(12, 10))
    folder_of(tmp_path / "zebras", "1.png", "2.png", mode="L")
    write(tmp_path / "zebras/3.png", b"")
    name = f"{tmp_path}/horses,{tmp_path}/zebras"
    source = open_source(name)
    assert (source.name, source.form, source.count, source.width, source.channels) == (name, "two", 3, 12, 3)
    assert (source.labels, source.classes) == (None, ())
    assert [domain.count for domain in source.domains] == [3, 2]
    assert any(note.startswith(f"{tmp_path}/zebras: 1 file of zero bytes") for note in source.notes)
    turned = open_source(f"{tmp_path}/zebras, {tmp_path}/horses")
    assert turned.fingerprint != source.fingerprint
    data = decode_domains(source, 8, 3)
    assert {name: (part.count, part.shape) for name, part in data.items()} == {"a": (3, (3, 8, 8)), "b": (2, (3, 8, 8))}
    assert torch.equal(data["b"].read(torch.arange(2)), decode(source.domains[1], 8, 3).read(torch.arange(2)))
    with pytest.raises(UsageError, match="two domains, and one is wanted"):
        decode(source, 8, 3)


def test_built_in_names_are_domains_and_parts_are_chosen_in_both(tmp_path):
    folder_of(tmp_path / "b", "train/1.png", "train/2.png", "test/1.png", "test/2.png", "test/3.png")
    source = open_source(f"fashion-mnist-10k,{tmp_path / 'b'}", split="test")
    assert [domain.count for domain in source.domains] == [10_000, 3]
    assert source.split == "train"  # of the first domain
    assert set(decode_domains(open_source("ring8,grid25"), 1, 2)) == {"a", "b"}


def test_the_same_pictures_twice_are_said(tmp_path):
    folder_of(tmp_path / "a", "1.png", "2.png")
    assert "hold the same images" in open_source(f"{tmp_path / 'a'},{tmp_path / 'a'}").notes[-1]


def test_what_is_no_two_domains_is_refused_in_one_line(tmp_path):
    folder_of(tmp_path / "a", "1.png", "2.png")
    folder = tmp_path / "a"
    for name in (f"{folder},", f",{folder}", ",", f"{folder}, "):
        assert "a name is missing" in fails(name, UsageError)
    assert "these are 3" in fails(f"{folder},{folder},{folder}", UsageError)
    assert "no source 'zzzz'" in fails(f"{folder},zzzz", UsageError)
    assert "not pairs:" in fails(f"{folder},pairs:{folder}", UsageError)
    assert f"ring8 has points, {folder} images" in fails(f"ring8,{folder}", UsageError)


def test_one_source_is_one_domain(tmp_path):
    two_folders(tmp_path)
    for name, count in ((str(tmp_path), 6), (f"pairs:{tmp_path}", 3)):
        data = decode_domains(open_source(name), 8, 3, native=True)
        assert {domain: part.count for domain, part in data.items()} == {"real": count}


def test_a_folder_that_is_there_comes_before_the_other_forms(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder_of(tmp_path / "pairs:x", "1.png", "2.png")
    folder_of(tmp_path / "a,b,c", "1.png", "2.png")
    assert open_source("pairs:x").form == open_source("a,b,c").form == "single"
