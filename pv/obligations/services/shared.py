"""What the room's services share: taking a row, the ledger, checks of what was typed."""

from datetime import date
from uuid import UUID

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pv.accounts.models import Membership, User
from pv.accounts.rows import locked, moved_on
from pv.accounts.services import check_may
from pv.core import clock
from pv.core.days import check_plausible
from pv.core.errors import DomainError
from pv.obligations.models import Obligation, ObligationChange

What = ObligationChange.What
# The ledger's column takes 300; the day of the document is written behind it.
MOST_EVIDENCE = 280


def take(
    obligation_id: UUID, *, by: User, version: int | None, what: What, new: str, verb: str = "obligation.write"
) -> tuple[Obligation, bool]:
    """The promise, locked, and whether this very change was this person's last one: then a click came twice.

    Raises NotFound, NotAllowed, or Conflict when somebody else has changed it since `version`.
    """
    obligation = locked(Obligation, obligation_id)
    check_may(by, verb, obligation.organisation_id)
    if version is None or version == obligation.version:
        return obligation, False
    last = ObligationChange.objects.filter(obligation=obligation).order_by("-id").first()
    if last is not None and (last.what, last.new, last.by_id) == (what, new, by.pk):
        return obligation, True
    raise moved_on(obligation)


def note(
    obligation: Obligation, what: What, *, by: User, old: str = "", new: str = "", reason: str = "", evidence: str = ""
) -> ObligationChange:
    """Add to the ledger that pages read."""
    change: ObligationChange = ObligationChange.objects.create(
        organisation_id=obligation.organisation_id,
        obligation=obligation,
        what=what,
        old=old,
        new=new,
        at=clock.now(),
        by=by,
        reason=reason,
        evidence=evidence,
    )
    return change


def save(obligation: Obligation, *fields: str) -> None:
    """Save these fields as the next version."""
    obligation.version += 1
    obligation.save(update_fields=[*fields, "version"])


def said(text: str, field: str, *, most: int = 500) -> str:
    """A text that must be there and fit, without the blanks around it."""
    plain = text.strip()
    if not plain:
        raise DomainError(_("This must be given."), code="required", field=field)
    return fits(plain, field, most=most)


def fits(text: str, field: str, *, most: int = 500) -> str:
    """A text that need not be there."""
    plain = text.strip()
    if len(plain) > most:
        raise DomainError(_("This is too long: at most %(most)s characters."), field=field, params={"most": most})
    return plain


def happened(day: date, field: str) -> date:
    """A day that has come already, and that people can mean."""
    if check_plausible(day, field) > clock.today():
        raise DomainError(_("This lies in the future."), field=field)
    return day


def meant(day: date | None, field: str) -> None:
    """A date that is given must be one that people can mean."""
    if day is not None:
        check_plausible(day, field)


def works_here(person: User, organisation: UUID, field: str = "owner") -> User:
    """Somebody who belongs to the organisation today."""
    today = clock.today()
    memberships = Membership.objects.for_organisations([organisation]).filter(
        Q(ends_on=None) | Q(ends_on__gte=today), user=person, user__is_active=True, starts_on__lte=today
    )
    if not memberships.exists():
        raise DomainError(_("This person does not work for this organisation."), field=field)
    return person


def iso(day: date | None) -> str:
    """A date as the ledger writes it."""
    return day.isoformat() if day else ""
