"""Keys: version 7, ever greater, never twice, in threads, forks and through steps of the clock."""

import os
import threading
import time
from collections.abc import Iterable
from itertools import repeat
from types import SimpleNamespace
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pv.core import ids

MILLISECOND = 1_000_000


def clock(readings: Iterable[int]) -> SimpleNamespace:
    """In place of the module `time`: shows these milliseconds one after the other."""
    left = iter(readings)
    return SimpleNamespace(time_ns=lambda: next(left) * MILLISECOND)


@pytest.fixture(autouse=True)
def _fresh() -> None:
    ids._sequence.start_afresh()


def test_it_is_a_version_7_uuid_of_this_millisecond() -> None:
    before = time.time_ns() // MILLISECOND
    key = ids.uuid7()
    after = time.time_ns() // MILLISECOND

    assert isinstance(key, UUID)
    assert key.version == 7
    assert key.variant == RFC_4122
    assert before <= key.int >> 80 <= after


@given(st.lists(st.integers(1, 2**48 - 2), min_size=1, max_size=50))
def test_keys_grow_whatever_the_clock_does(readings: list[int]) -> None:
    ids._sequence.start_afresh()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ids, "time", clock(readings))
        keys = [ids.uuid7() for _ in readings]

    assert keys == sorted(set(keys))
    assert [str(key) for key in keys] == sorted(str(key) for key in keys)
    assert all((key.version, key.variant) == (7, RFC_4122) for key in keys)
    assert keys[-1].int >> 80 in (max(readings), max(readings) + 1)


def test_many_within_one_millisecond(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "time", clock(repeat(1_770_000_000_000)))
    keys = [ids.uuid7() for _ in range(20_000)]
    assert keys == sorted(set(keys))
    assert {key.int >> 80 for key in keys} == {1_770_000_000_000}


def test_a_counter_that_overflows_runs_into_the_next_millisecond(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "time", clock(repeat(5)))
    ids._sequence._last = (5 << 42) | (1 << 42) - 1
    key = ids.uuid7()
    assert key.int >> 80 == 6
    assert key < ids.uuid7()


def test_a_new_millisecond_starts_at_random(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "time", clock([7, 8, 9, 10]))
    counters = {ids._sequence.next() & (1 << 42) - 1 for _ in range(4)}
    assert len(counters) == 4
    assert all(counter < 1 << 41 for counter in counters)


def test_threads_never_share_a_key_and_each_sees_them_grow() -> None:
    made: list[list[UUID]] = [[] for _ in range(8)]
    start = threading.Barrier(len(made))

    def make(mine: list[UUID]) -> None:
        start.wait()
        mine.extend(ids.uuid7() for _ in range(2_000))

    threads = [threading.Thread(target=make, args=(mine,)) for mine in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert all(mine == sorted(mine) for mine in made)
    assert len({key for mine in made for key in mine}) == 8 * 2_000


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_fork_neither_waits_for_its_parents_lock_nor_repeats_its_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child is forked while the lock is held, with the clock stopped: the worst moment there is."""
    monkeypatch.setattr(ids, "time", clock(repeat(11)))
    ids.uuid7()
    reading, writing = os.pipe()
    with ids._sequence._lock:
        child = os.fork()
        if child == 0:  # pragma: no cover - another process
            os.write(writing, "".join(ids.uuid7().hex for _ in range(100)).encode())
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    _, status = os.waitpid(child, 0)

    theirs = {text[n : n + 32] for n in range(0, len(text), 32)}
    ours = [ids.uuid7().hex for _ in range(100)]
    assert status == 0
    assert len(theirs) == 100
    # The counter, not only the random tail, has to differ: 42 bits behind the milliseconds, 8 hex digits at the end.
    assert {key[:24] for key in theirs}.isdisjoint({key[:24] for key in ours})
