"""Moves of a life: death verified, alive after all, lost, found again, in other hands."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters

from pv.accounts.models import Party
from pv.accounts.policy import check_can
from pv.core import days
from pv.patients import services
from pv.web.forms.vital import AliveForm, FoundForm, LifeForm, LostForm, TransferForm, VerifyDeathForm
from pv.web.http import PortalRequest, page
from pv.web.presenters.clock import Desk
from pv.web.presenters.due import ZONE
from pv.web.presenters.patients import READ, party_name
from pv.web.views.patients import find
from pv.web.views.records import METHODS, small


@dataclass(frozen=True, slots=True)
class Move:
    """One kind of news about a life: its form, its words, the service that writes it."""

    form: type[LifeForm]
    verb: str
    title: Any
    lead: Any
    button: Any
    done: Any
    service: Callable[..., Any]


MOVES = {
    "verify-death": Move(
        VerifyDeathForm,
        "vital.verify",
        _("Verify the death"),
        _("The visits end. What is dated before or at the death can still be entered."),
        _("Record the death as verified"),
        _("The death of %s is verified."),
        services.verify_death,
    ),
    "alive": Move(
        AliveForm,
        "vital.verify",
        _("Alive after all"),
        _("The visits go on from where they were paused."),
        _("Sign: the patient is alive"),
        _("%s is in follow-up again."),
        services.alive_after_all,
    ),
    "lost": Move(
        LostForm,
        "patient.write",
        _("Lost to follow-up"),
        _("The patient can be found again at any time."),
        _("Record as lost"),
        _("%s is recorded as lost to follow-up."),
        services.mark_lost,
    ),
    "found": Move(
        FoundForm,
        "patient.write",
        _("Found again"),
        "",
        _("Record as found"),
        _("%s is in follow-up again."),
        services.found_again,
    ),
    "transfer": Move(
        TransferForm,
        "patient.write",
        _("Looked after by somebody else"),
        _("Moving ends nothing: open visits go along the same day."),
        _("Hand over"),
        _("%s is handed over."),
        services.transfer,
    ),
}


@sensitive_post_parameters("password")
@page(READ, methods=METHODS)
def life(request: PortalRequest, pk: UUID, move: str) -> HttpResponse:
    """News about a life, with its own form."""
    wanted = MOVES.get(move)
    if wanted is None:
        raise Http404
    found = find(request, pk)
    check_can(request.access, wanted.verb, found.organisation_id)
    today = days.legal_day(Desk([]).now, ZONE)
    initial = {"learned_on": today, "on": today}
    form = wanted.form(request.POST or None, today=today, version=found.version, initial=initial)
    if isinstance(form, TransferForm):
        form.offer(_centres(found.organisation_id))

    def save() -> str:
        wanted.service(by=request.user, patient_id=pk, **form.answers())
        return str(wanted.done) % found.code

    words = {"title": wanted.title, "lead": wanted.lead, "verb": wanted.button, "draft": f"{move}-{pk}"}
    return small(request, found, form, words, save)


def _centres(organisation: UUID) -> list[tuple[UUID, str]]:
    wanted = [Party.Kind.HOSPITAL, Party.Kind.DELEGATE]
    found = Party.objects.for_organisations([organisation]).filter(kind__in=wanted).order_by("name")
    return [(one.pk, party_name(one)) for one in found]
