"""The list of patients: filters from the address, and rows with product, state and the clocks of the next visits."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from pv.accounts.models import Party, User
from pv.accounts.policy import Access
from pv.deadlines.models import Deadline
from pv.patients.models import Patient, Treatment
from pv.patients.scope import visible_to
from pv.safety.models import InboxItem
from pv.terminology.clinical import Malignancy
from pv.web.presenters.clock import Clock, Desk
from pv.web.presenters.due import as_uuid
from pv.web.presenters.words import either

READ = "patient.read"
VISITS = ("visit_protocol", "visit_lifelong")
SORTS = {"code": ("code", "id"), "-code": ("-code", "-id"), "new": ("-created_at", "-id")}
SORT_WORDS = {"code": _("code"), "-code": _("code, backwards"), "new": _("newest first")}
ENDED = frozenset({"stood_down", "not_valid", "duplicate"})


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a patient is being looked for: the list then leads there with one tap."""

    title: object
    lead: object
    verb: object
    view: str
    right: str


PURPOSES = {
    "contact": Purpose(
        _("Contact: with whom?"), _("A minimum contact takes a minute."), _("Contact"), "web:contact", "visit.record"
    ),
    "visit": Purpose(
        _("Visit: of whom?"), _("The form opens for the visit that is due."), _("Visit"), "web:next_visit",
        "visit.record",
    ),
    "sample": Purpose(
        _("Sample: of whom?"), _("Register what was taken, or what is there already."), _("Sample"),
        "web:new_specimen", "specimen.write",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for; whatever is not understood falls away."""

    q: str
    state: str
    product: UUID | None
    centre: UUID | None
    late: bool
    organisation: UUID | None
    purpose: str
    sort: str
    after: str

    @classmethod
    def of(cls, given: QueryDict) -> "Asked":
        state, purpose, sort = given.get("state", ""), given.get("for", ""), given.get("sort", "")
        return cls(
            q=given.get("q", "").strip()[:40],
            state=state if state in Patient.State.values else "",
            product=as_uuid(given.get("product", "")),
            centre=as_uuid(given.get("centre", "")),
            late=given.get("visit") == "late",
            organisation=as_uuid(given.get("organisation", "")),
            purpose=purpose if purpose in PURPOSES else "",
            sort=sort if sort in SORTS else "code",
            after=given.get("after", ""),
        )

    @property
    def is_narrowed(self) -> bool:
        return bool(self.q or self.state or self.product or self.centre or self.late or self.organisation)

    @property
    def aim(self) -> Purpose | None:
        return PURPOSES.get(self.purpose)


def wanted(asked: Asked, user: User, organisations: list[UUID], now: datetime) -> "QuerySet[Patient]":
    """The patients a list asks for, among those this reader may see."""
    query = visible_to(user, [one for one in organisations if asked.organisation in (None, one)])
    if asked.q:
        query = query.filter(code__icontains=asked.q)
    if asked.state:
        query = query.filter(state=asked.state)
    if asked.centre:
        query = query.filter(centre_id=asked.centre)
    if asked.product:
        given = Treatment.objects.filter(
            organisation_id=OuterRef("organisation_id"), patient_id=OuterRef("pk"), product_id=asked.product
        )
        query = query.filter(Exists(given))
    if asked.late:
        late = Deadline.objects.filter(
            organisation_id=OuterRef("organisation_id"),
            patient_id=OuterRef("pk"),
            kind__in=VISITS,
            closed_at=None,
            due_at__lte=now,
        )
        query = query.filter(Exists(late))
    return query.select_related("centre")


@dataclass(frozen=True, slots=True)
class Row:
    """One patient of the list."""

    patient: Patient
    treatment: Treatment | None
    clocks: list[Clock]
    malignancy: str

    @property
    def centre(self) -> str:
        return centre_of(self.patient)

    @property
    def product(self) -> str:
        return self.treatment.product.label if self.treatment else ""

    @property
    def next(self) -> Clock | None:
        return self.clocks[0] if self.clocks else None


def centre_of(patient: Patient) -> str:
    """Who looks after a patient, in the reader's language."""
    return party_name(patient.centre) or patient.centre_text


def party_name(party: Party | None) -> str:
    return either(party.name, party.name_zh) if party else ""


def rows(patients: list[Patient], desk: Desk) -> list[Row]:
    """With the last treatment, the running clocks of the visits, and whether a new malignancy was reported."""
    keys = [one.pk for one in patients]
    treatments = _last_treatments(keys, desk)
    clocks = _visit_clocks(keys, desk)
    reported = _malignancies(keys, desk)
    return [
        Row(one, treatments.get(one.pk), clocks.get(one.pk, []), reported.get(one.pk, "")) for one in patients
    ]  # fmt: skip


def _last_treatments(patients: Iterable[UUID], desk: Desk) -> dict[UUID, Treatment]:
    found = (
        Treatment.objects.for_organisations(desk.organisations)
        .filter(patient_id__in=list(patients))
        .select_related("product")
        .order_by("no")
    )
    return {one.patient_id: one for one in found}


def _visit_clocks(patients: Iterable[UUID], desk: Desk) -> dict[UUID, list[Clock]]:
    found = list(
        Deadline.objects.for_organisations(desk.organisations)
        .filter(patient_id__in=list(patients), kind__in=VISITS, closed_at=None)
        .select_related("assignee", "rule", "alarm")
        .order_by("due_at", "id")
    )
    desk.load_ladders(found)
    clocks: dict[UUID, list[Clock]] = defaultdict(list)
    for one in found:
        if one.patient_id:
            clocks[one.patient_id].append(Clock(one, desk))
    return clocks


def _malignancies(patients: Iterable[UUID], desk: Desk) -> dict[UUID, str]:
    """confirmed outweighs suspected; what was stood down no longer counts."""
    found = (
        InboxItem.objects.for_organisations(desk.organisations)
        .filter(patient_id__in=list(patients), kind=InboxItem.Kind.MALIGNANCY)
        .exclude(state__in=ENDED)
        .values_list("patient_id", "malignancy")
    )
    words: dict[UUID, str] = {}
    for patient, answer in found:
        if answer == Malignancy.CONFIRMED or patient not in words:
            words[patient] = answer
    return words


def centres(user: User, organisations: list[UUID]) -> list[tuple[UUID, str]]:
    """The centres that a filter offers: those that look after somebody the reader may see."""
    ids = visible_to(user, organisations).order_by().values("centre_id").distinct()
    found = Party.objects.for_organisations(organisations).filter(pk__in=ids).order_by("name")
    return [(one.pk, party_name(one)) for one in found]


def may(access: Access, purpose: Purpose | None) -> bool:
    return purpose is not None and bool(access.anywhere(purpose.right))
