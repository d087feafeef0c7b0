"""Pathology loans: blocks and slides lent against an identity card and a deposit, wanted back within weeks."""

from datetime import date
from decimal import Decimal
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from pv.accounts.context import writing_for
from pv.accounts.models import Party, User
from pv.accounts.rows import locked, own
from pv.accounts.services import check_may
from pv.biosamples import clocks
from pv.biosamples.models import Loan, SamplingRequest
from pv.biosamples.rules import RequestState, can_end
from pv.biosamples.services.answering import end, take_request
from pv.core import clock
from pv.core.days import check_plausible
from pv.core.errors import Conflict, DomainError
from pv.core.typed import cleaned, fits, happened, one_of, said
from pv.deadlines.opening import open_deadlines
from pv.patients.models import Patient


def lend(
    *,
    by: User,
    organisation: UUID,
    patient_id: UUID,
    kind: str,
    lender_id: UUID,
    borrower: str,
    lent_on: date,
    return_by: date,
    pieces: int = 1,
    pathology_number: str = "",
    deposit: Decimal | None = None,
    request_id: UUID | None = None,
    note: str = "",
) -> Loan:
    """Record that a pathology department lent something, and start the clock of its return.

    Named for a request that is still open, it meets it as of that day. Raises DomainError naming the field.
    """
    check_may(by, "specimen.write", organisation)
    patient = own(Patient, organisation, patient_id)
    happened(lent_on, "lent_on")
    if check_plausible(return_by, "return_by") < lent_on:
        raise DomainError(_("This lies before the day it was lent."), field="return_by")
    request = take_request(request_id, by=by, version=None) if request_id else None
    if request is not None and request.patient_id != patient.pk:
        raise DomainError(_("This belongs to another patient."), field="request_id")
    loan = Loan(
        organisation_id=organisation,
        patient=patient,
        request=request,
        kind=one_of(Loan.Kind.values, kind, "kind"),
        pieces=pieces,
        pathology_number=fits(pathology_number, "pathology_number", most=60),
        lender=own(Party, organisation, lender_id),
        borrower=said(borrower, "borrower", most=120),
        deposit=deposit,
        lent_on=lent_on,
        return_by=return_by,
        note=fits(note, "note", most=300),
    )
    _check_figures(loan)
    with writing_for(organisation):
        loan.save(force_insert=True)
        open_deadlines(organisation, [clocks.wanted_return(loan)])
        if request is not None:
            _meets(request, lent_on)
    return loan


def return_loan(*, by: User, loan_id: UUID, returned_on: date, note: str = "", version: int | None = None) -> Loan:
    """It went back: that meets its clock. Raises Conflict if it is back already."""
    loan = locked(Loan, loan_id, version=version)
    check_may(by, "specimen.write", loan.organisation_id)
    if loan.returned_on is not None:
        raise Conflict(_("This has gone back already."))
    if happened(returned_on, "returned_on") < loan.lent_on:
        raise DomainError(_("This lies before the day it was lent."), field="returned_on")
    loan.returned_on, loan.note = returned_on, fits(note, "note", most=300) or loan.note
    loan.version += 1
    with writing_for(loan.organisation_id):
        loan.save(update_fields=["returned_on", "note", "version"])
        clocks.meet(loan.organisation_id, clocks.RETURN, loan.pk, clocks.start_of(returned_on))
    return loan


def _check_figures(loan: Loan) -> None:
    cleaned(loan)
    if loan.pieces < 1:
        raise DomainError(_("At least one piece is lent."), field="pieces")
    if loan.deposit is not None and loan.deposit < 0:
        raise DomainError(_("A deposit is never below zero."), field="deposit")


def _meets(request: SamplingRequest, lent_on: date) -> None:
    """Slides in hand are what was asked for."""
    if request.state == SamplingRequest.State.MET:
        return
    if not can_end(RequestState(request.state), RequestState.MET):
        raise Conflict(_("This is not asked for any more."))
    end(request, RequestState.MET, at=min(clocks.start_of(lent_on), clock.now()))
