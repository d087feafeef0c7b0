"""The same as services.open_deadline and its closings, for hundreds of facts in a handful of statements."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection

from pv.accounts.context import writing_for
from pv.core import clock
from pv.deadlines.models import Alarm, Basis, Deadline
from pv.deadlines.services import Due, ladder_for


@dataclass(frozen=True, slots=True)
class NewClock:
    """What one clock is about, and when it ends."""

    subject: UUID
    due_on: date
    args: Mapping[str, Any] = field(default_factory=dict)
    working: str = ""
    assignee_id: UUID | None = None
    product_id: UUID | None = None
    centre_id: UUID | None = None
    patient_id: UUID | None = None


# Set-based twin of services.PLACE, for clocks that have no alarm yet.
PLACE_ALL = """
INSERT INTO deadlines_alarm (deadline_id, organisation_id, due_on, due_at, zone, calendar, ladder_id, round, rung, nth,
                             told_at, answered, hurry, urgent, next_alert_at, attempts, parked_until, error)
SELECT d.id, d.organisation_id, d.due_on, d.due_at, d.zone, d.calendar, d.ladder_id, d.round,
       greatest(p.passed - 1, 0), 0, NULL, false, false,
       CASE WHEN p.passed > 0 THEN d.due_at <= core_now() ELSE p.next_urgent END,
       CASE WHEN p.passed > 0 THEN core_now() ELSE p.next_at END, 0, NULL, ''
FROM deadlines_deadline AS d
CROSS JOIN LATERAL deadlines_place(d.ladder_id, d.due_on, d.due_at, d.zone, d.calendar, core_now()) AS p
WHERE d.organisation_id = %s AND d.id = ANY (%s)
"""


def open_many(*, organisation: UUID, kind: str, basis: Basis, clocks: Sequence[NewClock]) -> list[Deadline]:
    """Start a clock for each fact for which none of this kind runs yet; those that do are left as they are.

    Raises MissingRule without a ladder.
    """
    if not clocks:
        return []
    mine = Deadline.objects.for_organisations([organisation]).filter(kind=kind, closed_at=None)
    running = set(mine.filter(subject__in=[one.subject for one in clocks]).values_list("subject", flat=True))
    wanted = [one for one in clocks if one.subject not in running]
    if not wanted:
        return []
    ladder = ladder_for(kind, organisation)
    rows = []
    for one in wanted:
        due = Due.day(one.due_on)
        rows.append(
            Deadline(
                organisation_id=organisation,
                kind=kind,
                subject=one.subject,
                basis=basis,
                args=dict(one.args),
                working=one.working,
                ladder=ladder,
                assignee_id=one.assignee_id,
                due_on=due.on,
                due_at=due.at,
                zone=due.zone,
                original_due_on=due.on,
                product_id=one.product_id,
                centre_id=one.centre_id,
                patient_id=one.patient_id,
            )
        )
    with writing_for(organisation):
        Deadline.objects.bulk_create(rows)
        with connection.cursor() as cursor:
            cursor.execute(PLACE_ALL, [organisation, [row.pk for row in rows]])
    return rows


def meet_many(*, organisation: UUID, kinds: Collection[str], met_at: Mapping[UUID, datetime]) -> list[Deadline]:
    """These facts (by subject) were done at these instants: close what runs for them."""
    return _close(organisation, kinds, list(met_at), Deadline.Outcome.MET, met_at=met_at)


def cancel_many(
    *, organisation: UUID, kinds: Collection[str], subjects: Collection[UUID], reason: str
) -> list[Deadline]:
    """These facts fell away: close what runs for them."""
    return _close(organisation, kinds, list(subjects), Deadline.Outcome.CANCELLED, reason=reason)


def _close(
    organisation: UUID,
    kinds: Collection[str],
    subjects: Sequence[UUID],
    outcome: Deadline.Outcome,
    *,
    met_at: Mapping[UUID, datetime] | None = None,
    reason: str = "",
) -> list[Deadline]:
    if not subjects:
        return []
    mine = Deadline.objects.for_organisations([organisation]).filter(closed_at=None, subject__in=subjects)
    rows = list(mine.filter(kind__in=list(kinds)).order_by("pk").select_for_update(no_key=True))
    if not rows:
        return []
    now = clock.now()
    for row in rows:
        row.closed_at, row.outcome = now, outcome
        row.met_at = met_at[row.subject] if met_at is not None else None
    with writing_for(organisation, reason=reason):
        Deadline.objects.bulk_update(rows, ["closed_at", "outcome", "met_at"])
        Alarm.objects.filter(deadline_id__in=[row.pk for row in rows]).delete()
    return rows


def move_facet(*, organisation: UUID, kinds: Collection[str], patient_id: UUID, centre_id: UUID | None) -> None:
    """What runs for a patient is another centre's now; no date changes."""
    mine = Deadline.objects.for_organisations([organisation]).filter(closed_at=None, patient_id=patient_id)
    with writing_for(organisation):
        mine.filter(kind__in=list(kinds)).update(centre_id=centre_id)
