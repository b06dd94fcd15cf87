import json
from dataclasses import asdict

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from organza.data import Batches, check, decode, open_source
from organza.errors import OrganzaError
from organza.streams import Streams

from .making import encoded, folder_of, image, shades, write, zip_of

TABLE = "file,smile,hat\n1.png,1,0\n2.png,0,0.25\n"


def labelled(root, table, *names, called="attributes.csv"):
    """A folder of pictures with a table."""
    folder_of(root, *(names or ("1.png", "2.png")))
    write(root / called, table.encode() if isinstance(table, str) else table)
    return str(root)


def refusal(name):
    """Why a source cannot be used; the check says the same, and goes through all the same."""
    with pytest.raises(OrganzaError) as refused:
        open_source(name)
    message = str(refused.value)
    assert "\n" not in message
    told = check(name).sentence
    assert told.startswith(f"{name} is not fit for training: ")
    assert message.endswith(told.partition("training: ")[2])
    return message


def test_a_table_gives_vectors_and_names(tmp_path):
    found = open_source(labelled(tmp_path / "a", TABLE))
    assert (found.classes, found.labels.dtype) == (("smile", "hat"), torch.float32)
    assert found.labels.tolist() == [[1, 0], [0, 0.25]]
    assert (found.count, found.notes) == (2, ())


def test_rows_come_in_any_order_and_form(tmp_path):
    table = '\ufefffile, smile \r\n\r\n".\\sub\\3.png",1\r\n2.png, 0 \r\n1.png,0.5\r\n'
    found = open_source(labelled(tmp_path / "a", table, "1.png", "2.png", "sub/3.png"))
    assert found.classes == ("smile",)
    assert found.labels.tolist() == [[0.5], [0], [1]]


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_every_picture_gets_its_own_row(tmp_path_factory, data):
    rows = data.draw(
        st.dictionaries(st.integers(0, 99), st.tuples(st.sampled_from([-1, 1]), st.floats(0, 1, width=32)), min_size=2)
    )
    table = "file,signed,share\nx.png,-1,0\n" + "".join(f"{key}.png,{a},{b}\n" for key, (a, b) in rows.items())
    root = shades(tmp_path_factory.mktemp("rows"), [f"{key}.png" for key in sorted(rows)])
    write(root / "attributes.csv", table.encode())
    found = open_source(str(root))
    assert found.labels.tolist() == [[(rows[key][0] + 1) / 2, rows[key][1]] for key in sorted(rows)]
    assert "x.png" in found.notes[0]


def test_the_attributes_go_with_the_pictures_into_the_batches(tmp_path):
    root = shades(tmp_path / "a", [f"{number}.png" for number in range(9)])
    write(root / "attributes.csv", ("file,shade\n" + "".join(f"{n}.png,{n / 8}\n" for n in range(9))).encode())
    data = decode(open_source(str(root)), 8, 1)
    samples, labels, inputs = Batches(data, 4, Streams(0), torch.device("cpu")).take(7)
    assert inputs is None
    assert labels.shape == (4, 1)
    assert torch.allclose((samples[:, 0, 0, 0] + 1) * 127.5 / 8, labels[:, 0], atol=1e-4)


def test_the_table_counts_instead_of_the_folders(tmp_path):
    name = labelled(tmp_path / "a", "file,hat\ncat/1.png,1\ndog/1.png,0\n", "cat/1.png", "dog/1.png")
    found = open_source(name)
    assert (found.classes, found.labels.tolist()) == (("hat",), [[1], [0]])
    assert found.notes == ("the table of attributes gives the labels, and not the folders",)


def test_training_and_test_parts_keep_their_rows(tmp_path):
    names = ["train/1.png", "train/2.png", "test/1.png", "test/2.png"]
    rows = "".join(f"{name},{place / 4}\n" for place, name in enumerate(names))
    name = labelled(tmp_path / "a", "file,place\n" + rows, *names)
    train, test = open_source(name), open_source(name, split="test")
    assert (train.labels[:, 0].tolist(), test.labels[:, 0].tolist()) == ([0, 0.25], [0.5, 0.75])
    assert train.fingerprint != test.fingerprint


