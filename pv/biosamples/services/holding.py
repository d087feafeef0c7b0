"""Hold: what must not be destroyed, and because of which cause. Two causes may hold one tube."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from pv.accounts.context import writing_for
from pv.accounts.models import User
from pv.biosamples.models import CustodyEvent, Specimen
from pv.biosamples.rules import RETAINED, State, What, after
from pv.biosamples.services.ledger import Fact, entry_of, take, write
from pv.core import clock
from pv.core.errors import Conflict, DomainError
from pv.core.typed import fits, said
from pv.terminology.clinical import Timing


def hold(*, by: User, specimen_id: UUID, cause: UUID, note: str = "", version: int | None = None) -> CustodyEvent:
    """Forbid that it is destroyed. Raises Conflict if this cause holds it already, or if nothing of it is left."""
    specimen = take(specimen_id, by=by, verb="specimen.hold", version=version)
    if after(What.HELD, State(specimen.state)) is None:
        raise Conflict(_("Nothing of this specimen is left to be put on hold."))
    if cause in causes_of([specimen])[specimen.pk]:
        raise Conflict(_("This specimen is on hold for this cause already."))
    specimen.on_hold, specimen.hold_cause = True, cause
    with writing_for(specimen.organisation_id, reason=note):
        return write(specimen, What.HELD, Fact(by=by, at=clock.now(), note=fits(note, "note", most=300), cause=cause))


def release_hold(
    *, by: User, specimen_id: UUID, reason: str, cause: UUID | None = None, version: int | None = None
) -> CustodyEvent:
    """End the hold of one cause (the latest, if none is named). Another cause's hold goes on."""
    specimen = take(specimen_id, by=by, verb="specimen.hold", version=version)
    why = said(reason, "reason", most=300)
    causes = causes_of([specimen])[specimen.pk]
    ended = cause or (causes[-1] if causes else None)
    if ended is None or ended not in causes:
        raise Conflict(_("This specimen is not on hold for this cause."))
    _forget(specimen, causes, ended)
    with writing_for(specimen.organisation_id, reason=why):
        return write(specimen, What.RELEASED, Fact(by=by, at=clock.now(), note=why, cause=ended))


def causes_of(specimens: Iterable[Specimen]) -> dict[UUID, list[UUID]]:
    """Which causes hold each specimen, the latest last, from the ledger."""
    found: dict[UUID, list[UUID]] = {specimen.pk: [] for specimen in specimens}
    decided = CustodyEvent.objects.filter(specimen__in=list(found), what__in=(What.HELD, What.RELEASED))
    for pk, what, cause in decided.order_by("specimen", "no").values_list("specimen_id", "what", "cause"):
        if cause in found[pk]:
            found[pk].remove(cause)
        if what == What.HELD:
            found[pk].append(cause)
    return found


def retained_before_treatment(patient_id: UUID, organisation: UUID) -> list[Specimen]:
    """What there still is of a patient from before the treatment; locked, in one order for everybody."""
    mine = Specimen.objects.for_organisations([organisation]).select_for_update(no_key=True)
    kept = mine.filter(patient=patient_id, timing=Timing.BEFORE_TREATMENT, state__in=[str(one) for one in RETAINED])
    return list(kept.order_by("id"))


def put_on_hold(specimens: list[Specimen], *, cause: UUID, by: User, note: str, now: datetime) -> list[CustodyEvent]:
    """Put these locked specimens on hold, but for those that this cause holds already. The rows are not saved yet."""
    held = [one for one in specimens if one.on_hold]
    known = causes_of(held) if held else {}
    entries = []
    for specimen in specimens:
        if cause in known.get(specimen.pk, ()):
            continue
        specimen.on_hold, specimen.hold_cause = True, cause
        entries.append(entry_of(specimen, What.HELD, Fact(by=by, at=now, note=note, cause=cause), now=now))
        specimen.version += 1
    return entries


def release_all(*, organisation: UUID, cause: UUID, by: User, reason: str) -> list[Specimen]:
    """End every hold of a cause; who calls has asked the policy."""
    held = CustodyEvent.objects.for_organisations([organisation]).filter(cause=cause, what=What.HELD)
    mine = Specimen.objects.for_organisations([organisation]).select_for_update(no_key=True)
    specimens = list(mine.filter(pk__in=held.values("specimen")).order_by("id"))
    causes = causes_of(specimens)
    now = clock.now()
    freed = [specimen for specimen in specimens if cause in causes[specimen.pk]]
    entries = []
    for specimen in freed:
        _forget(specimen, causes[specimen.pk], cause)
        entries.append(entry_of(specimen, What.RELEASED, Fact(by=by, at=now, note=reason[:300], cause=cause), now=now))
        specimen.version += 1
    save_held(freed, entries)
    return freed


HELD_COLUMNS = ["on_hold", "hold_cause", "events", "version"]


def save_held(specimens: list[Specimen], entries: list[CustodyEvent], *more: str) -> None:
    """Write rows and entries of many specimens, in two statements."""
    CustodyEvent.objects.bulk_create(entries)
    if specimens:
        Specimen.objects.bulk_update(specimens, [*HELD_COLUMNS, *more])


def _forget(specimen: Specimen, causes: list[UUID], ended: UUID) -> None:
    left = [one for one in causes if one != ended]
    specimen.on_hold, specimen.hold_cause = bool(left), left[-1] if left else None


def check_not_held(specimen: Specimen) -> None:
    """A hold forbids disposal, whoever asks."""
    if specimen.on_hold:
        raise DomainError(_("This specimen is on hold: it must not be destroyed."), code="on_hold", field="what")
