"""The room's kinds of deadline, and how the clocks of a report are opened and carried over from item to case."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from pv.core.days import due_instant, hours_after, legal_day
from pv.core.errors import MissingRule
from pv.deadlines import services as deadlines
from pv.deadlines.computing import compute_due, is_unconfirmed
from pv.deadlines.kinds import Kind
from pv.deadlines.models import Basis, Deadline, Rule
from pv.deadlines.opening import Wanted as ToOpen
from pv.deadlines.opening import open_deadlines
from pv.safety.models import Case, CaseVersion, InboxItem
from pv.safety.rules import (
    SOLICITED,
    UNRELATED,
    Report,
    Wanted,
    follow_up_time,
    known_since,
    rings_at_once,
    triage_within,
)
from pv.terminology.clinical import Malignancy, Outcome

ZONE = "Asia/Shanghai"
SHANGHAI = ZoneInfo(ZONE)

ICSR = Kind(
    code="icsr",
    label=_("report to the authority"),
    title=_("%(number)s: report to the authority, %(what)s"),
    path="/cases/by/{subject}/",
    ladder="reporting",
    reads="case.read",
)
DEATH_INVESTIGATION = Kind(
    code="death_investigation",
    label=_("investigation of a death"),
    title=_("%(number)s: report on the investigation of a death"),
    path="/cases/by/{subject}/",
    ladder="reporting",
    reads="case.read",
)
ACKNOWLEDGE = Kind(
    code="acknowledge",
    label=_("to be taken"),
    title=_("%(number)s: %(what)s, to be taken by somebody"),
    path="/inbox/{subject}/",
    ladder="acknowledge",
    met_by_taking=True,
    reads="case.read",
)
TRIAGE = Kind(
    code="triage",
    label=_("triage"),
    title=_("%(number)s: triage, %(what)s"),
    path="/inbox/{subject}/",
    ladder="triage",
    reads="case.read",
)
REPORTING = (ICSR.code, DEATH_INVESTIGATION.code)
CALM_LADDER = "default"

# A deadline's words are kept in both languages, whoever opened it in whichever.
WHAT = {
    InboxItem.Kind.MALIGNANCY: ("new malignancy", "新发恶性肿瘤"),
    InboxItem.Kind.RELAPSE: ("relapse without biopsy", "复发或进展(未活检)"),
    InboxItem.Kind.ADVERSE_EVENT: ("adverse event", "不良事件"),
    InboxItem.Kind.DEATH: ("death", "死亡"),
    InboxItem.Kind.PREGNANCY: ("pregnancy", "妊娠"),
}
LINEAGES = {
    "t_cell": ("T-cell", "T细胞"),
    "b_cell": ("B-cell", "B细胞"),
    "myeloid": ("myeloid", "髓系"),
    "solid": ("solid tumour", "实体瘤"),
}


def words_of(item: InboxItem) -> dict[str, str]:
    """The arguments of the room's titles. No patient: mails leave the house."""
    english, chinese = WHAT[InboxItem.Kind(item.kind)]
    if item.malignancy == Malignancy.SUSPECTED:
        english, chinese = f"suspected {english}", f"疑似{chinese}"
    if item.lineage in LINEAGES:
        lineage_en, lineage_zh = LINEAGES[item.lineage]
        english, chinese = f"{english} ({lineage_en})", f"{chinese}({lineage_zh})"
    return {"number": item.number, "what_en": english, "what_zh": chinese}


def report_of(item: InboxItem) -> Report:
    """What of an item decides about its clocks."""
    return Report(
        kind=item.kind,
        serious=item.serious,
        fatal=item.kind == InboxItem.Kind.DEATH or "death" in item.seriousness or item.outcome == Outcome.FATAL,
        suspected=item.death_suspected,
        solicited=item.source in SOLICITED,
        related=item.reporter_causality not in UNRELATED,
    )


@dataclass(slots=True)
class Opened:
    """The clocks that run now, and what could not be computed: a question for somebody's list, never a refusal."""

    deadlines: list[Deadline] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Duty:
    """What a clock is opened about: an item, a case, or a version of a case."""

    subject: UUID
    item: InboxItem
    day_zero: date
    words: dict[str, str]
    is_item: bool = False

    @classmethod
    def of_item(cls, item: InboxItem) -> "Duty":
        return cls(item.pk, item, item.day_zero, words_of(item), is_item=True)

    @classmethod
    def of_case(cls, case: Case, item: InboxItem) -> "Duty":
        return cls(case.pk, item, case.day_zero, words_of(item) | ({"number": case.number} if case.number else {}))

    @classmethod
    def of_version(cls, version: CaseVersion, case: Case, item: InboxItem) -> "Duty":
        words = words_of(item) | {"number": f"{case.number or item.number} v{version.no}"}
        return cls(version.pk, item, version.day_zero, words)

    def facets(self) -> dict[str, Any]:
        item = self.item
        return {
            "subject": self.subject,
            "args": self.words,
            "product_id": item.product_id,
            "patient_id": item.patient_id,
            "centre_id": item.patient.centre_id if item.patient else None,
        }


@dataclass(frozen=True, slots=True)
class Time:
    """When a reporting time ends, by which rule and how."""

    rule: Rule
    working: str
    due_on: date | None = None
    due_at: datetime | None = None


