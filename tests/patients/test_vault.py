"""Identifiers are unreadable at rest, open only in their own place and by a key, and are found in any spelling."""

import base64
from datetime import date
from uuid import UUID

import pytest
from django.db import IntegrityError, connection

from config.run.make_secrets import new_key
from pv.accounts.context import acting_as
from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.core.errors import DomainError, NotAllowed, NotFound
from pv.patients import vault
from pv.patients.models import Identity, Patient
from tests.support.factories import IdentityFactory, PatientFactory
from tests.support.people import make_user

pytestmark = pytest.mark.django_db

NAME, PHONE, NUMBER = "王 小明", "+86 138-0013-8000", "ZY-0012 34"


@pytest.fixture
def patient(db: None) -> Patient:
    row: Patient = PatientFactory(birth_year=1961)
    return row


@pytest.fixture
def kept(patient: Patient, recorder: User, holder_a: UUID) -> Identity:
    with acting_as(recorder, organisation=holder_a):
        return vault.keep_identity(
            patient_id=patient.pk,
            by=recorder,
            name=NAME,
            birth_date=date(1961, 4, 5),
            phone=PHONE,
            hospital_number=NUMBER,
        )


def read(patient: Patient, by: User, holder: UUID) -> vault.Clear:
    with acting_as(by, organisation=holder):
        return vault.read_identity(patient_id=patient.pk, by=by, purpose="call back")


def test_what_is_kept_can_be_read_again(kept: Identity, patient: Patient, recorder: User, holder_a: UUID) -> None:
    assert read(patient, recorder, holder_a) == vault.Clear(NAME, date(1961, 4, 5), PHONE, NUMBER)


def test_nothing_stands_in_clear_in_rows_or_history(kept: Identity, holder_a: UUID, recorder: User) -> None:
    with acting_as(recorder, organisation=holder_a), connection.cursor() as cursor:
        cursor.execute("SELECT i::text FROM patients_identity AS i")
        rows = [row[0] for row in cursor.fetchall()]
        cursor.execute("SELECT e::text FROM audit_event AS e WHERE table_name = 'patients_identity'")
        rows += [row[0] for row in cursor.fetchall()]
    assert len(rows) >= 2
    for secret in (NAME, "小明", "1961-04-05", "13800138000", "138-0013", "ZY-0012"):
        assert not [row for row in rows if secret in row]


def test_the_same_value_never_looks_the_same_twice(
    kept: Identity, patient: Patient, recorder: User, holder_a: UUID
) -> None:
    with acting_as(recorder, organisation=holder_a):
        again = vault.keep_identity(patient_id=patient.pk, by=recorder, name=NAME)
    assert again.name != kept.name
    assert again.name_index == kept.name_index
    assert again.phone == kept.phone, "what is not given stays"


@pytest.mark.parametrize(
    "asked",
    [
        {"name": "王小明"},
        {"name": " 王·小明 "},
        {"phone": "13800138000"},
        {"phone": "0086 138 0013 8000"},
        {"phone": "138００13 8000"},
        {"hospital_number": "zy001234"},
        {"name": "somebody else", "phone": PHONE},
    ],
)
def test_a_patient_is_found_whatever_the_spelling(
    kept: Identity, patient: Patient, holder_a: UUID, recorder: User, asked: dict[str, str]
) -> None:
    with acting_as(recorder, organisation=holder_a):
        assert vault.find_by(holder_a, **asked) == [patient.pk]


@pytest.mark.parametrize("asked", [{}, {"name": "  "}, {"name": "小明"}, {"phone": "13800138001"}, {"name": "·"}])
def test_what_does_not_match_finds_nobody(
    kept: Identity, holder_a: UUID, recorder: User, asked: dict[str, str]
) -> None:
    with acting_as(recorder, organisation=holder_a):
        assert vault.find_by(holder_a, **asked) == []


def test_the_best_match_comes_first(kept: Identity, patient: Patient, recorder: User, holder_a: UUID) -> None:
    other = PatientFactory()
    with acting_as(recorder, organisation=holder_a):
        vault.keep_identity(patient_id=other.pk, by=recorder, name=NAME)
        assert vault.find_by(holder_a, name=NAME, phone=PHONE) == [patient.pk, other.pk]


