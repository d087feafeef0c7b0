"""Attempts to reach a patient, and the signed decision that a visit is unavailable or does not apply."""

from datetime import date
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from pv.accounts import signing
from pv.accounts.context import current, writing_for
from pv.accounts.models import Signature, User
from pv.accounts.rows import locked
from pv.core import clock
from pv.core.errors import Conflict, DomainError, NotFound
from pv.core.typed import cleaned, happened, one_of, said
from pv.followup.clocks import cancel_clocks
from pv.followup.models import ContactAttempt, Excuse, Visit
from pv.followup.rules import EXCUSED, Attempt, State, can_move, meets_loss_criteria
from pv.followup.services.planning import plan_visits
from pv.patients.models import Patient
from pv.patients.services.shared import named, take


def log_attempt(
    *,
    by: User,
    patient_id: UUID,
    visit_id: UUID | None = None,
    on: date,
    channel: str,
    result: str,
    note: str = "",
) -> ContactAttempt:
    """Write down that somebody tried. Refused once the patient is reported dead: nobody calls the family."""
    patient = take(patient_id, by=by, verb="visit.record")
    if patient.state in (Patient.State.REPORTED_DEAD, Patient.State.DIED) and channel in ("phone", "message", "letter"):
        raise Conflict(_("The patient is recorded as dead: nobody calls or writes to the family."), field="channel")
    visit = named(Visit, patient.organisation_id, visit_id, "visit")
    if visit is not None and visit.patient_id != patient.pk:
        raise DomainError(_("This visit is another patient's."), field="visit")
    row = ContactAttempt(
        organisation_id=patient.organisation_id,
        patient=patient,
        visit=visit,
        on=happened(on, "on"),
        channel=channel,
        result=result,
        note=note.strip(),
        by=by,
        at=clock.now(),
    )
    cleaned(row)
    with writing_for(patient.organisation_id):
        row.save(force_insert=True)
    return row


def may_be_lost(patient_id: UUID, organisation: UUID) -> bool:
    """Whether what was tried since the last contact meets the criteria of loss to follow-up."""
    rows = ContactAttempt.objects.for_organisations([organisation]).filter(patient_id=patient_id)
    return meets_loss_criteria(
        Attempt(on, channel, result == ContactAttempt.Result.REACHED)
        for on, channel, result in rows.values_list("on", "channel", "result")
    )


def excuse_visit(
    *, by: User, password: str, visit_id: UUID, state: str, reason: str, version: int | None = None
) -> Excuse:
    """Decide, signed, that a visit's data are unavailable or that it does not apply; its reminders end."""
    mine = Visit.objects.for_organisations(list(current().organisations)).filter(pk=visit_id)
    patient_id = mine.values_list("patient_id", flat=True).first()
    if patient_id is None:
        raise NotFound(_("There is no such record."))
    # The patient's row first, as whoever records a visit takes it: then nobody waits for the other.
    take(patient_id, by=by, verb="visit.excuse")
    visit = locked(Visit, visit_id, version=version)
    one_of(sorted(EXCUSED), state, "state")
    why = said(reason, "reason")
    if not can_move(State(visit.state), State(state)):
        raise Conflict(
            _("This visit is recorded already: %(state)s. Correct the record instead."),
            field="state",
            params={"state": Visit.State(visit.state).label},
        )
    with writing_for(visit.organisation_id, reason=why):
        signature = signing.sign(
            by=by,
            password=password,
            record=visit,
            act="excuse_visit",
            meaning=Signature.Meaning.APPROVED,
            content={"visit": visit.code, "patient": visit.patient_id, "state": state, "reason": why},
            reason=why,
        )
        visit.state = state
        visit.version += 1
        visit.save(update_fields=["state", "version"])
        row: Excuse = Excuse.objects.create(
            organisation_id=visit.organisation_id,
            visit=visit,
            state=state,
            reason=why,
            signature=signature,
            by=by,
            at=clock.now(),
        )
        cancel_clocks(visit.organisation_id, [visit.pk], why)
        plan_visits([visit.patient_id])
    return row
