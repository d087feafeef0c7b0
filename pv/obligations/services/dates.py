"""The dates and the owner of a promise. The original date is never overwritten."""

from datetime import date
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from pv.accounts.context import writing_for
from pv.accounts.models import User
from pv.core.errors import Conflict, DomainError
from pv.deadlines import services as deadlines
from pv.obligations.clocks import running
from pv.obligations.models import Obligation
from pv.obligations.rules import RUNNING
from pv.obligations.services.opening import basis_of
from pv.obligations.services.shared import MOST_EVIDENCE, What, fits, iso, meant, note, said, save, take, works_here


def change_due(
    obligation_id: UUID,
    *,
    by: User,
    due_on: date,
    reason: str,
    evidence: str,
    due_source: str = "",
    version: int | None = None,
) -> Obligation:
    """Move the due date, with the reason and the document that allows it; what was first promised stays.

    `due_source` says where the new date comes from, and the basis follows it; unsaid, both stay as they are, so that
    nothing legal turns internal by being moved.
    """
    obligation, again = take(
        obligation_id, by=by, version=version, what=What.DUE, new=iso(due_on), verb="obligation.correct_date"
    )
    if again:
        return obligation
    why, proof = said(reason, "reason"), said(evidence, "evidence", most=MOST_EVIDENCE)
    meant(due_on, "due_on")
    _check_runs(obligation)
    if due_on == obligation.due_on:
        raise DomainError(_("It is due on this day already."), field="due_on")
    if due_source:
        obligation.basis, obligation.due_source = basis_of(due_source), due_source
    old, obligation.due_on = obligation.due_on, due_on
    obligation.working = _working_after_move(obligation.working, due_on)
    with writing_for(obligation.organisation_id, reason=why):
        save(obligation, "due_on", "working", "basis", "due_source")
        note(obligation, What.DUE, by=by, old=iso(old), new=iso(due_on), reason=why, evidence=proof)
        if (clock := running(obligation)) is not None:
            deadlines.move_deadline(
                clock.pk, due_on=due_on, working=obligation.working, reason=why, basis=obligation.basis
            )
    return obligation


def change_forecast(
    obligation_id: UUID, *, by: User, forecast_on: date | None, reason: str = "", version: int | None = None
) -> Obligation:
    """Say when it will probably be done; None takes the forecast back. No clock moves."""
    obligation, again = take(obligation_id, by=by, version=version, what=What.FORECAST, new=iso(forecast_on))
    if again:
        return obligation
    _check_runs(obligation)
    why = fits(reason, "reason")
    meant(forecast_on, "forecast_on")
    if forecast_on == obligation.forecast_on:
        raise DomainError(_("This is the forecast already."), field="forecast_on")
    old, obligation.forecast_on = obligation.forecast_on, forecast_on
    with writing_for(obligation.organisation_id, reason=why):
        save(obligation, "forecast_on")
        note(obligation, What.FORECAST, by=by, old=iso(old), new=iso(forecast_on), reason=why)
        if (clock := running(obligation)) is not None:
            deadlines.forecast_deadline(clock.pk, forecast_on=forecast_on)
    return obligation


def reassign(obligation_id: UUID, *, by: User, owner: User, reason: str = "", version: int | None = None) -> Obligation:
    """Give the promise to somebody else, who is told from the next step on."""
    obligation, again = take(obligation_id, by=by, version=version, what=What.OWNER, new=owner.name[:60])
    if again:
        return obligation
    works_here(owner, obligation.organisation_id)
    if owner.pk == obligation.owner_id:
        raise DomainError(_("This person owns it already."), field="owner")
    why, old = fits(reason, "reason"), obligation.owner.name
    obligation.owner = owner
    with writing_for(obligation.organisation_id, reason=why):
        save(obligation, "owner")
        note(obligation, What.OWNER, by=by, old=old[:60], new=owner.name[:60], reason=why)
        if (clock := running(obligation)) is not None:
            deadlines.reassign_deadline(clock.pk, assignee=owner)
    return obligation


def _check_runs(obligation: Obligation) -> None:
    if obligation.state not in RUNNING:
        raise Conflict(
            _("This obligation is %(state)s; its dates no longer move."),
            params={"state": Obligation.State(obligation.state).label},
        )


def _working_after_move(working: str, due_on: date) -> str:
    """A computed date that was moved says both: "2023-06-30 + 4 years → 2028-01-31"."""
    return f"{working.split(' → ')[0]} → {due_on}" if working else ""
