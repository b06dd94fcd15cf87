"""Curves of several seeds on common images."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from comparisons import SCORES, make_comparison
from hypothesis import given
from hypothesis import strategies as st

from organza.report.comparison import read_comparison
from organza.report.comparison_curves import POINTS, drawings, families, mean_trace
from organza.report.metrics import Curve


def curve(images, values) -> Curve:
    return Curve(np.array(images, dtype=float), np.array(values, dtype=float))


def test_one_seed_is_its_own_mean_without_a_band():
    found = mean_trace([curve([1, 2, 3], [5, 7, 6])], POINTS)
    assert found.images.tolist() == [1, 2, 3]
    assert found.values.tolist() == [5, 7, 6]
    assert found.low is None
    assert found.high is None


def test_seeds_are_met_at_common_images():
    found = mean_trace([curve([0, 10], [0, 10]), curve([0, 5, 10], [2, 2, 2])], POINTS)
    assert found.images.tolist() == [0, 5, 10]
    assert found.values.tolist() == [1, 3.5, 6]
    assert found.low.tolist() == [0, 2, 2]
    assert found.high.tolist() == [2, 5, 10]


def test_on_a_logarithmic_scale_the_mean_is_geometric():
    found = mean_trace([curve([1, 2], [1, 10]), curve([1, 2], [100, 1000])], POINTS, log=True)
    assert found.values == pytest.approx([10, 100])


def test_a_seed_that_ended_early_or_has_gaps_leaves_the_others_their_mean():
    found = mean_trace([curve([1, 2, 3], [1, math.nan, 1]), curve([1, 2], [3, 3])], POINTS)
    assert found.values.tolist() == [2, 3, 1]
    assert found.missing == 1
    gap = mean_trace([curve([1, 2, 3], [1, math.nan, 1])], POINTS)
    assert np.isnan(gap.values).tolist() == [False, True, False]


@given(st.lists(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=900), min_size=1, max_size=3))
def test_a_mean_has_few_points_and_lies_within_its_band(given_values):
    found = mean_trace([curve(range(len(values)), values) for values in given_values], 50)
    assert len(found.images) <= 50
    assert (np.diff(found.images) > 0).all()
    if len(given_values) > 1:
        room = 1e-9 * (1 + np.abs(found.values))
        assert (found.low <= found.values + room).all()
        assert (found.values <= found.high + room).all()


def titles(folder: Path) -> list[str]:
    return [chart.explanation.title for family in families(read_comparison(folder)) for chart in family.charts]


def test_every_shared_curve_has_a_chart_with_each_group_in_it(tmp_path):
    comparison = read_comparison(make_comparison(tmp_path / "one"))
    shown = families(comparison)
    assert [family.explanation.title for family in shown] == [
        "Losses", "What the discriminator believes", "Gradient norms", "Speed",
    ]  # fmt: skip
    drawn = drawings(shown, 64_000)
    assert len(drawn) == 8
    for chart in drawn:
        assert [series["name"] for series in chart["series"]] == list(SCORES)
        assert [series["group"] for series in chart["series"]] == [0, 1, 2]
        for series in chart["series"]:
            assert chart["low"] <= series["range"][1]
            assert chart["high"] >= series["range"][0]


def test_a_curve_of_one_group_alone_is_not_compared(tmp_path):
    folder = make_comparison(tmp_path / "one")
    before = titles(folder)
    path = folder / "runs" / "0-0" / "metrics.jsonl"
    row = json.loads(path.read_text(encoding="utf-8").splitlines()[-1]) | {"critic.wobble": 1.0}
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row | {"images": 65_000}) + "\n")
    assert titles(folder) == before
    other = folder / "runs" / "1-0" / "metrics.jsonl"
    other.write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    assert titles(folder) == [*before, "Wobble: critic"]


def test_each_player_is_compared_with_its_own_equilibrium(tmp_path):
    (losses, *_) = families(read_comparison(make_comparison(tmp_path / "one")))
    assert [[line.name for line in chart.explanation.references] for chart in losses.charts] == [["2 ln 2"], ["ln 2"]]


def test_different_losses_have_no_common_equilibrium(tmp_path):
    folder = make_comparison(tmp_path / "one")
    (folder / "runs" / "2-0" / "recipe.yaml").write_text("loss: wasserstein", encoding="utf-8")
    losses, beliefs, *_ = families(read_comparison(folder))
    assert all(chart.explanation.references == () for chart in losses.charts)
    assert "Some losses" in beliefs.explanation.meaning


def test_runs_that_are_gone_have_no_curves(tmp_path):
    folder = make_comparison(tmp_path / "one", count=0, loss=None)
    assert families(read_comparison(folder)) == []


def test_an_axis_from_0_to_1_gives_way_to_curves_that_are_no_probabilities(tmp_path):
    folder = make_comparison(tmp_path / "one")
    _, beliefs, *_ = families(read_comparison(folder))
    assert [chart.explanation.bounds for chart in beliefs.charts] == [(0.0, 1.0)] * 3
    (folder / "runs" / "2-0" / "metrics.jsonl").write_text(
        "".join(json.dumps({"images": n, "discriminator.real": 9.0 + n}) + "\n" for n in range(3)), encoding="utf-8"
    )
    _, beliefs, *_ = families(read_comparison(folder))
    real, fake, _ = drawings([beliefs], 3)
    assert real["high"] > 4
    assert (fake["low"], fake["high"]) == (0.0, 1.0)
