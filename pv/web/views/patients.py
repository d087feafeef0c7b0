"""Patients: the list, one patient's page, and the identifiers behind the code."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from pv.accounts.policy import can, check_can
from pv.biosamples.services import pair_of
from pv.core.errors import DomainError, NotAllowed
from pv.patients.models import Patient
from pv.patients.scope import visible_to
from pv.patients.vault import keep_identity, read_identity
from pv.products.models import Product
from pv.web.export import csv_file
from pv.web.forms.patients import IdentityForm, PurposeForm
from pv.web.http import PortalRequest, page
from pv.web.presenters import patients as shown
from pv.web.presenters.clock import Desk, organisation_names
from pv.web.presenters.life import Life, age_words
from pv.web.presenters.paging import MOST_EXPORTED, page_of

READ = shown.READ


@page(READ)
def patients(request: PortalRequest) -> HttpResponse:
    """The list; with `for` it asks whom somebody wants to record something of."""
    mine = request.access.anywhere(READ)
    desk, asked = Desk(mine), shown.Asked.of(request.GET)
    query = shown.wanted(asked, request.user, mine, desk.now)
    if request.GET.get("format") == "csv":
        return _csv(shown.rows(page_of(query, shown.SORTS[asked.sort], "", MOST_EXPORTED).rows, desk))
    found = page_of(query, shown.SORTS[asked.sort], asked.after)
    context = {
        "section": "patients",
        "asked": asked,
        "aim": asked.aim if shown.may(request.access, asked.aim) else None,
        "rows": shown.rows(found.rows, desk),
        "after": found.after,
        "states": Patient.State.choices,
        "products": [(one.pk, one.label) for one in Product.objects.for_organisations(mine).order_by("key")],
        "centres": shown.centres(request.user, mine),
        "late": [("late", _("next visit late"))],
        "sorts": shown.SORT_WORDS.items(),
        "names": organisation_names(request.organisations),
    }
    return render(request, "web/patients.html", context)


def _csv(rows: list[shown.Row]) -> HttpResponse:
    header = [_("Patient"), _("Sex"), _("Year of birth"), _("State"), _("Product"), _("Infused on"), _("Centre")]
    header += [_("Next visit"), _("Due"), _("Left")]
    lines = (
        [
            row.patient.code, row.patient.get_sex_display(), row.patient.birth_year, row.patient.get_state_display(),
            row.product, row.treatment.infused_on if row.treatment else "", row.centre,
            row.next.title if row.next else "", row.next.deadline.due_on if row.next else "",
            row.next.text if row.next else "",
        ]
        for row in rows
    )  # fmt: skip
    return csv_file("patients", header, lines)


def find(request: PortalRequest, pk: UUID, verb: str = READ) -> Patient:
    """The patient among those this reader may see; "not yours" answers like "not there"."""
    mine = visible_to(request.user, request.access.anywhere(READ))
    found: Patient | None = mine.select_related("centre").filter(pk=pk).first()
    if found is None:
        raise Http404
    check_can(request.access, verb, found.organisation_id)
    return found


@page(READ)
def patient(request: PortalRequest, pk: UUID) -> HttpResponse:
    """One life: its line, what is next, and everything that stands behind it."""
    found = find(request, pk)
    where = found.organisation_id
    life = Life(found, Desk([where]))
    context = {
        "section": "patients",
        "patient": found,
        "life": life,
        "about": age_words(found),
        "centre": shown.centre_of(found),
        "pair": pair_of(found),
        "may_record": can(request.access, "visit.record", where),
        "may_write": can(request.access, "patient.write", where),
        "may_verify": can(request.access, "vital.verify", where),
        "may_identify": can(request.access, "patient.identify", where),
        "may_see_cases": can(request.access, "case.read", where),
        "may_sample": can(request.access, "specimen.write", where),
        "may_see_history": can(request.access, "history.read", where),
    }
    return render(request, "web/patient.html", context)


@page("patient.identify", methods=("GET", "HEAD", "POST"))
def identity(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Name and number behind a code: shown to who says what for, and not on any other page."""
    found = find(request, pk, "patient.identify")
    context: dict[str, Any] = {"section": "patients", "patient": found, "form": PurposeForm(), "status": 200}
    if request.method == "POST":
        _answer_identity(request, found, context)
        if "leave" in context:
            return HttpResponseRedirect(reverse("web:identity", args=[pk]))
    return render(request, "web/identity.html", context, status=context["status"])


def _answer_identity(request: PortalRequest, found: Patient, context: dict[str, Any]) -> None:
    keeps = request.POST.get("act") == "keep"
    form = IdentityForm(request.POST) if keeps else PurposeForm(request.POST)
    context["keep_form" if keeps else "form"] = form
    context["status"] = 422
    if not form.is_valid():
        return
    try:
        with transaction.atomic():
            if keeps:
                keep_identity(patient_id=found.pk, by=request.user, **form.cleaned_data)
                messages.success(request, _("The identifiers of %s are kept, encrypted.") % found.code)
                context["leave"] = True
                return
            clear = read_identity(patient_id=found.pk, by=request.user, purpose=form.cleaned_data["purpose"])
    except NotAllowed:
        raise
    except DomainError as error:
        form.add_error(error.field if error.field in form.fields else None, error.message)
    else:
        values = {name: getattr(clear, name) for name in IdentityForm.base_fields}
        known = any(values.values())
        context |= {
            "status": 200,
            "clear": clear if known else None,
            "nothing": not known,
            "keep_form": IdentityForm(initial=values),
        }
