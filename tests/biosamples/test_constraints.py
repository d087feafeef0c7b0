"""What the database itself refuses, whoever writes."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from pv.accounts.context import acting_as
from pv.accounts.models import SYSTEM
from pv.biosamples.models import CustodyEvent, Instruction, Loan, SamplingPlan, SamplingRequest, Specimen
from pv.core import clock
from tests.support.factories import (
    CustodyEventFactory,
    InstructionFactory,
    LoanFactory,
    PartyFactory,
    PatientFactory,
    PlanItemFactory,
    RuleFactory,
    SamplingPlanFactory,
    SamplingRequestFactory,
    SpecimenFactory,
    TreatmentFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


def twice(make: Callable[..., Any], *names: str, **given: Any) -> None:
    first = make(**given)
    make(**{name: getattr(first, name) for name in names})


def entry(**more: Any) -> Any:
    return CustodyEventFactory(specimen=SpecimenFactory(), no=2, change=0, **more)


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("sampling_plan_version_stated_once", lambda: twice(SamplingPlanFactory, "code")),
        ("plan_item_position_once", lambda: twice(PlanItemFactory, "plan", "position")),
        ("plan_item_has_a_rule_or_months", lambda: PlanItemFactory(collect_rule="")),
        ("one_sampling_instruction_a_cause", lambda: twice(InstructionFactory, "cause")),
        ("sampling_instruction_given_at_and_by_together", lambda: InstructionFactory(given_at=clock.now())),
        ("sampling_instruction_given_at_and_by_together", lambda: InstructionFactory(given_by=UserFactory())),
        ("sampling_instruction_stood_down_says_why", lambda: InstructionFactory(ended_at=clock.now())),
        ("each_item_asked_for_once_a_cause", lambda: twice(SamplingRequestFactory, "cause", "item")),
        ("sampling_request_ended_says_when", lambda: SamplingRequestFactory(state="met")),
        ("sampling_request_ended_says_when", lambda: SamplingRequestFactory(ended_at=clock.now())),
        *(("sampling_request_ended_otherwise_says_why", lambda it=it: SamplingRequestFactory(met=True, state=it))
          for it in ("cancelled", "not_available", "at_site")),
        ("specimen_code_once_in_an_organisation", lambda: twice(SpecimenFactory, "code")),
        ("specimen_collected_and_precision_together", lambda: SpecimenFactory(collected_precision="")),
        ("specimen_quantity_never_negative", lambda: SpecimenFactory(quantity=-1, first_entry=None)),
        ("specimen_quantity_and_unit_together", lambda: SpecimenFactory(unit="")),
        ("specimen_quantity_and_unit_together", lambda: SpecimenFactory(quantity=None)),
        ("specimen_on_hold_is_not_destroyed", lambda: SpecimenFactory(held=True, state="disposed")),
        ("specimen_on_hold_says_why", lambda: SpecimenFactory(on_hold=True)),
        ("custody_without_gap_or_fork", lambda: CustodyEventFactory(specimen=SpecimenFactory())),
        ("custody_quantity_never_negative", lambda: entry(what="analysed", quantity_after=-1)),
        ("custody_hold_says_why", lambda: entry(what="held")),
        ("custody_hold_says_why", lambda: entry(what="released")),
        ("custody_excursion_says_how_long", lambda: entry(what="excursion", celsius=-20)),
        ("custody_excursion_says_how_long", lambda: entry(what="excursion", minutes=5)),
        ("loan_returns_after_it_was_lent", lambda: LoanFactory(return_by=clock.today() - timedelta(days=90))),
        ("loan_returned_after_it_was_lent", lambda: LoanFactory(returned_on=clock.today() - timedelta(days=90))),
        ("loan_has_pieces", lambda: LoanFactory(pieces=0)),
    ],
)  # fmt: skip
def test_a_broken_constraint_is_named(name: str, make: Callable[[], Any]) -> None:
    with pytest.raises(IntegrityError, match=name):
        make()


def test_two_holders_may_use_the_same_number(holder_b: UUID) -> None:
    SpecimenFactory(code="S"), SpecimenFactory(code="S", organisation_id=holder_b)


@pytest.mark.parametrize(
    ("constraint", "make"),
    [
        ("specimen_patient_id", lambda b: SpecimenFactory(patient=PatientFactory(organisation_id=b))),
        ("specimen_treatment_id", lambda b: SpecimenFactory(treatment=TreatmentFactory(organisation_id=b))),
        ("specimen_request_id", lambda b: SpecimenFactory(request=SamplingRequestFactory(organisation_id=b))),
        ("specimen_parent_id", lambda b: SpecimenFactory(parent=SpecimenFactory(organisation_id=b))),
        ("specimen_holder_id", lambda b: SpecimenFactory(holder=PartyFactory(organisation_id=b), first_entry=None)),
        ("custodyevent_specimen_id", lambda b: CustodyEventFactory(specimen=SpecimenFactory(organisation_id=b), no=2)),
        ("custodyevent_to_holder_id", lambda b: entry(to_holder=PartyFactory(organisation_id=b))),
        ("custodyevent_from_holder_id", lambda b: entry(from_holder=PartyFactory(organisation_id=b))),
        ("instruction_patient_id", lambda b: InstructionFactory(patient=PatientFactory(organisation_id=b))),
        ("samplingrequest_patient_id", lambda b: SamplingRequestFactory(patient=PatientFactory(organisation_id=b))),
        ("loan_patient_id", lambda b: LoanFactory(patient=PatientFactory(organisation_id=b))),
        ("loan_lender_id", lambda b: LoanFactory(lender=PartyFactory(organisation_id=b))),
        ("loan_request_id", lambda b: LoanFactory(request=SamplingRequestFactory(organisation_id=b))),
    ],
)  # fmt: skip
def test_a_child_cannot_name_another_holders_parent(
    holder_b: UUID, constraint: str, make: Callable[[UUID], Any]
) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        make(holder_b)


@pytest.mark.parametrize(
    "make",
    [
        lambda b: InstructionFactory(plan=SamplingPlanFactory(organisation_id=b)),
        lambda b: InstructionFactory(rule=RuleFactory(organisation_id=b)),
        lambda b: SamplingRequestFactory(item=PlanItemFactory(organisation_id=b)),
        lambda b: SamplingRequestFactory(rule=RuleFactory(organisation_id=b)),
    ],
)
def test_another_holders_plan_or_rule_cannot_be_named(holder_b: UUID, make: Callable[[UUID], Any]) -> None:
    with pytest.raises(IntegrityError, match="no such row in this organisation"):
        make(holder_b)


def test_the_ledger_is_only_added_to(holder_a: UUID) -> None:
    tube = SpecimenFactory()
    with acting_as(SYSTEM, organisation=holder_a):
        entries = CustodyEvent.objects.filter(specimen=tube)
        for attempt in (lambda: entries.update(place="elsewhere"), lambda: entries.delete()):
            with pytest.raises(DatabaseError, match=r"only ever added to|permission denied"), transaction.atomic():
                attempt()


@pytest.mark.parametrize(
    "factory", [SamplingPlanFactory, InstructionFactory, SamplingRequestFactory, SpecimenFactory, LoanFactory]
)
def test_nothing_of_record_is_deleted_or_moved_to_another_holder(
    factory: Callable[[], Any], holder_a: UUID, holder_b: UUID
) -> None:
    row = factory()
    mine = type(row).objects.filter(pk=row.pk)
    with acting_as(SYSTEM, organisation=holder_a, organisations=[holder_b]):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            mine._raw_delete(mine.db)
        with pytest.raises(DatabaseError, match=r"identity of a row never changes|row-level"), transaction.atomic():
            mine.update(organisation_id=holder_b)


def test_the_other_holder_sees_nothing(holder_a: UUID, holder_b: UUID) -> None:
    SpecimenFactory(request=SamplingRequestFactory()), LoanFactory(), InstructionFactory()
    with acting_as(SYSTEM, organisation=holder_b):
        for model in (Specimen, CustodyEvent, SamplingRequest, Instruction, Loan):
            assert not model.objects.exists()
        assert not SamplingPlan.objects.for_organisations([holder_a]).exists()


def test_the_shared_plans_are_written_by_their_loader_alone(holder_a: UUID) -> None:
    with acting_as(SYSTEM, organisation=holder_a):
        shared = SamplingPlan.objects.get(code="t_cell")
        with pytest.raises(DatabaseError, match="row-level"), transaction.atomic():
            SamplingPlan.objects.filter(pk=shared.pk).update(name_en="mine")
        with pytest.raises(DatabaseError), transaction.atomic():
            SamplingPlan.objects.create(
                organisation_id=shared.organisation_id, code=uuid4().hex, name_en="x", name_zh="x", source="x",
                lineages=["t_cell"],
            )  # fmt: skip
