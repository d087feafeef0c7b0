"""What the triage queue and its records show, in the reader's words; each question is asked once for a whole page."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from pv.accounts.models import User
from pv.biosamples.models import SamplingRequest
from pv.core import days
from pv.core.days import CalendarUnknown
from pv.core.partial_columns import restored
from pv.deadlines.models import Basis, Deadline
from pv.deadlines.services import calendar
from pv.notices.models import Acknowledgement, Delivery
from pv.notices.wording import audience_name
from pv.safety import clocks
from pv.safety.models import CaseVersion, InboxItem, Question
from pv.safety.rules import rings_at_once
from pv.terminology.clinical import Lineage, Malignancy

LOOKING = (clocks.ACKNOWLEDGE.code, clocks.TRIAGE.code)
MOST_TOLD = 80


@dataclass(frozen=True, slots=True)
class ClockWords:
    """One clock in words: what is due, when, and how much is left; `tone` late | soon | fine | done."""

    name: str
    text: str
    tone: str
    basis: str
    due: str
    rule: str = ""
    originally: date | None = None
    last_working_day: date | None = None


def words_of(deadline: Deadline, now: datetime) -> ClockWords:
    """ "Report: 12 days (legal, 2026-12-06)". Only a legal clock is overdue."""
    left = days.remaining(now, deadline.due_at, clocks.SHANGHAI)
    measure = _in_words(left)
    if left.late:
        late = _("overdue %(by)s") if deadline.basis == Basis.LEGAL else _("late %(by)s")
        measure = late % {"by": measure}
    by_hours = deadline.kind in LOOKING or "hours" in deadline.working
    local = deadline.due_at.astimezone(clocks.SHANGHAI)
    return ClockWords(
        name=_name_of(deadline),
        text=measure,
        tone="late" if left.late else "soon" if left.days <= 3 else "fine",
        basis=deadline.get_basis_display(),
        due=f"{local:%Y-%m-%d %H:%M}" if by_hours else deadline.due_on.isoformat(),
        rule=f"{deadline.rule.code}: {deadline.working}" if deadline.rule else "",
        originally=deadline.original_due_on if deadline.original_due_on != deadline.due_on else None,
    )


def _in_words(left: days.Remaining) -> str:
    if left.days:
        return ngettext("%(n)d day", "%(n)d days", left.days) % {"n": left.days}
    return _("%(hours)d h %(minutes)02d") % {"hours": left.hours, "minutes": left.minutes}


def _name_of(deadline: Deadline) -> str:
    if deadline.kind == clocks.TRIAGE.code:
        return _("Triage")
    if deadline.kind == clocks.DEATH_INVESTIGATION.code:
        return _("Investigation of the death")
    if deadline.kind == clocks.ICSR.code:
        return _("Report at once") if deadline.rule and "24H" in deadline.rule.code else _("Report")
    return _("To be taken")


def last_working_days(deadlines: Iterable[Deadline]) -> dict[UUID, date]:
    """For legal clocks that end on a day off: the working day before. An unknown year says nothing."""
    legal = [one for one in deadlines if one.basis == Basis.LEGAL]
    if not legal:
        return {}
    known, found = calendar(), {}
    for one in legal:
        try:
            found[one.pk] = days.last_working_day_on_or_before(one.due_on, known)
        except CalendarUnknown:
            continue
    return {one.pk: found[one.pk] for one in legal if found.get(one.pk, one.due_on) != one.due_on}


def headline(item: InboxItem) -> str:
    """What is reported, in the reader's words: "suspected new malignancy · T-cell"."""
    what = str(item.get_kind_display())
    if item.kind == InboxItem.Kind.MALIGNANCY:
        what = _("suspected new malignancy") if item.malignancy == Malignancy.SUSPECTED else what
        known = item.lineage not in ("", Lineage.UNKNOWN)
        return f"{what} · {item.get_lineage_display()}" if known else what
    return what


def ago(then: datetime, now: datetime) -> str:
    """ "3 hours ago", in one measure."""
    return _("%(time)s ago") % {"time": timesince(then, now, depth=1)}


