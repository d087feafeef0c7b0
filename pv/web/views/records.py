"""What is learnt of a patient: the visit, the minimum contact, an event, a visit missed, an attempt, an excuse."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from pv.accounts.policy import can, check_can
from pv.core import days
from pv.core.errors import Conflict, DomainError, NotAllowed, NotFound
from pv.followup.models import Line, Visit, VisitRecord
from pv.followup.services import NewDeath, NewEvent, NewRecord, Recorded, excuse_visit, log_attempt, record_visits
from pv.patients.models import Patient
from pv.patients.scope import restrict
from pv.web.forms.base import RoomForm, version_of
from pv.web.forms.records import (
    AttemptForm,
    ContactForm,
    EventForms,
    EventReportForm,
    ExcuseForm,
    MissedForm,
    RecordForm,
    VisitForm,
    event_forms,
)
from pv.web.http import PortalRequest, page
from pv.web.presenters.blocks import blocks_of
from pv.web.presenters.clock import Desk
from pv.web.presenters.due import ZONE
from pv.web.presenters.life import Life, age_words
from pv.web.presenters.motion import after_record
from pv.web.views.patients import find

RECORD = "visit.record"
METHODS = ("GET", "HEAD", "POST")
READ = "patient.read"


def find_visit(request: PortalRequest, pk: UUID) -> Visit:
    """The visit of a patient this reader may see."""
    mine = request.access.anywhere(READ)
    found = restrict(Visit.objects.for_organisations(mine), request.user, mine)
    visit: Visit | None = found.select_related("patient__centre").filter(pk=pk).first()
    if visit is None:
        raise Http404
    return visit


@dataclass(slots=True)
class Page:
    """One form about one patient, and what its page needs besides."""

    patient: Patient
    kind: type[RecordForm] | type[MissedForm]
    draft: str
    visit: Visit | None = None
    with_events: bool = True
    others: list[tuple[str, str]] | None = None


@page(RECORD, methods=METHODS)
def visit(request: PortalRequest, pk: UUID) -> HttpResponse:
    """The record of one planned visit. A lifelong contact asks only what it must."""
    found = find_visit(request, pk)
    is_contact = found.line == Line.LIFELONG
    others = [(reverse("web:missed", args=[pk]), _("It was missed"))]
    if can(request.access, "visit.excuse", found.organisation_id):
        others.append((reverse("web:excuse", args=[pk]), _("Data cannot be had")))
    if found.state != Visit.State.PLANNED:
        others = []
    kind = ContactForm if is_contact else VisitForm
    return _record(request, Page(found.patient, kind, f"visit-{pk}", found, not is_contact, others))


@page(RECORD, methods=METHODS)
def missed(request: PortalRequest, pk: UUID) -> HttpResponse:
    """A visit that did not take place."""
    found = find_visit(request, pk)
    return _record(request, Page(found.patient, MissedForm, f"missed-{pk}", found, with_events=False))


@page(RECORD, methods=METHODS)
def contact(request: PortalRequest, pk: UUID) -> HttpResponse:
    """The minimum contact: six clicks."""
    found = find(request, pk, RECORD)
    others = [
        (reverse("web:attempt", args=[pk]), _("Nobody answered")),
        (reverse("web:next_visit", args=[pk]), _("It was a full visit")),
    ]
    return _record(request, Page(found, ContactForm, f"contact-{pk}", with_events=False, others=others))


@page(RECORD, methods=METHODS)
def event(request: PortalRequest, pk: UUID) -> HttpResponse:
    """An event told between two visits."""
    return _record(request, Page(find(request, pk, RECORD), EventReportForm, f"event-{pk}"))


@page(RECORD, methods=METHODS)
def next_visit(request: PortalRequest, pk: UUID) -> HttpResponse:
    """The form of the protocol visit that is due; a visit outside the plan where none is."""
    found = find(request, pk, RECORD)
    if request.method != "POST" and "unplanned" not in request.GET:
        planned = Visit.objects.for_organisations([found.organisation_id]).filter(
            patient=found, line=Line.PROTOCOL, state=Visit.State.PLANNED
        )
        due = planned.order_by("due_on", "id").first()
        if due is not None:
            return HttpResponseRedirect(reverse("web:visit", args=[due.pk]))
    return _record(request, Page(found, VisitForm, f"unplanned-{pk}"))


def _record(request: PortalRequest, wanted: Page) -> HttpResponse:
    """Validate, call the one way in, put a refusal where it belongs; say what was set in motion."""
    where = wanted.patient.organisation_id
    check_can(request.access, RECORD, where)
    desk = Desk([where])
    today = days.legal_day(desk.now, ZONE)
    data = request.POST if request.method == "POST" else None
    usual = {"way": VisitRecord.Way.IN_PERSON} if wanted.visit and wanted.visit.in_person else {}
    form = wanted.kind(data, today=today, initial=usual if wanted.kind is VisitForm else {})
    more = bool(data and data.get("more") == "event")
    events = event_forms(data, more=int(more)) if wanted.with_events else None
    context: dict[str, Any] = {"version": data.get("version") if data else wanted.visit and wanted.visit.version}
    status = 200
    if data is not None and not more:
        status = 422
        if form.is_valid() and (events is None or events.is_valid()):
            try:
                with transaction.atomic():
                    recorded = _save(request, wanted, form, events)
            except Conflict as error:
                status, context["conflict"] = 409, error.message
                if wanted.visit:
                    wanted.visit.refresh_from_db()
                    context["version"] = wanted.visit.version
            except (NotAllowed, NotFound):
                raise
            except DomainError as error:
                form.refuse(error)
            else:
                return _leave(request, wanted, recorded)
    return _show(request, wanted, form, events, context, desk, status)


def _save(request: PortalRequest, wanted: Page, form: RecordForm | MissedForm, events: EventForms | None) -> Recorded:
    given = form.answers()
    death = given.pop("death", None)
    told = tuple(NewEvent(**one) for one in events.answers()) if events else ()
    record = NewRecord(
        **given,
        patient_id=wanted.patient.pk,
        visit_id=wanted.visit.pk if wanted.visit else None,
        death=NewDeath(**death) if death is not None else None,
        events=told,
    )
    return record_visits([record], by=request.user)[0]


def _leave(request: PortalRequest, wanted: Page, recorded: Recorded) -> HttpResponse:
    where = wanted.patient.organisation_id
    words = after_record(
        recorded.visits_met, recorded.record, Desk([where]), links=can(request.access, "case.read", where)
    )
    messages.success(request, words, extra_tags=wanted.draft)
    return HttpResponseRedirect(reverse("web:patient", args=[wanted.patient.pk]))


def _show(
    request: PortalRequest, wanted: Page, form: Any, events: EventForms | None, context: dict[str, Any], desk: Desk,
    status: int,
) -> HttpResponse:  # fmt: skip
    life = Life(wanted.patient, desk)
    row = next((one for one in life.visits if wanted.visit and one.visit.pk == wanted.visit.pk), None)
    context |= {
        "section": "patients",
        "patient": wanted.patient,
        "visit": wanted.visit,
        "closed": wanted.visit and wanted.visit.state != Visit.State.PLANNED,
        "clock": row.clock if row else None,
        "about": age_words(wanted.patient),
        "treatment": life.infused,
        "form": form,
        "title": wanted.kind.title,
        "verb": wanted.kind.verb,
        "events": events,
        "draft": wanted.draft,
        "others": wanted.others or [],
        "shown": blocks_of(form, with_events=events is not None) if isinstance(form, RecordForm) else [],
    }
    template = "web/record_form.html" if isinstance(form, RecordForm) else "web/small_form.html"
    return render(request, template, context, status=status)


@page(RECORD, methods=METHODS)
def attempt(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Somebody tried, and did not reach the patient."""
    found = find(request, pk, RECORD)
    today = days.legal_day(Desk([]).now, ZONE)
    form = AttemptForm(request.POST or None, today=today)

    def save() -> str:
        log_attempt(by=request.user, patient_id=pk, **form.cleaned_data)
        return _("The attempt is noted.")

    words = {"title": _("Attempt to reach the patient"), "verb": _("Note the attempt"), "draft": f"attempt-{pk}"}
    return small(request, found, form, words, save)


