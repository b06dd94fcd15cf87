"""The memory of games: CycleGAN's pool of pictures and DeblurGAN-v2's history of outputs."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from organza.games.pools import history_mean, push_history, query_pool
from organza.losses import LOSSES
from organza.losses.history import ragan_ls_discriminator, ragan_ls_generator


def numbered(first, count):
    """Pictures that show their number."""
    return torch.arange(first, first + count, dtype=torch.float32).view(-1, 1, 1, 1).expand(-1, 2, 1, 3).contiguous()


def naive(stored, capacity, numbers, generator):
    """The pool as a list, one picture after the other; `stored` is changed."""
    swaps = torch.rand(len(numbers), generator=generator) < 0.5
    places = torch.randint(capacity, (len(numbers),), generator=generator)
    judged = []
    for number, swap, place in zip(numbers, swaps, places, strict=True):
        if len(stored) < capacity:
            stored.append(number)
            judged.append(number)
        elif swap:
            judged.append(stored[place])
            stored[place] = number
        else:
            judged.append(number)
    return judged


@given(st.integers(1, 7), st.lists(st.integers(1, 9), min_size=1, max_size=12), st.integers(0, 1000))
def test_it_is_a_list_that_takes_one_picture_after_the_other(capacity, batches, seed):
    pool, stored, seen = torch.zeros(capacity, 2, 1, 3), [], 0
    for step, size in enumerate(batches):
        fresh, before = numbered(seen + 1, size), pool.clone()
        untouched = pool
        judged, pool = query_pool(pool, seen, fresh, torch.Generator().manual_seed(seed + step))
        expected = naive(stored, capacity, range(seen + 1, seen + 1 + size), torch.Generator().manual_seed(seed + step))
        assert judged[:, 0, 0, 0].tolist() == expected
        assert pool[: len(stored), 0, 0, 0].tolist() == stored
        assert torch.equal(untouched, before)  # what it was given is as it was
        for pictures in (judged, pool):
            assert torch.equal(pictures, pictures[:, :1, :, :1].expand_as(pictures))  # whole pictures are moved
        seen += size


def test_ten_thousand_queries():
    """Half of what is judged is old, none of it before the pool is full, and every old picture is judged once."""
    capacity, queries = 50, 10_000
    pool, judged = torch.full((capacity, 2, 1, 3), -1.0), []
    for number in range(queries):
        shown, pool = query_pool(pool, number, numbered(number, 1), torch.Generator().manual_seed(number))
        judged.append(int(shown[0, 0, 0, 0]))
        if number == capacity - 1:
            assert judged == list(range(capacity))
            assert pool[:, 0, 0, 0].tolist() == judged
    old = [shown for number, shown in enumerate(judged) if shown != number]
    assert 0.48 < len(old) / queries < 0.52
    assert len(set(old)) == len(old)
    kept = pool[:, 0, 0, 0].int().tolist()
    assert len(set(kept)) == capacity
    assert min(kept) >= 0
    # A stored picture waits about two times the capacity of queries: each has a chance of 1 in 100 to be taken.
    ages = [number - shown for number, shown in enumerate(judged) if shown != number]
    assert sum(ages) / len(ages) == pytest.approx(2 * capacity, rel=0.1)


def test_a_later_picture_may_meet_an_earlier_one_of_its_batch():
    met = 0
    for seed in range(200):
        judged, _ = query_pool(numbered(100, 1), 1, numbered(0, 2), torch.Generator().manual_seed(seed))
        met += judged[:, 0, 0, 0].tolist() == [100, 0]
    assert 30 < met < 70  # both coins must fall so


def test_the_same_stream_decides_the_same_and_pictures_have_no_gradient():
    fresh = torch.nn.Parameter(numbered(10, 6))
    for seen in (0, 50):
        first, second = (query_pool(numbered(0, 5), seen, fresh, torch.Generator().manual_seed(3)) for _ in range(2))
        for one, other in zip(first, second, strict=True):
            assert torch.equal(one, other)
            assert not one.requires_grad


def test_shapes_alone_will_do():
    pool, fresh = (torch.empty(count, 3, 4, 4, device="meta") for count in (5, 2))
    for seen in (0, 50):
        judged, after = query_pool(pool, seen, fresh, torch.Generator().manual_seed(1))
        assert (judged.shape, after.shape, judged.device.type) == (fresh.shape, pool.shape, "meta")


@given(st.integers(1, 6), st.lists(st.floats(-9, 9, width=32), min_size=1, max_size=20), st.integers(1, 4))
def test_the_history_is_of_the_last_numbers(size, values, batch):
    history = torch.zeros(size)
    for start in range(0, len(values), batch):
        before, new = history.clone(), torch.tensor(values[start : start + batch], requires_grad=True)
        after = push_history(history, new)
        assert torch.equal(history, before)
        history, pushed = after, min(start + batch, len(values))
        kept = values[:pushed][-size:]
        assert history[-len(kept) :].tolist() == kept
        assert history_mean(history, torch.tensor(pushed)).item() == pytest.approx(sum(kept) / len(kept), abs=1e-5)
    assert (history.shape, history.requires_grad) == ((size,), False)


def test_with_one_entry_of_the_same_batch_the_loss_is_the_plain_one():
    real = torch.tensor([2.0, -1.0, 0.5, 0.0], dtype=torch.float64)
    fake = torch.tensor([-1.5, 0.3, 1.0, -0.2], dtype=torch.float64)
    plain, empty = LOSSES["relativistic-average-least-squares"], torch.zeros(50, dtype=torch.float64)
    means = [history_mean(push_history(empty, outputs.mean()[None]), torch.tensor(1)) for outputs in (real, fake)]
    assert ragan_ls_discriminator(real, fake, *means).item() == pytest.approx(plain.discriminator(real, fake).item())
    assert ragan_ls_generator(real, fake, *means).item() == pytest.approx(plain.generator(fake, real).item())
    # The negative control: with an older batch in the memory it is another.
    older = [push_history(torch.full((50,), 3.0).double(), outputs.mean()[None]) for outputs in (real, fake)]
    means = [history_mean(history, torch.tensor(2)) for history in older]
    assert ragan_ls_discriminator(real, fake, *means).item() != pytest.approx(1.2790625, abs=0.1)
