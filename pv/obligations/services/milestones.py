"""Milestones of a study: planned, moved, forecast, reached."""

from datetime import date
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from pv.accounts.context import writing_for
from pv.accounts.models import User
from pv.accounts.rows import locked, own
from pv.accounts.services import check_may
from pv.core.constraints import Refusal, refusing
from pv.core.errors import Conflict, DomainError
from pv.deadlines import services as deadlines
from pv.obligations.clocks import open_milestone_clock, running, when
from pv.obligations.models import Milestone
from pv.obligations.services.shared import happened, meant, said, works_here
from pv.products.models import Study

WORDS = {"milestone_once_in_a_study": Refusal(_("This study has this milestone already."), "kind")}


def plan_milestone(
    *,
    by: User,
    organisation: UUID,
    study_id: UUID,
    kind: str,
    planned_on: date,
    owner: User,
    forecast_on: date | None = None,
) -> Milestone:
    """Plan a step of a study and start its clock."""
    check_may(by, "obligation.write", organisation)
    study = own(Study, organisation, study_id)
    if kind not in Milestone.Kind.values:
        raise DomainError(_("This is not one of the choices."), field="kind")
    meant(planned_on, "planned_on")
    meant(forecast_on, "forecast_on")
    with writing_for(organisation), refusing(WORDS):
        milestone: Milestone = Milestone.objects.create(
            organisation_id=organisation,
            study=study,
            kind=kind,
            planned_on=planned_on,
            due_on=planned_on,
            forecast_on=forecast_on,
            owner=works_here(owner, organisation),
        )
        open_milestone_clock(milestone)
    return milestone


def move_milestone(milestone_id: UUID, *, by: User, due_on: date, reason: str, version: int | None = None) -> Milestone:
    """Plan it for another day; the first plan stays."""
    milestone = _take(milestone_id, by=by, version=version)
    why = said(reason, "reason")
    meant(due_on, "due_on")
    if due_on == milestone.due_on:
        raise DomainError(_("It is planned for this day already."), field="due_on")
    milestone.due_on = due_on
    with writing_for(milestone.organisation_id, reason=why):
        _save(milestone, "due_on")
        if (clock := running(milestone)) is not None:
            deadlines.move_deadline(clock.pk, due_on=due_on, reason=why)
    return milestone


def forecast_milestone(
    milestone_id: UUID, *, by: User, forecast_on: date | None, version: int | None = None
) -> Milestone:
    """Say when it will probably be reached."""
    milestone = _take(milestone_id, by=by, version=version)
    meant(forecast_on, "forecast_on")
    milestone.forecast_on = forecast_on
    with writing_for(milestone.organisation_id):
        _save(milestone, "forecast_on")
        if (clock := running(milestone)) is not None:
            deadlines.forecast_deadline(clock.pk, forecast_on=forecast_on)
    return milestone


def reach_milestone(milestone_id: UUID, *, by: User, reached_on: date, version: int | None = None) -> Milestone:
    """It was reached on this day; that meets its clock."""
    milestone = _take(milestone_id, by=by, version=version)
    milestone.reached_on = happened(reached_on, "reached_on")
    with writing_for(milestone.organisation_id):
        _save(milestone, "reached_on")
        if (clock := running(milestone)) is not None:
            deadlines.meet_deadline(clock.pk, met_at=when(reached_on, clock.zone))
    return milestone


def _take(milestone_id: UUID, *, by: User, version: int | None) -> Milestone:
    milestone = locked(Milestone, milestone_id, version=version)
    check_may(by, "obligation.write", milestone.organisation_id)
    if milestone.reached_on is not None:
        raise Conflict(
            _("This milestone was reached on %(day)s already."), params={"day": milestone.reached_on.isoformat()}
        )
    return milestone


def _save(milestone: Milestone, field: str) -> None:
    milestone.version += 1
    milestone.save(update_fields=[field, "version"])