def test_two_holders_indexes_cannot_be_compared(holder_a: UUID, holder_b: UUID) -> None:
    assert vault.blind(holder_a, "name", NAME) != vault.blind(holder_b, "name", NAME)
    assert vault.blind(holder_a, "name", "123") != vault.blind(holder_a, "phone", "123")


def test_a_value_moved_to_another_place_does_not_open(
    kept: Identity, patient: Patient, recorder: User, holder_a: UUID
) -> None:
    other = PatientFactory()
    IdentityFactory(patient=other, name=kept.name)
    with pytest.raises(vault.Locked):
        read(other, recorder, holder_a)
    with acting_as(recorder, organisation=holder_a):
        Identity.objects.filter(pk=kept.pk).update(hospital_number=kept.name)
    with pytest.raises(vault.Locked):
        read(patient, recorder, holder_a)


@pytest.mark.parametrize("change", ["v1:test-0:AAAA", "v1:gone:", "v1:test-0:%%%"])
def test_a_value_that_was_changed_does_not_open(
    kept: Identity, patient: Patient, recorder: User, holder_a: UUID, change: str
) -> None:
    with acting_as(recorder, organisation=holder_a):
        Identity.objects.filter(pk=kept.pk).update(phone=change)
    with pytest.raises(vault.Locked):
        read(patient, recorder, holder_a)


def test_one_bit_changed_is_noticed(kept: Identity, patient: Patient, recorder: User, holder_a: UUID) -> None:
    head, _colon, text = kept.name.rpartition(":")
    raw = bytearray(base64.b64decode(text))
    raw[-1] ^= 1
    with acting_as(recorder, organisation=holder_a):
        Identity.objects.filter(pk=kept.pk).update(name=f"{head}:{base64.b64encode(bytes(raw)).decode()}")
    with pytest.raises(vault.Locked):
        read(patient, recorder, holder_a)


def test_an_older_key_still_reads_and_the_first_one_writes(
    kept: Identity, patient: Patient, recorder: User, holder_a: UUID, settings
) -> None:
    old = settings.VAULT_KEYS
    settings.VAULT_KEYS = f"{new_key('k2')},{old}"
    assert read(patient, recorder, holder_a).name == NAME
    with acting_as(recorder, organisation=holder_a):
        assert vault.keep_identity(patient_id=patient.pk, by=recorder, name=NAME).name.startswith("v1:k2:")
    settings.VAULT_KEYS = old
    with pytest.raises(vault.Locked):
        read(patient, recorder, holder_a)


def test_only_who_may_identify_reads_and_only_for_a_purpose(
    kept: Identity, patient: Patient, recorder: User, holder_a: UUID
) -> None:
    with pytest.raises(NotAllowed):
        read(patient, make_user(Role.MEDICAL_REVIEWER), holder_a)
    with acting_as(recorder, organisation=holder_a), pytest.raises(DomainError) as refused:
        vault.read_identity(patient_id=patient.pk, by=recorder, purpose=" ")
    assert refused.value.field == "purpose"


def test_another_holder_finds_and_reads_nothing(kept: Identity, patient: Patient, holder_b: UUID) -> None:
    stranger = make_user(Role.PV_HEAD, organisation=holder_b)
    with pytest.raises(NotFound):
        read(patient, stranger, holder_b)
    with acting_as(stranger, organisation=holder_b):
        assert vault.find_by(holder_b, name=NAME) == []


def test_the_database_refuses_a_value_in_clear(patient: Patient) -> None:
    with pytest.raises(IntegrityError, match="identity_name_is_encrypted"):
        IdentityFactory(patient=patient, name=NAME)


@pytest.mark.parametrize(("born", "field"), [(date(1962, 1, 1), "birth_date"), (date(2999, 1, 1), "birth_date")])
def test_a_date_of_birth_that_cannot_be_is_refused(
    patient: Patient, recorder: User, holder_a: UUID, born: date, field: str
) -> None:
    with acting_as(recorder, organisation=holder_a), pytest.raises(DomainError) as refused:
        vault.keep_identity(patient_id=patient.pk, by=recorder, birth_date=born)
    assert refused.value.field == field


def test_nobody_known_reads_as_nothing(patient: Patient, recorder: User, holder_a: UUID) -> None:
    assert read(patient, recorder, holder_a) == vault.Clear()
