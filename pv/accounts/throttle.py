"""Slowing down who guesses passwords. Counted in the database, so that every process and both doors count alike."""

import hashlib
from datetime import timedelta

from django.conf import settings
from django.db.models import Q
from django.db.models.functions import Now
from django.http import HttpRequest

from pv.accounts.models import FailedLogin

WINDOW = timedelta(minutes=15)
MOST_FOR_ONE_ADDRESS = 10
MOST_FROM_ONE_SOURCE = 50


class Attempt:
    """A log-in, counted by the address typed and by where it came from."""

    def __init__(self, address: str, request: HttpRequest) -> None:
        self.subject = hashlib.sha256(address.strip().lower().encode()).hexdigest()
        self.source = source_of(request)

    def is_too_often(self) -> bool:
        """Whether this one has to wait, with the right password as well."""
        lately = FailedLogin.objects.filter(at__gt=Now() - WINDOW)
        if lately.filter(subject=self.subject)[:MOST_FOR_ONE_ADDRESS].count() >= MOST_FOR_ONE_ADDRESS:
            return True
        return lately.filter(source=self.source)[:MOST_FROM_ONE_SOURCE].count() >= MOST_FROM_ONE_SOURCE

    def note(self) -> None:
        """It failed. What is older than the window is forgotten."""
        FailedLogin.objects.filter(Q(subject=self.subject) | Q(source=self.source), at__lte=Now() - WINDOW).delete()
        FailedLogin.objects.create(subject=self.subject, source=self.source)


def source_of(request: HttpRequest) -> str:
    """Where a request came from. Only as many proxies as stand in front are believed: the rest may be forged."""
    told = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",") if part.strip()]
    if settings.PROXIES and told:
        return told[-min(settings.PROXIES, len(told))][:64]
    return str(request.META.get("REMOTE_ADDR") or "")[:64]
