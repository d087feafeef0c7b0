"""Writing the ledger of custody: the one place where a specimen and its ledger change, and they change together."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from pv.accounts.models import User
from pv.accounts.rows import locked
from pv.accounts.services import check_may
from pv.biosamples.clocks import ZONE
from pv.biosamples.models import CustodyEvent, Specimen
from pv.biosamples.rules import Entry, Standing, State, What, replay
from pv.core import clock
from pv.core.days import check_plausible, legal_day
from pv.core.errors import DomainError

SLIP = timedelta(minutes=1)
CACHED = ("state", "holder", "place", "quantity", "thaws", "compromised", "on_hold", "hold_cause", "events", "version")
ZERO = Decimal(0)


def take(specimen_id: UUID, *, by: User, verb: str, version: int | None) -> Specimen:
    """The specimen, locked. Raises NotFound, NotAllowed, or Conflict when somebody has moved it since `version`."""
    specimen = locked(Specimen, specimen_id, version=version)
    check_may(by, verb, specimen.organisation_id)
    return specimen


@dataclass(frozen=True, slots=True)
class Fact:
    """What an entry says besides what was done and how things stand afterwards."""

    by: User
    at: datetime
    change: Decimal = ZERO
    from_holder_id: UUID | None = None
    celsius: Decimal | None = None
    minutes: int | None = None
    document: str = ""
    note: str = ""
    cause: UUID | None = None


def entry_of(specimen: Specimen, what: What, fact: Fact, *, now: datetime) -> CustodyEvent:
    """The next entry, saying how the specimen's row stands by now; not saved yet."""
    specimen.events += 1
    return CustodyEvent(
        organisation_id=specimen.organisation_id,
        specimen=specimen,
        no=specimen.events,
        what=what,
        at=fact.at,
        state_after=specimen.state,
        from_holder_id=fact.from_holder_id,
        to_holder_id=specimen.holder_id,
        place=specimen.place,
        change=fact.change,
        quantity_after=specimen.quantity,
        thaws_after=specimen.thaws,
        compromised_after=specimen.compromised,
        celsius=fact.celsius,
        minutes=fact.minutes,
        document=fact.document,
        note=fact.note,
        cause=fact.cause,
        by=fact.by,
        recorded_at=now,
    )


def write(specimen: Specimen, what: What, fact: Fact) -> CustodyEvent:
    """Add the entry and save the row, whose fields say how it stands afterwards."""
    entry = entry_of(specimen, what, fact, now=clock.now())
    entry.save(force_insert=True)
    specimen.version += 1
    specimen.save(update_fields=CACHED)
    return entry


def entries(specimen: Specimen) -> list[Entry]:
    """The ledger as plain values, in its order."""
    rows = CustodyEvent.objects.for_organisations([specimen.organisation_id]).filter(specimen=specimen)
    return [
        Entry(
            no=row.no,
            what=What(row.what),
            state=State(row.state_after),
            holder=row.to_holder_id,
            place=row.place,
            change=row.change,
            quantity=row.quantity_after,
            thaws=row.thaws_after,
            compromised=row.compromised_after,
            cause=row.cause,
        )
        for row in rows.order_by("no")
    ]


def rebuild(specimen: Specimen) -> Standing:
    """How the specimen stands by its ledger alone. Raises Broken where the ledger does not add up."""
    return replay(entries(specimen))


def differs(specimen: Specimen) -> dict[str, tuple[Any, Any]]:
    """Where the row says something else than its ledger: column -> (row, ledger). Empty when all is well."""
    ledger = rebuild(specimen)
    wanted = {
        "state": str(ledger.state),
        "holder_id": ledger.holder,
        "place": ledger.place,
        "quantity": ledger.quantity,
        "thaws": ledger.thaws,
        "compromised": ledger.compromised,
        "on_hold": ledger.on_hold,
        "hold_cause": ledger.causes[-1] if ledger.causes else None,
        "events": ledger.events,
    }
    return {
        name: (getattr(specimen, name), value) for name, value in wanted.items() if getattr(specimen, name) != value
    }


def moment(at: datetime | None, field: str = "at") -> datetime:
    """An instant that has come and that people can mean; now, if none is given."""
    now = clock.now()
    if at is None:
        return now
    check_plausible(legal_day(at, ZONE), field)
    if at > now + SLIP:
        raise DomainError(_("This lies in the future."), field=field)
    return at
