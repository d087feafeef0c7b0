"""The inbox: reports in the order of their clocks, one report with what stands beside it, and its candidates."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from uuid import UUID

from django.db.models import F, Min, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pv.biosamples.models import SamplingRequest, Specimen
from pv.core.partial_columns import restored
from pv.deadlines.models import Deadline
from pv.patients.models import TreatmentLot
from pv.safety.models import Assessment, CaseVersion, InboxItem, Question, SafetyMove
from pv.terminology.clinical import Malignancy, Serious, Source
from pv.web.presenters.clock import Clock, Desk
from pv.web.presenters.due import as_uuid
from pv.web.presenters.motion import Motion, motions
from pv.web.presenters.notices import Told, answers_of, told_of
from pv.web.presenters.words import either

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
ACKNOWLEDGE, TRIAGE, REPORT = "acknowledge", "triage", "icsr"
SORTS = {"urgent": ("urgent_at", "id"), "latest": ("-received_at", "-id"), "day_zero": ("day_zero", "id")}
SORT_WORDS = {
    "urgent": gettext_lazy("first due"),
    "latest": gettext_lazy("last received"),
    "day_zero": gettext_lazy("day 0"),
}
CANDIDATES = 4


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for; whatever is not understood falls away. Usually: what nobody has triaged."""

    q: str
    state: str
    kind: str
    source: str
    product: UUID | None
    organisation: UUID | None
    sort: str
    after: str

    @classmethod
    def of(cls, given: QueryDict) -> "Asked":
        def one(name: str, allowed: Iterable[str], otherwise: str = "") -> str:
            value = str(given.get(name, ""))
            return value if value in allowed else otherwise

        return cls(
            q=given.get("q", "").strip()[:60],
            state=one("state", [*InboxItem.State.values, "all"], "new"),
            kind=one("kind", InboxItem.Kind.values),
            source=one("source", Source.values),
            product=as_uuid(given.get("product", "")),
            organisation=as_uuid(given.get("organisation", "")),
            sort=one("sort", SORTS, "urgent"),
            after=given.get("after", ""),
        )

    @property
    def is_narrowed(self) -> bool:
        return bool(self.q or self.kind or self.source or self.product or self.organisation or self.state != "new")


def wanted(asked: Asked, organisations: list[UUID]) -> "QuerySet[InboxItem]":
    """The reports a list asks for, each with the instant at which its first clock runs out."""
    query: QuerySet[InboxItem] = InboxItem.objects.for_organisations(
        [one for one in organisations if asked.organisation in (None, one)]
    )
    same = {"state": asked.state if asked.state != "all" else "", "kind": asked.kind, "source": asked.source}
    query = query.filter(**{name: value for name, value in same.items() if value})
    if asked.product:
        query = query.filter(product_id=asked.product)
    if asked.q:
        query = query.filter(
            Q(number__icontains=asked.q) | Q(diagnosis__icontains=asked.q) | Q(patient__code__icontains=asked.q)
        )
    first = (
        Deadline.objects.filter(organisation_id=OuterRef("organisation_id"), subject=OuterRef("pk"), closed_at=None)
        .order_by()
        .values("subject")
        .annotate(first=Min("due_at"))
        .values("first")
    )
    query = query.annotate(urgent_at=Coalesce(Subquery(first), NEVER))
    return query.select_related("patient", "product", "case", "first_receiver")


@dataclass(frozen=True, slots=True)
class Row:
    """One report of the list."""

    motion: Motion
    has_it: str

    @property
    def item(self) -> InboxItem:
        return self.motion.item

    @property
    def clock(self) -> Clock | None:
        """The clock that presses most."""
        running = [one for one in self.motion.clocks if one.state != "done"]
        return running[0] if running else self.motion.report

    @property
    def product(self) -> str:
        return product_of(self.item)


def product_of(item: InboxItem) -> str:
    return item.product.label if item.product else item.product_text


