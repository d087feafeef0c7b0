"""How a specimen moves: one way for every hand that touches it, checked against the table of moves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NotRequired, TypedDict, Unpack
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from pv.accounts.context import writing_for
from pv.accounts.models import Party, User
from pv.accounts.rows import own
from pv.biosamples.models import CustodyEvent, Specimen
from pv.biosamples.rules import BIRTHS, EMPTIES, NOT_HANDLING, TAKES, State, What, after
from pv.biosamples.services.holding import causes_of, check_not_held, put_on_hold, save_held
from pv.biosamples.services.ledger import ZERO, Fact, entry_of, moment, take, write
from pv.core import clock
from pv.core.constraints import Refusal, refusing
from pv.core.errors import Conflict, DomainError
from pv.core.typed import fits, said

CODE_TAKEN = {
    "specimen_code_once_in_an_organisation": Refusal(_("There is a specimen with this number already."), "code")
}
# These have services of their own, which ask for more.
ELSEWHERE = BIRTHS | {What.ALIQUOTED, What.EXCURSION, What.HELD, What.RELEASED}
MOVABLE = tuple(str(what) for what in What if what not in ELSEWHERE)
"""What `move` does."""
DISPOSAL_VERB = "specimen.dispose"
MOST_DEGREES = Decimal("999.9")


class Particulars(TypedDict):
    """What may be said about a move. `holder_id`: who has it afterwards; while under way, to whom it goes."""

    holder_id: NotRequired[UUID | None]
    place: NotRequired[str]
    change: NotRequired[Decimal]
    celsius: NotRequired[Decimal | None]
    document: NotRequired[str]
    note: NotRequired[str]


def move(
    *,
    by: User,
    specimen_id: UUID,
    what: str,
    at: datetime | None = None,
    version: int | None = None,
    **said_too: Unpack[Particulars],
) -> CustodyEvent:
    """Record what was done with a specimen; its ledger and its row change together.

    Sent without a `holder_id`, it goes to the organisation itself. `change` is what an analysis used up (below zero).
    Raises Conflict where the table of moves has no such move or somebody moved it since `version`, DomainError naming
    the field: nothing may be destroyed on hold, sent to a foreign party without its route, or made less than nothing.
    """
    act = _act(what)
    verb = DISPOSAL_VERB if act == What.DISPOSED else "specimen.write"
    specimen = take(specimen_id, by=by, verb=verb, version=version)
    old, new = State(specimen.state), after(act, State(specimen.state))
    if new is None:
        raise Conflict(
            _("This specimen is %(state)s: that cannot be done with it now."),
            params={"state": Specimen.State(old).label},
        )
    if act == What.DISPOSED:
        check_not_held(specimen)
    when, origin = _in_order(specimen, act, moment(at)), specimen.holder_id
    change = _change(specimen, act, said_too.get("change", ZERO))
    _to_whom_and_where(specimen, act, said_too)
    fact = _fact(by, when, origin, change, act, said_too)
    specimen.state = new
    specimen.thaws += act == What.THAWED
    if specimen.quantity is not None:
        specimen.quantity += change
    with writing_for(specimen.organisation_id):
        return write(specimen, act, fact)


def excursion(
    *,
    by: User,
    specimen_id: UUID,
    celsius: Decimal,
    minutes: int,
    at: datetime | None = None,
    note: str = "",
    version: int | None = None,
) -> CustodyEvent:
    """It was warmer than it may be, for so many minutes: it is kept, and marked as compromised."""
    specimen = take(specimen_id, by=by, verb="specimen.write", version=version)
    if after(What.EXCURSION, State(specimen.state)) is None:
        raise Conflict(_("Nothing of this specimen is kept any more."))
    if minutes < 1:
        raise DomainError(_("Say for how many minutes."), field="minutes")
    specimen.compromised = True
    fact = Fact(
        by=by,
        at=moment(at),
        from_holder_id=specimen.holder_id,
        celsius=_degrees(celsius),
        minutes=minutes,
        note=fits(note, "note", most=300),
    )
    with writing_for(specimen.organisation_id):
        return write(specimen, What.EXCURSION, fact)


@dataclass(frozen=True, slots=True)
class Part:
    """One aliquot: its own number, and how much goes into it, in the parent's unit."""

    code: str
    quantity: Decimal
    place: str = ""


