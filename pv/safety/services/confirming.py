"""A suspicion that pathology confirms: the case with its legal clocks, from the day 0 that was kept."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from pv.accounts.context import writing_for
from pv.accounts.models import User
from pv.accounts.rows import locked
from pv.accounts.services import check_may
from pv.core import clock
from pv.core.errors import Conflict, DomainError
from pv.core.partial import PartialDate
from pv.core.partial_columns import stored
from pv.core.typed import has_begun, one_of, said
from pv.deadlines import services as deadlines
from pv.safety import clocks, numbering
from pv.safety.models import Case, InboxItem, MalignancyProcess, Question
from pv.safety.rules import ItemState, times_of_a_case
from pv.safety.services import shared, versions
from pv.safety.services.opening import Reported, ask_for_samples
from pv.terminology.clinical import Lineage, Malignancy

STANDING = (ItemState.NEW, ItemState.CASE)


def confirm_suspicion(
    *,
    by: User,
    item_id: UUID,
    diagnosis: str,
    lineage: str,
    onset: PartialDate | None = None,
    version: int | None = None,
) -> Reported:
    """Pathology confirms a suspected malignancy: it becomes a case, and is triaged by that.

    Raises Conflict where it is confirmed or ended already; DomainError naming the field that must change.
    """
    item = locked(InboxItem, item_id, version=version)
    check_may(by, "case.triage", item.organisation_id)
    if item.malignancy != Malignancy.SUSPECTED or item.state not in STANDING:
        raise Conflict(_("Only a suspicion that still stands can be confirmed."))
    words = said(diagnosis, "diagnosis", most=300)
    one_of(Lineage.values, lineage, "lineage")
    if onset:
        has_begun(onset, "onset")
    with writing_for(item.organisation_id):
        now = clock.now()
        report = make_confirmed(item, by=by, at=now, diagnosis=words, lineage=lineage, onset=onset)
        if item.state == ItemState.NEW:
            fields = shared.move_item(item, ItemState.CASE, by=by, at=now)
            shared.save(item, *fields)
            end_looking(item, at=now)
            triaged(report.case, by=by, at=now)
    return report


def make_confirmed(
    item: InboxItem, *, by: User, at: datetime, diagnosis: str, lineage: str, onset: PartialDate | None
) -> Reported:
    """Confirm an item that is locked already, without triaging it: its case, process, clocks and samples."""
    report = Reported(item=item, case=item.case)
    before = item.lineage
    item.malignancy, item.diagnosis, item.lineage = Malignancy.CONFIRMED, diagnosis, lineage
    if onset:
        item.onset_on, item.onset_precision = stored(onset)
    report.case = become_case(item, report, by=by, at=at, why="confirmed by pathology")
    shared.save(item, "malignancy", "diagnosis", "lineage", "onset_on", "onset_precision", "case")
    report.process = _confirm_process(item, report.case, by=by, at=at)
    if lineage != before:
        report.questions += shared.ask(item, ask_for_samples(report, by=by))
    return report


def become_case(item: InboxItem, report: Reported, *, by: User, at: datetime, why: str) -> Case:
    """The item's case, made now with its clocks, or as it stands with another version. The caller saves the item."""
    if item.case is None:
        case, report.version = versions.make_case(item, by=by, at=at)
        item.case = case
        duty = clocks.Duty.of_case(case, item)
        wanted = times_of_a_case(case.serious, [clocks.report_of(item)])
        opened = clocks.carry_over(item, duty, wanted, reason="carried over to the case")
        numbering.number_soon(item.organisation_id)
    else:
        case = locked(Case, item.case.pk)
        report.version = versions.next_version(
            case, versions.content_of(item), by=by, at=at, day_zero=clocks.legal_day_of(at), significant=True, why=why
        )
        shared.save(case, "versions")
        opened = clocks.open_follow_up(report.version, case, item)
    report.deadlines += opened.deadlines
    if opened.missing:
        report.questions += shared.ask(item, [(Question.What.NO_RULE, ", ".join(opened.missing))])
    return case


def _confirm_process(item: InboxItem, case: Case, *, by: User, at: datetime) -> MalignancyProcess | None:
    found = MalignancyProcess.objects.for_organisations([item.organisation_id]).filter(item=item)
    process: MalignancyProcess | None = found.select_for_update(no_key=True).first()
    if process:
        shared.note(process, "confirmed", by=by, at=at, old=process.status, new=Malignancy.CONFIRMED)
        process.status, process.case, process.lineage = Malignancy.CONFIRMED, case, item.lineage or Lineage.UNKNOWN
        shared.save(process, "status", "case", "lineage")
    return process


def end_looking(item: InboxItem, *, at: datetime) -> None:
    """Triage is done: it meets the triage clock, and whoever triages has taken it."""
    for running in clocks.running(item.organisation_id, [item.pk], (clocks.ACKNOWLEDGE.code, clocks.TRIAGE.code)):
        deadlines.meet_deadline(running.pk, met_at=at)


def triaged(case: Case | None, *, by: User, at: datetime) -> None:
    """A case whose report was triaged has left the door."""
    if case is not None and case.state == Case.State.RECEIVED:
        shared.move_case(case, Case.State.TRIAGED, by=by, at=at)
        shared.save(case, "state")


def refuse_empty(reason: str) -> str:
    """Whoever ends something says why."""
    if not reason.strip():
        raise DomainError(_("Please give a reason."), code="required", field="reason")
    return reason.strip()