def patient_of(item: InboxItem) -> str:
    return item.patient.code if item.patient else item.patient_text


def rows(items: list[InboxItem], desk: Desk) -> list[Row]:
    """With their clocks, and whoever has said "I take it"."""
    found = motions(items, desk)
    by_deadline = {clock.pk: one.item.pk for one in found for clock in one.clocks}
    has_it = {
        by_deadline[deadline]: answer.by.name
        for (deadline, _round, _rung), answer in answers_of(by_deadline, desk.organisations).items()
    }
    return [Row(one, has_it.get(one.item.pk, "")) for one in found]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A report or case that this one may belong to; shown in a column beside it."""

    item: InboxItem
    is_same_patient: bool

    @property
    def onset(self) -> str:
        return str(restored(self.item.onset_on, self.item.onset_precision) or "–")

    @property
    def patient(self) -> str:
        return patient_of(self.item)

    @property
    def product(self) -> str:
        return product_of(self.item)


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of the story."""

    at: datetime
    words: str
    by: str = ""
    reason: str = ""
    is_signed: bool = False
    css: str = ""


class Report:
    """One inbox item with everything that stands beside it. Each kind is asked for once."""

    def __init__(self, item: InboxItem, desk: Desk) -> None:
        self.item, self.desk = item, desk

    @property
    def _own(self) -> list[UUID]:
        return [self.item.organisation_id]

    @cached_property
    def motion(self) -> Motion:
        return motions([self.item], self.desk)[0]

    @cached_property
    def clocks(self) -> list[Clock]:
        """What runs first, then what has ended."""
        return sorted(self.motion.clocks, key=lambda one: (one.state == "done", one.deadline.due_at))

    @cached_property
    def alarm(self) -> Clock | None:
        """The clock that "I take it" answers."""
        found = [one for one in self.clocks if one.deadline.kind == ACKNOWLEDGE]
        return next(iter(found), None)

    @cached_property
    def onset(self) -> str:
        return str(restored(self.item.onset_on, self.item.onset_precision) or "")

    @cached_property
    def died(self) -> str:
        return str(restored(self.item.died_on, self.item.died_precision) or "")

    @property
    def patient(self) -> str:
        return patient_of(self.item)

    @property
    def product(self) -> str:
        return product_of(self.item)

    @property
    def seriousness(self) -> str:
        return ", ".join(str(Serious(one).label) for one in self.item.seriousness)

    @property
    def is_suspected(self) -> bool:
        return self.item.malignancy == Malignancy.SUSPECTED and self.item.state == InboxItem.State.NEW

    @cached_property
    def questions(self) -> list[Question]:
        found = Question.objects.for_organisations(self._own).filter(item=self.item)
        return list(found.select_related("answered_by").order_by(F("answered_at").asc(nulls_first=True), "created_at"))

    @property
    def open_questions(self) -> list[Question]:
        return [one for one in self.questions if one.answered_at is None]

    @cached_property
    def requests(self) -> list[SamplingRequest]:
        found = SamplingRequest.objects.for_organisations(self._own).filter(cause=self.item.pk)
        return list(found.select_related("item").order_by("due_on", "id"))

    @cached_property
    def specimens(self) -> list[Specimen]:
        """What this report keeps from being destroyed."""
        found = Specimen.objects.for_organisations(self._own).filter(hold_cause=self.item.pk, on_hold=True)
        return list(found.order_by("code"))

    @cached_property
    def lots(self) -> list[TreatmentLot]:
        if self.item.treatment_id is None:
            return []
        found = TreatmentLot.objects.for_organisations(self._own).filter(treatment_id=self.item.treatment_id)
        return list(found.select_related("lot__vector_batch").order_by("lot__code"))

    @cached_property
    def told(self) -> list[Told]:
        """Who was told by the alarm and the triage clock, newest first."""
        wanted = [one for one in self.clocks if one.deadline.kind in (ACKNOWLEDGE, TRIAGE)]
        found = [told for one in wanted for told in told_of(one.deadline, self._own)]
        return sorted(found, key=lambda one: one.at, reverse=True)[:6]

    @cached_property
    def candidates(self) -> list[Candidate]:
        """Reports about the same patient first, then those of the same hospital or words, newest first."""
        item = self.item
        alike = Q(pk=None)
        if item.patient_id:
            alike |= Q(patient_id=item.patient_id)
        if item.reporter_institution:
            alike |= Q(reporter_institution__iexact=item.reporter_institution, kind=item.kind)
        if item.reporter_phone:
            alike |= Q(reporter_phone=item.reporter_phone)
        if item.product_id and item.lineage:
            alike |= Q(product_id=item.product_id, lineage=item.lineage, onset_on__isnull=False, onset_on=item.onset_on)
        found = InboxItem.objects.for_organisations(self._own).filter(alike).exclude(pk=item.pk)
        found = found.exclude(record_id=item.record_id, record_id__isnull=False)
        rows = list(found.select_related("patient", "product", "case").order_by("-received_at")[: CANDIDATES * 3])
        rows.sort(key=lambda one: one.patient_id != item.patient_id or item.patient_id is None)
        return [Candidate(one, bool(item.patient_id) and one.patient_id == item.patient_id) for one in rows][
            :CANDIDATES
        ]  # fmt: skip

    @cached_property
    def story(self) -> list[Happened]:
        return story([self.item], [], self._own)


