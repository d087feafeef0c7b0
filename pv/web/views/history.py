"""The readable history of a record."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render

from pv.web.http import PortalRequest, page
from pv.web.presenters.history import story_of


@page("history.read")
def history(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Everything that happened to one record, of whatever kind."""
    story = story_of(pk, request.access.anywhere("history.read"))
    if story is None:
        raise Http404
    context = {"entries": story.lines, "title": story.title, "path": story.path}
    return render(request, "web/history.html", context)
