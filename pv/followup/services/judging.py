"""What a record may say, and which visits it meets. Every refusal names the input; no refusal of ours stops a report
for what is merely unknown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from pv.accounts.models import User
from pv.accounts.rows import moved_on
from pv.core.errors import Conflict, DomainError
from pv.core.partial import PartialDate
from pv.core.partial_columns import restored, stored
from pv.core.typed import cleaned, happened, has_begun
from pv.followup.models import Line, ReportedEvent, Visit, VisitRecord
from pv.followup.rules import MET, State, can_move, day_of, last_passed, state_after, whose_window
from pv.followup.services.records import EVENT_PLAIN, PLAIN, NewDeath, NewEvent, NewRecord
from pv.patients.models import Patient, Treatment
from pv.terminology.clinical import Lineage, Malignancy, YesNo

Kind = VisitRecord.Kind
NAMED_MALIGNANCIES = (Malignancy.CONFIRMED, Malignancy.SUSPECTED)


@dataclass(slots=True)
class Chart:
    """What is known of one patient while a record is judged; the patient's row is locked."""

    patient: Patient
    treatments: list[Treatment]  # infused ones, in order of time
    visits: list[Visit]

    @property
    def infused_on(self) -> date | None:
        return self.treatments[0].infused_on if self.treatments else None

    @property
    def died(self) -> PartialDate | None:
        return restored(self.patient.died_on, self.patient.died_precision)

    def line(self, line: str) -> list[Visit]:
        return [one for one in self.visits if one.line == line]

    def treatment_before(self, day: date | None) -> Treatment | None:
        """The last infusion before that day, the last of all where the day is not known."""
        found = [one for one in self.treatments if day is None or (one.infused_on and one.infused_on <= day)]
        return found[-1] if found else None


@dataclass(slots=True)
class Judged:
    """A record that may be saved: its rows, and what they do to visits (visit -> state and day)."""

    new: NewRecord
    chart: Chart
    row: VisitRecord
    events: list[ReportedEvent]
    visit: Visit | None
    day: date | None
    moved: list[Visit] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Bench:
    """What a record is judged with, besides the patient's chart."""

    by: User
    today: date
    visits: Mapping[UUID, Visit]
    originals: Mapping[UUID, VisitRecord]
    corrected: frozenset[UUID]


def judge(new: NewRecord, chart: Chart, bench: Bench) -> Judged:
    """Check everything a record says, and let it meet its visits (in memory). Raises DomainError naming the field."""
    original = _original(new, chart, bench)
    visit = bench.visits[new.visit_id] if new.visit_id else original.visit if original else None
    if visit is not None and visit.pk in bench.visits:
        visit = bench.visits[visit.pk]
    row = _row(new, chart, visit, bench)
    events = [_event(one, row, at, bench.today) for at, one in enumerate(new.events)]
    day = _day(new, chart, bench.today)
    _check_death(new, chart, row, bench.today)
    _check_malignancy(new, row, bench.today)
    judged = Judged(new, chart, row, events, visit, day)
    if original is not None:
        judged.moved = _correct(judged, original)
    else:
        judged.moved = _meet(judged)
    return judged


def _row(new: NewRecord, chart: Chart, visit: Visit | None, bench: Bench) -> VisitRecord:
    seen_on, seen_precision = stored(new.seen)
    onset_on, onset_precision = stored(new.onset)
    death = new.death or NewDeath()
    died_on, died_precision = stored(death.died)
    row = VisitRecord(
        organisation_id=chart.patient.organisation_id,
        patient=chart.patient,
        visit=visit,
        corrects_id=new.corrects_id,
        submission=new.submission,
        seen_on=seen_on,
        seen_precision=seen_precision,
        onset_on=onset_on,
        onset_precision=onset_precision,
        died_on=died_on,
        died_precision=died_precision,
        death_cause=death.cause.strip(),
        death_suspected=death.suspected,
        death_autopsy=death.autopsy,
        known_to_holder_on=new.known_to_holder_on or bench.today,
        by=bench.by,
        **{name: _plain(getattr(new, name)) for name in PLAIN},
    )
    if row.malignancy in NAMED_MALIGNANCIES and not row.lineage:
        row.lineage = Lineage.UNKNOWN
    cleaned(row, but=("at",))
    if row.ecog is not None and row.ecog > 5:
        raise DomainError(_("ECOG lies between 0 and 5."), field="ecog")
    for name in ("known_to_site_on", "known_to_delegate_on", "known_to_holder_on", "new_therapy_on"):
        if (day := getattr(row, name)) is not None:
            happened(day, name, today=bench.today)
    return row


