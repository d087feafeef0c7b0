"""Patients, their treatments, consents, and what stands in the vault: bare rows, without what services would open."""

from datetime import date, timedelta

import factory

from pv.core import clock
from pv.patients.models import (
    Consent,
    Identity,
    MedicalHistory,
    Patient,
    Transfer,
    Treatment,
    TreatmentLot,
    VitalStatus,
)
from pv.products.models import Lot, VectorBatch
from tests.support.factories.accounts import PartyFactory, UserFactory
from tests.support.factories.base import TenantFactory, child
from tests.support.factories.products import ProductFactory


class VectorBatchFactory(TenantFactory):
    class Meta:
        model = VectorBatch

    product = child(ProductFactory)
    code = factory.Sequence(lambda n: f"VB-{n:04}")


class LotFactory(TenantFactory):
    class Meta:
        model = Lot

    product = child(ProductFactory)
    code = factory.Sequence(lambda n: f"LOT-{n:05}")


class PatientFactory(TenantFactory):
    """A patient in care at a hospital; dead=True was reported dead, died=True has died."""

    class Meta:
        model = Patient

    code = factory.Sequence(lambda n: f"P-{n:05}")
    sex = Patient.Sex.FEMALE
    birth_year = 1961
    centre = child(PartyFactory)

    class Params:
        lost = factory.Trait(state=Patient.State.LOST)
        dead = factory.Trait(state=Patient.State.REPORTED_DEAD)
        died = factory.Trait(
            state=Patient.State.DIED,
            died_on=factory.LazyFunction(lambda: clock.today() - timedelta(days=20)),
            died_precision="day",
        )


class MedicalHistoryFactory(TenantFactory):
    class Meta:
        model = MedicalHistory

    patient = child(PatientFactory)


class TreatmentFactory(TenantFactory):
    """An infusion a year ago; ordered=True is not given yet."""

    class Meta:
        model = Treatment

    patient = child(PatientFactory)
    no = factory.Sequence(lambda n: n + 1)
    product = child(ProductFactory)
    centre = factory.SelfAttribute("patient.centre")
    indication = "Relapsed large B-cell lymphoma"
    infused_on = factory.LazyFunction(lambda: clock.today() - timedelta(days=365))

    class Params:
        ordered = factory.Trait(infused_on=None, ordered_on=date(2025, 1, 1))


class TreatmentLotFactory(TenantFactory):
    class Meta:
        model = TreatmentLot

    treatment = child(TreatmentFactory)
    lot = child(LotFactory)


class ConsentFactory(TenantFactory):
    class Meta:
        model = Consent

    patient = child(PatientFactory)
    scope = Consent.Scope.NEW_SAMPLES
    given_on = date(2024, 1, 1)


class VitalStatusFactory(TenantFactory):
    class Meta:
        model = VitalStatus

    patient = child(PatientFactory)
    status = VitalStatus.Status.REPORTED_DEAD
    learned_on = factory.LazyFunction(clock.today)
    source = "told by the family"
    by = factory.SubFactory(UserFactory)
    at = factory.LazyFunction(clock.now)


class TransferFactory(TenantFactory):
    class Meta:
        model = Transfer

    patient = child(PatientFactory)
    to_text = "a hospital in another province"
    on = factory.LazyFunction(clock.today)
    by = factory.SubFactory(UserFactory)
    at = factory.LazyFunction(clock.now)


class IdentityFactory(TenantFactory):
    class Meta:
        model = Identity

    patient = child(PatientFactory)
