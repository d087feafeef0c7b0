"""Whatever happens to a patient, in whatever order: one next visit on each line while in care, and a clock for each."""

import random
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from pv.accounts.context import acting_as
from pv.accounts.models import SYSTEM, User
from pv.core import clock
from pv.core.errors import DomainError
from pv.core.partial import PartialDate
from pv.deadlines import expectations
from pv.deadlines.models import Deadline
from pv.followup.clocks import CODES
from pv.followup.models import Visit
from pv.followup.ports import Trigger
from pv.followup.services import NewRecord, excuse_visit
from pv.patients import services as patients
from pv.patients.models import Patient
from pv.patients.rules import IN_CARE
from tests.followup.conftest import Infused, full, save
from tests.support.people import PASSWORD

pytestmark = pytest.mark.django_db

Step = Callable[[Patient, User, random.Random], object]


def earliest(patient: Patient, chance: random.Random) -> Visit:
    planned = list(Visit.objects.filter(patient=patient, state="planned", earliest_on__lte=clock.today()))
    return chance.choice(planned or list(Visit.objects.filter(patient=patient).order_by("due_on")[:1]))


def whole(patient: Patient, by: User, chance: random.Random) -> object:
    return save(by, full(None, chance.randint(0, 30), patient_id=patient.pk))


def contact(patient: Patient, by: User, chance: random.Random) -> object:
    return save(by, full(None, chance.randint(0, 30), patient_id=patient.pk, kind="minimal", way="phone"))


def missed(patient: Patient, by: User, chance: random.Random) -> object:
    visit = earliest(patient, chance)
    return save(by, NewRecord(submission=uuid4(), kind="missed", visit_id=visit.pk, missed_reason="no answer"))


def excused(patient: Patient, by: User, chance: random.Random) -> object:
    visit, state = earliest(patient, chance), chance.choice(["unavailable", "not_applicable"])
    return excuse_visit(by=by, password=PASSWORD, visit_id=visit.pk, state=state, reason="agreed")


def lost(patient: Patient, by: User, chance: random.Random) -> object:
    return patients.mark_lost(by=by, patient_id=patient.pk, learned_on=clock.today(), reason="three calls")


def dead(patient: Patient, by: User, chance: random.Random) -> object:
    return save(by, full(None, 0, patient_id=patient.pk, kind="minimal", alive="no"))


def verified(patient: Patient, by: User, chance: random.Random) -> object:
    died = PartialDate.of(clock.today() - timedelta(days=chance.randint(0, 20)))
    return patients.verify_death(
        by=by, patient_id=patient.pk, learned_on=clock.today(), source="certificate", died=died
    )


def alive(patient: Patient, by: User, chance: random.Random) -> object:
    return patients.alive_after_all(
        by=by, password=PASSWORD, patient_id=patient.pk, learned_on=clock.today(), source="clinic", reason="mistaken"
    )


def elsewhere(patient: Patient, by: User, chance: random.Random) -> object:
    return patients.transfer(by=by, patient_id=patient.pk, on=clock.today(), to_text=f"hospital {chance.random()}")


STEPS: list[Step] = [whole, contact, contact, missed, excused, lost, dead, verified, alive, alive, elsewhere]


def holds(patient: Patient, holder: UUID) -> None:
    """What must be true between any two steps."""
    state = Patient.objects.get(pk=patient.pk).state
    planned = Visit.objects.filter(patient=patient, state="planned")
    running = Deadline.objects.filter(patient_id=patient.pk, kind__in=CODES, closed_at=None)
    if state in IN_CARE:
        assert planned.filter(line="protocol").exists()
        assert planned.filter(line="lifelong").exists()
        assert set(running.values_list("subject", flat=True)) == set(planned.values_list("pk", flat=True))
    else:
        assert not running.exists(), "nobody calls the family"
    with acting_as(SYSTEM, organisation=holder):
        assert [one for one in expectations.differences(holder) if one.kind in CODES] == []


@pytest.mark.parametrize("seed", range(6))
def test_a_whole_life(
    infused: Infused, pv_head: User, holder_a: UUID, pulled: list[Trigger], move_clock, seed: int
) -> None:
    chance = random.Random(seed)
    patient = infused(chance.choice([0, 100, 360, 1000]))
    with acting_as(pv_head, organisation=holder_a):
        holds(patient, holder_a)
        for _ in range(9):
            step = chance.choice(STEPS)
            with suppress(DomainError):  # not possible from here; that nothing of it stayed is looked at below
                step(patient, pv_head, chance)
            holds(patient, holder_a)
            if chance.random() < 0.4:
                move_clock(timedelta(days=chance.choice([20, 90])))
