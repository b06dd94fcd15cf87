import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from organza.data.layout import check_split, layout
from organza.errors import UsageError

NAMES = st.lists(st.sampled_from(["cat", "dog", "train", "test", "1.png", "2.png"]), min_size=1, max_size=4)


def labels(*paths):
    found = layout(paths)
    return found.classes, found.labels


def test_folders_of_the_first_level_are_labels():
    assert labels("dog/1.png", "cat/1.png", "cat/deep/2.png") == (("cat", "dog"), (1, 0, 0))


def test_classes_are_in_natural_order():
    assert labels("10/a", "9/a", "é/a")[0] == ("9", "10", "é")


def test_one_folder_is_no_label():
    assert labels("cat/1.png", "cat/2.png") == ((), ())
    assert labels("1.png", "2.png") == ((), ())
    assert layout(["cat/1.png"]).notes == ()


def test_pictures_beside_the_folders_leave_all_without_labels_and_a_note():
    found = layout(["1.png", "cat/1.png", "dog/1.png"])
    assert (found.classes, found.labels) == ((), ())
    assert "1 pictures lie beside" in found.notes[0]


def test_folders_around_everything_are_stripped():
    assert labels("all/pictures/cat/1.png", "all/pictures/dog/1.png") == (("cat", "dog"), (0, 1))


@settings(deadline=None)
@given(st.lists(NAMES, max_size=8), st.sampled_from(["around", "train", "1"]))
def test_a_folder_around_everything_changes_nothing(parts, around):
    paths = ["/".join(part) for part in parts]
    assert layout([f"{around}/{path}" for path in paths]) == layout(paths)


def test_training_and_test_parts():
    found = layout(["train/cat/1.png", "train/dog/1.png", "test/dog/2.png", "train/dog/3.png"])
    assert found.splits == ("train", "train", "test", "train")
    assert (found.classes, found.labels) == (("cat", "dog"), (0, 1, 1, 1))  # the same numbers in both parts
    assert found.part("train", 4) == ([0, 1, 3], "train", ())
    assert found.part("test", 4) == ([2], "test", ())


def test_parts_in_a_folder_around_everything_and_without_labels():
    found = layout(["set/Training/1.png", "set/Testing/2.png"])
    assert found.splits == ("train", "test")
    assert found.classes == ()


def test_validation_stands_in_for_a_test_part_and_is_else_left_alone():
    assert layout(["train/1.png", "val/2.png"]).part("test", 2) == ([1], "test", ())
    found = layout(["train/1.png", "val/2.png", "test/3.png"])
    indices, split, notes = found.part("train", 3)
    assert (indices, split) == ([0], "train")
    assert "1 pictures for validation are left alone" in notes[0]


@pytest.mark.parametrize("paths", [["test/1.png", "val/1.png"], ["train/1.png", "dog/1.png"], ["train/1.png", "2.png"]])
def test_other_folders_are_no_parts(paths):
    assert layout(paths).splits == ()


def test_without_a_test_part_the_training_part_answers_and_says_so():
    indices, split, notes = layout(["1.png", "2.png"]).part("test", 2)
    assert (indices, split) == ([0, 1], "train")
    assert "no test part" in notes[0]
    assert layout(["1.png", "2.png"]).part("train", 2)[2] == ()


def test_other_parts_do_not_exist():
    check_split("test")
    with pytest.raises(UsageError, match="'tset': did you mean test"):
        check_split("tset")
