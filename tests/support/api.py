"""One row of each resource of the API, and what each of its acts needs."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.test import Client
from knox.models import AuthToken

from pv.accounts.context import acting_as
from pv.accounts.models import SYSTEM, User
from pv.accounts.roles import Role
from pv.biosamples.models import SamplingRequest, Specimen
from pv.core import clock
from pv.deadlines.models import Alarm, Deadline
from pv.followup.models import Visit, VisitRecord
from pv.notices.models import Delivery
from pv.obligations import clocks
from pv.obligations.models import Milestone, Obligation
from pv.patients import services as patients
from pv.patients.models import Patient, Treatment
from pv.products.models import Authorisation, Product, Study
from pv.safety.models import Case, InboxItem
from tests.support.factories import (
    AuthorisationFactory,
    CaseVersionFactory,
    ConsentFactory,
    DeadlineFactory,
    DeliveryFactory,
    InboxItemFactory,
    MilestoneFactory,
    ObligationFactory,
    PatientFactory,
    ProductFactory,
    SamplingRequestFactory,
    SpecimenFactory,
    StudyFactory,
    TreatmentFactory,
    VisitRecordFactory,
)
from tests.support.people import HOLDER_A, make_user


def token_of(user: User) -> str:
    return str(AuthToken.objects.create(user=user)[1])


def client_for(user: User, **headers: str) -> Client:
    """A client that sends this person's token; a fault of ours is answered, not raised."""
    return Client(headers={"Authorization": f"Token {token_of(user)}"} | headers, raise_request_exception=False)


def obligation(organisation: UUID = HOLDER_A, **more: Any) -> Obligation:
    """With its clock, owned by somebody who works there."""
    owner = make_user(Role.CLINICAL_OPERATIONS, organisation=organisation)
    row = ObligationFactory(organisation_id=organisation, owner=more.pop("owner", owner), **more)
    if row.state in ("open", "returned"):
        with acting_as(SYSTEM, organisation=organisation, reason="test setup"):
            clocks.open_clock(row)
    return row


def milestone(organisation: UUID = HOLDER_A) -> Milestone:
    owner = make_user(Role.CLINICAL_OPERATIONS, organisation=organisation)
    row = MilestoneFactory(organisation_id=organisation, owner=owner)
    with acting_as(SYSTEM, organisation=organisation, reason="test setup"):
        clocks.open_milestone_clock(row)
    return row


def rung_deadline(organisation: UUID = HOLDER_A) -> Deadline:
    """One that has rung, so that it can be taken."""
    row = DeadlineFactory(organisation_id=organisation, overdue=True)
    with acting_as(SYSTEM, organisation=organisation, reason="test setup"):
        Alarm.objects.filter(deadline=row).update(rung=1, nth=1)
    return row


def notice(organisation: UUID = HOLDER_A, reader: User | None = None) -> Delivery:
    reader = reader or make_user(Role.PV_HEAD, organisation=organisation)
    return DeliveryFactory(organisation_id=organisation, recipient=reader, in_app=True)


def product(organisation: UUID = HOLDER_A) -> Product:
    return ProductFactory(organisation_id=organisation)


def authorisation(organisation: UUID = HOLDER_A) -> Authorisation:
    return AuthorisationFactory(organisation_id=organisation)


def specimen(organisation: UUID = HOLDER_A, **more: Any) -> Specimen:
    return SpecimenFactory(organisation_id=organisation, **more)


def sampling_request(organisation: UUID = HOLDER_A, **more: Any) -> SamplingRequest:
    return SamplingRequestFactory(organisation_id=organisation, **more)


def study(organisation: UUID = HOLDER_A) -> Study:
    return StudyFactory(organisation_id=organisation)


def patient(organisation: UUID = HOLDER_A) -> Patient:
    """With consent to new samples, so that it can be withdrawn."""
    row = PatientFactory(organisation_id=organisation)
    ConsentFactory(organisation_id=organisation, patient=row)
    return row


def treatment(organisation: UUID = HOLDER_A) -> Treatment:
    """Ordered, not given yet, of a product that has a plan."""
    return TreatmentFactory(organisation_id=organisation, ordered=True)


def visit(organisation: UUID = HOLDER_A) -> Visit:
    """Month 12 of a patient who was infused a year ago, planned by the service."""
    by = make_user(Role.PV_HEAD, organisation=organisation)
    row = PatientFactory(organisation_id=organisation, in_care_since=clock.today() - timedelta(days=365))
    with acting_as(by, organisation=organisation, reason="test setup"):
        patients.record_treatment(
            by=by,
            patient_id=row.pk,
            product_id=ProductFactory(organisation_id=organisation).pk,
            indication="Relapsed large B-cell lymphoma",
            infused_on=clock.today() - timedelta(days=365),
        )
        found: Visit = Visit.objects.get(patient=row, line="protocol", code="M12")
    return found


