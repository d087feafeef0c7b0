"""Open questions, and the one that matters most: which patient a report is about."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from pv.accounts.context import writing_for
from pv.accounts.models import User
from pv.accounts.policy import can
from pv.accounts.roles import Role
from pv.accounts.rows import locked, own
from pv.accounts.services import access_of, check_may
from pv.biosamples import services as biosamples
from pv.core import clock
from pv.core.errors import Conflict, DomainError, NotFound
from pv.core.typed import said
from pv.deadlines.models import Deadline
from pv.patients.models import Patient
from pv.safety.models import Case, InboxItem, MalignancyProcess, Question
from pv.safety.rules import ItemState
from pv.safety.services import shared
from pv.safety.services.opening import Facts, Reported, ask_for_samples, reported_already
from pv.safety.services.reporting import last_infusion

What = Question.What


def match_patient(*, by: User, item_id: UUID, patient_id: UUID, version: int | None = None) -> Reported:
    """Say whom a report is about: its clocks, case, process and sampling requests get the patient, retained material
    is put on hold. Raises Conflict where another patient is matched already.
    """
    item = locked(InboxItem, item_id, version=version)
    check_may(by, "intake.write", item.organisation_id)
    patient = own(Patient, item.organisation_id, patient_id)
    if item.patient_id == patient.pk:
        return Reported(item=item, case=item.case, again=True)
    if item.patient_id is not None:
        raise Conflict(_("Another patient is matched already."))
    with writing_for(item.organisation_id):
        at, report = clock.now(), Reported(item=item, case=item.case)
        item.patient, item.treatment = patient, last_infusion(patient)
        if item.product_id is None and item.treatment:
            item.product_id = item.treatment.product_id
        shared.save(item, "patient", "treatment", "product")
        shared.note(item, "matched", by=by, at=at, new=patient.code)
        _to_case_and_process(item)
        _to_clocks(item)
        answered = [What.NO_PATIENT, *([What.NO_PRODUCT] if item.product_id else [])]
        shared.answer(item, answered, by=by, at=at, words=patient.code)
        report.questions = shared.ask(item, _asked_now(item, patient, by=by))
    return report


def _to_case_and_process(item: InboxItem) -> None:
    if item.case_id:
        case = locked(Case, item.case_id)
        if case.patient_id is None:
            case.patient_id, case.product_id = item.patient_id, case.product_id or item.product_id
            shared.save(case, "patient", "product")
    mine = MalignancyProcess.objects.for_organisations([item.organisation_id]).filter(item=item)
    for process in mine.select_for_update(no_key=True):
        process.patient_id = item.patient_id
        shared.save(process, "patient")


def _to_clocks(item: InboxItem) -> None:
    """The facets by which lists find them; no clock moves."""
    subjects = [item.pk, *([item.case_id] if item.case_id else [])]
    mine = Deadline.objects.for_organisations([item.organisation_id]).filter(subject__in=subjects, closed_at=None)
    for clock_of_it in mine.select_for_update(no_key=True):
        clock_of_it.patient_id, clock_of_it.product_id = item.patient_id, clock_of_it.product_id or item.product_id
        clock_of_it.centre_id = item.patient.centre_id if item.patient else None
        clock_of_it.save(update_fields=["patient_id", "product_id", "centre_id"])


def _asked_now(item: InboxItem, patient: Patient, *, by: User) -> list[tuple[str, str]]:
    asked: list[tuple[str, str]] = []
    if item.kind != InboxItem.Kind.MALIGNANCY:
        return asked
    facts = Facts(
        organisation=item.organisation_id, kind=item.kind, source=item.source, submission=item.submission,
        diagnosis=item.diagnosis, known_to_holder_on=item.known_to_holder_on, lineage=item.lineage,
        patient=patient,
    )  # fmt: skip
    if same := reported_already(facts):
        asked.append((What.DUPLICATE, shared.numbers_of(same)))
    if item.state not in (ItemState.NEW, ItemState.CASE):
        return asked
    try:
        with transaction.atomic():
            biosamples.attach_patient(cause=item.pk, patient_id=patient.pk, by=by)
    except NotFound:
        return [*asked, *ask_for_samples(Reported(item=item, case=item.case), by=by)]  # no plan answered before
    except DomainError as error:
        asked.append((What.NO_RETAIN, error.message))
    return asked


def answer_question(*, by: User, question_id: UUID, answer: str, version: int | None = None) -> Question:
    """Answer an open question: by whom it is asked of, or who may triage. Raises Conflict where it is answered."""
    question = locked(Question, question_id, version=version)
    access = access_of(by)
    if Role(question.for_role) not in access.roles.get(question.organisation_id, ()) and not can(
        access, "case.triage", question.organisation_id
    ):
        check_may(by, "case.triage", question.organisation_id)
    if question.answered_at is not None:
        raise Conflict(_("This question is answered already."))
    words = said(answer, "answer")
    with writing_for(question.organisation_id):
        question.answered_at, question.answered_by, question.answer = clock.now(), by, words
        shared.save(question, "answered_at", "answered_by", "answer")
    return question
