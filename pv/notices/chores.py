"""Small work that rooms want done again and again until it is done: run by both drivers after each tick.

A chore is safe to repeat, to run twice at once and to leave out: it does what is left over, and mostly nothing is.
"""

import logging
from collections.abc import Callable

from django.db import DatabaseError, OperationalError, transaction

from pv.accounts.context import as_clock
from pv.core.errors import DomainError
from pv.notices.models import JobRun
from pv.notices.services import real_now, record_run

log = logging.getLogger(__name__)

Chore = Callable[[], int]

_chores: dict[str, Chore] = {}


def register(name: str, chore: Chore) -> None:
    """Make a chore known. It opens its own context and transactions, and answers how much it did."""
    if _chores.setdefault(name, chore) is not chore:
        raise ValueError(f"The chore {name!r} is registered already.")


def forget(name: str) -> None:
    """Take a chore out again."""
    _chores.pop(name, None)


def run(*, driver: str) -> int:
    """Run every chore; how much was done. One that fails stops nobody, and is written down as a failed job."""
    return sum(_run(name, chore, driver) for name, chore in _chores.items())


def _run(name: str, chore: Chore, driver: str) -> int:
    with as_clock():
        run = JobRun(job=name, driver=driver, started_at=real_now())
    try:
        with transaction.atomic():
            done = chore()
    except OperationalError:
        raise  # the database went away: the driver waits for it
    except (DatabaseError, DomainError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        log.error("a chore failed: %s", type(error).__name__, extra={"job": name})
        record_run(run, handled=0, error=type(error).__name__)
        return 0
    if done:
        record_run(run, handled=done)
    return done
