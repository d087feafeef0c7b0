"""A study: its enrolment, its milestones, and the obligations it serves."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from pv.accounts.policy import can, check_can
from pv.core.errors import Conflict, DomainError, NotAllowed, NotFound
from pv.obligations import services
from pv.obligations.clocks import MILESTONE
from pv.obligations.models import Milestone, Obligation
from pv.products.models import Study, StudyProduct
from pv.products.services import update_enrolment
from pv.web.forms.obligations import PlanForm
from pv.web.forms.products import EnrolmentForm
from pv.web.http import PortalRequest, page
from pv.web.presenters import obligations as shown
from pv.web.presenters.acts import acts_of, told_next
from pv.web.presenters.clock import Desk
from pv.web.templatetags.portal import day as in_words
from pv.web.views.obligations import READ, find_milestone


def find(request: PortalRequest, pk: UUID) -> Study:
    """The study among those this reader may see."""
    mine = Study.objects.for_organisations(request.access.anywhere(READ))
    found: Study | None = mine.filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


@page(READ)
def study(request: PortalRequest, pk: UUID) -> HttpResponse:
    """The study itself."""
    return _study(request, find(request, pk))


@page(READ)
def milestone(request: PortalRequest, pk: UUID) -> HttpResponse:
    """A milestone's page is that of its study: where it stands among the others."""
    found = find_milestone(request, pk)
    return _study(request, found.study, record=found.pk)


def _study(
    request: PortalRequest,
    found: Study,
    *,
    record: UUID | None = None,
    form: EnrolmentForm | None = None,
    status: int = 200,
) -> HttpResponse:
    where = found.organisation_id
    steps = shown.steps(found.pk, Desk([where]))
    planned = {one.milestone.kind for one in steps}
    context = {
        "section": "obligations",
        "study": found,
        "record": record or found.pk,
        "products": StudyProduct.objects.for_organisations([where]).filter(study=found).select_related("product"),
        "steps": steps,
        "step_acts": acts_of([one.milestone for one in steps], request.access),
        "obligations": Obligation.objects.for_organisations([where]).filter(study_id=found.pk),
        "may_plan": can(request.access, "obligation.write", where) and planned < set(Milestone.Kind.values),
        "may_enrol": can(request.access, "study.write", where),
        "form": form or EnrolmentForm(initial=_enrolled(found)),
        "may_see_history": can(request.access, "history.read", where),
    }
    return render(request, "web/study.html", context, status=status)


def _enrolled(found: Study) -> dict[str, Any]:
    return {
        "version": found.version,
        "enrolled_patients": found.enrolled_patients,
        "planned_patients": found.planned_patients,
    }


@page(READ, methods=("POST",))
def enrolment(request: PortalRequest, pk: UUID) -> HttpResponse:
    """One number, and the result on the same page. A second click finds it saved."""
    found = find(request, pk)
    check_can(request.access, "study.write", found.organisation_id)
    form = EnrolmentForm(request.POST)
    status = 422
    if form.is_valid():
        given = form.cleaned_data
        try:
            with transaction.atomic():
                update_enrolment(found.pk, by=request.user, **given)
        except Conflict as error:
            found, status = find(request, pk), 409
            if not _stands(found, given):
                # The next click knows what stands now; what was typed stays in the fields.
                form.data = request.POST.copy()
                form.data["version"] = str(found.version)
                form.add_error(None, error.message)
        except (NotAllowed, NotFound):
            raise
        except DomainError as error:
            form.refuse(error)
        if not form.errors:
            words = _("%(study)s: patients enrolled by now: %(n)d.")
            values = {"study": found.protocol, "n": given["enrolled_patients"]}
            messages.success(request, words % values, extra_tags=f"enrolment-{pk}")
            return HttpResponseRedirect(reverse("web:study", args=[pk]))
    return _study(request, found, form=form, status=status)


def _stands(found: Study, given: dict[str, Any]) -> bool:
    return found.enrolled_patients == given["enrolled_patients"] and given["planned_patients"] in (
        None,
        found.planned_patients,
    )


@page(READ, methods=("GET", "HEAD", "POST"))
def plan(request: PortalRequest, pk: UUID) -> HttpResponse:
    """Plan a step that is not planned yet; its clock starts."""
    found = find(request, pk)
    where = found.organisation_id
    check_can(request.access, "obligation.write", where)
    mine = Milestone.objects.for_organisations([where]).filter(study=found)
    posted = request.method == "POST"
    form = PlanForm(
        request.POST if posted else None,
        organisation=where,
        planned=mine.values_list("kind", flat=True),
        initial={"owner": str(request.user.pk), "kind": request.GET.get("kind", "")},
    )
    draft = f"plan-{pk}"
    if posted and form.is_valid():
        try:
            with transaction.atomic():
                services.plan_milestone(by=request.user, organisation=where, study_id=pk, **form.cleaned_data)
        except (NotAllowed, NotFound):
            raise
        except DomainError as error:
            if not mine.filter(**form.cleaned_data).exists():  # else the click came twice
                form.refuse(error)
        if not form.errors:
            messages.success(request, _planned(mine.get(kind=form.cleaned_data["kind"])), extra_tags=draft)
            return HttpResponseRedirect(reverse("web:study", args=[pk]))
    context = {"section": "obligations", "study": found, "form": form, "draft": draft}
    return render(request, "web/plan_form.html", context, status=422 if posted else 200)


def _planned(new: Milestone) -> str:
    clocks = shown.clocks_of(MILESTONE.code, [new.pk], Desk([new.organisation_id]))
    words = _("%(milestone)s is planned for %(due)s.")
    values = {"milestone": new.get_kind_display(), "due": in_words(new.due_on)}
    return " ".join(part for part in (words % values, told_next(clocks.get(new.pk))) if part)
