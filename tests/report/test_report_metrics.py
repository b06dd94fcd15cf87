"""Reading rows of metrics, and condensing them to what a chart can show."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from organza.report.charts import bounds, charts
from organza.report.explain import explanations
from organza.report.metrics import Curve, Metrics, Stage, read_metrics
from organza.report.traces import POINTS, trace


def write(path: Path, *lines: str) -> Path:
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
    return path


def test_no_file_is_no_metrics(tmp_path):
    assert read_metrics(tmp_path / "metrics.jsonl") == Metrics()


def test_values_that_are_not_finite_are_gaps(tmp_path):
    path = write(
        tmp_path / "metrics.jsonl",
        '{"images": 1, "d.loss": 1.5}',
        '{"images": 2, "d.loss": NaN}',
        '{"images": 3, "d.loss": -Infinity}',
        '{"images": 4, "d.loss": null}',
        '{"images": 5, "d.loss": 2}',
    )
    curve = read_metrics(path).curves["d.loss"]
    assert np.array_equal(curve.values, [1.5, np.nan, np.nan, np.nan, 2], equal_nan=True)
    assert trace(curve).missing == 3


def test_rows_cut_short_are_counted_and_left_out(tmp_path):
    path = write(tmp_path / "metrics.jsonl", '{"images": 1, "a": 1}', "", '{"images": 2, "a"', "[1]", '{"a": 3}')
    metrics = read_metrics(path)
    assert (metrics.rows, metrics.unreadable) == (1, 3)
    assert list(metrics.curves["a"].values) == [1]


def test_only_numbers_become_curves(tmp_path):
    path = write(
        tmp_path / "metrics.jsonl", '{"images": 1, "step": 1, "seconds": 2, "a": 1, "b": "x", "c": true, "d": [1]}'
    )
    assert list(read_metrics(path).curves) == ["a"]


def test_where_a_resumed_run_came_again_the_later_rows_count(tmp_path):
    images = [10, 20, 30, 20, 30, 40]
    path = write(tmp_path / "metrics.jsonl", *(json.dumps({"images": at, "a": n}) for n, at in enumerate(images)))
    curve = read_metrics(path).curves["a"]
    assert list(curve.images) == [10, 20, 30, 40]
    assert list(curve.values) == [0, 3, 4, 5]


def test_stages_begin_where_their_name_first_comes(tmp_path):
    names = ["warm-up", "warm-up", "main", "main"]
    path = write(
        tmp_path / "metrics.jsonl", *(json.dumps({"images": n, "stage": name}) for n, name in enumerate(names))
    )
    assert read_metrics(path).stages == (Stage("warm-up", 0), Stage("main", 2))


def curve(values: list[float]) -> Curve:
    return Curve(np.arange(1.0, len(values) + 1), np.array(values, dtype=float))


def test_a_short_curve_stays_as_it_is():
    made = trace(curve([3, 1, 2]))
    assert list(made.values) == [3, 1, 2]
    assert made.low is made.high is made.smooth is None


def test_a_long_curve_keeps_its_extremes_and_its_mean():
    values = np.ones(50_000)
    values[12_345], values[40_000] = 99, -99
    made = trace(Curve(np.arange(50_000.0), values))
    assert len(made.values) == POINTS
    assert made.high.max() == 99
    assert made.low.min() == -99
    assert made.values.max() == pytest.approx(1 + 98 / (50_000 / POINTS), rel=0.02)
    assert made.images[-1] == 49_999


def test_a_gap_longer_than_a_point_stays_a_gap():
    values = np.ones(6000)
    values[1000:2000] = np.nan
    made = trace(Curve(np.arange(6000.0), values))
    gap = np.isnan(made.values)
    assert gap.sum() == POINTS // 6
    assert np.array_equal(gap, np.isnan(made.low))
    assert np.array_equal(gap, np.isnan(made.high))


def test_a_value_that_is_not_finite_hides_nothing_else_of_its_point():
    values = np.tile([1.0, np.nan, 3.0], 2000)
    made = trace(Curve(np.arange(6000.0), values))
    assert made.low.min() == made.low.max() == 1
    assert made.high.min() == made.high.max() == 3
    assert made.values.mean() == pytest.approx(2, rel=0.01)
    assert made.missing == 2000


def test_the_largest_numbers_can_be_drawn():
    values = [1.7e308, -1.7e308, 1.7e308] * 1000
    assert np.isfinite(trace(curve(values)).values).all()
    low, high = bounds([trace(curve(values))])
    assert math.isfinite(high - low)


def test_a_noisy_curve_gets_a_calm_line_and_a_calm_one_does_not():
    across = np.linspace(0, 3, 300)
    noise = np.random.default_rng(0).normal(0, 0.2, 300)
    calm, noisy = np.sin(across), np.sin(across) + noise
    assert trace(curve(list(calm))).smooth is None
    smooth = trace(curve(list(noisy))).smooth
    assert np.abs(smooth - calm).mean() < np.abs(noise).mean() / 2


def test_on_a_logarithmic_scale_the_calm_line_is_the_geometric_mean():
    values = [1.0, 100.0] * 100
    assert trace(curve(values), log=True).smooth[100] == pytest.approx(10, rel=0.1)
    assert trace(curve(values)).smooth[100] == pytest.approx(50, rel=0.1)


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True), min_size=1, max_size=200), st.booleans())
def test_any_values_can_be_drawn(values, log):
    """Whatever was logged, the chart's numbers are finite, in order, and JSON."""
    finite = [value if math.isfinite(value) else math.nan for value in values]
    made = trace(curve(finite), log=log, points=50)
    assert len(made.values) <= 50
    low, high = bounds([made], log=log)
    assert math.isfinite(low)
    assert math.isfinite(high)
    assert low < high
    key = "generator.gradient" if log else "generator.loss"
    metrics = Metrics({key: curve(finite)})
    (chart,) = charts(metrics, explanations("non-saturating", [key]))
    json.dumps(chart.drawing(1.0, ()), allow_nan=False)


def test_a_logarithmic_axis_spans_a_decade_at_least():
    low, high = bounds([trace(curve([2.0]))], log=True)
    assert (low, high) == pytest.approx((2 / 10**0.5, 2 * 10**0.5))
    low, high = bounds([trace(curve([1.0, 1000.0]))], log=True)
    assert (low, high) == pytest.approx((1 / 1.3, 1300))


def test_rare_spikes_do_not_flatten_the_rest():
    values = [1.0 + 0.01 * (n % 7) for n in range(500)]
    values[250] = 1e6
    _, high = bounds([trace(curve(values))])
    assert high < 1e5


def test_references_nearby_are_inside_and_far_ones_do_not_matter():
    (near, far) = explanations("non-saturating", ["generator.loss"])[0].references[1], 40.0
    low, high = bounds([trace(curve([0.8, 1.0]))], (near,))
    assert low <= near.value <= high
    assert bounds([trace(curve([far, far + 1]))], (near,))[0] > near.value
