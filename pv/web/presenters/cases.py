"""Cases: the list, and one case with everything on one screen, clocks on top."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from pv.biosamples.models import SamplingRequest, Specimen
from pv.core.partial_columns import restored
from pv.deadlines.models import Deadline
from pv.patients.models import Treatment, TreatmentLot
from pv.safety.models import Assessment, Case, CaseVersion, InboxItem, Question, Reaction
from pv.terminology.clinical import (
    Biopsy,
    Causality,
    Lineage,
    Malignancy,
    Outcome,
    Serious,
    Source,
    YesNo,
)
from pv.web.presenters.clock import Clock, Desk
from pv.web.presenters.due import as_uuid
from pv.web.presenters.inbox import Happened, story
from pv.web.presenters.life import there_of
from pv.web.presenters.notices import Told, told_of

SORTS = {"latest": ("-created_at", "-id"), "day_zero": ("day_zero", "id")}
SORT_WORDS = {"latest": _("newest first"), "day_zero": _("day 0")}
REPORTING = ("icsr", "death_investigation")
TOLD_OF = frozenset({"acknowledge", "triage", "icsr"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for; whatever is not understood falls away."""

    q: str
    state: str
    malignancy: bool
    product: UUID | None
    organisation: UUID | None
    sort: str
    after: str

    @classmethod
    def of(cls, given: QueryDict) -> "Asked":
        state, sort = given.get("state", ""), given.get("sort", "")
        return cls(
            q=given.get("q", "").strip()[:60],
            state=state if state in Case.State.values else "",
            malignancy=given.get("kind") == "malignancy",
            product=as_uuid(given.get("product", "")),
            organisation=as_uuid(given.get("organisation", "")),
            sort=sort if sort in SORT_WORDS else "latest",
            after=given.get("after", ""),
        )

    @property
    def is_narrowed(self) -> bool:
        return bool(self.q or self.state or self.malignancy or self.product or self.organisation)


def wanted(asked: Asked, organisations: list[UUID]) -> "QuerySet[Case]":
    """The cases a list asks for."""
    query: QuerySet[Case] = Case.objects.for_organisations(
        [one for one in organisations if asked.organisation in (None, one)]
    )
    if asked.state:
        query = query.filter(state=asked.state)
    if asked.malignancy:
        query = query.filter(malignancy=True)
    if asked.product:
        query = query.filter(product_id=asked.product)
    if asked.q:
        words = Q(number__icontains=asked.q) | Q(external_number__icontains=asked.q)
        query = query.filter(words | Q(patient__code__icontains=asked.q))
    return query.select_related("patient", "product")


@dataclass(frozen=True, slots=True)
class Row:
    """One case of the list."""

    case: Case
    clock: Clock | None
    reaction: str


def rows(cases: list[Case], desk: Desk) -> list[Row]:
    """With the reporting clock that runs, and what the latest version calls it."""
    keys = [one.pk for one in cases]
    clocks = _reporting(keys, desk)
    words = _reactions(keys, desk)
    return [Row(one, clocks.get(one.pk), words.get(one.pk, "")) for one in cases]


def _reporting(cases: Iterable[UUID], desk: Desk) -> dict[UUID, Clock]:
    """The report that is outstanding, of the case or one of its versions."""
    keys = list(cases)
    versions = CaseVersion.objects.for_organisations(desk.organisations).filter(case_id__in=keys)
    owner = dict(versions.values_list("pk", "case_id")) | {one: one for one in keys}
    found = list(
        Deadline.objects.for_organisations(desk.organisations)
        .filter(subject__in=list(owner), kind__in=REPORTING, closed_at=None)
        .select_related("assignee", "rule", "alarm")
        .order_by("-due_at")
    )
    desk.load_ladders(found)
    return {owner[one.subject]: Clock(one, desk) for one in found}


def _reactions(cases: Iterable[UUID], desk: Desk) -> dict[UUID, str]:
    found = Reaction.objects.for_organisations(desk.organisations).filter(case_version__case_id__in=list(cases))
    return dict(found.order_by("case_version__no", "id").values_list("case_version__case_id", "verbatim"))


LABELS = {
    "diagnosis": _("What happened"),
    "malignancy": _("New malignancy"),
    "lineage": _("Lineage"),
    "onset": _("Onset"),
    "biopsy": _("Biopsy"),
    "biopsy_on": _("Biopsy on"),
    "treatment_planned_on": _("Treatment planned on"),
    "seriousness": _("Serious because"),
    "outcome": _("Outcome"),
    "reporter_causality": _("Reporter’s causality"),
    "died": _("Died on"),
    "death_cause": _("Cause of death"),
    "death_suspected": _("Reaction suspected"),
    "source": _("Source"),
    "product_text": _("Product as told"),
    "patient_text": _("Patient as told"),
    "reporter_name": _("Told by"),
    "reporter_profession": _("Profession"),
    "reporter_institution": _("Institution"),
    "reporter_phone": _("Phone"),
    "reporter_consents": _("May be contacted"),
    "known_to_site_on": _("Known to the site on"),
    "known_to_delegate_on": _("Known to the delegate on"),
    "known_to_holder_on": _("Known to the holder on"),
}
CODES = {
    "malignancy": Malignancy,
    "lineage": Lineage,
    "biopsy": Biopsy,
    "outcome": Outcome,
    "reporter_causality": Causality,
    "death_suspected": YesNo,
    "source": Source,
    "reporter_consents": YesNo,
}


