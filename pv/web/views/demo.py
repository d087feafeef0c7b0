"""What only the demonstration has: the mails that its catcher keeps, to the reader's own people."""

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import render

from pv.accounts.models import Membership
from pv.web.http import PortalRequest, page
from pv.web.presenters.mails import newest, one


def _readable(request: PortalRequest) -> set[str]:
    """Addresses whose mails this reader may see: colleagues', or (authority, laboratory) one's own alone."""
    mine = request.access.anywhere("deadline.read")
    theirs = Membership.objects.for_organisations(mine).values_list("user__email", flat=True) if mine else []
    return {request.user.email, *theirs}


@page("")
def mails(request: PortalRequest) -> HttpResponse:
    """Newest first."""
    if not settings.DEMO:
        raise Http404
    return render(request, "web/mails.html", {"mails": newest(settings.MAIL_DIR, _readable(request))})


@page("")
def mail(request: PortalRequest, key: str) -> HttpResponse:
    """One mail as text."""
    found = one(settings.MAIL_DIR, key) if settings.DEMO else None
    if found is None or found.to not in _readable(request):
        raise Http404
    return render(request, "web/mail.html", {"mail": found})
