"""Specimens, what was asked for, loans, and the sampling advice that goes to a hospital."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from pv.accounts.policy import can, check_can
from pv.biosamples import services
from pv.biosamples.models import Loan, SamplingRequest, Specimen
from pv.core import days
from pv.core.errors import Conflict, DomainError, MissingRule, NotAllowed, NotFound
from pv.patients.scope import restrict
from pv.terminology.clinical import Lineage, Material, Timing
from pv.web.export import csv_file
from pv.web.forms.base import RoomForm, version_of
from pv.web.forms.samples import (
    CollectForm,
    EndForm,
    ExcursionForm,
    HoldForm,
    LoanForm,
    MoveForm,
    ReleaseForm,
    ReturnForm,
    SampleForm,
    SpecimenForm,
)
from pv.web.http import PortalRequest, page
from pv.web.presenters import samples as shown
from pv.web.presenters.clock import Desk, organisation_names
from pv.web.presenters.contacts import contacts
from pv.web.presenters.due import ZONE
from pv.web.presenters.paging import MOST_EXPORTED, page_of
from pv.web.presenters.words import either
from pv.web.views.intake import readable_item
from pv.web.views.patients import find as find_patient

READ = shown.READ
WRITE = "specimen.write"
METHODS = ("GET", "HEAD", "POST")
Save = Callable[[], str]


@page(READ)
def specimens(request: PortalRequest) -> HttpResponse:
    """Every tube, block and slide that is known."""
    mine = request.access.anywhere(READ)
    asked = shown.Asked.of(request.GET)
    query = shown.wanted(asked, request.user, mine)
    if request.GET.get("format") == "csv":
        return _csv([shown.Row(one) for one in page_of(query, shown.SORTS[asked.sort], "", MOST_EXPORTED).rows])
    found = page_of(query, shown.SORTS[asked.sort], asked.after)
    context = {
        "section": "samples",
        "asked": asked,
        "rows": [shown.Row(one) for one in found.rows],
        "after": found.after,
        "states": [("there", _("still there")), *Specimen.State.choices],
        "timings": Timing.choices,
        "materials": Material.choices,
        "holds": [("held", _("on hold"))],
        "sorts": shown.SORT_WORDS.items(),
        "names": organisation_names(request.organisations),
    }
    return render(request, "web/specimens.html", context)


def _csv(rows: list[shown.Row]) -> HttpResponse:
    header = [_("Number"), _("Patient"), _("What it is"), _("From when"), _("Taken on"), _("State"), _("Held by")]
    header += [_("Place"), _("Quantity"), _("Temperature"), _("Times thawed"), _("On hold"), _("Compromised")]
    lines = (
        [
            row.specimen.code, row.specimen.patient.code, row.specimen.get_material_display(),
            row.specimen.get_timing_display(), row.taken, row.specimen.get_state_display(), row.holder,
            row.specimen.place, row.quantity, row.specimen.get_temperature_display(), row.specimen.thaws,
            _("yes") if row.specimen.on_hold else _("no"), _("yes") if row.specimen.compromised else _("no"),
        ]
        for row in rows
    )  # fmt: skip
    return csv_file("specimens", header, lines)


def find(request: PortalRequest, pk: UUID) -> Specimen:
    """The specimen among those this reader may see; "not yours" answers like "not there"."""
    mine = request.access.anywhere(READ)
    rows = restrict(Specimen.objects.for_organisations(mine), request.user, mine)
    found: Specimen | None = (
        rows.select_related("patient__centre", "holder", "request__item", "parent", "treatment__product")
        .filter(pk=pk)
        .first()
    )
    if found is None:
        raise Http404
    return found


@page(READ)
def specimen(request: PortalRequest, pk: UUID) -> HttpResponse:
    """One specimen and its chain of custody."""
    return _show(request, find(request, pk), {}, 200)


def _show(request: PortalRequest, found: Specimen, more: dict[str, Any], status: int) -> HttpResponse:
    where = found.organisation_id
    tube = shown.Tube(found)
    writes, holds = can(request.access, WRITE, where), can(request.access, "specimen.hold", where)
    initial = {"version": found.version}
    move = _move_form(request, found, None) if writes else None
    context: dict[str, Any] = {
        "section": "samples",
        "specimen": found,
        "tube": tube,
        "move_form": move if move and move.allowed else None,
        "excursion_form": ExcursionForm(initial=initial) if writes and move and move.allowed else None,
        "hold_form": HoldForm(initial=initial, causes=tube.causes)
        if holds and tube.causes and found.state not in ("exhausted", "returned", "disposed")
        else None,
        "release_form": ReleaseForm(initial=initial) if holds and found.on_hold else None,
        "may_see_history": can(request.access, "history.read", where),
    }
    return render(request, "web/specimen.html", context | more, status=status)


def _move_form(request: PortalRequest, found: Specimen, data: Any) -> MoveForm:
    where = found.organisation_id
    return MoveForm(
        data,
        initial={"version": found.version, "place": found.place},
        specimen=found,
        may_dispose=can(request.access, "specimen.dispose", where),
        parties=shown.parties(where),
    )


def _act(request: PortalRequest, found: Specimen, name: str, form: SampleForm, save: Save) -> HttpResponse:
    """Validate, call one service, put a refusal on the page beside the form it belongs to."""
    status = 422
    more: dict[str, Any] = {name: form}
    if form.is_valid():
        try:
            with transaction.atomic():
                said = save()
        except Conflict as error:
            found = find(request, found.pk)
            status, more = 409, {"conflict": error.message}
        except (NotAllowed, NotFound):
            raise
        except DomainError as error:
            form.refuse(error)
        else:
            messages.success(request, said)
            return HttpResponseRedirect(reverse("web:specimen", args=[found.pk]))
    return _show(request, found, more, status)


@page(WRITE, methods=("POST",))
def move(request: PortalRequest, pk: UUID) -> HttpResponse:
    """What was done with it: the next entry of its chain."""
    found = find(request, pk)
    form = _move_form(request, found, request.POST)

    def save() -> str:
        entry = services.move(by=request.user, specimen_id=pk, **form.answers())
        return _("Entered: %s.") % entry.get_what_display()

    return _act(request, found, "move_form", form, save)


@page(WRITE, methods=("POST",))
def excursion(request: PortalRequest, pk: UUID) -> HttpResponse:
    """It was too warm: kept, and marked."""
    found = find(request, pk)
    form = ExcursionForm(request.POST)

    def save() -> str:
        services.excursion(by=request.user, specimen_id=pk, **form.answers())
        return _("The excursion is entered; the specimen is marked as compromised.")

    return _act(request, found, "excursion_form", form, save)


@page("specimen.hold", methods=("POST",))
def hold(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Not to be destroyed."""
    found = find(request, pk)
    form = HoldForm(request.POST, causes=shown.Tube(found).causes)

    def save() -> str:
        services.hold(by=request.user, specimen_id=pk, **form.answers())
        return _("%s is on hold: it must not be destroyed.") % found.code

    return _act(request, found, "hold_form", form, save)


