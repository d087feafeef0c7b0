"""Two reports of one thing: a merge keeps the earliest day 0, both reporters and both numbers (practice 26)."""

from dataclasses import replace
from datetime import date, datetime

from django.utils.translation import gettext_lazy as _

from pv.accounts.models import User
from pv.accounts.rows import locked
from pv.biosamples import services as biosamples
from pv.core.errors import Conflict, DomainError, MissingRule
from pv.deadlines import services as deadlines
from pv.deadlines.models import Deadline
from pv.safety import clocks
from pv.safety.models import Case, InboxItem, MalignancyProcess, Question
from pv.safety.rules import CaseState, Wanted
from pv.safety.services import shared
from pv.terminology.clinical import Malignancy

OVER = (CaseState.NULLIFIED, CaseState.DUPLICATE)


def take_case(organisation: object, case_id: object) -> Case:
    """The case something is merged into, locked; one that was ended takes nothing any more."""
    case = locked(Case, case_id)  # type: ignore[arg-type]  # an id, whatever its spelling
    if case.organisation_id != organisation:
        raise DomainError(_("There is no such case."), field="case_id")
    if case.state in OVER:
        raise Conflict(_("The case is %(state)s: nothing is added to it."), params={"state": case.get_state_display()})
    return case


def leave_own_case(item: InboxItem, into: Case, *, by: User, at: datetime, reason: str) -> None:
    """The case a report opened by itself gives way to another; its clocks end with it, its numbers stay."""
    if item.case_id is None or item.case_id == into.pk:
        return
    own = locked(Case, item.case_id)
    if own.state in OVER:
        return
    if own.reported_version and into.reported_version:
        detail = f"{own.number} / {into.number}"
        shared.ask(item, [(Question.What.OTHER, f"both were sent, one is to be nullified: {detail}"[:300])])
    own.duplicate_of = into
    shared.move_case(own, Case.State.DUPLICATE, by=by, at=at, reason=reason)
    shared.save(own, "state", "duplicate_of")
    for running in clocks.running(item.organisation_id, [own.pk], clocks.REPORTING):
        deadlines.supersede_deadline(running.pk, reason=reason)


def keep_earliest_day_zero(case: Case, day_zero: date, item: InboxItem, *, by: User, at: datetime) -> None:
    """An earlier day 0 cuts the clocks of a case that was not reported short; the first promise stays beside them."""
    if day_zero >= case.day_zero or case.reported_version:
        return
    before, case.day_zero = case.day_zero, day_zero
    shared.note(case, "day_zero", by=by, at=at, old=shared.iso(before), new=shared.iso(day_zero), reason=item.number)
    shared.save(case, "day_zero")
    for running in clocks.running(case.organisation_id, [case.pk], clocks.REPORTING):
        if running.rule is None:
            continue
        try:
            time = clocks.time_of(running.rule.code, case.organisation_id, day_zero, item.received_at)
        except MissingRule as error:
            shared.ask(item, [(Question.What.NO_RULE, error.message)])
            continue
        deadlines.move_deadline(
            running.pk, due_on=time.due_on, due_at=time.due_at, working=time.working, reason=item.number
        )


DEADLY = (Wanted.DEATH_AT_ONCE, Wanted.DEATH_INVESTIGATION)


def bring_clocks(item: InboxItem, case: Case, *, reason: str) -> list[Deadline]:
    """A follow-up's clocks end; those of a death go on with the case, and one that turns serious is due sooner."""
    originally, brought = {}, []
    for running in clocks.running(item.organisation_id, [item.pk], clocks.REPORTING):
        if running.rule and running.rule.code in DEADLY:
            originally[running.rule.code] = running.original_due_on
        deadlines.supersede_deadline(running.pk, reason=reason)
    there = {one.rule.code for one in clocks.running(case.organisation_id, [case.pk], clocks.REPORTING) if one.rule}
    news = replace(clocks.Duty.of_case(case, item), day_zero=item.day_zero)
    deadly = [code for code in DEADLY if code in originally and code not in there]
    brought += clocks.open_reporting(news, deadly, originally=originally).deadlines
    if item.serious and not case.serious:
        case.serious = True
        shared.save(case, "serious")
        brought += _due_sooner(case, news, reason=reason)
    return brought


def _due_sooner(case: Case, news: clocks.Duty, *, reason: str) -> list[Deadline]:
    """The clock of a serious case, from the news on, and never later than what was due already."""
    earlier = [one for one in clocks.running(case.organisation_id, [case.pk], [clocks.ICSR.code]) if one.rule]
    outstanding = [one for one in earlier if one.rule and one.rule.code == Wanted.NON_SERIOUS]
    opened = []
    for old in outstanding:
        deadlines.supersede_deadline(old.pk, reason=reason)
        originally = {str(Wanted.SERIOUS): old.original_due_on}
        for new in clocks.open_reporting(news, [Wanted.SERIOUS], originally=originally).deadlines:
            opened.append(
                deadlines.move_deadline(new.pk, due_on=old.due_on, reason=reason) if new.due_at > old.due_at else new
            )
    return opened


def hand_over(item: InboxItem, other: InboxItem, *, by: User, at: datetime) -> None:
    """A confirmed report turns out to be a suspicion that came before: the earlier one gets the case."""
    if item.case is None or other.case_id is not None:
        return
    case = locked(Case, item.case.pk)
    other.case = case
    fields = ["case"]
    if other.malignancy == Malignancy.SUSPECTED and item.malignancy == Malignancy.CONFIRMED:
        other.malignancy, other.diagnosis, other.lineage = item.malignancy, item.diagnosis, item.lineage
        fields += ["malignancy", "diagnosis", "lineage"]
    shared.note(other, "case_taken_over", by=by, at=at, new=case.number, reason=item.number)
    shared.save(other, *fields)
    for running in clocks.running(item.organisation_id, [other.pk], clocks.REPORTING):
        deadlines.supersede_deadline(running.pk, reason=item.number)
    keep_earliest_day_zero(case, other.day_zero, other, by=by, at=at)
    mine = MalignancyProcess.objects.for_organisations([item.organisation_id]).filter(item=other, closed_at=None)
    for process in mine.select_for_update(no_key=True):
        process.case, process.status, process.lineage = case, other.malignancy, other.lineage or process.lineage
        shared.save(process, "case", "status", "lineage")


def close_process(item: InboxItem, *, by: User, at: datetime, reason: str) -> None:
    """The process of a report that is none of its own ends; what nobody has touched of its samples is withdrawn."""
    mine = MalignancyProcess.objects.for_organisations([item.organisation_id]).filter(item=item, closed_at=None)
    for process in mine.select_for_update(no_key=True):
        process.closed_at, process.close_reason = at, reason[:500]
        shared.save(process, "closed_at", "close_reason")
        shared.note(process, "closed", by=by, at=at, reason=reason)
        biosamples.stand_down_requests(cause=item.pk, by=by, reason=reason)
