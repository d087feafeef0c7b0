"""The admin site: opened by policy, not by Django's staff flag alone."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from unfold.sites import UnfoldAdminSite

from pv.core.errors import NotAllowed
from pv.web.admin_frame import state_of_work
from pv.web.http import as_portal, refused, to_login


class TrackerAdminSite(UnfoldAdminSite):  # type: ignore[misc]  # unfold ships no types
    """Reviewers' workplace. Its log-in is the portal's."""

    index_template = "web/admin_index.html"
    index_title = _("Administration")

    def has_permission(self, request: HttpRequest) -> bool:
        signed_in = as_portal(request)
        return signed_in is not None and signed_in.user.is_active and bool(signed_in.access.anywhere("admin.open"))

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """To the portal's page; who is signed in already lacks the role."""
        if as_portal(request) is None:
            return to_login(request)
        return refused(request, NotAllowed(_("Your role does not open the administration.")))

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """The records one may see, and for operators how the work goes."""
        asked = as_portal(request)
        work = state_of_work(asked.access) if asked else {}
        page: TemplateResponse = super().index(request, work | (extra_context or {}))
        return page

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Not offered: the library's own keeps answers in a cache, and a cache knows no organisation."""
        raise Http404