@page("specimen.hold", methods=("POST",))
def release(request: PortalRequest, pk: UUID) -> HttpResponse:
    """The hold ends, with its reason."""
    found = find(request, pk)
    form = ReleaseForm(request.POST)

    def save() -> str:
        services.release_hold(by=request.user, specimen_id=pk, **form.answers())
        return _("The hold of %s has ended.") % found.code

    return _act(request, found, "release_form", form, save)


@page(WRITE, methods=METHODS)
def new_specimen(request: PortalRequest, pk: UUID) -> HttpResponse:
    """A specimen of a patient: taken just now, or there already."""
    patient = find_patient(request, pk)
    where = patient.organisation_id
    check_can(request.access, WRITE, where)
    today = days.legal_day(Desk([]).now, ZONE)
    form = SpecimenForm(request.POST or None, parties=shown.parties(where), today=today, initial={"act": "there"})

    def save() -> tuple[str, str]:
        given = form.answers()
        act, collected = given.pop("act"), given.pop("collected", None)
        if act == "there":
            made = services.register_specimen(
                by=request.user, organisation=where, patient_id=pk, collected=collected, **given
            )
        else:
            made = services.collect(by=request.user, organisation=where, patient_id=pk, **given)
        return _("%s is registered.") % made.code, reverse("web:specimen", args=[made.pk])

    words = {"title": _("Register a specimen"), "verb": _("Register"), "draft": f"specimen-{pk}", "patient": patient}
    return _small(request, form, words | {"back": reverse("web:patient", args=[pk])}, save)


