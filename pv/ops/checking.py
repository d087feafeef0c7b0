"""Whether every open fact has its open deadline, every deadline its alarm, and every alarm has been looked at."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from pv.accounts.context import acting_as, as_clock
from pv.accounts.models import PUBLIC_ORGANISATION, SYSTEM, Organisation
from pv.core import clock
from pv.core.errors import DomainError
from pv.deadlines import expectations
from pv.deadlines.models import Alarm, Deadline
from pv.deadlines.services import set_alarm_again
from pv.notices.models import Notice

# The tick comes every minute; three minutes of silence is an alarm of its own (reliability page, 2.11).
PATIENCE = timedelta(minutes=3)
# What an alarm repeats of its deadline, so that the tick need not look at it.
COPIED = ("due_on", "due_at", "zone", "calendar", "round", "ladder_id")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be, in words for an operator: ids only."""

    organisation: UUID
    what: str
    subject: UUID
    repaired: bool


def check(*, repair: bool) -> list[Finding]:
    """Look through every organisation, one transaction each; with `repair`, set right what can be."""
    with as_clock():
        organisations = list(
            Organisation.objects.exclude(pk=PUBLIC_ORGANISATION).order_by("pk").values_list("pk", flat=True)
        )
    found: list[Finding] = []
    for organisation in organisations:
        with acting_as(SYSTEM, organisation=organisation, job="check_deadlines", reason="check_deadlines --repair"):
            found += [*_facts(organisation, repair), *_alarms(organisation, repair), *_silence(organisation)]
    return found


def _found(organisation: UUID, what: str, subject: UUID, mend: Callable[[], object] | None) -> Finding:
    """One finding, set right where `mend` says how. What cannot be set right holds up nothing else."""
    if mend is None:
        return Finding(organisation, what, subject, repaired=False)
    try:
        with transaction.atomic():
            mend()
    except DomainError as error:
        return Finding(organisation, f"{what}; could not be repaired: {error}", subject, repaired=False)
    return Finding(organisation, what, subject, repaired=True)


def _facts(organisation: UUID, repair: bool) -> Iterator[Finding]:
    for difference in expectations.differences(organisation):
        words = f"{difference.kind}: {difference.what} (wanted {difference.wanted}, found {difference.found})"
        mend = partial(expectations.repair, organisation, difference) if repair else None
        yield _found(organisation, words, difference.subject, mend)


def _alarms(organisation: UUID, repair: bool) -> Iterator[Finding]:
    open_ones = Deadline.objects.for_organisations([organisation]).filter(closed_at=None)
    for deadline in open_ones.filter(alarm=None):
        mend = partial(set_alarm_again, deadline) if repair else None
        yield _found(organisation, "an open deadline without its alarm", deadline.pk, mend)
    mine = Alarm.objects.filter(organisation_id=organisation)
    for alarm in mine.exclude(deadline__closed_at=None):
        mend = partial(_take_away, alarm) if repair else None
        yield _found(organisation, "an alarm beside a closed deadline", alarm.deadline_id, mend)
    for alarm in mine.filter(_differing(), deadline__closed_at=None).select_related("deadline"):
        names = [name for name in COPIED if getattr(alarm, name) != getattr(alarm.deadline, name)]
        mend = partial(set_alarm_again, alarm.deadline) if repair else None
        words = f"an alarm that differs from its deadline ({', '.join(names)})"
        yield _found(organisation, words, alarm.deadline_id, mend)


def _take_away(alarm: Alarm) -> None:
    alarm.delete()


def _differing() -> Q:
    """Alarms that were not set again when their deadline moved."""
    anything = Q()
    for name in COPIED:
        anything |= ~Q(**{name: F(f"deadline__{name}")})
    return anything


def _silence(organisation: UUID) -> Iterator[Finding]:
    mine = Alarm.objects.filter(organisation_id=organisation)
    for alarm in mine.filter(next_alert_at__lt=clock.now() - PATIENCE):
        words = "parked: " + alarm.error if alarm.parked_until else "its moment has come and nothing rang"
        yield Finding(organisation, words, alarm.deadline_id, repaired=False)
    for alarm in mine.filter(next_alert_at=None).exclude(error=""):
        yield Finding(organisation, alarm.error, alarm.deadline_id, repaired=False)
    rang = Notice.objects.filter(deadline_id=OuterRef("deadline_id"), round=OuterRef("round"))
    unheard_of = mine.filter(~Exists(rang), next_alert_at=None, error="", answered=False, deadline__closed_at=None)
    for alarm in unheard_of:
        yield Finding(organisation, "its ladder never rings", alarm.deadline_id, repaired=False)