def visit_record(organisation: UUID = HOLDER_A) -> VisitRecord:
    return VisitRecordFactory(organisation_id=organisation)


ROWS: dict[str, Callable[[UUID], Any]] = {
    "products": product,
    "authorisations": authorisation,
    "studies": study,
    "obligations": obligation,
    "milestones": milestone,
    "deadlines": rung_deadline,
    "notices": notice,
    "patients": patient,
    "treatments": treatment,
    "visits": visit,
    "visit-records": visit_record,
    "specimens": specimen,
    "sampling-requests": sampling_request,
}


def inbox_item(organisation: UUID = HOLDER_A) -> InboxItem:
    return InboxItemFactory(organisation_id=organisation)


def case(organisation: UUID = HOLDER_A) -> Case:
    """With its first version."""
    return CaseVersionFactory(organisation_id=organisation).case


ROWS |= {"inbox": inbox_item, "cases": case}


def acts() -> dict[tuple[str, str], dict[str, Any]]:
    """(resource, act) -> what to send."""
    today = clock.today()
    later, before = str(today + timedelta(days=500)), str(today - timedelta(days=1))
    said = {"reason": "meeting of 3 March", "evidence": "letter 2026-17"}
    return {
        ("authorisations", "kind"): {"kind": "unknown", "kind_certainty": "inferred_low", "reason": "letter"},
        ("studies", "enrolment"): {"enrolled_patients": 38},
        ("obligations", "due"): {"due_on": later} | said,
        ("obligations", "forecast"): {"forecast_on": later},
        ("obligations", "owner"): {"owner": ""},
        ("obligations", "submit"): {"submitted_on": before, "evidence": "CXSB2600001"},
        ("obligations", "fulfil"): {"decided_on": before, "evidence": "letter"},
        ("obligations", "fail"): {"decided_on": before} | said,
        ("obligations", "return"): said,
        ("obligations", "waive"): {"decided_on": before} | said,
        ("obligations", "reopen"): {"reason": "again"},
        ("milestones", "move"): {"due_on": later, "reason": "two sites less"},
        ("milestones", "forecast"): {"forecast_on": later},
        ("milestones", "reach"): {"reached_on": before},
        ("deadlines", "take"): {"note": "I call the centre"},
        ("notices", "seen"): {},
        ("patients", "death"): {"learned_on": before, "source": "daughter", "died_on": before[:7]},
        ("patients", "verify-death"): {"learned_on": before, "source": "certificate", "died_on": before},
        ("patients", "lost"): {"learned_on": before, "reason": "three calls, a letter"},
        ("patients", "found"): {"learned_on": before, "source": "hospital"},
        ("patients", "transfer"): {"on": before, "to_text": "a hospital in another province"},
        ("patients", "consent"): {"scope": "contact", "given_on": before, "document": "form 3"},
        ("patients", "withdraw-consent"): {"scope": "new_samples", "withdrawn_on": before},
        ("treatments", "infuse"): {"infused_on": before},
        ("visits", "record"): {"kind": "full", "seen_on": before, "alive": "yes", "malignancy": "no"},
        ("visits", "attempt"): {"on": before, "channel": "phone", "result": "no_answer"},
        ("inbox", "quick-intake"): {"what": "lymphoma suspected"},
        ("inbox", "take"): {},
        ("inbox", "triage"): {"outcome": "case"},
        ("inbox", "stand-down"): {"reason": "hyperplasia", "password": "a long pass phrase"},
        ("inbox", "confirm"): {"diagnosis": "T-cell lymphoma", "lineage": "t_cell"},
        ("inbox", "match"): {"patient": str(uuid4())},
        ("cases", "report-malignancy"): {
            "diagnosis": "T-cell lymphoma",
            "lineage": "t_cell",
            "status": "confirmed",
            "aware_on": before,
        },
        ("cases", "assess"): {
            "causality": "possible",
            "expected": "yes",
            "reasoning": "onset",
            "password": "a long pass phrase",
        },
        ("cases", "report"): {"reported_on": str(today), "evidence": "receipt"},
        ("cases", "investigation"): {"reported_on": str(today), "evidence": "receipt"},
        ("cases", "news"): {
            "changes": {"outcome": "recovering"},
            "significant": True,
            "why": "letter",
            "learned_on": before,
        },
        ("cases", "close"): {"reason": "nothing more is to come"},
        ("specimens", "move"): {"what": "thawed"},
        ("specimens", "excursion"): {"celsius": "-80.0", "minutes": 30},
        ("specimens", "hold"): {"cause": str(uuid4())},
        ("specimens", "release"): {"reason": "closed"},
        ("specimens", "divide"): {"parts": [{"code": "S-A", "quantity": "1"}]},
        ("sampling-requests", "collect"): {"code": "T-1"},
        ("sampling-requests", "meet-at-site"): {"reason": "stained for CD3"},
        ("sampling-requests", "not-available"): {"reason": "used up"},
    }