def story(
    items: list[InboxItem], versions: list[CaseVersion], organisations: list[UUID], *more: UUID
) -> list[Happened]:
    """What happened to these reports and their case, in order of time."""
    lines = [_received(one) for one in items] + [_version(one) for one in versions]
    subjects = [*(one.pk for one in items), *more]
    moves = SafetyMove.objects.for_organisations(organisations).filter(subject__in=subjects).select_related("by")
    lines += [_move(one) for one in moves if one.what != "opened"]
    if versions:
        signed = Assessment.objects.for_organisations(organisations).filter(case_version__in=versions)
        lines += [_assessed(one) for one in signed.select_related("by", "case_version")]
    return sorted(lines, key=lambda one: one.at)


def _received(item: InboxItem) -> Happened:
    words = _("%(number)s received: %(source)s") % {"number": item.number, "source": item.get_source_display()}
    who = " · ".join(one for one in (item.reporter_name, item.reporter_institution) if one)
    return Happened(item.received_at, words, item.first_receiver.name, who, css="told")


def _version(version: CaseVersion) -> Happened:
    words = _("Version %(no)d") % {"no": version.no}
    if not version.significant:
        words = _("%s, not significant") % words
    return Happened(version.at, words, version.by.name, version.why)


def _move(move: SafetyMove) -> Happened:
    """What was done, and where it led if that says more than the act."""
    what = SafetyMove.What
    leads = move.what in (what.TRIAGED, what.MOVED, what.MATCHED, what.DAY_ZERO)
    words = capfirst(move.get_what_display())
    if leads and move.new:
        words = _("%(what)s: %(new)s") % {"what": words, "new": state_words(move.new)}
    by = move.by.name if move.by else _("the system")
    return Happened(move.at, words, by, move.reason, bool(move.signature_id), "answered" if move.signature_id else "")


def state_words(code: str) -> str:
    """A stored state, of item or case or process, in words."""
    from pv.safety.models import Case

    for choices in (InboxItem.State, Case.State, Malignancy):
        if code in choices.values:
            return str(choices(code).label)
    return code


def _assessed(one: Assessment) -> Happened:
    words = _("Assessed: %(causality)s") % {"causality": one.get_causality_display()}
    return Happened(one.at, words, one.by.name, one.reasoning, is_signed=True, css="answered")


def centre_words(item: InboxItem) -> str:
    centre = item.patient.centre if item.patient else None
    return either(centre.name, centre.name_zh) if centre else item.reporter_institution
