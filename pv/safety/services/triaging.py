"""The reviewer's first look: taking a report, and saying what becomes of it."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from pv.accounts.context import current, writing_for
from pv.accounts.models import Signature, User
from pv.accounts.rows import locked
from pv.accounts.services import check_may
from pv.accounts.signing import sign
from pv.core import clock
from pv.core.errors import Conflict, DomainError
from pv.core.typed import fits, one_of
from pv.deadlines import services as deadlines
from pv.notices import services as notices
from pv.notices.models import Acknowledgement
from pv.safety import clocks
from pv.safety.models import Case, InboxItem, Question
from pv.safety.rules import ItemState
from pv.safety.services import merging, shared, versions
from pv.safety.services.confirming import become_case, end_looking, refuse_empty, triaged
from pv.safety.services.opening import Reported
from pv.terminology.clinical import Malignancy

OUTCOMES = (
    ItemState.CASE,
    ItemState.FOLLOW_UP,
    ItemState.DUPLICATE,
    ItemState.NOT_VALID,
    ItemState.NOT_REPORTABLE,
)


def take(*, by: User, item_id: UUID, via: str = "admin", note: str = "") -> Acknowledgement | None:
    """ "I take it": the alarm stops climbing, the triage clock goes on and is this person's from now on.

    Taking twice is taking once. Raises Conflict when somebody else has, or when it is triaged already. What does not
    ring at once has no alarm to answer: then it is only this person's, and None is returned.
    """
    item = locked(InboxItem, item_id)
    check_may(by, "notice.take", item.organisation_id)
    answer = _taken(item, by)
    if answer:
        return answer
    if item.state != ItemState.NEW:
        raise Conflict(_("This report was triaged already: %(state)s."), params={"state": item.get_state_display()})
    with writing_for(item.organisation_id):
        alarm = deadlines.open_deadline_of(item.organisation_id, clocks.ACKNOWLEDGE.code, item.pk)
        if alarm:
            answer = notices.acknowledge(deadline_id=alarm.pk, by=by, via=via, note=fits(note, "note", most=300))
        triage_clock = deadlines.open_deadline_of(item.organisation_id, clocks.TRIAGE.code, item.pk)
        if triage_clock and (alarm or triage_clock.assignee_id is None):
            deadlines.reassign_deadline(triage_clock.pk, assignee=by)
            shared.note(item, "taken", by=by, at=clock.now(), new=via)
        elif triage_clock and triage_clock.assignee_id != by.pk:
            raise Conflict(_("%(name)s has taken this already."), code="taken", params={"name": triage_clock.assignee})
    return answer


def _taken(item: InboxItem, by: User) -> Acknowledgement | None:
    answers = Acknowledgement.objects.for_organisations([item.organisation_id]).filter(
        deadline__kind=clocks.ACKNOWLEDGE.code, deadline__subject=item.pk
    )
    found: Acknowledgement | None = answers.select_related("by").order_by("at").first()
    if found and found.by_id != by.pk:
        raise Conflict(
            _("%(name)s has taken this already, at %(at)s."),
            code="taken",
            params={"name": found.by.name, "at": f"{found.at.astimezone(clocks.SHANGHAI):%Y-%m-%d %H:%M}"},
        )
    return found


def triage(
    *,
    by: User,
    item_id: UUID,
    outcome: str,
    case_id: UUID | None = None,
    duplicate_of_id: UUID | None = None,
    reason: str = "",
    significant: bool = True,
    password: str = "",
    version: int | None = None,
) -> Reported:
    """Say what a report is: a case, follow-up to `case_id`, duplicate of `duplicate_of_id`, not valid, not reportable.

    Every outcome but a case needs its reason; "not reportable", and ending a new malignancy, are signed with the
    password. `significant`: whether a follow-up starts a clock of its own. Whoever took the report in may triage it:
    no rule delays a legal report. Raises Conflict where somebody was faster; DomainError naming the field.
    """
    _lock_in_order(item_id, duplicate_of_id)
    item = locked(InboxItem, item_id, version=version)
    check_may(by, "case.triage", item.organisation_id)
    one_of([str(one) for one in OUTCOMES], outcome, "outcome")
    if item.state != ItemState.NEW:
        raise Conflict(
            _("This report was triaged already: %(state)s."), code="triaged", params={"state": item.get_state_display()}
        )
    why = fits(reason, "reason", most=500) if outcome == ItemState.CASE else refuse_empty(fits(reason, "reason"))
    with writing_for(item.organisation_id, reason=why):
        report = Reported(item=item, case=item.case)
        at = clock.now()
        if outcome == ItemState.CASE:
            _to_case(report, by=by, at=at, why=why)
        elif outcome == ItemState.FOLLOW_UP:
            _to_follow_up(report, case_id, significant, by=by, at=at, why=why)
        elif outcome == ItemState.DUPLICATE:
            _to_duplicate(report, case_id, duplicate_of_id, by=by, at=at, why=why)
        else:
            _to_nothing(report, outcome, password, by=by, at=at, why=why)
        end_looking(item, at=at)
    return report


def _lock_in_order(*ids: UUID | None) -> None:
    """Two people who merge two reports into each other wait for one another instead of blocking both."""
    named = [one for one in ids if one]
    if len(named) > 1:
        mine = InboxItem.objects.for_organisations(list(current().organisations)).filter(pk__in=named)
        list(mine.order_by("pk").select_for_update(no_key=True).values_list("pk"))


def _to_case(report: Reported, *, by: User, at: datetime, why: str) -> None:
    item = report.item
    if item.case is None:
        report.case = become_case(item, report, by=by, at=at, why=why)
        for process in item.processes.select_for_update(no_key=True).filter(case=None):
            process.case = report.case
            shared.save(process, "case")
    fields = shared.move_item(item, ItemState.CASE, by=by, at=at, reason=why)
    shared.save(item, *fields, "case")
    if item.case is not None:
        report.case = locked(Case, item.case.pk)
        triaged(report.case, by=by, at=at)


def _to_follow_up(
    report: Reported, case_id: UUID | None, significant: bool, *, by: User, at: datetime, why: str
) -> None:
    item = report.item
    if case_id is None:
        raise DomainError(_("Which case does this belong to?"), code="required", field="case_id")
    case = merging.take_case(item.organisation_id, case_id)
    if item.case_id == case.pk:
        raise DomainError(_("This is the report's own case."), field="case_id")
    merging.leave_own_case(item, case, by=by, at=at, reason=why)
    item.case = case
    fields = shared.move_item(item, ItemState.FOLLOW_UP, by=by, at=at, reason=why)
    shared.save(item, *fields, "case")
    report.version = versions.next_version(
        case,
        versions.news_of(item, versions.latest(case)),
        by=by,
        at=at,
        day_zero=item.day_zero,
        significant=significant,
        why=why[:300],
        narrative=item.narrative or None,
    )
    reopen(case, by=by, at=at, significant=significant)
    shared.save(case, "versions", "state")
    report.case = case
    merging.keep_earliest_day_zero(case, item.day_zero, item, by=by, at=at)
    report.deadlines += merging.bring_clocks(item, case, reason=why)
    opened = clocks.open_follow_up(report.version, case, item)
    report.deadlines += opened.deadlines
    if opened.missing:
        report.questions += shared.ask(item, [(Question.What.NO_RULE, ", ".join(opened.missing))])
    merging.close_process(item, by=by, at=at, reason=why)


def reopen(case: Case, *, by: User, at: datetime, significant: bool) -> None:
    """Significant news about a case that was reported or closed put it to work again (lesson 29); in memory."""
    if significant and case.state in (Case.State.REPORTED, Case.State.CLOSED, Case.State.READY):
        shared.move_case(case, Case.State.ASSESSMENT, by=by, at=at)


def _to_duplicate(
    report: Reported, case_id: UUID | None, duplicate_of_id: UUID | None, *, by: User, at: datetime, why: str
) -> None:
    item = report.item
    other = _the_other(item, case_id, duplicate_of_id)
    if other.case_id is None and item.case is not None:
        merging.hand_over(item, other, by=by, at=at)
    elif other.case_id is not None:
        case = merging.take_case(item.organisation_id, other.case_id)
        merging.leave_own_case(item, case, by=by, at=at, reason=why)
        merging.keep_earliest_day_zero(case, item.day_zero, item, by=by, at=at)
    elif item.day_zero < other.day_zero:
        _earlier(other, item, by=by, at=at)
    item.duplicate_of = other
    item.case = item.case or other.case
    fields = shared.move_item(item, ItemState.DUPLICATE, by=by, at=at, reason=why)
    shared.save(item, *fields, "duplicate_of", "case")
    report.case = other.case
    _end_reporting(item, reason=why)
    merging.close_process(item, by=by, at=at, reason=why)


def _the_other(item: InboxItem, case_id: UUID | None, duplicate_of_id: UUID | None) -> InboxItem:
    mine = InboxItem.objects.for_organisations([item.organisation_id]).select_related("case")
    if duplicate_of_id is None and case_id is not None:
        found = mine.filter(case_id=case_id).exclude(pk=item.pk).order_by("received_at").first()
        if found is None:
            raise DomainError(_("There is no such case."), field="case_id")
        duplicate_of_id = found.pk
    if duplicate_of_id is None:
        raise DomainError(_("Which report does this repeat?"), code="required", field="duplicate_of_id")
    if duplicate_of_id == item.pk:
        raise DomainError(_("A report does not repeat itself."), field="duplicate_of_id")
    other: InboxItem | None = mine.select_for_update(no_key=True, of=("self",)).filter(pk=duplicate_of_id).first()
    if other is None:
        raise DomainError(_("There is no such report."), field="duplicate_of_id")
    if other.state not in (ItemState.NEW, ItemState.CASE, ItemState.FOLLOW_UP):
        raise Conflict(
            _("That report was ended itself: %(state)s."), params={"state": other.get_state_display()}, code="ended"
        )
    return other


def _earlier(other: InboxItem, item: InboxItem, *, by: User, at: datetime) -> None:
    """The report that stays was known earlier than it says: its clocks are cut short."""
    shared.note(
        other, "day_zero", by=by, at=at, old=shared.iso(other.day_zero), new=shared.iso(item.day_zero),
        reason=item.number,
    )  # fmt: skip
    other.day_zero = item.day_zero
    shared.save(other, "day_zero")
    for running in clocks.running(other.organisation_id, [other.pk], clocks.REPORTING):
        if running.rule:
            time = clocks.time_of(running.rule.code, other.organisation_id, other.day_zero, item.received_at)
            deadlines.move_deadline(
                running.pk, due_on=time.due_on, due_at=time.due_at, working=time.working, reason=item.number
            )


def _to_nothing(report: Reported, outcome: str, password: str, *, by: User, at: datetime, why: str) -> None:
    """Not valid, or not to be reported. What was a new malignancy is never ended without a signature."""
    item, signature = report.item, None
    malignancy = item.kind == InboxItem.Kind.MALIGNANCY
    if malignancy:
        check_may(by, "case.stand_down", item.organisation_id)
    if malignancy or outcome == ItemState.NOT_REPORTABLE:
        signature = _signed(item, outcome, password, by=by, why=why)
    _end(report, outcome, by=by, at=at, why=why, signature=signature)


def stand_down(*, by: User, password: str, item_id: UUID, reason: str, version: int | None = None) -> Reported:
    """A suspicion was none: signed, with its reason. Its clocks end, and samples nobody has touched are withdrawn.

    Raises Conflict where it was triaged already or is confirmed; NotAllowed for a wrong password (field password).
    """
    item = locked(InboxItem, item_id, version=version)
    check_may(by, "case.stand_down", item.organisation_id)
    if item.malignancy != Malignancy.SUSPECTED or item.state != ItemState.NEW:
        raise Conflict(_("Only a suspicion that still stands can be stood down."), code="triaged")
    why = refuse_empty(fits(reason, "reason"))
    with writing_for(item.organisation_id, reason=why):
        report, at = Reported(item=item, case=item.case), clock.now()
        signature = _signed(item, ItemState.STOOD_DOWN, password, by=by, why=why)
        _end(report, ItemState.STOOD_DOWN, by=by, at=at, why=why, signature=signature)
        end_looking(item, at=at)
    return report


def _signed(item: InboxItem, outcome: str, password: str, *, by: User, why: str) -> Signature:
    content = {"number": item.number, "outcome": str(outcome), "reason": why} | versions.content_of(item)
    return sign(
        by=by,
        password=password,
        record=item,
        act=str(outcome),
        meaning=Signature.Meaning.REVIEWED,
        content=content,
        reason=why,
    )


def _end(report: Reported, outcome: str, *, by: User, at: datetime, why: str, signature: Signature | None) -> None:
    """The report ends here: its clocks, its case and its process with it."""
    item = report.item
    if item.case is not None:
        case = locked(Case, item.case.pk)
        shared.move_case(case, Case.State.NULLIFIED, by=by, at=at, reason=why, signature=signature)
        shared.save(case, "state")
        _cancel(item, case.pk, reason=why)
        report.case = case
    fields = shared.move_item(item, outcome, by=by, at=at, reason=why, signature=signature)
    shared.save(item, *fields)
    _cancel(item, item.pk, reason=why)
    merging.close_process(item, by=by, at=at, reason=why)


def _cancel(item: InboxItem, subject: UUID, *, reason: str) -> None:
    for running in clocks.running(item.organisation_id, [subject], clocks.REPORTING):
        deadlines.cancel_deadline(running.pk, reason=reason)


def _end_reporting(item: InboxItem, *, reason: str) -> None:
    """The other report's clocks run instead."""
    for running in clocks.running(item.organisation_id, [item.pk], clocks.REPORTING):
        deadlines.supersede_deadline(running.pk, reason=reason)
