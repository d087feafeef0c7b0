"""Whose patients somebody sees. A site coordinator sees those of the own centre, everybody else the organisation's."""

from collections.abc import Iterable
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Q, QuerySet

from pv.accounts.models import Membership, User
from pv.accounts.policy import VERBS, Access, can
from pv.accounts.roles import Role
from pv.core import clock
from pv.deadlines.kinds import all_kinds
from pv.deadlines.models import Deadline
from pv.patients.models import Patient, Treatment

Rows = TypeVar("Rows", bound=QuerySet[Any])
READERS = VERBS["patient.read"]


def centres_of(user: User, organisations: Iterable[UUID]) -> dict[UUID, set[UUID]]:
    """Where `user` reads patients as site coordinator only: the centres, none if no party is named.

    An organisation that is missing here puts no bounds on this person; whether they may read at all is the policy's.
    """
    return _bounds(_held(user, list(organisations)))


Held = dict[UUID, list[tuple[str, UUID | None]]]


def _held(user: User, organisations: list[UUID]) -> Held:
    """Organisation -> (role, party) of every membership that stands today."""
    today = clock.today()
    standing = Membership.objects.for_organisations(organisations).filter(
        Q(ends_on=None) | Q(ends_on__gte=today), user=user, starts_on__lte=today
    )
    held: Held = {}
    for organisation, role, party in standing.values_list("organisation_id", "role", "party_id"):
        held.setdefault(organisation, []).append((role, party))
    return held


def _bounds(held: Held) -> dict[UUID, set[UUID]]:
    bounds = {}
    for organisation, memberships in held.items():
        reading = [(role, party) for role, party in memberships if role in READERS]
        if reading and all(role == Role.SITE_COORDINATOR for role, _party in reading):
            bounds[organisation] = {party for _role, party in reading if party is not None}
    return bounds


def restrict(queryset: Rows, user: User, organisations: Iterable[UUID], path: str = "patient__centre_id") -> Rows:
    """Rows of these organisations; where this person is bound to a centre, only those whose `path` leads there."""
    named = list(organisations)
    return _within(queryset, named, centres_of(user, named), path)


def _within(queryset: Rows, organisations: list[UUID], bounds: dict[UUID, set[UUID]], path: str) -> Rows:
    free = [one for one in organisations if one not in bounds]
    seen = Q(organisation_id__in=free)
    for organisation in organisations:
        if organisation in bounds:
            seen |= Q(**{"organisation_id": organisation, f"{path}__in": sorted(bounds[organisation])})
    # Named once more in the plain form, which the index serves.
    return queryset.filter(organisation_id__in=organisations).filter(seen) if bounds else queryset.filter(seen)


def readable_clocks(query: QuerySet[Deadline], user: User, access: Access) -> QuerySet[Deadline]:
    """Those of these that this person may read: each kind asks a verb, and a site sees its own patients' only."""
    for organisation in access.anywhere("deadline.read"):
        hidden = [kind.code for kind in all_kinds() if not can(access, kind.reads, organisation)]
        if hidden:
            query = query.exclude(organisation_id=organisation, kind__in=hidden)
    if any(Role.SITE_COORDINATOR in roles for roles in access.roles.values()):
        for organisation, centres in centres_of(user, access.roles).items():
            theirs = Q(patient_id__isnull=False, centre_id__in=sorted(centres))
            query = query.exclude(~theirs, organisation_id=organisation)
    return query


def visible_to(user: User, organisations: list[UUID]) -> QuerySet[Patient]:
    """The patients this person may see in these organisations; nobody's where no role reads patients."""
    return _readable(Patient.objects.all(), user, organisations, "centre_id")


def visible_treatments(user: User, organisations: list[UUID]) -> QuerySet[Treatment]:
    """Treatments of the patients this person may see."""
    return _readable(Treatment.objects.all(), user, organisations, "patient__centre_id")


def _readable(rows: Rows, user: User, organisations: list[UUID], path: str) -> Rows:
    held = _held(user, organisations)
    readable = [one for one in organisations if any(role in READERS for role, _party in held.get(one, []))]
    return _within(rows, readable, _bounds(held), path)
