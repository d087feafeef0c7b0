"""The room's kinds of deadline: how a promise's clock is opened, what ought to be open, and how that is set right."""

from collections.abc import Iterator
from datetime import date, datetime, time
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from pv.accounts.context import writing_for
from pv.accounts.models import PUBLIC_ORGANISATION
from pv.accounts.rows import locked
from pv.core.errors import NotFound
from pv.deadlines import services as deadlines
from pv.deadlines.computing import is_unconfirmed
from pv.deadlines.expectations import Expected
from pv.deadlines.kinds import Kind
from pv.deadlines.models import Basis, Deadline, Ladder
from pv.obligations.models import Milestone, Obligation
from pv.obligations.rules import RUNNING
from pv.products.models import StudyProduct

DEFAULT_LADDER = "default"
OBLIGATION = Kind(
    code="obligation",
    label=_("obligation"),
    title=_("%(code)s %(title)s"),
    path="/obligations/{subject}/",
    ladder=DEFAULT_LADDER,
    reads="obligation.read",
)
MILESTONE = Kind(
    code="milestone",
    label=_("milestone"),
    title=_("%(study)s: %(milestone)s"),
    path="/obligations/milestones/{subject}/",
    ladder="milestone",
    reads="obligation.read",
)

# A deadline's words are kept in both languages, whoever opened it in whichever.
MILESTONE_NAMES = {
    Milestone.Kind.FIRST_CONSENT: ("first consent", "首例受试者签署知情同意书"),
    Milestone.Kind.HALF_ENROLLED: ("half of the patients enrolled", "入组过半"),
    Milestone.Kind.LAST_PATIENT_IN: ("last patient enrolled", "末例受试者入组"),
    Milestone.Kind.STUDY_COMPLETE: ("study complete", "研究完成"),
    Milestone.Kind.REPORT_FILED: ("report filed", "报告提交"),
}
Fact = TypeVar("Fact", Obligation, Milestone)
LEFT_OVER = "left over; closed by check_deadlines"


def open_clock(obligation: Obligation) -> Deadline:
    """Start the clock of a promise, with the date, basis and working it carries now."""
    rule = obligation.rule
    return deadlines.open_deadline(
        organisation=obligation.organisation_id,
        kind=OBLIGATION.code,
        ladder=_ladder(obligation),
        subject=obligation.pk,
        basis=obligation.basis,
        due_on=obligation.due_on,
        original_due_on=obligation.original_due_on,
        forecast_on=obligation.forecast_on,
        args={"code": obligation.code, "title_en": obligation.title_en, "title_zh": obligation.title_zh},
        rule=rule,
        unconfirmed=rule is not None and is_unconfirmed(rule),
        working=obligation.working,
        assignee=obligation.owner,
        product_id=obligation.authorisation.product_id,
    )


def _ladder(obligation: Obligation) -> str:
    """The ladder that names this kind of duty, the organisation's own before the shared one."""
    ladders = Ladder.objects.for_organisations([obligation.organisation_id, PUBLIC_ORGANISATION])
    naming = ladders.filter(kinds__contains=[obligation.kind]).values_list("organisation_id", "code")
    own_first = sorted(naming, key=lambda one: one[0] == PUBLIC_ORGANISATION)
    return own_first[0][1] if own_first else DEFAULT_LADDER


def open_milestone_clock(milestone: Milestone) -> Deadline:
    """Start the clock of a milestone: the holder's own plan, so its basis is internal."""
    english, chinese = MILESTONE_NAMES[Milestone.Kind(milestone.kind)]
    about = list(StudyProduct.objects.filter(study=milestone.study_id).values_list("product_id", flat=True)[:2])
    return deadlines.open_deadline(
        organisation=milestone.organisation_id,
        kind=MILESTONE.code,
        subject=milestone.pk,
        basis=Basis.INTERNAL,
        due_on=milestone.due_on,
        original_due_on=milestone.planned_on,
        forecast_on=milestone.forecast_on,
        args={"study": milestone.study.protocol, "milestone_en": english, "milestone_zh": chinese},
        assignee=milestone.owner,
        product_id=about[0] if len(about) == 1 else None,
    )


