"""Token log-in: knox tokens, and the context that a session would have brought."""

from hmac import compare_digest
from typing import cast
from uuid import UUID

from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from knox.crypto import hash_token
from knox.models import AuthToken
from knox.settings import CONSTANTS
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from pv.accounts.context import become
from pv.accounts.middleware import enter
from pv.accounts.models import User
from pv.accounts.policy import Access
from pv.accounts.requests import PvRequest
from pv.accounts.services import access_of
from pv.core.errors import NotAllowed

HEADER = "X-Organisation"


class TokenAuthentication(KnoxTokenAuthentication):  # type: ignore[misc]  # knox ships no types
    """`Authorization: Token ...`. One answer for every reason a token is not good."""

    def authenticate(self, request: Request) -> tuple[User, AuthToken] | None:
        found: tuple[User, AuthToken] | None = super().authenticate(request)
        if found is not None:
            establish(request, found[0])
        return found

    def authenticate_credentials(self, token: bytes) -> tuple[User, AuthToken]:
        """Knox' own loads every token of the user and deletes while reading; this asks for one."""
        text = token.decode("ascii", "replace")
        if text.isascii() and text.isalnum():
            candidates = AuthToken.objects.filter(
                Q(expiry=None) | Q(expiry__gt=Now()), token_key=text[: CONSTANTS.TOKEN_KEY_LENGTH], user__is_active=True
            )
            for candidate in candidates.select_related("user"):
                if compare_digest(hash_token(text), candidate.digest):
                    return candidate.user, candidate
        raise AuthenticationFailed(_("This token is not valid."))


def establish(request: Request, user: User) -> None:
    """Put the request that began without a person into this person's context, as a session would have."""
    asked = asked_by(request)
    access = access_of(user, prefer=wanted_organisation(request))
    become(user, organisation=access.organisation, organisations=access.roles)
    enter(asked, access)


def asked_by(request: Request) -> PvRequest:
    """Django's request behind the framework's, with what the middlewares know."""
    return cast("PvRequest", request._request)


def access_for(request: Request) -> Access:
    return asked_by(request).access


def wanted_organisation(request: Request) -> UUID | None:
    """The organisation a machine names to write for."""
    text = request.headers.get(HEADER, "")
    try:
        return UUID(text) if text else None
    except ValueError:
        raise NotAllowed(_("This organisation is not yours."), field=HEADER) from None


def check_organisation(request: Request) -> None:
    """Writing for another organisation than the one named would be worse than a refusal."""
    wanted = wanted_organisation(request)
    if wanted is not None and wanted != access_for(request).organisation:
        raise NotAllowed(_("This organisation is not yours."), field=HEADER)
