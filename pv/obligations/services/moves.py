"""The moves of a promise's state, as rules.MOVES allows them. Each may stop, meet or start its clock."""

from datetime import date
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from pv.accounts.context import writing_for
from pv.accounts.models import User
from pv.core.errors import Conflict, DomainError
from pv.deadlines import services as deadlines
from pv.obligations.clocks import open_clock, running, when
from pv.obligations.models import Obligation
from pv.obligations.rules import RUNNING, State, can_move
from pv.obligations.services.shared import MOST_EVIDENCE, What, fits, happened, note, said, save, take


def submit(
    obligation_id: UUID, *, by: User, submitted_on: date, evidence: str, version: int | None = None
) -> Obligation:
    """The authority accepted the submission (受理通知书) on `submitted_on`: that day meets the promise."""
    obligation, again = _take(obligation_id, State.SUBMITTED, by=by, version=version)
    if again:
        return obligation
    happened(submitted_on, "submitted_on")
    proof = said(evidence, "evidence", most=MOST_EVIDENCE)
    obligation.submitted_on = submitted_on
    return _move(obligation, State.SUBMITTED, "submitted_on", by=by, evidence=f"{proof} ({submitted_on})")


def fulfil(obligation_id: UUID, *, by: User, decided_on: date, evidence: str, version: int | None = None) -> Obligation:
    """The authority decided that what was submitted fulfils the promise."""
    obligation, again = _take(obligation_id, State.FULFILLED, by=by, version=version)
    if again:
        return obligation
    _decided(obligation, decided_on)
    proof = said(evidence, "evidence", most=MOST_EVIDENCE)
    return _move(obligation, State.FULFILLED, "decided_on", by=by, evidence=f"{proof} ({decided_on})")


def fail(
    obligation_id: UUID,
    *,
    by: User,
    decided_on: date,
    reason: str,
    evidence: str = "",
    version: int | None = None,
) -> Obligation:
    """The promise was not kept: benefit not shown, or the study ended without result."""
    obligation, again = _take(obligation_id, State.FAILED, by=by, version=version)
    if again:
        return obligation
    why, proof = said(reason, "reason"), fits(evidence, "evidence", most=MOST_EVIDENCE)
    _decided(obligation, decided_on)
    return _move(obligation, State.FAILED, "decided_on", by=by, reason=why, evidence=proof)


def return_(obligation_id: UUID, *, by: User, reason: str, evidence: str, version: int | None = None) -> Obligation:
    """The authority sent the submission back: nothing is submitted any more, and the clock runs again."""
    obligation, again = _take(obligation_id, State.RETURNED, by=by, version=version)
    if again:
        return obligation
    why, proof = said(reason, "reason"), said(evidence, "evidence", most=MOST_EVIDENCE)
    obligation.submitted_on = None
    return _move(obligation, State.RETURNED, "submitted_on", by=by, reason=why, evidence=proof)


def waive(
    obligation_id: UUID, *, by: User, decided_on: date, reason: str, evidence: str, version: int | None = None
) -> Obligation:
    """The authority no longer asks for it; its document says so."""
    obligation, again = _take(obligation_id, State.WAIVED, by=by, version=version)
    if again:
        return obligation
    why, proof = said(reason, "reason"), said(evidence, "evidence", most=MOST_EVIDENCE)
    _decided(obligation, decided_on)
    return _move(obligation, State.WAIVED, "decided_on", by=by, reason=why, evidence=f"{proof} ({decided_on})")


def reopen(
    obligation_id: UUID,
    *,
    by: User,
    reason: str,
    document: str = "",
    document_on: date | None = None,
    version: int | None = None,
) -> Obligation:
    """Take it up again. A failed one needs a document of the authority with its date; a returned one does not."""
    obligation, again = _take(obligation_id, State.OPEN, by=by, version=version)
    if again:
        return obligation
    why, proof = said(reason, "reason"), fits(document, "document", most=MOST_EVIDENCE)
    if obligation.state == State.FAILED:
        if not proof or document_on is None:
            raise DomainError(
                _("A failed obligation opens again only by a dated document of the authority."), field="document"
            )
        happened(document_on, "document_on")
    obligation.decided_on = obligation.submitted_on = None
    evidence = f"{proof} ({document_on})" if proof and document_on else proof
    return _move(obligation, State.OPEN, "decided_on", "submitted_on", by=by, reason=why, evidence=evidence)


def _take(obligation_id: UUID, new: State, *, by: User, version: int | None) -> tuple[Obligation, bool]:
    """The promise, its move checked."""
    obligation, again = take(obligation_id, by=by, version=version, what=What.STATE, new=new)
    if not again and not can_move(State(obligation.state), new):
        raise Conflict(
            _("This obligation is %(old)s and cannot become %(new)s."),
            params={"old": Obligation.State(obligation.state).label, "new": Obligation.State(new).label},
        )
    return obligation, again


def _decided(obligation: Obligation, decided_on: date) -> None:
    happened(decided_on, "decided_on")
    if obligation.submitted_on is not None and decided_on < obligation.submitted_on:
        raise DomainError(_("This lies before the day of acceptance."), field="decided_on")
    obligation.decided_on = decided_on


def _move(
    obligation: Obligation, new: State, *fields: str, by: User, reason: str = "", evidence: str = ""
) -> Obligation:
    """Write state, ledger and clock together."""
    old, obligation.state = State(obligation.state), new
    with writing_for(obligation.organisation_id, reason=reason):
        save(obligation, "state", *fields)
        note(obligation, What.STATE, by=by, old=old, new=new, reason=reason, evidence=evidence)
        if old in RUNNING and new not in RUNNING:
            _stop(obligation, new, reason)
        elif old not in RUNNING and new in RUNNING:
            open_clock(obligation)
    return obligation


def _stop(obligation: Obligation, new: State, reason: str) -> None:
    clock = running(obligation)
    if clock is None:
        return
    if new == State.SUBMITTED and obligation.submitted_on is not None:
        deadlines.meet_deadline(clock.pk, met_at=when(obligation.submitted_on, clock.zone))
    else:
        deadlines.cancel_deadline(clock.pk, reason=reason)
