"""Registering, treating, consenting, transferring: each refusal beside its field, each act told to the rooms above."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from pv.accounts.context import acting_as
from pv.accounts.models import User
from pv.accounts.roles import Role
from pv.core import clock
from pv.core.errors import Conflict, DomainError, NotAllowed, NotFound
from pv.patients import services
from pv.patients.models import Consent, MedicalHistory, Patient, Transfer, Treatment, TreatmentLot
from tests.support.factories import (
    LotFactory,
    PartyFactory,
    PatientFactory,
    ProductFactory,
    StudyFactory,
    TreatmentFactory,
)
from tests.support.people import make_user

pytestmark = pytest.mark.django_db


def day(days_ago: int) -> date:
    return clock.today() - timedelta(days=days_ago)


def register(by: User, organisation: UUID, **more: Any) -> Patient:
    return services.register_patient(by=by, organisation=organisation, **({"code": "P-1"} | more))


def treat(by: User, patient: Patient, **more: Any) -> Treatment:
    wanted = {"product_id": None, "indication": "LBCL"} | more
    if wanted["product_id"] is None:
        wanted["product_id"] = ProductFactory().pk
    return services.record_treatment(by=by, patient_id=patient.pk, **wanted)  # type: ignore[arg-type]


# --- patients
@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"code": "  "}, "code"),
        ({"code": "x" * 41}, "code"),
        ({"sex": "other"}, "sex"),
        ({"birth_year": 1850}, "birth_year"),
        ({"birth_year": 2199}, "birth_year"),
        ({"in_care_since": date(2199, 1, 1)}, "in_care_since"),
        ({"centre_id": UUID(int=1)}, "centre"),
        ({"centre_text": "x" * 201}, "centre_text"),
    ],
)
def test_a_wrong_patient_names_its_field(as_recorder: User, holder_a: UUID, given: dict[str, Any], field: str) -> None:
    with pytest.raises(DomainError) as refused:
        register(as_recorder, holder_a, **given)
    assert refused.value.field == field


def test_a_code_is_used_once_in_an_organisation(as_recorder: User, holder_a: UUID) -> None:
    register(as_recorder, holder_a, code=" P-7 ")
    with pytest.raises(DomainError) as refused:
        register(as_recorder, holder_a, code="P-7")
    assert refused.value.field == "code"
    assert Patient.objects.count() == 1


def test_a_laboratory_looks_after_nobody(as_recorder: User, holder_a: UUID) -> None:
    with pytest.raises(DomainError) as refused:
        register(as_recorder, holder_a, centre_id=PartyFactory(laboratory=True).pk)
    assert refused.value.field == "centre"


def test_who_only_reads_registers_nobody(holder_a: UUID, holder_b: UUID) -> None:
    reader = make_user(Role.INSPECTOR)
    with acting_as(reader, organisation=holder_a), pytest.raises(NotAllowed):
        register(reader, holder_a)
    stranger = make_user(Role.RECORDER, organisation=holder_b)
    with acting_as(stranger, organisation=holder_b), pytest.raises(NotAllowed):
        register(stranger, holder_a)


def test_history_is_written_once_and_amended(as_recorder: User, holder_a: UUID) -> None:
    patient = register(as_recorder, holder_a)
    services.record_history(by=as_recorder, patient_id=patient.pk, hbv="past", height_cm=Decimal("171.5"))
    row = services.record_history(by=as_recorder, patient_id=patient.pk, version=1, prior_lines="R-CHOP")
    assert (row.version, row.hbv, row.prior_lines) == (2, "past", "R-CHOP")
    with pytest.raises(Conflict):
        services.record_history(by=as_recorder, patient_id=patient.pk, version=1, smoking="never")
    for given, field in (({"hbv": "odd"}, "hbv"), ({"height_cm": Decimal("99999")}, "height_cm")):
        with pytest.raises(DomainError) as refused:
            services.record_history(by=as_recorder, patient_id=patient.pk, **given)  # type: ignore[typeddict-item]
        assert refused.value.field == field
    assert MedicalHistory.objects.get().smoking == ""


# --- treatments
def test_a_treatment_goes_from_order_to_infusion(as_recorder: User, holder_a: UUID, told: list[str]) -> None:
    patient, centre = register(as_recorder, holder_a), PartyFactory()
    Patient.objects.filter(pk=patient.pk).update(centre=centre)
    product, study = ProductFactory(), StudyFactory()
    row = treat(
        as_recorder, patient, product_id=product.pk, study_id=study.pk, ordered_on=day(60), programme="follow_up"
    )
    assert (row.no, row.centre, told) == (1, centre, [])
    services.advance_treatment(by=as_recorder, treatment_id=row.pk, apheresis_on=day(50))
    services.advance_treatment(by=as_recorder, treatment_id=row.pk, released_on=day(10), version=2)
    lot = LotFactory(product=product)
    done = services.infuse(
        by=as_recorder, treatment_id=row.pk, infused_on=day(2), dose=Decimal("150"), dose_unit="10⁶ cells",
        lots=[(lot.pk, 3)], version=3,
    )  # fmt: skip
    assert (done.version, done.infused_on, done.dose, told) == (4, day(2), Decimal("150"), ["infused"])
    assert TreatmentLot.objects.get(treatment=row).bags == 3


def test_a_treatment_infused_long_ago_is_told_at_once(as_recorder: User, holder_a: UUID, told: list[str]) -> None:
    patient = register(as_recorder, holder_a)
    assert [treat(as_recorder, patient, infused_on=day(900)).no, treat(as_recorder, patient).no] == [1, 2]
    assert told == ["infused"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"indication": " "}, "indication"),
        ({"product_id": UUID(int=1)}, "product"),
        ({"study_id": UUID(int=1)}, "study"),
        ({"centre_id": UUID(int=1)}, "centre"),
        ({"programme": "gift"}, "programme"),
        ({"label_use": "near"}, "label_use"),
        ({"infused_on": date(2199, 1, 1)}, "infused_on"),
        ({"infused_on": date(1950, 1, 1)}, "infused_on"),
        ({"apheresis_on": date(2026, 1, 9), "infused_on": date(2026, 1, 8)}, "infused_on"),
        ({"infused_on": date(2026, 1, 8), "returned_on": date(2026, 1, 8)}, "returned_on"),
        ({"dose": Decimal("5")}, "dose_unit"),
        ({"lots": [(UUID(int=1), 1)]}, "lots"),
    ],
)
def test_a_wrong_treatment_names_its_field(
    as_recorder: User, holder_a: UUID, told: list[str], given: dict[str, Any], field: str
) -> None:
    patient = register(as_recorder, holder_a, birth_year=1960)
    with pytest.raises(DomainError) as refused:
        treat(as_recorder, patient, **given)
    assert refused.value.field == field
    assert (Treatment.objects.count(), told) == (0, [])


def test_lots_are_of_the_product_and_named_once(as_recorder: User, holder_a: UUID, told: list[str]) -> None:
    patient, product = register(as_recorder, holder_a), ProductFactory()
    lot = LotFactory(product=product)
    for lots in ([(LotFactory().pk, 1)], [(lot.pk, 0)], [(lot.pk, 1), (lot.pk, 1)]):
        with pytest.raises(DomainError) as refused:
            treat(as_recorder, patient, product_id=product.pk, lots=lots)
        assert refused.value.field == "lots"


def test_nobody_is_infused_twice_after_a_return_or_after_death(
    as_recorder: User, holder_a: UUID, told: list[str]
) -> None:
    given, returned = TreatmentFactory(infused_on=day(5)), TreatmentFactory(ordered=True, returned_on=day(5))
    for one in (given, returned):
        with pytest.raises(Conflict):
            services.infuse(by=as_recorder, treatment_id=one.pk, infused_on=day(1))
    dead = TreatmentFactory(ordered=True, ordered_on=day(40), patient=PatientFactory(died=True))
    with pytest.raises(DomainError) as refused:
        services.infuse(by=as_recorder, treatment_id=dead.pk, infused_on=day(3))
    assert refused.value.field == "infused_on"
    services.infuse(by=as_recorder, treatment_id=dead.pk, infused_on=day(25))
    with pytest.raises(Conflict):
        services.advance_treatment(by=as_recorder, treatment_id=given.pk, infused_on=day(4))


def test_an_infusion_in_the_year_before_birth_is_refused(as_recorder: User, told: list[str]) -> None:
    treatment = TreatmentFactory(ordered=True, patient=PatientFactory(birth_year=clock.today().year))
    with pytest.raises(DomainError) as refused:
        services.infuse(by=as_recorder, treatment_id=treatment.pk, infused_on=day(370))
    assert refused.value.field == "infused_on"


# --- consent
def test_consent_stands_by_scope_and_is_withdrawn_by_scope(as_recorder: User, holder_a: UUID) -> None:
    patient = register(as_recorder, holder_a)
    for scope in ("contact", "new_samples"):
        services.give_consent(by=as_recorder, patient_id=patient.pk, scope=scope, given_on=day(10), document="v3")
    services.withdraw_consent(by=as_recorder, patient_id=patient.pk, scope="contact", withdrawn_on=day(0), document="x")
    assert services.consents_to(patient.pk, holder_a) == {"new_samples"}
    services.give_consent(by=as_recorder, patient_id=patient.pk, scope="contact", given_on=day(0))
    assert services.consents_to(patient.pk, holder_a) == {"contact", "new_samples"}


def test_a_wrong_consent_names_its_field(as_recorder: User, holder_a: UUID) -> None:
    patient = register(as_recorder, holder_a)
    services.give_consent(by=as_recorder, patient_id=patient.pk, scope="export", given_on=day(5))
    wrong: list[tuple[Any, dict[str, Any], str]] = [
        (services.give_consent, {"scope": "export", "given_on": day(4)}, "scope"),
        (services.give_consent, {"scope": "all", "given_on": day(4)}, "scope"),
        (services.give_consent, {"scope": "contact", "given_on": day(-1)}, "given_on"),
        (services.withdraw_consent, {"scope": "contact", "withdrawn_on": day(0)}, "scope"),
        (services.withdraw_consent, {"scope": "export", "withdrawn_on": day(6)}, "withdrawn_on"),
        (services.withdraw_consent, {"scope": "export", "withdrawn_on": day(-1)}, "withdrawn_on"),
    ]
    for service, given, field in wrong:
        with pytest.raises(DomainError) as refused:
            service(by=as_recorder, patient_id=patient.pk, **given)
        assert refused.value.field == field
    assert Consent.objects.filter(withdrawn_on=None).count() == 1


# --- transfer
def test_a_transfer_is_kept_and_told(as_recorder: User, holder_a: UUID, told: list[str]) -> None:
    here, there = PartyFactory(), PartyFactory()
    patient = register(as_recorder, holder_a, centre_id=here.pk)
    services.transfer(by=as_recorder, patient_id=patient.pk, on=day(3), to_centre_id=there.pk, reason="moved")
    row = services.transfer(by=as_recorder, patient_id=patient.pk, on=day(1), to_text="county hospital", version=2)
    patient.refresh_from_db()
    assert (patient.centre, patient.centre_text, patient.version) == (None, "county hospital", 3)
    assert (row.from_centre, row.to_centre) == (there, None)
    assert told == ["transferred", "transferred"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({}, "to_centre"),
        ({"to_centre_id": UUID(int=1)}, "to_centre"),
        ({"to_text": "x", "on": date(2199, 1, 1)}, "on"),
        ({"to_text": "x", "on": date(2020, 1, 1)}, "on"),
        ({"to_text": "the old one"}, "to_centre"),
        ({"to_text": "x" * 201}, "to_text"),
    ],
)
def test_a_wrong_transfer_names_its_field(
    as_recorder: User, holder_a: UUID, told: list[str], given: dict[str, Any], field: str
) -> None:
    patient = register(as_recorder, holder_a)
    services.transfer(by=as_recorder, patient_id=patient.pk, on=day(3), to_text="the old one")
    with pytest.raises(DomainError) as refused:
        services.transfer(by=as_recorder, patient_id=patient.pk, **({"on": day(0)} | given))
    assert refused.value.field == field
    assert Transfer.objects.count() == 1


def test_another_holders_patient_is_not_there(recorder: User, holder_a: UUID) -> None:
    theirs = PatientFactory(organisation_id=UUID("0190a000-0000-7000-8000-00000000000b"))
    with acting_as(recorder, organisation=holder_a):
        for act in (
            lambda: services.transfer(by=recorder, patient_id=theirs.pk, on=day(0), to_text="x"),
            lambda: treat(recorder, theirs),
            lambda: services.record_history(by=recorder, patient_id=theirs.pk, smoking="x"),
            lambda: services.mark_lost(by=recorder, patient_id=theirs.pk, learned_on=day(0), reason="x"),
            lambda: services.give_consent(by=recorder, patient_id=theirs.pk, scope="contact", given_on=day(0)),
        ):
            with pytest.raises(NotFound):
                act()
