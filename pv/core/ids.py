"""Keys: UUID version 7 (RFC 9562), made in the application, so that new rows land at the end of every index.

Python has `uuid.uuid7` only from 3.14; this one also survives a fork, as worker pools do.
"""

import os
import secrets
import threading
import time
from uuid import UUID

_COUNTER_BITS = 42  # right behind the milliseconds: RFC 9562, 6.2, method 1
_TAIL_BITS = 32
_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62


class _Sequence:
    """Milliseconds and counter as one number that only ever grows, whatever the wall clock and other threads do."""

    def __init__(self) -> None:
        self.start_afresh()

    def start_afresh(self) -> None:
        """Forget everything, a held lock included."""
        self._lock = threading.Lock()
        self._last = 0

    def next(self) -> int:
        """The present millisecond with a random counter behind it; if that is not greater, the last number plus one.

        A random counter leaves its highest bit free. Should it overflow all the same, the carry runs into the
        milliseconds, and the order still holds.
        """
        with self._lock:
            milliseconds = time.time_ns() // 1_000_000
            if milliseconds > self._last >> _COUNTER_BITS:
                self._last = (milliseconds << _COUNTER_BITS) | secrets.randbits(_COUNTER_BITS - 1)
            else:
                self._last += 1
            return self._last


_sequence = _Sequence()
# A forked worker must neither go on with its parent's numbers nor wait for a lock that nobody will release.
os.register_at_fork(after_in_child=_sequence.start_afresh)


def uuid7() -> UUID:
    """A new key, greater than every key this process made before."""
    number = _sequence.next()
    milliseconds, counter = divmod(number, 1 << _COUNTER_BITS)
    upper, lower = divmod(counter, 1 << 30)  # the variant's two bits stand between them
    head = (milliseconds << 80) | _VERSION | (upper << 64)
    return UUID(int=head | _VARIANT | (lower << _TAIL_BITS) | secrets.randbits(_TAIL_BITS))
