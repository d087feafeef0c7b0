"""What time it is. The database's clock decides, so that web, workers and the tick never disagree.

Tests and the demo may shift it by an offset (`manage.py demo_clock`); production refuses one. History, seals and
log-ins keep real time: they read the database's clock itself.
"""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import connection


def now() -> datetime:
    """The instant by which clocks are judged: the transaction's time plus the demo's offset, aware, UTC."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT core_now()")
        instant: datetime = cursor.fetchone()[0]
    return instant.astimezone(UTC)


def today(zone: str = "Asia/Shanghai") -> date:
    """The legal day in the authority's zone."""
    return now().astimezone(ZoneInfo(zone)).date()


def offset() -> timedelta:
    """How far the clock is shifted; zero in production."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT shift FROM core_clockshift")
        row = cursor.fetchone()
    return row[0] if row else timedelta()


def set_to(instant: datetime) -> None:
    """Shift the clock so that it shows `instant` now. Only the owner's role may; callers refuse production."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_clockshift SET shift = %s - clock_timestamp()", [instant])


def reset() -> None:
    """Back to real time."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_clockshift SET shift = '0'")
