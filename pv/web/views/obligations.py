"""Obligations: the list with its time line, one obligation, and what its people do to it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from pv.accounts.policy import can, check_can
from pv.core import days
from pv.core.errors import Conflict, DomainError, NotAllowed, NotFound
from pv.obligations import services
from pv.obligations.models import Milestone, Obligation
from pv.products.models import Product
from pv.web.export import csv_file
from pv.web.forms.obligations import DueForm, ForecastForm, ObligationForm, SubmitForm
from pv.web.http import PortalRequest, page
from pv.web.presenters import obligations as shown
from pv.web.presenters.clock import Desk, organisation_names
from pv.web.presenters.due import ZONE
from pv.web.presenters.notices import told_of
from pv.web.presenters.paging import MOST_EXPORTED, page_of
from pv.web.presenters.timeline import NARROW, SINGLE, timelines
from pv.web.templatetags.portal import day as in_words

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
    runs = row.is_running
    told = told_of(row.clock.deadline, [where]) if row.clock else []
    context = {
        "section": "obligations",
        "row": row,
        "obligation": found,
        "steps": shown.steps(found.study_id, desk) if found.study_id else [],
        "changes": shown.changes(found),
        "told": told[:3],
        "told_count": len(told),
        "timelines": timelines([row], row.today, (SINGLE, NARROW)),
        "may_move": runs and can(request.access, "obligation.correct_date", where),
        "may_write": can(request.access, "obligation.write", where),
        "may_submit": found.state == Obligation.State.OPEN and can(request.access, "obligation.write", where),
        "may_take": bool(row.clock and row.clock.may_be_taken) and can(request.access, "notice.take", where),
        "may_see_history": can(request.access, "history.read", where),
    }
    return render(request, "web/obligation.html", context)


@page(READ)
def milestone(request: PortalRequest, pk: UUID) -> HttpResponse:
    """A milestone's page is that of its study: where it stands among the others."""
    mine = request.access.anywhere(READ)
    found = Milestone.objects.for_organisations(mine).select_related("study").filter(pk=pk).first()
    if found is None:
        raise Http404
    context = {
        "section": "obligations",
        "milestone": found,
        "study": found.study,
        "steps": shown.steps(found.study_id, Desk([found.organisation_id])),
        "obligations": Obligation.objects.for_organisations([found.organisation_id]).filter(study_id=found.study_id),
        "may_see_history": can(request.access, "history.read", found.organisation_id),
    }
    return render(request, "web/study.html", context)


Save = Callable[[PortalRequest, Obligation, dict[str, Any]], Obligation]


def _change(
    request: PortalRequest, pk: UUID, kind: type[ObligationForm], verb: str, words: dict[str, Any], save: Save
) -> HttpResponse:
    """A form about an obligation: validate, call one service, put a refusal where it belongs."""
    found = find(request, pk)
    check_can(request.access, verb, found.organisation_id)
    desk = Desk([found.organisation_id])
    form = kind(request.POST or None, obligation=found, today=days.legal_day(desk.now, ZONE))
    context = words | {
        "section": "obligations",
        "obligation": found,
        "form": form,
        "version": form["version"].value(),
        "draft": f"{kind.answers}-{pk}",
    }
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                with transaction.atomic():
                    changed = save(request, found, form.cleaned_data)
            except Conflict as error:
                found.refresh_from_db()  # what stands now; the next click knows it
                status, context["conflict"], context["version"] = 409, error.message, found.version
            except (NotAllowed, NotFound):
                raise
            except DomainError as error:
                form.refuse(error)
            else:
                _tell(request, changed, context["draft"], words["done"])
                return HttpResponseRedirect(reverse("web:obligation", args=[pk]))
    row = shown.rows([found], desk)[0]
    return render(request, "web/obligation_form.html", context | {"row": row}, status=status)


def _tell(request: PortalRequest, changed: Obligation, draft: str, done: str) -> None:
    """Say what was set in motion: the clock as it runs now, and who is told next."""
    row = shown.rows([changed], Desk([changed.organisation_id]))[0]
    parts = [done % {"code": changed.code, "due": in_words(changed.due_on)}]
    told = row.clock.next_told if row.is_running and row.clock else None
    if told:
        when = _("at once") if told.at_once else in_words(told.at.astimezone(ZONE))
        parts.append(_("Told next: %(who)s, %(when)s.") % {"who": told.who, "when": when})
    messages.success(request, " ".join(parts), extra_tags=draft)


@page(READ, methods=("GET", "HEAD", "POST"))
def change_due(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Another due date, with reason and evidence."""

    def save(request: PortalRequest, found: Obligation, given: dict[str, Any]) -> Obligation:
        return services.change_due(found.pk, by=request.user, **given)

    words = {
        "title": _("Change the due date"),
        "verb": _("Move the due date"),
        "lead": _(
            "Warnings start again from the new date. The date first promised stays, and slippage is counted from it."
        ),
        "now": _("Due at present"),
        "done": _("%(code)s is due %(due)s."),
    }
    return _change(request, pk, DueForm, "obligation.correct_date", words, save)


@page(READ, methods=("GET", "HEAD", "POST"))
def change_forecast(request: PortalRequest, pk: UUID) -> HttpResponse:
    """When it will probably be done."""

    def save(request: PortalRequest, found: Obligation, given: dict[str, Any]) -> Obligation:
        return services.change_forecast(found.pk, by=request.user, **given)

    words = {
        "title": _("Change the forecast"),
        "verb": _("Save the forecast"),
        "lead": _("A forecast moves no clock: it shows early that a date will not be met."),
        "now": _("Forecast at present"),
        "done": _("The forecast of %(code)s is saved; it stays due %(due)s."),
    }
    return _change(request, pk, ForecastForm, "obligation.write", words, save)


@page(READ, methods=("GET", "HEAD", "POST"))
def submit(request: PortalRequest, pk: UUID) -> HttpResponse:
    """The authority accepted the submission: that meets the promise's clock."""

    def save(request: PortalRequest, found: Obligation, given: dict[str, Any]) -> Obligation:
        return services.submit(found.pk, by=request.user, **given)

    words = {
        "title": _("Record the acceptance by the authority"),
        "verb": _("Record the acceptance"),
        "lead": _("The acceptance notice meets the due date and ends the warnings. The decision is recorded later."),
        "now": _("Accepted on"),
        "done": _("The acceptance of %(code)s is recorded. Its clock has stopped."),
    }
    return _change(request, pk, SubmitForm, "obligation.write", words, save)
