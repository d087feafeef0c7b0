"""Closing many clocks at once, as services.meet_deadline and cancel_deadline do one by one, in few statements."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from pv.accounts.context import writing_for
from pv.core import clock
from pv.deadlines.models import Alarm, Deadline

# Only the columns that change, as services.MOVED says; one statement, whatever the number.
CLOSE = """
UPDATE deadlines_deadline AS d SET closed_at = %(now)s, outcome = %(outcome)s, met_at = v.met_at
FROM unnest(%(subjects)s::uuid[], %(met_at)s::timestamptz[]) AS v (subject, met_at)
WHERE d.organisation_id = %(organisation)s AND d.subject = v.subject AND d.kind = ANY (%(kinds)s)
  AND d.closed_at IS NULL
RETURNING d.id
"""


def meet_many(*, organisation: UUID, kinds: Collection[str], met_at: Mapping[UUID, datetime]) -> int:
    """These facts (by subject) were done at these instants: close what runs for them. How many clocks that were."""
    return _close(organisation, kinds, list(met_at), list(met_at.values()), Deadline.Outcome.MET)


def cancel_many(*, organisation: UUID, kinds: Collection[str], subjects: Collection[UUID], reason: str) -> int:
    """These facts fell away: close what runs for them. How many clocks that were."""
    return _close(organisation, kinds, list(subjects), [None] * len(subjects), Deadline.Outcome.CANCELLED, reason)


def _close(
    organisation: UUID,
    kinds: Collection[str],
    subjects: Sequence[UUID],
    met_at: Sequence[datetime | None],
    outcome: Deadline.Outcome,
    reason: str = "",
) -> int:
    if not subjects:
        return 0
    given: dict[str, Any] = {
        "now": clock.now(),
        "outcome": str(outcome),
        "subjects": list(subjects),
        "met_at": list(met_at),
        "organisation": organisation,
        "kinds": list(kinds),
    }
    with writing_for(organisation, reason=reason):
        with connection.cursor() as cursor:
            cursor.execute(CLOSE, given)
            closed = [row[0] for row in cursor.fetchall()]
        Alarm.objects.filter(deadline_id__in=closed).delete()
    return len(closed)


def move_facet(*, organisation: UUID, kinds: Collection[str], patient_id: UUID, centre_id: UUID | None) -> None:
    """What runs for a patient is another centre's now; no date changes."""
    mine = Deadline.objects.for_organisations([organisation]).filter(closed_at=None, patient_id=patient_id)
    with writing_for(organisation):
        mine.filter(kind__in=list(kinds)).update(centre_id=centre_id)
