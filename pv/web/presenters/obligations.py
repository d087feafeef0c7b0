"""Obligations: rows with their clock and progress in words, and what was done to one."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pv.core import days
from pv.deadlines.models import Deadline
from pv.obligations.clocks import MILESTONE, OBLIGATION
from pv.obligations.models import Milestone, Obligation, ObligationChange
from pv.obligations.rules import RUNNING, Dates, Progress, State, progress, slippage_days
from pv.web.presenters.clock import Clock, Desk
from pv.web.presenters.due import ZONE, as_uuid
from pv.web.presenters.words import either

PROGRESS = {
    Progress.ON_TIME: gettext_lazy("on time"),
    Progress.AT_RISK: gettext_lazy("at risk"),
    Progress.LATE: gettext_lazy("late"),
    Progress.DONE: gettext_lazy("not running"),
}
SHAPES = {Progress.ON_TIME: "empty", Progress.AT_RISK: "half", Progress.LATE: "full"}
KEPT = frozenset({State.SUBMITTED, State.FULFILLED})
FILTERS = {
    "": gettext_lazy("all"),
    "late": gettext_lazy("late"),
    "at_risk": gettext_lazy("at risk"),
    "on_time": gettext_lazy("on time"),
    "done": gettext_lazy("submitted or closed"),
}
ORDER = ("due_on", "id")


class Row:
    """One obligation as a list or its own page shows it."""

    def __init__(self, obligation: Obligation, clock: Clock | None, today: date) -> None:
        self.obligation, self.clock, self.today = obligation, clock, today

    @property
    def title(self) -> str:
        return either(self.obligation.title_en, self.obligation.title_zh)

    @property
    def dates(self) -> Dates:
        one = self.obligation
        return Dates(one.original_due_on, one.due_on, one.forecast_on)

    @property
    def progress(self) -> Progress:
        return progress(State(self.obligation.state), self.dates, self.today)

    @property
    def shape(self) -> str:
        """Like the clock's: a tick where it was kept, a bar where it ended otherwise."""
        if self.progress is Progress.DONE:
            return "tick" if State(self.obligation.state) in KEPT else "bar"
        return SHAPES[self.progress]

    @property
    def words(self) -> str:
        """The state somebody set, or what time has made of an open one. Only a legal one is overdue."""
        if self.progress is Progress.DONE:
            return self.obligation.get_state_display()
        if self.progress is Progress.LATE and self.clock and self.clock.is_overdue:
            return _("overdue")
        return str(PROGRESS[self.progress])

    @property
    def why_at_risk(self) -> str:
        return _("The forecast lies after the due date.") if self.progress is Progress.AT_RISK else ""

    @property
    def slippage(self) -> str:
        """How far the expected end lies behind what was first promised."""
        behind = slippage_days(self.dates)
        if not behind:
            return ""
        words = (
            _("%(n)d days after the date first promised")
            if behind > 0
            else _("%(n)d days before the date first promised")
        )
        return words % {"n": abs(behind)}

    @property
    def is_running(self) -> bool:
        return self.obligation.state in RUNNING


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for."""

    q: str
    progress: str
    kind: str
    product: UUID | None
    organisation: UUID | None
    after: str

    @classmethod
    def of(cls, given: QueryDict) -> "Asked":
        kind, wanted = given.get("kind", ""), given.get("progress", "")
        return cls(
            q=given.get("q", "").strip()[:80],
            progress=wanted if wanted in FILTERS else "",
            kind=kind if kind in Obligation.Kind.values else "",
            product=as_uuid(given.get("product", "")),
            organisation=as_uuid(given.get("organisation", "")),
            after=given.get("after", ""),
        )

    @property
    def is_narrowed(self) -> bool:
        return bool(self.q or self.progress or self.kind or self.product or self.organisation)


def wanted(asked: Asked, organisations: list[UUID], today: date) -> "QuerySet[Obligation]":
    """The obligations a list asks for. The conditions say in the database what rules.progress says of one."""
    query: QuerySet[Obligation] = Obligation.objects.for_organisations(
        [one for one in organisations if asked.organisation in (None, one)]
    )
    runs, over = Q(state__in=list(RUNNING)), Q(due_on__lt=today)
    slips = Q(forecast_on__gt=F("due_on"))
    conditions = {
        "late": runs & over,
        "at_risk": runs & ~over & slips,
        "on_time": runs & ~over & (Q(forecast_on=None) | ~slips),
        "done": ~runs,
    }
    if asked.progress:
        query = query.filter(conditions[asked.progress])
    if asked.kind:
        query = query.filter(kind=asked.kind)
    if asked.product:
        query = query.filter(authorisation__product_id=asked.product)
    if asked.q:
        in_words = Q(code__icontains=asked.q) | Q(title_en__icontains=asked.q) | Q(title_zh__icontains=asked.q)
        query = query.filter(in_words)
    return query.select_related("authorisation__product", "owner", "study")


def rows(obligations: list[Obligation], desk: Desk) -> list[Row]:
    """With the clock of each: the open one, else the one closed last."""
    clocks = clocks_of(OBLIGATION.code, [one.pk for one in obligations], desk)
    today = days.legal_day(desk.now, ZONE)
    return [Row(one, clocks.get(one.pk), today) for one in obligations]


def clocks_of(kind: str, subjects: list[UUID], desk: Desk) -> dict[UUID, Clock]:
    """The clocks of these facts."""
    found = (
        Deadline.objects.for_organisations(desk.organisations)
        .filter(kind=kind, subject__in=subjects)
        .select_related("assignee", "rule", "alarm")
        .order_by(F("closed_at").asc(nulls_last=True), "created_at")
    )
    latest = {one.subject: one for one in found}
    desk.load_ladders(latest.values())
    return {subject: Clock(one, desk) for subject, one in latest.items()}


@dataclass(frozen=True, slots=True)
class Step:
    """One milestone of the study."""

    milestone: Milestone
    clock: Clock | None

    @property
    def name(self) -> str:
        return self.milestone.get_kind_display()


def steps(study_id: UUID, desk: Desk) -> list[Step]:
    """The milestones of a study in their order."""
    found = list(
        Milestone.objects.for_organisations(desk.organisations).filter(study_id=study_id).select_related("owner")
    )
    clocks = clocks_of(MILESTONE.code, [one.pk for one in found], desk)
    return [Step(one, clocks.get(one.pk)) for one in found]


@dataclass(frozen=True, slots=True)
class Changed:
    """One line of the ledger as a sentence."""

    change: ObligationChange
    words: str


def changes(obligation: Obligation) -> list[Changed]:
    """What was done to it, newest first."""
    ledger = (
        ObligationChange.objects.for_organisations([obligation.organisation_id])
        .filter(obligation=obligation)
        .select_related("by")
        .order_by("-at", "-id")
    )
    return [Changed(one, _sentence(one)) for one in ledger]


def _sentence(change: ObligationChange) -> str:
    what = ObligationChange.What
    values: dict[str, Any] = {"old": _value(change, change.old), "new": _value(change, change.new)}
    if change.what == what.OPENED:
        return _("Opened, due %(new)s") % values
    sentences = {
        what.STATE: _("%(old)s → %(new)s"),
        what.DUE: _("Due date moved from %(old)s to %(new)s"),
        what.FORECAST: _("Forecast changed from %(old)s to %(new)s"),
        what.OWNER: _("Owner changed from %(old)s to %(new)s"),
    }
    return sentences[what(change.what)] % values


def _value(change: ObligationChange, text: str) -> str:
    if change.what == ObligationChange.What.STATE and text in Obligation.State.values:
        return str(Obligation.State(text).label)
    return text or _("none")
