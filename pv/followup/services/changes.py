"""What follows from a change of a patient: lines open, pause, resume, end, or move along (pv.patients.ports)."""

from datetime import date

from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_noop

from pv.accounts.context import writing_for
from pv.accounts.models import User
from pv.core import clock
from pv.core.partial_columns import restored
from pv.deadlines import closing
from pv.followup.clocks import CODES, cancel_clocks, open_clocks
from pv.followup.models import Excuse, Visit
from pv.followup.services.planning import open_lines, plan_visits
from pv.patients.models import Patient, VitalStatus
from pv.patients.ports import PatientChange, What
from pv.patients.rules import DEAD

REPORTED_DEAD = gettext_noop("The patient was reported dead: nobody is asked for this visit.")
DIED = gettext_noop("The patient died.")


def follow(change: PatientChange, by: User) -> None:
    """Registered at the patients' port; runs in the transaction of the change."""
    patient = Patient.objects.for_organisations([change.organisation]).get(pk=change.patient_id)
    match change.what:
        case What.INFUSED:
            open_lines(patient, by=by)
        case What.TRANSFERRED:
            closing.move_facet(
                organisation=patient.organisation_id,
                kinds=CODES,
                patient_id=patient.pk,
                centre_id=patient.centre_id,
            )
        case What.VITAL:
            _after_vital(patient)


def _after_vital(patient: Patient) -> None:
    if patient.state == Patient.State.REPORTED_DEAD:
        _pause(patient)
    elif patient.state == Patient.State.DIED:
        _end(patient)
    else:
        _resume(patient)


def _planned(patient: Patient) -> list[Visit]:
    mine = Visit.objects.for_organisations([patient.organisation_id]).filter(patient=patient)
    return list(mine.filter(state=Visit.State.PLANNED).order_by("pk").select_for_update(no_key=True))


def _pause(patient: Patient) -> None:
    """Visits stay planned; their clocks end at once, so that nobody calls or writes to the family."""
    cancel_clocks(patient.organisation_id, [one.pk for one in _planned(patient)], REPORTED_DEAD)


def _end(patient: Patient) -> None:
    """What lay after the death does not apply; what lay before it can still be entered, and is not asked for."""
    visits = _planned(patient)
    died = restored(patient.died_on, patient.died_precision)
    cancel_clocks(patient.organisation_id, [one.pk for one in visits], DIED)
    _set_state(patient, [one for one in visits if died is None or one.due_on > died.latest()], "not_applicable", DIED)


def _resume(patient: Patient) -> None:
    """Visits go on with new clocks. A window that closed while the patient was thought dead is nobody's lateness."""
    today, since = clock.today(), _thought_dead_since(patient)
    excused = Excuse.objects.for_organisations([patient.organisation_id]).filter(visit_id=OuterRef("pk"))
    mine = Visit.objects.for_organisations([patient.organisation_id]).filter(patient=patient)
    ended = mine.filter(~Exists(excused), state=Visit.State.NOT_APPLICABLE, closes_on__gte=today)
    with writing_for(patient.organisation_id):
        _set_state(patient, list(ended.select_for_update(no_key=True)), "planned")
        planned = _planned(patient)
        passed = [one for one in planned if since is not None and since <= one.closes_on < today]
        _set_state(patient, passed, "not_applicable", REPORTED_DEAD)
        open_clocks(patient.organisation_id, _at_hand(patient))
        plan_visits([patient.pk])


def _at_hand(patient: Patient) -> list[Visit]:
    mine = Visit.objects.for_organisations([patient.organisation_id]).filter(patient=patient)
    return list(
        mine.filter(state=Visit.State.PLANNED).select_related("patient", "duty_line__treatment", "duty_line__owner")
    )


def _thought_dead_since(patient: Patient) -> date | None:
    """The day of the first report that is taken back now; None where nobody was thought dead."""
    ledger = VitalStatus.objects.for_organisations([patient.organisation_id]).filter(patient=patient)
    rows = list(ledger.order_by("-at", "-id").values_list("status", "learned_on"))
    if not rows or rows[0][0] != VitalStatus.Status.ALIVE_AFTER_ALL:
        return None
    since: date | None = None
    for status, learned_on in rows[1:]:
        if status == VitalStatus.Status.ALIVE_AFTER_ALL:
            break
        if status in DEAD:
            since = learned_on if since is None else min(since, learned_on)
    return since


def _set_state(patient: Patient, visits: list[Visit], state: str, reason: str = "") -> None:
    for visit in visits:
        visit.state = state
        visit.version += 1
    with writing_for(patient.organisation_id, reason=reason):
        if visits:
            Visit.objects.bulk_update(visits, ["state", "version"])
