"""The two drivers' common half: send for a while, and the plain loop that needs no broker."""

import logging
import time
from collections.abc import Callable

from django.db import InterfaceError, OperationalError, connection

from pv.accounts.context import as_clock
from pv.notices import chores, services
from pv.notices.models import JobRun
from pv.notices.sending import send_next

log = logging.getLogger(__name__)

TICK_EVERY = 10.0
SEND_EVERY = 1.0


def send_waiting(*, driver: str, seconds: float) -> int:
    """Hand over message after message until none waits or the time is up; how many were tried."""
    began, tried = time.monotonic(), 0
    with as_clock():
        run = JobRun(job="send", driver=driver, started_at=services.real_now())
    while time.monotonic() - began < seconds and send_next():
        tried += 1
    if tried:
        services.record_run(run, handled=tried)
    return tried


def heartbeat(*, driver: str) -> None:
    """Leave a sign of life."""
    with as_clock():
        run = JobRun(job="beat", driver=driver, started_at=services.real_now())
    services.record_run(run, handled=0)


def drive(stopping: Callable[[], bool], *, pause: Callable[[float], None] = time.sleep) -> None:
    """Tick and send until told to stop. A database that goes away is waited for."""
    next_tick = 0.0
    while not stopping():
        try:
            if time.monotonic() >= next_tick:
                next_tick = time.monotonic() + TICK_EVERY
                services.tick(driver="run_tick")
                chores.run(driver="run_tick")
            send_waiting(driver="run_tick", seconds=TICK_EVERY)
        except (OperationalError, InterfaceError) as error:
            log.warning("the database is away: %s", type(error).__name__)
            connection.close()
        pause(SEND_EVERY)