def in_words(name: str, value: str) -> str:
    """A content's value as people read it."""
    if name == "seriousness":
        return ", ".join(str(Serious(one).label) for one in value.split(",") if one in Serious.values)
    choices = CODES.get(name)
    return str(choices(value).label) if choices and value in choices.values else value


@dataclass(frozen=True, slots=True)
class Change:
    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class ShownVersion:
    """A version with what it changed."""

    version: CaseVersion
    changes: list[Change]


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> list[Change]:
    """What differs between two contents, field by field."""
    return [
        Change(str(label), in_words(name, before.get(name, "")), in_words(name, after.get(name, "")))
        for name, label in LABELS.items()
        if before.get(name, "") != after.get(name, "")
    ]


class File:
    """One case with everything that stands beside it. Each kind is asked for once."""

    def __init__(self, case: Case, desk: Desk) -> None:
        self.case, self.desk = case, desk

    @property
    def _own(self) -> list[UUID]:
        return [self.case.organisation_id]

    @cached_property
    def items(self) -> list[InboxItem]:
        found = InboxItem.objects.for_organisations(self._own).filter(case=self.case)
        return list(found.select_related("first_receiver", "treatment__product").order_by("received_at"))

    @cached_property
    def versions(self) -> list[CaseVersion]:
        found = CaseVersion.objects.for_organisations(self._own).filter(case=self.case)
        return list(found.select_related("by").order_by("no"))

    @property
    def last(self) -> CaseVersion | None:
        return self.versions[-1] if self.versions else None

    @property
    def shown_versions(self) -> list[ShownVersion]:
        """The newest first, each with what it changed."""
        first = [ShownVersion(one, []) for one in self.versions[:1]]
        later = [ShownVersion(new, changed(old.content, new.content)) for old, new in pairwise(self.versions)]
        return list(reversed(first + later))

    @cached_property
    def content(self) -> list[tuple[str, str]]:
        """How the case stands, without what was not said."""
        said = self.last.content if self.last else {}
        return [(str(label), in_words(name, said[name])) for name, label in LABELS.items() if said.get(name)]

    @property
    def title(self) -> str:
        return str(self.last.content.get("diagnosis", "")) if self.last else ""

    @cached_property
    def clocks(self) -> list[Clock]:
        """Those of the case, its versions and reports: what runs first, then what has ended."""
        subjects = [self.case.pk, *(one.pk for one in self.versions), *(one.pk for one in self.items)]
        found = list(
            Deadline.objects.for_organisations(self._own)
            .filter(subject__in=subjects)
            .select_related("assignee", "rule", "alarm")
        )
        self.desk.load_ladders(found)
        clocks = [Clock(one, self.desk) for one in found if one.outcome != Deadline.Outcome.SUPERSEDED]
        return sorted(clocks, key=lambda one: (one.state == "done", one.deadline.due_at))

    @property
    def must_be_reported(self) -> bool:
        return any(one.deadline.kind in REPORTING and one.state != "done" for one in self.clocks)

    @cached_property
    def treatment(self) -> Treatment | None:
        return next((one.treatment for one in self.items if one.treatment), None)

    @cached_property
    def lots(self) -> list[TreatmentLot]:
        if self.treatment is None:
            return []
        found = TreatmentLot.objects.for_organisations(self._own).filter(treatment=self.treatment)
        return list(found.select_related("lot__vector_batch").order_by("lot__code"))

    @cached_property
    def questions(self) -> list[Question]:
        found = Question.objects.for_organisations(self._own).filter(item__in=self.items)
        return list(found.select_related("answered_by").order_by("answered_at", "created_at"))

    @cached_property
    def requests(self) -> list[SamplingRequest]:
        causes = [one.pk for one in self.items]
        found = SamplingRequest.objects.for_organisations(self._own).filter(cause__in=causes)
        return list(found.select_related("item").order_by("due_on", "id"))

    @property
    def samples(self) -> tuple[int, int]:
        """How many of those asked for are there."""
        return there_of(self.requests)

    @cached_property
    def specimens(self) -> list[Specimen]:
        causes = [one.pk for one in self.items]
        found = Specimen.objects.for_organisations(self._own).filter(hold_cause__in=causes, on_hold=True)
        return list(found.order_by("code"))

    @cached_property
    def assessments(self) -> list[Assessment]:
        found = Assessment.objects.for_organisations(self._own).filter(case_version__case=self.case)
        return list(found.select_related("by", "case_version", "signature").order_by("-at"))

    @cached_property
    def reactions(self) -> list[Reaction]:
        found = Reaction.objects.for_organisations(self._own).filter(case_version=self.last)
        return list(found.order_by("id")) if self.last else []

    @cached_property
    def told(self) -> list[Told]:
        """Who was told, newest first."""
        wanted = [one for one in self.clocks if one.deadline.kind in TOLD_OF][:3]
        found = [told for one in wanted for told in told_of(one.deadline, self._own)]
        return sorted(found, key=lambda one: one.at, reverse=True)[:6]

    @cached_property
    def story(self) -> list[Happened]:
        return story(self.items, self.versions, self._own, self.case.pk)


def onset_of(reaction: Reaction) -> str:
    return str(restored(reaction.onset_on, reaction.onset_precision) or "")
