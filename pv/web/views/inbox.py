"""The inbox: the list of reports, one report, and what its reviewers do to it."""

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

from pv.accounts.policy import can, check_can
from pv.core.errors import Conflict, DomainError, NotAllowed, NotFound
from pv.patients.models import Patient
from pv.products.models import Product
from pv.safety import services
from pv.safety.models import InboxItem, Question
from pv.terminology.clinical import Source
from pv.web.export import csv_file
from pv.web.forms.base import RoomForm
from pv.web.forms.safety import AnswerForm, ConfirmForm, MatchForm, StandDownForm, TriageForm
from pv.web.http import PortalRequest, page
from pv.web.presenters import inbox as shown
from pv.web.presenters.clock import Desk, organisation_names
from pv.web.presenters.due import as_uuid
from pv.web.presenters.motion import motions, sentences
from pv.web.presenters.notices import answers_of
from pv.web.presenters.paging import MOST_EXPORTED, page_of

READ = "case.read"
POST = ("POST",)


@page(READ)
def inbox(request: PortalRequest) -> HttpResponse:
    """What came in, in the order of its clocks."""
    mine = request.access.anywhere(READ)
    desk, asked = Desk(mine), shown.Asked.of(request.GET)
    query = shown.wanted(asked, mine)
    if request.GET.get("format") == "csv":
        return _csv(shown.rows(page_of(query, shown.SORTS[asked.sort], "", MOST_EXPORTED).rows, desk))
    found = page_of(query, shown.SORTS[asked.sort], asked.after)
    context = {
        "section": "inbox",
        "asked": asked,
        "rows": shown.rows(found.rows, desk),
        "after": found.after,
        "states": [*InboxItem.State.choices, ("all", _("all"))],
        "kinds": InboxItem.Kind.choices,
        "sources": Source.choices,
        "products": [(one.pk, one.label) for one in Product.objects.for_organisations(mine).order_by("key")],
        "sorts": shown.SORT_WORDS.items(),
        "names": organisation_names(request.organisations),
        "takes": {one for one in mine if can(request.access, "notice.take", one)},
    }
    return render(request, "web/inbox.html", context)


def _csv(rows: list[shown.Row]) -> HttpResponse:
    header = [_("Number"), _("State"), _("Kind"), _("New malignancy"), _("What happened"), _("Patient"), _("Product")]
    header += [_("Source"), _("Day 0"), _("Received at"), _("Case"), _("Left")]
    lines = (
        [
            row.item.number, row.item.get_state_display(), row.item.get_kind_display(),
            row.item.get_malignancy_display(), row.item.diagnosis, shown.patient_of(row.item), row.product,
            row.item.get_source_display(), row.item.day_zero, f"{row.item.received_at:%Y-%m-%d %H:%M}Z",
            row.item.case or "", row.clock.text if row.clock else "",
        ]
        for row in rows
    )  # fmt: skip
    return csv_file("inbox", header, lines)


def find(request: PortalRequest, pk: UUID) -> InboxItem:
    """The report among those this reader may see; "not yours" answers like "not there"."""
    mine = InboxItem.objects.for_organisations(request.access.anywhere(READ))
    found: InboxItem | None = (
        mine.select_related(
            "patient__centre", "product", "treatment__product", "case", "first_receiver", "triaged_by",
            "duplicate_of", "record__visit",
        )
        .filter(pk=pk)
        .first()
    )  # fmt: skip
    if found is None:
        raise Http404
    return found


@page(READ)
def item(request: PortalRequest, pk: UUID) -> HttpResponse:
    """One report with its clocks, questions, candidates and samples."""
    return _show(request, find(request, pk), {}, 200)


def _show(request: PortalRequest, found: InboxItem, more: dict[str, Any], status: int) -> HttpResponse:
    where = found.organisation_id
    report = shown.Report(found, Desk([where]))
    is_new = found.state == InboxItem.State.NEW
    initial = {"version": found.version}
    triages = can(request.access, "case.triage", where)
    context: dict[str, Any] = {
        "section": "inbox",
        "item": found,
        "report": report,
        "may_take": is_new and can(request.access, "notice.take", where),
        "has_it": _has_it(report),
        "triage_form": TriageForm(initial=initial) if is_new and triages else None,
        "match_form": MatchForm() if found.patient_id is None and can(request.access, "intake.write", where) else None,
        "confirm_form": _confirm_form(found, initial) if report.is_suspected and triages else None,
        "stand_down_form": StandDownForm(initial=initial)
        if report.is_suspected and can(request.access, "case.stand_down", where)
        else None,
        "may_answer": triages,
        "may_see_patient": can(request.access, "patient.read", where),
        "may_see_history": can(request.access, "history.read", where),
    }
    return render(request, "web/item.html", context | more, status=status)


