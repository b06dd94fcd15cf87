import pytest

from organza.data.problems import KINDS, Fault, gather, printable


def test_faults_of_a_kind_become_one_problem():
    faults = [Fault("empty", f"{number}.png") for number in range(30)] + [Fault("damaged", "a.png")]
    empty, damaged = gather(faults)
    assert (empty.kind, empty.count, len(empty.files), empty.action) == ("empty", 30, 20, "skipped")
    assert empty.sentence == "30 files of zero bytes: skipped (0.png, 1.png, 2.png, ...)"
    assert damaged.sentence == "1 file truncated or damaged: skipped (a.png)"


def test_nothing_wrong():
    assert gather([]) == ()


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_a_sentence_of_one_line(kind):
    (problem,) = gather([Fault(kind, "a"), Fault(kind, "b")])
    assert problem.sentence.startswith("2 ")
    assert "\n" not in problem.sentence


def test_names_that_a_terminal_cannot_show():
    assert printable("ein schönes Bild.png") == "ein schönes Bild.png"
    assert printable("a\nb\x1b\udcff.png") == r"a\nb\x1b\udcff.png"