def test_a_zip_says_the_same_as_its_folder_also_around_everything(tmp_path):
    name = labelled(tmp_path / "a", TABLE)
    contents = {path.name: path.read_bytes() for path in (tmp_path / "a").iterdir()}
    plain = open_source(name)
    for folder in ("", "faces/"):
        packed = zip_of(tmp_path / "b.zip", {folder + name: data for name, data in contents.items()})
        found = open_source(str(packed))
        assert (found.classes, found.labels.tolist()) == (plain.classes, plain.labels.tolist())


def test_a_table_deeper_down_is_none(tmp_path):
    root = folder_of(tmp_path / "a", "1.png", "sub/2.png")
    write(root / "sub/attributes.csv", b"file,hat\n2.png,1\n")
    found = open_source(str(root))
    assert found.labels is None
    assert "1 file without a picture in it: skipped (sub/attributes.csv)" in found.notes


CELEBA = "2\nBald Smiling\n000001.jpg -1  1\n000002.jpg  1 -1\n"


@pytest.mark.parametrize(
    ("called", "table"),
    [
        ("list_attr_celeba.txt", CELEBA),
        ("list_attr_celeba.csv", "image_id,Bald,Smiling\n000001.jpg,-1,1\n000002.jpg,1,-1\n"),
    ],
)
def test_the_tables_of_celeba(tmp_path, called, table):
    names = [f"img_align_celeba/00000{number}.jpg" for number in (1, 2)]
    found = open_source(labelled(tmp_path / "a", table, *names, called=called))
    assert (found.classes, found.labels.tolist()) == (("Bald", "Smiling"), [[0, 1], [1, 0]])


def test_the_fingerprint_depends_on_what_the_table_says(tmp_path):
    name = labelled(tmp_path / "a", TABLE)

    def fingerprint(table):
        write(tmp_path / "a/attributes.csv", table.encode())
        return open_source(name).fingerprint

    first = fingerprint(TABLE)
    assert fingerprint(TABLE.replace("\n", "\r\n")) == first
    others = {fingerprint(TABLE.replace(*pair)) for pair in [("hat", "cap"), ("0.25", "0.5"), ("1.png,1", "1.png,0")]}
    (tmp_path / "a/attributes.csv").unlink()
    others.add(open_source(name).fingerprint)
    assert len(others - {first}) == 4


def test_a_change_of_the_table_is_seen_at_once(tmp_path):
    name = labelled(tmp_path / "a", TABLE)
    assert open_source(name).labels[0, 1] == 0
    write(tmp_path / "a/attributes.csv", TABLE.replace("1.png,1,0", "1.png,1,1").encode())
    assert open_source(name).labels[0, 1] == 1


def test_pictures_without_a_row_and_rows_without_a_picture_are_noted(tmp_path):
    name = labelled(tmp_path / "a", TABLE + "gone.png,1,1\nbad.png,1,1\n", "1.png", "2.png", "3.png")
    write(tmp_path / "a/bad.png", b"")
    found = open_source(name)
    assert found.count == 2
    assert found.notes == (
        "1 file of zero bytes: skipped (bad.png)",
        "1 picture without a row in the table of attributes: left out (3.png)",
        "2 rows of the table of attributes without a usable picture: passed over (gone.png, bad.png)",
    )
    told = check(name)
    assert (told.files, told.usable, told.classes) == (4, 2, {"smile": 1, "hat": 0})
    assert [problem.kind for problem in told.problems] == ["empty", "picture-without-row", "row-without-picture"]
    assert told.sentence.endswith("is fit for training: 2 pictures of 8x8 with 2 attributes; 2 files are skipped")
    assert json.loads(json.dumps(asdict(told)))["classes"] == {"smile": 1, "hat": 0}


