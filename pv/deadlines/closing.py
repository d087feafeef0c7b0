"""Closing many clocks at once, as services.meet_deadline and cancel_deadline do one by one, in few queries."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from pv.accounts.context import writing_for
from pv.core import clock
from pv.deadlines.models import Alarm, Deadline


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
