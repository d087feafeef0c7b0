"""People who deal with samples, a patient with retains, and a malignancy for which samples are asked."""

from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest

from pv.accounts.context import acting_as
from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.biosamples import services
from pv.biosamples.models import SamplingRequest, Specimen
from pv.core import clock
from pv.core.errors import DomainError
from pv.core.partial import PartialDate
from pv.deadlines.models import Deadline
from pv.patients.models import Patient
from tests.support.factories import PatientFactory, SpecimenFactory, TreatmentFactory
from tests.support.people import make_user

Asker = Callable[..., list[SamplingRequest]]
ML = {"quantity": Decimal("20"), "unit": "mL"}


@pytest.fixture
def manager(db: None) -> User:
    return make_user(Role.SAMPLE_MANAGER)


@pytest.fixture
def head(db: None) -> User:
    return make_user(Role.PV_HEAD)


@pytest.fixture
def patient(db: None) -> Patient:
    """Treated a year ago."""
    return TreatmentFactory().patient


@pytest.fixture
def stranger(db: None) -> Patient:
    """Another patient of the same holder."""
    return PatientFactory()


@pytest.fixture
def as_manager(manager: User, holder_a: UUID) -> Iterator[User]:
    """The rest of the test is done by the sample manager of holder A."""
    with acting_as(manager, organisation=holder_a):
        yield manager


@pytest.fixture
def as_head(head: User, holder_a: UUID) -> Iterator[User]:
    """The rest of the test is done by the PV head of holder A."""
    with acting_as(head, organisation=holder_a):
        yield head


@pytest.fixture
def cause() -> UUID:
    """An inbox item, of which this room knows the id only."""
    return uuid4()


@pytest.fixture
def ask(head: User, patient: Patient, cause: UUID, holder_a: UUID) -> Asker:
    """Ask for samples because of a malignancy of the patient, as safety does it."""

    def ask_now(**changes: Any) -> list[SamplingRequest]:
        given = {
            "organisation": holder_a,
            "cause": cause,
            "patient_id": patient.pk,
            "lineage": "t_cell",
            "day_zero": clock.today(),
            "by": head,
            "words": {"number": "IN-260213-K7QA"},
        } | changes
        with acting_as(given["by"], organisation=given["organisation"]):
            return services.ask_for_samples(**given)

    return ask_now


def running(*kinds: str) -> dict[str, list[date]]:
    """The open deadlines by kind, with their days."""
    found: dict[str, list[date]] = {}
    for one in Deadline.objects.filter(closed_at=None, **({"kind__in": kinds} if kinds else {})).order_by("due_on"):
        found.setdefault(one.kind, []).append(one.due_on)
    return found


def fresh(specimen: Specimen) -> Specimen:
    specimen.refresh_from_db()
    return specimen


def refusal(act: Callable[[], object], kind: type[DomainError] = DomainError) -> DomainError:
    with pytest.raises(kind) as refused:
        act()
    return refused.value


def in_state(state: str, **more: Any) -> Specimen:
    return SpecimenFactory(state=state, **more)


def register(by: User, patient: Patient, **changes: Any) -> Specimen:
    given = {
        "code": "S-1",
        "timing": "before_treatment",
        "material": "apheresis",
        "temperature": "vapour",
        "collected": PartialDate(2023, 5),
        "place": "tank 2",
        **ML,
    } | changes
    return services.register_specimen(by=by, organisation=patient.organisation_id, patient_id=patient.pk, **given)
