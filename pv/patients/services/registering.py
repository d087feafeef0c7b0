"""Registering a patient under a code, and what was known before the infusion."""

from datetime import date
from decimal import Decimal
from typing import TypedDict, Unpack
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from pv.accounts.context import writing_for
from pv.accounts.models import User
from pv.accounts.rows import moved_on
from pv.accounts.services import check_may
from pv.core import clock
from pv.core.constraints import Refusal, refusing
from pv.core.errors import DomainError
from pv.core.typed import cleaned, fits, happened, one_of, said
from pv.patients.models import MedicalHistory, Patient
from pv.patients.services.shared import centre_of, take

PATIENT_WORDS = {
    "patient_code_once_in_an_organisation": Refusal(_("There is a patient with this code already."), "code")
}
OLDEST = 120


def register_patient(
    *,
    by: User,
    organisation: UUID,
    code: str,
    sex: str = Patient.Sex.UNKNOWN,
    birth_year: int | None = None,
    centre_id: UUID | None = None,
    centre_text: str = "",
    in_care_since: date | None = None,
) -> Patient:
    """Take a patient into care under a code; names go to the vault (pv.patients.vault).

    `in_care_since` is given for patients loaded later who were followed before: visits from that day on are owed.
    """
    check_may(by, "patient.write", organisation)
    if in_care_since is not None:
        happened(in_care_since, "in_care_since")
    with writing_for(organisation), refusing(PATIENT_WORDS):
        patient: Patient = Patient.objects.create(
            organisation_id=organisation,
            code=said(code, "code", most=40),
            sex=one_of(Patient.Sex.values, sex, "sex"),
            birth_year=_plausible(birth_year),
            centre=centre_of(organisation, centre_id, "centre"),
            centre_text=fits(centre_text, "centre_text", most=200),
            in_care_since=in_care_since,
        )
    return patient


def _plausible(birth_year: int | None) -> int | None:
    this_year = clock.today().year
    if birth_year is not None and not this_year - OLDEST <= birth_year <= this_year:
        raise DomainError(
            _("The year must lie between %(first)s and %(last)s."),
            field="birth_year",
            params={"first": this_year - OLDEST, "last": this_year},
        )
    return birth_year


class History(TypedDict, total=False):
    """What reports ask for later (practice 24)."""

    height_cm: Decimal | None
    weight_kg: Decimal | None
    nationality: str
    ethnic_group: str
    allergies: str
    smoking: str
    alcohol: str
    liver_history: str
    kidney_history: str
    family_tumours: str
    earlier_tumours: str
    prior_lines: str
    radiotherapy: str
    transplant: str
    hbv: str
    hcv: str
    ebv: str
    hiv: str
    htlv: str
    clonal_haematopoiesis: str
    clonal_note: str


def record_history(
    *, by: User, patient_id: UUID, version: int | None = None, **facts: Unpack[History]
) -> MedicalHistory:
    """Write or amend what was known before the infusion; fields that are not given stay. `version` is the history's."""
    patient = take(patient_id, by=by, verb="patient.write")
    mine = MedicalHistory.objects.for_organisations([patient.organisation_id]).filter(patient=patient)
    history: MedicalHistory | None = mine.select_for_update(no_key=True).first()
    new = history is None
    row = history or MedicalHistory(organisation_id=patient.organisation_id, patient=patient)
    if not new and version is not None and version != row.version:
        raise moved_on(row)
    for name, value in facts.items():
        setattr(row, name, value)
    cleaned(row)
    with writing_for(patient.organisation_id):
        if new:
            row.save(force_insert=True)
        else:
            row.version += 1
            row.save(update_fields=[*facts, "version"])
    return row
