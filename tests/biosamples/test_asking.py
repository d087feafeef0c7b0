"""A malignancy asks for samples: requests, clocks, hold; and all of it can be stood down again."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from pv.accounts.context import acting_as
from pv.accounts.models import SYSTEM, User
from pv.accounts.roles import Role
from pv.biosamples import services
from pv.biosamples.models import CustodyEvent, Instruction, SamplingPlan, SamplingRequest, Specimen
from pv.core import clock
from pv.core.days import Duration, Unit, add
from pv.core.errors import Conflict, DomainError, MissingRule, NotAllowed, NotFound
from pv.deadlines import expectations
from pv.deadlines.kinds import path_of, title_of
from pv.deadlines.models import Alarm, Deadline
from pv.patients.models import Patient
from tests.biosamples.conftest import Asker, running
from tests.support.factories import (
    PatientFactory,
    PlanItemFactory,
    SamplingPlanFactory,
    SpecimenFactory,
    TreatmentFactory,
)
from tests.support.people import make_user, setting_up

pytestmark = pytest.mark.django_db


def states(requests: list[SamplingRequest]) -> set[str]:
    return {one.state for one in requests}


def months_after(day: date, months: int) -> date:
    return add(day, Duration(months, Unit.MONTHS))


def test_a_t_cell_malignancy_asks_for_everything_of_its_plan(ask: Asker, patient: Patient, holder_a: UUID) -> None:
    requests, today = ask(), clock.today()
    assert [one.timing for one in requests] == ["before_treatment"] * 5 + ["at_event"] * 5 + ["after_event"] * 3
    assert states(requests) == {"open"}
    assert {one.patient_id for one in requests} == {patient.pk}
    assert {one.due_on for one in requests[:10]} == {today + timedelta(days=7)}
    assert [one.due_on for one in requests[10:]] == [months_after(today, n) for n in (1, 3, 6)]
    assert requests[0].working == f"{today} + 7 days"
    assert requests[-1].working == f"{today} + 6 months"


def test_clocks_run_for_what_is_required_and_for_the_instruction(ask: Asker, patient: Patient, holder_a: UUID) -> None:
    requests, now = ask(), clock.now()
    with setting_up():
        assert {kind: len(days) for kind, days in running().items()} == {
            "sample_collection": 11,  # the vector's retain and marrow are not required
            "sample_instruction": 1,
        }
        clocks = {one.subject: one for one in Deadline.objects.all()}
        assert Alarm.objects.count() == len(clocks)
        tumour = next(one for one in requests if one.material == "tumour_ffpe" and one.timing == "at_event")
        found = clocks[tumour.pk]
        assert (found.basis, found.rule.code, found.due_on) == ("internal", "CN-SPM-SAMPLE-COLL", tumour.due_on)
        assert title_of(found) == "IN-260213-K7QA: Tissue of the new tumour, in paraffin"
        assert path_of(found) == f"/samples/requests/{tumour.pk}/"
        assert (found.patient_id, found.centre_id) == (patient.pk, patient.centre_id)
        assert found.product_id == patient.treatments.get().product_id
        instruction = clocks[tumour.cause]
        assert instruction.rule.code == "CN-SPM-SAMPLE-INSTR"
        assert timedelta(hours=48) - timedelta(minutes=1) < instruction.due_at - now <= timedelta(hours=48)
        assert path_of(instruction) == f"/samples/advice/{tumour.cause}/"
        later = clocks[requests[-1].pk]
        assert (later.basis, later.rule, later.due_on) == ("internal", None, requests[-1].due_on)


def test_an_instruction_of_a_day_that_is_over_counts_from_its_midnight(ask: Asker, cause: UUID) -> None:
    yesterday = clock.today() - timedelta(days=1)
    ask(day_zero=yesterday)
    midnight = datetime.combine(clock.today(), datetime.min.time(), ZoneInfo("Asia/Shanghai"))
    with setting_up():
        assert Instruction.objects.get(cause=cause).due_at == midnight + timedelta(hours=48)


def test_an_instruction_counts_from_the_hour_that_is_said(ask: Asker, cause: UUID) -> None:
    heard = datetime(2026, 2, 13, 10, 40, tzinfo=UTC)
    ask(day_zero=date(2026, 2, 13), from_at=heard)
    with setting_up():
        asked = Instruction.objects.get(cause=cause)
        assert asked.due_at == heard + timedelta(hours=48)
        assert asked.working == "2026-02-13 10:40 UTC + 48 hours"
        assert Deadline.objects.get(subject=cause).due_at == asked.due_at


def test_what_is_retained_is_put_on_hold_and_meets_what_is_asked(ask: Asker, patient: Patient, cause: UUID) -> None:
    tube, again = SpecimenFactory(patient=patient), SpecimenFactory(patient=patient)
    spoilt = SpecimenFactory(patient=patient, material="product", compromised=True)
    others = [
        SpecimenFactory(patient=patient, state="exhausted"),
        SpecimenFactory(patient=patient, event=True),
        SpecimenFactory(),
    ]
    requests = ask()
    met = [one for one in requests if one.state == "met"]
    assert [one.material for one in met] == ["apheresis"]
    with setting_up():
        for one in (tube, again, spoilt):
            one.refresh_from_db()
            assert (one.on_hold, one.hold_cause, one.version) == (True, cause, 2)
            assert services.differs(one) == {}
            entry = CustodyEvent.objects.get(specimen=one, what="held")
            assert (entry.no, entry.cause, entry.note) == (2, cause, "IN-260213-K7QA")
        assert (tube.request, again.request, spoilt.request) == (met[0], met[0], None)
        for one in others:
            one.refresh_from_db()
            assert not one.on_hold
        assert not Deadline.objects.filter(subject=met[0].pk).exists()


def test_asking_twice_asks_once(ask: Asker, patient: Patient) -> None:
    tube = SpecimenFactory(patient=patient)
    first = ask()
    assert [one.pk for one in ask()] == [one.pk for one in first]
    with setting_up():
        assert Deadline.objects.count() == 11
        assert CustodyEvent.objects.filter(specimen=tube).count() == 2


def test_a_second_cause_holds_beside_the_first(ask: Asker, patient: Patient, head: User, holder_a: UUID) -> None:
    tube, first, second = SpecimenFactory(patient=patient), uuid4(), uuid4()
    ask(cause=first), ask(cause=second)
    with acting_as(head, organisation=holder_a):
        services.stand_down_requests(cause=second, by=head, reason="the same tumour, reported twice")
        tube.refresh_from_db()
        assert (tube.on_hold, tube.hold_cause) == (True, first)
        services.stand_down_requests(cause=first, by=head, reason="inflammation")
        tube.refresh_from_db()
        assert (tube.on_hold, tube.hold_cause) == (False, None)
        assert services.differs(tube) == {}


def test_another_lineage_adds_only_what_its_plan_asks_besides(ask: Asker, cause: UUID) -> None:
    before = ask(lineage="unknown")
    after = ask(lineage="t_cell")
    assert len(before) == 8
    assert len(after) == 13
    with setting_up():
        assert Instruction.objects.get(cause=cause).lineage == "t_cell"
        assert SamplingRequest.objects.filter(timing="at_event", material="blood").count() == 1
    assert len(ask(lineage="solid")) == 13


@pytest.mark.parametrize(("lineage", "count"), [("b_cell", 6), ("myeloid", 6), ("solid", 6), ("unknown", 8)])
def test_every_lineage_has_its_plan(ask: Asker, lineage: str, count: int) -> None:
    assert len(ask(lineage=lineage)) == count


def test_a_holders_own_plan_goes_before_the_shared_one(ask: Asker, holder_a: UUID, holder_b: UUID) -> None:
    own = PlanItemFactory(plan=SamplingPlanFactory(version=1))
    newer = PlanItemFactory(plan=SamplingPlanFactory(code=own.plan.code, version=2))
    PlanItemFactory(organisation_id=holder_b, plan__version=9)
    assert [one.item_id for one in ask()] == [newer.pk]


def test_without_a_plan_or_rule_nothing_is_written(ask: Asker, patient: Patient) -> None:
    tube = SpecimenFactory(patient=patient)
    with pytest.raises(MissingRule):
        ask(lineage="none_such")
    PlanItemFactory(collect_rule="NO-SUCH-RULE")
    with pytest.raises(MissingRule):
        ask()
    with setting_up():
        tube.refresh_from_db()
        assert not tube.on_hold
        assert not SamplingRequest.objects.exists()
        assert not Instruction.objects.exists()


def test_what_fails_behind_a_savepoint_leaves_the_report(ask: Asker, head: User, holder_a: UUID) -> None:
    PlanItemFactory(collect_rule="NO-SUCH-RULE")
    with acting_as(head, organisation=holder_a):
        report = PatientFactory.build(organisation_id=holder_a, centre=None, code="REPORT", in_care_since=clock.today())
        report.save(force_insert=True)
        with pytest.raises(MissingRule), transaction.atomic():
            ask()
        assert Patient.objects.filter(code="REPORT").exists()


def test_whoever_takes_the_report_asks_and_others_do_not(ask: Asker) -> None:
    assert ask(by=make_user(Role.RECORDER))
    with pytest.raises(NotAllowed):
        ask(by=make_user(Role.INSPECTOR), cause=uuid4())


def test_another_holders_patient_is_not_there(ask: Asker, holder_b: UUID) -> None:
    with pytest.raises(NotFound):
        ask(patient_id=PatientFactory(organisation_id=holder_b).pk)


def test_a_half_known_patient_is_asked_of_and_matched_later(
    ask: Asker, patient: Patient, cause: UUID, head: User, holder_a: UUID, stranger: Patient
) -> None:
    tube = SpecimenFactory(patient=patient)
    requests = ask(patient_id=None)
    assert {one.patient_id for one in requests} == {None}
    with acting_as(head, organisation=holder_a):
        assert not Deadline.objects.exclude(patient_id=None).exists()
        with pytest.raises(Conflict):
            services.collect(by=head, code="T-1", request_id=requests[5].pk)
        services.attach_patient(cause=cause, patient_id=patient.pk, by=head)
        services.attach_patient(cause=cause, patient_id=patient.pk, by=head)
        tube.refresh_from_db()
        assert (tube.on_hold, tube.events) == (True, 2)
        apheresis = SamplingRequest.objects.get(material="apheresis")
        assert (apheresis.state, tube.request) == ("met", apheresis)
        assert Deadline.objects.get(subject=apheresis.pk).outcome == "met"
        assert set(Deadline.objects.filter(closed_at=None).values_list("patient_id", "centre_id")) == {
            (patient.pk, patient.centre_id)
        }
        assert services.collect(by=head, code="T-1", request_id=requests[5].pk).patient == patient
        with pytest.raises(Conflict):  # somebody has acted on them
            services.attach_patient(cause=cause, patient_id=stranger.pk, by=head)
        with pytest.raises(NotFound):
            services.attach_patient(cause=uuid4(), patient_id=patient.pk, by=head)
        assert expectations.differences(holder_a) == []


def test_a_report_matched_to_the_wrong_patient_is_matched_again(
    ask: Asker, patient: Patient, stranger: Patient, cause: UUID, head: User, holder_a: UUID
) -> None:
    wrong, right = SpecimenFactory(patient=patient), SpecimenFactory(patient=stranger, material="product")
    ask()
    with acting_as(head, organisation=holder_a):
        services.attach_patient(cause=cause, patient_id=stranger.pk, by=head)
        for one, held in ((wrong, False), (right, True)):
            one.refresh_from_db()
            assert (one.on_hold, services.differs(one)) == (held, {})
        assert wrong.request is None
        states_of = dict(SamplingRequest.objects.filter(timing="before_treatment").values_list("material", "state"))
        assert (states_of["apheresis"], states_of["product"]) == ("open", "met")
        assert set(SamplingRequest.objects.values_list("patient", flat=True)) == {stranger.pk}
        assert set(Deadline.objects.filter(closed_at=None).values_list("patient_id", flat=True)) == {stranger.pk}
        assert expectations.differences(holder_a) == []


def test_standing_down_cancels_what_is_open_and_keeps_what_was_done(
    ask: Asker, patient: Patient, cause: UUID, head: User, holder_a: UUID
) -> None:
    tube = SpecimenFactory(patient=patient)
    requests = ask()
    tumour, blood = requests[5], requests[8]
    with acting_as(head, organisation=holder_a):
        services.collect(by=head, code="T-1", request_id=tumour.pk)
        services.not_available(by=head, request_id=blood.pk, reason="refused")
        cancelled = services.stand_down_requests(cause=cause, by=head, reason="benign on review")
        assert len(cancelled) == 10
        assert {(one.state, one.reason) for one in cancelled} == {("cancelled", "benign on review")}
        left = SamplingRequest.objects.exclude(state="cancelled").values_list("material", "state")
        assert sorted(left) == [("apheresis", "met"), ("blood", "not_available"), ("tumour_ffpe", "met")]
        assert running() == {}
        assert set(Deadline.objects.values_list("outcome", flat=True)) == {"cancelled", "met"}
        tube.refresh_from_db()
        assert not tube.on_hold
        assert expectations.differences(holder_a) == []
        assert services.stand_down_requests(cause=uuid4(), by=head, reason="x") == []
        with pytest.raises(DomainError) as refused:
            services.stand_down_requests(cause=cause, by=head, reason=" ")
        assert refused.value.field == "reason"


def test_after_a_stand_down_it_can_be_asked_again(ask: Asker, cause: UUID, head: User, holder_a: UUID) -> None:
    first = ask()
    with acting_as(head, organisation=holder_a):
        services.stand_down_requests(cause=cause, by=head, reason="benign on review")
        assert {one.state for one in SamplingRequest.objects.all()} == {"cancelled"}
    again = ask()
    assert [one.pk for one in again] == [one.pk for one in first]
    assert states(again) == {"open"}
    with acting_as(head, organisation=holder_a):
        assert {kind: len(days) for kind, days in running().items()} == {
            "sample_collection": 11,
            "sample_instruction": 1,
        }
        assert expectations.differences(holder_a) == []


def test_only_who_triages_stands_down(ask: Asker, cause: UUID, as_manager: User) -> None:
    ask()
    with pytest.raises(NotAllowed):
        services.stand_down_requests(cause=cause, by=as_manager, reason="x")


def test_the_written_instruction_meets_its_clock_once(ask: Asker, cause: UUID, head: User, holder_a: UUID) -> None:
    ask()
    with acting_as(head, organisation=holder_a):
        sent = clock.now() - timedelta(minutes=5)
        given = services.instruction_given(cause=cause, by=head, at=sent)
        assert (given.given_at, given.given_by) == (sent, head)
        assert services.instruction_given(cause=cause, by=head).given_at == sent
        met = Deadline.objects.get(subject=cause)
        assert (met.outcome, met.met_at) == ("met", sent)
        with pytest.raises(NotFound):
            services.instruction_given(cause=uuid4(), by=head)


def test_an_instruction_is_not_given_tomorrow(ask: Asker, cause: UUID, head: User, holder_a: UUID) -> None:
    ask()
    with acting_as(head, organisation=holder_a), pytest.raises(DomainError) as refused:
        services.instruction_given(cause=cause, by=head, at=clock.now() + timedelta(days=1))
    assert refused.value.field == "at"


def test_advice_follows_the_cause_or_the_lineage(ask: Asker, cause: UUID, as_manager: User, holder_a: UUID) -> None:
    with pytest.raises(NotFound):
        services.advice(organisation=holder_a, cause=cause)
    ask(lineage="solid")
    for items in (
        services.advice(organisation=holder_a, cause=cause),
        services.advice(organisation=holder_a, lineage="solid"),
    ):
        assert [one.position for one in items] == [1, 2, 3, 4, 5, 6]
        assert all(one.what_en and one.what_zh and one.handling_zh for one in items)


def test_the_other_holder_sees_nothing_of_it(ask: Asker, cause: UUID, patient: Patient, holder_b: UUID) -> None:
    SpecimenFactory(patient=patient), ask()
    rival = make_user(Role.PV_HEAD, organisation=holder_b)
    with acting_as(rival, organisation=holder_b):
        for model in (Instruction, SamplingRequest, Specimen, CustodyEvent):
            assert not model.objects.exists()
        assert SamplingPlan.objects.count() == 3  # the shared ones
        assert services.stand_down_requests(cause=cause, by=rival, reason="x") == []
        for act in (
            lambda: services.instruction_given(cause=cause, by=rival),
            lambda: services.attach_patient(cause=cause, patient_id=patient.pk, by=rival),
        ):
            with pytest.raises(NotFound):
                act()


def test_asking_takes_few_queries_however_much_there_is(ask: Asker, patient: Patient) -> None:
    for _ in range(6):
        SpecimenFactory(patient=patient)
        SpecimenFactory(patient=patient, material="product", held=False)
    with CaptureQueriesContext(connection) as queries:
        ask()
    # begin, who acts, and back again are the test's own context
    assert len(queries) <= 34, [one["sql"][:120] for one in queries]


def test_the_system_of_another_day_computes_by_the_rule_of_that_day(ask: Asker) -> None:
    requests = ask(day_zero=date(2026, 2, 13))
    assert requests[0].due_on == date(2026, 2, 20)
    assert [one.due_on for one in requests[10:]] == [date(2026, 3, 13), date(2026, 5, 13), date(2026, 8, 13)]
    with acting_as(SYSTEM, organisation=requests[0].organisation_id):
        assert Deadline.objects.get(subject=requests[0].pk).original_due_on == date(2026, 2, 20)


def test_a_patient_without_treatment_is_asked_of_all_the_same(ask: Asker) -> None:
    assert ask(patient_id=PatientFactory(centre=None).pk)
    assert ask(cause=uuid4(), patient_id=TreatmentFactory(ordered=True).patient.pk)
