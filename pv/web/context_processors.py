"""What the frame of every page needs. Nothing here asks the database before a template does."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _

from pv.accounts.policy import Access
from pv.core import clock
from pv.web.presenters.notices import unseen


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of the navigation. On a phone those of the bottom bar stand there, the others under "More"."""

    key: str
    label: Any
    icon: str
    view: str
    verb: str
    on_phone: bool = False
    query: str = ""

    @property
    def url(self) -> str:
        return reverse(self.view) + self.query


NAVIGATION = (
    Item("due", _("Due"), "clock", "web:due", "deadline.read", on_phone=True),
    Item("patients", _("Patients"), "person", "web:patients", "patient.read"),
    Item("inbox", _("Inbox"), "inbox", "web:inbox", "case.read"),
    Item("cases", _("Cases"), "case", "web:cases", "case.read"),
    Item("samples", _("Samples"), "tube", "web:specimens", "specimen.read"),
    Item("obligations", _("Obligations"), "promise", "web:obligations", "obligation.read"),
    Item("register", _("Register"), "book", "web:register", "register.read"),
    Item("pipeline", _("Pipeline"), "chart", "web:pipeline", "register.read"),
    Item("notices", _("Notices"), "bell", "web:notices", "notice.read", on_phone=True),
    Item("admin", _("Administration"), "settings", "admin:index", "admin.open"),
)
# What is done in a hurry.
ADD = (
    Item("intake", _("Phone call"), "phone", "web:intake", "intake.write"),
    Item("contact", _("Contact"), "contact", "web:patients", "visit.record", query="?for=contact"),
    Item("visit", _("Visit"), "visit", "web:patients", "visit.record", query="?for=visit"),
    Item("sample", _("Sample"), "tube", "web:patients", "specimen.write", query="?for=sample"),
)


def frame(request: HttpRequest) -> dict[str, Any]:
    """Reader, organisation, navigation, the bell's count and the demonstration's clock."""
    access: Access | None = getattr(request, "access", None)
    signed_in = access is not None and access.user is not None
    return {
        "access": access,
        "organisation": getattr(request, "organisation", None),
        "organisations": getattr(request, "organisations", []),
        "person": request.user if signed_in else None,
        "navigation": [item for item in NAVIGATION if access and access.anywhere(item.verb)],
        "add_menu": [item for item in ADD if access and access.anywhere(item.verb)],
        "bell": SimpleLazyObject(lambda: unseen(request.user, access) if access else 0),
        "is_demo": settings.DEMO,
        "demo_shift": SimpleLazyObject(_shift),
    }


def _shift() -> dict[str, Any]:
    """How far the demonstration's clock is shifted, and what it shows."""
    shift = clock.offset() if settings.DEMO else timedelta()
    return {"now": clock.now()} if abs(shift) > timedelta(seconds=1) else {}
