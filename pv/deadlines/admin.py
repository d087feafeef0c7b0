"""Rules, ladders, deadlines and their alarms. Shared rules are read-only; an override is a version of one's own."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import DateTimeField, QuerySet, Value
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from pv.accounts.admin_base import RowsInline, TenantAdmin, access_of, in_readers_language
from pv.accounts.models import User
from pv.core import clock
from pv.core.errors import DomainError
from pv.deadlines import overrides
from pv.deadlines.kinds import title_of
from pv.deadlines.models import Alarm, Deadline, Ladder, Rule, Rung, Step

ALL_OF_A_RULE = (
    "code",
    "version",
    "valid_from",
    "valid_to",
    "jurisdiction",
    "duty_kind",
    "trigger_en",
    "trigger_zh",
    "clock_start",
    "clock_start_en",
    "clock_start_zh",
    "amount",
    "unit",
    "day_type",
    "fixed_date",
    "calendar",
    "repeats",
    "inclusive",
    "restart_on_follow_up",
    "recipient_en",
    "recipient_zh",
    "channel",
    "status",
    "certainty",
    "source",
    "note_en",
    "note_zh",
    "confirmed_by",
    "confirmed_on",
)


class VersionedAdmin(TenantAdmin):
    """Versions: the shared ones of the public organisation, and one's own. One in use is not changed."""

    read_verb = "rule.read"
    write_verb = "rule.write"
    public_too = True

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = super().has_change_permission(request, obj)
        return may if obj is None or not may else not overrides.is_followed(obj)

    def _copied(self, request: HttpRequest, queryset: QuerySet[Any], copy: Any) -> None:
        access, by = access_of(request), request.user
        done = 0
        for row in queryset[:20]:
            try:
                if access.organisation is not None and isinstance(by, User):
                    copy(row.pk, by=by, organisation=access.organisation, reason=str(_("own version")))
                    done += 1
            except DomainError as error:
                messages.error(request, error.message)
        if done:
            words = ngettext("%(n)d version of our own was made.", "%(n)d versions of our own were made.", done)
            messages.success(request, words % {"n": done})

    def has_write_permission(self, request: HttpRequest) -> bool:
        """Asked by the actions below."""
        return bool(self.has_add_permission(request))


LENGTHS: dict[str, Callable[[int], str]] = {
    Rule.Unit.HOURS: lambda n: ngettext("%(n)d hour", "%(n)d hours", n),
    Rule.Unit.DAYS: lambda n: ngettext("%(n)d day", "%(n)d days", n),
    Rule.Unit.MONTHS: lambda n: ngettext("%(n)d month", "%(n)d months", n),
    Rule.Unit.YEARS: lambda n: ngettext("%(n)d year", "%(n)d years", n),
}


@admin.register(Rule)
class RuleAdmin(VersionedAdmin):
    list_display = ("code", "version", "jurisdiction", "length", "status", "certainty", "whose")
    list_filter = ("jurisdiction", "status", "certainty", "duty_kind")
    search_fields = ("code", "trigger_en", "trigger_zh", "source")
    list_select_related = ("organisation",)
    editable = ALL_OF_A_RULE
    shown = (*ALL_OF_A_RULE, "created_at")
    actions = ("make_own_version",)
    words: ClassVar[dict[str, Any]] = {
        "rule_version_stated_once": _("There is this version of the rule already."),
        "rule_confirmed_by_and_on_together": _("Say who confirmed it and when, or neither."),
    }

    @admin.display(description=_("length"))
    def length(self, obj: Rule) -> str:
        if obj.amount is None or obj.unit not in LENGTHS:
            return obj.get_unit_display()
        return LENGTHS[obj.unit](obj.amount) % {"n": obj.amount}

    @admin.action(description=_("Make a version of our own"), permissions=["write"])
    def make_own_version(self, request: HttpRequest, queryset: QuerySet[Rule]) -> None:
        self._copied(request, queryset, overrides.own_version_of_rule)


