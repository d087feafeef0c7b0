"""record_visits: the one way in for what is learnt at visits and contacts, by hand (a list of one) or by the hundred.

One transaction: records and events, the visits they meet with their clocks, the next visits, death or return, and what
the room above opens for a malignancy, a death, an adverse event. A second time the same submission writes nothing.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import date
from typing import Any, TypedDict
from uuid import UUID

from django.db import connection
from django.db.transaction import atomic
from django.utils.translation import gettext_lazy as _

from pv.accounts.context import current, writing_for
from pv.accounts.models import User
from pv.accounts.services import check_may
from pv.core import clock
from pv.core.constraints import Refusal, refusing
from pv.core.days import legal_day
from pv.core.errors import DomainError, NotFound
from pv.followup.clocks import SHANGHAI, cancel_clocks, meet_clocks, open_clocks
from pv.followup.models import DutyLine, ReportedEvent, Visit, VisitRecord
from pv.followup.ports import Kind as TriggerKind
from pv.followup.ports import Trigger, pull
from pv.followup.rules import MET
from pv.followup.services.judging import NAMED_MALIGNANCIES, Bench, Chart, Judged, judge
from pv.followup.services.planning import extend
from pv.followup.services.plans import planned_visits
from pv.followup.services.records import BadRecords, NewDeath, NewRecord, Recorded
from pv.patients import services as patients
from pv.patients.models import Patient, Treatment
from pv.patients.rules import IN_CARE
from pv.terminology.clinical import Biopsy, EventKind, Malignancy, YesNo

WORDS = {
    "visit_record_saved_once_a_submission": Refusal(_("This was saved already, for another patient."), "submission")
}


def record_visits(records: Sequence[NewRecord], *, by: User) -> list[Recorded]:
    """Save what was learnt, all of it or nothing; the answers in the order of the records.

    Raises NotAllowed, NotFound or Conflict (two people at one visit), DomainError naming the field; of several records
    BadRecords names each bad one.
    """
    if not records:
        return []
    named = _named_visits(records)
    owners = [_patient_of(record, named) for record in records]
    locked = _lock(owners)
    organisations = sorted({one.organisation_id for one in locked.values()})
    for organisation in organisations:
        check_may(by, "visit.record", organisation)
    saved = _saved_before(records)
    answers: dict[int, Recorded] = {}
    fresh: dict[UUID, list[int]] = {}
    for at, record in enumerate(records):
        known = saved.get(record.submission)
        if known is not None and known.patient_id == owners[at]:
            answers[at] = _again(known)
        else:
            fresh.setdefault(locked[owners[at]].organisation_id, []).append(at)
    # Of one organisation the batch's own savepoint is enough; of several all or nothing as well.
    with atomic() if len(fresh) > 1 else nullcontext():
        for organisation, places in fresh.items():
            chosen = [(at, records[at], locked[owners[at]]) for at in places]
            answers |= _Batch(organisation, by).save(chosen, len(records))
    return [answers[at] for at in range(len(records))]


def _named_visits(records: Sequence[NewRecord]) -> dict[UUID, UUID]:
    """Visit -> its patient, among the rows this context may read."""
    wanted = {record.visit_id for record in records if record.visit_id}
    if not wanted:
        return {}
    mine = Visit.objects.for_organisations(list(current().organisations)).filter(pk__in=wanted)
    return dict(mine.values_list("pk", "patient_id"))


def _patient_of(record: NewRecord, visits: dict[UUID, UUID]) -> UUID:
    if record.visit_id is None and record.patient_id is None:
        raise DomainError(_("Say whose visit this is."), field="patient")
    if record.visit_id is None:
        return record.patient_id  # type: ignore[return-value]  # one of the two is given
    patient = visits.get(record.visit_id)
    if patient is None:
        raise NotFound(_("There is no such record."), field="visit")
    if record.patient_id is not None and record.patient_id != patient:
        raise DomainError(_("This visit is another patient's."), field="patient")
    return patient


def _lock(patient_ids: Sequence[UUID]) -> dict[UUID, Patient]:
    """In one order for everybody, so that two batches never wait for each other."""
    mine = Patient.objects.for_organisations(list(current().organisations)).filter(pk__in=set(patient_ids))
    found = {one.pk: one for one in mine.order_by("pk").select_for_update(no_key=True)}
    if len(found) < len(set(patient_ids)):
        raise NotFound(_("There is no such record."), field="patient")
    return found


def _saved_before(records: Sequence[NewRecord]) -> dict[UUID, VisitRecord]:
    mine = VisitRecord.objects.for_organisations(list(current().organisations))
    rows = mine.filter(submission__in=[record.submission for record in records]).select_related("visit")
    return {row.submission: row for row in rows}


def _again(record: VisitRecord) -> Recorded:
    mine = Visit.objects.for_organisations([record.organisation_id]).filter(patient_id=record.patient_id)
    met = list(mine.filter(state__in=list(MET), seen_on=record.seen_on)) if record.seen_on else []
    return Recorded(record, record.visit, met, again=True)


class Told(TypedDict):
    """Who learnt of life or death, of whom, when and from whom."""

    by: User
    patient_id: UUID
    learned_on: date
    source: str


# Django's bulk_update builds a CASE for each row and column, and takes a second for five hundred.
SAVE = """
UPDATE followup_visit AS o SET state = v.state, seen_on = v.seen_on, version = v.version
FROM unnest(%s::uuid[], %s::text[], %s::date[], %s::integer[]) AS v (id, state, seen_on, version)
WHERE o.organisation_id = %s AND o.id = v.id
"""


def _save(organisation: UUID, visits: Sequence[Visit]) -> None:
    columns = [[getattr(one, name) for one in visits] for name in ("pk", "state", "seen_on", "version")]
    columns[1] = [str(state) for state in columns[1]]
    with connection.cursor() as cursor:
        cursor.execute(SAVE, [*columns, organisation])


class _Batch:
    """The records of one organisation on their way through."""

    def __init__(self, organisation: UUID, by: User) -> None:
        self.organisation, self.by, self.now = organisation, by, clock.now()
        self.today: date = legal_day(self.now, SHANGHAI)

    def save(self, chosen: Sequence[tuple[int, NewRecord, Patient]], total: int) -> dict[int, Recorded]:
        charts = self._charts([patient for _at, _record, patient in chosen])
        judged = self._judge(chosen, charts, total)
        rows = [one.row for one in judged.values()]
        with writing_for(self.organisation), refusing(WORDS):
            VisitRecord.objects.bulk_create(rows)
            ReportedEvent.objects.bulk_create([event for one in judged.values() for event in one.events])
            self._move_visits(list(judged.values()))
            self._plan(charts)
            for one in judged.values():
                self._life(one)
            answers = {at: Recorded(one.row, one.visit, _met(one), self._escalate(one)) for at, one in judged.items()}
        return answers | self._doubles(chosen, judged, answers)

    def _mine(self, model: Any) -> Any:
        return model.objects.for_organisations([self.organisation])

    def _charts(self, patients_: Sequence[Patient]) -> dict[UUID, Chart]:
        charts = {one.pk: Chart(one, [], []) for one in patients_}
        infused = self._mine(Treatment).filter(patient_id__in=list(charts), infused_on__isnull=False)
        for treatment in infused.order_by("infused_on", "no"):
            charts[treatment.patient_id].treatments.append(treatment)
        for visit in self._mine(Visit).filter(patient_id__in=list(charts)).order_by("due_on"):
            charts[visit.patient_id].visits.append(visit)
        return charts

    def _judge(
        self, chosen: Sequence[tuple[int, NewRecord, Patient]], charts: dict[UUID, Chart], total: int
    ) -> dict[int, Judged]:
        bench = self._bench([record for _at, record, _patient in chosen], charts)
        judged: dict[int, Judged] = {}
        faults: dict[int, DomainError] = {}
        seen: set[UUID] = set()
        for at, record, patient in chosen:
            if record.submission in seen:
                continue
            seen.add(record.submission)
            try:
                judged[at] = judge(record, charts[patient.pk], bench)
                judged[at].row.at = self.now
            except DomainError as fault:
                if total == 1:
                    raise
                faults[at] = fault
        if faults:
            raise BadRecords(faults)
        return judged

    def _bench(self, records: Sequence[NewRecord], charts: dict[UUID, Chart]) -> Bench:
        corrects = [one.corrects_id for one in records if one.corrects_id]
        originals, corrected = {}, frozenset[UUID]()
        if corrects:
            rows = self._mine(VisitRecord)
            originals = {row.pk: row for row in rows.filter(pk__in=corrects).select_related("visit")}
            corrected = frozenset(rows.filter(corrects_id__in=corrects).values_list("corrects_id", flat=True))
        visits = {visit.pk: visit for chart in charts.values() for visit in chart.visits}
        return Bench(self.by, self.today, visits, originals, corrected)

    def _move_visits(self, judged: Sequence[Judged]) -> None:
        """Save the visits that records met, and close (or start again) their clocks."""
        moved = {visit.pk: visit for one in judged for visit in one.moved}
        if not moved:
            return
        _save(self.organisation, list(moved.values()))
        meet_clocks(
            self.organisation, {pk: one.seen_on for pk, one in moved.items() if one.seen_on and one.state in MET}
        )
        missed: dict[str, list[UUID]] = {}
        for one in judged:
            for visit in one.moved:
                if visit.state == Visit.State.MISSED:
                    missed.setdefault(one.row.missed_reason, []).append(visit.pk)
        for reason, visits in missed.items():
            cancel_clocks(self.organisation, visits, reason)
        if back := [pk for pk, one in moved.items() if one.state == Visit.State.PLANNED]:
            again = (
                self._mine(Visit)
                .filter(pk__in=back)
                .select_related("patient", "duty_line__treatment", "duty_line__owner")
            )
            open_clocks(self.organisation, list(again))

    def _plan(self, charts: dict[UUID, Chart]) -> None:
        """The next visits of everybody in care."""
        in_care = {pk: chart.patient for pk, chart in charts.items() if chart.patient.state in IN_CARE}
        rows = self._mine(DutyLine).filter(patient_id__in=list(in_care)).select_related("treatment", "owner")
        lines = list(rows)
        standing: dict[UUID, set[tuple[int, str]]] = {}
        for chart in charts.values():
            for visit in chart.visits:
                standing.setdefault(visit.duty_line_id, set()).add((visit.sequence, visit.state))
        plans = planned_visits({one.plan_id for one in lines})
        extend(self.organisation, lines, in_care, standing, plans, today=self.today)

    def _life(self, one: Judged) -> None:
        """Death reported with the record, or a patient who was lost, or thought dead, seen alive."""
        patient, row = one.chart.patient, one.row
        told = Told(
            by=self.by,
            patient_id=patient.pk,
            learned_on=row.known_to_holder_on,
            source=row.reporter_name or row.reporter_institution or str(row.get_source_display()),
        )
        if row.alive == YesNo.NO:
            if patient.state == Patient.State.DIED:
                return
            death = one.new.death or NewDeath()
            patients.report_death(
                **told, died=death.died, cause=death.cause, suspected=death.suspected, autopsy=death.autopsy
            )
        elif row.alive == YesNo.YES and row.kind != VisitRecord.Kind.MISSED and patient.state == Patient.State.LOST:
            patients.found_again(**told)
        elif row.alive == YesNo.YES and patient.state == Patient.State.REPORTED_DEAD and _after_death(one):
            patients.note_alive(**told, on=one.new.seen)
        else:
            return
        patient.refresh_from_db(fields=["state", "died_on", "died_precision", "version"])

    def _escalate(self, one: Judged) -> list[object]:
        treatment = one.chart.treatment_before(one.day)
        trigger = Trigger(
            kind=TriggerKind.MALIGNANCY,
            record=one.row,
            event=None,
            patient=one.chart.patient,
            treatment=treatment,
            is_correction=one.new.corrects_id is not None,
        )
        return [
            pull(replace(trigger, kind=kind, event=event), self.by) for kind, event in revealed(one.row, one.events)
        ]

    def _doubles(
        self,
        chosen: Sequence[tuple[int, NewRecord, Patient]],
        judged: dict[int, Judged],
        answers: dict[int, Recorded],
    ) -> dict[int, Recorded]:
        """A submission that stands twice in one batch is answered twice."""
        first = {one.new.submission: at for at, one in judged.items()}
        return {
            at: replace(answers[first[record.submission]], again=True, opened=[])
            for at, record, _patient in chosen
            if at not in judged
        }


def revealed(row: VisitRecord, events: Sequence[ReportedEvent]) -> list[tuple[TriggerKind, ReportedEvent | None]]:
    """What a record reveals, one by one. A relapse that was biopsied is known for what it is, and reveals nothing."""
    found: list[tuple[TriggerKind, ReportedEvent | None]] = []
    if row.malignancy in NAMED_MALIGNANCIES:
        found.append((TriggerKind.MALIGNANCY, None))
    elif row.malignancy == Malignancy.RELAPSE and row.biopsy != Biopsy.DONE:
        found.append((TriggerKind.RELAPSE, None))
    if row.alive == YesNo.NO:
        found.append((TriggerKind.DEATH, None))
    for event in events:
        pregnancy = event.kind == EventKind.PREGNANCY
        found.append((TriggerKind.PREGNANCY if pregnancy else TriggerKind.ADVERSE_EVENT, event))
    return found


def _met(one: Judged) -> list[Visit]:
    return [visit for visit in one.moved if visit.state in MET]


def _after_death(one: Judged) -> bool:
    died = one.chart.died
    return died is None or (one.day is not None and one.day > died.latest())
