"""Who looks after a patient from when on. Moving to another province ends nothing (practice 20)."""

from datetime import date
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from pv.accounts.context import writing_for
from pv.accounts.models import User
from pv.core import clock
from pv.core.errors import Conflict, DomainError
from pv.core.typed import fits, happened
from pv.patients import ports
from pv.patients.models import Transfer
from pv.patients.services.shared import centre_of, save, take


def transfer(
    *,
    by: User,
    patient_id: UUID,
    on: date,
    to_centre_id: UUID | None = None,
    to_text: str = "",
    reason: str = "",
    version: int | None = None,
) -> Transfer:
    """Hand the patient over to a contracted centre, or to any hospital in words; open visits move the same day."""
    patient = take(patient_id, by=by, verb="patient.write", version=version)
    centre = centre_of(patient.organisation_id, to_centre_id, "to_centre")
    words, why = fits(to_text, "to_text", most=200), fits(reason, "reason")
    if centre is None and not words:
        raise DomainError(_("Say who looks after the patient from now on."), field="to_centre")
    if (centre and centre.pk, words) == (patient.centre_id, patient.centre_text):
        raise Conflict(_("The patient is looked after there already."), field="to_centre")
    happened(on, "on")
    last = Transfer.objects.for_organisations([patient.organisation_id]).filter(patient=patient).order_by("-on").first()
    if last is not None and on < last.on:
        raise DomainError(
            _("This lies before the last transfer, on %(day)s."), field="on", params={"day": last.on.isoformat()}
        )
    with writing_for(patient.organisation_id, reason=why):
        row: Transfer = Transfer.objects.create(
            organisation_id=patient.organisation_id,
            patient=patient,
            from_centre_id=patient.centre_id,
            to_centre=centre,
            to_text=words,
            on=on,
            reason=why,
            by=by,
            at=clock.now(),
        )
        patient.centre, patient.centre_text = centre, words
        save(patient, "centre", "centre_text")
        ports.tell(ports.PatientChange(patient.pk, patient.organisation_id, ports.What.TRANSFERRED), by)
    return row
