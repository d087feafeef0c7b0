"""What every page of the portal begins with: a signed-in reader, an allowed method, a verb of the policy."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast
from urllib.parse import urlencode

from django.conf import settings
from django.db import transaction
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    HttpResponseNotAllowed,
    HttpResponseRedirect,
)
from django.shortcuts import resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django_htmx.middleware import HtmxDetails

from pv.accounts.models import User
from pv.accounts.policy import VERBS, Access, check_can
from pv.accounts.requests import PvRequest
from pv.core.errors import DomainError, NotAllowed, NotFound

P = ParamSpec("P")


class PortalRequest(PvRequest):
    """A request as the middlewares leave it for somebody who is signed in."""

    user: User
    htmx: HtmxDetails


View = Callable[Concatenate[PortalRequest, P], HttpResponseBase]
Door = Callable[Concatenate[HttpRequest, P], HttpResponseBase]


def page(verb: str, *, methods: tuple[str, ...] = ("GET", "HEAD")) -> Callable[[View[P]], Door[P]]:
    """Let in who is signed in and holds `verb` in one of their organisations; word refusals as pages.

    The view still names the organisations of each row; an empty verb asks for nothing but the log-in.
    """

    def decorate(view: View[P]) -> Door[P]:
        @wraps(view)
        def door(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if request.method not in methods:
                return HttpResponseNotAllowed(methods)
            asked = as_portal(request)
            if asked is None:
                return to_login(request, readable="GET" in methods)
            try:
                if verb:
                    check_anywhere(asked.access, verb)
                return view(asked, *args, **kwargs)
            except DomainError as error:
                transaction.set_rollback(True)
                return refused(request, error)

        return door

    return decorate


def check_anywhere(access: Access, verb: str) -> None:
    """Raise NotAllowed, naming who may, unless `verb` is the reader's in one of their organisations."""
    if verb not in VERBS or not access.anywhere(verb):
        check_can(access, verb)


def as_portal(request: HttpRequest) -> PortalRequest | None:
    """The same request, known to carry a person; None for a visitor."""
    return cast("PortalRequest", request) if _is_signed_in(request) else None


def _is_signed_in(request: HttpRequest) -> bool:
    access: Access | None = getattr(request, "access", None)
    return access is not None and access.user is not None


def refused(request: HttpRequest, error: DomainError) -> HttpResponse:
    """A refusal that belongs to no field, as a page. Not yours answers like not there."""
    from pv.web.views.errors import error_page

    if isinstance(error, NotFound):
        raise Http404
    return error_page(request, 403 if isinstance(error, NotAllowed) else 409, error.message)


def to_login(request: HttpRequest, *, readable: bool = True) -> HttpResponse:
    """Ask for the log-in, and come back to the page that was asked for."""
    wanted = request.get_full_path() if readable else safe_next(request, request.headers.get("Referer", ""))
    address = f"{resolve_url(settings.LOGIN_URL)}?{urlencode({'next': wanted})}"
    if getattr(request, "htmx", None):
        return HttpResponse(headers={"HX-Redirect": address})
    return HttpResponseRedirect(address)


def safe_next(request: HttpRequest, address: str, default: str = "") -> str:
    """`address` if it leads to this site, else the home page: nobody is sent elsewhere by a crafted link."""
    allowed = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if address and allowed else default or resolve_url(settings.LOGIN_REDIRECT_URL)
