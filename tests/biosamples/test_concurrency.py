"""Two people at the very same moment, each in a transaction of their own: the lock lets one through at a time."""

from collections.abc import Callable
from decimal import Decimal
from threading import Barrier, Thread
from uuid import UUID, uuid4

from django.db import connection

from pv.accounts.context import acting_as
from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.biosamples import services
from pv.biosamples.models import CustodyEvent, Instruction, SamplingRequest, Specimen
from pv.biosamples.services import Part
from pv.core import clock
from pv.core.errors import DomainError
from pv.deadlines.models import Deadline
from tests.support.database import Urls
from tests.support.factories import SpecimenFactory, TreatmentFactory
from tests.support.people import make_user


def at_once(acts: list[Callable[[], object]]) -> list[str]:
    """Run each in a thread and a connection of its own; what became of them."""
    start, told = Barrier(len(acts)), []

    def run(act: Callable[[], object]) -> None:
        try:
            start.wait(timeout=10)
            act()
            told.append("done")
        except DomainError as refused:
            told.append(refused.code)
        finally:
            connection.close()

    threads = [Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return sorted(told)


def acting(by: User, organisation: UUID, act: Callable[[], object]) -> Callable[[], object]:
    def run() -> None:
        with acting_as(by, organisation=organisation):
            act()

    return run


def test_one_tube_is_moved_by_one_hand_at_a_time(committing: Urls, holder_a: UUID) -> None:
    manager, tube = make_user(Role.SAMPLE_MANAGER), SpecimenFactory()

    def move(place: str) -> Callable[[], object]:
        return acting(
            manager,
            holder_a,
            lambda: services.move(by=manager, specimen_id=tube.pk, what="moved", place=place, version=1),
        )

    assert at_once([move(f"tank {n}") for n in range(4)]) == ["conflict", "conflict", "conflict", "done"]
    with acting_as(manager, organisation=holder_a):
        tube.refresh_from_db()
        assert (tube.version, tube.events, services.differs(tube)) == (2, 2, {})


def test_two_who_take_from_one_tube_do_not_take_more_than_there_is(committing: Urls, holder_a: UUID) -> None:
    manager, tube = make_user(Role.SAMPLE_MANAGER), SpecimenFactory()

    def divide(code: str) -> Callable[[], object]:
        parts = [Part(code, Decimal(3))]
        return acting(manager, holder_a, lambda: services.aliquot(by=manager, specimen_id=tube.pk, parts=parts))

    assert at_once([divide("A"), divide("B"), divide("C")]) == ["done", "invalid", "invalid"]
    with acting_as(manager, organisation=holder_a):
        assert sum(Specimen.objects.values_list("quantity", flat=True)) == 5
        for one in Specimen.objects.all():
            assert services.differs(one) == {}


def test_disposal_and_hold_at_once_never_destroy_what_is_held(committing: Urls, holder_a: UUID) -> None:
    manager, tube = make_user(Role.SAMPLE_MANAGER), SpecimenFactory()
    dispose = acting(
        manager,
        holder_a,
        lambda: services.move(by=manager, specimen_id=tube.pk, what="disposed", document="certificate"),
    )
    hold = acting(manager, holder_a, lambda: services.hold(by=manager, specimen_id=tube.pk, cause=uuid4()))
    told = at_once([dispose, hold])
    with acting_as(manager, organisation=holder_a):
        tube.refresh_from_db()
        assert told in (["conflict", "done"], ["done", "on_hold"])
        assert tube.on_hold == (tube.state == "stored")
        assert services.differs(tube) == {}


def test_two_who_ask_for_one_cause_ask_once(committing: Urls, holder_a: UUID) -> None:
    head, patient, cause = make_user(Role.PV_HEAD), TreatmentFactory().patient, uuid4()
    tube = SpecimenFactory(patient=patient)
    ask = acting(
        head,
        holder_a,
        lambda: services.ask_for_samples(
            organisation=holder_a, cause=cause, patient_id=patient.pk, lineage="t_cell", day_zero=clock.today(),
            by=head, words={"number": "IN-1"},
        ),
    )  # fmt: skip
    assert at_once([ask, ask, ask]) == ["done", "done", "done"]
    with acting_as(head, organisation=holder_a):
        assert (Instruction.objects.count(), SamplingRequest.objects.count()) == (1, 13)
        assert Deadline.objects.filter(closed_at=None).count() == 11
        assert CustodyEvent.objects.filter(specimen=tube, what="held").count() == 1
