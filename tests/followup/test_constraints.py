"""What the database itself refuses, whoever writes."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from pv.accounts.context import acting_as
from pv.accounts.models import PUBLIC_ORGANISATION, SYSTEM
from pv.followup.models import (
    ContactAttempt,
    DutyLine,
    Excuse,
    PlannedVisit,
    ReportedEvent,
    Visit,
    VisitPlan,
    VisitRecord,
)
from tests.support.factories import (
    ContactAttemptFactory,
    DutyLineFactory,
    ExcuseFactory,
    PatientFactory,
    PlannedVisitFactory,
    ReportedEventFactory,
    TreatmentFactory,
    VisitFactory,
    VisitPlanFactory,
    VisitRecordFactory,
)

pytestmark = pytest.mark.django_db

D = date(2026, 1, 9)


def twice(factory: Any, **more: Any) -> None:
    for _ in range(2):
        factory(**more)


BROKEN: list[tuple[str, Callable[[], Any]]] = [
    ("visit_plan_version_stated_once", lambda: twice(VisitPlanFactory, code="p")),
    ("visit_plan_has_years", lambda: VisitPlanFactory(protocol_years=0)),
    ("planned_visit_position_once", lambda: twice(PlannedVisitFactory, plan=VisitPlanFactory(), position=1)),
    ("planned_visit_code_once", lambda: twice(PlannedVisitFactory, plan=VisitPlanFactory())),
    ("planned_visit_is_due_in_its_window", lambda: PlannedVisitFactory(grace_days=20, late_days=10)),
    ("each_duty_line_once_a_patient", lambda: twice(DutyLineFactory, treatment=TreatmentFactory())),
    ("lifelong_monitoring_never_ends", lambda: DutyLineFactory(line="lifelong")),
    ("protocol_follow_up_has_its_years", lambda: DutyLineFactory(starts_on=D, ends_on=D)),
    ("visit_once_in_its_place", lambda: twice(VisitFactory, duty_line=DutyLineFactory(), sequence=1)),
    ("visit_code_once_a_line", lambda: twice(VisitFactory, duty_line=DutyLineFactory(), code="M1")),
    ("visit_dates_in_order", lambda: VisitFactory(closes_on=D)),
    ("visit_done_says_when", lambda: VisitFactory(state="done")),
    ("visit_record_saved_once_a_submission", lambda: twice(VisitRecordFactory, submission=uuid4())),
    ("visit_record_seen_and_precision_together", lambda: VisitRecordFactory(seen_precision="")),
    ("visit_record_onset_and_precision_together", lambda: VisitRecordFactory(onset_on=D)),
    ("visit_record_death_and_precision_together", lambda: VisitRecordFactory(died_precision="day")),
    ("visit_record_seen_unless_missed", lambda: VisitRecordFactory(seen_on=None, seen_precision="")),
    ("visit_record_missed_says_why", lambda: VisitRecordFactory(kind="missed")),
    ("visit_record_malignancy_is_named", lambda: VisitRecordFactory(malignancy="suspected", lineage="t_cell")),
    ("visit_record_ecog_from_0_to_5", lambda: VisitRecordFactory(ecog=6)),
    ("reported_event_onset_and_precision_together", lambda: ReportedEventFactory(onset_on=D)),
    ("reported_event_grade_from_1_to_5", lambda: ReportedEventFactory(grade=0)),
]
MODELS = (VisitPlan, PlannedVisit, DutyLine, Visit, VisitRecord, ReportedEvent, ContactAttempt, Excuse)


@pytest.mark.parametrize(("name", "make"), BROKEN, ids=[one[0] for one in BROKEN])
def test_a_broken_constraint_is_named(name: str, make: Callable[[], Any]) -> None:
    with pytest.raises(IntegrityError, match=name):
        make()


def test_every_constraint_is_broken_once() -> None:
    declared = {one.name for model in MODELS for one in model._meta.constraints}
    assert declared <= {name for name, _make in BROKEN}


@pytest.mark.parametrize(
    ("constraint", "make"),
    [
        ("plannedvisit_plan_id", lambda b: PlannedVisitFactory(plan=VisitPlanFactory(organisation_id=b))),
        ("dutyline_patient_id", lambda b: DutyLineFactory(patient=PatientFactory(organisation_id=b))),
        ("dutyline_treatment_id", lambda b: DutyLineFactory(
            treatment=TreatmentFactory(organisation_id=b), patient=PatientFactory())),
        ("visit_duty_line_id", lambda b: VisitFactory(
            duty_line=DutyLineFactory(organisation_id=b), patient=PatientFactory())),
        ("visitrecord_patient_id", lambda b: VisitRecordFactory(patient=PatientFactory(organisation_id=b))),
        ("visitrecord_visit_id", lambda b: VisitRecordFactory(visit=VisitFactory(organisation_id=b))),
        ("visitrecord_corrects_id", lambda b: VisitRecordFactory(corrects=VisitRecordFactory(organisation_id=b))),
        ("reportedevent_record_id", lambda b: ReportedEventFactory(record=VisitRecordFactory(organisation_id=b))),
        ("contactattempt_visit_id", lambda b: ContactAttemptFactory(visit=VisitFactory(organisation_id=b))),
        ("excuse_visit_id", lambda b: ExcuseFactory(visit=VisitFactory(organisation_id=b))),
    ],
)  # fmt: skip
def test_a_child_cannot_name_another_holders_parent(
    holder_b: UUID, constraint: str, make: Callable[[UUID], Any]
) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        make(holder_b)


def test_another_holders_plan_cannot_be_followed(holder_b: UUID) -> None:
    with pytest.raises(IntegrityError, match="no such row in this organisation"):
        DutyLineFactory(plan=VisitPlanFactory(organisation_id=holder_b))


@pytest.mark.parametrize("factory", [VisitRecordFactory, ReportedEventFactory, ContactAttemptFactory, ExcuseFactory])
def test_the_ledgers_are_only_added_to(factory: Any, holder_a: UUID) -> None:
    row = factory()
    mine = type(row).objects.filter(pk=row.pk)
    later = row.created_at + timedelta(days=1)
    with acting_as(SYSTEM, organisation=holder_a):
        for attempt in (lambda: mine.update(created_at=later), lambda: mine._raw_delete(mine.db)):
            with pytest.raises(DatabaseError, match=r"only ever added to|permission denied"), transaction.atomic():
                attempt()


def test_nobody_but_the_loader_writes_shared_plans(holder_a: UUID) -> None:
    with acting_as(SYSTEM, organisation=holder_a), pytest.raises(DatabaseError), transaction.atomic():
        VisitPlan.objects.create(
            organisation_id=PUBLIC_ORGANISATION, code="x", name_en="x", name_zh="x", protocol_years=1, source="x"
        )


def test_the_other_holder_sees_nothing(holder_b: UUID) -> None:
    ReportedEventFactory(), ContactAttemptFactory(), ExcuseFactory(), PlannedVisitFactory()
    with acting_as(SYSTEM, organisation=holder_b):
        for model in MODELS:
            assert not model.objects.exclude(organisation_id=PUBLIC_ORGANISATION).exists()


def test_a_malignancy_needs_its_inbox_item_at_the_commit() -> None:
    """The room's own ledger cannot hold one that nobody was told of (pv.safety guards it with a deferred trigger)."""

    def write_and_ask() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            VisitRecordFactory(malignancy="confirmed", diagnosis="T-cell lymphoma", lineage="t_cell")
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    with pytest.raises(IntegrityError, match="needs its inbox item"):
        write_and_ask()
