"""A patient of holder A with both duty lines, people of the follow-up, and a handler that only notes."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from pv.accounts.context import acting_as
from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.core import clock
from pv.core.partial import PartialDate
from pv.followup import ports
from pv.followup.models import DutyLine, Visit
from pv.followup.services import NewRecord, record_visits
from pv.patients import services as patients
from pv.patients.models import Patient
from pv.products.models import Product
from tests.support.factories import ProductFactory
from tests.support.people import make_user


@pytest.fixture
def recorder(db: None) -> User:
    return make_user(Role.RECORDER)


@pytest.fixture
def pv_head(db: None) -> User:
    return make_user(Role.PV_HEAD)


@pytest.fixture
def as_recorder(recorder: User, holder_a: UUID) -> Iterator[User]:
    """The rest of the test is done by a recorder of holder A."""
    with acting_as(recorder, organisation=holder_a):
        yield recorder


@pytest.fixture
def product(db: None) -> Product:
    return ProductFactory()


@pytest.fixture
def pulled(monkeypatch: pytest.MonkeyPatch) -> list[ports.Trigger]:
    """What visits revealed, noted instead of acted upon; a malignancy is, since the database insists on it."""
    noted: list[ports.Trigger] = []
    safety = ports._handler

    def note(trigger: ports.Trigger, by: User) -> str:
        noted.append(trigger)
        if trigger.kind == ports.Kind.MALIGNANCY and safety is not None:
            safety(trigger, by)
        return str(trigger.kind)

    monkeypatch.setattr(ports, "_handler", note)
    return noted


Infused = Callable[..., Patient]


@pytest.fixture
def infused(recorder: User, holder_a: UUID, product: Product) -> Infused:
    """A patient infused so many days ago and followed by us since then."""

    def make(days_ago: int = 360, *, on: date | None = None, since: date | None = None, **more: Any) -> Patient:
        day = on or clock.today() - timedelta(days=days_ago)
        with acting_as(recorder, organisation=holder_a):
            patient = patients.register_patient(
                by=recorder, organisation=holder_a, code=f"P-{uuid4().hex[:8]}", in_care_since=since or day
            )
            patients.record_treatment(
                by=recorder, patient_id=patient.pk, product_id=more.pop("product", product).pk, indication="LBCL",
                infused_on=day, **more,
            )  # fmt: skip
            return Patient.objects.get(pk=patient.pk)

    return make


def line_of(patient: Patient, line: str) -> DutyLine:
    found: DutyLine = DutyLine.objects.get(patient=patient, line=line)
    return found


def visit_of(patient: Patient, code: str, line: str = "protocol") -> Visit:
    found: Visit = Visit.objects.get(patient=patient, code=code, line=line)
    return found


def states(patient: Patient, line: str = "protocol") -> dict[str, str]:
    return dict(Visit.objects.filter(patient=patient, line=line).order_by("sequence").values_list("code", "state"))


def ago(days: int) -> PartialDate:
    return PartialDate.of(clock.today() - timedelta(days=days))


def full(visit: Visit | None = None, days_ago: int = 1, **more: Any) -> NewRecord:
    """A full visit, everything well."""
    wanted: dict[str, Any] = {
        "submission": uuid4(),
        "kind": "full",
        "visit_id": visit.pk if visit else None,
        "seen": ago(days_ago),
        "alive": "yes",
        "malignancy": "no",
    }
    return NewRecord(**(wanted | more))


def save(by: User, *records: NewRecord) -> Any:
    return record_visits(records, by=by)
