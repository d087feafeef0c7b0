"""Which of the room's clocks ought to be open, for check_deadlines, and how each is set right."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Exists, F, OuterRef, QuerySet

from pv.accounts.context import writing_for
from pv.core.errors import MissingRule
from pv.deadlines import services as deadlines
from pv.deadlines.expectations import Expected
from pv.deadlines.models import Deadline
from pv.notices.models import Acknowledgement
from pv.safety import clocks
from pv.safety.clocks import ACKNOWLEDGE, DEATH_INVESTIGATION, ICSR, TRIAGE, Duty
from pv.safety.models import Case, CaseVersion, InboxItem, SafetyMove
from pv.safety.rules import (
    UNREPORTED,
    CaseState,
    Report,
    Wanted,
    follow_up_time,
    reporting_times,
    rings_at_once,
    times_of_a_case,
    triage_within,
)

INVESTIGATED = "death_investigation"
LEFT_OVER = "left over; closed by check_deadlines"
OVER = (CaseState.NULLIFIED, CaseState.DUPLICATE)


@dataclass(frozen=True, slots=True)
class Wish:
    """A reporting time that ought to run, before it is asked by which version of its rule."""

    duty: Duty
    code: Wanted
    only_if_it_runs: bool = False

    @property
    def kind(self) -> str:
        return DEATH_INVESTIGATION.code if self.code == Wanted.DEATH_INVESTIGATION else ICSR.code


def wishes(organisation: UUID, subject: UUID | None = None) -> Iterator[Wish]:
    """Every reporting time that ought to run, of items, of cases, and of versions after a first report."""
    for item in _one(_items(organisation).filter(state="new", case=None), subject):
        for code in reporting_times(clocks.report_of(item)):
            yield Wish(Duty.of_item(item), code)
    cases = Case.objects.for_organisations([organisation]).exclude(state__in=OVER)
    yield from _of_cases(organisation, list(_one(cases, subject)))
    news = CaseVersion.objects.for_organisations([organisation]).filter(
        significant=True, no__gt=F("case__reported_version"), case__reported_version__gt=0
    )
    versions = list(_one(news.exclude(case__state__in=OVER).select_related("case"), subject))
    leading = leading_items(organisation, [version.case_id for version in versions])
    for version in versions:
        for item in leading.get(version.case_id, [])[:1]:
            yield Wish(Duty.of_version(version, version.case, item), follow_up_time(version.case.serious))


def _of_cases(organisation: UUID, cases: list[Case]) -> Iterator[Wish]:
    items = leading_items(organisation, [case.pk for case in cases])
    investigated = set(
        SafetyMove.objects.for_organisations([organisation])
        .filter(what=INVESTIGATED, subject__in=[case.pk for case in cases])
        .values_list("subject", flat=True)
    )
    for case in cases:
        mine = items.get(case.pk, [])
        if not mine:
            continue
        reports: list[Report] = [clocks.report_of(item) for item in mine]
        duty, waits = Duty.of_case(case, mine[0]), case.state in UNREPORTED
        for code in times_of_a_case(case.serious, reports):
            if code == Wanted.DEATH_INVESTIGATION:
                if case.pk not in investigated:
                    yield Wish(duty, code)
            elif waits and not case.reported_version:
                yield Wish(duty, code)
            elif waits and code == Wanted.DEATH_AT_ONCE:
                # News of a death after a first report start it again; other news do not.
                yield Wish(duty, code, only_if_it_runs=True)


def _items(organisation: UUID) -> "QuerySet[InboxItem]":
    rows: QuerySet[InboxItem] = InboxItem.objects.for_organisations([organisation]).select_related("patient")
    return rows


def _one(rows: "QuerySet[Any]", subject: UUID | None) -> "QuerySet[Any]":
    return rows.filter(pk=subject) if subject else rows


def leading_items(organisation: UUID, cases: Iterable[UUID]) -> dict[UUID, list[InboxItem]]:
    """The reports of each case, the first one first."""
    found: dict[UUID, list[InboxItem]] = defaultdict(list)
    for item in _items(organisation).filter(case__in=list(cases)).order_by("received_at", "id"):
        if item.case_id:
            found[item.case_id].append(item)
    return found


def expected_icsr(organisation: UUID) -> Iterator[Expected]:
    """Reports to the authority that are outstanding."""
    return _expected(organisation, ICSR.code)


def expected_investigations(organisation: UUID) -> Iterator[Expected]:
    """Reports on the investigation of a death that are outstanding."""
    return _expected(organisation, DEATH_INVESTIGATION.code)


def _expected(organisation: UUID, kind: str) -> Iterator[Expected]:
    """A clock that runs keeps the version of the rule it was opened by, and its date where it was moved."""
    runs = {
        (clock.subject, clock.rule.code): clock
        for clock in Deadline.objects.for_organisations([organisation])
        .filter(kind=kind, closed_at=None)
        .select_related("rule")
        if clock.rule
    }
    computed: dict[tuple[str, date], tuple[UUID, date] | None] = {}
    for wish in wishes(organisation):
        if wish.kind != kind:
            continue
        if clock := runs.get((wish.duty.subject, wish.code)):
            yield Expected(kind, wish.duty.subject, clock.rule_id, clock.due_on)
            continue
        if wish.only_if_it_runs:
            continue
        key = (wish.code, wish.duty.day_zero)
        if key not in computed:
            computed[key] = _computed(wish, organisation)
        if found := computed[key]:
            yield Expected(kind, wish.duty.subject, *found)


def _computed(wish: Wish, organisation: UUID) -> tuple[UUID, date] | None:
    """By which rule and when; None where no rule answers: that is a question, not a clock."""
    try:
        time = clocks.time_of(wish.code, organisation, wish.duty.day_zero, wish.duty.item.received_at)
    except MissingRule:
        return None
    return time.rule.pk, time.due_on or clocks.legal_day_of(time.due_at)  # type: ignore[arg-type]  # one of both


def repair_reporting(organisation: UUID, subject: UUID) -> None:
    """Set the reporting times of an item, a case or a version right: open what is missing, cancel what is left over."""
    with writing_for(organisation, reason="check_deadlines"):
        wanted = {(wish.kind, str(wish.code)): wish for wish in wishes(organisation, subject)}
        for clock in clocks.running(organisation, [subject], clocks.REPORTING):
            if wanted.pop((clock.kind, clock.rule.code if clock.rule else ""), None) is None:
                deadlines.cancel_deadline(clock.pk, reason=LEFT_OVER)
        for wish in (one for one in wanted.values() if not one.only_if_it_runs):
            clocks.open_reporting(wish.duty, [wish.code])


def expected_alarms(organisation: UUID) -> Iterator[Expected]:
    """What nobody has taken yet."""
    for item in _untaken(organisation):
        yield Expected(ACKNOWLEDGE.code, item.pk, None, clocks.legal_day_of(item.received_at))


def _untaken(organisation: UUID) -> Iterator[InboxItem]:
    answers = Acknowledgement.objects.for_organisations([organisation]).filter(
        deadline__kind=ACKNOWLEDGE.code, deadline__subject=OuterRef("pk")
    )
    for item in _items(organisation).filter(~Exists(answers), state="new"):
        if rings_at_once(clocks.report_of(item)):
            yield item


def expected_triages(organisation: UUID) -> Iterator[Expected]:
    """What nobody has triaged yet."""
    for item in _items(organisation).filter(state="new"):
        due_at = item.received_at + triage_within(clocks.report_of(item))
        yield Expected(TRIAGE.code, item.pk, None, clocks.legal_day_of(due_at))


def repair_looking(organisation: UUID, subject: UUID) -> None:
    """Set the alarm and the triage clock of an item right."""
    with writing_for(organisation, reason="check_deadlines"):
        item = _items(organisation).filter(pk=subject, state="new").first()
        untaken = any(one.pk == subject for one in _untaken(organisation))
        wanted = ({TRIAGE.code} if item else set()) | ({ACKNOWLEDGE.code} if untaken else set())
        for clock in clocks.running(organisation, [subject], (ACKNOWLEDGE.code, TRIAGE.code)):
            if clock.kind not in wanted:
                deadlines.cancel_deadline(clock.pk, reason=LEFT_OVER)
            wanted.discard(clock.kind)
        if item:
            alarms = [clocks.alarm_of(item)] if ACKNOWLEDGE.code in wanted else []
            triages = [clocks.triage_of(item)] if TRIAGE.code in wanted else []
            clocks.open_all(organisation, clocks.Asked([*alarms, *triages]))
