"""Pictures in folders, both parts of the data, pairs, and a cache that is believed only while it is whole."""

import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import organza
from organza.console import Console
from organza.data import open_source
from organza.errors import OrganzaError, UsageError
from organza.features import load_features
from organza.metrics import (
    class_shares,
    density_coverage,
    effective_classes,
    frechet_distance,
    mean_discrepancy,
    memorisation,
    precision_recall,
)
from organza.tools.scoring import kept, open_reference, reference
from organza.tools.scoring.listing import listing
from organza.tools.scoring.listing import number as told
from organza.tools.scoring.seen import NUMBERS, blocks_of

QUIET = Console(quiet=True)
CLASSIFIER = "fashion-classifier"


def clothes(count, start=0):
    """Real pictures of clothes, uint8 [count, 28, 28]."""
    return open_source("fashion-mnist-10k").content.images[start : start + count, :, :, 0]


def write(folder, pictures):
    folder.mkdir(parents=True, exist_ok=True)
    for number, pixels in enumerate(pictures):
        Image.fromarray(pixels).save(folder / f"{number:04d}.png")
    return str(folder)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """`data` with parts for training and testing, `copies` of its training part, and others like it in `new`."""
    root = tmp_path_factory.mktemp("folders")
    write(root / "data" / "train", clothes(60))
    write(root / "data" / "test", clothes(60, 60))
    write(root / "copies", clothes(60))
    write(root / "new", clothes(60, 120))
    return root


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("ORGANZA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def evaluate(folders, name, **options):
    options = {"data": str(folders / "data"), "features": CLASSIFIER, "device": "cpu", "console": QUIET} | options
    return organza.evaluate(folders / name, **options)


def test_over_fitting_shows_in_the_distances_from_both_parts(folders):
    new, copies = evaluate(folders, "new"), evaluate(folders, "copies")
    assert (copies.split, copies.also["split"], copies.real, copies.also["real"]) == ("test", "train", 60, 60)
    assert copies.also["fd"] == pytest.approx(0, abs=1e-6)
    assert copies["fd"] > 1
    assert copies["memorisation"] == 1
    assert new["memorisation"] < 0.2
    assert 0.5 < new["fd"] / new.also["fd"] < 2
    turned = evaluate(folders, "copies", split="train", metrics=["fd"])
    assert turned["fd"] == copies.also["fd"]
    assert turned.also["fd"] == pytest.approx(copies["fd"])


def test_scores_are_those_of_the_features_taken_directly(folders):
    """However they were gathered: in blocks, in another order, by way of the cache."""
    eye = load_features(CLASSIFIER)
    held, train, new = (eye.embed(torch.from_numpy(clothes(60, start))[:, None] / 127.5 - 1) for start in (60, 0, 120))
    for _ in range(2):  # the second time from the cache
        found = evaluate(folders, "new")
        assert found["fd"] == pytest.approx(frechet_distance(held, new), rel=1e-4)
        assert found.also["fd"] == pytest.approx(frechet_distance(train, new), rel=1e-4)
        assert found["kid"] == pytest.approx(mean_discrepancy(held, new), rel=1e-3)
        assert (found["precision"], found["recall"]) == precision_recall(held, new, 3)
        assert (found["density"], found["coverage"]) == density_coverage(held, new, 5)
        assert found["memorisation"] == memorisation(new, train, held).near_duplicates
        assert found["classes"] == pytest.approx(effective_classes(class_shares(eye.probabilities(
            torch.from_numpy(clothes(60, 120))[:, None] / 127.5 - 1
        ))))  # fmt: skip


def test_data_of_one_part_say_that_over_fitting_cannot_be_seen(folders):
    for split in ("train", "test"):
        found = evaluate(folders, "new", data=str(folders / "copies"), split=split)
        assert found.also is None
        assert found.split == "train"
        assert sum("over-fitting" in note for note in found.notes) == 1


def write_idx(path, values):
    path.write_bytes(bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">i4").tobytes() + values.tobytes())