def aliquot(
    *,
    by: User,
    specimen_id: UUID,
    parts: Sequence[Part],
    at: datetime | None = None,
    note: str = "",
    version: int | None = None,
) -> list[Specimen]:
    """Divide a specimen. The parts inherit where it stands and what happened to it, its hold as well."""
    specimen = take(specimen_id, by=by, verb="specimen.write", version=version)
    if after(What.ALIQUOTED, State(specimen.state)) is None:
        raise Conflict(_("This specimen cannot be divided now."))
    if not parts or any(part.quantity <= 0 for part in parts):
        raise DomainError(_("Say how much goes into each part."), field="parts")
    if specimen.quantity is None:
        raise DomainError(_("Record how much there is before it is divided."), field="parts")
    when = _in_order(specimen, What.ALIQUOTED, moment(at))
    change = _change(specimen, What.ALIQUOTED, -sum((part.quantity for part in parts), start=ZERO))
    with writing_for(specimen.organisation_id), refusing(CODE_TAKEN):
        specimen.quantity += change
        causes = causes_of([specimen])[specimen.pk] if specimen.on_hold else []
        fact = Fact(by=by, at=when, change=change, from_holder_id=specimen.holder_id, note=fits(note, "note", most=300))
        write(specimen, What.ALIQUOTED, fact)
        children = [_child(specimen, part) for part in parts]
        Specimen.objects.bulk_create(children)
        now = clock.now()
        entries = [
            entry_of(
                child, What.REGISTERED, Fact(by=by, at=when, change=child.quantity or ZERO, note=specimen.code), now=now
            )
            for child in children
        ]
        for cause in causes:
            entries += put_on_hold(children, cause=cause, by=by, note=specimen.code, now=now)
        save_held(children, entries)
    return children


def _child(parent: Specimen, part: Part) -> Specimen:
    return Specimen(
        organisation_id=parent.organisation_id,
        code=said(part.code, "code", most=40),
        patient_id=parent.patient_id,
        treatment_id=parent.treatment_id,
        visit_id=parent.visit_id,
        request_id=parent.request_id,
        parent=parent,
        timing=parent.timing,
        material=parent.material,
        description=parent.description,
        collected_on=parent.collected_on,
        collected_precision=parent.collected_precision,
        quantity=part.quantity,
        unit=parent.unit,
        temperature=parent.temperature,
        route=parent.route,
        route_evidence=parent.route_evidence,
        state=parent.state,
        holder_id=parent.holder_id,
        place=fits(part.place, "place", most=120) or parent.place,
        thaws=parent.thaws,
        compromised=parent.compromised,
    )


def _act(what: str) -> What:
    if what not in MOVABLE:
        raise DomainError(_("This is not one of the choices."), field="what")
    return What(what)


def _in_order(specimen: Specimen, what: What, at: datetime) -> datetime:
    """Hands follow one another: what is recorded later was not done before what stands there already."""
    last = CustodyEvent.objects.filter(specimen=specimen).exclude(what__in=list(NOT_HANDLING)).order_by("-no").first()
    if last is not None and at < last.at:
        raise DomainError(_("This lies before the last entry of its chain of custody."), field="at")
    return at


def _change(specimen: Specimen, what: What, change: Decimal) -> Decimal:
    """By how much it becomes less; all of it where nothing is left afterwards."""
    if specimen.quantity is None:
        if change:
            raise DomainError(_("How much there was is not known, so nothing can be taken from it."), field="change")
        return ZERO
    if what in EMPTIES:
        return -Decimal(specimen.quantity)
    if change > 0 or (change and what not in TAKES):
        raise DomainError(_("By this, a quantity does not change so."), field="change")
    if specimen.quantity + change < 0:
        raise DomainError(
            _("Only %(quantity)s %(unit)s are left."),
            field="change",
            params={"quantity": specimen.quantity.normalize(), "unit": specimen.unit},
        )
    return change


def _to_whom_and_where(specimen: Specimen, what: What, particulars: Particulars) -> None:
    """Who has it and where it stands afterwards."""
    holder, place = particulars.get("holder_id"), fits(particulars.get("place", ""), "place", most=120)
    party = own(Party, specimen.organisation_id, holder) if holder else None
    if what == What.SENT:
        _check_may_leave(specimen, party)
        specimen.holder, specimen.place = party, ""
    elif party is not None:
        specimen.holder = party
    if what in (What.STORED, What.MOVED):
        place = said(place, "place", most=120)
    specimen.place = place or specimen.place


def _check_may_leave(specimen: Specimen, party: Party | None) -> None:
    """A foreign or foreign-controlled party, inside China too, needs the lawful route with its evidence (practice 30).

    A hospital may keep what it has, and one that is Chinese may be sent it.
    """
    if party is None or party.origin == Party.Origin.CHINESE:
        return
    if specimen.route == Specimen.Route.UNDECIDED or not specimen.route_evidence:
        raise DomainError(
            _("%(party)s is a foreign party: decide the route under the genetic-resource rules first, with evidence."),
            code="no_route",
            field="holder_id",
            params={"party": party},
        )


def _fact(by: User, at: datetime, origin: UUID | None, change: Decimal, what: What, particulars: Particulars) -> Fact:
    document = fits(particulars.get("document", ""), "document", most=200)
    if what == What.DISPOSED and not document:
        raise DomainError(_("Name the certificate of destruction."), code="required", field="document")
    celsius = particulars.get("celsius")
    return Fact(
        by=by,
        at=at,
        change=change,
        from_holder_id=origin,
        celsius=None if celsius is None else _degrees(celsius),
        document=document,
        note=fits(particulars.get("note", ""), "note", most=300),
    )


def _degrees(celsius: Decimal) -> Decimal:
    if not -Decimal("273.2") <= celsius <= MOST_DEGREES:
        raise DomainError(_("This is not a temperature in °C."), field="celsius")
    return celsius