def _plain(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def _event(new: NewEvent, row: VisitRecord, at: int, today: date) -> ReportedEvent:
    onset_on, onset_precision = stored(new.onset)
    event = ReportedEvent(
        organisation_id=row.organisation_id,
        record=row,
        onset_on=onset_on,
        onset_precision=onset_precision,
        seriousness=list(dict.fromkeys(new.seriousness)),
        **{name: _plain(getattr(new, name)) for name in EVENT_PLAIN},
    )
    place = f"events.{at}"
    try:
        cleaned(event)
        if event.grade is not None and not 1 <= event.grade <= 5:
            raise DomainError(_("A grade lies between 1 and 5."), field="grade")
        if new.onset is not None:
            has_begun(new.onset, "onset_on", today=today)
        for name in ("hospital_from", "hospital_to"):
            if (day := getattr(new, name)) is not None:
                happened(day, name, today=today)
        if new.hospital_from and new.hospital_to and new.hospital_to < new.hospital_from:
            raise DomainError(_("This lies before the day of admission."), field="hospital_to")
    except DomainError as fault:
        fault.field = f"{place}.{fault.field}"
        raise
    return event


def _day(new: NewRecord, chart: Chart, today: date) -> date | None:
    """The day of the visit, checked against infusion, today and death."""
    if chart.infused_on is None:
        raise DomainError(_("The product was not given to this patient yet: there is no follow-up."), field="patient")
    if new.kind == Kind.MISSED:
        if new.seen is not None:
            raise DomainError(_("A visit that was missed has no day on which it took place."), field="seen_on")
        return None
    if new.seen is None:
        raise DomainError(_("This must be given."), code="required", field="seen_on")
    has_begun(new.seen, "seen_on", today=today)
    if new.seen.latest() < chart.infused_on:
        raise DomainError(
            _("This lies before the infusion on %(day)s."),
            field="seen_on",
            params={"day": chart.infused_on.isoformat()},
        )
    day, died = day_of(new.seen, chart.infused_on), chart.died
    tells_of_death = new.alive == YesNo.NO and new.kind == Kind.MINIMAL
    seen_alive = new.alive == YesNo.YES and chart.patient.state == Patient.State.REPORTED_DEAD
    if died is not None and day > died.latest() and not tells_of_death and not seen_alive:
        raise DomainError(
            _("This lies after the patient's death on %(day)s."), field="seen_on", params={"day": str(died)}
        )
    return day


def _check_death(new: NewRecord, chart: Chart, row: VisitRecord, today: date) -> None:
    if new.death is None:
        return
    if new.alive != YesNo.NO:
        raise DomainError(_("A death is described, yet the patient is not said to be dead."), field="alive")
    died = new.death.died
    if died is None:
        return
    has_begun(died, "died_on", today=today)
    if chart.infused_on is not None and died.latest() < chart.infused_on:
        raise DomainError(
            _("This lies before the infusion on %(day)s."),
            field="died_on",
            params={"day": chart.infused_on.isoformat()},
        )
    if died.earliest() > row.known_to_holder_on:
        raise DomainError(_("It became known before it happened."), field="known_to_holder_on")
    if new.kind == Kind.FULL and new.seen is not None and new.seen.earliest() > died.latest():
        raise DomainError(
            _("This lies after the patient's death on %(day)s."), field="seen_on", params={"day": str(died)}
        )


def _check_malignancy(new: NewRecord, row: VisitRecord, today: date) -> None:
    if row.malignancy in NAMED_MALIGNANCIES and not row.diagnosis:
        raise DomainError(_("Say what was found, in the reporter's words."), code="required", field="diagnosis")
    if new.onset is not None:
        has_begun(new.onset, "onset_on", today=today)
    if new.biopsy == "done" and new.biopsy_on is not None:
        happened(new.biopsy_on, "biopsy_on", today=today)


def _original(new: NewRecord, chart: Chart, bench: Bench) -> VisitRecord | None:
    if new.corrects_id is None:
        return None
    original = bench.originals.get(new.corrects_id)
    if original is None or original.patient_id != chart.patient.pk:
        raise DomainError(_("The record to be corrected is another patient's."), field="corrects")
    if original.pk in bench.corrected:
        raise Conflict(_("This record was corrected already. Correct the newer one."), field="corrects")
    if new.visit_id is not None and new.visit_id != original.visit_id:
        raise DomainError(_("A correction stays with the visit of what it corrects."), field="visit")
    return original


def _meet(judged: Judged) -> list[Visit]:
    """The visits this record ends, changed in memory: the named one, and those in whose windows the day lies."""
    new, visit, day = judged.new, judged.visit, judged.day
    if new.kind == Kind.MISSED:
        if visit is None:
            raise DomainError(_("Say which visit was missed."), field="visit")
        if not new.missed_reason.strip():
            raise DomainError(_("Say why it was missed."), code="required", field="missed_reason")
        return [_recordable(visit, judged)]
    if day is None:
        return []
    # A minimum contact credits lifelong monitoring only: the protocol's visit stays open (practice 19).
    lines = [Line.PROTOCOL, Line.LIFELONG] if new.kind == Kind.FULL else [Line.LIFELONG]
    met = []
    if visit is not None:
        _check_version(visit, new.version)
        if visit.line in lines:
            _check_day_is_the_visits(visit, judged.chart.line(visit.line), day)
            met.append(_recordable(visit, judged))
    for line in lines:
        if visit is None or visit.line != line:
            rows = judged.chart.line(line)
            found = whose_window(rows, day) or (last_passed(rows, day) if line == Line.LIFELONG else None)
            if found is not None:
                met.append(_set(found, new.kind, day))
    return met


def _recordable(visit: Visit, judged: Judged) -> Visit:
    """The named visit, moved by this record; Conflict where it has ended already."""
    new, old = judged.new, State(visit.state)
    _check_version(visit, new.version)
    after = state_after(old, new.kind)
    died = judged.chart.died
    entered_late = died is not None and judged.day is not None and judged.day <= died.latest()
    if not can_move(old, after) or (old == State.NOT_APPLICABLE and not entered_late):
        raise Conflict(
            _("This visit is recorded already: %(state)s. Correct the record instead."),
            field="visit",
            params={"state": Visit.State(old).label},
        )
    return _set(visit, new.kind, judged.day)


def _check_version(visit: Visit, version: int | None) -> None:
    if version is not None and version != visit.version:
        raise moved_on(visit)


def _check_day_is_the_visits(visit: Visit, line: Sequence[Visit], day: date) -> None:
    """A day in the window of another visit that is still open is a slip of the finger."""
    if visit.earliest_on <= day <= visit.closes_on:
        return
    other = whose_window([one for one in line if one.pk != visit.pk], day)
    if other is not None:
        raise DomainError(
            _("This day belongs to the visit %(visit)s, which is still open."),
            field="seen_on",
            params={"visit": other.code},
        )


def _set(visit: Visit, kind: str, day: date | None) -> Visit:
    visit.state, visit.seen_on = state_after(State(visit.state), kind), day
    visit.version += 1
    return visit


def _correct(judged: Judged, original: VisitRecord) -> list[Visit]:
    """A correction takes the day, and the kind, of what the original had met along with it."""
    new, day, moved = judged.new, judged.day, []
    if judged.visit is not None:
        _check_version(judged.visit, new.version)
    for visit in judged.chart.visits:
        named = judged.visit is not None and visit.pk == judged.visit.pk
        met_by_it = visit.state in MET and original.seen_on is not None and visit.seen_on == original.seen_on
        if not (named or met_by_it):
            continue
        state = _corrected_state(visit, new.kind, named)
        if (visit.state, visit.seen_on) != (state, day if state in MET else None):
            visit.state, visit.seen_on = state, day if state in MET else None
            visit.version += 1
            moved.append(visit)
    return moved


def _corrected_state(visit: Visit, kind: str, named: bool) -> str:
    if kind == Kind.MISSED:
        return State.MISSED if named else State.PLANNED
    if kind == Kind.MINIMAL:
        return State.MINIMAL if visit.line == Line.LIFELONG else State.PLANNED
    return State.RECOVERED if visit.state in (State.RECOVERED, State.MISSED) else State.DONE