def test_without_a_training_part_copies_are_not_looked_for(folders, tmp_path):
    """The labels of the training part are missing, so it is not there, and nobody tries to download it."""
    write_idx(tmp_path / "t10k-images-idx3-ubyte", clothes(60, 60))
    write_idx(tmp_path / "t10k-labels-idx1-ubyte", np.arange(60, dtype=np.uint8) % 10)
    write_idx(tmp_path / "train-images-idx3-ubyte", clothes(60))
    where = {"data": "mnist", "data_dir": tmp_path}
    found = evaluate(folders, "new", **where)
    assert (found.split, found.also) == ("test", None)
    assert {"fd", "coverage"} <= set(found.values)
    assert "memorisation" not in found.values
    assert sum(note.startswith("no memorisation: ") for note in found.notes) == 1
    with pytest.raises(UsageError, match="memorisation cannot be computed: .* only the test part is here"):
        evaluate(folders, "new", metrics=["memorisation"], **where)
    write_idx(tmp_path / "train-labels-idx1-ubyte", np.arange(60, dtype=np.uint8) % 10)
    assert evaluate(folders, "copies", metrics=["memorisation"], **where)["memorisation"] == 1


def test_distances_from_both_parts_are_from_equally_many_real_pictures(folders, tmp_path):
    write(tmp_path / "uneven" / "train", clothes(60))
    write(tmp_path / "uneven" / "test", clothes(20, 60))
    eye = load_features(CLASSIFIER)
    train, held, new = (
        eye.embed(torch.from_numpy(clothes(count, start))[:, None] / 127.5 - 1)
        for count, start in ((60, 0), (20, 60), (60, 120))
    )
    data = str(tmp_path / "uneven")
    of_test, of_train = (
        evaluate(folders, "new", data=data, metrics=["fd"], split=split) for split in ("test", "train")
    )
    assert (of_test.real, of_test.also["real"]) == (20, 20)
    assert of_test["fd"] == of_test.also["own"] == pytest.approx(frechet_distance(held, new), rel=1e-4)
    assert (of_train.real, of_train.also["real"]) == (60, 20)
    assert of_train["fd"] == pytest.approx(frechet_distance(train, new), rel=1e-4)  # the score itself is of all
    assert of_train.also["own"] == of_test.also["fd"] != of_train["fd"]
    assert of_train.also["fd"] == of_test["fd"]
    some = train[open_reference(data, CLASSIFIER, split="train").chosen[:20]]
    assert of_train.also["own"] == pytest.approx(frechet_distance(some, new), rel=1e-3)
    line = f"from train {told(of_train.also['own'])}, from test {told(of_test['fd'])}, of 20 real pictures each: much"
    assert line in listing(of_train)
    assert "real pictures each" not in listing(of_test)


def test_a_folder_is_taken_whole_or_as_many_as_are_asked_for(folders):
    assert evaluate(folders, "new", metrics=["fd"]).n == 60
    few = evaluate(folders, "new", metrics=["fd"], n=20)
    assert few.n == 20
    assert few["fd"] == evaluate(folders, "new", metrics=["fd"], n=20)["fd"]
    assert few["fd"] != evaluate(folders, "new", metrics=["fd"], n=20, seed=1)["fd"]
    assert evaluate(folders, "new", metrics=["fd"], real=30).real == 30


def test_a_source_is_looked_at_once(folders, own_cache, monkeypatch):
    first = evaluate(folders, "new")
    fakes = open_source(str(folders / "new"))

    def decode(source, *arguments, **options):
        raise AssertionError(f"{source.name} is decoded again")

    monkeypatch.setattr(reference, "decode", decode)
    again = evaluate(folders, "new")
    assert (again.values, again.also, again.notes) == (first.values, first.also, first.notes)
    assert len(list((own_cache / "references").iterdir())) == 2
    for change in ({"seed": 1}, {"features": "random-conv"}, {"real": 59}, {"data": fakes.name}):
        with pytest.raises(AssertionError, match="decoded again"):
            evaluate(folders, "new", **change)


@pytest.mark.parametrize("damage", ["cut", "altered", "foreign"])
def test_a_damaged_file_of_the_cache_is_made_anew(folders, own_cache, damage):
    first = evaluate(folders, "new", metrics=["fd"])
    for path in (own_cache / "references").iterdir():
        data = bytearray(path.read_bytes())
        if damage == "cut":
            del data[-100:]
        elif damage == "altered":
            data[-100] ^= 1
        path.write_bytes(data if damage != "foreign" else b"hello")
    again = evaluate(folders, "new", metrics=["fd"])
    assert again.values == first.values
    assert sum("was damaged" in note for note in again.notes) == 2
    assert evaluate(folders, "new", metrics=["fd"]).notes == first.notes


