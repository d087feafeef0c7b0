"""How requests end, what is borrowed from pathology, and whether there is a pair."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from pv.accounts.context import acting_as
from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.biosamples import services
from pv.biosamples.models import Loan, SamplingRequest
from pv.core import clock
from pv.core.errors import Conflict, NotAllowed, NotFound
from pv.deadlines.kinds import path_of, title_of
from pv.deadlines.models import Deadline
from pv.patients.models import Patient
from tests.biosamples.conftest import Asker, refusal
from tests.support.factories import (
    LoanFactory,
    PartyFactory,
    SamplingRequestFactory,
    SpecimenFactory,
)
from tests.support.people import make_user

pytestmark = pytest.mark.django_db


def test_a_test_at_the_site_meets_the_request(ask: Asker, as_manager: User) -> None:
    request, done = ask()[5], clock.now() - timedelta(hours=1)
    met = services.meet_at_site(by=as_manager, request_id=request.pk, reason="stained for CD3 and CAR", at=done)
    assert (met.state, met.reason, met.ended_at, met.touched) == ("at_site", "stained for CD3 and CAR", done, True)
    clock_of = Deadline.objects.get(subject=request.pk)
    assert (clock_of.outcome, clock_of.met_at) == ("met", done)
    block = services.collect(by=as_manager, code="T-1", request_id=request.pk)
    assert block.request == request  # sent later after all


def test_what_cannot_be_had_says_why_and_can_be_found_later(ask: Asker, as_manager: User, patient: Patient) -> None:
    request = ask()[0]
    gone = services.not_available(by=as_manager, request_id=request.pk, reason="used up at release")
    assert (gone.state, gone.reason) == ("not_available", "used up at release")
    assert Deadline.objects.get(subject=request.pk).outcome == "cancelled"
    tube = services.register_specimen(
        by=as_manager, organisation=patient.organisation_id, patient_id=patient.pk, code="S-1", request_id=request.pk,
        timing="before_treatment", material="apheresis", temperature="vapour",
    )  # fmt: skip
    request.refresh_from_db()
    assert (request.state, request.reason, tube.request, tube.on_hold) == ("met", "", request, True)


@pytest.mark.parametrize("act", [services.meet_at_site, services.not_available])
def test_an_answer_needs_its_reason_and_is_given_once(ask: Asker, as_manager: User, act: Any) -> None:
    request = ask()[5]
    assert refusal(lambda: act(by=as_manager, request_id=request.pk, reason=" ")).field == "reason"
    services.collect(by=as_manager, code="T-1", request_id=request.pk)
    refusal(lambda: act(by=as_manager, request_id=request.pk, reason="x"), Conflict)
    refusal(lambda: act(by=as_manager, request_id=request.pk, reason="x", version=1), Conflict)


def test_only_who_deals_with_samples_answers(ask: Asker, patient: Patient, holder_a: UUID) -> None:
    request, inspector = ask()[5], make_user(Role.INSPECTOR)
    with acting_as(inspector, organisation=holder_a):
        for act in (
            lambda: services.meet_at_site(by=inspector, request_id=request.pk, reason="x"),
            lambda: services.not_available(by=inspector, request_id=request.pk, reason="x"),
            lambda: services.collect(by=inspector, code="T", request_id=request.pk),
            lambda: lend(inspector, patient),
            lambda: services.return_loan(by=inspector, loan_id=LoanFactory().pk, returned_on=clock.today()),
        ):
            refusal(act, NotAllowed)


def test_another_holders_request_or_loan_is_not_there(as_manager: User, holder_b: UUID, patient: Patient) -> None:
    request, loan = SamplingRequestFactory(organisation_id=holder_b), LoanFactory(organisation_id=holder_b)
    for act in (
        lambda: services.meet_at_site(by=as_manager, request_id=request.pk, reason="x"),
        lambda: services.not_available(by=as_manager, request_id=request.pk, reason="x"),
        lambda: services.collect(by=as_manager, code="T", request_id=request.pk),
        lambda: services.return_loan(by=as_manager, loan_id=loan.pk, returned_on=clock.today()),
        lambda: lend(as_manager, patient, lender_id=loan.lender_id),
        lambda: lend(as_manager, patient, request_id=request.pk),
    ):
        refusal(act, NotFound)


# ---------------------------------------------------------------------------------------------- loans
def lend(by: User, patient: Patient, **changes: Any) -> Loan:
    today = clock.today()
    given = {
        "kind": "unstained",
        "borrower": "the patient's son, against ID",
        "lent_on": today,
        "return_by": today + timedelta(days=28),
        "pieces": 15,
        "deposit": Decimal("500"),
    } | changes
    lender = given.pop("lender_id", None) or PartyFactory(name_zh="第九医院").pk
    return services.lend(by=by, organisation=patient.organisation_id, patient_id=patient.pk, lender_id=lender, **given)


def test_what_is_borrowed_is_wanted_back(as_manager: User, patient: Patient) -> None:
    loan = lend(as_manager, patient)
    found = Deadline.objects.get(subject=loan.pk)
    assert (found.kind, found.basis, found.due_on) == ("sample_return", "contractual", loan.return_by)
    assert title_of(found) == f"{patient.code}: unstained sections back to {loan.lender.name}"
    assert path_of(found) == f"/samples/loans/{loan.pk}/"
    back = services.return_loan(by=as_manager, loan_id=loan.pk, returned_on=clock.today(), note="two slides broken")
    assert (back.returned_on, back.note, back.version) == (clock.today(), "two slides broken", 2)
    found.refresh_from_db()
    assert found.outcome == "met"
    refusal(lambda: services.return_loan(by=as_manager, loan_id=loan.pk, returned_on=clock.today()), Conflict)


def test_slides_in_hand_are_what_was_asked_for(ask: Asker, as_manager: User, patient: Patient) -> None:
    request, yesterday = ask()[5], clock.today() - timedelta(days=1)
    lend(as_manager, patient, request_id=request.pk, lent_on=yesterday)
    request.refresh_from_db()
    assert (request.state, request.touched) == ("met", True)
    assert Deadline.objects.get(subject=request.pk).outcome == "met"
    assert lend(as_manager, patient, request_id=request.pk, kind="stained").request == request


def test_nothing_is_lent_for_what_is_no_longer_asked(ask: Asker, cause: UUID, as_head: User, patient: Patient) -> None:
    request = ask()[5]
    services.stand_down_requests(cause=cause, by=as_head, reason="benign")
    refusal(lambda: lend(as_head, patient, request_id=request.pk), Conflict)
    assert not Loan.objects.exists()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "whole"}, "kind"),
        ({"borrower": ""}, "borrower"),
        ({"pieces": 0}, "pieces"),
        ({"pieces": -3}, "pieces"),
        ({"deposit": Decimal("-1")}, "deposit"),
        ({"deposit": Decimal("1e9")}, "deposit"),
        ({"lent_on": date(2190, 1, 1)}, "lent_on"),
        ({"return_by": date(2020, 1, 1)}, "return_by"),
        ({"return_by": date(9999, 1, 1)}, "return_by"),
        ({"pathology_number": "x" * 61}, "pathology_number"),
    ],
)
def test_what_is_wrong_with_a_loan_is_named(
    as_manager: User, patient: Patient, changes: dict[str, Any], field: str
) -> None:
    assert refusal(lambda: lend(as_manager, patient, **changes)).field == field
    assert not Loan.objects.exists()


def test_a_loan_goes_back_after_it_came(as_manager: User) -> None:
    loan = LoanFactory()
    for day in (loan.lent_on - timedelta(days=1), clock.today() + timedelta(days=1)):
        assert (
            refusal(lambda: services.return_loan(by=as_manager, loan_id=loan.pk, returned_on=day)).field  # noqa: B023
            == "returned_on"
        )


def test_a_loan_is_not_for_another_patients_request(as_manager: User, patient: Patient) -> None:
    request = SamplingRequestFactory()
    assert refusal(lambda: lend(as_manager, patient, request_id=request.pk)).field == "request_id"
    assert SamplingRequest.objects.get(pk=request.pk).state == "open"


# ---------------------------------------------------------------------------------------------- the pair
def test_a_pair_needs_one_usable_specimen_on_each_side(as_manager: User, patient: Patient) -> None:
    nothing = services.pair_of(patient)
    assert (nothing.before, nothing.after, nothing.ready) == ([], [], False)
    assert "neither" in str(nothing.words)
    spoilt = SpecimenFactory(patient=patient, compromised=True)
    empty = SpecimenFactory(patient=patient, quantity=0)
    tumour = SpecimenFactory(patient=patient, event=True)
    half = services.pair_of(patient)
    assert (set(half.before), half.after, half.ready) == ({spoilt, empty}, [tumour], False)
    assert "nothing usable from before" in str(half.words)
    tube = SpecimenFactory(patient=patient)
    assert services.pair_of(patient).ready
    services.move(by=as_manager, specimen_id=tumour.pk, what="lost")
    other = services.pair_of(patient)
    assert (tube in other.before, other.ready) == (True, False)
    assert "From before treatment only" in str(other.words)


def test_a_pair_is_one_patients(patient: Patient, as_manager: User, holder_b: UUID) -> None:
    SpecimenFactory(), SpecimenFactory(event=True), SpecimenFactory(organisation_id=holder_b)
    assert services.pair_of(patient).before == []


def test_a_pair_is_found_in_one_query(patient: Patient, as_manager: User, django_assert_num_queries: Any) -> None:
    for _ in range(4):
        SpecimenFactory(patient=patient, holder=PartyFactory())
    with django_assert_num_queries(1):
        assert [str(one.holder) for one in services.pair_of(patient).before]
