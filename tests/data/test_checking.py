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


def pairs_with_faults(root):
    folder_of(root, *(f"{part}/{side}/{n}.png" for part in ("train", "test") for side in "AB" for n in range(3)))
    write(root / "train/A/alone.png")
    write(root / "train/B/lonely.png")
    write(root / "test/B/2.png", size=(8, 16))
    write(root / "test/A/0.png", b"")
    write(root / "note.png")
    return root


def test_pairs(tmp_path):
    found = check(f"pairs:{pairs_with_faults(tmp_path)}")
    assert (found.files, found.usable, found.pairs, found.fit, found.domains) == (15, 8, 4, True, ())
    assert {problem.kind: problem.files for problem in found.problems} == {
        "empty": ("test/A/0.png",),
        "without-partner": ("train/A/alone.png", "test/B/0.png", "train/B/lonely.png"),
        "other-size-in-pair": ("test/A/2.png",),
        "in-neither-folder": ("note.png",),
    }
    assert found.sizes == ((8, 8, 8),)
    assert found.sentence.endswith(
        "is fit for training: 4 pairs of pictures of 8x8, in two folders, 3 of them for training; 7 files are left out"
    )


def test_pairs_side_by_side(tmp_path):
    folder_of(tmp_path, "1.png", "2.png", size=(16, 8))
    write(tmp_path / "odd.png", size=(17, 8))
    found = check(f"pairs:{tmp_path}")
    assert (found.usable, found.pairs, found.sizes, found.duplicates) == (2, 2, ((8, 8, 2),), 0)
    assert [(problem.kind, problem.files) for problem in found.problems] == [("odd-width", ("odd.png",))]
    assert "2 pairs of pictures of 8x8, side by side; 1 file is left out" in found.sentence


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        (["A/1.png"], "there is a folder A"),
        (["A/1.png", "B/2.png"], "there is no pair of pictures among 2 files"),
        (
            ["test/A/1.png", "test/B/1.png", "train/A/2.png", "train/B/3.png"],
            "there is no pair for training among 4 files",
        ),
        ([], "there is no pair of pictures among 0 files"),
    ],
)
def test_what_holds_no_pairs(tmp_path, names, reason):
    found = check(f"pairs:{folder_of(tmp_path, *names)}")
    assert not found.fit
    assert f"is not fit for training: {reason}" in found.sentence


def test_two_domains(tmp_path):
    folder_of(tmp_path / "a", "1.png", "2.png", "3.png")
    folder_of(tmp_path / "b", *(f"{n}.png" for n in range(12)), mode="L")
    write(tmp_path / "a/0.png", b"")
    write(tmp_path / "b/cut.png", encoded(image())[:60])
    write(tmp_path / "b/zero.png", b"")
    name = f"{tmp_path}/a,{tmp_path}/b"
    found = check(name)
    assert (found.source, found.files, found.usable, found.channels, found.pairs) == (name, 18, 15, 3, None)
    assert [domain.usable for domain in found.domains] == [3, 12]
    assert found.sizes == ((8, 8, 15),)
    assert [(problem.kind, problem.count, problem.files) for problem in found.problems] == [
        ("empty", 2, (f"{tmp_path}/a: 0.png", f"{tmp_path}/b: zero.png")),
        ("damaged", 1, (f"{tmp_path}/b: cut.png",)),
    ]
    assert found.sentence == f"{name} is fit for training: 3 pictures in {tmp_path}/a and 12 pictures in {tmp_path}/b"
    told = json.loads(json.dumps(asdict(found)))
    assert [domain["files"] for domain in told["domains"]] == [4, 14]


def test_two_domains_of_which_one_is_unfit(tmp_path):
    folder_of(tmp_path / "a", "1.png")
    found = check(f"{tmp_path}/a,fashion-mnist-10k")
    assert not found.fit
    assert [domain.fit for domain in found.domains] == [False, True]
    assert f"is not fit for training: {tmp_path}/a is not fit" in found.sentence
    mixed = check("ring8,fashion-mnist-10k")
    assert not mixed.fit
    assert "ring8 has points, and fashion-mnist-10k images" in mixed.sentence
    assert check("ring8,grid25").sentence.endswith("100,000 points in ring8 and 100,000 points in grid25")


def test_sizes_of_two_domains_are_added_before_they_are_cut_short(tmp_path):
    for side in range(1, 14):
        write(tmp_path / f"a/{side}.png", size=(side, side))
        write(tmp_path / f"b/{14 - side}.png", size=(14 - side, 14 - side))
    found = check(f"{tmp_path}/a,{tmp_path}/b")
    assert [count for _, _, count in found.sizes] == [2] * 10
    assert all(len(domain.sizes) == 10 for domain in found.domains)


@pytest.mark.parametrize("name", ["a,b,c", "fashion-mnist-10k,", "pairs:nowhere"])
def test_forms_that_are_not_there_are_no_check(name):
    with pytest.raises(UsageError):
        check(name)
