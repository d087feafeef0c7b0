"""The clock chip: what remains in the reader's measure, what stands behind the date, and who is told next."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pv.accounts.models import Organisation
from pv.core import clock, days
from pv.core.days import Calendar, CalendarUnknown
from pv.deadlines.kinds import all_kinds, path_of, title_of
from pv.deadlines.models import Alarm, Basis, Deadline, Ladder, Rule, Rung, Step
from pv.deadlines.services import calendar
from pv.notices.wording import audience_name
from pv.web.presenters.words import either

SOON = timedelta(days=14)
WORKING_DAYS_ARE_SHOWN_WITHIN = 30
MONTHS_ARE_SHOWN_FROM = 90


class Desk:
    """What the chips of one page share: the moment, the calendars, the ladders. Each is asked for once."""

    def __init__(self, organisations: Iterable[UUID], now: datetime | None = None) -> None:
        self.organisations = list(organisations)
        self.now = now or clock.now()
        self._calendars: dict[str, Calendar] = {}
        self._ladders: dict[UUID, list[Rung]] = {}

    def calendar(self, code: str) -> Calendar:
        if code not in self._calendars:
            self._calendars[code] = calendar(code)
        return self._calendars[code]

    def load_ladders(self, deadlines: Iterable[Deadline]) -> None:
        """Fetch the rungs and steps of all these deadlines' ladders at once."""
        wanted = {one.ladder_id for one in deadlines} - self._ladders.keys()
        if wanted:
            found = Ladder.objects.filter(pk__in=wanted).prefetch_related("rungs__steps")
            self._ladders |= {ladder.pk: list(ladder.rungs.all()) for ladder in found}

    def rungs(self, ladder: UUID) -> list[Rung]:
        return self._ladders.get(ladder, [])


@dataclass(frozen=True, slots=True)
class NextTold:
    """When the next step rings if nobody acts, and whom it tells."""

    at: datetime
    who: str
    at_once: bool


