"""The forms that change an obligation or a milestone: validate, call one service, say what was set in motion."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from pv.accounts.policy import check_can
from pv.core import days
from pv.core.errors import Conflict, DomainError, NotAllowed, NotFound
from pv.obligations import services
from pv.obligations.clocks import MILESTONE
from pv.obligations.models import Milestone, Obligation
from pv.web.forms import obligations as forms
from pv.web.http import PortalRequest, page
from pv.web.presenters import obligations as shown
from pv.web.presenters.acts import compared, is_possible, told_next
from pv.web.presenters.clock import Desk
from pv.web.presenters.due import ZONE
from pv.web.templatetags.portal import day as in_words
from pv.web.views.obligations import READ, find, find_milestone

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

Subject = Obligation | Milestone


@dataclass(frozen=True, slots=True)
class ActPage:
    """A form, the service behind it, and its words: heading, button, advice, and what is said afterwards."""

    form: type[forms.ActForm]
    service: Callable[..., Any]
    title: "StrOrPromise"
    button: "StrOrPromise"
    lead: "StrOrPromise"
    done: "StrOrPromise"
    verb: str = "obligation.write"


NO_WARNING = _("%(code)s is recorded as %(state)s. No further warning is sent.")

OBLIGATION_PAGES: Mapping[str, ActPage] = {
    "change_due": ActPage(
        forms.DueForm,
        services.change_due,
        _("Change the due date"),
        _("Move the due date"),
        _("Warnings start again from the new date. The date first promised stays, and slippage is counted from it."),
        _("%(code)s is due %(due)s."),
        verb="obligation.correct_date",
    ),
    "change_forecast": ActPage(
        forms.ForecastForm,
        services.change_forecast,
        _("Change the forecast"),
        _("Save the forecast"),
        _("A forecast moves no clock: it shows early that a date will not be met."),
        _("The forecast of %(code)s is saved; it stays due %(due)s."),
    ),
    "submit": ActPage(
        forms.SubmitForm,
        services.submit,
        _("Record the acceptance by the authority"),
        _("Record the acceptance"),
        _("The acceptance notice meets the due date and ends the warnings. The decision is recorded later."),
        _("The acceptance of %(code)s is recorded. Its clock has stopped."),
    ),
    "fulfil": ActPage(
        forms.FulfilForm,
        services.fulfil,
        _("Record the decision: fulfilled"),
        _("Record it as fulfilled"),
        _("The authority has decided that what was submitted fulfils the obligation. This is final."),
        _("%(code)s is recorded as %(state)s."),
    ),
    "send_back": ActPage(
        forms.ReturnForm,
        services.return_,
        _("Record that it was sent back"),
        _("Record it as sent back"),
        _("The authority has sent the submission back. Nothing is submitted any more, and the clock runs again."),
        _("%(code)s is recorded as %(state)s. It is due %(due)s again."),
    ),
    "waive": ActPage(
        forms.WaiveForm,
        services.waive,
        _("Record that it is no longer asked for"),
        _("Record the waiver"),
        _("The authority no longer asks for it, and its document says so. The clock stops. This is final."),
        NO_WARNING,
    ),
    "fail": ActPage(
        forms.FailForm,
        services.fail,
        _("Record that it was not kept"),
        _("Record the failure"),
        _(
            "The benefit was not shown, or the study ended without a result. The clock stops; the obligation opens "
            "again only by a dated document of the authority."
        ),
        NO_WARNING,
    ),
    "reopen": ActPage(
        forms.ReopenForm,
        services.reopen,
        _("Take it up again"),
        _("Open it again"),
        _("It stands open again with the date it was due on, and its clock runs."),
        _("%(code)s is %(state)s again, due %(due)s."),
    ),
    "reassign": ActPage(
        forms.OwnerForm,
        services.reassign,
        _("Give it to somebody else"),
        _("Change the owner"),
        _("The new owner is told from the next warning on. The dates stay as they are."),
        _("%(code)s is owned by %(owner)s now."),
    ),
}

MILESTONE_PAGES: Mapping[str, ActPage] = {
    "move_milestone": ActPage(
        forms.MoveForm,
        services.move_milestone,
        _("Move the milestone"),
        _("Plan it for this day"),
        _("Warnings start again from the new day. The first plan stays beside it."),
        _("%(code)s is planned for %(due)s."),
    ),
    "forecast_milestone": ActPage(
        forms.MilestoneForecastForm,
        services.forecast_milestone,
        _("Change the forecast"),
        _("Save the forecast"),
        _("A forecast moves no clock: it shows early that a date will not be met."),
        _("The forecast of %(code)s is saved; it stays planned for %(due)s."),
    ),
    "reach_milestone": ActPage(
        forms.ReachedForm,
        services.reach_milestone,
        _("Record the milestone as reached"),
        _("Record it reached"),
        _("This ends its warnings and cannot be taken back here."),
        _("%(code)s is recorded as reached. Its clock has stopped."),
    ),
}


@page(READ, methods=("GET", "HEAD", "POST"))
def obligation(request: PortalRequest, pk: UUID, act: str) -> HttpResponse:
    """One act on an obligation."""
    found = find(request, pk)
    return _answer(request, found, act, OBLIGATION_PAGES[act], reverse("web:obligation", args=[pk]))


@page(READ, methods=("GET", "HEAD", "POST"))
def milestone(request: PortalRequest, pk: UUID, act: str) -> HttpResponse:
    """One act on a step of a study."""
    found = find_milestone(request, pk)
    return _answer(request, found, act, MILESTONE_PAGES[act], reverse("web:study", args=[found.study_id]))


def _answer(request: PortalRequest, found: Subject, act: str, words: ActPage, back: str) -> HttpResponse:
    """The form, or what became of it."""
    check_can(request.access, words.verb, found.organisation_id)
    posted = request.method == "POST"
    if not posted and not is_possible(found, act):
        raise Conflict(_("As it stands, this cannot be done any more. Look at it again."))
    form = words.form(request.POST if posted else None, row=found, today=_today(found))
    draft = f"{form.answers}-{found.pk}"
    conflict = ""
    if posted and form.is_valid():
        conflict = _save(request, found, form, words)
        found = _fresh(request, found)  # what stands now; the next click knows it
        if not form.errors and (not conflict or _came_twice(found, form.cleaned_data)):
            messages.success(request, _said(found, words), extra_tags=draft)
            return HttpResponseRedirect(back)
    status = 200 if not posted else 409 if conflict else 422
    context = {
        "section": "obligations",
        "back": back,
        "form": form,
        "words": words,
        "draft": draft,
        "conflict": conflict,
        "version": found.version if conflict else form["version"].value(),
        "compared": compared(found, form) if conflict else [],
        "study": found.study,
    }
    if isinstance(found, Obligation):
        row = shown.rows([found], Desk([found.organisation_id]))[0]
        return render(request, "web/obligation_form.html", context | {"obligation": found, "row": row}, status=status)
    return render(request, "web/milestone_form.html", context | {"step": _step(found)}, status=status)


def _save(request: PortalRequest, found: Subject, form: forms.ActForm, words: ActPage) -> str:
    """Call the service; a refusal stands in the form, a conflict is answered in words."""
    try:
        with transaction.atomic():
            words.service(found.pk, by=request.user, **form.cleaned_data)
    except Conflict as error:
        return error.message
    except (NotAllowed, NotFound):
        raise
    except DomainError as error:
        form.refuse(error)
    return ""


def _today(found: Subject) -> date:
    return days.legal_day(Desk([found.organisation_id]).now, ZONE)


def _fresh(request: PortalRequest, found: Subject) -> Subject:
    return find(request, found.pk) if isinstance(found, Obligation) else find_milestone(request, found.pk)


def _came_twice(found: Subject, given: Mapping[str, Any]) -> bool:
    """Whether the step stands as this very click left it. An obligation's ledger knows by itself."""
    if isinstance(found, Obligation) or found.version != given["version"] + 1:
        return False
    days_given = {name: value for name, value in given.items() if name.endswith("_on")}
    return all(getattr(found, name) == value for name, value in days_given.items())


def _step(found: Milestone) -> shown.Step:
    desk = Desk([found.organisation_id])
    return shown.Step(found, shown.clocks_of(MILESTONE.code, [found.pk], desk).get(found.pk))


def _said(found: Subject, words: ActPage) -> str:
    """What was set in motion: the clock as it runs now, and who is told next."""
    values: dict[str, Any] = {"due": in_words(found.due_on), "owner": found.owner.name}
    if isinstance(found, Obligation):
        row = shown.rows([found], Desk([found.organisation_id]))[0]
        clock = row.clock if row.is_running else None
        values |= {"code": found.code, "state": found.get_state_display()}
    else:
        clock = _step(found).clock
        values |= {"code": f"{found.study.protocol}: {found.get_kind_display()}"}
    return " ".join(part for part in (str(words.done) % values, told_next(clock)) if part)
