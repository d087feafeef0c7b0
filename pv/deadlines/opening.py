"""Opening many clocks at once: a malignancy opens a dozen, planning thousands. As one by one, in few queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext_lazy as _

from pv.accounts.context import writing_for
from pv.accounts.models import User
from pv.core.errors import DomainError
from pv.deadlines.kinds import kind_of
from pv.deadlines.models import Basis, Deadline, Ladder, Rule
from pv.deadlines.services import Due, ladder_for

BATCH = 1000


@dataclass(frozen=True, slots=True)
class Wanted:
    """One clock to open: by a day (late from the following midnight) or by an instant."""

    kind: str
    subject: UUID
    basis: Basis | str
    args: dict[str, Any]
    due_on: date | None = None
    due_at: datetime | None = None
    rule: Rule | None = None
    working: str = ""
    unconfirmed: bool = False
    ladder: str = ""
    assignee: User | None = None
    original_due_on: date | None = None
    zone: str = "Asia/Shanghai"
    calendar: str = "CN"
    product_id: UUID | None = None
    centre_id: UUID | None = None
    patient_id: UUID | None = None


# As services.PLACE does it for one: of the rungs passed when a clock starts only the latest rings, and at once.
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


def open_deadlines(organisation: UUID, wanted: Sequence[Wanted]) -> list[Deadline]:
    """Start these clocks; one that runs already for its kind, subject and rule is left alone.

    Raises MissingRule without a ladder, DomainError for a date that people cannot mean.
    """
    if not wanted:
        return []
    with writing_for(organisation):
        running = _running(organisation, wanted)
        ladders: dict[tuple[str, str], Ladder] = {}
        rows = []
        for one in wanted:
            if (one.kind, one.subject, one.rule.pk if one.rule else None) in running:
                continue
            key = (one.ladder or kind_of(one.kind).ladder, one.ladder)
            if key not in ladders:
                ladders[key] = ladder_for(one.kind, organisation, one.ladder)
            rows.append(_row(organisation, one, ladders[key]))
        Deadline.objects.bulk_create(rows, batch_size=BATCH)
        if rows:
            with connection.cursor() as cursor:
                cursor.execute(PLACE_ALL, [organisation, [row.pk for row in rows]])
    return rows


def _running(organisation: UUID, wanted: Sequence[Wanted]) -> set[tuple[str, UUID, UUID | None]]:
    mine = Deadline.objects.for_organisations([organisation]).filter(
        closed_at=None, kind__in={one.kind for one in wanted}, subject__in={one.subject for one in wanted}
    )
    return set(mine.values_list("kind", "subject", "rule_id"))


def _row(organisation: UUID, one: Wanted, ladder: Ladder) -> Deadline:
    if one.due_at is not None:
        due = Due.instant(one.due_at, one.zone)
    elif one.due_on is not None:
        due = Due.day(one.due_on, one.zone)
    else:
        raise DomainError(_("A deadline needs a date."), field="due_on")
    return Deadline(
        organisation_id=organisation,
        kind=one.kind,
        subject=one.subject,
        basis=one.basis,
        rule=one.rule,
        working=one.working,
        args=one.args,
        ladder=ladder,
        assignee=one.assignee,
        unconfirmed=one.unconfirmed,
        due_on=due.on,
        due_at=due.at,
        zone=due.zone,
        calendar=one.calendar,
        original_due_on=one.original_due_on or due.on,
        product_id=one.product_id,
        centre_id=one.centre_id,
        patient_id=one.patient_id,
    )
