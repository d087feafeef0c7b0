"""Opening the two duty lines at the first infusion, and keeping each one planned: 400 days ahead, always the next."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from pv.accounts.context import current, writing_for
from pv.accounts.models import User
from pv.core import clock
from pv.core.days import Duration, Unit, add
from pv.core.errors import MissingRule
from pv.deadlines.models import Rule
from pv.deadlines.services import rule_for
from pv.followup.clocks import open_clocks
from pv.followup.models import DutyLine, Line, Visit, VisitPlan
from pv.followup.rules import HORIZON, occurrences, to_plan
from pv.followup.services.plans import Plans, plan_for, planned_visits
from pv.patients.models import Patient, Treatment
from pv.patients.rules import IN_CARE

CHUNK = 500
Standing = Mapping[UUID, Collection[tuple[int, str]]]
"""Duty line -> (sequence, state) of the visits that are rows already."""


def plan_visits(patient_ids: Iterable[UUID], *, until: date | None = None) -> list[Visit]:
    """Write down the coming visits of these patients and start their clocks; those added now.

    Each running line is planned 400 days ahead (or `until`) and has at least its next visit. Twice changes nothing.
    Patients reported dead are left alone.
    """
    wanted, added = list(dict.fromkeys(patient_ids)), []
    for start in range(0, len(wanted), CHUNK):
        added += _plan_chunk(wanted[start : start + CHUNK], until)
    return added


def _plan_chunk(patient_ids: Sequence[UUID], until: date | None) -> list[Visit]:
    mine = Patient.objects.for_organisations(list(current().organisations))
    in_care = mine.filter(pk__in=patient_ids, state__in=list(IN_CARE)).order_by("pk").select_for_update(no_key=True)
    patients = {one.pk: one for one in in_care}
    organisations = {one.organisation_id for one in patients.values()}
    rows = DutyLine.objects.for_organisations(list(organisations)).filter(patient_id__in=list(patients))
    lines = list(rows.select_related("treatment", "owner"))
    standing: dict[UUID, set[tuple[int, str]]] = {}
    visits = Visit.objects.for_organisations(list(organisations)).filter(duty_line__in=lines)
    for line, sequence, state in visits.values_list("duty_line_id", "sequence", "state"):
        standing.setdefault(line, set()).add((sequence, state))
    added, today = [], clock.today()
    for organisation in sorted(organisations):
        theirs = [line for line in lines if line.organisation_id == organisation]
        with writing_for(organisation):
            plans = planned_visits({one.plan_id for one in theirs})
            added += extend(organisation, theirs, patients, standing, plans, today=today, until=until)
    return added


def extend(
    organisation: UUID,
    lines: Sequence[DutyLine],
    patients: Mapping[UUID, Patient],
    standing: Standing,
    plans: Plans,
    *,
    today: date,
    until: date | None = None,
) -> list[Visit]:
    """Write the visits that these lines lack, with their clocks; patients are in care and locked by the caller."""
    rows = []
    for line in lines:
        known = standing.get(line.pk, ())
        # What a patient loaded later owed since joining is written down once; after that nothing is born late.
        not_before = max(line.joined_on, today) if known else line.joined_on
        coming = occurrences(plans.get((line.plan_id, line.line), []), line.starts_on, line.ends_on)
        for one in to_plan(
            coming,
            standing={sequence for sequence, _state in known},
            has_next=any(state == Visit.State.PLANNED for _sequence, state in known),
            not_before=not_before,
            until=until or today + HORIZON,
        ):
            row = Visit(
                organisation_id=organisation,
                patient=patients[line.patient_id],
                duty_line=line,
                line=line.line,
                sequence=one.sequence,
                code=one.code,
                in_person=one.in_person,
                earliest_on=one.window.earliest_on,
                due_on=one.window.due_on,
                closes_on=one.window.closes_on,
            )
            rows.append(row)
    if rows:
        Visit.objects.bulk_create(rows)
        open_clocks(organisation, rows)
    return rows


def open_lines(patient: Patient, *, by: User | None = None) -> list[DutyLine]:
    """Open the duty lines of a patient whose product was given, and plan the visits; none where no plan is found.

    Counted from the first infusion. What lies before we began to care for the patient is not owed (Patient.
    in_care_since for those loaded later, else the day of recording).
    """
    organisation = patient.organisation_id
    if DutyLine.objects.for_organisations([organisation]).filter(patient=patient).exists():
        return []
    treatments = Treatment.objects.for_organisations([organisation]).filter(patient=patient, infused_on__isnull=False)
    for treatment in treatments.select_related("product").order_by("infused_on", "no"):
        try:
            plan = plan_for(treatment.product, organisation)
        except MissingRule:
            continue  # asked for by unplanned(); the daily job opens the lines once the plan is there
        lines = [_line(patient, treatment, plan, line, by) for line in _lines_of(plan)]
        with writing_for(organisation):
            DutyLine.objects.bulk_create(lines)
            plan_visits([patient.pk])
        return lines
    return []


def _lines_of(plan: VisitPlan) -> list[Line]:
    stated = {line for _plan, line in planned_visits([plan.pk])}
    return [line for line in Line if str(line) in stated]


def _line(patient: Patient, treatment: Treatment, plan: VisitPlan, line: Line, by: User | None) -> DutyLine:
    starts_on = treatment.infused_on or clock.today()
    protocol = line == Line.PROTOCOL
    return DutyLine(
        organisation_id=patient.organisation_id,
        patient=patient,
        line=line,
        treatment=treatment,
        plan=plan,
        rule=_rule(plan.protocol_rule if protocol else plan.lifelong_rule, patient.organisation_id, starts_on),
        starts_on=starts_on,
        ends_on=add(starts_on, Duration(plan.protocol_years, Unit.YEARS)) if protocol else None,
        joined_on=max(starts_on, patient.in_care_since or clock.today()),
        owner=by,
    )


def _rule(code: str, organisation: UUID, on: date) -> Rule | None:
    """The rule behind the years, for reading; a plan stands without one too."""
    if not code:
        return None
    try:
        return rule_for(code, organisation, on)
    except MissingRule:
        return None


def unplanned(organisations: list[UUID]) -> QuerySet[Patient]:
    """Patients in care whose product was given and who follow no plan: a question for regulatory affairs."""
    theirs = {"organisation_id": OuterRef("organisation_id"), "patient_id": OuterRef("pk")}
    infused = Treatment.objects.filter(**theirs, infused_on__isnull=False)
    asked: QuerySet[Patient] = Patient.objects.for_organisations(organisations).filter(
        Exists(infused), ~Exists(DutyLine.objects.filter(**theirs)), state__in=list(IN_CARE)
    )
    return asked
