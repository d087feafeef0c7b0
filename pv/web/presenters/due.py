"""The home page's list: filters from the address, counts, and rows in the order in which they become late."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from pv.accounts.models import Membership, User
from pv.core import days
from pv.deadlines.kinds import all_kinds
from pv.deadlines.models import Basis, Deadline
from pv.products.models import Product
from pv.web.presenters.clock import Clock, Desk
from pv.web.presenters.notices import Answers, answers_of
from pv.web.presenters.paging import page_of

ZONE = ZoneInfo("Asia/Shanghai")
WEEK, MONTH = timedelta(days=7), timedelta(days=30)
STATES = ("open", "late", "today", "week", "month", "done")
SCOPES = ("me", "team", "all")
SORTS: Mapping[str, tuple[str, ...]] = {
    "due": ("due_at", "id"),
    "-due": ("-due_at", "-id"),
    "kind": ("kind", "due_at", "id"),
    "first": ("original_due_on", "id"),
}
SORT_WORDS = {
    "due": _("first due"),
    "-due": _("last due"),
    "kind": _("kind"),
    "first": _("date first promised"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for; whatever is not understood falls away."""

    scope: str
    state: str = "open"
    product: UUID | None = None
    kind: str = ""
    basis: str = ""
    organisation: UUID | None = None
    sort: str = "due"
    after: str = ""

    @classmethod
    def of(cls, given: QueryDict, usual_scope: str) -> "Asked":
        def one(name: str, allowed: Any, otherwise: str = "") -> str:
            value = given.get(name, "")
            return value if value in allowed else otherwise

        return cls(
            scope=one("who", SCOPES, usual_scope or "all"),
            state=one("state", STATES, "open"),
            product=as_uuid(given.get("product", "")),
            kind=one("kind", {kind.code for kind in all_kinds()}),
            basis=one("basis", Basis.values),
            organisation=as_uuid(given.get("organisation", "")),
            sort=one("sort", SORTS, "due"),
            after=given.get("after", ""),
        )

    @property
    def is_narrowed(self) -> bool:
        return bool(self.product or self.kind or self.basis or self.organisation or self.state != "open")


def as_uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def usual_scope(user: User, organisations: list[UUID]) -> str:
    """One's own first; everybody's for somebody who owns nothing at the moment."""
    mine = Deadline.objects.for_organisations(organisations).filter(assignee=user, closed_at=None)
    return "me" if mine.exists() else "all"


def in_scope(asked: Asked, user: User, organisations: list[UUID]) -> "QuerySet[Deadline]":
    """The deadlines that scope and facets leave, open or not."""
    wanted = [one for one in organisations if asked.organisation in (None, one)]
    query: QuerySet[Deadline] = Deadline.objects.for_organisations(wanted)
    if asked.scope == "me":
        query = query.filter(assignee=user)
    elif asked.scope == "team":
        query = query.filter(Q(assignee=None) | Exists(_colleagues(user)))
    facets = {"product_id": asked.product, "kind": asked.kind, "basis": asked.basis}
    return query.filter(**{name: value for name, value in facets.items() if value})


def _colleagues(user: User) -> "QuerySet[Membership]":
    """Whoever holds one of the reader's roles in the deadline's organisation."""
    mine = Membership.objects.filter(organisation_id=OuterRef("organisation_id"), user=user).values("role")
    return Membership.objects.filter(
        organisation_id=OuterRef("organisation_id"), user_id=OuterRef("assignee_id"), role__in=mine
    )


def narrowed(query: "QuerySet[Deadline]", state: str, now: datetime) -> "QuerySet[Deadline]":
    """Those in one of the states that the list's counts name."""
    if state == "done":
        return query.filter(closed_at__isnull=False)
    query = query.filter(closed_at=None)
    if state == "late":
        return query.filter(due_at__lte=now)
    until = {"today": _end_of_today(now), "week": now + WEEK, "month": now + MONTH}.get(state)
    return query.filter(due_at__gt=now, due_at__lte=until) if until else query


def _end_of_today(now: datetime) -> datetime:
    return days.due_instant(days.legal_day(now, ZONE), ZONE)


def counts(query: "QuerySet[Deadline]", now: datetime) -> dict[str, int]:
    """Late, overdue, today, this week, the coming month: one look at what is due within thirty days."""
    ahead = Q(due_at__gt=now)
    return query.filter(closed_at=None, due_at__lte=now + MONTH).aggregate(
        late=Count("id", filter=Q(due_at__lte=now)),
        overdue=Count("id", filter=Q(due_at__lte=now, basis=Basis.LEGAL)),
        today=Count("id", filter=ahead & Q(due_at__lte=_end_of_today(now))),
        week=Count("id", filter=ahead & Q(due_at__lte=now + WEEK)),
        month=Count("id", filter=ahead),
    )


@dataclass(frozen=True, slots=True)
class DueRow:
    """One line of the list."""

    clock: Clock
    product: str
    kind: str
    is_mine: bool
    taken_by: str

    @property
    def deadline(self) -> Deadline:
        return self.clock.deadline

    @property
    def is_visit(self) -> bool:
        """Its page is the form in which the visit is recorded."""
        return self.deadline.kind.startswith("visit_")


@dataclass(frozen=True, slots=True)
class DueList:
    rows: list[DueRow]
    after: str


def due_list(asked: Asked, query: "QuerySet[Deadline]", user: User, desk: Desk, size: int = 50) -> DueList:
    """One page of the list, with all its rows need fetched in a fixed number of queries."""
    query = narrowed(query, asked.state, desk.now).select_related("assignee", "rule", "alarm")
    found = page_of(query, SORTS[asked.sort], asked.after, size)
    desk.load_ladders(found.rows)
    products = Product.objects.for_organisations(desk.organisations).in_bulk(
        {one.product_id for one in found.rows if one.product_id}
    )
    answers = answers_of((one.pk for one in found.rows), desk.organisations)
    labels = {kind.code: str(kind.label) for kind in all_kinds()}
    rows = [_row(one, desk, user, products, answers, labels) for one in found.rows]
    return DueList(rows, found.after)


def _row(
    deadline: Deadline,
    desk: Desk,
    user: User,
    products: Mapping[UUID, Product],
    answers: Answers,
    labels: Mapping[str, str],
) -> DueRow:
    clock = Clock(deadline, desk)
    alarm = clock.alarm
    answer = answers.get((deadline.pk, alarm.round, alarm.rung)) if alarm else None
    product = products.get(deadline.product_id) if deadline.product_id else None
    return DueRow(
        clock=clock,
        product=product.label if product else "",
        kind=labels.get(deadline.kind, deadline.kind),
        is_mine=deadline.assignee_id == user.pk,
        taken_by=answer.by.name if answer else "",
    )
