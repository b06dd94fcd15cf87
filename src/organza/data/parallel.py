"""Work on many files at once, in order, with bounded memory."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Progress = Callable[[int, int, str], None]
"""Told after each piece of work: how many items are done, of how many, and what is being done to them."""

Item = TypeVar("Item")
Result = TypeVar("Result")

CHUNK = 8  # items per task: a small picture takes less time than handing a task to a thread


def workers() -> int:
    """How many threads decode at once: the cores that this process may use (Pillow works outside Python's lock)."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_order(
    function: Callable[[Item], Result], items: Sequence[Item], label: str, progress: Progress | None
) -> Iterator[Result]:
    """Yield `function(item)` for each item, in the order of the items, computed by a pool of threads.

    The threads run only a few chunks ahead of the reader, so results never pile up in memory. An exception of
    `function` is raised at its item and ends the work.

    Args:
        function: Called from several threads.
        items: What to call it with.
        label: What is being done, for `progress`.
        progress: Called from the reader's thread.
    """

    def work(chunk: Sequence[Item]) -> list[Result]:
        return [function(item) for item in chunk]

    ahead = workers() + 2
    pool = ThreadPoolExecutor(workers(), thread_name_prefix="organza-data")
    waiting: deque[Future[list[Result]]] = deque()
    done = 0
    try:
        for start in range(0, len(items) + ahead * CHUNK, CHUNK):
            if start < len(items):
                waiting.append(pool.submit(work, items[start : start + CHUNK]))
            if waiting and (len(waiting) > ahead or start >= len(items)):
                results = waiting.popleft().result()
                yield from results
                done += len(results)
                if progress is not None:
                    progress(done, len(items), label)
    finally:
        pool.shutdown(cancel_futures=True)
