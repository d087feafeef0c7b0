"""The one way in: whatever is reported, by whichever door, goes through `open_report`.

What is saved is saved, and what is missing becomes a question beside it: no patient, plan, rule, date or consent delays
or refuses a report (practice 1). A new malignancy rings before this transaction ends, so that it is told without any
broker, worker or tick (invariant 4).
"""

import logging
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

import psycopg
from django.db import IntegrityError, transaction

from pv.accounts.context import writing_for
from pv.accounts.models import User
from pv.biosamples import services as biosamples
from pv.biosamples.models import SamplingRequest
from pv.core import clock
from pv.core.errors import MissingRule
from pv.core.partial import PartialDate, Precision
from pv.core.partial_columns import stored
from pv.deadlines.models import Deadline
from pv.followup.models import VisitRecord
from pv.notices import services as notices
from pv.patients.models import Patient, Treatment
from pv.safety import clocks, numbering
from pv.safety.models import Case, CaseVersion, InboxItem, MalignancyProcess, Question
from pv.safety.rules import day_zero, reporting_times, rings_at_once, times_of_a_case
from pv.safety.services import shared, versions
from pv.terminology.clinical import Causality, Lineage, Malignancy, Outcome, Serious, Timing

log = logging.getLogger(__name__)

ONCE = "inbox_item_once_a_submission_and_kind"
NUMBERED_ONCE = "inbox_number_once_in_an_organisation"
DRAWS = 8
What = Question.What


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """One report as it came in, checked already: who told what about whom, and who knew when."""

    organisation: UUID
    kind: str
    source: str
    submission: UUID
    diagnosis: str
    known_to_holder_on: date
    known_to_delegate_on: date | None = None
    known_to_site_on: date | None = None
    malignancy: str = Malignancy.NOT_ASKED
    lineage: str = ""
    record: VisitRecord | None = None
    event_id: UUID | None = None
    patient: Patient | None = None
    treatment: Treatment | None = None
    product_id: UUID | None = None
    product_text: str = ""
    patient_text: str = ""
    narrative: str = ""
    onset: PartialDate | None = None
    biopsy: str = ""
    biopsy_on: date | None = None
    treatment_planned_on: date | None = None
    seriousness: tuple[str, ...] = ()
    serious: bool = False
    outcome: str = Outcome.UNKNOWN
    reporter_causality: str = Causality.PENDING
    died: PartialDate | None = None
    death_cause: str = ""
    death_suspected: str = ""
    reporter_name: str = ""
    reporter_profession: str = ""
    reporter_institution: str = ""
    reporter_phone: str = ""
    reporter_consents: str = ""

    @property
    def is_malignancy(self) -> bool:
        return self.kind == InboxItem.Kind.MALIGNANCY

    @property
    def is_confirmed(self) -> bool:
        return self.is_malignancy and self.malignancy == Malignancy.CONFIRMED


@dataclass(slots=True)
class Reported:
    """What a report opened. `again`: it had been saved before, and nothing was opened twice."""

    item: InboxItem
    case: Case | None = None
    version: CaseVersion | None = None
    process: MalignancyProcess | None = None
    deadlines: list[Deadline] = field(default_factory=list)
    requests: list[SamplingRequest] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    again: bool = False


def open_report(facts: Facts, *, by: User) -> Reported:
    """Save a report with all that it opens, ring, and wake the tick. The same submission twice is one report."""
    with writing_for(facts.organisation):
        if found := _found(facts):
            return found
        now = clock.now()
        report = _written(facts, by=by, at=now)
        if report.again:
            return report
        asked = _missing(facts)
        asked += _start_clocks(report)
        _start_process(report, facts, by=by, at=now)
        if facts.is_malignancy:
            asked += ask_for_samples(report, by=by)
        shared.note(report.item, "opened", by=by, at=now, new=facts.malignancy if facts.is_malignancy else facts.kind)
        report.questions = shared.ask(report.item, asked, fresh=True)
        _ring(report)
    return report