@dataclass(slots=True)
class Row:
    """One line of the queue."""

    item: InboxItem
    headline: str
    who: str
    product: str
    when: str
    clocks: list[ClockWords] = field(default_factory=list)
    taken_by: User | None = None
    mine: bool = False
    may_take: bool = False
    questions: int = 0

    @property
    def tone(self) -> str:
        """The bar at the row's edge: red where nobody looks or something is late."""
        if self.item.state != InboxItem.State.NEW:
            return "done"
        if any(one.tone == "late" for one in self.clocks) or (self.is_urgent and self.taken_by is None):
            return "late"
        return "soon" if self.is_urgent else "fine"

    @property
    def is_urgent(self) -> bool:
        """A new malignancy, or a death that may be a reaction."""
        return rings_at_once(clocks.report_of(self.item))


def rows_of(items: Sequence[InboxItem], *, reader: User, may_take: set[UUID], now: datetime) -> list[Row]:
    """Rows for a page of reports: three questions, however many there are."""
    running = _running(items)
    answers = taken_by(items)
    open_questions: dict[UUID, int] = defaultdict(int)
    asked = Question.objects.for_organisations(_organisations(items)).filter(item__in=items, answered_at=None)
    for item_id in asked.values_list("item_id", flat=True):
        open_questions[item_id] += 1
    return [
        Row(
            item=item,
            headline=headline(item),
            who=item.patient.code if item.patient else item.patient_text,
            product=item.product.label if item.product else item.product_text,
            when=ago(item.received_at, now),
            clocks=[words_of(one, now) for one in running[item.pk] if one.kind != clocks.ACKNOWLEDGE.code],
            taken_by=(who := answers.get(item.pk) or _owner(running[item.pk])),
            mine=who is not None and who.pk == reader.pk,
            may_take=who is None and item.state == InboxItem.State.NEW and item.organisation_id in may_take,
            questions=open_questions[item.pk],
        )
        for item in items
    ]


def _organisations(items: Iterable[InboxItem]) -> list[UUID]:
    return sorted({item.organisation_id for item in items})


def _running(items: Sequence[InboxItem]) -> dict[UUID, list[Deadline]]:
    """Open clocks of each report, its case's among them; triage first, then by date."""
    owner = {item.pk: item.pk for item in items} | {item.case_id: item.pk for item in items if item.case_id}
    found: dict[UUID, list[Deadline]] = defaultdict(list)
    mine = Deadline.objects.for_organisations(_organisations(items))
    open_now = mine.filter(subject__in=list(owner), closed_at=None, kind__in=[*LOOKING, *clocks.REPORTING])
    for one in open_now.select_related("rule", "assignee").order_by("due_at"):
        found[owner[one.subject]].append(one)
    return found


def _owner(running: Iterable[Deadline]) -> User | None:
    return next((one.assignee for one in running if one.kind == clocks.TRIAGE.code), None)


def taken_by(items: Sequence[InboxItem]) -> dict[UUID, User]:
    """Who answered the alarm of each report, by whatever door."""
    answers = Acknowledgement.objects.for_organisations(_organisations(items)).filter(
        deadline__kind=clocks.ACKNOWLEDGE.code, deadline__subject__in=[item.pk for item in items]
    )
    return {one.deadline.subject: one.by for one in answers.select_related("deadline", "by")}


@dataclass(frozen=True, slots=True)
class Told:
    """One notice: when, of what, and who was told how."""

    at: datetime
    what: str
    people: list[str]


@dataclass(slots=True)
class Record:
    """A report with everything around it."""

    row: Row
    story: list[tuple[str, str]]
    clocks: list[ClockWords]
    questions: list[Question]
    requests: list[SamplingRequest]
    told: list[Told]
    versions: list[CaseVersion]