@sensitive_post_parameters("password")
@page(RECORD, methods=METHODS)
def excuse(request: PortalRequest, pk: UUID) -> HttpResponse:
    """The signed decision about a visit whose data are not to be had."""
    found = find_visit(request, pk)
    check_can(request.access, "visit.excuse", found.organisation_id)
    form = ExcuseForm(request.POST or None, initial={"version": found.version})

    def save() -> str:
        excuse_visit(by=request.user, visit_id=pk, **form.cleaned_data)
        return _("The decision about %s is signed.") % found.code

    title = _("Decide about visit %s") % found.code
    words = {"title": title, "verb": _("Sign the decision"), "draft": f"excuse-{pk}"}
    return small(request, found.patient, form, words, save)


def small(
    request: PortalRequest, found: Patient, form: RoomForm, words: dict[str, Any], save: Callable[[], str]
) -> HttpResponse:
    """A short form about a patient."""
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                with transaction.atomic():
                    said = save()
            except Conflict as error:
                status, words["conflict"] = 409, error.message
            except (NotAllowed, NotFound) as error:
                if error.field not in form.fields:
                    raise
                form.refuse(error)
            except DomainError as error:
                form.refuse(error)
            else:
                messages.success(request, said, extra_tags=words["draft"])
                return HttpResponseRedirect(reverse("web:patient", args=[found.pk]))
    context = words | {"section": "patients", "patient": found, "form": form, "version": version_of(form)}
    return render(request, "web/small_form.html", context, status=status)
