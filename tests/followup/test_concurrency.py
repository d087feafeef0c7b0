"""Two people at the very same moment, each in a transaction of their own."""

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from uuid import UUID

import pytest
from django.db import connection

from pv.accounts.context import acting_as
from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.core import clock
from pv.core.errors import DomainError
from pv.deadlines.models import Deadline
from pv.followup import services
from pv.followup.models import Visit, VisitRecord
from pv.followup.ports import Trigger
from pv.patients import services as patients
from pv.patients.models import Patient
from pv.products.models import Product
from tests.followup.conftest import Infused, full, save, visit_of
from tests.support.database import Urls
from tests.support.factories import ProductFactory
from tests.support.people import PASSWORD, make_user

Act = Callable[[], object]


def at_once(by: User, holder: UUID, *acts: Act) -> list[str]:
    """Run each in a thread and a connection of its own; what became of them."""
    start, said = Barrier(len(acts)), []

    def run(act: Act) -> None:
        try:
            start.wait(timeout=10)
            with acting_as(by, organisation=holder):
                act()
            said.append("done")
        except DomainError as refused:
            said.append(refused.code)
        finally:
            connection.close()

    threads = [Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=20)
    assert not any(thread.is_alive() for thread in threads)
    return sorted(said)


@pytest.fixture
def recorder(committing: Urls) -> User:
    """Committed, unlike the room's own fixture: other connections must see this person."""
    return make_user(Role.RECORDER)


@pytest.fixture
def product(committing: Urls) -> Product:
    made: Product = ProductFactory()
    return made


@pytest.fixture
def patient(infused: Infused) -> Patient:
    return infused(360)


def m12(by: User, holder: UUID, patient: Patient) -> Visit:
    with acting_as(by, organisation=holder):
        return visit_of(patient, "M12")


def test_of_two_saving_one_visit_the_second_meets_a_conflict(
    patient: Patient, recorder: User, holder_a: UUID, pulled: list[Trigger]
) -> None:
    visit = m12(recorder, holder_a, patient)
    records = [full(visit, 1), full(visit, 2)]
    assert at_once(recorder, holder_a, *(lambda r=r: save(recorder, r) for r in records)) == ["conflict", "done"]
    with acting_as(recorder, organisation=holder_a):
        assert VisitRecord.objects.count() == 1
        assert Visit.objects.get(pk=visit.pk).version == 2
        assert Deadline.objects.get(subject=visit.pk).outcome == "met"


def test_a_double_click_saves_once_and_answers_twice(
    patient: Patient, recorder: User, holder_a: UUID, pulled: list[Trigger]
) -> None:
    new = full(m12(recorder, holder_a, patient), malignancy="relapse")
    said = at_once(recorder, holder_a, *[lambda: save(recorder, new)] * 4)
    assert said == ["done"] * 4
    with acting_as(recorder, organisation=holder_a):
        assert VisitRecord.objects.count() == 1
    assert len(pulled) == 1


def test_two_batches_over_the_same_patients_do_not_wait_for_each_other_for_ever(
    infused: Infused, recorder: User, holder_a: UUID, pulled: list[Trigger]
) -> None:
    visits = [m12(recorder, holder_a, infused(360)) for _ in range(4)]
    contacts = [full(visit, 1, kind="minimal") for visit in visits]
    whole = [full(visit, 1) for visit in reversed(visits)]
    assert at_once(recorder, holder_a, lambda: save(recorder, *contacts), lambda: save(recorder, *whole)) == [
        "done",
        "done",
    ]


def test_planning_and_recording_at_once_plan_each_visit_once(
    patient: Patient, recorder: User, holder_a: UUID, pulled: list[Trigger]
) -> None:
    visit, further = m12(recorder, holder_a, patient), clock.today() + timedelta(days=2000)
    said = at_once(
        recorder,
        holder_a,
        lambda: save(recorder, full(visit)),
        lambda: services.plan_visits([patient.pk], until=further),
        lambda: services.plan_visits([patient.pk], until=further),
    )
    assert said == ["done"] * 3
    with acting_as(recorder, organisation=holder_a):
        planned = Visit.objects.filter(patient=patient, state="planned")
        assert Deadline.objects.filter(patient_id=patient.pk, closed_at=None).count() == planned.count()


def test_a_death_and_a_visit_at_once_leave_no_clock_running(
    patient: Patient, recorder: User, holder_a: UUID, pulled: list[Trigger]
) -> None:
    visit = m12(recorder, holder_a, patient)
    said = at_once(
        recorder,
        holder_a,
        lambda: save(recorder, full(visit)),
        lambda: patients.report_death(by=recorder, patient_id=patient.pk, learned_on=clock.today(), source="daughter"),
    )
    assert said == ["done", "done"]
    with acting_as(recorder, organisation=holder_a):
        assert not Deadline.objects.filter(patient_id=patient.pk, closed_at=None).exists()
        assert Patient.objects.get(pk=patient.pk).state == "reported_dead"


def test_an_excuse_and_a_record_at_once_do_not_lock_each_other(
    patient: Patient, holder_a: UUID, pulled: list[Trigger]
) -> None:
    head = make_user(Role.PV_HEAD)
    visit = m12(head, holder_a, patient)
    said = at_once(
        head,
        holder_a,
        lambda: save(head, full(visit)),
        lambda: services.excuse_visit(
            by=head, password=PASSWORD, visit_id=visit.pk, state="unavailable", reason="closed"
        ),
    )
    assert said in (["conflict", "done"], ["done", "done"]), "either order; found after all, it counts as recovered"
