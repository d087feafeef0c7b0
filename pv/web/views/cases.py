"""Cases: the list, one case, and what its people do to it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from pv.accounts.policy import can
from pv.core import days
from pv.core.errors import Conflict, DomainError, NotAllowed, NotFound
from pv.products.models import Product
from pv.safety import services
from pv.safety.models import Case, CaseVersion, InboxItem
from pv.web.export import csv_file
from pv.web.forms.base import RoomForm
from pv.web.forms.safety import AssessForm, NewsForm, ReportedForm
from pv.web.http import PortalRequest, page
from pv.web.presenters import cases as shown
from pv.web.presenters.clock import Desk, organisation_names
from pv.web.presenters.due import ZONE
from pv.web.presenters.paging import MOST_EXPORTED, page_of

READ = "case.read"
OVER = frozenset({Case.State.NULLIFIED, Case.State.DUPLICATE})


@page(READ)
def cases(request: PortalRequest) -> HttpResponse:
    """All cases, newest first."""
    mine = request.access.anywhere(READ)
    desk, asked = Desk(mine), shown.Asked.of(request.GET)
    query = shown.wanted(asked, mine)
    if request.GET.get("format") == "csv":
        return _csv(shown.rows(page_of(query, shown.SORTS[asked.sort], "", MOST_EXPORTED).rows, desk))
    found = page_of(query, shown.SORTS[asked.sort], asked.after)
    context = {
        "section": "cases",
        "asked": asked,
        "rows": shown.rows(found.rows, desk),
        "after": found.after,
        "states": Case.State.choices,
        "kinds": [("malignancy", _("new malignancy"))],
        "products": [(one.pk, one.label) for one in Product.objects.for_organisations(mine).order_by("key")],
        "sorts": shown.SORT_WORDS.items(),
        "names": organisation_names(request.organisations),
    }
    return render(request, "web/cases.html", context)


def _csv(rows: list[shown.Row]) -> HttpResponse:
    header = [_("Case"), _("Number elsewhere"), _("State"), _("What happened"), _("Patient"), _("Product")]
    header += [_("Day 0"), _("Serious"), _("New malignancy"), _("Reported on"), _("Report due"), _("Left")]
    lines = (
        [
            str(row.case), row.case.external_number, row.case.get_state_display(), row.reaction,
            row.case.patient.code if row.case.patient else "", row.case.product.label if row.case.product else "",
            row.case.day_zero, _("yes") if row.case.serious else _("no"),
            _("yes") if row.case.malignancy else _("no"), row.case.reported_on,
            row.clock.deadline.due_on if row.clock else "", row.clock.text if row.clock else "",
        ]
        for row in rows
    )  # fmt: skip
    return csv_file("cases", header, lines)


def find(request: PortalRequest, pk: UUID) -> Case:
    """The case among those this reader may see; "not yours" answers like "not there"."""
    mine = Case.objects.for_organisations(request.access.anywhere(READ))
    found: Case | None = (
        mine.select_related("patient__centre", "product", "duplicate_of").filter(pk=pk).first()
    )  # fmt: skip
    if found is None:
        raise Http404
    return found


@page(READ)
def by_subject(request: PortalRequest, subject: UUID) -> HttpResponse:
    """A reporting clock runs about a case, one of its versions, or a report that is no case yet."""
    mine = request.access.anywhere(READ)
    if Case.objects.for_organisations(mine).filter(pk=subject).exists():
        return HttpResponseRedirect(reverse("web:case", args=[subject]))
    version = CaseVersion.objects.for_organisations(mine).filter(pk=subject).first()
    if version is not None:
        return HttpResponseRedirect(reverse("web:case", args=[version.case_id]))
    item = InboxItem.objects.for_organisations(mine).filter(pk=subject).first()
    if item is None:
        raise Http404
    if item.case_id:
        return HttpResponseRedirect(reverse("web:case", args=[item.case_id]))
    return HttpResponseRedirect(reverse("web:item", args=[item.pk]))


@page(READ)
def case(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Everything on one screen, clocks on top."""
    return _show(request, find(request, pk), {}, 200)


def _show(request: PortalRequest, found: Case, more: dict[str, Any], status: int) -> HttpResponse:
    where = found.organisation_id
    desk = Desk([where])
    today = days.legal_day(desk.now, ZONE)
    file = shown.File(found, desk)
    stands = found.state not in OVER
    initial = {"version": found.version}
    content = file.last.content if file.last else {}
    triages = can(request.access, "case.triage", where)
    took_in = request.user.pk in {one.first_receiver_id for one in file.items}
    assesses = stands and can(request.access, "case.assess", where)
    news = initial | {name: content.get(name, "") for name in NewsForm.content}
    news["narrative"] = file.last.narrative if file.last else ""
    context: dict[str, Any] = {
        "section": "cases",
        "case": found,
        "file": file,
        "assess_form": AssessForm() if assesses and not took_in else None,
        "took_in": assesses and took_in,
        "reported_form": ReportedForm(initial=initial, today=today)
        if stands and file.must_be_reported and can(request.access, "case.report", where)
        else None,
        "news_form": NewsForm(initial=news, stands=content, today=today) if stands and triages else None,
        "may_answer": triages,
        "may_see_patient": can(request.access, "patient.read", where),
        "may_see_history": can(request.access, "history.read", where),
    }
    return render(request, "web/case.html", context | more, status=status)


def act(
    request: PortalRequest, found: Case, name: str, form: RoomForm, save: Callable[[dict[str, Any]], str]
) -> HttpResponse:
    """Validate, call one service, put a refusal on the page beside the form it belongs to."""
    status = 422
    more: dict[str, Any] = {name: form}
    if form.is_valid():
        try:
            with transaction.atomic():
                said = save(dict(form.cleaned_data))
        except Conflict as error:
            found = find(request, found.pk)
            status, more = 409, {"conflict": error.message}
        except (NotAllowed, NotFound) as error:
            if error.field not in form.fields:
                raise
            form.refuse(error)
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, said)
            return HttpResponseRedirect(reverse("web:case", args=[found.pk]))
    return _show(request, found, more, status)


@sensitive_post_parameters("password")
@page("case.assess", methods=("POST",))
def assess(request: PortalRequest, pk: UUID) -> HttpResponse:
    """The signed judgement of the version that stands."""
    found = find(request, pk)

    def save(given: dict[str, Any]) -> str:
        made = services.assess(by=request.user, case_id=pk, **given)
        return _("Your assessment is signed: %s.") % made.get_causality_display()

    return act(request, found, "assess_form", AssessForm(request.POST), save)


@page("case.report", methods=("POST",))
def report(request: PortalRequest, pk: UUID) -> HttpResponse:
    """The report went to the authority: its clock is met as of that day."""
    found = find(request, pk)
    today = days.legal_day(Desk([]).now, ZONE)

    def save(given: dict[str, Any]) -> str:
        services.record_report(by=request.user, case_id=pk, **given)
        return _("The report is recorded. Its clock has stopped.")

    return act(request, found, "reported_form", ReportedForm(request.POST, today=today), save)


@page("case.triage", methods=("POST",))
def news(request: PortalRequest, pk: UUID) -> HttpResponse:
    """News: the next version, beside those that stand."""
    found = find(request, pk)
    desk = Desk([found.organisation_id])
    last = shown.File(found, desk).last
    form = NewsForm(request.POST, stands=last.content if last else {}, today=days.legal_day(desk.now, ZONE))

    def save(given: dict[str, Any]) -> str:
        made = services.add_version(by=request.user, case_id=pk, **form.answers())
        return _("Version %d is written.") % made.no

    return act(request, found, "news_form", form, save)
