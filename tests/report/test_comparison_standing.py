"""Who is best, and which differences are told apart from the noise between seeds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from organza.report.comparison import Metric, Score
from organza.report.comparison_strips import Axis, axis
from organza.report.standing import spread, standings
from organza.report.threads import colour, dash, listed

LOWER = Metric("fd", "FD", "lower", "")
HIGHER = Metric("recall", "recall", "higher", "")


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([Score(1.0, 0.1), Score(2.0, 0.1)], ["best", "behind"]),
        ([Score(2.0, 0.1), Score(1.0, 0.1)], ["behind", "best"]),
        ([Score(1.0, 0.1), Score(2.0, 1.1)], ["best", "level"]),
        ([Score(1.0, 1.1), Score(2.0, 0.1)], ["best", "level"]),
        ([Score(1.0, 1.0), Score(2.0, 1.0)], ["best", "behind"]),
        ([Score(1.0), Score(2.0)], ["best", "unsure"]),
        ([Score(1.0, 0.1), Score(2.0)], ["best", "unsure"]),
        ([Score(1.0), Score(2.0, 1.5)], ["best", "level"]),
        ([Score(1.0), Score(1.0)], ["level", "level"]),
        ([Score(1.0), Score(1.0), Score(2.0)], ["best", "best", "unsure"]),
        ([Score(1.0, 0.1), Score(), Score(1.0, 0.2)], ["level", None, "level"]),
        ([Score(), Score(2.0, 0.1), Score(3.0, 0.1)], [None, "best", "behind"]),
        ([Score(1.0, 0.1), Score()], [None, None]),
        ([Score(1.0, 0.1)], [None]),
        ([], []),
    ],
)
def test_places(scores, expected):
    assert standings(LOWER, scores) == expected


def test_the_way_that_is_better_decides():
    scores = [Score(1.0, 0.1), Score(2.0, 0.1)]
    assert standings(HIGHER, scores) == ["behind", "best"]
    assert standings(Metric("entropy", "entropy", None, ""), scores) == [None, None]


numbers = st.floats(-1e6, 1e6)
some_scores = st.lists(
    st.builds(Score, st.none() | numbers, st.none() | st.floats(0, 1e3)), max_size=8
)  # a deviation without a mean is nothing that a file should hold, and must do no harm


@given(some_scores)
def test_nobody_is_better_than_the_best_and_everybody_with_a_value_has_a_place(scores):
    found = standings(LOWER, scores)
    means = [score.mean for score in scores if score.mean is not None]
    if len(means) < 2:
        assert found == [None] * len(scores)
        return
    places = [place for place in found if place]
    assert len(places) == len(means)
    if len(set(means)) == 1:
        assert set(places) == {"level"}
    else:
        assert [mean == min(means) for mean in means] == [place == "best" for place in places]
    assert [place is None for place in found] == [score.mean is None for score in scores]


@given(some_scores)
def test_turning_the_signs_round_turns_the_better_way_round(scores):
    turned = [Score(None if score.mean is None else -score.mean, score.sd) for score in scores]
    assert standings(LOWER, scores) == standings(HIGHER, turned)


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        (Score(23.26666, 0.56862), ("23.27", "± 0.57")),
        (Score(41.4, 2.476), ("41.4", "± 2.5")),
        (Score(1234.5, 100.2), ("1,234", "± 100")),
        (Score(0.00001, 0.000002), ("1.00e-05", "± 2.00e-06")),
        (Score(5.0, 0.0), ("5", "± 0")),
        (Score(23.26666), ("23.3", "")),
        (Score(), ("—", "")),
        (Score(1e9, 3.0), ("1.00e+09", "± 3")),
    ],
)
def test_a_mean_has_the_digits_that_its_deviation_leaves(score, expected):
    assert spread(score) == expected


def test_eight_groups_differ_in_colour_and_dash_and_64_in_the_two_together():
    assert len({colour(group) for group in range(8)}) == len({dash(group) for group in range(8)}) == 8
    assert len({(colour(group), dash(group)) for group in range(64)}) == 64


@given(st.lists(numbers, min_size=1, max_size=9), st.booleans())
def test_every_value_lies_within_its_axis_in_order(values, is_distance):
    found = axis(values, is_distance=is_distance)
    places = [float(found.place(value).rstrip("%")) for value in sorted(values)]
    assert places == sorted(places)
    assert places[0] >= 0
    assert places[-1] <= 100
    assert all(found.low <= tick <= found.high for tick in found.ticks())


def test_far_distances_make_a_logarithmic_axis_and_proportions_never_do():
    assert axis([20.0, 2e6], is_distance=True).log
    assert not axis([20.0, 60.0], is_distance=True).log
    assert not axis([0.01, 0.99]).log
    assert not axis([-1.0, 2e6], is_distance=True).log
    assert Axis(1.0, 100.0, log=True).place(10.0) == "50.00%"
    assert Axis(0.0, 1.0).ticks() == [0.0, 0.25, 0.5, 0.75, 1.0]


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (["a, 1", "b"], "“a, 1” and “b”"),
        (list("abcdef"), "a, b, c, d, e and f"),
        (list("abcdefg"), "a, b, c, d, e and 2 more"),
    ],
)
def test_names_are_listed_as_in_a_sentence(names, words):
    assert listed(names) == words
