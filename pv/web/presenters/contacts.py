"""Whom a hospital reaches at the holder: who is on call, and who takes specimens in."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pv.accounts.models import Membership, User
from pv.accounts.roles import Role
from pv.notices.models import Rota

FALLBACK = (Role.PV_OFFICER, Role.PV_HEAD)


@dataclass(frozen=True, slots=True)
class Contacts:
    """Whom to call, and to whom the samples go; either may be nobody."""

    call: User | None
    samples: User | None


def contacts(organisation: UUID, now: datetime) -> Contacts:
    """Who is on call at the moment, else a PV officer; and the sample manager."""
    rota = Rota.objects.for_organisations([organisation]).filter(
        kind=Rota.Kind.ON_CALL, starts_at__lte=now, ends_at__gt=now
    )
    on_call = rota.select_related("person").order_by("-starts_at").first()
    people: dict[str, User] = {}
    wanted = Membership.objects.for_organisations([organisation]).filter(
        role__in=[*FALLBACK, Role.SAMPLE_MANAGER], ends_on=None, user__is_active=True
    )
    for one in wanted.select_related("user").order_by("user__name"):
        people.setdefault(one.role, one.user)
    fallback = next((people[role] for role in FALLBACK if role in people), None)
    return Contacts(on_call.person if on_call else fallback, people.get(Role.SAMPLE_MANAGER))
