"""What is due: one list over all rooms."""

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from pv.accounts.policy import can
from pv.deadlines.kinds import all_kinds
from pv.deadlines.models import Basis
from pv.patients.scope import readable_clocks
from pv.products.models import Product
from pv.web.export import csv_file
from pv.web.http import PortalRequest, page
from pv.web.presenters import due
from pv.web.presenters.clock import Desk, organisation_names
from pv.web.presenters.paging import MOST_EXPORTED
from pv.web.presenters.words import either


@page("")
def home(request: PortalRequest) -> HttpResponse:
    """The first page after the log-in. Who has no clocks (an authority, a laboratory) is led to the register."""
    mine = request.access.anywhere("deadline.read")
    if not mine:
        return HttpResponseRedirect(reverse("web:register"))
    desk = Desk(mine)
    asked = due.Asked.of(request.GET, "" if "who" in request.GET else due.usual_scope(request.user, mine))
    query = readable_clocks(due.in_scope(asked, request.user, mine), request.user, request.access)
    if request.GET.get("format") == "csv":
        return _csv(request, due.due_list(asked, query, request.user, desk, MOST_EXPORTED))
    context = {
        "section": "due",
        "asked": asked,
        "list": due.due_list(asked, query, request.user, desk),
        "counts": due.counts(query, desk.now),
        "products": [(one.pk, one.label) for one in Product.objects.for_organisations(mine).order_by("key")],
        "kinds": [(kind.code, kind.label) for kind in all_kinds()],
        "bases": Basis.choices,
        "sorts": due.SORT_WORDS.items(),
        "names": organisation_names(request.organisations),
        "records": set(request.access.anywhere("visit.record")),
        "takes": {one for one in mine if can(request.access, "notice.take", one)},
        "now": desk.now,
    }
    return render(request, "web/due.html", context)


def _csv(request: PortalRequest, found: due.DueList) -> HttpResponse:
    names = {one.pk: either(one.name, one.name_zh) for one in request.organisations}
    header = [_("Organisation"), _("What"), _("Kind"), _("Product"), _("Owner"), _("Basis"), pgettext("date", "Due")]
    header += [_("Originally due"), _("Forecast"), _("State")]
    rows = (
        [
            names.get(row.deadline.organisation_id, ""), row.clock.title, row.kind, row.product,
            row.deadline.assignee.name if row.deadline.assignee else "", row.clock.basis, row.deadline.due_on,
            row.deadline.original_due_on, row.deadline.forecast_on, row.clock.text,
        ]
        for row in found.rows
    )  # fmt: skip
    return csv_file("due", header, rows)
