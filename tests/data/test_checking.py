import json
from dataclasses import asdict

import pytest
from PIL import Image

from organza.data import check
from organza.errors import UsageError

from .making import encoded, folder_of, image, write, zip_of


def test_all_problems_at_once(tmp_path):
    root = folder_of(tmp_path / "a", "cat/1.png", "cat/2.png", "dog/1.png")
    write(root / "dog/copy.png", (root / "cat/1.png").read_bytes())
    write(root / "dog/wide.png", size=(16, 8), mode="L")
    write(root / "dog/print.tif", encoded(Image.new("CMYK", (8, 8)), "TIFF"))
    write(root / "cat/cut.png", encoded(image())[:60])
    write(root / "cat/zero.png", b"")
    write(root / "cat/readme.txt", b"words")
    (root / "bird").mkdir()
    found = check(str(root))
    assert (found.source, found.kind, found.files, found.usable) == (str(root), "images", 9, 6)
    assert found.sizes == ((8, 8, 5), (16, 8, 1))
    assert (found.channels, found.classes, found.duplicates) == (3, {"cat": 2, "dog": 4}, 1)
    assert {problem.kind: (problem.count, problem.files) for problem in found.problems} == {
        "empty": (1, ("cat/zero.png",)),
        "damaged": (1, ("cat/cut.png",)),
        "not-an-image": (1, ("cat/readme.txt",)),
        "folder-without-images": (1, ("bird",)),
        "cmyk": (1, ("dog/print.tif",)),
        "grey-among-colour": (1, ("dog/wide.png",)),
        "other-size": (1, ("dog/wide.png",)),
    }
    assert found.sentence.endswith("is fit for training: 6 pictures of 2 sizes in 2 classes; 3 files are skipped")


def test_it_becomes_json(tmp_path):
    root = folder_of(tmp_path / "a", "1.png", "2.png")
    write(root / "b\udcffd.png", b"")
    told = json.loads(json.dumps(asdict(check(str(root)))))
    assert told["sizes"] == [[8, 8, 2]]
    assert told["problems"] == [{"kind": "empty", "count": 1, "files": ["b\\udcffd.png"], "action": "skipped"}]


def test_a_good_folder_has_no_problems(tmp_path):
    found = check(str(folder_of(tmp_path / "a", "1.png", "2.png")))
    assert (found.problems, found.duplicates, found.classes) == ((), 0, {})
    assert found.sentence.endswith("is fit for training: 2 pictures of 8x8")


def test_a_folder_that_cannot_be_trained_on_is_checked_all_the_same(tmp_path):
    root = folder_of(tmp_path / "a", "1.png")
    for number in range(30):
        write(root / f"bad{number}.png", b"")
    found = check(str(root))
    assert (found.files, found.usable) == (31, 1)
    assert found.sentence.endswith("is not fit for training: 1 of 31 files usable, and a GAN needs 2 or more")
    (problem,) = found.problems
    assert (problem.count, len(problem.files), problem.files[:3]) == (30, 20, ("bad0.png", "bad1.png", "bad2.png"))


def test_an_empty_folder(tmp_path):
    found = check(str(tmp_path))
    assert (found.files, found.usable, found.sizes, found.problems) == (0, 0, (), ())
    assert "not fit" in found.sentence


def test_both_parts_are_checked(tmp_path):
    names = ["train/cat/1.png", "train/dog/1.png", "test/cat/2.png"]
    contents = {name: encoded(image(seed=seed)) for seed, name in enumerate(names)}
    found = check(str(zip_of(tmp_path / "a.zip", {**contents, "test/dog/cut.png": b"\x89PNG\r\n\x1a\n"})))
    assert (found.usable, found.classes) == (3, {"cat": 2, "dog": 1})
    assert found.problems[0].files == ("test/dog/cut.png",)
    assert "2 of them for training" in found.sentence


def test_many_sizes_are_cut_short(tmp_path):
    for side in range(1, 15):
        write(tmp_path / f"{side}.png", size=(side, side))
    found = check(str(tmp_path))
    assert len(found.sizes) == 10
    assert "14 sizes" in found.sentence


def test_a_built_in_set():
    found = check("fashion-mnist-10k")
    assert (found.files, found.usable, found.sizes, found.channels) == (10_000, 10_000, ((28, 28, 10_000),), 1)
    assert found.classes["t-shirt/top"] == 1000
    assert found.duplicates == 0


def test_repeated_images_of_a_built_in_set_are_counted(tmp_path):
    write(tmp_path / "data_batch_1.bin", bytes(3 * 3073))
    for number in range(2, 6):
        write(tmp_path / f"data_batch_{number}.bin", bytes([number]) * 3073)
    assert check("cifar10", data_dir=tmp_path).duplicates == 2


def test_a_mixture():
    found = check("ring8")
    assert (found.kind, found.usable, found.channels, len(found.classes)) == ("points", 100_000, 2, 8)
    assert sum(found.classes.values()) == 100_000


def test_what_does_not_exist_is_no_check():
    with pytest.raises(UsageError, match="did you mean mnist"):
        check("mnits")