def time_of(code: str, organisation: UUID, day_zero: date, received_at: datetime) -> Time:
    """What the rule in force on day 0 makes of it. Raises MissingRule where no rule or calendar answers."""
    if code != Wanted.DEATH_AT_ONCE:
        computed = compute_due(code, organisation, day_zero)
        return Time(computed.rule, computed.working, due_on=computed.due_on)
    rule = deadlines.rule_for(code, organisation, day_zero)
    start = known_since(received_at, due_instant(day_zero, SHANGHAI))
    hours = rule.amount or 0
    local = start.astimezone(SHANGHAI)
    return Time(rule, f"{local:%Y-%m-%d %H:%M} + {hours} hours", due_at=hours_after(start, hours))


@dataclass(slots=True)
class Asked:
    """Clocks to be opened, and the rules that did not answer."""

    clocks: list[ToOpen] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    def __add__(self, other: "Asked") -> "Asked":
        return Asked(self.clocks + other.clocks, self.missing + other.missing)


def reporting(duty: Duty, wanted: Iterable[Wanted], *, originally: dict[str, date] | None = None) -> Asked:
    """Reporting times to start. Beside an item they are internal [default]; on a case the rule says what they are.

    `originally`: the first promise by rule code, where the clock ran elsewhere before.
    """
    asked, organisation = Asked(), duty.item.organisation_id
    for code in wanted:
        try:
            time = time_of(code, organisation, duty.day_zero, duty.item.received_at)
        except MissingRule:
            asked.missing.append(code)
            continue
        kind = DEATH_INVESTIGATION if code == Wanted.DEATH_INVESTIGATION else ICSR
        clock = ToOpen(
            kind=kind.code,
            basis=Basis.INTERNAL if duty.is_item else time.rule.basis,
            rule=time.rule,
            working=time.working,
            unconfirmed=is_unconfirmed(time.rule),
            due_on=time.due_on,
            due_at=time.due_at,
            original_due_on=(originally or {}).get(code),
            **duty.facets(),
        )
        asked.clocks.append(clock)
    return asked


def looking(item: InboxItem) -> Asked:
    """The clocks that make somebody look: the alarm until it is taken, where it rings at once, and the triage."""
    alarm = [alarm_of(item)] if rings_at_once(report_of(item)) else []
    return Asked([*alarm, triage_of(item)])


def alarm_of(item: InboxItem) -> ToOpen:
    """Due at the moment of the report, and met by "I take it"."""
    facets = Duty.of_item(item).facets()
    return ToOpen(kind=ACKNOWLEDGE.code, basis=Basis.INTERNAL, due_at=item.received_at, **facets)


def triage_of(item: InboxItem) -> ToOpen:
    """Due a day, three or seven after the report; taking it stops nothing, only the triage does."""
    report = report_of(item)
    return ToOpen(
        kind=TRIAGE.code,
        basis=Basis.INTERNAL,
        due_at=item.received_at + triage_within(report),
        ladder=TRIAGE.ladder if rings_at_once(report) else CALM_LADDER,
        **Duty.of_item(item).facets(),
    )


def open_all(organisation: UUID, asked: Asked) -> Opened:
    """Start them together; where one has no ladder the others start all the same, and that one is asked about."""
    opened = Opened(missing=list(asked.missing))
    try:
        with transaction.atomic():
            opened.deadlines = open_deadlines(organisation, asked.clocks)
    except MissingRule:
        for one in asked.clocks:
            try:
                with transaction.atomic():
                    opened.deadlines += open_deadlines(organisation, [one])
            except MissingRule:
                opened.missing.append(one.rule.code if one.rule else one.kind)
    return opened


def open_reporting(duty: Duty, wanted: Iterable[Wanted], *, originally: dict[str, date] | None = None) -> Opened:
    """Start reporting times at once."""
    return open_all(duty.item.organisation_id, reporting(duty, wanted, originally=originally))


def running(organisation: UUID, subjects: Iterable[UUID], kinds: Iterable[str]) -> list[Deadline]:
    """The open clocks of these facts, the earliest first."""
    mine = Deadline.objects.for_organisations([organisation])
    found = mine.filter(subject__in=list(subjects), kind__in=list(kinds), closed_at=None)
    return list(found.select_related("rule").order_by("due_at", "id"))


def carry_over(item: InboxItem, duty: Duty, wanted: Iterable[Wanted], *, reason: str) -> Opened:
    """End an item's own reporting times in favour of its case's. What was promised first stays with them."""
    originally: dict[str, date] = {}
    for clock in running(item.organisation_id, [item.pk], REPORTING):
        if clock.rule:
            originally[clock.rule.code] = clock.original_due_on
        deadlines.supersede_deadline(clock.pk, reason=reason)
    return open_reporting(duty, wanted, originally=originally)


def open_follow_up(version: CaseVersion, case: Case, item: InboxItem) -> Opened:
    """Significant news about a reported case start a clock of their own; before the first report they go into it."""
    if not version.significant or not case.reported_version:
        return Opened()
    return open_reporting(Duty.of_version(version, case, item), [follow_up_time(case.serious)])


def legal_day_of(instant: datetime) -> date:
    """The legal day an instant falls on."""
    return legal_day(instant, SHANGHAI)