def running(row: Obligation | Milestone) -> Deadline | None:
    """The open clock of a promise or milestone."""
    kind = OBLIGATION if isinstance(row, Obligation) else MILESTONE
    return deadlines.open_deadline_of(row.organisation_id, kind.code, row.pk)


def when(day: date, zone: str = "Asia/Shanghai") -> datetime:
    """The instant a day begins in the authority's zone: what is done on the due day is done in time."""
    return datetime.combine(day, time.min, tzinfo=ZoneInfo(zone))


def expected_obligations(organisation: UUID) -> Iterator[Expected]:
    """Every promise whose clock runs."""
    rows = Obligation.objects.for_organisations([organisation]).filter(state__in=list(RUNNING))
    for pk, rule, due_on in rows.values_list("pk", "rule_id", "due_on").iterator():
        yield Expected(OBLIGATION.code, pk, rule, due_on)


def expected_milestones(organisation: UUID) -> Iterator[Expected]:
    """Every milestone not yet reached."""
    rows = Milestone.objects.for_organisations([organisation]).filter(reached_on=None)
    for pk, due_on in rows.values_list("pk", "due_on").iterator():
        yield Expected(MILESTONE.code, pk, None, due_on)


def repair_obligation(organisation: UUID, subject: UUID) -> None:
    """Set a promise's clock right: open, move or close it after what the promise says."""
    with writing_for(organisation, reason="check_deadlines"):
        row = _as_it_stands(Obligation, subject)
        if row is None or row.state not in RUNNING:
            _close(OBLIGATION, organisation, subject, met_on=row.submitted_on if row else None)
        elif (clock := _the_clock(OBLIGATION, organisation, subject, row.rule_id)) is None:
            open_clock(row)
        elif clock.due_on != row.due_on:
            deadlines.move_deadline(clock.pk, due_on=row.due_on, working=row.working)


def repair_milestone(organisation: UUID, subject: UUID) -> None:
    """The same for a milestone."""
    with writing_for(organisation, reason="check_deadlines"):
        row = _as_it_stands(Milestone, subject)
        if row is None or row.reached_on is not None:
            _close(MILESTONE, organisation, subject, met_on=row.reached_on if row else None)
        elif (clock := _the_clock(MILESTONE, organisation, subject, None)) is None:
            open_milestone_clock(row)
        elif clock.due_on != row.due_on:
            deadlines.move_deadline(clock.pk, due_on=row.due_on)


def _as_it_stands(model: type[Fact], subject: UUID) -> Fact | None:
    """Locked: whoever changes the fact at this moment is waited for, so that nothing older is written over it."""
    try:
        return locked(model, subject)
    except NotFound:
        return None


def _open_clocks(kind: Kind, organisation: UUID, subject: UUID) -> Iterator[Deadline]:
    mine = Deadline.objects.for_organisations([organisation])
    yield from mine.filter(kind=kind.code, subject=subject, closed_at=None)


def _the_clock(kind: Kind, organisation: UUID, subject: UUID, rule: UUID | None) -> Deadline | None:
    """The clock that ought to run; one by another rule is left over and cancelled."""
    found = None
    for clock in _open_clocks(kind, organisation, subject):
        if clock.rule_id == rule:
            found = clock
        else:
            deadlines.cancel_deadline(clock.pk, reason=LEFT_OVER)
    return found


def _close(kind: Kind, organisation: UUID, subject: UUID, *, met_on: date | None) -> None:
    for clock in _open_clocks(kind, organisation, subject):
        if met_on is not None:
            deadlines.meet_deadline(clock.pk, met_at=when(met_on, clock.zone))
        else:
            deadlines.cancel_deadline(clock.pk, reason=LEFT_OVER)