def _found(facts: Facts) -> Reported | None:
    """What this very submission opened the first time."""
    mine = InboxItem.objects.for_organisations([facts.organisation])
    item = (
        mine.filter(submission=facts.submission, kind=facts.kind, reported_event=facts.event_id)
        .select_related("case", "patient", "product")
        .first()
    )
    if item is None:
        return None
    subjects = [item.pk, *([item.case_id] if item.case_id else [])]
    return Reported(
        item=item,
        case=item.case,
        version=versions.latest(item.case) if item.case else None,
        process=item.processes.first(),
        deadlines=list(
            Deadline.objects.for_organisations([facts.organisation]).filter(subject__in=subjects, closed_at=None)
        ),
        requests=list(SamplingRequest.objects.for_organisations([facts.organisation]).filter(cause=item.pk)),
        questions=list(item.questions.all()),
        again=True,
    )


def _written(facts: Facts, *, by: User, at: datetime) -> Reported:
    """The item, and the case of a confirmed malignancy with its first version. A number that is taken is drawn anew."""
    item = _item(facts, by=by, at=at)
    for _draw in range(DRAWS):
        item.number = numbering.draw_inbox_number(clocks.legal_day_of(at))
        try:
            with transaction.atomic():
                case, version = versions.make_case(item, by=by, at=at) if facts.is_confirmed else (None, None)
                item.case = case
                item.save(force_insert=True)
        except IntegrityError as error:
            broken = _constraint(error)
            if broken == ONCE and (found := _found(facts)):
                return found  # the same form sent twice at the same moment: the other one was faster
            if broken != NUMBERED_ONCE:
                raise
            continue
        if case:
            numbering.number_soon(facts.organisation)
        return Reported(item=item, case=case, version=version)
    raise RuntimeError("No free inbox number was drawn.")  # a million a day: something else is wrong


def _constraint(error: IntegrityError) -> str:
    cause = error.__cause__
    return (cause.diag.constraint_name or "") if isinstance(cause, psycopg.Error) else ""


def _item(facts: Facts, *, by: User, at: datetime) -> InboxItem:
    onset_on, onset_precision = stored(facts.onset)
    died_on, died_precision = stored(facts.died)
    seriousness = list(dict.fromkeys(facts.seriousness))
    if facts.is_malignancy and not seriousness:
        seriousness = [str(Serious.OTHER)]
    return InboxItem(
        organisation_id=facts.organisation,
        kind=facts.kind,
        source=facts.source,
        record=facts.record,
        reported_event=facts.event_id,
        patient=facts.patient,
        treatment=facts.treatment,
        product_id=facts.product_id or (facts.treatment.product_id if facts.treatment else None),
        product_text=facts.product_text,
        patient_text=facts.patient_text,
        malignancy=facts.malignancy,
        diagnosis=facts.diagnosis,
        lineage=facts.lineage,
        narrative=facts.narrative,
        onset_on=onset_on,
        onset_precision=onset_precision,
        biopsy=facts.biopsy,
        biopsy_on=facts.biopsy_on,
        treatment_planned_on=facts.treatment_planned_on,
        serious=facts.is_malignancy or facts.serious or bool(seriousness),
        seriousness=seriousness,
        outcome=facts.outcome,
        reporter_causality=facts.reporter_causality,
        died_on=died_on,
        died_precision=died_precision,
        death_cause=facts.death_cause,
        death_suspected=facts.death_suspected,
        reporter_name=facts.reporter_name,
        reporter_profession=facts.reporter_profession,
        reporter_institution=facts.reporter_institution,
        reporter_phone=facts.reporter_phone,
        reporter_consents=facts.reporter_consents,
        known_to_site_on=facts.known_to_site_on,
        known_to_delegate_on=facts.known_to_delegate_on,
        known_to_holder_on=facts.known_to_holder_on,
        day_zero=day_zero(facts.known_to_holder_on, facts.known_to_delegate_on),
        received_at=at,
        first_receiver=by,
        submission=facts.submission,
    )