def test_a_cache_that_cannot_be_written_costs_time_only(folders, own_cache, monkeypatch):
    expected = evaluate(folders, "new", metrics=["fd"], real=50)

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(kept, "save_tensors", full)
    found = evaluate(folders, "new", metrics=["fd"], real=50, seed=3)
    assert math.isfinite(found["fd"])
    assert any("cannot keep" in note and "No space" in note for note in found.notes)
    assert expected.values.keys() == found.values.keys()


def test_what_is_kept_comes_back_as_it_was(own_cache):
    key = {"a": 1, "b": "x", "c": None}
    tensors = {"mean": torch.arange(3.0, dtype=torch.float64), "small": torch.ones(0, 1, dtype=torch.float16)}
    assert kept.read_kept(key) == (None, None)
    assert kept.keep(key, tensors) is None
    found, note = kept.read_kept(key)
    assert note is None
    assert all(
        torch.equal(found[name], tensor) and found[name].dtype == tensor.dtype for name, tensor in tensors.items()
    )
    assert kept.read_kept(key | {"a": 2}) == (None, None)


@pytest.fixture
def pairs(tmp_path):
    """Sharp pictures that are no squares, and the same ones 10 levels brighter."""
    sharp = np.random.default_rng(0).integers(0, 240, (4, 20, 30), np.uint8)
    write(tmp_path / "sharp", sharp)
    write(tmp_path / "made", sharp + 10)
    return tmp_path


def test_pictures_of_equal_names_are_held_against_each_other(pairs):
    def paired(made, data, metrics=("psnr", "ssim", "lpips")):
        return organza.evaluate(pairs / made, data=str(pairs / data), metrics=metrics, device="cpu", console=QUIET)

    found = paired("made", "sharp")
    assert list(found.values) == ["psnr", "ssim", "lpips"]
    assert found["psnr"] == pytest.approx(20 * math.log10(255 / 10))
    assert 0.9 < found["ssim"] < 1
    assert 0 < found["lpips"] < 1
    assert (found.n, found.real) == (4, 4)
    same = paired("sharp", "sharp")
    assert same["ssim"] == pytest.approx(1)
    assert same["lpips"] == pytest.approx(0, abs=1e-6)
    assert "psnr" not in same.values  # infinity is no number for a table
    assert any("4 of 4 pictures equal their partners" in note for note in same.notes)


def test_pictures_without_a_partner_are_left_out_or_refused(pairs):
    (pairs / "made" / "0003.png").rename(pairs / "made" / "new.png")
    found = organza.evaluate(pairs / "made", data=str(pairs / "sharp"), metrics=["psnr"], device="cpu", console=QUIET)
    assert found.n == 3
    assert sum("left out" in note for note in found.notes) == 2
    Image.new("L", (9, 9)).save(pairs / "made" / "0000.png")
    with pytest.raises(UsageError, match="named 0000 have the sizes 9x9 and 30x20"):
        organza.evaluate(pairs / "made", data=str(pairs / "sharp"), metrics=["psnr"], device="cpu", console=QUIET)
    with pytest.raises(UsageError, match="none in"):
        organza.evaluate(pairs / "made", data="fashion-mnist-10k", metrics=["psnr"], device="cpu", console=QUIET)


def test_n_limits_the_pairs_to_the_first_by_name(pairs):
    def paired(*metrics, n):
        return organza.evaluate(
            pairs / "made", data=str(pairs / "sharp"), metrics=metrics, n=n, device="cpu", console=QUIET
        )

    write(pairs / "made", np.asarray(Image.open(pairs / "sharp" / "0000.png"))[None] + 15)  # the first is worse
    first, all_of_them = paired("psnr", n=1), paired("psnr", n=4)
    assert (first.n, first.real, first.details["pairs"]) == (1, 1, 1)
    assert first["psnr"] == pytest.approx(20 * math.log10(255 / 15))
    assert any("first 1 of 4 pairs" in note for note in first.notes)
    assert (all_of_them.n, all_of_them["psnr"] > first["psnr"]) == (4, True)
    assert not any("pairs by name" in note for note in all_of_them.notes)
    assert paired("psnr", "fd", n=3).details["pairs"] == 3
    (pairs / "made" / "0003.png").rename(pairs / "made" / "new.png")
    mixed = paired("psnr", "fd", n=4)
    assert (mixed.n, mixed.details["pairs"]) == (4, 3)
    assert "of 3 pairs, not of 4 pictures: psnr" in mixed.notes


