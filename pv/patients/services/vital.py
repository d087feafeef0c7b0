"""Life and death: lost and found, reported dead, verified, alive after all. Each move is a row of the ledger.

A report of death pauses every visit and call to the family at once; only verified death ends visits (practice 20).
"""

from datetime import date
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from pv.accounts import signing
from pv.accounts.context import writing_for
from pv.accounts.models import Signature, User
from pv.core import clock
from pv.core.errors import Conflict, DomainError
from pv.core.partial import PartialDate
from pv.core.partial_columns import stored
from pv.core.typed import cleaned, fits, happened, has_begun, said
from pv.patients import ports
from pv.patients.models import Patient, Treatment, VitalStatus
from pv.patients.rules import MOVES, Move, State, can_move, check_death
from pv.patients.services.shared import save, take

Status = VitalStatus.Status


def report_death(
    *,
    by: User,
    patient_id: UUID,
    learned_on: date,
    source: str,
    died: PartialDate | None = None,
    cause: str = "",
    suspected: str = "",
    autopsy: str = "",
    version: int | None = None,
) -> VitalStatus:
    """Somebody told us of a death, not verified yet: visits pause, nobody calls the family.

    Whoever picks up the telephone may record it. A second report adds what it knows; the state stays.
    """
    patient = take(patient_id, by=by, verb="intake.write", version=version)
    row = _row(patient, Status.REPORTED_DEAD, by, learned_on, source, died)
    row.cause, row.suspected_reaction, row.autopsy = fits(cause, "cause", most=300), suspected, autopsy
    return _move(patient, Move.REPORT_DEATH, row, died=died)


def verify_death(
    *,
    by: User,
    patient_id: UUID,
    learned_on: date,
    source: str,
    died: PartialDate,
    cause: str = "",
    suspected: str = "",
    autopsy: str = "",
    reason: str = "",
    version: int | None = None,
) -> VitalStatus:
    """A document proves the death, and when: visits after it no longer apply, those before can still be entered."""
    patient = take(patient_id, by=by, verb="vital.verify", version=version)
    row = _row(patient, Status.DIED, by, learned_on, source, died)
    row.cause, row.suspected_reaction, row.autopsy = fits(cause, "cause", most=300), suspected, autopsy
    row.reason = fits(reason, "reason")
    return _move(patient, Move.VERIFY_DEATH, row, died=died)


def alive_after_all(
    *,
    by: User,
    password: str,
    patient_id: UUID,
    learned_on: date,
    source: str,
    reason: str,
    version: int | None = None,
) -> VitalStatus:
    """The report of death, or even its proof, was wrong. Signed; visits go on with new deadlines."""
    patient = take(patient_id, by=by, verb="vital.verify", version=version)
    why = said(reason, "reason")
    row = _row(patient, Status.ALIVE_AFTER_ALL, by, learned_on, source, None)
    row.reason = why
    _check_move(patient, Move.ALIVE_AFTER_ALL)
    with writing_for(patient.organisation_id, reason=why):
        row.signature = signing.sign(
            by=by,
            password=password,
            record=patient,
            act="alive_after_all",
            meaning=Signature.Meaning.APPROVED,
            content={"patient": patient.code, "state": patient.state, "learned_on": learned_on, "source": row.source},
            reason=why,
        )
        return _move(patient, Move.ALIVE_AFTER_ALL, row)


def mark_lost(
    *, by: User, patient_id: UUID, learned_on: date, reason: str, source: str = "", version: int | None = None
) -> VitalStatus:
    """Nobody could be reached. It can be undone at any time, and the patient is still asked for year by year."""
    patient = take(patient_id, by=by, verb="patient.write", version=version)
    why = said(reason, "reason")
    row = _row(patient, Status.LOST, by, learned_on, source or why[:200], None)
    row.reason = why
    return _move(patient, Move.LOSE, row)


def found_again(
    *, by: User, patient_id: UUID, learned_on: date, source: str, reason: str = "", version: int | None = None
) -> VitalStatus:
    """Somebody who was lost is in touch again."""
    patient = take(patient_id, by=by, verb="patient.write", version=version)
    row = _row(patient, Status.FOUND, by, learned_on, source, None)
    row.reason = fits(reason, "reason")
    return _move(patient, Move.FIND, row)


def note_alive(
    *, by: User, patient_id: UUID, learned_on: date, source: str, on: PartialDate | None = None
) -> VitalStatus:
    """Somebody reported dead was seen alive: written down at once, while the signed move back is still to be made."""
    patient = take(patient_id, by=by, verb="intake.write")
    row = _row(patient, Status.ALIVE, by, learned_on, source, on)
    with writing_for(patient.organisation_id):
        row.save(force_insert=True)
    return row


def _row(
    patient: Patient, status: Status, by: User, learned_on: date, source: str, on: PartialDate | None
) -> VitalStatus:
    day, precision = stored(has_begun(on, "died_on") if on else None)
    return VitalStatus(
        organisation_id=patient.organisation_id,
        patient=patient,
        status=status,
        on=day,
        on_precision=precision,
        learned_on=happened(learned_on, "learned_on"),
        source=said(source, "source", most=200),
        by=by,
        at=clock.now(),
    )


def _check_move(patient: Patient, move: Move) -> None:
    if not can_move(State(patient.state), move):
        raise Conflict(
            _("This patient is recorded as: %(state)s. That does not allow this."),
            params={"state": Patient.State(patient.state).label},
        )


def _move(patient: Patient, move: Move, row: VitalStatus, *, died: PartialDate | None = None) -> VitalStatus:
    """Check the move, write state and ledger together, and let the rooms above act on it."""
    _check_move(patient, move)
    if died is not None:
        check_death(died, _first_infusion(patient))
        if died.earliest() > row.learned_on:
            raise DomainError(_("The death was learnt of before it happened."), field="learned_on")
    cleaned(row)
    patient.state = MOVES[move].to
    if died is not None:
        patient.died_on, patient.died_precision = stored(died)
    elif move == Move.ALIVE_AFTER_ALL:
        patient.died_on, patient.died_precision = None, ""
    with writing_for(patient.organisation_id, reason=row.reason):
        row.save(force_insert=True)
        save(patient, "state", "died_on", "died_precision")
        ports.tell(ports.PatientChange(patient.pk, patient.organisation_id, ports.What.VITAL), row.by)
    return row


def _first_infusion(patient: Patient) -> date | None:
    infused = Treatment.objects.for_organisations([patient.organisation_id]).filter(
        patient=patient, infused_on__isnull=False
    )
    first: date | None = infused.order_by("infused_on").values_list("infused_on", flat=True).first()
    return first
