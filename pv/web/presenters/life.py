"""Everything known of one patient, fetched in a fixed number of queries, and the marks of their life line."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from uuid import UUID

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from pv.biosamples.models import Loan, SamplingRequest, Specimen
from pv.core import days
from pv.core.partial_columns import restored
from pv.followup.models import ContactAttempt, DutyLine, ReportedEvent, Visit, VisitRecord
from pv.patients.models import Consent, MedicalHistory, Patient, Transfer, Treatment, TreatmentLot, VitalStatus
from pv.safety.models import Case, InboxItem
from pv.terminology.clinical import Malignancy, Timing
from pv.web.presenters.clock import Clock, Desk
from pv.web.presenters.due import ZONE
from pv.web.presenters.lifeline import Drawing, Mark, Span, drawings
from pv.web.presenters.obligations import clocks_of
from pv.web.presenters.patients import party_name
from pv.web.presenters.words import in_chinese

GONE = frozenset({"exhausted", "returned", "disposed", "lost"})
VISIT_SHAPES = {
    Visit.State.DONE: "done",
    Visit.State.MINIMAL: "minimal",
    Visit.State.MISSED: "missed",
    Visit.State.RECOVERED: "recovered",
    Visit.State.UNAVAILABLE: "none",
    Visit.State.NOT_APPLICABLE: "none",
    Visit.State.PLANNED: "planned",
}
KEYS = frozenset({"id", "organisation", "patient", "created_at", "version"})
# How many coming visits of each line the picture shows: the horizon behind them is planned, not near.
SHOWN_AHEAD = 2


@dataclass(frozen=True, slots=True)
class VisitRow:
    """A visit with its clock, if that runs or ran."""

    visit: Visit
    clock: Clock | None

    @property
    def is_late(self) -> bool:
        return bool(self.clock and self.clock.state == "late")


class Life:
    """One patient's rows. Each kind is asked for once, when a page first wants it."""

    def __init__(self, patient: Patient, desk: Desk) -> None:
        self.patient, self.desk = patient, desk

    @property
    def _own(self) -> list[UUID]:
        return [self.patient.organisation_id]

    @property
    def is_dead(self) -> bool:
        """Reported or verified: nobody calls the family."""
        return self.patient.state in (Patient.State.REPORTED_DEAD, Patient.State.DIED)

    @cached_property
    def today(self) -> date:
        return days.legal_day(self.desk.now, ZONE)

    @cached_property
    def treatments(self) -> list[Treatment]:
        found = Treatment.objects.for_organisations(self._own).filter(patient=self.patient)
        return list(found.select_related("product", "centre", "study").order_by("no"))

    @cached_property
    def lots(self) -> dict[UUID, list[TreatmentLot]]:
        """Bags by treatment, with lot and vector batch."""
        found = TreatmentLot.objects.for_organisations(self._own).filter(treatment__patient=self.patient)
        by_treatment: dict[UUID, list[TreatmentLot]] = defaultdict(list)
        for one in found.select_related("lot__vector_batch").order_by("lot__code"):
            by_treatment[one.treatment_id].append(one)
        return by_treatment

    @cached_property
    def given(self) -> list[tuple[Treatment, list[TreatmentLot]]]:
        return [(one, self.lots.get(one.pk, [])) for one in self.treatments]

    @cached_property
    def infused(self) -> Treatment | None:
        """The last treatment that was infused."""
        return next((one for one in reversed(self.treatments) if one.infused_on), None)

    @cached_property
    def duty_lines(self) -> dict[str, DutyLine]:
        found = DutyLine.objects.for_organisations(self._own).filter(patient=self.patient).select_related("plan")
        return {one.line: one for one in found}

    @cached_property
    def visits(self) -> list[VisitRow]:
        found = list(Visit.objects.for_organisations(self._own).filter(patient=self.patient).order_by("due_on", "id"))
        keys = [one.pk for one in found if one.state == Visit.State.PLANNED]
        clocks: dict[UUID, Clock] = {}
        for kind in ("visit_protocol", "visit_lifelong"):
            clocks |= clocks_of(kind, keys, self.desk)
        return [VisitRow(one, clocks.get(one.pk)) for one in found]

    @cached_property
    def next_visits(self) -> list[VisitRow]:
        """What is late, and the next one of each line."""
        rows, seen = [], set()
        for row in self.visits:
            if row.visit.state != Visit.State.PLANNED or row.clock is None or row.clock.state == "done":
                continue
            if row.is_late or row.visit.line not in seen:
                rows.append(row)
            if not row.is_late:
                seen.add(row.visit.line)
        return rows

    @cached_property
    def records(self) -> list[VisitRecord]:
        found = VisitRecord.objects.for_organisations(self._own).filter(patient=self.patient)
        return list(found.select_related("visit", "by").order_by("-at", "-id"))

    @cached_property
    def events(self) -> list[ReportedEvent]:
        found = ReportedEvent.objects.for_organisations(self._own).filter(record__patient=self.patient)
        return list(found.select_related("record").order_by("created_at", "id"))

    @cached_property
    def attempts(self) -> list[ContactAttempt]:
        found = ContactAttempt.objects.for_organisations(self._own).filter(patient=self.patient)
        return list(found.select_related("by").order_by("-on", "-at")[:20])

    @cached_property
    def items(self) -> list[InboxItem]:
        found = InboxItem.objects.for_organisations(self._own).filter(patient=self.patient)
        return list(found.select_related("case", "product").order_by("-received_at"))

    @cached_property
    def cases(self) -> list[Case]:
        found = Case.objects.for_organisations(self._own).filter(patient=self.patient)
        return list(found.select_related("product").order_by("-created_at"))

    @cached_property
    def specimens(self) -> list[Specimen]:
        found = Specimen.objects.for_organisations(self._own).filter(patient=self.patient)
        return list(found.select_related("holder").order_by("collected_on", "code"))

    @cached_property
    def requests(self) -> list[SamplingRequest]:
        found = SamplingRequest.objects.for_organisations(self._own).filter(patient=self.patient)
        return list(found.select_related("item").order_by("due_on", "id"))

    @property
    def samples(self) -> tuple[int, int]:
        """How many of those asked for are there."""
        return there_of(self.requests)

    @cached_property
    def loans(self) -> list[Loan]:
        found = Loan.objects.for_organisations(self._own).filter(patient=self.patient)
        return list(found.select_related("lender").order_by("return_by"))

    @cached_property
    def consents(self) -> list[Consent]:
        return list(Consent.objects.for_organisations(self._own).filter(patient=self.patient))

    @cached_property
    def history(self) -> MedicalHistory | None:
        found = MedicalHistory.objects.for_organisations(self._own).filter(patient=self.patient)
        return next(iter(found), None)

    @property
    def told_before(self) -> list[tuple[str, str]]:
        """The medical history in words, without what nobody knows."""
        return told_before(self.history) if self.history else []

    @cached_property
    def vital(self) -> list[VitalStatus]:
        found = VitalStatus.objects.for_organisations(self._own).filter(patient=self.patient)
        return list(found.select_related("by").order_by("-at", "-id"))

    @cached_property
    def transfers(self) -> list[Transfer]:
        found = Transfer.objects.for_organisations(self._own).filter(patient=self.patient)
        return list(found.select_related("to_centre", "from_centre"))

    @cached_property
    def marks(self) -> list[Mark]:
        """Everything of the line in order of time."""
        found = [*_treatments(self), *_visits(self), *_findings(self), *_specimens(self)]
        return sorted(found, key=lambda one: (one.on, one.lane))

    @cached_property
    def drawings(self) -> list[Drawing]:
        first = next((one.infused_on for one in self.treatments if one.infused_on), None)
        died = self.patient.died_on if self.patient.state == Patient.State.DIED else None
        return drawings(self.marks, Span(self.today, first, died))


