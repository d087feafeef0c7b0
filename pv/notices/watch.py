"""The watcher is watched: how the tick, the senders and the sealer are doing, as numbers only.

Read by the operations page, the banner, /readyz and /metrics. Values come from the database, so that it does not matter
which process is asked. Never a row's content: whoever may not read a notice may read this.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import connection

from pv.accounts.context import as_clock

TICK_SECONDS = 180
BEAT_SECONDS = 180
URGENT_SECONDS = 60
SEAL_SECONDS = 600
UNHEARD_DAYS = 7

# Real time, not the demo's: the watchers are watched by it. The lateness of alarms is judged by the product's clock.
# Counts stop at a hundred thousand: then the number no longer matters.
FIGURES = """
SELECT
    (SELECT extract(epoch FROM clock_timestamp() - r.ended_at) FROM notices_jobrun AS r
     WHERE r.job = 'tick' AND r.error = '' AND r.ended_at IS NOT NULL ORDER BY r.started_at DESC LIMIT 1),
    (SELECT extract(epoch FROM r.ended_at - r.started_at) FROM notices_jobrun AS r
     WHERE r.job = 'tick' AND r.error = '' AND r.ended_at IS NOT NULL ORDER BY r.started_at DESC LIMIT 1),
    (SELECT extract(epoch FROM clock_timestamp() - r.started_at) FROM notices_jobrun AS r
     WHERE r.job = 'beat' AND r.driver = 'beat' ORDER BY r.started_at DESC LIMIT 1),
    (SELECT extract(epoch FROM clock_timestamp() - min(d.created_at)) FROM notices_delivery AS d
     WHERE d.state = 'waiting' AND d.urgent),
    (SELECT extract(epoch FROM clock_timestamp() - min(d.created_at)) FROM notices_delivery AS d
     WHERE d.state = 'waiting'),
    (SELECT count(*) FROM (SELECT FROM deadlines_alarm AS a WHERE a.urgent IN (true, false)
     AND a.next_alert_at <= (SELECT core_now()) AND a.parked_until IS NULL LIMIT 100000) AS due),
    (SELECT count(*) FROM (SELECT FROM deadlines_alarm AS a WHERE a.urgent IN (true, false)
     AND a.next_alert_at <= (SELECT core_now()) AND a.parked_until IS NOT NULL LIMIT 100000) AS parked),
    (SELECT count(*) FROM (SELECT FROM accounts_organisation AS o, LATERAL (
         SELECT FROM notices_notice AS n WHERE n.organisation_id = o.id AND n.unheard
         AND n.fired_at > (SELECT core_now()) - make_interval(days => %(unheard_days)s)) AS n
     LIMIT 100000) AS unheard),
    (SELECT extract(epoch FROM clock_timestamp() - audit_watermark()))
"""
DELIVERIES = """
SELECT 'waiting', count(*) FROM (SELECT FROM notices_delivery WHERE state = 'waiting' LIMIT 100000) AS w
UNION ALL SELECT 'dead', count(*) FROM (SELECT FROM notices_delivery WHERE state = 'dead' LIMIT 100000) AS w
"""
RUNS = """
SELECT job, driver, count(*), count(*) FILTER (WHERE error <> ''), coalesce(sum(handled), 0),
       extract(epoch FROM clock_timestamp() - max(started_at))::float8
FROM notices_jobrun WHERE job IN ('tick', 'send', 'seal', 'beat') AND started_at > clock_timestamp() - interval '1 hour'
GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Runs:
    """One job of one driver, in the last hour."""

    job: str
    driver: str
    count: int
    failed: int
    handled: int
    age: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Seconds, or None where there is nothing to count from."""

    tick_age: float | None
    tick_seconds: float | None
    beat_age: float | None
    oldest_urgent: float | None
    oldest_waiting: float | None
    alarms_due: int
    alarms_parked: int
    notices_unheard: int
    seal_age: float
    deliveries: Mapping[str, int]
    runs: tuple[Runs, ...]

    def troubles(self) -> list[str]:
        """What an operator has to look at, by name: tick, beat, urgent, dead, parked, unheard, seal."""
        late = {
            "tick": _older(self.tick_age, TICK_SECONDS),
            "beat": _older(self.beat_age, BEAT_SECONDS),
            "urgent": (self.oldest_urgent or 0) > URGENT_SECONDS,
            "dead": self.deliveries.get("dead", 0) > 0,
            "parked": self.alarms_parked > 0,
            "unheard": self.notices_unheard > 0,
            "seal": self.seal_age > SEAL_SECONDS,
        }
        return [name for name, is_late in late.items() if is_late]


def _older(age: float | None, limit: float) -> bool:
    """Never having run is no better than long ago."""
    return age is None or age > limit


def figures() -> Figures:
    """Three small questions, asked as the clock's role; each has its index."""
    with as_clock(), connection.cursor() as cursor:
        cursor.execute(FIGURES, {"unheard_days": UNHEARD_DAYS})
        tick_age, tick_seconds, beat_age, urgent, waiting, due, parked, unheard, seal_age = cursor.fetchone()
        cursor.execute(DELIVERIES)
        deliveries = dict(cursor.fetchall())
        cursor.execute(RUNS)
        runs = tuple(Runs(*row) for row in cursor.fetchall())
    return Figures(
        tick_age=_seconds(tick_age),
        tick_seconds=_seconds(tick_seconds),
        beat_age=_seconds(beat_age),
        oldest_urgent=_seconds(urgent),
        oldest_waiting=_seconds(waiting),
        alarms_due=due,
        alarms_parked=parked,
        notices_unheard=unheard,
        seal_age=max(0.0, float(seal_age)),
        deliveries=deliveries,
        runs=runs,
    )


def _seconds(value: Any) -> float | None:
    return None if value is None else max(0.0, float(value))


_asked: tuple[float, list[str]] = (0.0, [])


def troubles(*, fresh_for: float = 10) -> list[str]:
    """For the banner of every page: asked at most every ten seconds by each process."""
    global _asked
    at, found = _asked
    if time.monotonic() - at > fresh_for:
        found = figures().troubles()
        _asked = (time.monotonic(), found)
    return found
