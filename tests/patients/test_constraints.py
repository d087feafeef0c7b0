"""What the database itself refuses, whoever writes."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from pv.accounts.context import acting_as
from pv.accounts.models import SYSTEM
from pv.patients.models import Consent, Identity, MedicalHistory, Patient, Transfer, Treatment, VitalStatus
from tests.support.factories import (
    ConsentFactory,
    IdentityFactory,
    LotFactory,
    MedicalHistoryFactory,
    PartyFactory,
    PatientFactory,
    ProductFactory,
    TransferFactory,
    TreatmentFactory,
    TreatmentLotFactory,
    VitalStatusFactory,
)

pytestmark = pytest.mark.django_db

D = date(2026, 1, 9)


def twice(factory: Any, **more: Any) -> None:
    for _ in range(2):
        factory(**more)


BROKEN: list[tuple[str, Callable[[], Any]]] = [
    ("patient_code_once_in_an_organisation", lambda: twice(PatientFactory, code="P")),
    ("patient_state_is_known", lambda: PatientFactory(state="odd")),
    ("patient_birth_year_is_plausible", lambda: PatientFactory(birth_year=1850)),
    ("patient_death_date_and_precision_together", lambda: PatientFactory(state="died", died_on=D)),
    ("patient_death_date_and_precision_together", lambda: PatientFactory(state="died", died_precision="day")),
    ("patient_date_of_death_belongs_to_the_dead", lambda: PatientFactory(died_on=D, died_precision="day")),
    ("one_medical_history_a_patient", lambda: twice(MedicalHistoryFactory, patient=PatientFactory())),
    ("treatment_number_once_a_patient", lambda: twice(TreatmentFactory, patient=PatientFactory(), no=1)),
    ("treatment_is_infused_or_returned", lambda: TreatmentFactory(returned_on=D)),
    ("treatment_infused_after_apheresis", lambda: TreatmentFactory(infused_on=D, apheresis_on=date(2026, 2, 1))),
    ("treatment_dose_and_unit_together", lambda: TreatmentFactory(dose=Decimal(5))),
    ("treatment_dose_and_unit_together", lambda: TreatmentFactory(dose=Decimal(0), dose_unit="cells")),
    ("lot_once_in_a_treatment", lambda: twice(TreatmentLotFactory, treatment=TreatmentFactory(), lot=LotFactory())),
    ("treatment_lot_has_bags", lambda: TreatmentLotFactory(bags=0)),
    ("consent_stands_once_for_each_scope", lambda: twice(ConsentFactory, patient=PatientFactory())),
    ("consent_withdrawn_after_it_was_given", lambda: ConsentFactory(withdrawn_on=date(2023, 1, 1))),
    ("vital_status_date_and_precision_together", lambda: VitalStatusFactory(on=D)),
    ("vital_status_back_to_life_is_signed", lambda: VitalStatusFactory(status="alive_after_all")),
    ("transfer_leads_somewhere", lambda: TransferFactory(to_text="")),
    ("one_identity_a_patient", lambda: twice(IdentityFactory, patient=PatientFactory())),
    *(
        (f"identity_{column}_is_encrypted", lambda column=column: IdentityFactory(**{column: "in clear"}))  # type: ignore[misc]
        for column in ("name", "birth_date", "phone", "hospital_number")
    ),
]


@pytest.mark.parametrize(("name", "make"), BROKEN, ids=[f"{at}-{one[0]}" for at, one in enumerate(BROKEN)])
def test_a_broken_constraint_is_named(name: str, make: Callable[[], Any]) -> None:
    with pytest.raises(IntegrityError, match=name):
        make()


MODELS = (Patient, MedicalHistory, Treatment, Consent, VitalStatus, Transfer, Identity)


def test_every_check_is_broken_once() -> None:
    declared = {one.name for model in MODELS for one in model._meta.constraints}
    assert declared <= {name for name, _make in BROKEN}


@pytest.mark.parametrize(
    ("constraint", "make"),
    [
        ("patient_centre_id", lambda b: PatientFactory(centre=PartyFactory(organisation_id=b))),
        ("treatment_patient_id", lambda b: TreatmentFactory(patient=PatientFactory(organisation_id=b), centre=None)),
        ("treatment_product_id", lambda b: TreatmentFactory(product=ProductFactory(organisation_id=b))),
        ("treatmentlot_lot_id", lambda b: TreatmentLotFactory(lot=LotFactory(organisation_id=b))),
        ("consent_patient_id", lambda b: ConsentFactory(patient=PatientFactory(organisation_id=b))),
        ("vitalstatus_patient_id", lambda b: VitalStatusFactory(patient=PatientFactory(organisation_id=b))),
        ("transfer_to_centre_id", lambda b: TransferFactory(to_centre=PartyFactory(organisation_id=b))),
        ("identity_patient_id", lambda b: IdentityFactory(patient=PatientFactory(organisation_id=b))),
    ],
)
def test_a_child_cannot_name_another_holders_parent(
    holder_b: UUID, constraint: str, make: Callable[[UUID], Any]
) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        make(holder_b)


@pytest.mark.parametrize("factory", [VitalStatusFactory, TransferFactory])
def test_the_ledgers_are_only_added_to(factory: Any, holder_a: UUID) -> None:
    row = factory()
    mine = type(row).objects.filter(pk=row.pk)
    with acting_as(SYSTEM, organisation=holder_a):
        for attempt in (lambda: mine.update(reason="never mind"), lambda: mine._raw_delete(mine.db)):
            with pytest.raises(DatabaseError, match=r"only ever added to|permission denied"), transaction.atomic():
                attempt()


@pytest.mark.parametrize("factory", [PatientFactory, TreatmentFactory, ConsentFactory, IdentityFactory])
def test_nothing_of_record_is_deleted(factory: Any, holder_a: UUID) -> None:
    row = factory()
    mine = type(row).objects.filter(pk=row.pk)
    with acting_as(SYSTEM, organisation=holder_a):
        with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
            mine._raw_delete(mine.db)


def test_the_other_holder_sees_nothing(holder_b: UUID) -> None:
    patient = PatientFactory()
    for factory in (
        MedicalHistoryFactory,
        TreatmentFactory,
        ConsentFactory,
        VitalStatusFactory,
        TransferFactory,
        IdentityFactory,
    ):
        factory(patient=patient)
    with acting_as(SYSTEM, organisation=holder_b):
        for model in MODELS:
            assert not model.objects.exists()