def _treatments(life: Life) -> Iterator[Mark]:
    for one in life.treatments:
        label = one.product.label
        if one.apheresis_on:
            yield Mark("treatment", one.apheresis_on, "apheresis", _("apheresis"), _("Apheresis for %s") % label)
        if one.infused_on:
            words = _("Infusion of %(product)s: %(indication)s") % {"product": label, "indication": one.indication}
            short = _("infusion") if one.no == 1 else _("infusion %d") % one.no
            yield Mark("treatment", one.infused_on, "infusion", short, words, weight=5)
        if one.returned_on:
            yield Mark("treatment", one.returned_on, "returned", _("returned"), _("%s returned, not given") % label)
    for move in life.transfers:
        to = party_name(move.to_centre) or move.to_text
        yield Mark("treatment", move.on, "transfer", to, _("Looked after by %s from now on") % to)


def _visits(life: Life) -> Iterator[Mark]:
    ahead: dict[str, int] = defaultdict(int)
    for row in life.visits:
        visit = row.visit
        if visit.state == Visit.State.PLANNED:
            ahead[visit.line] += not row.is_late
            if ahead[visit.line] > SHOWN_AHEAD or row.clock is None or row.clock.state == "done":
                continue
        yield _visit(row, first_ahead=ahead[visit.line] == 1)


def _visit(row: VisitRow, *, first_ahead: bool) -> Mark:
    visit = row.visit
    state, weight = visit.get_state_display(), 1
    shape = VISIT_SHAPES[Visit.State(visit.state)]
    if row.clock and visit.state == Visit.State.PLANNED:
        shape = "late" if row.clock.is_overdue else "overstayed" if row.is_late else shape
        state, weight = row.clock.text, 3 if row.is_late or first_ahead else 2
    elif visit.state == Visit.State.MISSED:
        weight = 2
    on = visit.seen_on or visit.due_on
    words = _("Visit %(code)s: %(state)s") % {"code": visit.code, "state": state}
    return Mark(visit.line, on, shape, visit.code, words, weight=weight, href=f"/visits/{visit.pk}/")


