"""What only the demonstration has: the mails that its catcher keeps."""

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render

from pv.web.http import PortalRequest, page
from pv.web.presenters.mails import newest, one


@page("")
def mails(request: PortalRequest) -> HttpResponse:
    """All of them, newest first."""
    if not settings.DEMO:
        raise Http404
    return render(request, "web/mails.html", {"mails": newest(settings.MAIL_DIR)})


@page("")
def mail(request: PortalRequest, key: str) -> HttpResponse:
    """One mail as text."""
    found = one(settings.MAIL_DIR, key) if settings.DEMO else None
    if found is None:
        raise Http404
    return render(request, "web/mail.html", {"mail": found})
