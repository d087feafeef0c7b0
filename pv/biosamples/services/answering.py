"""How a request ends: met by a specimen, by a test at the site, or not to be had."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from pv.accounts.context import writing_for
from pv.accounts.models import User
from pv.accounts.rows import locked
from pv.accounts.services import check_may
from pv.biosamples import clocks
from pv.biosamples.models import SamplingRequest
from pv.biosamples.rules import RequestState, can_end
from pv.biosamples.services.ledger import moment
from pv.core import clock
from pv.core.errors import Conflict
from pv.core.typed import said

DONE = frozenset({RequestState.MET, RequestState.AT_SITE})


def meet_at_site(
    *, by: User, request_id: UUID, reason: str, at: datetime | None = None, version: int | None = None
) -> SamplingRequest:
    """The site has stained or tested it itself, which serves as well (practice 31): that meets the request."""
    request = take_request(request_id, by=by, version=version)
    return end(request, RequestState.AT_SITE, at=moment(at), reason=said(reason, "reason"))


def not_available(*, by: User, request_id: UUID, reason: str, version: int | None = None) -> SamplingRequest:
    """It cannot be had: its clock is cancelled, and the reason stays. Found after all, it can still be collected."""
    request = take_request(request_id, by=by, version=version)
    return end(request, RequestState.NOT_AVAILABLE, at=clock.now(), reason=said(reason, "reason"))


def take_request(request_id: UUID, *, by: User, version: int | None) -> SamplingRequest:
    """The request, locked. Raises NotFound, NotAllowed, or Conflict when somebody answered it since `version`."""
    request = locked(SamplingRequest, request_id, version=version)
    check_may(by, "specimen.write", request.organisation_id)
    return request


def end(request: SamplingRequest, new: RequestState, *, at: datetime, reason: str = "") -> SamplingRequest:
    """Write state and clock together. Raises Conflict where it has ended another way."""
    old = RequestState(request.state)
    if not can_end(old, new):
        raise Conflict(
            _("This request is %(old)s and cannot become %(new)s."),
            params={"old": SamplingRequest.State(old).label, "new": SamplingRequest.State(new).label},
        )
    request.state, request.ended_at, request.touched = new, at, True
    request.reason = reason
    request.version += 1
    with writing_for(request.organisation_id, reason=reason):
        request.save(update_fields=["state", "ended_at", "reason", "touched", "version"])
        if new in DONE:
            clocks.meet(request.organisation_id, clocks.COLLECTION, request.pk, at)
        else:
            clocks.cancel(request.organisation_id, clocks.COLLECTION, [request.pk], reason)
    return request
