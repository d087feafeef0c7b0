"""Opening, moving, meeting and cancelling clocks. Rooms call these in the transaction that changes the fact."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import connection
from django.utils.translation import gettext_lazy as _

from pv.accounts.context import current, writing_for
from pv.accounts.models import PUBLIC_ORGANISATION, User
from pv.core import clock, days
from pv.core.errors import Conflict, DomainError, MissingRule, NotFound
from pv.core.models import CalendarDay, CalendarYear
from pv.deadlines.kinds import kind_of
from pv.deadlines.models import Alarm, Basis, Deadline, Ladder, Rule


@dataclass(frozen=True, slots=True)
class Due:
    """A date in its zone and the instant from which it is late; for clocks in hours only the instant is given."""

    on: date
    at: datetime
    zone: str = "Asia/Shanghai"

    @classmethod
    def day(cls, on: date, zone: str = "Asia/Shanghai") -> "Due":
        """Late from the following midnight in the authority's zone."""
        days.check_plausible(on)
        return cls(on, days.due_instant(on, _zone(zone)), zone)

    @classmethod
    def instant(cls, at: datetime, zone: str = "Asia/Shanghai") -> "Due":
        """Late from this very instant; the date is the legal day it falls on."""
        on = days.check_plausible(at.astimezone(_zone(zone)).date())
        return cls(on, at.astimezone(UTC), zone)


def _due(on: date | None, at: datetime | None, zone: str) -> Due:
    if at is not None:
        return Due.instant(at, zone)
    if on is None:
        raise DomainError(_("A deadline needs a date."), field="due_on")
    return Due.day(on, zone)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise DomainError(_("There is no time zone of this name."), code="zone") from error


# Rungs 1, 2, 3 … in order of time for any due date, each with steps 1, 2, 3 …, and only the last one repeating. One
# that is still being written in the admin is not whole, and nothing follows it yet.
WHOLE = """
WITH rungs AS (
    SELECT r.*, row_number() OVER w AS place, lead(r.no) OVER w AS next_no,
           (CASE r.side WHEN 'before' THEN -1 ELSE 1 END) * r.amount * CASE r.unit
               WHEN 'hours' THEN 1.0 / 24 WHEN 'months' THEN 30.5 ELSE 1 END AS roughly
    FROM deadlines_rung AS r WHERE r.ladder_id = %s WINDOW w AS (ORDER BY r.no))
SELECT count(*) > 0 AND bool_and(
    r.no = r.place AND (r.repeat_days IS NULL OR r.next_no IS NULL)
    AND NOT EXISTS (SELECT FROM rungs AS later WHERE later.no > r.no AND later.roughly < r.roughly)
    AND (SELECT count(*) > 0 AND max(s.nth) = count(*) FROM deadlines_step AS s WHERE s.rung_id = r.id))
FROM rungs AS r
"""


def is_whole(ladder: Ladder) -> bool:
    """Whether a ladder can be climbed: no rung or step is missing, and none stands in the wrong place."""
    with connection.cursor() as cursor:
        cursor.execute(WHOLE, [ladder.pk])
        return bool(cursor.fetchone()[0])


def ladder_for(kind: str, organisation: UUID, code: str = "") -> Ladder:
    """The newest whole ladder of this code, the organisation's own before the shared one; MissingRule without one."""
    wanted = code or kind_of(kind).ladder
    candidates = Ladder.objects.for_organisations([organisation, PUBLIC_ORGANISATION]).filter(code=wanted)
    own_and_newest_first = sorted(candidates, key=lambda one: (one.organisation_id != organisation, -one.version))
    found: Ladder | None = next((ladder for ladder in own_and_newest_first if is_whole(ladder)), None)
    if found is None:
        raise MissingRule(_("No ladder is set up for this kind of deadline."))
    return found


def rule_for(code: str, organisation: UUID, on: date) -> Rule:
    """The version of a rule in force on a day, the organisation's own before the shared one; MissingRule if none."""
    found = [
        rule
        for rule in Rule.objects.for_organisations([organisation, PUBLIC_ORGANISATION]).filter(code=code)
        if (rule.valid_from is None or rule.valid_from <= on) and (rule.valid_to is None or on <= rule.valid_to)
    ]
    if not found:
        raise MissingRule(_("No rule was found for this. Ask regulatory affairs which one applies."))
    newest: Rule = max(found, key=lambda rule: (rule.organisation_id == organisation, rule.version))
    return newest


def calendar(code: str = "CN") -> days.Calendar:
    """The legal days of a calendar as they stand in the tables."""
    exceptions = {one.day: one.kind == CalendarDay.Kind.WORKDAY for one in CalendarDay.objects.filter(calendar=code)}
    years = frozenset(CalendarYear.objects.filter(calendar=code).values_list("year", flat=True))
    return days.Calendar(exceptions, years)


