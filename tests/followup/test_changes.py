"""What follows from life and death: pause, end, resume, move along; the calls to the family stop at once."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from pv.accounts.context import acting_as
from pv.accounts.models import User
from pv.core import clock
from pv.core.partial import PartialDate
from pv.deadlines.models import Deadline
from pv.followup.models import Visit
from pv.followup.services import excuse_visit
from pv.patients import services as patients
from pv.patients.models import Patient
from tests.followup.conftest import Infused, states, visit_of
from tests.support.factories import PartyFactory
from tests.support.people import PASSWORD

pytestmark = pytest.mark.django_db

Act = Callable[..., Any]


def day(days_ago: int) -> date:
    return clock.today() - timedelta(days=days_ago)


@pytest.fixture
def act(pv_head: User, holder_a: UUID) -> Act:
    """Something the PV head does about a patient."""

    def do(service: Any, patient: Patient, **given: Any) -> Any:
        with acting_as(pv_head, organisation=holder_a):
            return service(by=pv_head, patient_id=patient.pk, **given)

    return do


def running(patient: Patient) -> set[str]:
    """The visits whose clocks run."""
    subjects = Deadline.objects.filter(patient_id=patient.pk, closed_at=None).values("subject")
    return set(Visit.objects.filter(pk__in=subjects).values_list("code", flat=True))


def report(act: Act, patient: Patient, days_ago: int = 0) -> None:
    act(patients.report_death, patient, learned_on=day(days_ago), source="daughter")


def verify(act: Act, patient: Patient, died: PartialDate) -> None:
    act(patients.verify_death, patient, learned_on=day(0), source="certificate", died=died)


def resurrect(act: Act, patient: Patient) -> None:
    act(
        patients.alive_after_all,
        patient,
        password=PASSWORD,
        learned_on=day(0),
        source="hospital",
        reason="mistaken name",
    )


def test_a_report_of_death_pauses_everything_at_once(infused: Infused, as_recorder: User, act: Act) -> None:
    patient = infused(100)
    before = states(patient)
    report(act, patient)
    assert states(patient) == before, "visits stay planned"
    assert running(patient) == set()
    outcomes = set(Deadline.objects.filter(patient_id=patient.pk).values_list("outcome", flat=True))
    assert outcomes == {"cancelled"}


def test_verified_death_ends_what_lay_after_it(infused: Infused, as_recorder: User, act: Act) -> None:
    patient = infused(100)
    verify(act, patient, PartialDate.of(day(5)))
    found = Visit.objects.filter(patient=patient)
    assert set(found.filter(due_on__gt=day(5)).values_list("state", flat=True)) == {"not_applicable"}
    assert set(found.filter(due_on__lte=day(5)).values_list("state", flat=True)) == {"planned"}
    assert running(patient) == set()


def test_a_death_known_to_the_month_ends_what_lay_after_that_month(
    infused: Infused, as_recorder: User, act: Act
) -> None:
    patient = infused(100)
    month = PartialDate(day(40).year, day(40).month)
    verify(act, patient, month)
    later = Visit.objects.filter(patient=patient, due_on__gt=month.latest())
    assert set(later.values_list("state", flat=True)) == {"not_applicable"}


def test_alive_after_all_resumes_with_new_clocks(infused: Infused, as_recorder: User, act: Act) -> None:
    patient = infused(100)
    before = running(patient)
    report(act, patient)
    resurrect(act, patient)
    assert running(patient) == before
    reopened = Deadline.objects.filter(patient_id=patient.pk)
    assert reopened.filter(closed_at=None).count() == len(before)
    assert reopened.filter(outcome="cancelled").count() == len(before), "the old clocks stay as they ended"


def test_back_from_verified_death_visits_apply_again_but_for_the_excused_ones(
    infused: Infused, as_recorder: User, act: Act, pv_head: User, holder_a: UUID
) -> None:
    patient = infused(100)
    excused = visit_of(patient, "M9")
    with acting_as(pv_head, organisation=holder_a):
        excuse_visit(by=pv_head, password=PASSWORD, visit_id=excused.pk, state="not_applicable", reason="agreed")
    verify(act, patient, PartialDate.of(day(1)))
    resurrect(act, patient)
    assert states(patient)["M9"] == "not_applicable"
    assert states(patient)["M12"] == "planned"
    assert {"M6", "M12", "Y1"} <= running(patient)
    assert "M9" not in running(patient)


def test_windows_that_closed_while_thought_dead_are_nobodys_lateness(
    infused: Infused, as_recorder: User, act: Act
) -> None:
    patient = infused(115)  # the window of month 3 closed about ten days ago
    report(act, patient, days_ago=30)
    resurrect(act, patient)
    assert states(patient)["M3"] == "not_applicable"
    assert states(patient)["M1"] == "planned", "late before the report, late still"
    assert "M1" in running(patient)
    assert "M3" not in running(patient)


def test_who_is_lost_is_still_asked_for(infused: Infused, as_recorder: User, act: Act) -> None:
    patient = infused(100)
    before = running(patient)
    act(patients.mark_lost, patient, learned_on=day(0), reason="three calls, a letter")
    assert running(patient) == before
    act(patients.found_again, patient, learned_on=day(0), source="registry")
    assert running(patient) == before


def test_a_transfer_moves_open_clocks_along_the_same_day(infused: Infused, as_recorder: User, act: Act) -> None:
    patient, centre = infused(100), PartyFactory()
    before = running(patient)
    act(patients.transfer, patient, on=day(0), to_centre_id=centre.pk)
    assert running(patient) == before
    assert set(Deadline.objects.filter(patient_id=patient.pk).values_list("centre_id", flat=True)) == {centre.pk}
    act(patients.transfer, patient, on=day(0), to_text="a hospital elsewhere")
    assert set(Deadline.objects.filter(patient_id=patient.pk).values_list("centre_id", flat=True)) == {None}


@pytest.mark.parametrize("line", ["protocol", "lifelong"])
def test_whatever_happens_a_patient_in_care_has_a_next_visit_on_each_line(
    infused: Infused, as_recorder: User, act: Act, line: str
) -> None:
    patient = infused(100)
    report(act, patient)
    resurrect(act, patient)
    act(patients.mark_lost, patient, learned_on=day(0), reason="x")
    verify(act, patient, PartialDate.of(day(0)))
    resurrect(act, patient)
    nexts = Visit.objects.filter(patient=patient, line=line, state="planned").order_by("due_on")
    assert nexts.exists()
    assert Deadline.objects.filter(subject=nexts[0].pk, closed_at=None).count() == 1
