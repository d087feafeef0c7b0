"""Obligations, milestones and the ledger of what was done. States and dates move by the portal's and API's services."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from pv.accounts.admin_base import RowsInline, TenantAdmin, in_readers_language
from pv.obligations.models import Milestone, Obligation, ObligationChange


class ChangeInline(RowsInline):
    model = ObligationChange
    verbose_name_plural = ObligationChange._meta.verbose_name_plural
    shown = ("at", "what", "old", "new", "by", "reason", "evidence")
    related = ("by",)


@admin.register(Obligation)
class ObligationAdmin(TenantAdmin):
    read_verb = "obligation.read"
    list_display = ("code", "title", "kind", "state", "due_on", "forecast_on", "basis", "owner")
    list_filter = ("state", "kind", "basis", "due_source")
    list_select_related = ("owner",)
    search_fields = ("code", "title_en", "title_zh", "document")
    date_hierarchy = "due_on"
    shown = (
        "code",
        "authorisation",
        "study",
        "kind",
        "title_en",
        "title_zh",
        "sentence",
        "sentence_language",
        "document",
        "page",
        "sentence_hash",
        "state",
        "owner",
        "due_source",
        "rule",
        "working",
        "basis",
        "original_due_on",
        "due_on",
        "forecast_on",
        "submitted_on",
        "decided_on",
        "version",
        "created_at",
    )
    inlines = (ChangeInline,)

    @admin.display(description=_("title"))
    def title(self, obj: Obligation) -> str:
        return in_readers_language(obj, "title")


@admin.register(Milestone)
class MilestoneAdmin(TenantAdmin):
    read_verb = "obligation.read"
    list_display = ("study", "kind", "planned_on", "due_on", "forecast_on", "reached_on", "owner")
    list_filter = ("kind",)
    list_select_related = ("study", "owner")
    search_fields = ("study__protocol",)
    date_hierarchy = "due_on"
    shown = ("study", "kind", "planned_on", "due_on", "forecast_on", "reached_on", "owner", "version", "created_at")


@admin.register(ObligationChange)
class ObligationChangeAdmin(TenantAdmin):
    read_verb = "obligation.read"
    list_display = ("obligation", "what", "old", "new", "by", "at")
    list_filter = ("what",)
    list_select_related = ("obligation", "by")
    search_fields = ("obligation__code",)
    shown = ("obligation", "what", "old", "new", "at", "by", "reason", "evidence")
