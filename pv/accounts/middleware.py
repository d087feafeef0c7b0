"""Every request stands in one transaction and one context, templates included."""

from collections.abc import Callable
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse

from pv.accounts.context import acting_as
from pv.accounts.models import Organisation, User
from pv.accounts.policy import Access
from pv.accounts.requests import PvRequest
from pv.accounts.services import access_of

NOBODY = Access(None, {}, None)


class ContextMiddleware:
    """Sets request.access, request.organisation and request.organisations; opens the request's transaction.

    Django's ATOMIC_REQUESTS ends before a TemplateResponse is rendered, and under row-level security the page would
    come out empty; so the transaction is opened here, around rendering too.
    """

    # They must answer when there is no database, and open a context of their own where they need one.
    OUTSIDE = ("/healthz", "/readyz", "/metrics", "/static/")

    def __init__(self, get_response: Callable[[PvRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: PvRequest) -> HttpResponse:
        request.access, request.organisation, request.organisations = NOBODY, None, []
        if request.path.startswith(self.OUTSIDE):
            return self.get_response(request)
        user = request.user if isinstance(request.user, User) else None
        access = access_of(user, prefer=_wanted(request)) if user else NOBODY
        return self.serve(request, user, access)

    def serve(self, request: PvRequest, user: User | None, access: Access) -> HttpResponse:
        """Answer inside the context; whatever failed takes its writes back."""
        with acting_as(
            user,
            organisation=access.organisation,
            organisations=access.roles,
            request=request.id,
        ):
            enter(request, access)
            response = self.get_response(request)
            if response.status_code >= 500:
                transaction.set_rollback(True)
        return response

    def process_exception(self, request: PvRequest, exception: Exception) -> None:
        """A view that raised keeps nothing, whatever answer Django makes of it."""
        if transaction.get_connection().in_atomic_block:
            transaction.set_rollback(True)


def enter(request: PvRequest, access: Access) -> None:
    """Tell the request whose it is; token log-in of the API calls it once more."""
    known = {one.pk: one for one in Organisation.objects.filter(pk__in=list(access.roles))} if access.roles else {}
    request.access = access
    request.organisations = list(known.values())
    request.organisation = known.get(access.organisation) if access.organisation else None


def _wanted(request: PvRequest) -> UUID | None:
    """The organisation chosen in the frame's menu, or named by a machine's header."""
    for text in (request.headers.get("X-Organisation"), request.session.get("organisation")):
        try:
            return UUID(str(text))
        except ValueError:  # nothing said, or no id
            continue
    return None
