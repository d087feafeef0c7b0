"""Treatments: ordered, made, infused or returned. The first infusion opens what has to follow (pv.patients.ports)."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import TypedDict, Unpack
from uuid import UUID

from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from pv.accounts.context import writing_for
from pv.accounts.models import User
from pv.accounts.rows import locked
from pv.accounts.services import check_may
from pv.core.constraints import Refusal, refusing
from pv.core.errors import Conflict, DomainError
from pv.core.partial_columns import restored
from pv.core.typed import cleaned, happened, said
from pv.patients import ports
from pv.patients.models import Patient, Treatment, TreatmentLot
from pv.patients.rules import check_order
from pv.patients.services.shared import centre_of, named, take
from pv.products.models import Lot, Product, Study

STEPS = ("ordered_on", "apheresis_on", "released_on", "infused_on", "returned_on")
WORDS = {
    "treatment_is_infused_or_returned": Refusal(_("A product that was returned is not infused."), "returned_on"),
    "treatment_dose_and_unit_together": Refusal(_("Give the dose with its unit, or neither."), "dose_unit"),
    "lot_once_in_a_treatment": Refusal(_("A lot is named twice."), "lots"),
}

Bags = Sequence[tuple[UUID, int]]
"""Lot and how many bags of it."""


class Facts(TypedDict, total=False):
    """What may be said of a treatment beside product and indication."""

    label_use: str
    region: str
    ordered_on: date | None
    apheresis_on: date | None
    released_on: date | None
    released_out_of_specification: bool
    infused_on: date | None
    returned_on: date | None
    lymphodepletion: str
    dose: Decimal | None
    dose_unit: str


def record_treatment(
    *,
    by: User,
    patient_id: UUID,
    product_id: UUID,
    indication: str,
    programme: str = Treatment.Programme.COMMERCIAL,
    study_id: UUID | None = None,
    centre_id: UUID | None = None,
    lots: Bags = (),
    **facts: Unpack[Facts],
) -> Treatment:
    """Record a treatment at whatever stage it is: ordered only, or infused long ago. A re-infusion is one of its own.

    Without `centre_id` it is the patient's own centre. Raises DomainError naming the field that must change.
    """
    patient = take(patient_id, by=by, verb="patient.write")
    organisation = patient.organisation_id
    mine = Treatment.objects.for_organisations([organisation]).filter(patient=patient)
    row = Treatment(
        organisation_id=organisation,
        patient=patient,
        no=(mine.aggregate(last=Max("no"))["last"] or 0) + 1,
        product=named(Product, organisation, product_id, "product"),
        study=named(Study, organisation, study_id, "study"),
        centre=centre_of(organisation, centre_id, "centre") or patient.centre,
        programme=programme,
        indication=said(indication, "indication", most=300),
        **facts,
    )
    _check(row, patient)
    with writing_for(organisation), refusing(WORDS):
        row.save(force_insert=True)
        _add_lots(row, lots)
        if row.infused_on is not None:
            _tell(row, by)
    return row


def advance_treatment(
    *, by: User, treatment_id: UUID, version: int | None = None, lots: Bags = (), **facts: Unpack[Facts]
) -> Treatment:
    """Write down the next step of a treatment that is under way: apheresis, release, infusion or return."""
    treatment = _take(treatment_id, by=by, version=version)
    patient = locked(Patient, treatment.patient_id)
    was_infused = treatment.infused_on is not None
    if was_infused and facts.get("infused_on", treatment.infused_on) != treatment.infused_on:
        raise Conflict(_("This product was infused already."), field="infused_on")
    for name, value in facts.items():
        setattr(treatment, name, value)
    _check(treatment, patient)
    treatment.version += 1
    with writing_for(treatment.organisation_id), refusing(WORDS):
        treatment.save(update_fields=[*facts, "version"])
        _add_lots(treatment, lots)
        if treatment.infused_on is not None and not was_infused:
            _tell(treatment, by)
    return treatment


def infuse(
    *,
    by: User,
    treatment_id: UUID,
    infused_on: date,
    dose: Decimal | None = None,
    dose_unit: str = "",
    lymphodepletion: str = "",
    lots: Bags = (),
    version: int | None = None,
) -> Treatment:
    """The product was given: follow-up begins. Raises Conflict if it was given or returned already."""
    treatment = _take(treatment_id, by=by, version=version)
    if treatment.infused_on is not None:
        raise Conflict(_("This product was infused already."), field="infused_on")
    if treatment.returned_on is not None:
        raise Conflict(_("A product that was returned is not infused."), field="infused_on")
    more: Facts = {"infused_on": infused_on}
    if dose is not None or dose_unit:
        more |= {"dose": dose, "dose_unit": dose_unit}
    if lymphodepletion:
        more["lymphodepletion"] = lymphodepletion
    return advance_treatment(by=by, treatment_id=treatment_id, lots=lots, **more)


def _take(treatment_id: UUID, *, by: User, version: int | None) -> Treatment:
    treatment = locked(Treatment, treatment_id, version=version)
    check_may(by, "patient.write", treatment.organisation_id)
    return treatment


def _check(treatment: Treatment, patient: Patient) -> None:
    cleaned(treatment)
    for step in STEPS:
        if (day := getattr(treatment, step)) is not None:
            happened(day, step)
    check_order({step: getattr(treatment, step) for step in STEPS})
    day = treatment.infused_on
    if day is None:
        return
    died = restored(patient.died_on, patient.died_precision)
    if died is not None and died.latest() < day:
        raise DomainError(
            _("The patient died before this day, on %(day)s."), field="infused_on", params={"day": str(died)}
        )
    if patient.birth_year is not None and day.year < patient.birth_year:
        raise DomainError(_("This lies before the patient's birth."), field="infused_on")


def _add_lots(treatment: Treatment, lots: Bags) -> None:
    rows = []
    for lot_id, bags in lots:
        lot = named(Lot, treatment.organisation_id, lot_id, "lots")
        if lot is None or lot.product_id != treatment.product_id:
            raise DomainError(_("This lot is of another product."), field="lots")
        if bags < 1:
            raise DomainError(_("Give at least one bag of each lot."), field="lots")
        rows.append(TreatmentLot(organisation_id=treatment.organisation_id, treatment=treatment, lot=lot, bags=bags))
    TreatmentLot.objects.bulk_create(rows)


def _tell(treatment: Treatment, by: User) -> None:
    ports.tell(ports.PatientChange(treatment.patient_id, treatment.organisation_id, ports.What.INFUSED), by)
