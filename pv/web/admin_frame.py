"""The admin's frame: navigation by room, colours of the portal, language, and how the installation is doing."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from pv.accounts.policy import Access
from pv.notices import watch

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# (title, [(app, model, icon)]), in the order of the rooms from the work down to the ground.
ROOMS: "tuple[tuple[StrOrPromise, tuple[tuple[str, str, str], ...]], ...]" = (
    (
        _("Safety"),
        (
            ("safety", "inboxitem", "inbox"),
            ("safety", "case", "folder_open"),
            ("safety", "question", "help"),
            ("safety", "malignancyprocess", "account_tree"),
            ("safety", "assessment", "balance"),
            ("safety", "caseversion", "difference"),
            ("safety", "safetymove", "history"),
        ),
    ),
    (
        _("Samples"),
        (
            ("biosamples", "specimen", "labs"),
            ("biosamples", "samplingrequest", "colorize"),
            ("biosamples", "instruction", "assignment"),
            ("biosamples", "loan", "swap_horiz"),
            ("biosamples", "custodyevent", "link"),
            ("biosamples", "samplingplan", "checklist"),
        ),
    ),
    (
        _("Follow-up"),
        (
            ("followup", "visit", "event"),
            ("followup", "visitrecord", "clinical_notes"),
            ("followup", "contactattempt", "call"),
            ("followup", "excuse", "event_busy"),
            ("followup", "dutyline", "timeline"),
            ("followup", "visitplan", "edit_calendar"),
        ),
    ),
    (
        _("Patients"),
        (
            ("patients", "patient", "personal_injury"),
            ("patients", "treatment", "vaccines"),
            ("patients", "medicalhistory", "medical_information"),
            ("patients", "consent", "approval"),
            ("patients", "vitalstatus", "ecg_heart"),
            ("patients", "transfer", "transfer_within_a_station"),
        ),
    ),
    (
        _("Obligations"),
        (
            ("obligations", "obligation", "task_alt"),
            ("obligations", "milestone", "flag"),
            ("obligations", "obligationchange", "history"),
        ),
    ),
    (
        _("Deadlines"),
        (
            ("deadlines", "deadline", "schedule"),
            ("deadlines", "rule", "gavel"),
            ("deadlines", "ladder", "stairs"),
            ("deadlines", "alarm", "alarm"),
            ("core", "calendarday", "calendar_month"),
            ("core", "calendaryear", "event_available"),
        ),
    ),
    (
        _("Notices"),
        (
            ("notices", "notice", "notifications"),
            ("notices", "delivery", "outgoing_mail"),
            ("notices", "message", "mail"),
            ("notices", "acknowledgement", "front_hand"),
            ("notices", "rota", "group"),
            ("notices", "jobrun", "monitor_heart"),
        ),
    ),
    (
        _("Products"),
        (
            ("products", "product", "medication"),
            ("products", "alias", "sell"),
            ("products", "authorisation", "verified"),
            ("products", "study", "science"),
            ("products", "vectorbatch", "genetics"),
            ("products", "lot", "inventory_2"),
            ("products", "pipelinefigure", "bar_chart"),
        ),
    ),
    (
        _("People"),
        (
            ("accounts", "user", "person"),
            ("accounts", "membership", "badge"),
            ("accounts", "party", "local_hospital"),
            ("accounts", "organisation", "apartment"),
            ("accounts", "signature", "signature"),
        ),
    ),
    (_("History"), (("audit", "event", "manage_history"), ("audit", "seal", "lock"))),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Groups of links to what this reader may see; a group without any is left out."""
    groups = ({"title": title, "items": list(_items(request, models))} for title, models in ROOMS)
    return [group for group in groups if group["items"]]


def _items(request: HttpRequest, models: tuple[tuple[str, str, str], ...]) -> Iterator[dict[str, Any]]:
    registered = {(m._meta.app_label, m._meta.model_name): one for m, one in admin.site._registry.items()}
    for app, model, icon in models:
        found = registered[app, model]
        if found.has_module_permission(request):
            yield {
                "title": capfirst(str(found.opts.verbose_name_plural)),
                "icon": icon,
                "link": reverse(f"admin:{app}_{model}_changelist"),
            }


def language_address(request: HttpRequest) -> str:
    """The portal's own: a language chosen here holds there as well."""
    return reverse("web:language")


def icon(request: HttpRequest) -> str:
    return static("web/icon.svg")


def style_sheet(request: HttpRequest) -> str:
    return static("web/admin.css")


TROUBLES = {
    "tick": _("No complete round of the clock for three minutes: warnings may be late."),
    "beat": _("Scheduler, broker or worker give no sign of life; the second driver rings and sends meanwhile."),
    "urgent": _("An urgent message has waited for more than a minute."),
    "dead": _("Messages were given up: look at the deliveries."),
    "parked": _("Alarms could not be computed and are set aside: check_deadlines names them."),
    "unheard": _("In the last seven days there was nobody to tell of something: look at roles and rota."),
    "seal": _("The history has waited for its seal for more than ten minutes."),
}


def state_of_work(access: Access) -> dict[str, Any]:
    """For operators, on the first page: what is wrong, or that nothing is."""
    if not access.anywhere("operations.read"):
        return {}
    figures = watch.figures()
    return {"troubles": [TROUBLES[one] for one in figures.troubles()], "figures": figures}
