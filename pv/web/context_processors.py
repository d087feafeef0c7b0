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
    """One entry of the navigation; the first four stand in a phone's bottom bar."""

    key: str
    label: Any
    icon: str
    view: str
    verb: str
    on_phone: bool = True

    @property
    def url(self) -> str:
        return reverse(self.view)


NAVIGATION = (
    Item("due", _("Due"), "clock", "web:due", "deadline.read"),
    Item("obligations", _("Obligations"), "promise", "web:obligations", "obligation.read"),
    Item("register", _("Register"), "book", "web:register", "register.read", on_phone=False),
    Item("pipeline", _("Pipeline"), "chart", "web:pipeline", "register.read", on_phone=False),
    Item("notices", _("Notices"), "bell", "web:notices", "notice.read"),
    Item("admin", _("Administration"), "settings", "admin:index", "admin.open", on_phone=False),
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
        "bell": SimpleLazyObject(lambda: unseen(request.user, access) if access else 0),
        "is_demo": settings.DEMO,
        "demo_shift": SimpleLazyObject(_shift),
    }


def _shift() -> dict[str, Any]:
    """How far the demonstration's clock is shifted, and what it shows."""
    shift = clock.offset() if settings.DEMO else timedelta()
    return {"now": clock.now()} if abs(shift) > timedelta(seconds=1) else {}
