"""ETag, If-None-Match and If-Match (RFC 9110, 13): do not send me what I have; change it only as I saw it."""

import hashlib
import json
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request

from pv.api.problems import PreconditionFailed


def etag_of(data: Any, version: int | None) -> str:
    """A strong tag: the record's version, and a hash of what is shown, some of which follows the calendar."""
    shown = hashlib.sha256(JSONRenderer().render(data)).hexdigest()[:16]
    return f'"{version}-{shown}"' if version is not None else f'"{shown}"'


def is_unchanged(request: Request, etag: str) -> bool:
    """Whether the caller has this already."""
    return any(tag in ("*", etag) for tag in _tags(request, "If-None-Match", weak=True))


def check_if_match(request: Request, etag: str) -> None:
    """Raise PreconditionFailed when the caller saw another version. Without the header anything matches."""
    tags = _tags(request, "If-Match")
    if "If-Match" not in request.headers or "*" in tags or any(_same_version(tag, etag) for tag in tags):
        return
    raise PreconditionFailed(_("Somebody changed this after you read it. Read it again before you change it."))


def _same_version(given: str, etag: str) -> bool:
    """Where a record counts its versions they decide: that a date has passed meanwhile is no change."""
    version, dash, _shown = etag.strip('"').partition("-")
    if not dash:
        return given == etag
    return given.strip('"').partition("-")[0] == version and given.startswith('"') and given.endswith('"')


def _tags(request: Request, header: str, *, weak: bool = False) -> list[str]:
    tags = [tag.strip() for tag in request.headers.get(header, "").split(",") if tag.strip()]
    return [tag.removeprefix("W/") for tag in tags] if weak else tags


def canonical(data: Any) -> str:
    """The same for the same content, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(data, sort_keys=True, default=str).encode()).hexdigest()
