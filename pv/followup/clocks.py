"""The room's kinds of deadline: one clock for each planned visit of a patient in care, late when its window closes."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from pv.accounts.context import writing_for
from pv.accounts.rows import locked
from pv.core.errors import NotFound
from pv.deadlines import closing
from pv.deadlines import services as deadlines
from pv.deadlines.expectations import Expected
from pv.deadlines.kinds import Kind
from pv.deadlines.models import Basis, Deadline
from pv.deadlines.opening import Wanted, open_deadlines
from pv.followup.models import Line, Visit
from pv.followup.rules import MET
from pv.patients.rules import IN_CARE

TITLE, PATH, LADDER = _("%(patient)s %(visit)s"), "/visits/{subject}/", "visit"
PROTOCOL = Kind("visit_protocol", _("visit of the protocol"), TITLE, PATH, LADDER, reads="patient.read")
LIFELONG = Kind("visit_lifelong", _("contact for lifelong monitoring"), TITLE, PATH, LADDER, reads="patient.read")
KIND: Mapping[str, Kind] = {str(Line.PROTOCOL): PROTOCOL, str(Line.LIFELONG): LIFELONG}
CODES = (PROTOCOL.code, LIFELONG.code)
LEFT_OVER = "left over; closed by check_deadlines"
SHANGHAI = ZoneInfo("Asia/Shanghai")


def open_clocks(organisation: UUID, visits: Sequence[Visit]) -> None:
    """Start the clock of each visit for which none runs; patient, line, its treatment and owner must be at hand.

    The basis is internal: the days of a window are our own default, also where following up at all is binding.
    """
    open_deadlines(organisation, [_wanted(visit) for visit in visits])


def _wanted(visit: Visit) -> Wanted:
    line = visit.duty_line
    return Wanted(
        kind=KIND[visit.line].code,
        subject=visit.pk,
        basis=Basis.INTERNAL,
        due_on=visit.closes_on,
        args={"patient": visit.patient.code, "visit": visit.code},
        working=working(line.starts_on, visit),
        assignee=line.owner,
        product_id=line.treatment.product_id,
        centre_id=visit.patient.centre_id,
        patient_id=visit.patient_id,
    )


def working(starts_on: date, visit: Visit) -> str:
    """How the closing day came about: from the infusion to the visit, and on to the window's end."""
    return f"{starts_on}, {visit.code}: {visit.due_on} + {(visit.closes_on - visit.due_on).days} days"


def meet_clocks(organisation: UUID, seen: Mapping[UUID, date]) -> None:
    """These visits (by id) took place on these days: that, not the moment of recording, decides whether in time."""
    met_at = {visit: when(day) for visit, day in seen.items()}
    closing.meet_many(organisation=organisation, kinds=CODES, met_at=met_at)


def cancel_clocks(organisation: UUID, visits: Collection[UUID], reason: str) -> None:
    """Nobody is asked for these visits any longer."""
    closing.cancel_many(organisation=organisation, kinds=CODES, subjects=visits, reason=reason)


def when(day: date) -> datetime:
    """The instant a day begins: what is seen on the last day is seen in time."""
    return datetime.combine(day, time.min, tzinfo=SHANGHAI)


def expected_protocol(organisation: UUID) -> Iterator[Expected]:
    """Every planned visit of the protocol line of patients in care."""
    yield from _expected(organisation, Line.PROTOCOL)


def expected_lifelong(organisation: UUID) -> Iterator[Expected]:
    """The same for lifelong monitoring."""
    yield from _expected(organisation, Line.LIFELONG)


def _expected(organisation: UUID, line: Line) -> Iterator[Expected]:
    rows = Visit.objects.for_organisations([organisation]).filter(
        line=line, state=Visit.State.PLANNED, patient__state__in=list(IN_CARE)
    )
    for pk, closes_on in rows.values_list("pk", "closes_on").iterator():
        yield Expected(KIND[line].code, pk, None, closes_on)


def repair(organisation: UUID, subject: UUID) -> None:
    """Set a visit's clock right: open, move or close it after what the visit says."""
    with writing_for(organisation, reason="check_deadlines"):
        try:
            visit = locked(Visit, subject)
        except NotFound:
            cancel_clocks(organisation, [subject], LEFT_OVER)
            return
        if visit.state in MET and visit.seen_on is not None:
            meet_clocks(organisation, {visit.pk: visit.seen_on})
        elif visit.state != Visit.State.PLANNED or visit.patient.state not in IN_CARE:
            cancel_clocks(organisation, [visit.pk], LEFT_OVER)
        else:
            _as_it_should_be(visit)


def _as_it_should_be(visit: Visit) -> None:
    mine = Deadline.objects.for_organisations([visit.organisation_id]).filter(subject=visit.pk, closed_at=None)
    kind = KIND[visit.line].code
    for clock in mine:
        if (clock.kind, clock.rule_id) != (kind, None):
            deadlines.cancel_deadline(clock.pk, reason=LEFT_OVER)
        elif clock.due_on != visit.closes_on:
            deadlines.move_deadline(clock.pk, due_on=visit.closes_on, working=working(visit.duty_line.starts_on, visit))
    open_clocks(visit.organisation_id, [visit])
