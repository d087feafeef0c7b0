"""Headers, request id and language around every page."""

import re
from collections.abc import Callable
from uuid import UUID

from django.http import HttpResponse
from django.utils import translation
from django.utils.cache import add_never_cache_headers

from pv.accounts.models import User
from pv.accounts.requests import PvRequest
from pv.core.ids import uuid7
from pv.core.tracing import current_request

Handler = Callable[[PvRequest], HttpResponse]
UUID_TEXT = re.compile(r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")


class RequestIdMiddleware:
    """One id through page, history, log and answer."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: PvRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "").lower()
        request.id = UUID(given) if UUID_TEXT.match(given) else uuid7()
        token = current_request.set(request.id)
        try:
            response = self.get_response(request)
        finally:
            current_request.reset(token)
        response["X-Request-Id"] = str(request.id)
        return response


class HeadersMiddleware:
    """What every answer carries, errors included; the rest is Django's and django-csp's."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: PvRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault(
            "Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=(), interest-cohort=()"
        )
        if not request.path.startswith("/static/"):
            add_never_cache_headers(response)
            response["Cache-Control"] = "no-store, private"
        return response


class ReaderLanguageMiddleware:
    """A person's own language wins over the browser's; the menu changes it for good."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: PvRequest) -> HttpResponse:
        # Asked of the access, which knows: asking the user would open a session where there may be no database.
        if request.access.user is not None and isinstance(request.user, User):
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = translation.get_language()
        return self.get_response(request)


class AdminPolicyMiddleware:
    """Below the admin alone, what its pages' Alpine needs: docs/decisions/0003-admin-csp.md."""

    LOOSENED = {"script-src": ["'unsafe-eval'"], "style-src": ["'unsafe-inline'"]}

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: PvRequest) -> HttpResponse:
        response = self.get_response(request)
        match = request.resolver_match
        if match is not None and match.app_name == "admin" and response.status_code < 400:
            response._csp_update = self.LOOSENED  # type: ignore[attr-defined]  # read by django-csp
        return response