def _findings(life: Life) -> Iterator[Mark]:
    corrected = {one.corrects_id for one in life.records if one.corrects_id}
    for record in life.records:
        if record.pk not in corrected and (mark := _malignancy(record)):
            yield mark
    told = {one.record_id for one in life.items if one.record_id}
    for item in life.items:
        if item.record_id is None and item.kind == InboxItem.Kind.MALIGNANCY:
            shape = "malignancy" if item.malignancy == Malignancy.CONFIRMED else "suspected"
            written = str(restored(item.onset_on, item.onset_precision) or item.day_zero)
            on = item.onset_on or item.day_zero
            words = _("%(what)s (%(number)s)") % {"what": item.diagnosis, "number": item.number}
            yield Mark("events", on, shape, item.diagnosis, words, written, 4, f"/inbox/{item.pk}/")
    for event in life.events:
        if event.record_id in corrected and event.record_id not in told:
            continue
        yield _event(event)
    yield from _death(life)


def _malignancy(record: VisitRecord) -> Mark | None:
    on = record.onset_on or record.seen_on
    if on is None:
        return None
    written = str(restored(record.onset_on, record.onset_precision) or on)
    kind = record.get_malignancy_display()
    if record.malignancy in (Malignancy.CONFIRMED, Malignancy.SUSPECTED):
        shape = "malignancy" if record.malignancy == Malignancy.CONFIRMED else "suspected"
        words = _("New malignancy, %(kind)s: %(what)s") % {"kind": kind, "what": record.diagnosis}
        return Mark("events", on, shape, record.diagnosis, words, written, 4)
    if record.malignancy == Malignancy.RELAPSE or record.disease_status == VisitRecord.Disease.PROGRESSION:
        return Mark("events", on, "relapse", _("relapse"), _("Relapse or progression"), written, 2)
    return None


def _event(event: ReportedEvent) -> Mark:
    known = restored(event.onset_on, event.onset_precision)
    on = event.onset_on or event.record.seen_on or event.record.known_to_holder_on
    words = _("%(kind)s: %(what)s") % {"kind": event.get_kind_display(), "what": event.verbatim}
    if event.grade:
        words = _("%(words)s, grade %(grade)d") % {"words": words, "grade": event.grade}
    shape = "serious" if event.seriousness else "event"
    return Mark("events", on, shape, event.verbatim, words, str(known or on), 1)


def _death(life: Life) -> Iterator[Mark]:
    patient = life.patient
    known = restored(patient.died_on, patient.died_precision)
    if patient.state == Patient.State.DIED and patient.died_on:
        yield Mark("events", patient.died_on, "death", _("died"), _("Died"), str(known), 5)
    elif patient.state == Patient.State.REPORTED_DEAD:
        told = next((one for one in life.vital if one.status == VitalStatus.Status.REPORTED_DEAD), None)
        on = patient.died_on or (told.learned_on if told else None)
        if on:
            label = _("reported dead")
            yield Mark("events", on, "reported_dead", label, _("Reported dead, unverified"), str(known or on), 5)


def _specimens(life: Life) -> Iterator[Mark]:
    for one in life.specimens:
        on = one.collected_on
        if on is None:
            before = one.timing == Timing.BEFORE_TREATMENT and life.infused and life.infused.apheresis_on
            on = before or one.created_at.astimezone(ZONE).date()
        known = restored(one.collected_on, one.collected_precision)
        shape = "gone" if one.state in GONE else "held" if one.on_hold else "specimen"
        values = {"code": one.code, "what": one.get_material_display(), "state": one.get_state_display()}
        words = _("%(code)s: %(what)s, %(state)s") % values
        if one.on_hold:
            words += " · " + _("on hold")
        label = one.get_material_display()
        yield Mark(
            "specimens", on, shape, label, words, str(known or "") or _("not known"), 1, f"/samples/{one.pk}/"
        )  # fmt: skip


def there_of(requests: list[SamplingRequest]) -> tuple[int, int]:
    """How many samples there are of how many asked for; what was cancelled does not count."""
    asked = [one for one in requests if one.state != SamplingRequest.State.CANCELLED]
    met = (SamplingRequest.State.MET, SamplingRequest.State.AT_SITE)
    return sum(one.state in met for one in asked), len(asked)


def told_before(history: MedicalHistory) -> list[tuple[str, str]]:
    """Label and value of each field that says something."""
    found = []
    for column in history._meta.concrete_fields:
        value = getattr(history, column.attname)
        if column.name in KEYS or value in (None, "", "unknown"):
            continue
        words = getattr(history, f"get_{column.name}_display", None)
        found.append((str(capfirst(column.verbose_name)), str(words() if words else value)))
    return found


def age_words(patient: Patient) -> str:
    """female · 1961."""
    year = str(patient.birth_year) if patient.birth_year else ""
    if year and in_chinese():
        year += "年"
    sex = patient.get_sex_display() if patient.sex != Patient.Sex.UNKNOWN else ""
    return " · ".join(one for one in (sex, year) if one)