def test_a_table_of_other_pictures_leaves_none(tmp_path):
    name = labelled(tmp_path / "a", TABLE.replace("1.png", "x.png").replace("2.png", "y.png"))
    with pytest.raises(OrganzaError, match="holds no usable picture among 2 files: 2 pictures without a row"):
        open_source(name)
    assert "not fit" in check(name).sentence


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("", "line 1 names no attribute"),
        ("file\n1.png\n", "line 1 names no attribute"),
        ("file;hat\n1.png;1\n", "line 1 names no attribute"),
        ("file,hat,hat\n1.png,1,1\n", "line 1 names hat twice"),
        ("file,hat,\n1.png,1,1\n", "line 1 has no name in column 3"),
        ("file,hat\n", "has no rows"),
        ("file,hat\n1.png,1\n2.png\n", "line 3 has 1 columns and not 2"),
        ("file,hat\n1.png,1\n1.png,0\n", "line 3 names 1.png a second time"),
        ('file,hat\n"1.png,1\n', "line 2 is no line of a csv"),
        ("file,hat\n1.png,\n2.png,1\n", "line 2: hat is empty"),
        ("file,hat\n1.png,yes\n2.png,1\n", "line 2: hat is yes"),
        ("file,hat\n1.png,1.5\n2.png,1\n", "line 2: hat is 1.5"),
        ("file,hat\n1.png,nan\n2.png,1\n", "line 2: hat is nan"),
        ("file,hat\n1.png,-0.5\n2.png,1\n", "line 2: hat is -0.5"),
        ("file,hat\n1.png,0\n2.png,-1\n", "line 2: hat is 0 beside -1"),
        (b"file,hat\n1.png,\xff\n", "is no text in UTF-8"),
    ],
)
def test_damaged_tables_stop_with_the_place(tmp_path, table, words):
    assert f"attributes.csv {words}" in refusal(labelled(tmp_path / "a", table))


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("", "does not begin with a line that is the number of rows"),
        ("Bald Smiling\n1.jpg 1 1\n", "does not begin with a line that is the number of rows"),
        ("2\n", "announces 2 rows and has 0"),
        (CELEBA.rpartition("000002")[0], "announces 2 rows and has 1: it may be truncated"),
        (CELEBA.replace("2.jpg  1", "2.jpg"), "line 4 has 2 columns and not 3"),
        (CELEBA.replace("2.jpg  1", "2.jpg  3"), "line 4: Bald is 3"),
    ],
)
def test_damaged_tables_of_celeba(tmp_path, table, words):
    name = labelled(tmp_path / "a", table, "000001.jpg", "000002.jpg", called="list_attr_celeba.txt")
    assert f"list_attr_celeba.txt {words}" in refusal(name)


def test_everything_wrong_with_a_table_is_told_at_once(tmp_path):
    message = refusal(labelled(tmp_path / "a", "file,hat\n1.png,2\n2.png,1,1\n3.png,no\n4.png,-3\n"))
    assert message.count("line") >= 4
    kinds = {problem.kind: problem.count for problem in check(str(tmp_path / "a")).problems}
    assert kinds == {"damaged-table": 1, "table-value": 3}


def test_a_damaged_entry_of_a_zip(tmp_path):
    path = zip_of(
        tmp_path / "a.zip", {"attributes.csv": TABLE.encode(), **{f"{n}.png": encoded(image()) for n in (1, 2)}}
    )
    path.write_bytes(path.read_bytes().replace(b"smile", b"frown", 1))
    assert "attributes.csv cannot be read" in refusal(str(path))


def test_without_a_table_nothing_changes(tmp_path):
    found = open_source(str(folder_of(tmp_path / "a", "cat/1.png", "dog/1.png")))
    assert (found.labels.dtype, found.classes) == (torch.int64, ("cat", "dog"))