def open_deadline(
    *,
    organisation: UUID,
    kind: str,
    subject: UUID,
    basis: Basis | str,
    due_on: date | None = None,
    due_at: datetime | None = None,
    args: dict[str, Any],
    ladder: str = "",
    rule: Rule | None = None,
    working: str = "",
    assignee: User | None = None,
    unconfirmed: bool = False,
    forecast_on: date | None = None,
    original_due_on: date | None = None,
    zone: str = "Asia/Shanghai",
    calendar: str = "CN",
    product_id: UUID | None = None,
    centre_id: UUID | None = None,
    patient_id: UUID | None = None,
) -> Deadline:
    """Start a clock: by a day (`due_on`, late from the following midnight) or by an instant (`due_at`).

    Raises MissingRule without a ladder, Conflict when this kind of clock runs for the subject and rule already.
    """
    due = _due(due_on, due_at, zone)
    with writing_for(organisation):
        if (
            Deadline.objects.for_organisations([organisation])
            .filter(kind=kind, subject=subject, rule=rule, closed_at=None)
            .exists()
        ):
            raise Conflict(_("This deadline is open already."))
        deadline: Deadline = Deadline.objects.create(
            organisation_id=organisation,
            kind=kind,
            subject=subject,
            basis=basis,
            rule=rule,
            working=working,
            args=args,
            ladder=ladder_for(kind, organisation, ladder),
            assignee=assignee,
            unconfirmed=unconfirmed,
            due_on=due.on,
            due_at=due.at,
            zone=due.zone,
            calendar=calendar,
            original_due_on=original_due_on or due.on,
            forecast_on=forecast_on,
            product_id=product_id,
            centre_id=centre_id,
            patient_id=patient_id,
        )
        _set_alarm(deadline)
    return deadline


# Named one by one: a save of every column names the identity too, and PostgreSQL then takes the lock that stops the
# tick, which asks the foreign keys of its notices.
MOVED = ["due_on", "due_at", "working", "basis", "original_due_on", "round"]


def move_deadline(
    deadline_id: UUID,
    *,
    due_on: date | None = None,
    due_at: datetime | None = None,
    working: str = "",
    reason: str = "",
    basis: Basis | str | None = None,
    original_due_on: date | None = None,
) -> Deadline:
    """Give an open clock another day, or (a clock in hours) another instant. Its round rises, so that
    it warns again; the original date stays.

    `original_due_on` is only for correcting a typing error, never for an extension (practice 3).
    """
    deadline = _locked(deadline_id)
    due = _due(due_on, due_at, deadline.zone)
    with writing_for(deadline.organisation_id, reason=reason):
        deadline.due_on, deadline.due_at = due.on, due.at
        deadline.working = working or deadline.working
        deadline.basis = basis or deadline.basis
        deadline.original_due_on = original_due_on or deadline.original_due_on
        deadline.round += 1
        deadline.save(update_fields=MOVED)
        _set_alarm(deadline)
    return deadline


def forecast_deadline(deadline_id: UUID, *, forecast_on: date | None) -> Deadline:
    """Say when it will probably be met. A forecast moves no clock."""
    deadline = _locked(deadline_id)
    with writing_for(deadline.organisation_id):
        deadline.forecast_on = forecast_on
        deadline.save(update_fields=["forecast_on"])
    return deadline


def reassign_deadline(deadline_id: UUID, *, assignee: User | None) -> Deadline:
    """Give it to somebody else; the next step of its ladder tells the new owner."""
    deadline = _locked(deadline_id)
    with writing_for(deadline.organisation_id):
        deadline.assignee = assignee
        deadline.save(update_fields=["assignee"])
    return deadline


def meet_deadline(deadline_id: UUID, *, met_at: datetime) -> Deadline:
    """It was done, at `met_at`: that instant, not the moment of recording, decides whether it was in time."""
    return _close(deadline_id, Deadline.Outcome.MET, met_at=met_at)


def cancel_deadline(deadline_id: UUID, *, reason: str) -> Deadline:
    """Its fact fell away, or was waived."""
    return _close(deadline_id, Deadline.Outcome.CANCELLED, reason=reason)


def supersede_deadline(deadline_id: UUID, *, reason: str = "") -> Deadline:
    """Another deadline takes its place."""
    return _close(deadline_id, Deadline.Outcome.SUPERSEDED, reason=reason)


def open_deadline_of(organisation: UUID, kind: str, subject: UUID) -> Deadline | None:
    """The open clock of this kind for a fact, if one runs."""
    found: Deadline | None = (
        Deadline.objects.for_organisations([organisation])
        .filter(kind=kind, subject=subject, closed_at=None)
        .order_by("due_at")
        .first()
    )
    return found


@dataclass(frozen=True, slots=True)
class Ring:
    """One coming step of a ladder, for the preview and for "who is told next"."""

    rung: int
    nth: int
    at: datetime
    tone: str
    audience: list[str] = field(default_factory=list)


