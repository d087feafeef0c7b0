"""check_deadlines knows what ought to be open here, and can set it right."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from pv.accounts.context import acting_as
from pv.accounts.models import SYSTEM, User
from pv.biosamples import services
from pv.biosamples.models import Instruction, Loan, SamplingRequest
from pv.core import clock
from pv.deadlines import expectations
from pv.deadlines import services as deadlines
from pv.deadlines.models import Deadline
from pv.patients.models import Patient
from tests.biosamples.conftest import Asker
from tests.support.factories import DeadlineFactory, InstructionFactory, LoanFactory, SamplingRequestFactory

pytestmark = pytest.mark.django_db
KINDS = {"sample_collection", "sample_instruction", "sample_return"}


def found(organisation: UUID) -> list[tuple[str, str]]:
    return sorted((one.kind, one.what) for one in expectations.differences(organisation) if one.kind in KINDS)


def repair(organisation: UUID) -> None:
    with acting_as(SYSTEM, organisation=organisation, job="check_deadlines"):
        for difference in expectations.differences(organisation):
            expectations.repair(organisation, difference)


def test_services_leave_nothing_to_say(ask: Asker, as_head: User, cause: UUID, patient: Patient) -> None:
    requests, today = ask(), clock.today()
    services.collect(by=as_head, code="T-1", request_id=requests[5].pk)
    services.meet_at_site(by=as_head, request_id=requests[6].pk, reason="stained there")
    services.not_available(by=as_head, request_id=requests[0].pk, reason="used up")
    services.instruction_given(cause=cause, by=as_head)
    ask(cause=uuid4(), lineage="solid", patient_id=None)
    loan = LoanFactory(patient=patient)
    repair(patient.organisation_id)
    services.return_loan(by=as_head, loan_id=loan.pk, returned_on=today)
    assert found(patient.organisation_id) == []


def test_a_fact_without_a_clock_is_missing_one(as_head: User, holder_a: UUID) -> None:
    wanted = [SamplingRequestFactory(), InstructionFactory(), LoanFactory()]
    SamplingRequestFactory(item__required=False), SamplingRequestFactory(met=True)
    InstructionFactory(given_at=clock.now(), given_by=as_head), LoanFactory(returned=True)
    assert found(holder_a) == [(kind, "missing") for kind in sorted(KINDS)]
    repair(holder_a)
    assert found(holder_a) == []
    subjects = {wanted[0].pk, wanted[1].cause, wanted[2].pk}
    assert set(Deadline.objects.filter(closed_at=None).values_list("subject", flat=True)) == subjects


def test_a_clock_on_another_day_is_moved(as_head: User, holder_a: UUID) -> None:
    request, instruction, loan = SamplingRequestFactory(), InstructionFactory(), LoanFactory()
    repair(holder_a)
    for one in Deadline.objects.filter(closed_at=None):
        if one.kind == "sample_instruction":
            deadlines.move_deadline(one.pk, due_at=one.due_at + timedelta(days=9))
        else:
            deadlines.move_deadline(one.pk, due_on=one.due_on + timedelta(days=9))
    assert found(holder_a) == [(kind, "another day") for kind in sorted(KINDS)]
    repair(holder_a)
    assert found(holder_a) == []
    due = {one.kind: one for one in Deadline.objects.filter(closed_at=None)}
    assert due["sample_instruction"].due_at == instruction.due_at
    assert (due["sample_collection"].due_on, due["sample_return"].due_on) == (request.due_on, loan.return_by)


def test_a_clock_whose_fact_is_over_is_met_and_one_without_a_fact_cancelled(as_head: User, holder_a: UUID) -> None:
    request, instruction, loan = SamplingRequestFactory(), InstructionFactory(), LoanFactory()
    dropped = SamplingRequestFactory()
    repair(holder_a)
    now = clock.now()
    SamplingRequest.objects.filter(pk=request.pk).update(state="met", ended_at=now)
    SamplingRequest.objects.filter(pk=dropped.pk).update(state="cancelled", ended_at=now, reason="benign")
    Instruction.objects.filter(pk=instruction.pk).update(given_at=now, given_by=as_head)
    Loan.objects.filter(pk=loan.pk).update(returned_on=clock.today())
    lost = [DeadlineFactory(kind=kind) for kind in sorted(KINDS)]
    assert [what for _kind, what in found(holder_a)] == ["left over"] * 7
    repair(holder_a)
    assert found(holder_a) == []
    outcomes = {one.subject: one.outcome for one in Deadline.objects.all()}
    assert outcomes == {
        request.pk: "met", instruction.cause: "met", loan.pk: "met", dropped.pk: "cancelled",
        **{one.subject: "cancelled" for one in lost},
    }  # fmt: skip


def test_the_words_of_a_repaired_clock_name_the_report(ask: Asker, as_head: User, holder_a: UUID) -> None:
    request = ask()[5]
    clock_of = Deadline.objects.get(subject=request.pk)
    deadlines.cancel_deadline(clock_of.pk, reason="by mistake")
    repair(holder_a)
    again = Deadline.objects.get(subject=request.pk, closed_at=None)
    assert (again.args, again.working, again.rule) == (clock_of.args, clock_of.working, clock_of.rule)