def _small(
    request: PortalRequest, form: RoomForm, words: dict[str, Any], save: Callable[[], tuple[str, str]]
) -> HttpResponse:
    """A form on a page of its own; it leads on to where the answer says."""
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                with transaction.atomic():
                    said, address = save()
            except Conflict as error:
                status, words["conflict"] = 409, error.message
            except (NotAllowed, NotFound):
                raise
            except DomainError as error:
                form.refuse(error)
            else:
                messages.success(request, said, extra_tags=words["draft"])
                return HttpResponseRedirect(address)
    return render(
        request,
        "web/small_form.html",
        {"section": "samples", "form": form, "version": version_of(form)} | words,
        status=status,
    )


def find_request(request: PortalRequest, pk: UUID) -> SamplingRequest:
    """What was asked for, of a patient this reader may see; of nobody yet, whoever reads cases."""
    mine = request.access.anywhere(READ)
    rows = SamplingRequest.objects.for_organisations(mine).filter(pk=pk)
    related = ("patient__centre", "item", "plan", "rule")
    found: SamplingRequest | None = restrict(rows, request.user, mine).select_related(*related).first()
    if found is None:
        found = rows.select_related(*related).filter(patient=None).first()
        if found is not None:
            readable_item(request, found.cause)
    if found is None:
        raise Http404
    return found


@page(READ)
def sample_request(request: PortalRequest, pk: UUID) -> HttpResponse:
    """One thing asked for, and how it was answered."""
    found = find_request(request, pk)
    where = found.organisation_id
    tubes = Specimen.objects.for_organisations([where]).filter(request=found).select_related("holder")
    writes = can(request.access, WRITE, where)
    is_open = found.state in (SamplingRequest.State.OPEN, SamplingRequest.State.NOT_AVAILABLE)
    context = {
        "section": "samples",
        "asked": found,
        "clock": shown.clock_of(found.pk, Desk([where])),
        "specimens": list(tubes),
        "loans": shown.loans_of(found),
        "instruction": shown.instruction_of(found.cause, where),
        "may_answer": writes and is_open,
        "may_see_cases": can(request.access, "case.read", where),
        "may_see_history": can(request.access, "history.read", where),
    }
    return render(request, "web/sample_request.html", context)


@page(WRITE, methods=METHODS)
def collect(request: PortalRequest, pk: UUID) -> HttpResponse:
    """It was taken: the request is met."""
    found = find_request(request, pk)
    check_can(request.access, WRITE, found.organisation_id)
    parties = shown.parties(found.organisation_id)
    form = CollectForm(request.POST or None, parties=parties, initial={"version": found.version})

    def save() -> tuple[str, str]:
        made = services.collect(by=request.user, request_id=pk, **form.answers())
        return _("%s is registered; the request is met.") % made.code, reverse("web:specimen", args=[made.pk])

    return _small(request, form, _words(found, _("It was taken"), _("Register the specimen"), "collect"), save)


@page(WRITE, methods=METHODS)
def end_request(request: PortalRequest, pk: UUID) -> HttpResponse:
    """The site tested it itself, or it cannot be had."""
    found = find_request(request, pk)
    check_can(request.access, WRITE, found.organisation_id)
    form = EndForm(request.POST or None, initial={"version": found.version})

    def save() -> tuple[str, str]:
        given = form.answers()
        act = services.meet_at_site if given.pop("how") == "at_site" else services.not_available
        ended = act(by=request.user, request_id=pk, **given)
        return _("Recorded: %s.") % ended.get_state_display(), reverse("web:sample_request", args=[pk])

    return _small(request, form, _words(found, _("Without a specimen"), _("Record it"), "end"), save)


