"""Records of the rooms below accounts, which cannot know who may see them; and what libraries bring uninvited."""

from typing import Any, ClassVar
from uuid import UUID

from django.contrib import admin
from django.contrib.auth.models import Group
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from knox.models import AuthToken

from pv.accounts.admin_base import PolicyAdmin, TenantAdmin, access_of
from pv.accounts.models import SYSTEM, Organisation, User
from pv.accounts.policy import can
from pv.audit.history import name_of
from pv.audit.models import Event, Seal
from pv.core.models import CalendarDay, CalendarYear

# Groups grant nothing here, and a token is nobody's to look at.
for uninvited in (Group, AuthToken):
    if admin.site.is_registered(uninvited):
        admin.site.unregister(uninvited)


class InstallationAdmin(PolicyAdmin):
    """Rows that hold for every organisation: whoever may reads them, the installation's operator alone changes them."""

    def _where(self, request: HttpRequest, obj: Any = None) -> UUID | None:
        """The operator's organisation, if this verb is the reader's there."""
        mine: list[Organisation] = request.organisations  # type: ignore[attr-defined]  # set by ContextMiddleware
        operators = (one.pk for one in mine if one.kind == Organisation.Kind.PLATFORM)
        return next((one for one in operators if can(access_of(request), self.write_verb, one)), None)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self._where(request) is not None

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._where(request) is not None


@admin.register(CalendarDay)
class CalendarDayAdmin(InstallationAdmin):
    """Holidays and make-up workdays, as they are announced year by year."""

    read_verb = "rule.read"
    write_verb = "calendar.write"
    deletable = True
    list_display = ("day", "kind", "name_en", "name_zh", "calendar", "source")
    list_filter = ("kind", "calendar")
    search_fields = ("name_en", "name_zh")
    date_hierarchy = "day"
    ordering = ("-day",)
    editable = ("calendar", "day", "kind", "name_en", "name_zh", "source")
    shown = editable
    words: ClassVar[dict[str, Any]] = {"calendar_day_stated_once": _("This day is in the calendar already.")}


@admin.register(CalendarYear)
class CalendarYearAdmin(InstallationAdmin):
    """Years whose holidays are known."""

    read_verb = "rule.read"
    write_verb = "calendar.write"
    deletable = True
    list_display = ("calendar", "year", "source")
    list_filter = ("calendar",)
    editable = ("calendar", "year", "source")
    shown = editable
    words: ClassVar[dict[str, Any]] = {"calendar_year_stated_once": _("This year is in the calendar already.")}


@admin.register(Event)
class EventAdmin(TenantAdmin):
    """Every change of every record, the latest first."""

    read_verb = "history.read"
    list_display = ("at", "who", "action", "record", "reason")
    list_filter = ("action",)
    search_fields = ("=row_id", "=request")
    ordering = ("-id",)
    shown = ("at", "who", "action", "record", "row_id", "reason", "request", "job", "old", "fingerprint")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: Any = super().get_queryset(request)
        name = User.objects.filter(pk=models.OuterRef("actor")).values("name")[:1]
        named: QuerySet[Any] = rows.annotate(actor_name=models.Subquery(name))
        return named

    @admin.display(description=_("who"))
    def who(self, obj: Any) -> str:
        return str(_("the system")) if obj.actor == SYSTEM else obj.actor_name or str(obj.actor)

    @admin.display(description=_("kind of record"))
    def record(self, obj: Event) -> str:
        return capfirst(name_of(obj.table_name))

    @admin.display(description=_("fingerprint"))
    def fingerprint(self, obj: Event) -> str:
        return bytes(obj.hash).hex()

    keeps_history = False  # it is history


@admin.register(Seal)
class SealAdmin(TenantAdmin):
    """The chain over the history of one's organisations."""

    read_verb = "history.read"
    list_display = ("number", "at", "events", "fingerprint")
    ordering = ("-id",)
    shown = ("number", "at", "events", "from_txid", "to_txid", "fingerprint")

    @admin.display(description=_("seal"))
    def fingerprint(self, obj: Seal) -> str:
        return bytes(obj.seal).hex()

    keeps_history = False
