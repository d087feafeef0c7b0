"""check_deadlines knows which visits ought to have a clock, and can set it right."""

from datetime import timedelta
from uuid import UUID

import pytest

from pv.accounts.context import acting_as
from pv.accounts.models import SYSTEM, User
from pv.deadlines import expectations
from pv.deadlines import services as deadlines
from pv.deadlines.models import Deadline
from pv.followup import clocks
from pv.followup.models import Visit
from pv.followup.ports import Trigger
from tests.followup.conftest import Infused, full, save, visit_of
from tests.support.factories import DeadlineFactory, PatientFactory, VisitFactory

pytestmark = pytest.mark.django_db


def found(organisation: UUID) -> list[tuple[str, str]]:
    with acting_as(SYSTEM, organisation=organisation, job="check_deadlines"):
        return sorted(
            (one.kind, one.what) for one in expectations.differences(organisation) if one.kind in clocks.CODES
        )


def repair(organisation: UUID) -> None:
    with acting_as(SYSTEM, organisation=organisation, job="check_deadlines"):
        for one in expectations.differences(organisation):
            if one.kind in clocks.CODES:
                expectations.repair(organisation, one)


def test_services_leave_nothing_to_say(
    infused: Infused, as_recorder: User, holder_a: UUID, pulled: list[Trigger]
) -> None:
    patient = infused(360)
    save(as_recorder, full(visit_of(patient, "M12")))
    save(as_recorder, full(None, patient_id=infused(30).pk, kind="minimal", alive="no"))
    assert found(holder_a) == []


def test_a_visit_without_a_clock_gets_one(holder_a: UUID) -> None:
    VisitFactory()
    VisitFactory(done=True)
    VisitFactory(state="missed")
    VisitFactory(duty_line__treatment__patient=PatientFactory(died=True))
    assert found(holder_a) == [("visit_protocol", "missing")]
    repair(holder_a)
    assert found(holder_a) == []


def test_a_clock_on_another_day_is_moved(infused: Infused, as_recorder: User, holder_a: UUID) -> None:
    visit = visit_of(infused(30), "M3")
    running = Deadline.objects.get(subject=visit.pk)
    deadlines.move_deadline(running.pk, due_on=running.due_on + timedelta(days=9))
    assert found(holder_a) == [("visit_protocol", "another day")]
    repair(holder_a)
    assert found(holder_a) == []
    assert Deadline.objects.get(subject=visit.pk).due_on == visit.closes_on


def test_clocks_of_visits_that_ended_are_closed(infused: Infused, as_recorder: User, holder_a: UUID) -> None:
    patient = infused(30)
    done, gone = visit_of(patient, "M1"), visit_of(patient, "M3")
    Visit.objects.filter(pk=done.pk).update(state="done", seen_on=done.due_on - timedelta(days=5))
    Visit.objects.filter(pk=gone.pk).update(state="unavailable")
    DeadlineFactory(kind="visit_protocol")
    assert found(holder_a) == [("visit_protocol", "left over")] * 3
    repair(holder_a)
    assert found(holder_a) == []
    assert Deadline.objects.get(subject=done.pk).outcome == "met"
    assert Deadline.objects.get(subject=gone.pk).outcome == "cancelled"


def test_a_clock_of_the_wrong_kind_is_replaced(infused: Infused, as_recorder: User, holder_a: UUID) -> None:
    visit = visit_of(infused(30), "M3")
    Deadline.objects.filter(subject=visit.pk).update(kind="visit_lifelong")
    assert found(holder_a) == [("visit_lifelong", "left over"), ("visit_protocol", "missing")]
    repair(holder_a)
    assert found(holder_a) == []