def _missing(facts: Facts) -> list[tuple[str, str]]:
    """What somebody has to find out, beside the report."""
    asked: list[tuple[str, str]] = []
    if facts.patient is None:
        asked.append((What.NO_PATIENT, facts.patient_text))
    if facts.product_id is None and facts.treatment is None:
        asked.append((What.NO_PRODUCT, facts.product_text))
    if facts.onset and facts.onset.precision != Precision.DAY:
        asked.append((What.PARTIAL_DATE, str(facts.onset)))
    if facts.is_malignancy and (same := reported_already(facts)):
        asked.append((What.DUPLICATE, shared.numbers_of(same)))
    return asked


ENDED = ("duplicate", "not_valid", "stood_down", "not_reportable")


def reported_already(facts: Facts) -> list[InboxItem]:
    """Reports that may be about this tumour: the same patient, or the same call-back number, and lineages that fit."""
    mine = InboxItem.objects.for_organisations([facts.organisation]).filter(kind=InboxItem.Kind.MALIGNANCY)
    if facts.patient:
        mine = mine.filter(patient=facts.patient)
    elif facts.reporter_phone:
        mine = mine.filter(patient=None, reporter_phone=facts.reporter_phone)
    else:
        return []
    if facts.lineage not in ("", Lineage.UNKNOWN):
        mine = mine.filter(lineage__in=["", Lineage.UNKNOWN, facts.lineage])
    found = mine.exclude(submission=facts.submission).exclude(state__in=ENDED)
    return list(found.select_related("case").order_by("received_at")[:5])


def _start_clocks(report: Reported) -> list[tuple[str, str]]:
    """The clocks that make somebody look, and the reporting times: on the case where there is one."""
    facts = clocks.report_of(report.item)
    if report.case:
        duty = clocks.Duty.of_case(report.case, report.item)
        wanted = times_of_a_case(report.case.serious, [facts])
    else:
        duty, wanted = clocks.Duty.of_item(report.item), reporting_times(facts)
    asked = clocks.looking(report.item) + clocks.reporting(duty, wanted)
    opened = clocks.open_all(report.item.organisation_id, asked)
    report.deadlines = opened.deadlines
    return [(What.NO_RULE, ", ".join(opened.missing))] if opened.missing else []


def _start_process(report: Reported, facts: Facts, *, by: User, at: datetime) -> None:
    """The standard process of a new malignancy, suspected or confirmed."""
    if not facts.is_malignancy:
        return
    report.process = MalignancyProcess.objects.create(
        organisation_id=facts.organisation,
        item=report.item,
        case=report.case,
        patient=facts.patient,
        status=facts.malignancy,
        lineage=facts.lineage or Lineage.UNKNOWN,
        opened_at=at,
    )


def ask_for_samples(report: Reported, *, by: User) -> list[tuple[str, str]]:
    """Ask for the specimens of the plan, behind a savepoint. Whatever goes wrong there never takes the report back."""
    item = report.item
    try:
        with transaction.atomic():
            report.requests = biosamples.ask_for_samples(
                organisation=item.organisation_id,
                cause=item.pk,
                patient_id=item.patient_id,
                lineage=item.lineage or Lineage.UNKNOWN,
                day_zero=item.day_zero,
                by=by,
                words={"number": item.number},
            )
    except MissingRule as error:
        return [(What.NO_PLAN, error.message)]
    except Exception as error:  # a fault in another room is shown to a person; it must not refuse a legal report
        log.exception("samples could not be asked for", extra={"item": str(item.pk)})
        return [(What.NO_PLAN, type(error).__name__)]
    before = [one for one in report.requests if one.timing == Timing.BEFORE_TREATMENT]
    if item.patient_id and before and all(one.state == SamplingRequest.State.OPEN for one in before):
        return [(What.NO_RETAIN, "")]
    return []


def _ring(report: Reported) -> None:
    """The first notice stands before the commit; the rest is woken after it."""
    if rings_at_once(clocks.report_of(report.item)):
        urgent = [one.pk for one in report.deadlines if one.kind == clocks.ACKNOWLEDGE.code]
        notices.ring_now(urgent)
    notices.kick()
