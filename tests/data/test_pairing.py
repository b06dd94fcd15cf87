import pytest
from hypothesis import given
from hypothesis import strategies as st

from organza.data.pairing import pair_up
from organza.data.survey import Found


def found(path, width=8, height=8):
    return Found(path, width, height, True, False, (), path)


def pairs(*paths):
    pairing = pair_up([found(path) for path in paths])
    return [(a.path, b.path) for a, b in zip(pairing.given, pairing.wanted, strict=True)], pairing


def faults(pairing):
    return [(fault.kind, fault.path) for fault in pairing.faults]


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("A/1.jpg", "B/1.png"),
        ("a/x/1.jpg", "b/x/1.jpg"),
        ("Blur/1.png", "SHARP/1.png"),
        ("blurred/1.png", "target/1.png"),
        ("input/1.png", "gt/1.png"),
        ("A/train/1.png", "B/train/1.png"),
        ("train/A/1.png", "train/B/1.png"),
        ("train/scene_1/blur/1.png", "train/scene_1/sharp/1.png"),
        ("input/A/1.png", "target/A/1.png"),
        ("blur/A/1.png", "blur/B/1.png"),
        ("A/1.tar.png", "B/1.tar.bmp"),
    ],
)
def test_partners_have_the_same_name_in_two_folders(given, wanted):
    assert pairs(wanted, given)[0] == [(given, wanted)]
    assert pairs(given, wanted)[1].faults == ()


def test_pictures_of_different_folders_or_names_are_no_partners():
    made, pairing = pairs("A/x/1.png", "B/y/1.png", "A/2.png", "B/3.png")
    assert made == []
    assert faults(pairing) == [("without-partner", path) for path in ("A/x/1.png", "A/2.png", "B/y/1.png", "B/3.png")]


def test_what_makes_no_pair_is_left_out_and_said():
    pairing = pair_up(
        [
            found("A/1.png"), found("A/1.jpg"), found("A/2.png"), found("A/3.png"), found("A/4.png", 8, 9),
            found("B/1.png"), found("B/3.bmp"), found("B/4.png"), found("B/5.png"), found("preview.png"),
        ]
    )  # fmt: skip
    assert [picture.path for picture in pairing.wanted] == ["B/1.png", "B/3.bmp"]
    assert sorted(faults(pairing)) == [
        ("in-neither-folder", "preview.png"),
        ("other-size-in-pair", "A/4.png"),
        ("same-name", "A/1.jpg"),
        ("without-partner", "A/2.png"),
        ("without-partner", "B/5.png"),
    ]


def test_parts_are_read_from_what_the_two_paths_share():
    for names in (("train/A/1.png", "train/B/1.png"), ("A/train/1.png", "B/train/1.png")):
        pairing = pairs(*names, *(name.replace("train", "val").replace("1", "2") for name in names))[1]
        assert pairing.parts.splits == ("train", "val")
        assert pairing.parts.part("test", 2)[0] == [1]


@pytest.mark.parametrize(
    ("path", "form", "missing"), [("A/1.png", "only given", "B, sharp"), ("train/gt/1.png", "only wanted", "A, blur")]
)
def test_one_folder_of_the_two_is_no_pairs(path, form, missing):
    made, pairing = pairs(path)
    assert (made, pairing.form) == ([], form)
    assert missing in pairing.missing.partition("named")[2]


def test_without_such_folders_every_picture_is_two_side_by_side():
    pairing = pair_up([found("train/1.png", 16), found("train/2.png", 17), found("test/3.png", 4, 2)])
    assert pairing.form == "beside"
    assert [(half.path, half.width, half.height) for half in pairing.wanted] == [
        ("train/1.png", 8, 8),
        ("test/3.png", 2, 2),
    ]
    assert pairing.given == pairing.wanted == pairing.used
    assert faults(pairing) == [("odd-width", "train/2.png")]
    assert pairing.parts.splits == ("train", "test")


NAMES = st.sets(
    st.sampled_from([f"{folder}/{name}.{suffix}" for folder in "ABC" for name in "xyz" for suffix in ("png", "jpg")])
)


@given(NAMES)
def test_every_picture_is_in_one_pair_or_has_one_fault(names):
    made, pairing = pairs(*sorted(names))
    if pairing.form == "folders":
        told = [path for pair in made for path in pair] + [path for _, path in faults(pairing)]
        assert sorted(told) == sorted(names)
        assert all(a[0] == "A" and b[0] == "B" and a[2] == b[2] for a, b in made)
        kinds = {name[0] for name in names}
        assert {"A", "B"} <= kinds