SCHEDULE = """
SELECT r.no + k.k, s.nth,
       i.at + make_interval(days => coalesce(r.repeat_days, 0) * k.k, mins => s.delay_minutes), r.tone, s.audience
FROM deadlines_rung AS r
CROSS JOIN LATERAL (SELECT deadlines_instant(%(due_on)s, %(due_at)s, %(zone)s, %(calendar)s, r.amount, r.unit, r.side,
                                             r.at_hour) AS at) AS i
CROSS JOIN LATERAL (
    SELECT CASE WHEN r.repeat_days IS NULL OR %(since)s::timestamptz <= i.at THEN 0
        ELSE floor(extract(epoch FROM %(since)s::timestamptz - i.at)::float8 / (86400 * r.repeat_days))::integer
        END AS k
) AS first
CROSS JOIN LATERAL generate_series(first.k, CASE WHEN r.repeat_days IS NULL THEN 0 ELSE first.k + %(repeats)s END)
    AS k (k)
JOIN deadlines_step AS s ON s.rung_id = r.id
WHERE r.ladder_id = %(ladder)s ORDER BY 3, 1, 2
"""


def schedule(deadline: Deadline, *, repeats: int = 3, since: datetime | None = None) -> list[Ring]:
    """Every step of the deadline's ladder with its instant; one that repeats for ever `repeats` times from `since`."""
    with connection.cursor() as cursor:
        cursor.execute(
            SCHEDULE,
            {
                "due_on": deadline.due_on,
                "due_at": deadline.due_at,
                "zone": deadline.zone,
                "calendar": deadline.calendar,
                "ladder": deadline.ladder_id,
                "repeats": repeats,
                "since": since or deadline.due_at,
            },
        )
        return [Ring(*row) for row in cursor.fetchall()]


def next_ring(deadline: Deadline, at: datetime | None = None) -> Ring | None:
    """The next step that will ring if nobody acts."""
    moment = at or clock.now()
    return next((ring for ring in schedule(deadline, since=moment) if ring.at > moment), None)


# Of the rungs passed when a clock starts or moves, only the latest rings, and at once: nobody is told of the others.
PLACE = """
INSERT INTO deadlines_alarm (deadline_id, organisation_id, due_on, due_at, zone, calendar, ladder_id, round, rung, nth,
                             told_at, answered, hurry, urgent, next_alert_at, attempts, parked_until, error)
SELECT %(deadline)s, %(organisation)s, %(due_on)s, %(due_at)s, %(zone)s, %(calendar)s, %(ladder)s, %(round)s,
       greatest(p.passed - 1, 0), 0, NULL, false, false,
       CASE WHEN p.passed > 0 THEN %(due_at)s <= core_now() ELSE p.next_urgent END,
       CASE WHEN p.passed > 0 THEN core_now() ELSE p.next_at END, 0, NULL, ''
FROM deadlines_place(%(ladder)s, %(due_on)s, %(due_at)s, %(zone)s, %(calendar)s, core_now()) AS p
ON CONFLICT (deadline_id) DO UPDATE SET
    due_on = excluded.due_on, due_at = excluded.due_at, zone = excluded.zone, calendar = excluded.calendar,
    ladder_id = excluded.ladder_id, round = excluded.round, rung = excluded.rung, nth = 0, told_at = NULL,
    answered = false, hurry = false, urgent = excluded.urgent, next_alert_at = excluded.next_alert_at, attempts = 0,
    parked_until = NULL, error = ''
"""


def _set_alarm(deadline: Deadline) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            PLACE,
            {
                "deadline": deadline.pk,
                "organisation": deadline.organisation_id,
                "due_on": deadline.due_on,
                "due_at": deadline.due_at,
                "zone": deadline.zone,
                "calendar": deadline.calendar,
                "ladder": deadline.ladder_id,
                "round": deadline.round,
            },
        )


def set_alarm_again(deadline: Deadline) -> None:
    """Put the alarm of an open deadline right, from the deadline as it stands now (check_deadlines --repair)."""
    with writing_for(deadline.organisation_id):
        _set_alarm(_locked(deadline.pk))


def _locked(deadline_id: UUID) -> Deadline:
    mine = Deadline.objects.for_organisations(list(current().organisations))
    deadline: Deadline | None = mine.select_for_update(no_key=True).filter(pk=deadline_id).first()
    if deadline is None:
        raise NotFound(_("There is no such deadline."))
    if deadline.closed_at is not None:
        raise Conflict(_("This deadline is closed already."))
    return deadline


def _close(
    deadline_id: UUID, outcome: Deadline.Outcome, *, met_at: datetime | None = None, reason: str = ""
) -> Deadline:
    deadline = _locked(deadline_id)
    now = clock.now()
    if met_at and met_at > now + timedelta(minutes=1):
        raise DomainError(_("This lies in the future."), field="met_at")
    with writing_for(deadline.organisation_id, reason=reason):
        deadline.closed_at, deadline.outcome, deadline.met_at = now, outcome, met_at
        deadline.save(update_fields=["closed_at", "outcome", "met_at"])
        Alarm.objects.filter(deadline_id=deadline.pk).delete()
    return deadline
