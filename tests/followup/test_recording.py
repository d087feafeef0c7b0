"""record_visits: what a record does to visits, clocks, the patient's life, and what it reveals."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pv.accounts.context import acting_as
from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.core import clock
from pv.core.errors import Conflict, DomainError, NotAllowed, NotFound
from pv.core.partial import PartialDate
from pv.deadlines.models import Alarm, Deadline
from pv.followup import ports
from pv.followup.models import ReportedEvent, Visit, VisitRecord
from pv.followup.ports import Trigger
from pv.followup.services import BadRecords, NewDeath, NewEvent, NewRecord, record_visits
from pv.patients import services as patients
from pv.patients.models import Patient, VitalStatus
from tests.followup.conftest import Infused, full, save, states, visit_of
from tests.support.factories import PatientFactory, ProductFactory
from tests.support.people import make_user

pytestmark = pytest.mark.django_db


def day(days_ago: int) -> date:
    return clock.today() - timedelta(days=days_ago)


def refused(by: User, *records: NewRecord) -> DomainError:
    """What the one refused record is told; nothing of it may stay."""
    before = VisitRecord.objects.count()
    with pytest.raises(DomainError) as refusal:
        save(by, *records)
    assert VisitRecord.objects.count() == before
    return refusal.value


# --- what it meets
def test_a_full_visit_meets_the_protocol_s_and_credits_lifelong_monitoring(
    infused: Infused, as_recorder: User, pulled: list[Trigger]
) -> None:
    visit = visit_of(infused(360), "M12")
    [answer] = save(as_recorder, full(visit, 3))
    assert {(one.line, one.code, one.state, one.seen_on) for one in answer.visits_met} == {
        ("protocol", "M12", "done", day(3)),
        ("lifelong", "Y1", "done", day(3)),
    }
    met = Deadline.objects.filter(subject__in=[one.pk for one in answer.visits_met])
    assert [(one.outcome, one.met_at.astimezone().date()) for one in met] == [("met", day(3))] * 2
    assert not Alarm.objects.filter(deadline__in=met).exists()
    assert pulled == []


def test_a_minimum_contact_credits_lifelong_monitoring_only(
    infused: Infused, as_recorder: User, pulled: list[Trigger]
) -> None:
    patient = infused(360)
    visit = visit_of(patient, "M12")
    [answer] = save(as_recorder, full(visit, kind="minimal", way="phone"))
    assert [(one.line, one.state) for one in answer.visits_met] == [("lifelong", "minimal")]
    assert states(patient)["M12"] == "planned"
    assert Deadline.objects.get(subject=visit.pk).closed_at is None
    assert answer.record.visit_id == visit.pk


def test_a_full_visit_after_the_minimum_contact_is_done_as_well(
    infused: Infused, as_recorder: User, pulled: list[Trigger]
) -> None:
    patient = infused(360)
    save(as_recorder, full(visit_of(patient, "Y1", "lifelong"), 5, kind="minimal"))
    save(as_recorder, full(visit_of(patient, "Y1", "lifelong"), 1))
    assert states(patient, "lifelong")["Y1"] == "done"
    assert states(patient)["M12"] == "done"


def test_without_a_visit_the_window_decides(infused: Infused, as_recorder: User, pulled: list[Trigger]) -> None:
    patient = infused(360)
    [answer] = save(as_recorder, full(None, 1, patient_id=patient.pk))
    assert {one.code for one in answer.visits_met} == {"M12", "Y1"}
    assert answer.visit is None


def test_outside_every_window_it_is_kept_and_meets_nothing(
    infused: Infused, as_recorder: User, pulled: list[Trigger]
) -> None:
    patient = infused(150)
    [answer] = save(as_recorder, full(None, 10, patient_id=patient.pk))
    assert answer.visits_met == []
    assert answer.record.pk is not None


def test_a_late_contact_answers_lifelong_monitoring_late(
    infused: Infused, as_recorder: User, pulled: list[Trigger]
) -> None:
    patient = infused(460)
    [answer] = save(as_recorder, full(None, 1, patient_id=patient.pk, kind="minimal"))
    [met] = answer.visits_met
    assert (met.code, met.state) == ("Y1", "minimal")
    clock_of_it = Deadline.objects.get(subject=met.pk)
    assert clock_of_it.met_at > clock_of_it.due_at, "late, and says so"


def test_a_missed_visit_says_why_and_its_clock_ends(infused: Infused, as_recorder: User, pulled: list[Trigger]) -> None:
    patient = infused(360)
    visit = visit_of(patient, "M12")
    missed = NewRecord(submission=uuid4(), kind="missed", visit_id=visit.pk, missed_reason="hospital closed")
    [answer] = save(as_recorder, missed)
    assert (answer.visits_met, states(patient)["M12"]) == ([], "missed")
    assert Deadline.objects.get(subject=visit.pk).outcome == "cancelled"
    save(as_recorder, full(visit, 1))
    assert states(patient)["M12"] == "recovered"


def test_a_visit_seen_outside_its_window_is_met_and_its_day_kept(
    infused: Infused, as_recorder: User, pulled: list[Trigger]
) -> None:
    patient = infused(395)
    visit = visit_of(patient, "M12")
    save(as_recorder, full(visit, 2))
    visit.refresh_from_db()
    assert (visit.state, visit.seen_on) == ("done", day(2))
    assert visit.seen_on > visit.closes_on


@pytest.mark.parametrize("kind", ["full", "minimal"])
def test_after_each_record_every_line_has_its_next_visit(
    infused: Infused, as_recorder: User, pulled: list[Trigger], kind: str
) -> None:
    patient = infused(360)
    for _ in range(3):
        save(as_recorder, full(None, 1, patient_id=patient.pk, kind=kind))
        for line in ("protocol", "lifelong"):
            assert "planned" in states(patient, line).values()


# --- once only
def test_the_same_submission_writes_once_and_is_answered_again(
    infused: Infused, as_recorder: User, pulled: list[Trigger]
) -> None:
    visit = visit_of(infused(360), "M12")
    new = full(visit, malignancy="confirmed", diagnosis="T-cell lymphoma", lineage="t_cell")
    [first], [again] = save(as_recorder, new), save(as_recorder, new)
    assert (first.again, again.again) == (False, True)
    assert first.record == again.record
    assert {one.pk for one in first.visits_met} == {one.pk for one in again.visits_met}
    assert (len(pulled), VisitRecord.objects.count()) == (1, 1)


def test_twice_in_one_batch_is_once(infused: Infused, as_recorder: User, pulled: list[Trigger]) -> None:
    new = full(visit_of(infused(360), "M12"))
    first, again = save(as_recorder, new, new)
    assert (first.again, again.again, first.record) == (False, True, again.record)


def test_a_submission_of_another_patient_is_refused(infused: Infused, as_recorder: User, pulled: list[Trigger]) -> None:
    new = full(visit_of(infused(360), "M12"))
    save(as_recorder, new)
    other = full(visit_of(infused(360), "M12"), submission=new.submission)
    assert refused(as_recorder, other).field == "submission"


def test_a_visit_recorded_already_is_a_conflict(infused: Infused, as_recorder: User, pulled: list[Trigger]) -> None:
    visit = visit_of(infused(360), "M12")
    save(as_recorder, full(visit))
    assert isinstance(refused(as_recorder, full(visit)), Conflict)


def test_who_saw_an_older_visit_is_told_so(infused: Infused, as_recorder: User, pulled: list[Trigger]) -> None:
    visit = visit_of(infused(360), "M12")
    missed = NewRecord(submission=uuid4(), kind="missed", visit_id=visit.pk, missed_reason="x", version=visit.version)
    save(as_recorder, missed)
    assert isinstance(refused(as_recorder, full(visit, version=visit.version)), Conflict)


# --- bad input
Wrong = tuple[dict[str, Any], str]
WRONG: list[Wrong] = [
    ({"seen": None}, "seen_on"),
    ({"seen": PartialDate(2199)}, "seen_on"),
    ({"seen": PartialDate(2001, 2, 3)}, "seen_on"),
    ({"kind": "half"}, "kind"),
    ({"way": "pigeon"}, "way"),
    ({"ecog": 6}, "ecog"),
    ({"ecog": -1}, "ecog"),
    ({"leukocytes": 10**9}, "leukocytes"),
    ({"malignancy": "confirmed", "lineage": "t_cell"}, "diagnosis"),
    ({"malignancy": "maybe"}, "malignancy"),
    ({"malignancy": "suspected", "diagnosis": "x", "lineage": "q"}, "lineage"),
    ({"malignancy": "suspected", "diagnosis": "x", "onset": PartialDate(2199)}, "onset_on"),
    ({"biopsy": "done", "biopsy_on": date(2199, 1, 1)}, "biopsy_on"),
    ({"known_to_holder_on": date(2199, 1, 1)}, "known_to_holder_on"),
    ({"known_to_site_on": date(2199, 1, 1)}, "known_to_site_on"),
    ({"death": NewDeath()}, "alive"),
    ({"alive": "no", "death": NewDeath(died=PartialDate(2199))}, "died_on"),
    ({"alive": "no", "death": NewDeath(died=PartialDate(2001))}, "died_on"),
    ({"alive": "no", "death": NewDeath(cause="x" * 301)}, "death_cause"),
    ({"reporter_name": "x" * 121}, "reporter_name"),
    ({"events": (NewEvent(kind="infection", verbatim=" "),)}, "events.0.verbatim"),
    ({"events": (NewEvent(kind="odd", verbatim="x"),)}, "events.0.kind"),
    ({"events": (NewEvent(kind="other", verbatim="x", grade=6),)}, "events.0.grade"),
    ({"events": (NewEvent(kind="other", verbatim="x", seriousness=("odd",)),)}, "events.0.seriousness"),
    ({"events": (NewEvent(kind="other", verbatim="x", onset=PartialDate(2199)),)}, "events.0.onset_on"),
    (
        {
            "events": (
                NewEvent(kind="other", verbatim="y"),
                NewEvent(kind="other", verbatim="x", hospital_from=date(2026, 2, 2), hospital_to=date(2026, 2, 1)),
            )
        },
        "events.1.hospital_to",
    ),
    ({"kind": "missed", "seen": None}, "missed_reason"),
    ({"kind": "missed", "missed_reason": "x"}, "seen_on"),
    ({"corrects_id": UUID(int=1)}, "corrects"),
]


@pytest.mark.parametrize(("wrong", "field"), WRONG, ids=[f"{at}-{one[1]}" for at, one in enumerate(WRONG)])
def test_what_cannot_be_is_refused_beside_its_field(
    infused: Infused, as_recorder: User, pulled: list[Trigger], wrong: dict[str, Any], field: str
) -> None:
    visit = visit_of(infused(360), "M12")
    assert refused(as_recorder, full(visit, **wrong)).field == field
    visit.refresh_from_db()
    assert (visit.state, visit.version, pulled) == ("planned", 1, [])


def test_a_day_before_the_infusion_names_the_infusion(
    infused: Infused, as_recorder: User, pulled: list[Trigger]
) -> None:
    patient = infused(20)
    assert refused(as_recorder, full(None, 21, patient_id=patient.pk)).field == "seen_on"
    [answer] = save(as_recorder, full(None, 20, patient_id=patient.pk))
    assert answer.record.seen_on == day(20)


def test_a_partial_day_that_may_lie_after_the_infusion_is_taken(
    infused: Infused, as_recorder: User, pulled: list[Trigger]
) -> None:
    patient = infused(360)
    known = PartialDate(day(360).year, day(360).month)
    [answer] = save(as_recorder, full(None, patient_id=patient.pk, seen=known))
    assert (answer.record.seen_precision, answer.record.seen_on) == ("month", known.earliest())


def test_a_day_of_another_visit_that_is_open_is_a_slip(
    infused: Infused, as_recorder: User, pulled: list[Trigger]
) -> None:
    patient = infused(360)
    wrong = full(visit_of(patient, "M18"), 1)
    assert refused(as_recorder, wrong).field == "seen_on"
    save(as_recorder, full(visit_of(patient, "M12"), 1))


def test_nobody_who_was_not_infused_is_followed(as_recorder: User, pulled: list[Trigger]) -> None:
    assert refused(as_recorder, full(None, patient_id=PatientFactory().pk)).field == "patient"


def test_a_visit_of_another_patient_and_no_patient_at_all_are_refused(
    infused: Infused, as_recorder: User, pulled: list[Trigger]
) -> None:
    visit, other = visit_of(infused(360), "M12"), infused(360)
    assert refused(as_recorder, full(visit, patient_id=other.pk)).field == "patient"
    assert refused(as_recorder, full(None)).field == "patient"
    assert refused(as_recorder, NewRecord(submission=uuid4(), kind="missed", patient_id=other.pk,
                                          missed_reason="x")).field == "visit"  # fmt: skip


def test_a_batch_is_all_or_nothing_and_names_every_bad_record(
    infused: Infused, as_recorder: User, pulled: list[Trigger]
) -> None:
    good, other = full(visit_of(infused(360), "M12")), visit_of(infused(360), "M12")
    bad = [full(other, seen=PartialDate(2199)), full(other, ecog=9)]
    found = refused(as_recorder, good, *bad)
    assert isinstance(found, BadRecords)
    assert {at: fault.field for at, fault in found.faults.items()} == {1: "seen_on", 2: "ecog"}
    assert set(Visit.objects.filter(code="M12").values_list("state", flat=True)) == {"planned"}


# --- life and death
def test_dead_at_a_visit_reports_the_death_in_the_same_transaction(
    infused: Infused, as_recorder: User, pulled: list[Trigger]
) -> None:
    patient = infused(360)
    told = NewDeath(died=PartialDate.of(day(5)), cause="sepsis", suspected="unknown", autopsy="no")
    contact = full(None, 1, patient_id=patient.pk, kind="minimal", way="phone", alive="no", death=told,
                   reporter_name="daughter")  # fmt: skip
    [answer] = save(as_recorder, contact)
    patient.refresh_from_db()
    assert (patient.state, patient.died_on) == ("reported_dead", day(5))
    row = VitalStatus.objects.get(patient=patient)
    assert (row.source, row.cause, row.suspected_reaction) == ("daughter", "sepsis", "unknown")
    assert [one.kind for one in pulled] == ["death"]
    assert pulled[0].patient.state == "reported_dead"
    assert answer.opened == ["death"]
    open_clocks = Deadline.objects.filter(patient_id=patient.pk, closed_at=None)
    assert not open_clocks.exists(), "nobody is asked to call the family"


def test_dead_without_any_detail_is_reported_all_the_same(
    infused: Infused, as_recorder: User, pulled: list[Trigger]
) -> None:
    patient = infused(360)
    save(as_recorder, full(None, 1, patient_id=patient.pk, kind="minimal", alive="no"))
    patient.refresh_from_db()
    assert (patient.state, patient.died_on) == ("reported_dead", None)


def test_a_visit_before_the_death_can_be_entered_later_and_one_after_it_not(
    infused: Infused, as_recorder: User, pv_head: User, holder_a: UUID, pulled: list[Trigger]
) -> None:
    patient = infused(370)
    visit = visit_of(patient, "M12")
    with acting_as(pv_head, organisation=holder_a):
        patients.verify_death(
            by=pv_head, patient_id=patient.pk, learned_on=day(1), source="certificate", died=PartialDate.of(day(8))
        )
    assert states(patient)["M12"] == "not_applicable", "due after the death"
    assert refused(as_recorder, full(visit, 7)).field == "seen_on"
    save(as_recorder, full(visit, 8))
    assert states(patient)["M12"] == "done"


def test_who_was_lost_and_is_seen_is_found(infused: Infused, as_recorder: User, pulled: list[Trigger]) -> None:
    patient = infused(360)
    patients.mark_lost(by=as_recorder, patient_id=patient.pk, learned_on=day(3), reason="three calls")
    save(as_recorder, full(visit_of(patient, "M12")))
    patient.refresh_from_db()
    assert patient.state == "active"
    assert VitalStatus.objects.filter(patient=patient).values_list("status", flat=True).last() == "found"


def test_a_missed_visit_finds_nobody(infused: Infused, as_recorder: User, pulled: list[Trigger]) -> None:
    patient = infused(360)
    patients.mark_lost(by=as_recorder, patient_id=patient.pk, learned_on=day(3), reason="three calls")
    save(as_recorder, NewRecord(submission=uuid4(), kind="missed", visit_id=visit_of(patient, "M12").pk,
                                missed_reason="lost", alive="unknown"))  # fmt: skip
    patient.refresh_from_db()
    assert patient.state == "lost"


def test_who_was_reported_dead_and_is_seen_is_noted_and_stays_so_until_it_is_signed(
    infused: Infused, as_recorder: User, pulled: list[Trigger]
) -> None:
    patient = infused(360)
    patients.report_death(
        by=as_recorder, patient_id=patient.pk, learned_on=day(4), source="x", died=PartialDate.of(day(6))
    )
    save(as_recorder, full(visit_of(patient, "M12"), 1))
    patient.refresh_from_db()
    assert patient.state == "reported_dead"
    assert VitalStatus.objects.filter(patient=patient, status="alive").exists()


# --- what it reveals
def kinds(pulled: Sequence[Trigger]) -> list[str]:
    return [str(one.kind) for one in pulled]


INFECTION = NewEvent(kind="infection", verbatim="pneumonia", seriousness=("hospitalisation",), grade=3)
PREGNANCY = NewEvent(kind="pregnancy", verbatim="partner pregnant")
NODE = {"diagnosis": "a node", "lineage": "t_cell"}


@pytest.mark.parametrize(
    ("said", "revealed"),
    [
        ({"malignancy": "no"}, []),
        ({"malignancy": "not_asked"}, []),
        ({"malignancy": "confirmed"} | NODE, ["malignancy"]),
        ({"malignancy": "suspected"} | NODE, ["malignancy"]),
        ({"malignancy": "relapse"}, ["relapse"]),
        ({"malignancy": "relapse", "biopsy": "planned"}, ["relapse"]),
        ({"malignancy": "relapse", "biopsy": "done"}, []),
        ({"events": (INFECTION, PREGNANCY)}, ["adverse_event", "pregnancy"]),
        ({"alive": "no"}, ["death"]),
        ({"malignancy": "confirmed", "alive": "no", "events": (INFECTION,)} | NODE,
         ["malignancy", "death", "adverse_event"]),
    ],
)  # fmt: skip
def test_each_thing_revealed_pulls_once(
    infused: Infused, as_recorder: User, pulled: list[Trigger], said: dict[str, Any], revealed: list[str]
) -> None:
    [answer] = save(as_recorder, full(visit_of(infused(360), "M12"), **said))
    assert kinds(pulled) == revealed
    assert answer.opened == revealed
    assert all(one.record == answer.record and not one.is_correction for one in pulled)
    events = [one.event for one in pulled if one.event is not None]
    assert events == list(ReportedEvent.objects.filter(record=answer.record).order_by("id"))


def test_a_lineage_that_was_not_given_is_not_known_yet(
    infused: Infused, as_recorder: User, pulled: list[Trigger]
) -> None:
    save(as_recorder, full(visit_of(infused(360), "M12"), malignancy="suspected", diagnosis="a node"))
    assert pulled[0].record.lineage == "unknown"


def test_the_treatment_is_the_last_infusion_before_the_visit(
    infused: Infused, as_recorder: User, pulled: list[Trigger]
) -> None:
    patient = infused(360)
    second = patients.record_treatment(
        by=as_recorder, patient_id=patient.pk, product_id=ProductFactory().pk, indication="LBCL", infused_on=day(30)
    )
    save(as_recorder, full(None, 40, patient_id=patient.pk, malignancy="relapse"))
    save(as_recorder, full(None, 10, patient_id=patient.pk, malignancy="relapse"))
    assert [one.treatment == second for one in pulled] == [False, True]


def test_without_a_handler_nothing_is_saved(
    infused: Infused, as_recorder: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ports, "_handler", None)
    visit = visit_of(infused(360), "M12")
    with pytest.raises(ImproperlyConfigured):
        save(as_recorder, full(visit, malignancy="confirmed", **NODE))
    assert not VisitRecord.objects.exists()
    assert ports.check(None)[0].id == "pv.followup.E001"


def test_what_the_handler_refuses_is_refused_whole(
    infused: Infused, as_recorder: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(trigger: Trigger, by: User) -> object:
        raise DomainError("no", field="diagnosis")

    monkeypatch.setattr(ports, "_handler", refuse)
    visit = visit_of(infused(360), "M12")
    assert refused(as_recorder, full(visit, malignancy="confirmed", **NODE)).field == "diagnosis"
    assert states(visit.patient)["M12"] == "planned"


# --- corrections
def test_a_correction_is_a_new_record_and_moves_the_day_of_what_was_met(
    infused: Infused, as_recorder: User, pulled: list[Trigger]
) -> None:
    patient = infused(360)
    [first] = save(as_recorder, full(visit_of(patient, "M12"), 3))
    mended = full(None, 2, patient_id=patient.pk, corrects_id=first.record.pk, malignancy="confirmed", **NODE)
    [second] = save(as_recorder, mended)
    assert second.record.corrects_id == first.record.pk
    assert second.visit == visit_of(patient, "M12")
    seen = set(Visit.objects.filter(patient=patient, state="done").values_list("seen_on", flat=True))
    assert seen == {day(2)}
    assert [one.is_correction for one in pulled] == [True]
    assert isinstance(refused(as_recorder, full(None, 2, patient_id=patient.pk, corrects_id=first.record.pk)), Conflict)


def test_a_full_visit_that_was_only_a_contact_opens_the_protocol_s_again(
    infused: Infused, as_recorder: User, pulled: list[Trigger]
) -> None:
    patient = infused(360)
    [first] = save(as_recorder, full(visit_of(patient, "M12"), 3))
    save(as_recorder, full(None, 3, patient_id=patient.pk, corrects_id=first.record.pk, kind="minimal"))
    assert (states(patient)["M12"], states(patient, "lifelong")["Y1"]) == ("planned", "minimal")
    assert Deadline.objects.filter(subject=visit_of(patient, "M12").pk, closed_at=None).count() == 1


def test_another_patients_record_is_not_corrected(infused: Infused, as_recorder: User, pulled: list[Trigger]) -> None:
    [first] = save(as_recorder, full(visit_of(infused(360), "M12"), 3))
    wrong = full(None, 3, patient_id=infused(360).pk, corrects_id=first.record.pk)
    assert refused(as_recorder, wrong).field == "corrects"


# --- who may
def test_another_holders_visit_is_not_there(infused: Infused, holder_b: UUID, pulled: list[Trigger]) -> None:
    visit = visit_of_in(infused)
    stranger = make_user(Role.PV_HEAD, organisation=holder_b)
    with acting_as(stranger, organisation=holder_b):
        for record in (full(visit), full(None, patient_id=visit.patient_id)):
            with pytest.raises(NotFound):
                save(stranger, record)


def visit_of_in(infused: Infused) -> Visit:
    from tests.support.people import setting_up

    patient: Patient = infused(360)
    with setting_up():
        return visit_of(patient, "M12")


def test_who_only_reads_does_not_record(infused: Infused, holder_a: UUID, pulled: list[Trigger]) -> None:
    visit, reviewer = visit_of_in(infused), make_user(Role.MEDICAL_REVIEWER)
    with acting_as(reviewer, organisation=holder_a), pytest.raises(NotAllowed):
        save(reviewer, full(visit))


def test_nothing_to_record_is_nothing(as_recorder: User) -> None:
    assert record_visits([], by=as_recorder) == []


# --- how much it asks
def test_one_visit_takes_few_questions(infused: Infused, as_recorder: User, pulled: list[Trigger]) -> None:
    visit, record = visit_of(infused(360), "M12"), full(None)
    new = full(visit, seen=record.seen)
    with CaptureQueriesContext(connection) as asked:
        save(as_recorder, new)
    assert len(asked) <= 24


def test_a_batch_asks_as_much_as_one(infused: Infused, as_recorder: User, pulled: list[Trigger]) -> None:
    records = [full(visit_of(infused(360), "M12")) for _ in range(12)]
    with CaptureQueriesContext(connection) as asked:
        save(as_recorder, *records)
    assert len(asked) <= 24
