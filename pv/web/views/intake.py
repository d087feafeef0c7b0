"""Quick intake: a call written down on a phone, and what it set in motion."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from pv.accounts.policy import can
from pv.core import days
from pv.core.errors import DomainError, NotAllowed, NotFound
from pv.patients.scope import restrict, visible_to
from pv.products.models import Product
from pv.safety.models import InboxItem, Question
from pv.safety.services import quick_intake
from pv.web.forms.intake import IntakeForm
from pv.web.http import PortalRequest, page
from pv.web.presenters.clock import Desk
from pv.web.presenters.due import ZONE
from pv.web.presenters.motion import motions

WRITE = "intake.write"
HAVE_ADVICE = frozenset({InboxItem.Kind.MALIGNANCY, InboxItem.Kind.RELAPSE})


@page(WRITE, methods=("GET", "HEAD", "POST"))
def intake(request: PortalRequest) -> HttpResponse:
    """Eight fields. It saves without a matched patient."""
    where = _house(request)
    today = days.legal_day(Desk([where]).now, ZONE)
    products = list(Product.objects.for_organisations([where]).order_by("key"))
    form = IntakeForm(request.POST or None, today=today, products=[one.label for one in products])
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                with transaction.atomic():
                    reported = quick_intake(by=request.user, organisation=where, **_told(request, form, products))
            except (NotAllowed, NotFound):
                raise
            except DomainError as error:
                form.refuse(error)
            else:
                messages.success(request, _("The call is saved."), extra_tags="intake")
                return HttpResponseRedirect(reverse("web:taken_in", args=[reported.item.pk]))
    return render(request, "web/intake.html", {"section": "intake", "form": form}, status=status)


def _house(request: PortalRequest) -> UUID:
    """The organisation worked for, if calls may be taken there; else the first one where they may."""
    allowed = request.access.anywhere(WRITE)
    chosen = request.access.organisation
    return chosen if chosen in allowed and chosen else allowed[0]


def _told(request: PortalRequest, form: IntakeForm, products: list[Product]) -> dict[str, Any]:
    """What the form says, with product and patient named where they are beyond doubt."""
    given = form.answers()
    name, whom = given.get("product_text", ""), given.get("patient_text", "")
    product = next((one for one in products if name and name in (one.label, one.key, one.inn, one.generic_zh)), None)
    known = visible_to(request.user, [_house(request)]).filter(code__iexact=whom).first() if whom else None
    return given | {"product_id": product.pk if product else None, "patient_id": known.pk if known else None}


def readable_item(request: PortalRequest, pk: UUID) -> InboxItem:
    """An inbox item whose sampling advice and day 0 this reader may see.

    Whoever reads cases; whoever wrote it down; whoever reads this patient.
    """
    mine = list({*request.access.anywhere("case.read"), *request.access.anywhere("specimen.read")})
    rows = InboxItem.objects.for_organisations(mine).select_related("case", "product", "patient__centre")
    found: InboxItem | None = rows.filter(pk=pk).first()
    if found is None:
        raise Http404
    reads_all = can(request.access, "case.read", found.organisation_id)
    if reads_all or found.first_receiver_id == request.user.pk:
        return found
    if not restrict(rows.filter(pk=pk, patient__isnull=False), request.user, mine).exists():
        raise Http404
    return found


@page(WRITE)
def taken_in(request: PortalRequest, pk: UUID) -> HttpResponse:
    """What the call set in motion, and the way to the sampling advice."""
    item = readable_item(request, pk)
    where = item.organisation_id
    open_questions = Question.objects.for_organisations([where]).filter(item=item, answered_at=None)
    context = {
        "section": "intake",
        "item": item,
        "motion": motions([item], Desk([where]))[0],
        "questions": list(open_questions),
        "has_advice": item.kind in HAVE_ADVICE,
        "may_see_cases": can(request.access, "case.read", where),
    }
    return render(request, "web/intake_done.html", context)
