import pytest

from organza.data import open_source, source_names
from organza.errors import OrganzaError, UsageError

from .making import encoded, folder_of, image, write, zip_of


def usage(name):
    with pytest.raises(UsageError) as error:
        open_source(str(name))
    assert "\n" not in str(error.value)
    return str(error.value)


def test_names_and_what_they_mean():
    names = source_names()
    assert list(names) == ["fashion-mnist-10k", "fashion-mnist", "mnist", "cifar10", "ring8", "grid25"]
    assert all(text and "\n" not in text for text in names.values())


@pytest.mark.parametrize(
    ("typed", "meant"), [("fashion-mnist-10", "fashion-mnist-10k"), ("mnits", "mnist"), ("ring", "ring8")]
)
def test_a_misspelt_name_is_answered_with_the_nearest(typed, meant):
    assert meant in usage(typed)


def test_a_misspelt_folder_is_answered_with_its_neighbour(tmp_path, monkeypatch):
    folder_of(tmp_path / "my pictures", "1.png", "2.png")
    zip_of(tmp_path / "holiday.zip", {})
    write(tmp_path / "my picture.txt", b"")
    assert f"did you mean {tmp_path}/my pictures?" in usage(tmp_path / "my pictres")
    assert f"{tmp_path}/holiday.zip" in usage(tmp_path / "holidays.zip")
    write(tmp_path / "portrait.jpeg", encoded(image()))
    assert f"did you mean {tmp_path}/portrait.jpeg?" in usage(tmp_path / "portrait.jpg")
    monkeypatch.chdir(tmp_path)
    assert "did you mean ./my pictures?" in usage("./my pictuers/")
    assert "did you mean my pictures?" in usage("my pictuers")


def test_a_name_like_nothing_lists_what_is_built_in(tmp_path):
    message = usage(tmp_path / "none/zzzz")
    assert all(name in message for name in source_names())
    assert "is no source" in usage(write(tmp_path / "notes.txt", b"text"))


def test_a_folder_with_a_comma_is_a_folder(tmp_path):
    assert open_source(str(folder_of(tmp_path / "horses,zebras", "1.png", "2.png"))).count == 2


@pytest.mark.parametrize("name", ["", "\0", "x" * 5000, "~nobody-of-this-name/x", "/dev/null"])
def test_odd_names_are_answered(name):
    usage(name)


def test_a_split_that_does_not_exist():
    with pytest.raises(UsageError, match="unknown split 'tset'"):
        open_source("ring8", split="tset")


def test_a_file_that_says_it_is_a_zip(tmp_path):
    with pytest.raises(OrganzaError, match="no whole zip file"):
        open_source(str(write(tmp_path / "a.zip", b"PK\3\4 and then nothing")))


def test_a_zip_by_any_name(tmp_path):
    path = zip_of(tmp_path / "pictures", {"1.png": encoded(image()), "2.png": encoded(image(seed=1))})
    assert open_source(str(path)).count == 2


def test_a_folder_of_the_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    folder_of(tmp_path / "pictures", "1.png", "2.png")
    assert open_source("~/pictures").name == "~/pictures"


def test_a_folder_named_like_a_built_in_set_is_written_as_a_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder_of(tmp_path / "ring8", "1.png", "2.png")
    assert open_source("ring8").kind == "points"
    assert open_source("./ring8").kind == "images"
