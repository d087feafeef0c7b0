"""The tick: one statement over the alarms that have come and their ladders' rungs.

It advances the alarms and writes notices and deliveries in one transaction. Running it twice, ten at a time or after
a week changes nothing: what has come is selected, never what is due this minute, and a second notice is impossible by
the constraint, not by care.
"""

import logging
from dataclasses import dataclass
from uuid import UUID

from django.db import DatabaseError, DataError, IntegrityError, InternalError, OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from pv.core import clock

log = logging.getLogger(__name__)

BATCH = 1000
PARK_SECONDS = 3600

# ringing   alarms whose instant has come, locked; other ticks pass them by
# rungs     each of their ladders' rungs with its instant
# place     the last rung passed (a rung that repeats counts on), and when the next one comes
# decided   a fresh rung begins with its first step; else the next step of the rung that nobody has answered
# step      that step, and the one after it. A step counts from the moment its rung was first told, so that after a
#           downtime nobody is passed over; an urgent one counts from the rung's own instant. In a hurry, because a
#           delivery was given up, it does not wait
# told      the steps that ring now, each with the id of its notice
# people    who is meant by each audience, asked once for each organisation and audience of the batch
FIRE = """
WITH ringing AS MATERIALIZED (
    SELECT a.deadline_id, a.organisation_id, a.due_on, a.due_at, a.zone, a.calendar, a.ladder_id, a.round, a.rung,
           a.nth, a.told_at, a.answered, a.hurry
    FROM deadlines_alarm AS a
    WHERE {these} AND a.next_alert_at <= %(now)s::timestamptz
      AND (a.parked_until IS NULL OR a.parked_until <= %(now)s::timestamptz)
    ORDER BY a.next_alert_at LIMIT %(batch)s FOR UPDATE SKIP LOCKED),
rungs AS MATERIALIZED (
    SELECT a.deadline_id, r.id, r.no, r.tone,
           CASE WHEN r.no = max(r.no) OVER (PARTITION BY a.deadline_id) THEN r.repeat_days END AS repeat_days,
           deadlines_instant(a.due_on, a.due_at, a.zone, a.calendar, r.amount, r.unit, r.side, r.at_hour) AS at
    FROM ringing AS a JOIN deadlines_rung AS r ON r.ladder_id = a.ladder_id),
place AS (
    SELECT deadline_id, max(no) AS last_no,
           coalesce(max(no + coalesce(floor(
               extract(epoch FROM %(now)s::timestamptz - at)::float8 / (86400 * repeat_days))::integer, 0))
                    FILTER (WHERE at <= %(now)s::timestamptz), 0) AS passed,
           min(at) FILTER (WHERE at > %(now)s::timestamptz) AS next_at,
           (array_agg(tone ORDER BY at) FILTER (WHERE at > %(now)s::timestamptz))[1] AS next_tone,
           max(at) FILTER (WHERE repeat_days IS NOT NULL) AS repeats_from, max(repeat_days) AS repeat_days
    FROM rungs GROUP BY deadline_id),
decided AS (
    SELECT a.*, p.last_no, p.next_tone, p.repeat_days, p.repeats_from, greatest(a.rung, p.passed) AS stands_at,
           p.passed > a.rung AS fresh,
           coalesce(p.next_at, p.repeats_from + make_interval(days => p.repeat_days * (p.passed - p.last_no + 1)))
               AS next_rung_at
    FROM ringing AS a JOIN place AS p USING (deadline_id)),
step AS MATERIALIZED (
    SELECT d.*, r.tone, s.nth AS step_nth, s.audience, s.channels, n.nth AS after_nth,
           coalesce(CASE WHEN r.tone = 'urgent' THEN b.at WHEN NOT d.fresh THEN d.told_at END, %(now)s::timestamptz)
               AS counts_from,
           b.at AS rang_for, s.delay_minutes, n.delay_minutes AS after_minutes
    FROM decided AS d
    LEFT JOIN rungs AS r ON r.deadline_id = d.deadline_id AND r.no = least(d.stands_at, d.last_no)
    LEFT JOIN LATERAL (
        SELECT r.at + make_interval(days => coalesce(r.repeat_days, 0) * (d.stands_at - r.no)) AS at) AS b ON true
    LEFT JOIN deadlines_step AS s ON s.rung_id = r.id AND s.nth = CASE WHEN d.fresh THEN 1 ELSE d.nth + 1 END
        AND (d.fresh OR NOT d.answered)
    LEFT JOIN deadlines_step AS n ON n.rung_id = r.id AND n.nth = s.nth + 1),
due_step AS MATERIALIZED (
    SELECT *, step_nth IS NOT NULL
           AND (hurry OR counts_from + make_interval(mins => delay_minutes) <= %(now)s::timestamptz) AS rings
    FROM step),
told AS MATERIALIZED (
    SELECT t.*, uuidv7() AS notice_id, d.assignee_id
    FROM due_step AS t, LATERAL (
        SELECT assignee_id FROM deadlines_deadline WHERE id = t.deadline_id AND closed_at IS NULL OFFSET 0) AS d
    WHERE t.rings),
advanced AS (
    UPDATE deadlines_alarm AS a SET
        rung = t.stands_at,
        nth = CASE WHEN t.rings THEN t.step_nth WHEN t.fresh THEN 0 ELSE a.nth END,
        told_at = CASE WHEN t.fresh THEN %(now)s::timestamptz ELSE a.told_at END,
        answered = a.answered AND NOT t.fresh,
        urgent = coalesce(t.tone = 'urgent' OR t.next_tone = 'urgent', false),
        -- Where nothing rang there is no reason to look again within the minute, whatever a ladder says.
        next_alert_at = CASE WHEN t.rings OR look.at IS NULL THEN look.at
            ELSE greatest(%(now)s::timestamptz + interval '1 minute', look.at) END,
        hurry = false, attempts = 0, parked_until = NULL, error = ''
    FROM due_step AS t, LATERAL (
        SELECT least(t.next_rung_at, CASE
            WHEN t.rings THEN t.counts_from + make_interval(mins => t.after_minutes)
            WHEN t.step_nth IS NOT NULL THEN t.counts_from + make_interval(mins => t.delay_minutes) END) AS at) AS look
    WHERE a.deadline_id = t.deadline_id),
wanted AS (
    SELECT t.notice_id, t.organisation_id, u.code AS audience,
           CASE WHEN u.code = 'owner' THEN t.assignee_id END AS assignee_id
    FROM told AS t, unnest(t.audience) AS u (code)),
people AS MATERIALIZED (
    SELECT w.organisation_id, w.audience, w.assignee_id, p.person
    FROM (SELECT DISTINCT organisation_id, audience, assignee_id FROM wanted) AS w,
         notices_people(w.organisation_id, w.audience, w.assignee_id, %(now)s::timestamptz) AS p (person)),
readers AS MATERIALIZED (
    SELECT w.notice_id, p.person,
           -- whoever owns it is told as its owner, whatever else they are
           coalesce(min(w.audience) FILTER (WHERE w.audience = 'owner'), min(w.audience)) AS why
    FROM wanted AS w JOIN people AS p ON p.organisation_id = w.organisation_id AND p.audience = w.audience
        AND p.assignee_id IS NOT DISTINCT FROM w.assignee_id
    GROUP BY w.notice_id, p.person),
fired AS (
    INSERT INTO notices_notice (id, organisation_id, deadline_id, round, rung, nth, tone, due_at, rang_for, fired_at,
                                skipped, unheard)
    SELECT t.notice_id, t.organisation_id, t.deadline_id, t.round, t.stands_at, t.step_nth, t.tone, t.due_at,
           t.rang_for + make_interval(mins => t.delay_minutes), %(now)s::timestamptz,
           ARRAY(SELECT generate_series(t.rung + 1, t.stands_at - 1)),
           NOT EXISTS (SELECT FROM readers AS r WHERE r.notice_id = t.notice_id)
    FROM told AS t
    ON CONFLICT (deadline_id, round, rung, nth) DO NOTHING
    RETURNING id),
delivered AS (
    INSERT INTO notices_delivery (id, organisation_id, notice_id, recipient_id, channel, why, urgent, state, attempts,
                                  next_attempt_at, sent_at, error)
    SELECT uuidv7(), t.organisation_id, t.notice_id, r.person, c.channel, r.why, t.tone = 'urgent',
           CASE c.channel WHEN 'in_app' THEN 'sent' ELSE 'waiting' END, 0,
           CASE c.channel WHEN 'in_app' THEN NULL ELSE now() END,
           CASE c.channel WHEN 'in_app' THEN %(now)s::timestamptz END, ''
    FROM fired AS f JOIN told AS t ON t.notice_id = f.id JOIN readers AS r ON r.notice_id = f.id,
         unnest(t.channels) AS c (channel)
    WHERE c.channel IN ('in_app', 'email')
    ON CONFLICT (notice_id, recipient_id, channel) DO NOTHING
    RETURNING 1)
SELECT (SELECT count(*) FROM ringing), (SELECT count(*) FROM fired), (SELECT count(*) FROM delivered)
"""

