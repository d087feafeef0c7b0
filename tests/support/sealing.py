"""Sealing in tests, where other databases of the same server (and its own cleaning) hold the sealer up for moments."""

import time

from django.db import connection

from pv.audit import services


def seal_everything(seconds: float = 10) -> int:
    """Seal until nothing written before this call is open; how many events."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (called_at,) = cursor.fetchone()
    end, sealed = time.monotonic() + seconds, services.seal()
    while services.watermark() < called_at:
        assert time.monotonic() < end, "a transaction holds the sealer up"
        time.sleep(0.01)
        sealed += services.seal()
    return sealed