class RungInline(RowsInline):
    model = Rung
    verbose_name_plural = _("levels")
    editable = ("no", "amount", "unit", "side", "at_hour", "repeat_days", "tone")
    shown = editable
    show_change_link = True


@admin.register(Ladder)
class LadderAdmin(VersionedAdmin):
    list_display = ("code", "version", "name", "whose")
    search_fields = ("code", "name_en", "name_zh")
    list_select_related = ("organisation",)
    editable = ("code", "version", "name_en", "name_zh", "kinds", "source")
    shown = (*editable, "created_at")
    inlines = (RungInline,)
    actions = ("make_own_version",)

    @admin.display(description=_("name"))
    def name(self, obj: Ladder) -> str:
        return in_readers_language(obj, "name")

    words: ClassVar[dict[str, Any]] = {"ladder_version_stated_once": _("There is this version of the ladder already.")}

    @admin.action(description=_("Make a version of our own"), permissions=["write"])
    def make_own_version(self, request: HttpRequest, queryset: QuerySet[Ladder]) -> None:
        self._copied(request, queryset, overrides.own_version_of_ladder)


class StepInline(RowsInline):
    model = Step
    verbose_name_plural = _("steps")
    editable = ("nth", "delay_minutes", "audience", "channels")
    shown = editable


@admin.register(Rung)
class RungAdmin(TenantAdmin):
    """Reached from its ladder; who is told, and who next."""

    read_verb = "rule.read"
    write_verb = "rule.write"
    public_too = True
    list_display = ("ladder", "no", "amount", "unit", "side", "at_hour", "tone")
    list_filter = ("tone", "side")
    search_fields = ("ladder__code",)
    list_select_related = ("ladder",)
    editable = ("amount", "unit", "side", "at_hour", "repeat_days", "tone")
    shown = ("ladder", "no", *editable)
    inlines = (StepInline,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = super().has_change_permission(request, obj)
        return may if obj is None or not may else not overrides.is_followed(obj.ladder)


@admin.register(Deadline)
class DeadlineAdmin(TenantAdmin):
    """Clocks are opened, moved and met by the rooms that own the facts: nothing is typed here."""

    read_verb = "deadline.read"
    list_display = ("title", "kind", "basis", "due_on", "state", "assignee", "forecast_on")
    list_filter = ("basis", "kind", "outcome")
    list_select_related = ("assignee",)
    search_fields = ("=id", "=subject")
    ordering = ("due_at", "id")
    shown = (
        "title",
        "kind",
        "subject",
        "assignee",
        "basis",
        "unconfirmed",
        "rule",
        "working",
        "ladder",
        "round",
        "original_due_on",
        "due_on",
        "due_at",
        "zone",
        "calendar",
        "forecast_on",
        "met_at",
        "closed_at",
        "outcome",
        "created_at",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: Any = super().get_queryset(request)
        now = Value(clock.now(), output_field=DateTimeField())  # asked once for the whole list
        judged: QuerySet[Any] = rows.annotate(now=now)
        return judged

    @admin.display(description=_("what"))
    def title(self, obj: Deadline) -> str:
        return title_of(obj)

    @admin.display(description=_("state"))
    def state(self, obj: Any) -> str:
        if obj.closed_at is not None:
            return str(obj.get_outcome_display())
        if obj.is_overdue(obj.now):
            return str(_("overdue"))
        return str(_("late") if obj.is_late(obj.now) else _("running"))


@admin.register(Alarm)
class AlarmAdmin(TenantAdmin):
    """What rings next, and what could not be computed."""

    read_verb = "operations.read"
    list_display = ("deadline_id", "rung", "nth", "next_alert_at", "answered", "attempts", "parked_until")
    list_filter = ("urgent", "answered", ("parked_until", admin.EmptyFieldListFilter))
    search_fields = ("=deadline__id",)
    ordering = ("next_alert_at",)
    shown = (
        "deadline",
        "due_on",
        "due_at",
        "round",
        "rung",
        "nth",
        "told_at",
        "answered",
        "urgent",
        "next_alert_at",
        "attempts",
        "parked_until",
        "error",
    )

    keeps_history = False  # a hot row without history; its deadline has one