ALL = "a.urgent = %(urgent)s"
NAMED = "a.deadline_id = ANY (%(named)s::uuid[])"


@dataclass(frozen=True, slots=True)
class Fired:
    """What one batch did: alarms looked at, notices written, deliveries written."""

    looked_at: int = 0
    notices: int = 0
    deliveries: int = 0

    def __add__(self, other: "Fired") -> "Fired":
        return Fired(self.looked_at + other.looked_at, self.notices + other.notices, self.deliveries + other.deliveries)


def fire_batch(*, urgent: bool, batch: int = BATCH) -> Fired:
    """Ring what has come, at most `batch` alarms, as the clock's role. Rows that cannot be computed are parked."""
    try:
        with transaction.atomic():
            return _run(FIRE.format(these=ALL), {"urgent": urgent, "batch": batch})
    except DatabaseError as error:
        if not _is_of_the_row(error):
            raise
        log.warning("a batch could not be computed; trying its alarms one by one: %s", type(error).__name__)
        return _one_by_one(_come(urgent=urgent, batch=batch))


def fire_named(deadline_ids: list[UUID]) -> Fired:
    """Ring these alarms alone, if they have come: for what must be told in the transaction that made it known."""
    try:
        with transaction.atomic():
            return _run(FIRE.format(these=NAMED), {"named": deadline_ids, "batch": len(deadline_ids)})
    except DatabaseError as error:
        if not _is_of_the_row(error):
            raise
        return _one_by_one(deadline_ids)