class Clock:
    """One deadline as every page shows it."""

    def __init__(self, deadline: Deadline, desk: Desk) -> None:
        self.deadline, self.desk = deadline, desk
        desk.load_ladders([deadline])

    @property
    def pk(self) -> UUID:
        return self.deadline.pk

    @cached_property
    def title(self) -> str:
        return title_of(self.deadline)

    @cached_property
    def kind_words(self) -> str:
        """The kind's own name: what this clock counts."""
        return label_of(self.deadline.kind)

    @cached_property
    def path(self) -> str:
        return path_of(self.deadline)

    @cached_property
    def remaining(self) -> days.Remaining:
        return days.remaining(self.desk.now, self.deadline.due_at, ZoneInfo(self.deadline.zone))

    @cached_property
    def state(self) -> str:
        """late | soon | fine | done: soon within two weeks, or once its warnings have turned serious."""
        if self.deadline.closed_at is not None:
            return "done"
        if self.deadline.is_late(self.desk.now):
            return "late"
        warned = self._rung_reached is not None and self._rung_reached.tone != Rung.Tone.INFO
        return "soon" if warned or self.deadline.due_at - self.desk.now <= SOON else "fine"

    @property
    def is_overdue(self) -> bool:
        return self.deadline.is_overdue(self.desk.now)

    @cached_property
    def text(self) -> str:
        """What remains: "6 working days", "3 h 20", "late 4 days"; only a legal one is "overdue"."""
        if self.state == "done":
            return self._done_text()
        left = self._measure()
        if self.state != "late":
            return left
        return _("overdue %(by)s") % {"by": left} if self.is_overdue else _("late %(by)s") % {"by": left}

    def _done_text(self) -> str:
        outcome = self.deadline.get_outcome_display()
        when = self.deadline.met_at or self.deadline.closed_at
        return f"{outcome} {when.astimezone(ZoneInfo(self.deadline.zone)):%Y-%m-%d}" if when else outcome

    def _measure(self) -> str:
        left = self.remaining
        if not left.days:
            return _("%(hours)d h %(minutes)02d") % {"hours": left.hours, "minutes": left.minutes}
        if not left.late and left.days <= WORKING_DAYS_ARE_SHOWN_WITHIN and (n := self.working_days_left) is not None:
            if n == 0:
                return _("no working day left")
            return ngettext("%(n)d working day", "%(n)d working days", n) % {"n": n}
        return span(left.days)

    @cached_property
    def working_days_left(self) -> int | None:
        """Working days up to and including the last one on or before the due day; None for an unknown year."""
        today = days.legal_day(self.desk.now, ZoneInfo(self.deadline.zone))
        try:
            return days.working_days_left(today, self.deadline.due_on, self.desk.calendar(self.deadline.calendar))
        except CalendarUnknown:
            return None

    @cached_property
    def last_working_day(self) -> date | None:
        """For a legal deadline that ends on a day off: the working day its warnings count from."""
        if self.deadline.basis != Basis.LEGAL or self.state == "done":
            return None
        try:
            known = self.desk.calendar(self.deadline.calendar)
            day = days.last_working_day_on_or_before(self.deadline.due_on, known)
        except CalendarUnknown:
            return None
        return day if day != self.deadline.due_on else None

    @property
    def css(self) -> str:
        return f"state-{self.state} basis-{self.deadline.basis}"

    @property
    def shape(self) -> str:
        """A full disc is late, a half one soon, an empty one has time; a tick is met, a bar ended otherwise."""
        if self.state == "done":
            return "tick" if self.deadline.outcome == Deadline.Outcome.MET else "bar"
        return {"late": "full", "soon": "half", "fine": "empty"}[self.state]

    @property
    def basis(self) -> str:
        return self.deadline.get_basis_display()

    @property
    def rule(self) -> Rule | None:
        return self.deadline.rule

    @property
    def rule_words(self) -> str:
        return either(self.rule.trigger_en, self.rule.trigger_zh) if self.rule else ""

    @cached_property
    def alarm(self) -> Alarm | None:
        return getattr(self.deadline, "alarm", None)

    @cached_property
    def _rung_reached(self) -> Rung | None:
        return self._rung(self.alarm.rung) if self.alarm and self.alarm.rung else None

    def _rung(self, no: int) -> Rung | None:
        """The rung of this number; a rung that repeats for ever stands for all after it."""
        rungs = self.desk.rungs(self.deadline.ladder_id)
        exact = next((rung for rung in rungs if rung.no == no), None)
        return exact or (rungs[-1] if rungs and no > rungs[-1].no and rungs[-1].repeat_days else None)

    @cached_property
    def next_told(self) -> NextTold | None:
        """Who is told next, unless somebody acts."""
        alarm = self.alarm
        if alarm is None or alarm.next_alert_at is None:
            return None
        step = self._next_step(alarm)
        if step is None:
            return None
        return self.told_at(alarm.next_alert_at, step.audience)

    def told_at(self, at: datetime, audience: Iterable[str]) -> NextTold:
        """An instant, and its audience by name. What should have rung already rings at the next tick."""
        return NextTold(at, _(", ").join(self._name(code) for code in audience), at <= self.desk.now)

    def _next_step(self, alarm: Alarm) -> Step | None:
        here, after = self._rung(alarm.rung), self._rung(alarm.rung + 1)
        if here and not alarm.answered:
            steps: list[Step] = list(here.steps.all())
            further = next((step for step in steps if step.nth == alarm.nth + 1), None)
            told_at = alarm.told_at or self.desk.now
            if further and alarm.next_alert_at and alarm.next_alert_at <= told_at + _minutes(further):
                return further
        first: list[Step] = list(after.steps.all()) if after else []
        return first[0] if first else None

    def _name(self, code: str) -> str:
        owner = self.deadline.assignee
        return owner.name if code == "owner" and owner else audience_name(code)

    @property
    def may_be_taken(self) -> bool:
        """Somebody has been told, and nobody has answered yet."""
        return bool(self.alarm and self.alarm.rung and self.alarm.nth and not self.alarm.answered)


def _minutes(step: Step) -> timedelta:
    return timedelta(minutes=step.delay_minutes)


def span(count: int) -> str:
    """A number of days in a measure one can picture: days, then months, then years and months."""
    if count < MONTHS_ARE_SHOWN_FROM:
        return ngettext("%(n)d day", "%(n)d days", count) % {"n": count}
    months = round(count / 30.44)
    if months < 24:
        return ngettext("%(n)d month", "%(n)d months", months) % {"n": months}
    years, rest = divmod(months, 12)
    if not rest:
        return ngettext("%(n)d year", "%(n)d years", years) % {"n": years}
    return _("%(years)d y %(months)d mo") % {"years": years, "months": rest}


def label_of(code: str) -> str:
    """A kind's name; its code where no room owns it any more."""
    return next((str(kind.label) for kind in all_kinds() if kind.code == code), code)


def organisation_names(organisations: Iterable[Organisation]) -> dict[UUID, str]:
    return {one.pk: either(one.name, one.name_zh) for one in organisations}
