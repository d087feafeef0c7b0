"""Consent by scope. Withdrawal of one scope leaves the others, and what the law asks for goes on."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from pv.accounts.context import writing_for
from pv.accounts.models import User
from pv.core.constraints import Refusal, refusing
from pv.core.errors import Conflict, DomainError
from pv.core.typed import fits, happened, one_of
from pv.patients.models import Consent
from pv.patients.services.shared import take

WORDS = {
    "consent_stands_once_for_each_scope": Refusal(_("Consent to this stands already."), "scope"),
    "consent_withdrawn_after_it_was_given": Refusal(_("This lies before the day it was given."), "withdrawn_on"),
}


def give_consent(*, by: User, patient_id: UUID, scope: str, given_on: date, document: str = "") -> Consent:
    """Record consent to one scope from a day on."""
    (consent,) = give_consents(by=by, patient_id=patient_id, scopes=[scope], given_on=given_on, document=document)
    return consent


def give_consents(
    *, by: User, patient_id: UUID, scopes: Sequence[str], given_on: date, document: str = ""
) -> list[Consent]:
    """Record consent to everything that one form says, from a day on."""
    patient = take(patient_id, by=by, verb="patient.write")
    rows = [
        Consent(
            organisation_id=patient.organisation_id,
            patient=patient,
            scope=one_of(Consent.Scope.values, scope, "scope"),
            given_on=given_on,
            document=fits(document, "document", most=200),
        )
        for scope in scopes
    ]
    happened(given_on, "given_on")
    with writing_for(patient.organisation_id), refusing(WORDS):
        return Consent.objects.bulk_create(rows)


def withdraw_consent(*, by: User, patient_id: UUID, scope: str, withdrawn_on: date, document: str = "") -> Consent:
    """Record that consent to one scope is taken back. Raises Conflict where none stands."""
    patient = take(patient_id, by=by, verb="patient.write")
    one_of(Consent.Scope.values, scope, "scope")
    standing = Consent.objects.for_organisations([patient.organisation_id]).filter(
        patient=patient, scope=scope, withdrawn_on=None
    )
    consent: Consent | None = standing.select_for_update(no_key=True).first()
    if consent is None:
        raise Conflict(_("No consent to this stands that could be withdrawn."), field="scope")
    if happened(withdrawn_on, "withdrawn_on") < consent.given_on:
        raise DomainError(_("This lies before the day it was given."), field="withdrawn_on")
    consent.withdrawn_on = withdrawn_on
    consent.withdrawal_document = fits(document, "document", most=200)
    with writing_for(patient.organisation_id):
        consent.save(update_fields=["withdrawn_on", "withdrawal_document"])
    return consent


def consents_to(patient_id: UUID, organisation: UUID) -> set[str]:
    """The scopes that the patient consents to now."""
    standing = Consent.objects.for_organisations([organisation]).filter(patient_id=patient_id, withdrawn_on=None)
    return set(standing.values_list("scope", flat=True))
