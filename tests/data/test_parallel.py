import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from organza.data.parallel import CHUNK, in_order, workers


@settings(deadline=None)
@given(st.integers(0, 200))
def test_results_come_in_the_order_of_the_items(count):
    items = list(range(count))
    assert list(in_order(lambda item: -item, items, "", None)) == [-item for item in items]


def test_progress_ends_at_the_total():
    told = []
    list(in_order(str, range(37), "counting", lambda *news: told.append(news)))
    assert told[-1] == (37, 37, "counting")
    assert told == sorted(told)
    assert len(told) > 1


def test_an_exception_is_raised_at_its_item():
    def fail_at_20(item):
        if item == 20:
            raise ValueError("twenty")
        return item

    seen = []
    with pytest.raises(ValueError, match="twenty"):
        seen.extend(in_order(fail_at_20, range(1000), "", None))
    seen = in_order(fail_at_20, range(1000), "", None)
    assert [next(seen) for _ in range(CHUNK)] == list(range(CHUNK))


def test_the_threads_do_not_run_far_ahead_of_the_reader():
    begun, lock = [], threading.Lock()

    def note(item):
        with lock:
            begun.append(item)
        return item

    results = in_order(note, range(10_000), "", None)
    for _ in range(100):
        next(results)
    results.close()
    assert len(begun) <= 100 + (workers() + 4) * CHUNK


def test_the_work_is_done_by_other_threads():
    names = set(in_order(lambda _: threading.current_thread().name, range(50), "", None))
    assert threading.current_thread().name not in names
