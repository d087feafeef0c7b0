"""The public register of real approvals, and the picture of the pipeline."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from pv.accounts.models import PUBLIC_ORGANISATION
from pv.products.models import Alias, Authorisation, PipelineFigure
from pv.web.export import csv_file
from pv.web.http import PortalRequest, page
from pv.web.presenters.pipeline import pipeline
from pv.web.presenters.register import Asked, Entry, totals


def _entries() -> list[Entry]:
    rows = Authorisation.objects.for_organisations([PUBLIC_ORGANISATION]).select_related("product")
    return [Entry(row) for row in rows.order_by("-counted_mid_2025", "product__key", "approved_on", "key")]


@page("register.read")
def register(request: PortalRequest) -> HttpResponse:
    """All approvals: a short list, shown whole."""
    asked, everything = Asked.of(request.GET), _entries()
    wanted = [one for one in everything if asked.wants(one)]
    if request.GET.get("format") == "csv":
        return _csv(wanted)
    context = {
        "section": "register",
        "asked": asked,
        "entries": wanted,
        "totals": totals(everything),
        "kinds": Authorisation.Kind.choices,
        "counted": [("yes", _("in the count")), ("no", _("after the count"))],
    }
    return render(request, "web/register.html", context)


def _csv(entries: list[Entry]) -> HttpResponse:
    header = [_("Product"), _("Brand"), _("Holder"), _("Indication"), _("Kind of approval"), _("How sure the kind is")]
    header += [_("Approved"), _("Outer bound as computed"), _("How"), _("In the count of mid-2025")]
    rows = (
        [
            one.product.label, one.brand, one.row.holder, one.row.indication, one.kind, one.certainty, one.approved,
            one.bound.latest if one.bound else "", one.bound_words, _("yes") if one.row.counted_mid_2025 else _("no"),
        ]
        for one in entries
    )  # fmt: skip
    return csv_file("register", header, rows)


@page("register.read")
def entry(request: PortalRequest, pk: UUID) -> HttpResponse:
    """One approval with everything known of it, and from where."""
    rows = Authorisation.objects.for_organisations([PUBLIC_ORGANISATION]).select_related("product")
    row = rows.filter(pk=pk).first()
    if row is None:
        raise Http404
    context = {
        "section": "register",
        "entry": Entry(row),
        "aliases": Alias.objects.for_organisations([PUBLIC_ORGANISATION]).filter(product_id=row.product_id),
        "siblings": [Entry(one) for one in rows.filter(product_id=row.product_id).exclude(pk=pk).order_by("key")],
    }
    return render(request, "web/register_entry.html", context)


@page("register.read")
def landscape(request: PortalRequest) -> HttpResponse:
    """The pipeline: therapy by stage, each unit on its own."""
    figures = list(PipelineFigure.objects.for_organisations([PUBLIC_ORGANISATION]))
    if request.GET.get("format") == "csv":
        header = [_("Figure"), _("Count"), _("Unit"), _("As of"), _("Note"), _("Source")]
        shown = pipeline(figures)
        return csv_file("pipeline", header, shown.table())
    return render(request, "web/pipeline.html", {"section": "pipeline", "pipeline": pipeline(figures)})
