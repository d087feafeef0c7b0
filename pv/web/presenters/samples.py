"""Specimens: the list, one specimen with its chain of custody, what was asked for, and the sampling advice."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from itertools import groupby
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pv.accounts.models import Party, User
from pv.biosamples.models import CustodyEvent, Instruction, Loan, PlanItem, SamplingRequest, Specimen
from pv.biosamples.models.plans import Temperature
from pv.core.partial_columns import restored
from pv.deadlines.models import Deadline
from pv.patients.scope import restrict
from pv.safety.models import InboxItem
from pv.terminology.clinical import Material, Timing
from pv.web.presenters.clock import Clock, Desk
from pv.web.presenters.due import as_uuid
from pv.web.presenters.patients import party_name
from pv.web.presenters.words import either

READ = "specimen.read"
SORTS = {"code": ("code", "id"), "new": ("-created_at", "-id")}
SORT_WORDS = {"code": gettext_lazy("number"), "new": gettext_lazy("newest first")}
GONE = ("exhausted", "returned", "disposed", "lost")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for; whatever is not understood falls away."""

    q: str
    state: str
    timing: str
    material: str
    held: bool
    organisation: UUID | None
    sort: str
    after: str

    @classmethod
    def of(cls, given: QueryDict) -> "Asked":
        def one(name: str, allowed: Iterable[str], otherwise: str = "") -> str:
            value = str(given.get(name, ""))
            return value if value in allowed else otherwise

        return cls(
            q=given.get("q", "").strip()[:40],
            state=one("state", [*Specimen.State.values, "there"]),
            timing=one("timing", Timing.values),
            material=one("material", Material.values),
            held=given.get("hold") == "held",
            organisation=as_uuid(given.get("organisation", "")),
            sort=one("sort", SORTS, "code"),
            after=given.get("after", ""),
        )

    @property
    def is_narrowed(self) -> bool:
        return bool(self.q or self.state or self.timing or self.material or self.held or self.organisation)


def wanted(asked: Asked, user: User, organisations: list[UUID]) -> "QuerySet[Specimen]":
    """The specimens a list asks for, among those this reader may see."""
    mine = [one for one in organisations if asked.organisation in (None, one)]
    query = restrict(Specimen.objects.for_organisations(mine), user, mine)
    if asked.state == "there":
        query = query.exclude(state__in=GONE)
    elif asked.state:
        query = query.filter(state=asked.state)
    same = {"timing": asked.timing, "material": asked.material}
    query = query.filter(**{name: value for name, value in same.items() if value})
    if asked.held:
        query = query.filter(on_hold=True)
    if asked.q:
        query = query.filter(Q(code__icontains=asked.q) | Q(patient__code__icontains=asked.q))
    return query.select_related("patient", "holder")


def amount(quantity: Decimal | None, unit: str) -> str:
    """A quantity with its unit, without idle zeros."""
    return f"{quantity.normalize():f} {unit}".strip() if quantity is not None else ""


def holder_of(specimen: Specimen) -> str:
    return party_name(specimen.holder) or _("the organisation itself")


