"""Errors as problem+json (RFC 9457), whatever went wrong and wherever.

`type` is about:blank, so `title` is the status in words; `code` says which refusal it was; `instance` is the id that
page, history and log carry as well; `errors` names the inputs that have to change.
"""

import logging
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import InterfaceError, OperationalError, connection, transaction
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response

from pv.core.errors import Conflict, DomainError, NotAllowed, NotFound

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5

STATUS_OF = ((NotAllowed, 403), (NotFound, 404), (Conflict, 409), (DomainError, 422))


class PreconditionFailed(exceptions.APIException):
    """The record is not as the caller last saw it."""

    status_code = 412
    default_code = "precondition_failed"


class Busy(exceptions.APIException):
    """The same request is being answered at this moment."""

    status_code = 409
    default_code = "in_progress"


def problem(status: int, *, code: str, detail: str, request_id: UUID | None, errors: Any = None) -> dict[str, Any]:
    """The body of a refusal."""
    said: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "code": code,
        "detail": detail,
        "instance": f"urn:uuid:{request_id}",
    }
    return said | ({"errors": errors} if errors else {})


def handle(error: Exception, context: dict[str, Any]) -> Response:
    """The framework's exception handler: nothing a refused request wrote stays."""
    if connection.in_atomic_block:
        transaction.set_rollback(True)
    status, code, detail, errors, headers = _told(error)
    request = context["request"]
    body = problem(status, code=code, detail=detail, request_id=getattr(request, "id", None), errors=errors)
    if status >= 500:
        log.error("the API could not answer", exc_info=error)
    return Response(body, status=status, headers=headers, content_type=MEDIA_TYPE)


_Told = tuple[int, str, str, dict[str, list[str]] | None, dict[str, str]]


def _told(error: Exception) -> _Told:
    match error:
        case DomainError():
            status = next(status for kind, status in STATUS_OF if isinstance(error, kind))
            return status, error.code, error.message, {error.field: [error.message]} if error.field else None, {}
        case exceptions.ValidationError():
            return 400, "invalid", _("Some of what was sent is not right."), _by_field(error.detail), {}
        case exceptions.APIException():
            code = error.get_codes()
            return error.status_code, str(code), str(error.detail), None, _headers(error)
        case RequestDataTooBig():
            return 413, "too_large", _("This is more than is taken in one request."), None, {}
        case RecursionError():
            return 400, "parse_error", _("What was sent is nested too deeply."), None, {}
        case Http404():
            return 404, "not_found", _("There is no such record."), None, {}
        case PermissionDenied():
            return 403, "not_allowed", _("This is not allowed."), None, {}
        case OperationalError() | InterfaceError():
            return 503, "unavailable", _("The database does not answer."), None, {"Retry-After": str(RETRY_SECONDS)}
        case _:
            return 500, "fault", _("This is a fault of ours; it has been noted."), None, {}


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = f"{int(wait)}"
    return headers


def _by_field(detail: Any, name: str = "") -> dict[str, list[str]]:
    """The framework's nested errors, flat: {"dates.due_on": ["..."]}."""
    if isinstance(detail, dict):
        flat: dict[str, list[str]] = {}
        for key, value in detail.items():
            flat |= _by_field(value, f"{name}.{key}" if name else str(key))
        return flat
    return {name or "non_field_errors": [str(one) for one in detail] if isinstance(detail, list) else [str(detail)]}
