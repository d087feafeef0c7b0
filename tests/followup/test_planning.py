"""Lines open at the first infusion, stay planned ahead, and never forget the next visit nor invent a late one."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from pv.accounts.context import acting_as
from pv.accounts.models import SYSTEM, User
from pv.core import clock
from pv.core.errors import MissingRule
from pv.deadlines.models import Alarm, Deadline
from pv.followup import services
from pv.followup.models import DutyLine, Line, Visit
from pv.followup.tasks import plan
from pv.patients import services as patients
from pv.patients.models import Patient
from pv.products.models import Product
from tests.followup.conftest import Infused, line_of, states, visit_of
from tests.support.factories import (
    PatientFactory,
    PlannedVisitFactory,
    ProductFactory,
    TreatmentFactory,
    VisitPlanFactory,
)

pytestmark = pytest.mark.django_db


def planned(patient: Patient, line: str) -> list[str]:
    return [code for code, state in states(patient, line).items() if state == "planned"]


def test_the_first_infusion_opens_both_lines(infused: Infused, as_recorder: User) -> None:
    patient = infused(0)
    protocol, lifelong = line_of(patient, "protocol"), line_of(patient, "lifelong")
    today = clock.today()
    assert (protocol.starts_on, protocol.joined_on) == (today, today)
    assert protocol.ends_on is not None
    assert protocol.ends_on.year == today.year + 15
    assert lifelong.ends_on is None
    assert protocol.rule is not None
    assert (protocol.rule.code, lifelong.rule.code) == ("CN-LTFU-INT", "CN-LIFE")
    assert planned(patient, "protocol") == ["M1", "M3", "M6", "M9", "M12"]
    assert planned(patient, "lifelong") == ["Y1"]
    assert protocol.owner == as_recorder


def test_each_planned_visit_has_its_clock(infused: Infused, as_recorder: User) -> None:
    patient = infused(0)
    for visit in Visit.objects.filter(patient=patient):
        one = Deadline.objects.get(subject=visit.pk)
        assert (one.kind, one.due_on, one.basis) == (f"visit_{visit.line}", visit.closes_on, "internal")
        assert (one.patient_id, one.centre_id, one.assignee) == (patient.pk, patient.centre_id, as_recorder)
        assert (
            one.working
            == f"{clock.today()}, {visit.code}: {visit.due_on} + {(visit.closes_on - visit.due_on).days} days"
        )
        assert Alarm.objects.filter(deadline=one).exists()


def test_a_second_infusion_opens_no_second_line(infused: Infused, as_recorder: User) -> None:
    patient = infused(200)
    patients.record_treatment(
        by=as_recorder, patient_id=patient.pk, product_id=ProductFactory().pk, indication="LBCL",
        infused_on=clock.today(),
    )  # fmt: skip
    assert DutyLine.objects.filter(patient=patient).count() == 2


def test_a_late_joiner_owes_nothing_from_before(as_recorder: User, holder_a: UUID, product: Product) -> None:
    three_years_ago = clock.today() - timedelta(days=3 * 365)
    patient = patients.register_patient(by=as_recorder, organisation=holder_a, code="L-1")
    patients.record_treatment(
        by=as_recorder, patient_id=patient.pk, product_id=product.pk, indication="LBCL", infused_on=three_years_ago
    )
    visits = Visit.objects.filter(patient=patient)
    assert visits.exists()
    assert not visits.filter(closes_on__lt=clock.today()).exists(), "nothing is born late"
    assert not Deadline.objects.filter(patient_id=patient.pk).late(clock.now()).exists()
    assert line_of(patient, "protocol").joined_on == clock.today()
    for line in Line:
        assert planned(patient, line)


def test_who_is_loaded_later_with_a_date_owes_what_came_since(infused: Infused, as_recorder: User) -> None:
    patient = infused(1000, since=clock.today() - timedelta(days=400))
    codes = planned(patient, "protocol")
    assert "M18" not in codes
    assert codes[0] == "M24", "its window was open when the patient came to us"


def test_planning_again_adds_nothing(infused: Infused, as_recorder: User) -> None:
    patient = infused(100)
    before = Visit.objects.count()
    assert services.plan_visits([patient.pk]) == []
    assert services.plan_visits([patient.pk, patient.pk]) == []
    assert Visit.objects.count() == before


def test_further_ahead_when_asked(infused: Infused, as_recorder: User) -> None:
    patient = infused(0)
    added = services.plan_visits([patient.pk], until=clock.today() + timedelta(days=16 * 366))
    assert planned(patient, "protocol")[-1] == "Y15"
    assert added
    assert services.plan_visits([patient.pk], until=clock.today() + timedelta(days=16 * 366)) == []


@pytest.mark.parametrize("days", [14 * 365, 15 * 365 + 30, 16 * 365])
def test_the_protocol_ends_with_its_years_and_monitoring_goes_on(
    infused: Infused, as_recorder: User, days: int
) -> None:
    patient = infused(days, since=clock.today())
    assert bool(planned(patient, "protocol")) == (days < 15 * 365 + 60)
    assert planned(patient, "lifelong")


def test_the_31st_and_the_29th_of_february(infused: Infused, as_recorder: User) -> None:
    patient = infused(on=date(2024, 2, 29))
    assert visit_of(patient, "M12").due_on == date(2025, 2, 28)
    patient = infused(on=date(2025, 1, 31))
    assert [visit_of(patient, code).due_on.isoformat() for code in ("M1", "M3", "M6")] == [
        "2025-02-28",
        "2025-04-30",
        "2025-07-31",
    ]


def test_hundreds_are_planned_in_few_questions(
    infused: Infused, as_recorder: User, django_assert_max_num_queries
) -> None:
    several = [infused(0).pk for _ in range(6)]
    with django_assert_max_num_queries(22):
        added = services.plan_visits(several, until=clock.today() + timedelta(days=1200))
    assert len(added) >= 6 * 4


# --- plans
def test_the_organisations_own_plan_wins(product: Product, holder_a: UUID, as_recorder: User) -> None:
    assert services.plan_for(product, holder_a).code == "integrating"
    own = VisitPlanFactory(protocol_years=2)
    VisitPlanFactory(organisation_id=holder_a, code=own.code, version=2)
    assert services.plan_for(product, holder_a).version == 2


def test_a_plan_with_a_lifelong_line_only_opens_no_other(as_recorder: User, infused: Infused) -> None:
    own = VisitPlanFactory()
    PlannedVisitFactory(plan=own, line=Line.LIFELONG, code="Y1", months=12, repeat_months=12)
    patient = infused(0)
    assert list(DutyLine.objects.filter(patient=patient).values_list("line", flat=True)) == ["lifelong"]


@pytest.mark.parametrize("unclear", [{"integrating": "unknown"}, {"integrating": "no"}])
def test_no_plan_is_a_question_and_stops_no_infusion(
    infused: Infused, as_recorder: User, holder_a: UUID, unclear: dict[str, str]
) -> None:
    product = ProductFactory(**unclear)
    with pytest.raises(MissingRule):
        services.plan_for(product, holder_a)
    patient = infused(10, product=product)
    assert not DutyLine.objects.filter(patient=patient).exists()
    assert [one.pk for one in services.unplanned([holder_a])] == [patient.pk]


def test_once_the_product_is_described_the_daily_round_opens_the_lines(
    infused: Infused, recorder: User, holder_a: UUID
) -> None:
    product = ProductFactory(integrating="unknown")
    patient = infused(10, product=product)
    with acting_as(recorder, organisation=holder_a):
        Product.objects.filter(pk=product.pk).update(integrating="yes")
    plan()
    plan()
    with acting_as(SYSTEM, organisation=holder_a):
        assert set(states(patient, "protocol")) == {"M1", "M3", "M6", "M9", "M12"}
        assert not services.unplanned([holder_a]).exists()


def test_the_daily_round_moves_the_horizon_and_one_who_cannot_be_planned_stops_nobody(
    infused: Infused, recorder: User, holder_a: UUID, holder_b: UUID, move_clock
) -> None:
    patient = infused(0)
    TreatmentFactory(organisation_id=holder_b, product=ProductFactory(organisation_id=holder_b, integrating="unknown"))
    move_clock(timedelta(days=200))
    plan()
    with acting_as(SYSTEM, organisation=holder_a):
        assert "M18" in states(patient)
        assert "Y1" in states(patient, "lifelong")


@pytest.mark.parametrize("state", ["reported_dead", "died"])
def test_nobody_is_planned_for_the_dead(infused: Infused, as_recorder: User, state: str) -> None:
    patient = infused(0)
    Patient.objects.filter(pk=patient.pk).update(state=state)
    assert services.plan_visits([patient.pk], until=clock.today() + timedelta(days=2000)) == []


def test_another_holders_patients_are_not_planned(infused: Infused, as_recorder: User, holder_b: UUID) -> None:
    assert services.plan_visits([PatientFactory(organisation_id=holder_b).pk]) == []