@pytest.mark.parametrize(("metrics", "seen"), [(["psnr", "ssim"], False), (["psnr", "lpips"], True), (["fd"], True)])
def test_scores_of_pixels_name_no_features(pairs, metrics, seen):
    found = organza.evaluate(pairs / "made", data=str(pairs / "sharp"), metrics=metrics, device="cpu", console=QUIET)
    assert (found.features is not None, found.resize is not None, found.features_sha256 is not None) == (seen,) * 3
    assert ("random-conv" in found.protocol) == seen
    assert any("random-conv" in note for note in found.notes) == seen
    assert any("no test part" in note for note in found.notes)


def test_pairs_and_sets_can_be_asked_for_together(pairs):
    found = organza.evaluate(
        pairs / "made", data=str(pairs / "sharp"), metrics=["ssim", "fd"], device="cpu", console=QUIET
    )
    assert list(found.values) == ["fd", "ssim"]


def test_points_of_a_mixture_are_held_against_another():
    found = organza.evaluate("ring8", data="ring8", n=1000, console=QUIET, device="cpu")
    assert found["modes"] == 8
    assert found.also is None
    with pytest.raises(UsageError, match="makes points, and fashion-mnist-10k has pictures"):
        organza.evaluate("ring8", data="fashion-mnist-10k", console=QUIET, device="cpu")


def test_what_is_no_model_and_no_folder_is_refused(tmp_path):
    with pytest.raises(OrganzaError, match="no model at nowhere: name a model folder, a run folder, or a folder of"):
        organza.evaluate("nowhere", data="ring8", console=QUIET)
    for wrong, words, right in (({"n": 0}, "-n 0", "--real"), ({"real": 1}, "--real 1", "-n ")):
        with pytest.raises(UsageError, match=f"{words} is too small") as refused:
            organza.evaluate("ring8", data="ring8", console=QUIET, **wrong)
        assert right not in str(refused.value)


def test_built_in_names_come_before_folders_as_they_do_for_data(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "fashion-mnist-10k", 255 - clothes(20))

    def distance(model):
        return organza.evaluate(
            model, data="fashion-mnist-10k", metrics=["fd"], n=20, real=20, device="cpu", console=QUIET
        )

    name, path = distance("fashion-mnist-10k"), distance("./fashion-mnist-10k")
    assert path["fd"] > 2 * name["fd"]
    assert any("is written ./fashion-mnist-10k" in note for note in name.notes)
    assert not any("is written" in note for note in path.notes)


def test_an_empty_choice_and_other_channels(folders, tmp_path):
    with pytest.raises(UsageError, match="no metric is named"):
        evaluate(folders, "new", metrics=[])
    colour = np.stack([clothes(30)] * 3, -1)
    write(tmp_path / "colour", colour)
    grey = evaluate(folders, "copies", metrics=["fd"], n=30)
    assert math.isfinite(organza.evaluate(
        tmp_path / "colour", data=str(folders / "data"), features=CLASSIFIER, metrics=["fd"], device="cpu", console=QUIET
    )["fd"])  # fmt: skip
    assert grey.n == 30


def test_the_record_is_plain(folders):
    record = evaluate(folders, "new", intervals=True, metrics=["fd", "classes"]).record()
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert {"scores", "features", "n", "split", "resize", "seed", "seconds"} <= set(record)
    assert record["titles"] == {"fd": "FD[fashion-classifier]", "classes": "Effective classes"}
    assert set(record["intervals"]) == {"fd", "classes"}


@given(count=st.integers(0, 3000), channels=st.integers(1, 4), side=st.integers(1, 9000))
def test_blocks_hold_each_sample_once_and_fit_into_memory(count, channels, side):
    blocks = blocks_of(count, (channels, side, side))
    assert [index for start, length in blocks for index in range(start, start + length)] == [*range(count)]
    assert all(length <= 512 for _, length in blocks)
    assert all(length == 1 or length * channels * side**2 <= NUMBERS for _, length in blocks)


def test_moments_do_not_depend_on_the_blocks(monkeypatch, own_cache):
    from organza.tools.scoring import seen

    monkeypatch.setattr(reference, "REAL", 40)
    whole = open_reference("fashion-mnist-10k").seen
    monkeypatch.setattr(seen, "BLOCK", 7)
    monkeypatch.setenv("ORGANZA_CACHE", str(own_cache / "other"))
    parts = open_reference("fashion-mnist-10k").seen
    assert torch.allclose(parts.moments.mean, whole.moments.mean, rtol=1e-5)
    assert torch.allclose(parts.moments.scatter, whole.moments.scatter, rtol=1e-4, atol=1e-4)
    assert torch.allclose(parts.embedded, whole.embedded, atol=1e-4)
