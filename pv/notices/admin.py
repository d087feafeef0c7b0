"""Who was told what, the rota, and how the jobs ran."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from pv.accounts.admin_base import PolicyAdmin, RowsInline, TenantAdmin, access_of
from pv.accounts.models import User
from pv.accounts.policy import can
from pv.core.errors import DomainError
from pv.deadlines.admin import DeadlineAdmin
from pv.deadlines.kinds import title_of
from pv.deadlines.models import Deadline
from pv.notices import services
from pv.notices.models import Acknowledgement, Delivery, JobRun, Message, Notice, Rota


class DeliveryInline(RowsInline):
    model = Delivery
    shown = ("recipient", "channel", "why", "state", "attempts", "sent_at", "seen_at", "error")
    related = ("recipient",)


@admin.register(Notice)
class NoticeAdmin(TenantAdmin):
    read_verb = "deadline.read"
    list_display = ("what", "round", "rung", "nth", "tone", "fired_at", "unheard")
    list_filter = ("tone", "unheard")
    list_select_related = ("deadline",)
    search_fields = ("=id", "=deadline__id")
    shown = ("what", "deadline", "round", "rung", "nth", "tone", "due_at", "rang_for", "fired_at", "skipped", "unheard")
    inlines = (DeliveryInline,)

    @admin.display(description=_("what"))
    def what(self, obj: Notice) -> str:
        return title_of(obj.deadline)

    keeps_history = False  # written once by the clock and never changed


@admin.register(Delivery)
class DeliveryAdmin(TenantAdmin):
    read_verb = "deadline.read"
    list_display = ("what", "recipient", "channel", "why", "urgent", "state", "attempts", "sent_at", "seen_at")
    list_filter = ("state", "channel", "urgent")
    list_select_related = ("recipient", "notice__deadline")
    search_fields = ("=id", "=recipient__email")
    shown = (
        "what",
        "recipient",
        "channel",
        "why",
        "urgent",
        "state",
        "attempts",
        "next_attempt_at",
        "message",
        "sent_at",
        "seen_at",
        "error",
        "created_at",
    )

    @admin.display(description=_("what"))
    def what(self, obj: Delivery) -> str:
        return title_of(obj.notice.deadline)

    keeps_history = False


@admin.register(Message)
class MessageAdmin(TenantAdmin):
    read_verb = "deadline.read"
    list_display = ("subject", "recipient", "channel", "sent_at")
    list_filter = ("channel",)
    list_select_related = ("recipient",)
    search_fields = ("=id", "=recipient__email")
    shown = ("recipient", "channel", "subject", "body", "sent_at", "created_at")

    keeps_history = False


@admin.register(Acknowledgement)
class AcknowledgementAdmin(TenantAdmin):
    read_verb = "deadline.read"
    list_display = ("what", "by", "at", "via", "rung", "note")
    list_filter = ("via",)
    list_select_related = ("by", "deadline")
    search_fields = ("=deadline__id", "by__name")
    shown = ("what", "deadline", "round", "rung", "by", "at", "via", "note")

    @admin.display(description=_("what"))
    def what(self, obj: Acknowledgement) -> str:
        return title_of(obj.deadline)


@admin.register(Rota)
class RotaAdmin(TenantAdmin):
    """Who is on call, and who stands in for whom. Nobody entered: every PV officer and the PV head are told."""

    read_verb = "deadline.read"
    write_verb = "rota.write"
    deletable = True
    list_display = ("kind", "person", "stands_in_for", "starts_at", "ends_at")
    list_filter = ("kind",)
    list_select_related = ("person", "stands_in_for")
    search_fields = ("person__name", "person__email")
    date_hierarchy = "starts_at"
    editable = ("kind", "person", "stands_in_for", "starts_at", "ends_at")
    shown = editable
    words: ClassVar[dict[str, Any]] = {
        "rota_ends_after_it_began": _("The end lies before the beginning."),
        "rota_a_deputy_stands_in_for_somebody": _("A deputy stands in for somebody; who is on call for nobody."),
        "rota_nobody_stands_in_for_themselves": _("Nobody stands in for themselves."),
    }


@admin.register(JobRun)
class JobRunAdmin(PolicyAdmin):
    read_verb = "operations.read"
    list_display = ("job", "driver", "started_at", "ended_at", "handled", "error")
    list_filter = ("job", "driver")
    shown = ("job", "driver", "started_at", "ended_at", "handled", "error")

    keeps_history = False


class TakeableDeadlineAdmin(DeadlineAdmin):
    """The room above adds what it knows: "I take it"."""

    actions: Sequence[str] = ("take",)

    def has_take_permission(self, request: HttpRequest) -> bool:
        return bool(access_of(request).anywhere("notice.take"))

    @admin.action(description=_("I take it"), permissions=["take"])
    def take(self, request: HttpRequest, queryset: QuerySet[Deadline]) -> None:
        """Each by itself: what somebody else has taken is said, the others are taken."""
        access, by = access_of(request), request.user
        done = 0
        for row in queryset[:100]:
            if not isinstance(by, User) or not can(access, "notice.take", row.organisation_id):
                continue
            try:
                services.acknowledge(deadline_id=row.pk, by=by, via="admin")
                done += 1
            except DomainError as error:
                messages.warning(request, f"{title_of(row)}: {error.message}")
        if done:
            messages.success(request, ngettext("You have taken %(n)d.", "You have taken %(n)d.", done) % {"n": done})


admin.site.unregister(Deadline)
admin.site.register(Deadline, TakeableDeadlineAdmin)
