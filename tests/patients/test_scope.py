"""Whose patients somebody sees: the organisation's, but a site coordinator only those of the own centre."""

from datetime import timedelta
from uuid import UUID

import pytest

from pv.accounts.context import acting_as
from pv.accounts.models import Membership, Party, User
from pv.accounts.roles import Role
from pv.core import clock
from pv.patients.models import Consent, Patient
from pv.patients.scope import centres_of, restrict, visible_to, visible_treatments
from tests.support.factories import ConsentFactory, PartyFactory, PatientFactory, TreatmentFactory
from tests.support.people import HOLDER_A, HOLDER_B, make_user, setting_up

pytestmark = pytest.mark.django_db


@pytest.fixture
def centre(db: None) -> Party:
    row: Party = PartyFactory()
    return row


@pytest.fixture
def here(centre: Party) -> Patient:
    row: Patient = PatientFactory(centre=centre)
    TreatmentFactory(patient=row)
    ConsentFactory(patient=row)
    return row


@pytest.fixture
def elsewhere(db: None) -> Patient:
    row: Patient = PatientFactory()
    TreatmentFactory(patient=row)
    ConsentFactory(patient=row)
    return row


def coordinator(centre: Party | None, *more: Role) -> User:
    user = make_user(Role.SITE_COORDINATOR, *more)
    with setting_up():
        Membership.objects.filter(user=user, role=Role.SITE_COORDINATOR).update(party=centre)
    return user


def seen(user: User, *organisations: UUID) -> tuple[set[UUID], set[UUID], set[UUID]]:
    """Patients by visible_to, by their treatments, and by restrict on another table."""
    named = list(organisations or [HOLDER_A])
    with acting_as(user, organisations=named, organisation=named[0]):
        patients = set(visible_to(user, named).values_list("pk", flat=True))
        treated = set(visible_treatments(user, named).values_list("patient_id", flat=True))
        others = set(restrict(Consent.objects.all(), user, named).values_list("patient_id", flat=True))
    return patients, treated, others


@pytest.mark.parametrize("role", [Role.RECORDER, Role.PV_HEAD, Role.INSPECTOR, Role.SAMPLE_MANAGER])
def test_who_reads_patients_reads_all_of_the_organisation(here: Patient, elsewhere: Patient, role: Role) -> None:
    assert seen(make_user(role)) == ({here.pk, elsewhere.pk},) * 3


def test_a_coordinator_reads_the_own_centre(here: Patient, elsewhere: Patient, centre: Party) -> None:
    assert seen(coordinator(centre)) == ({here.pk},) * 3


def test_a_coordinator_without_a_centre_reads_nobody(here: Patient, elsewhere: Patient) -> None:
    assert seen(coordinator(None)) == (set(),) * 3


def test_a_second_role_lifts_the_bound(here: Patient, elsewhere: Patient, centre: Party) -> None:
    assert seen(coordinator(centre, Role.RECORDER)) == ({here.pk, elsewhere.pk},) * 3


def test_a_role_that_reads_no_patients_lifts_nothing(here: Patient, elsewhere: Patient, centre: Party) -> None:
    assert seen(coordinator(centre, Role.LEGAL_REPRESENTATIVE)) == ({here.pk},) * 3


def test_a_role_that_has_ended_lifts_nothing(here: Patient, elsewhere: Patient, centre: Party) -> None:
    user = coordinator(centre, Role.RECORDER)
    with setting_up():
        yesterday = clock.today() - timedelta(days=1)
        Membership.objects.filter(user=user, role=Role.RECORDER).update(ends_on=yesterday)
    assert seen(user) == ({here.pk},) * 3


def test_who_reads_no_patients_sees_none_whatever_is_asked(here: Patient) -> None:
    patients, treated, _others = seen(make_user(Role.LEGAL_REPRESENTATIVE))
    assert (patients, treated) == (set(), set())


def test_each_organisation_has_its_own_bound(here: Patient, elsewhere: Patient, centre: Party) -> None:
    theirs = PatientFactory(organisation_id=HOLDER_B)
    user = coordinator(centre)
    with setting_up(HOLDER_B):
        Membership.objects.create(organisation_id=HOLDER_B, user=user, role=Role.RECORDER)
    assert seen(user, HOLDER_A, HOLDER_B)[0] == {here.pk, theirs.pk}
    assert seen(user, HOLDER_A)[0] == {here.pk}
    assert seen(user, HOLDER_B)[0] == {theirs.pk}
    with acting_as(user, organisations=[HOLDER_A, HOLDER_B], organisation=HOLDER_A):
        assert centres_of(user, [HOLDER_A, HOLDER_B]) == {HOLDER_A: {centre.pk}}


def test_who_moves_to_another_centre_leaves_the_coordinators_sight(here: Patient, centre: Party) -> None:
    user = coordinator(centre)
    with setting_up():
        Patient.objects.filter(pk=here.pk).update(centre=PartyFactory())
    assert seen(user) == (set(),) * 3