def record_of(item: InboxItem, *, reader: User, may_take: set[UUID], now: datetime) -> Record:
    """Everything the reviewer's page shows."""
    row = rows_of([item], reader=reader, may_take=may_take, now=now)[0]
    mine = [item.organisation_id]
    running = [one for one in _running([item])[item.pk] if one.kind != clocks.ACKNOWLEDGE.code]
    before = last_working_days(running)
    samples = SamplingRequest.objects.for_organisations(mine).filter(cause=item.pk)
    return Record(
        row=row,
        story=list(_story(item)),
        clocks=[_with_last_day(words_of(one, now), before.get(one.pk)) for one in running],
        questions=list(item.questions.select_related("answered_by").order_by("answered_at", "created_at")),
        requests=list(samples.select_related("item").order_by("due_on", "item__position")),
        told=told_of(item),
        versions=list(item.case.history.select_related("by")) if item.case else [],
    )


def _with_last_day(words: ClockWords, day: date | None) -> ClockWords:
    return ClockWords(
        words.name, words.text, words.tone, words.basis, words.due, words.rule, words.originally, last_working_day=day
    )


def _story(item: InboxItem) -> Iterable[tuple[str, str]]:
    """What was told, in the order in which one asks; nothing that is empty."""
    infused = item.treatment.infused_on if item.treatment else None
    days_known = [
        (_("site"), item.known_to_site_on),
        (_("delegate"), item.known_to_delegate_on),
        (_("holder"), item.known_to_holder_on),
    ]
    facts: list[tuple[str, object]] = [
        (_("New malignancy"), item.get_malignancy_display() if item.kind == InboxItem.Kind.MALIGNANCY else ""),
        (_("Onset"), restored(item.onset_on, item.onset_precision)),
        (_("Biopsy"), " · ".join(str(one) for one in (item.get_biopsy_display(), item.biopsy_on) if one)),
        (_("Treatment planned on"), item.treatment_planned_on),
        (_("Infused on"), infused),
        (_("Serious because"), ", ".join(_serious(item))),
        (_("Outcome"), item.get_outcome_display()),
        (_("Reporter's causality"), item.get_reporter_causality_display()),
        (_("Died on"), restored(item.died_on, item.died_precision)),
        (_("Cause of death"), item.death_cause),
        (_("Reaction suspected"), item.get_death_suspected_display()),
        (_("Patient as told"), item.patient_text),
        (_("Product as told"), item.product_text),
        (_("Reported by"), ", ".join(part for part in (item.reporter_name, item.reporter_profession) if part)),
        (_("Hospital"), item.reporter_institution),
        (_("Call-back number"), item.reporter_phone),
        (_("Known to"), " · ".join(f"{name} {day}" for name, day in days_known if day)),
        (_("First receiver"), item.first_receiver),
    ]
    return [(name, str(value)) for name, value in facts if value]


def _serious(item: InboxItem) -> list[str]:
    names = dict(InboxItem._meta.get_field("seriousness").base_field.flatchoices)
    return [str(names.get(one, one)) for one in item.seriousness]


def told_of(item: InboxItem) -> list[Told]:
    """Who was told of this report, when, as what and how; the latest first."""
    subjects = [item.pk, *([item.case_id] if item.case_id else [])]
    sent = Delivery.objects.for_organisations([item.organisation_id]).filter(notice__deadline__subject__in=subjects)
    found: dict[UUID, Told] = {}
    ways: dict[tuple[UUID, UUID], list[str]] = {}
    names: dict[tuple[UUID, UUID], str] = {}
    latest = sent.select_related("notice__deadline__rule", "recipient").order_by("-notice__fired_at", "created_at")
    for one in latest[:MOST_TOLD]:
        notice = one.notice
        found.setdefault(notice.pk, Told(notice.fired_at, _name_of(notice.deadline), []))
        key = (notice.pk, one.recipient_id)
        names[key] = f"{one.recipient.name} ({audience_name(one.why)})"
        ways.setdefault(key, []).append(str(one.get_channel_display()))
    for (notice_id, _person), channels in ways.items():
        found[notice_id].people.append(f"{names[notice_id, _person]}: {', '.join(dict.fromkeys(channels))}")
    return list(found.values())