def _has_it(report: shown.Report) -> str:
    answers = answers_of([one.pk for one in report.clocks], [report.item.organisation_id])
    return next((one.by.name for one in answers.values()), "")


def _confirm_form(found: InboxItem, initial: dict[str, Any]) -> ConfirmForm:
    return ConfirmForm(initial=initial | {"diagnosis": found.diagnosis, "lineage": found.lineage})


def act(
    request: PortalRequest, found: InboxItem, name: str, form: RoomForm, save: Callable[[dict[str, Any]], str]
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
            return HttpResponseRedirect(reverse("web:item", args=[found.pk]))
    return _show(request, found, more, status)


@page("notice.take", methods=POST)
def take(request: PortalRequest, pk: UUID) -> HttpResponse:
    """I take it: the climbing stops, triage is this person's."""
    found = find(request, pk)
    check_can(request.access, "notice.take", found.organisation_id)

    def save(given: dict[str, Any]) -> str:
        services.take(by=request.user, item_id=pk, via="page")
        return _("You have it. Nobody further is told of this warning.")

    return act(request, found, "take_form", RoomForm(request.POST), save)


@sensitive_post_parameters("password")
@page("case.triage", methods=POST)
def triage(request: PortalRequest, pk: UUID) -> HttpResponse:
    """What it is: a case, news of a case, a repetition, or nothing to report."""
    found = find(request, pk)

    def save(given: dict[str, Any]) -> str:
        outcome, _colon, other = given.pop("outcome").partition(":")
        target = as_uuid(other) if other else None
        reported = services.triage(
            by=request.user,
            item_id=pk,
            outcome=outcome,
            case_id=target if outcome == "follow_up" else None,
            duplicate_of_id=target if outcome == "duplicate" else None,
            **given,
        )
        done = _("Triaged: %s.") % reported.item.get_state_display()
        motion = motions([reported.item], Desk([found.organisation_id]))[0]
        return " ".join([done, *(sentences(motion)[1:] if outcome == "case" else [])])

    return act(request, found, "triage_form", TriageForm(request.POST), save)


@page("intake.write", methods=POST)
def match(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Say which patient it is: retained material is held from then on."""
    found = find(request, pk)
    form = MatchForm(request.POST)

    def save(given: dict[str, Any]) -> str:
        mine = Patient.objects.for_organisations([found.organisation_id])
        patient: Patient | None = mine.filter(code__iexact=given["patient"]).first()
        if patient is None:
            raise DomainError(_("There is no patient of this code."), field="patient")
        services.match_patient(by=request.user, item_id=pk, patient_id=patient.pk)
        return _("Matched to %s.") % patient.code

    return act(request, found, "match_form", form, save)


@page("case.triage", methods=POST)
def confirm(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Pathology confirms: the suspicion becomes a case, with the day 0 it had."""
    found = find(request, pk)

    def save(given: dict[str, Any]) -> str:
        reported = services.confirm_suspicion(by=request.user, item_id=pk, **given)
        motion = motions([reported.item], Desk([found.organisation_id]))[0]
        return " ".join([_("The suspicion is confirmed."), *sentences(motion)[1:]])

    return act(request, found, "confirm_form", ConfirmForm(request.POST), save)


@sensitive_post_parameters("password")
@page("case.stand_down", methods=POST)
def stand_down(request: PortalRequest, pk: UUID) -> HttpResponse:
    """The suspicion was none: signed, with its reason."""
    found = find(request, pk)

    def save(given: dict[str, Any]) -> str:
        services.stand_down(by=request.user, item_id=pk, **given)
        return _(
            "The suspicion is stood down. Its clocks have ended; what nobody has touched of the samples falls away."
        )

    return act(request, found, "stand_down_form", StandDownForm(request.POST), save)


@page("case.triage", methods=POST)
def answer(request: PortalRequest, pk: UUID, question: UUID) -> HttpResponse:
    """Answer one open question."""
    found = find(request, pk)
    asked = Question.objects.for_organisations([found.organisation_id]).filter(item=found, pk=question).first()
    if asked is None:
        raise Http404

    def save(given: dict[str, Any]) -> str:
        services.answer_question(by=request.user, question_id=question, answer=given["answer"])
        return _("The question is answered.")

    return act(request, found, "answer_form", AnswerForm(request.POST), save)