def _is_of_the_row(error: DatabaseError) -> bool:
    """Whether one row's values may be the cause: then it is parked. A fault of ours or of the server is not hidden."""
    slow = isinstance(error, OperationalError) and isinstance(error.__cause__, QueryCanceled)
    return slow or isinstance(error, DataError | IntegrityError | InternalError)


def _run(sql: str, params: dict[str, bool | int | list[UUID]]) -> Fired:
    now = clock.now()  # asked once: inside the statement it would be computed for every row
    with connection.cursor() as cursor:
        cursor.execute(sql, params | {"now": now.isoformat()})
        return Fired(*cursor.fetchone())


def _come(*, urgent: bool, batch: int) -> list[UUID]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT deadline_id FROM deadlines_alarm WHERE urgent = %s AND next_alert_at <= core_now() "
            "AND (parked_until IS NULL OR parked_until <= core_now()) ORDER BY next_alert_at LIMIT %s",
            [urgent, batch],
        )
        return [row[0] for row in cursor.fetchall()]


def _one_by_one(deadline_ids: list[UUID]) -> Fired:
    """One bad row stops nobody: the rest of its batch rings, and it is parked where an operator sees it."""
    total = Fired()
    for deadline_id in deadline_ids:
        try:
            with transaction.atomic():
                total += _run(FIRE.format(these=NAMED), {"named": [deadline_id], "batch": 1})
        except DatabaseError as error:
            if not _is_of_the_row(error):
                raise
            _park(deadline_id, error)
            total += Fired(looked_at=1)
    return total


PARK = """
UPDATE deadlines_alarm SET attempts = attempts + 1, parked_until = core_now() + make_interval(secs => %s), error = %s
WHERE deadline_id = %s
"""


def _park(deadline_id: UUID, error: DatabaseError) -> None:
    log.error("an alarm is parked", extra={"deadline_id": deadline_id})
    with connection.cursor() as cursor:
        cursor.execute(PARK, [PARK_SECONDS, str(error)[:500], deadline_id])


SILENCE = """
UPDATE deadlines_alarm AS a SET next_alert_at = NULL, error = 'the ladder has no rungs'
WHERE a.deadline_id IN (
    SELECT b.deadline_id FROM deadlines_alarm AS b WHERE b.next_alert_at <= core_now()
    AND NOT EXISTS (SELECT FROM deadlines_rung AS r WHERE r.ladder_id = b.ladder_id) LIMIT %s)
"""


def silence_without_ladder(limit: int = BATCH) -> int:
    """Alarms of a ladder without rungs would be looked at for ever; they are taken off and shown to an operator."""
    with connection.cursor() as cursor:
        cursor.execute(SILENCE, [limit])
        return int(cursor.rowcount)
