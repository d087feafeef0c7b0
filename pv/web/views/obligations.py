"""Obligations: the list with its time line, and one obligation with what can be done to it."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from pv.accounts.policy import can
from pv.core import days
from pv.obligations.models import Milestone, Obligation
from pv.products.models import Product
from pv.web.export import csv_file
from pv.web.http import PortalRequest, page
from pv.web.presenters import obligations as shown
from pv.web.presenters.acts import acts, acts_of
from pv.web.presenters.clock import Desk, organisation_names
from pv.web.presenters.due import ZONE
from pv.web.presenters.notices import told_of
from pv.web.presenters.paging import MOST_EXPORTED, page_of
from pv.web.presenters.timeline import NARROW, SINGLE, timelines

READ = "obligation.read"


@page(READ)
def obligations(request: PortalRequest) -> HttpResponse:
    """The list and its picture: both show the same page of rows."""
    mine = request.access.anywhere(READ)
    desk, asked = Desk(mine), shown.Asked.of(request.GET)
    today = days.legal_day(desk.now, ZONE)
    query = shown.wanted(asked, mine, today)
    if request.GET.get("format") == "csv":
        return _csv(shown.rows(page_of(query, shown.ORDER, "", MOST_EXPORTED).rows, desk))
    found = page_of(query, shown.ORDER, asked.after)
    rows = shown.rows(found.rows, desk)
    context = {
        "section": "obligations",
        "asked": asked,
        "rows": rows,
        "after": found.after,
        "timelines": timelines(rows, today),
        "kinds": Obligation.Kind.choices,
        "filters": shown.FILTERS.items(),
        "products": [(one.pk, one.label) for one in Product.objects.for_organisations(mine).order_by("key")],
        "names": organisation_names(request.organisations),
        "may_open": can(request.access, "obligation.write"),
        "may_begin": can(request.access, "product.write"),
    }
    return render(request, "web/obligations.html", context)


def _csv(rows: list[shown.Row]) -> HttpResponse:
    header = [
        _("Number"),
        _("Title"),
        _("Kind"),
        _("Product"),
        _("State"),
        _("Originally due"),
        pgettext("date", "Due"),
        _("Basis"),
    ]
    header += [_("Forecast"), _("Accepted by the authority on"), _("Decided on"), _("Owner"), _("Document")]
    lines = (
        [
            row.obligation.code, row.title, row.obligation.get_kind_display(),
            row.obligation.authorisation.product.label, row.words, row.dates.original, row.dates.due,
            row.obligation.get_basis_display(), row.dates.forecast, row.obligation.submitted_on,
            row.obligation.decided_on, row.obligation.owner.name, row.obligation.document,
        ]
        for row in rows
    )  # fmt: skip
    return csv_file("obligations", header, lines)


def find(request: PortalRequest, pk: UUID) -> Obligation:
    """The obligation among those this reader may see; "not yours" answers like "not there"."""
    mine = Obligation.objects.for_organisations(request.access.anywhere(READ))
    found: Obligation | None = (
        mine.select_related("authorisation__product", "owner", "study", "rule").filter(pk=pk).first()
    )
    if found is None:
        raise Http404
    return found


@page(READ)
def obligation(request: PortalRequest, pk: UUID) -> HttpResponse:
    """One obligation: its sentence, its dates, its clock, who was told, what was done."""
    found = find(request, pk)
    where = found.organisation_id
    desk = Desk([where])
    row = shown.rows([found], desk)[0]
    possible, steps = acts(found, request.access), shown.steps(found.study_id, desk) if found.study_id else []
    told = told_of(row.clock.deadline, [where]) if row.clock else []
    context = {
        "section": "obligations",
        "row": row,
        "obligation": found,
        "steps": steps,
        "step_acts": acts_of([one.milestone for one in steps], request.access),
        "changes": shown.changes(found),
        "told": told[:3],
        "told_count": len(told),
        "timelines": timelines([row], row.today, (SINGLE, NARROW)),
        "acts": [one for one in possible if not one.rare],
        "rare_acts": [one for one in possible if one.rare],
        "may_take": bool(row.clock and row.clock.may_be_taken) and can(request.access, "notice.take", where),
        "may_see_history": can(request.access, "history.read", where),
    }
    return render(request, "web/obligation.html", context)


def find_milestone(request: PortalRequest, pk: UUID) -> Milestone:
    """The step of a study among those this reader may see."""
    mine = Milestone.objects.for_organisations(request.access.anywhere(READ))
    found: Milestone | None = mine.select_related("study", "owner").filter(pk=pk).first()
    if found is None:
        raise Http404
    return found
