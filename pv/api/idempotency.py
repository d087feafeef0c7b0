"""Idempotency-Key: a machine that got no answer may ask again, and the act happens once."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db import OperationalError, connection
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from pv.accounts.models import User
from pv.api.authentication import access_for
from pv.api.models import IdempotentAnswer
from pv.api.preconditions import canonical
from pv.api.problems import Busy
from pv.core.errors import DomainError
from pv.core.ids import uuid7

HEADER = "Idempotency-Key"
KEY = re.compile(r"^[\x21-\x7e]{1,255}$")
KEPT = timedelta(hours=24)

# Waits for a request with the same key that is at work, and takes its place if that one comes to nothing.
CLAIM = """
INSERT INTO api_idempotentanswer (id, organisation_id, user_id, key, address, fingerprint, etag)
VALUES (%s, %s, %s, %s, %s, %s, '') ON CONFLICT (organisation_id, user_id, key) DO NOTHING RETURNING id
"""


def once(request: Request, act: Callable[[], Response]) -> Response:
    """Act, or repeat the first answer. A refusal is not kept: nothing happened, so it may be tried again."""
    key = request.headers.get(HEADER)
    organisation = access_for(request).organisation
    if key is None or organisation is None or not isinstance(request.user, User):
        return act()
    if not KEY.match(key):
        raise ValidationError({HEADER: [_("A key has 1 to 255 visible ASCII characters.")]})
    mine = IdempotentAnswer.objects.for_organisations([organisation]).filter(user=request.user)
    mine.filter(created_at__lt=Now() - KEPT).delete()
    address = f"{request.method} {request.path}"[:200]
    fingerprint = canonical([address, request.headers.get("If-Match"), request.data])
    claimed = _claim([uuid7(), organisation, request.user.pk, key, address, fingerprint])
    if not claimed:
        return _repeat(mine.get(key=key), fingerprint)
    response = act()
    answer = json.loads(JSONRenderer().render(response.data))  # as it is sent, so that the repetition is the same
    mine.filter(key=key).update(status=response.status_code, answer=answer, etag=response.get("ETag", ""))
    return response


def _claim(values: list[Any]) -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute(CLAIM, values)
            return cursor.fetchone() is not None
    except OperationalError as error:
        raise Busy(_("A request with this key is being answered. Ask again in a moment.")) from error


def _repeat(first: IdempotentAnswer, fingerprint: str) -> Response:
    if first.fingerprint != fingerprint:
        raise DomainError(_("This key was used for another request."), code="key_reused", field=HEADER)
    headers = {"Idempotent-Replayed": "true"} | ({"ETag": first.etag} if first.etag else {})
    return Response(first.answer, status=first.status, headers=headers)