@page(WRITE, methods=METHODS)
def lend(request: PortalRequest, pk: UUID) -> HttpResponse:
    """A pathology department lent blocks or slides for this request."""
    found = find_request(request, pk)
    where = found.organisation_id
    check_can(request.access, WRITE, where)
    patient = found.patient_id
    if patient is None:
        raise Conflict(_("The report is not matched to a patient yet. Match it first."))
    today = days.legal_day(Desk([]).now, ZONE)
    form = LoanForm(request.POST or None, parties=shown.parties(where), today=today)

    def save() -> tuple[str, str]:
        made = services.lend(by=request.user, organisation=where, patient_id=patient, request_id=pk, **form.answers())
        return _("The loan is recorded; it goes back by %s.") % made.return_by, reverse("web:loan", args=[made.pk])

    return _small(request, form, _words(found, _("Borrowed from pathology"), _("Record the loan"), "lend"), save)


def _words(found: SamplingRequest, title: str, verb: str, act: str) -> dict[str, Any]:
    back = reverse("web:sample_request", args=[found.pk])
    what = either(found.item.what_en, found.item.what_zh)
    crumbs = [(reverse("web:specimens"), _("Samples")), (back, what)]
    return {"title": title, "lead": what, "verb": verb, "draft": f"{act}-{found.pk}", "crumbs": crumbs, "back": back}


@page(READ, methods=METHODS)
def loan(request: PortalRequest, pk: UUID) -> HttpResponse:
    """What was borrowed, and that it went back."""
    mine = request.access.anywhere(READ)
    rows = restrict(Loan.objects.for_organisations(mine), request.user, mine)
    found: Loan | None = rows.select_related("patient", "lender", "request__item").filter(pk=pk).first()
    if found is None:
        raise Http404
    where = found.organisation_id
    desk = Desk([where])
    today = days.legal_day(desk.now, ZONE)
    form = None
    if can(request.access, WRITE, where) and found.returned_on is None:
        form = ReturnForm(request.POST or None, today=today, initial={"version": found.version})
    context: dict[str, Any] = {
        "section": "samples", "loan": found, "form": form, "clock": shown.clock_of(pk, desk),
        "may_see_history": can(request.access, "history.read", where),
    }  # fmt: skip
    status = 200
    if request.method == "POST":
        check_can(request.access, WRITE, where)
        status = 422
        if form is None:
            raise Conflict(_("This has gone back already."))
        if form.is_valid():
            try:
                with transaction.atomic():
                    services.return_loan(by=request.user, loan_id=pk, **form.answers())
            except Conflict as error:
                status, context["conflict"] = 409, error.message
            except DomainError as error:
                form.refuse(error)
            else:
                messages.success(request, _("It went back. Its clock has stopped."))
                return HttpResponseRedirect(reverse("web:loan", args=[pk]))
    return render(request, "web/loan.html", context, status=status)


@page(READ, methods=METHODS)
def advice(request: PortalRequest, cause: UUID) -> HttpResponse:
    """The sheet for the hospital: what to take before tissue is cut and treatment starts. One A4 page a language."""
    item = readable_item(request, cause)
    where = item.organisation_id
    if request.method == "POST":
        check_can(request.access, "intake.write", where)
        given = services.instruction_given(cause=cause, by=request.user)
        messages.success(request, _("Noted: sent or handed over. The clock of the instruction has stopped."))
        return HttpResponseRedirect(reverse("web:advice", args=[given.cause]))
    desk = Desk([where])
    asked = list(SamplingRequest.objects.for_organisations([where]).filter(cause=cause))
    instruction = shown.instruction_of(cause, where)
    missing = ""
    items = []
    try:
        items = services.advice(
            organisation=where, cause=cause if instruction else None, lineage=item.lineage or Lineage.UNKNOWN
        )
    except MissingRule as error:
        missing = error.message
    wanted = request.GET.get("lang", "")
    context = {
        "section": "samples",
        "item": item,
        "groups": shown.grouped(items, asked),
        "missing": missing,
        "instruction": instruction,
        "clock": shown.clock_of(cause, desk),
        "languages": shown.languages(wanted),
        "lang": wanted,
        "contacts": contacts(where, desk.now),
        "house": next((one for one in request.organisations if one.pk == where), None),
        "may_send": can(request.access, "intake.write", where) and instruction and instruction.given_at is None,
        "may_see_cases": can(request.access, "case.read", where),
    }
    return render(request, "web/advice.html", context)
