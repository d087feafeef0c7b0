"""A request as it stands after the middlewares: whose it is, and for which organisations."""

from uuid import UUID

from django.http import HttpRequest

from pv.accounts.models import Organisation
from pv.accounts.policy import Access


class PvRequest(HttpRequest):
    """For annotations: Django makes the request, the middlewares add these."""

    id: UUID
    access: Access
    organisation: Organisation | None
    organisations: list[Organisation]
