"""What the demonstration shows: alive, in all states, everybody in their role, the holders apart."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from unittest.mock import patch
from uuid import UUID

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.db import connection
from django.test import override_settings

from pv.accounts.context import acting_as
from pv.accounts.models import PUBLIC_ORGANISATION, Membership, Organisation, User
from pv.accounts.roles import Role
from pv.accounts.services import access_of
from pv.biosamples.models import CustodyEvent, Loan, SamplingRequest, Specimen
from pv.biosamples.services import differs
from pv.core import clock
from pv.deadlines import expectations
from pv.deadlines.models import Alarm, Deadline
from pv.followup.models import ContactAttempt, Visit, VisitRecord
from pv.notices.models import Delivery, Notice
from pv.obligations.models import Milestone, Obligation, ObligationChange
from pv.obligations.rules import Dates, Progress, State, progress
from pv.ops.demo.people import HOLDER_A, HOLDER_B, PEOPLE, PLATFORM, SHANGHAI
from pv.patients import vault
from pv.patients.models import Consent, Identity, Patient, Transfer, Treatment, VitalStatus
from pv.products.models import Authorisation, Lot, Product, Study, VectorBatch
from pv.safety.models import Case, CaseVersion, InboxItem, Question
from tests.support import database
from tests.support.database import Urls

OWNED = (
    *(Product, Authorisation, Study, Obligation, Milestone, ObligationChange, Deadline, Membership),
    *(
        VectorBatch,
        Lot,
        Patient,
        Treatment,
        Consent,
        Identity,
        Visit,
        VisitRecord,
        ContactAttempt,
        Transfer,
        VitalStatus,
    ),
    *(InboxItem, Case, CaseVersion, SamplingRequest, Specimen, CustodyEvent, Loan, Notice, Delivery),
)
PATIENTS = 26  # as many as the scenes of both holders take, and one more
ACCOUNTS = [f"{local}@demo-{holder}.example" for local in PEOPLE for holder in "ab"] + [
    "lab@demo-lab.example",
    "authority@authority.example",
    "auditor@demo-a.example",
    "admin@tracker.example",
]


@pytest.fixture(scope="module")
def _seeded(django_db_setup: None, urls: Urls, django_db_blocker: object) -> Iterator[None]:
    """Seeded once for this module, whose tests only look; the clone is made anew afterwards."""
    with django_db_blocker.unblock():
        with override_settings(DEMO=True), patch("pv.notices.services._publish"):
            call_command("seed_demo", verbosity=0, patients=PATIENTS)
        yield
        connection.close()
    database.clone(urls, connection.settings_dict["NAME"])


pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("_seeded")]


def test_every_account_logs_in() -> None:
    for email in ACCOUNTS:
        person = authenticate(None, username=email, password="demo")
        assert isinstance(person, User), email
        assert person.is_demo
        assert access_of(person).roles, email


def test_roles_are_those_of_the_addresses() -> None:
    for local, (role, _words) in PEOPLE.items():
        person = User.objects.get(email=f"{local}@demo-a.example")
        assert access_of(person).roles == {HOLDER_A: frozenset({role})}
        assert person.language == "en"
        assert User.objects.get(email=f"{local}@demo-b.example").language == "zh-hans"


def test_laboratory_and_authority_stand_in_both_holders() -> None:
    lab, authority = (
        User.objects.get(email=email) for email in ("lab@demo-lab.example", "authority@authority.example")
    )
    assert access_of(lab).roles == {HOLDER_A: {Role.LABORATORY}, HOLDER_B: {Role.LABORATORY}}
    assert access_of(authority).roles == {HOLDER_A: {Role.AUTHORITY}, HOLDER_B: {Role.AUTHORITY}}
    with acting_as(lab, organisations=[HOLDER_A, HOLDER_B]):
        parties = [one.party for one in Membership.objects.filter(user=lab)]
    assert {party.organisation_id for party in parties} == {HOLDER_A, HOLDER_B}
    admin = access_of(User.objects.get(email="admin@tracker.example"))
    assert set(admin.roles) == {HOLDER_A, HOLDER_B, PLATFORM}


def test_the_picture_is_alive() -> None:
    today = clock.today()
    officer = User.objects.get(email="officer@demo-a.example")
    with acting_as(officer, organisation=HOLDER_A):
        mine = list(Obligation.objects.for_organisations([HOLDER_A]))
        clocks = Deadline.objects.for_organisations([HOLDER_A]).filter(kind="obligation")
        late, overdue = clocks.late(clock.now()).count(), clocks.overdue(clock.now()).count()
        assert Milestone.objects.for_organisations([HOLDER_A]).filter(reached_on=None, due_on__lt=today).exists()
    states = Counter(one.state for one in mine)
    assert set(states) == {"open", "submitted", "fulfilled", "returned", "waived"}
    seen = {progress(State(one.state), Dates(one.original_due_on, one.due_on, one.forecast_on), today) for one in mine}
    assert seen == set(Progress)
    assert (late, overdue) == (2, 1)
    assert {one.basis for one in mine} == {"legal", "internal", "advice"}


def test_every_product_says_that_it_is_made_up() -> None:
    for holder, local in ((HOLDER_A, "ra@demo-a.example"), (HOLDER_B, "ra@demo-b.example")):
        with acting_as(User.objects.get(email=local), organisation=holder):
            products = Product.objects.for_organisations([holder])
            assert all("demo" in one.inn and "演示" in one.generic_zh for one in products)
            for one in Authorisation.objects.for_organisations([holder]):
                assert "fictional" in one.holder_en
            assert Organisation.objects.get(pk=holder).is_demo


def test_facts_and_clocks_agree() -> None:
    for holder, domain in ((HOLDER_A, "demo-a"), (HOLDER_B, "demo-b")):
        with acting_as(User.objects.get(email=f"ra@{domain}.example"), organisation=holder):
            assert expectations.differences(holder) == []


def test_people_of_one_holder_see_nothing_of_the_other() -> None:
    officer = User.objects.get(email="officer@demo-a.example")
    access = access_of(officer)
    with acting_as(officer, organisation=access.organisation, organisations=access.roles):
        for model in OWNED:
            assert model.objects.for_organisations([HOLDER_A]).exists()
            assert not model.objects.for_organisations([HOLDER_B]).exists()
            assert not model.objects.filter(organisation_id=HOLDER_B).exists()
            assert set(model.objects.values_list("organisation_id", flat=True)) <= {HOLDER_A, PUBLIC_ORGANISATION}
        assert not Organisation.objects.filter(pk=HOLDER_B).exists()


@pytest.fixture
def officer() -> Iterator[User]:
    person = User.objects.get(email="officer@demo-a.example")
    with acting_as(person, organisation=HOLDER_A):
        yield person


def test_reports_stand_at_every_stage(officer: User) -> None:
    items = InboxItem.objects.for_organisations([HOLDER_A]).filter(kind="malignancy")
    open_now: dict[str, set[UUID]] = {}
    clocks = Deadline.objects.for_organisations([HOLDER_A]).filter(closed_at=None)
    for kind, subject in clocks.values_list("kind", "subject"):
        open_now.setdefault(kind, set()).add(subject)
    new = set(items.filter(state="new").values_list("pk", flat=True))
    assert new & open_now["acknowledge"], "one that nobody has taken"
    assert new - open_now["acknowledge"], "one that was taken"
    assert new <= open_now["triage"]
    assert items.filter(state="stood_down").exists()
    assert items.filter(state="new", patient=None).exists(), "a call about somebody not matched"
    t_cell = Case.objects.for_organisations([HOLDER_A]).get(items__lineage="t_cell", malignancy=True)
    assert t_cell.state == "triaged"
    assert t_cell.pk in open_now["icsr"]
    mds = Case.objects.for_organisations([HOLDER_A]).get(items__lineage="myeloid", malignancy=True)
    assert mds.state == "reported"
    assert (mds.reported_on - mds.day_zero).days <= 15
    assert not Question.objects.for_organisations([HOLDER_A]).filter(item__case=mds, answered_at=None).exists()


def test_case_numbers_run_without_gaps() -> None:
    for holder, domain in ((HOLDER_A, "demo-a"), (HOLDER_B, "demo-b")):
        with acting_as(User.objects.get(email=f"officer@{domain}.example"), organisation=holder):
            serials: dict[int, list[int]] = {}
            for year, serial in (
                Case.objects.for_organisations([holder]).order_by("year", "serial").values_list("year", "serial")
            ):
                serials.setdefault(year, []).append(serial)
        assert serials
        for found in serials.values():
            assert found == list(range(1, len(found) + 1))


def test_patients_stand_in_every_state(officer: User) -> None:
    mine = Patient.objects.for_organisations([HOLDER_A])
    assert {"active", "lost", "reported_dead"} <= set(mine.values_list("state", flat=True))
    assert Transfer.objects.for_organisations([HOLDER_A]).exists()
    assert Consent.objects.for_organisations([HOLDER_A]).filter(withdrawn_on__isnull=False).exists()
    states = set(Visit.objects.for_organisations([HOLDER_A]).values_list("state", flat=True))
    assert {"done", "missed", "planned"} <= states


def test_names_stand_in_the_vault_and_are_made_up() -> None:
    recorder = User.objects.get(email="recorder@demo-a.example")
    with acting_as(recorder, organisation=HOLDER_A):
        patient = Patient.objects.for_organisations([HOLDER_A]).get(code="A-0001")
        identity = Identity.objects.for_organisations([HOLDER_A]).get(patient=patient)
        clear = vault.read_identity(patient_id=patient.pk, by=recorder, purpose="a test")
    assert identity.name.startswith("v1:")
    assert clear.name == "Demo Patient 1"
    assert clear.birth_date is not None
    assert clear.birth_date.year == patient.birth_year


def test_custody_can_be_rebuilt_and_something_is_under_way(officer: User) -> None:
    tubes = list(Specimen.objects.for_organisations([HOLDER_A]))
    assert all(not differs(tube) for tube in tubes)
    assert {"stored", "in_transit"} <= {tube.state for tube in tubes}
    assert any(tube.on_hold for tube in tubes)
    assert any(tube.compromised for tube in tubes)
    loans = list(Loan.objects.for_organisations([HOLDER_A]).filter(returned_on=None))
    assert any(loan.return_by < clock.today() for loan in loans)
    assert any(loan.return_by >= clock.today() for loan in loans)


def test_history_of_the_past_lies_in_the_past(officer: User) -> None:
    records = VisitRecord.objects.for_organisations([HOLDER_A])
    assert records.filter(at__lt=clock.now() - timedelta(days=365)).exists()
    assert not records.filter(at__gt=clock.now()).exists()
    late = [one for one in records if one.seen_on and one.at.astimezone(SHANGHAI).date() < one.seen_on]
    assert late == []
    triaged = InboxItem.objects.for_organisations([HOLDER_A]).exclude(state="new")
    assert all(one.received_at < one.triaged_at for one in triaged if one.triaged_at)


def test_a_fresh_demonstration_floods_nobody(officer: User) -> None:
    ringing = Alarm.objects.filter(organisation_id=HOLDER_A, next_alert_at__lte=clock.now())
    kinds = Counter(ringing.values_list("deadline__kind", flat=True))
    assert sum(kinds.values()) <= 20, kinds
    assert kinds["visit_protocol"] + kinds["visit_lifelong"] <= 5
    clocks = Deadline.objects.for_organisations([HOLDER_A]).exclude(kind__in=["obligation", "milestone"])
    assert 1 <= clocks.late(clock.now()).count() <= 12


def test_the_demo_clock_shows_real_time_again() -> None:
    assert clock.offset() == timedelta()
