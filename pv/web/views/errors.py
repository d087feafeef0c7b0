"""Pages for what went wrong: calm words, no traceback, and recovery by itself where the cause passes."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

# Seconds after which the page that says "the database is away" asks again.
RETRY_AFTER = 5


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 400)


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return error_page(request, 404)


def stale_form(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form that stood open across a log-in: its token is no longer good, its text is kept as a draft."""
    return error_page(request, 403, kind="stale")


def server_error(request: HttpRequest) -> HttpResponse:
    """A fault of ours, or the database away: then 503, and the page tries again by itself."""
    away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    return error_page(request, 503 if away else 500)


def error_page(request: HttpRequest, status: int, message: str = "", kind: str = "") -> HttpResponse:
    """The page for a status. It asks the database nothing: the transaction may be broken, or the server away."""
    context = {
        "status": status,
        "kind": kind or str(status),
        "message": message,
        "retry_after": RETRY_AFTER,
        "quiet": True,
        "framed": status in (403, 404, 409) and getattr(getattr(request, "access", None), "user", None) is not None,
    }
    response = render(request, "web/error.html", context, status=status)
    if status == 503:
        response["Retry-After"] = str(RETRY_AFTER)
    return response