@dataclass(frozen=True, slots=True)
class Row:
    """One specimen of the list."""

    specimen: Specimen

    @property
    def quantity(self) -> str:
        return amount(self.specimen.quantity, self.specimen.unit)

    @property
    def holder(self) -> str:
        return holder_of(self.specimen)

    @property
    def taken(self) -> str:
        return str(restored(self.specimen.collected_on, self.specimen.collected_precision) or "")


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of the chain of custody."""

    entry: CustodyEvent

    @property
    def way(self) -> str:
        """From whom to whom, where that changed; else who has it."""
        before, now = party_name(self.entry.from_holder), party_name(self.entry.to_holder)
        if before and now and before != now:
            return f"{before} → {now}"
        return now or before or _("the organisation itself")

    @property
    def change(self) -> str:
        one = self.entry.change
        return f"{one.normalize():+f}" if one else ""

    @property
    def left(self) -> str:
        return amount(self.entry.quantity_after, self.entry.specimen.unit)


class Tube:
    """One specimen with its ledger. Each kind is asked for once."""

    def __init__(self, specimen: Specimen) -> None:
        self.specimen = specimen
        self.row = Row(specimen)

    @property
    def _own(self) -> list[UUID]:
        return [self.specimen.organisation_id]

    @cached_property
    def chain(self) -> list[Link]:
        found = CustodyEvent.objects.for_organisations(self._own).filter(specimen=self.specimen)
        rows = found.select_related("from_holder", "to_holder", "by", "specimen").order_by("-no")
        return [Link(one) for one in rows]

    @cached_property
    def aliquots(self) -> list[Specimen]:
        found = Specimen.objects.for_organisations(self._own).filter(parent=self.specimen)
        return list(found.order_by("code"))

    @cached_property
    def causes(self) -> list[tuple[UUID, str]]:
        """The reports about this patient that may hold it."""
        found = InboxItem.objects.for_organisations(self._own).filter(patient_id=self.specimen.patient_id)
        return [(one.pk, f"{one.number} {one.diagnosis}"[:80]) for one in found.order_by("-received_at")[:20]]

    @property
    def held_by(self) -> str:
        """The report that holds it."""
        cause = self.specimen.hold_cause
        return next((words for pk, words in self.causes if pk == cause), "")


def parties(organisation: UUID) -> list[tuple[UUID, str]]:
    found = Party.objects.for_organisations([organisation]).order_by("name")
    return [(one.pk, party_name(one)) for one in found]


def clock_of(subject: UUID, desk: Desk) -> Clock | None:
    """The clock of a request, an instruction or a loan: the open one, else the one closed last."""
    found = (
        Deadline.objects.for_organisations(desk.organisations)
        .filter(subject=subject, kind__startswith="sample_")
        .select_related("assignee", "rule", "alarm")
        .order_by("-closed_at")
    )
    rows = sorted(found, key=lambda one: one.closed_at is not None)
    desk.load_ladders(rows[:1])
    return Clock(rows[0], desk) if rows else None


@dataclass(frozen=True, slots=True)
class Wanted:
    """One specimen of the advice, with its request where it was asked for."""

    item: PlanItem
    request: SamplingRequest | None

    @property
    def what(self) -> str:
        return either(self.item.what_en, self.item.what_zh)


@dataclass(frozen=True, slots=True)
class Advised:
    """One line of the advice in the language that is active: specimens that are handled in the same way."""

    wanted: list[Wanted]

    @property
    def item(self) -> PlanItem:
        return self.wanted[0].item

    @property
    def quantity(self) -> str:
        return either(self.item.quantity_en, self.item.quantity_zh)

    @property
    def handling(self) -> str:
        return either(self.item.handling_en, self.item.handling_zh)

    @property
    def temperature(self) -> str:
        return str(Temperature(self.item.temperature).label)


@dataclass(frozen=True, slots=True)
class Group:
    """The lines of one time: at the event, after it, from before the treatment."""

    timing: str
    lines: list[Advised]


ORDER = (Timing.AT_EVENT, Timing.BEFORE_TREATMENT, Timing.AFTER_EVENT)


def grouped(items: Iterable[PlanItem], requests: Iterable[SamplingRequest]) -> list[Group]:
    """First what must be taken now, then what is retained, then what comes later."""
    asked = {one.item_id: one for one in requests}
    wanted = [Wanted(one, asked.get(one.pk)) for one in items]
    groups = []
    for timing in ORDER:
        of_this = [one for one in wanted if one.item.timing == timing]
        groups.append(Group(timing, [Advised(list(same)) for _how, same in groupby(of_this, key=_how_to)]))
    return [one for one in groups if one.lines]


def _how_to(one: Wanted) -> tuple[object, ...]:
    item = one.item
    return item.quantity_en, item.handling_en, item.temperature, item.process_within_hours, item.required


def instruction_of(cause: UUID, organisation: UUID) -> Instruction | None:
    found = Instruction.objects.for_organisations([organisation]).select_related("plan", "given_by").filter(cause=cause)
    return found.first()


def languages(wanted: str) -> list[str]:
    """The languages a sheet is printed in: the reader's, one of the two, or both, Chinese first."""
    if wanted == "both":
        return ["zh-hans", "en"]
    return [wanted] if wanted in ("zh-hans", "en") else [translation.get_language() or "en"]


def loans_of(request: SamplingRequest) -> list[Loan]:
    found = Loan.objects.for_organisations([request.organisation_id]).filter(request=request)
    return list(found.select_related("lender").order_by("return_by"))
