"""The tick as both drivers run it, and what a person does with a notice: take it, see it."""

import logging
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

from celery import current_app
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from pv.accounts.context import as_clock, current, writing_for
from pv.accounts.models import User
from pv.core import clock
from pv.core.errors import Conflict, DomainError, NotFound
from pv.deadlines import services as deadlines
from pv.deadlines.kinds import kind_of
from pv.deadlines.models import Alarm, Deadline
from pv.notices.firing import BATCH, Fired, fire_batch, fire_named, silence_without_ladder
from pv.notices.models import Acknowledgement, Delivery, JobRun

log = logging.getLogger(__name__)

KEEP_RUNS = timedelta(days=30)


def tick(*, driver: str, seconds: float = 50) -> Fired:
    """Ring everything that has come, urgent first, in batches of one transaction each, for at most `seconds`.

    Any number of ticks may run at once; each leaves a JobRun, which is watched.
    """
    began, total = time.monotonic(), Fired()
    with as_clock():
        run = JobRun(job="tick", driver=driver, started_at=real_now())
    try:
        with as_clock():
            silence_without_ladder()
        for urgent in (True, False):
            done = Fired(looked_at=BATCH)
            # A batch that rang may have brought an alarm to its next step, which may have come as well.
            while (done.looked_at >= BATCH or done.notices) and time.monotonic() - began < seconds:
                with as_clock():
                    done = fire_batch(urgent=urgent)
                total += done
    except Exception as error:
        record_run(run, handled=total.notices, error=type(error).__name__)
        raise
    record_run(run, handled=total.notices)
    return total


def real_now() -> Any:
    """The database's own clock, without the demo's shift: the watchers are watched by it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        return cursor.fetchone()[0]


def record_run(run: JobRun, *, handled: int, error: str = "") -> None:
    """Write down that a job ran; runs older than a month are forgotten."""
    with as_clock():
        run.ended_at, run.handled, run.error = real_now(), handled, error
        run.save(force_insert=True)
        JobRun.objects.filter(job=run.job, started_at__lt=run.ended_at - KEEP_RUNS).delete()


def ring_now(deadline_ids: list[UUID]) -> Fired:
    """Write the first notices of these deadlines in the transaction that opened them, as the tick would.

    After its commit nobody depends on a broker, a worker or the next tick to have been told.
    """
    if not deadline_ids:
        return Fired()
    with as_clock():
        return fire_named(deadline_ids)


def kick() -> None:
    """Wake the tick once this transaction is committed. Only a wake-up: without a broker the plain driver ticks.

    Once for a transaction, however much it rang: an import waits for one broker, not for a hundred.
    """
    # What stands there and was not rolled back shares every savepoint that could still take it back with us.
    if not any(waiting[1] is _publish for waiting in connection.run_on_commit):
        transaction.on_commit(_publish, robust=True)


# Somebody waits for the answer: a broker that is away is left alone at once, where its client would try for seconds.
IN_HASTE = {
    "max_retries": 0,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
    "socket_connect_timeout": 0.5,
    "socket_timeout": 0.5,
}


def _publish() -> None:
    try:
        options = current_app.conf.broker_transport_options | IN_HASTE
        with current_app.connection_for_write(transport_options=options) as broker:
            current_app.send_task("pv.notices.tasks.tick", connection=broker, retry=False, expires=55)
    except Exception as error:  # whatever the broker's client raises: the plain driver ticks all the same
        log.warning("the tick could not be woken: %s", type(error).__name__)


# A later rung whose moment has come, and that no tick has rung yet, is not answered by answering this one.
NEXT_RUNG = """
SELECT CASE WHEN passed > %s THEN core_now() ELSE next_at END FROM deadlines_place(%s, %s, %s, %s, %s, core_now())
"""


def acknowledge(*, deadline_id: UUID, by: User, via: str, note: str = "") -> Acknowledgement:
    """ "I take it": the rung's remaining steps fall away; later rungs still ring, until the deadline is met.

    Taking twice is taking once. Raises Conflict when somebody else has, naming who and when.
    """
    # The deadline before its alarm, as meeting and moving do: the other order would deadlock with them.
    mine = Deadline.objects.for_organisations(list(current().organisations))
    deadline: Deadline | None = mine.select_for_update(no_key=True).filter(pk=deadline_id).first()
    if deadline is None:
        raise NotFound(_("There is no such deadline."))
    with writing_for(deadline.organisation_id):
        alarm = (
            Alarm.objects.select_for_update()
            .filter(organisation_id=deadline.organisation_id, deadline_id=deadline_id)
            .first()
        )
        if alarm is None:
            raise Conflict(_("This deadline is closed already."))
        if alarm.rung == 0 or alarm.nth == 0:
            raise DomainError(_("Nobody has been told of this yet, so there is nothing to take."), code="not_rung")
        if taken := _taken(alarm, by):
            return taken
        answer: Acknowledgement = Acknowledgement.objects.create(
            organisation_id=deadline.organisation_id,
            deadline=deadline,
            round=alarm.round,
            rung=alarm.rung,
            by=by,
            at=clock.now(),
            via=via,
            note=note,
        )
        if kind_of(deadline.kind).met_by_taking:
            deadlines.meet_deadline(deadline_id, met_at=answer.at)
        else:
            _stop_climbing(alarm)
    return answer


def _taken(alarm: Alarm, by: User) -> Acknowledgement | None:
    earlier: Acknowledgement | None = (
        Acknowledgement.objects.for_organisations([alarm.organisation_id])
        .filter(deadline_id=alarm.deadline_id, round=alarm.round, rung=alarm.rung)
        .select_related("by")
        .first()
    )
    if earlier and earlier.by_id != by.pk:
        raise Conflict(
            _("%(name)s has taken this already, at %(at)s."),
            code="taken",
            params={"name": earlier.by.name, "at": f"{earlier.at:%Y-%m-%d %H:%M} UTC"},
        )
    return earlier


def _stop_climbing(alarm: Alarm) -> None:
    with connection.cursor() as cursor:
        cursor.execute(NEXT_RUNG, [alarm.rung, alarm.ladder_id, alarm.due_on, alarm.due_at, alarm.zone, alarm.calendar])
        alarm.next_alert_at = cursor.fetchone()[0]
    alarm.answered, alarm.hurry = True, False
    alarm.save(update_fields=["answered", "hurry", "next_alert_at"])


def my_notices(user: User, organisations: list[UUID]) -> "QuerySet[Delivery]":
    """What this person was told in the app, newest first."""
    found: QuerySet[Delivery] = (
        Delivery.objects.for_organisations(organisations)
        .filter(recipient=user, channel=Delivery.Channel.IN_APP)
        .select_related("notice__deadline")
        .order_by("-created_at", "-id")
    )
    return found


def unseen_count(user: User, organisations: list[UUID]) -> int:
    """How many of them nobody has looked at."""
    return my_notices(user, organisations).filter(seen_at=None).count()


def mark_seen(delivery_ids: list[UUID], *, by: User) -> int:
    """Note that the reader has seen these. Seeing answers nothing: the climbing goes on."""
    mine = Delivery.objects.for_organisations(list(current().organisations)).filter(
        pk__in=delivery_ids, recipient=by, seen_at=None
    )
    seen = 0
    for organisation in sorted({row.organisation_id for row in mine}):
        with writing_for(organisation):
            seen += mine.filter(organisation_id=organisation).update(seen_at=clock.now())
    return seen
