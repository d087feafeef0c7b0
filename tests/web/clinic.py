"""A holder's patients at work, made by the services: one life with everything in it, others at their beginning."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from pv.accounts.context import acting_as
from pv.accounts.models import SYSTEM, Membership, Party, User
from pv.accounts.roles import Role
from pv.biosamples import services as samples
from pv.biosamples.models import Loan, SamplingRequest, Specimen
from pv.core import clock
from pv.core.ids import uuid7
from pv.core.partial import PartialDate
from pv.followup.models import Visit
from pv.followup.services import NewEvent, NewRecord, record_visits
from pv.notices.services import tick
from pv.patients import services as patients
from pv.patients.models import Patient
from pv.products.models import Product
from pv.safety import services as safety
from pv.safety.models import Case, InboxItem
from tests.support.factories import LotFactory, PartyFactory, ProductFactory, VectorBatchFactory
from tests.support.people import HOLDER_A, HOLDER_B, make_user


@dataclass
class Clinic:
    """Rows to look at, all of holder A."""

    head: User
    officer: User
    recorder: User
    reviewer: User
    manager: User
    coordinator: User
    centre: Party
    product: Product
    patient: Patient

    def visit(self, code: str, line: str = "protocol", patient: Patient | None = None) -> Visit:
        with acting(self.head):
            found: Visit = Visit.objects.for_organisations([HOLDER_A]).get(
                patient=patient or self.patient, code=code, line=line
            )
        return found

    def next_visit(self, patient: Patient | None = None, line: str = "protocol") -> Visit:
        """The first one still planned."""
        with acting(self.head):
            planned = Visit.objects.for_organisations([HOLDER_A]).filter(
                patient=patient or self.patient, line=line, state=Visit.State.PLANNED
            )
            found: Visit = planned.order_by("due_on")[0]
        return found


@contextmanager
def acting(person: User, organisation: UUID = HOLDER_A) -> Iterator[None]:
    with acting_as(person, organisation=organisation):
        yield


def build_clinic() -> Clinic:
    """People, a centre, a product, and one patient infused a year ago with the visits up to month 9 recorded."""
    people = {role: make_user(role) for role in (
        Role.PV_HEAD, Role.PV_OFFICER, Role.RECORDER, Role.MEDICAL_REVIEWER, Role.SAMPLE_MANAGER,
        Role.SITE_COORDINATOR,
    )}  # fmt: skip
    centre = PartyFactory(name="Hospital Alpha", name_zh="甲医院")
    bind(people[Role.SITE_COORDINATOR], centre)
    product = ProductFactory(inn="demo-cel", generic_zh="演示仑赛")
    clinic = Clinic(
        head=people[Role.PV_HEAD],
        officer=people[Role.PV_OFFICER],
        recorder=people[Role.RECORDER],
        reviewer=people[Role.MEDICAL_REVIEWER],
        manager=people[Role.SAMPLE_MANAGER],
        coordinator=people[Role.SITE_COORDINATOR],
        centre=centre,
        product=product,
        patient=treat(people[Role.RECORDER], "P-0093", product, centre, days_ago=366),
    )
    for code, months in (("M1", 1), ("M3", 3), ("M6", 6), ("M9", 9)):
        record(clinic, clinic.visit(code), days_ago=366 - months * 30)
    return clinic


def bind(coordinator: User, centre: Party) -> None:
    """A site coordinator works for one centre."""
    with acting_as(SYSTEM, organisation=HOLDER_A, reason="test setup"):
        Membership.objects.filter(user=coordinator).update(party=centre)


def treat(
    by: User, code: str, product: Product, centre: Party | None, days_ago: int, organisation: UUID = HOLDER_A
) -> Patient:
    """A patient infused so many days ago, with one lot of one vector batch."""
    infused = clock.today() - timedelta(days=days_ago)
    batch = VectorBatchFactory(organisation_id=organisation, product=product)
    lot = LotFactory(organisation_id=organisation, product=product, vector_batch=batch)
    with acting(by, organisation):
        patient = patients.register_patient(
            by=by, organisation=organisation, code=code, sex="female", birth_year=1961,
            centre_id=centre.pk if centre else None, in_care_since=infused,
        )  # fmt: skip
        patients.record_treatment(
            by=by, patient_id=patient.pk, product_id=product.pk, indication="Relapsed large B-cell lymphoma",
            lots=[(lot.pk, 1)], apheresis_on=infused - timedelta(days=40), infused_on=infused,
            dose=Decimal("2.1"), dose_unit="10⁶ cells/kg",
        )  # fmt: skip
        found: Patient = Patient.objects.for_organisations([organisation]).get(pk=patient.pk)
    return found


def new_record(visit: Visit | None = None, days_ago: int = 1, **more: Any) -> NewRecord:
    """A full visit, everything well, unless said otherwise."""
    wanted: dict[str, Any] = {
        "submission": uuid7(),
        "kind": "full",
        "visit_id": visit.pk if visit else None,
        "seen": PartialDate.of(clock.today() - timedelta(days=days_ago)),
        "alive": "yes",
        "malignancy": "no",
    }
    return NewRecord(**(wanted | more))


def record(clinic: Clinic, visit: Visit | None, days_ago: int = 1, **more: Any) -> Any:
    with acting(clinic.recorder):
        return record_visits([new_record(visit, days_ago, **more)], by=clinic.recorder)[0]


def retain(clinic: Clinic, code: str = "RET-1", **more: Any) -> Specimen:
    """A vial kept from before the infusion."""
    wanted: dict[str, Any] = {
        "patient_id": clinic.patient.pk, "code": code, "timing": "before_treatment", "material": "apheresis",
        "temperature": "vapour", "place": "LN2-3 / rack 2 / A4", "quantity": Decimal(2), "unit": "vial",
        "collected": PartialDate.of(clock.today() - timedelta(days=406)),
    }  # fmt: skip
    with acting(clinic.manager):
        return samples.register_specimen(by=clinic.manager, organisation=HOLDER_A, **(wanted | more))


def confirmed(clinic: Clinic, visit: Visit | None = None, **more: Any) -> InboxItem:
    """The month-12 visit with a T-cell lymphoma that pathology confirmed; the tick has rung."""
    wanted: dict[str, Any] = {
        "malignancy": "confirmed",
        "diagnosis": "Peripheral T-cell lymphoma, CD4+, cutaneous nodules",
        "lineage": "t_cell",
        "onset": PartialDate(clock.today().year, clock.today().month),
        "biopsy": "done",
        "biopsy_on": clock.today() - timedelta(days=9),
        "known_to_holder_on": clock.today() - timedelta(days=1),
        "reporter_name": "Dr Example",
        "reporter_institution": "Hospital Alpha",
    }
    made = record(clinic, visit or clinic.next_visit(), **(wanted | more))
    tick(driver="test")
    with acting(clinic.head):
        found: InboxItem = InboxItem.objects.for_organisations([HOLDER_A]).select_related("case").get(
            record=made.record
        )  # fmt: skip
    return found


def call(clinic: Clinic, **more: Any) -> InboxItem:
    """A surgeon on the telephone about a half-known patient."""
    wanted: dict[str, Any] = {
        "what": "Swollen node in the neck, biopsy tomorrow morning",
        "reporter_name": "Dr Surgeon",
        "reporter_institution": "Hospital Beta",
        "reporter_phone": "010 5555 0100",
        "patient_text": "woman, about 60, infused last winter",
        "product_id": clinic.product.pk,
    }
    with acting(clinic.officer):
        made = safety.quick_intake(
            by=clinic.officer, organisation=HOLDER_A, submission=uuid7(), **(wanted | more)
        )  # fmt: skip
    return made.item


def case_of(clinic: Clinic, item: InboxItem) -> Case:
    with acting(clinic.head):
        found: Case = Case.objects.for_organisations([HOLDER_A]).get(items=item)
    return found


def requests_of(clinic: Clinic, item: InboxItem) -> list[SamplingRequest]:
    with acting(clinic.head):
        found = SamplingRequest.objects.for_organisations([HOLDER_A]).filter(cause=item.pk)
        return list(found.select_related("item").order_by("due_on", "id"))


def lent(clinic: Clinic, request: SamplingRequest | None = None) -> Loan:
    with acting(clinic.manager):
        return samples.lend(
            by=clinic.manager, organisation=HOLDER_A, patient_id=clinic.patient.pk, kind="unstained", pieces=15,
            lender_id=clinic.centre.pk, borrower="the patient", lent_on=clock.today() - timedelta(days=3),
            return_by=clock.today() + timedelta(days=25), pathology_number="2026-0417", deposit=Decimal(500),
            request_id=request.pk if request else None,
        )  # fmt: skip


def stranger() -> Clinic:
    """A patient of holder B, with a report."""
    head = make_user(Role.PV_HEAD, organisation=HOLDER_B)
    product = ProductFactory(organisation_id=HOLDER_B)
    patient = treat(head, "B-0001", product, None, 100, HOLDER_B)
    return Clinic(head, head, head, head, head, head, PartyFactory(organisation_id=HOLDER_B), product, patient)


def at(days_ago: int) -> datetime:
    return clock.now() - timedelta(days=days_ago)


EVENTS = (
    NewEvent(kind="infection", verbatim="pneumonia", grade=3, seriousness=("hospitalisation",)),
    NewEvent(kind="haematologic", verbatim="prolonged cytopenia", grade=2),
)
