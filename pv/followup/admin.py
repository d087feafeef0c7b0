"""Visits, what was recorded at them, attempts, decisions, plans. Read-only: the portal's and API's services write."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from pv.accounts.admin_base import RowsInline, TenantAdmin, in_readers_language
from pv.followup.models import (
    ContactAttempt,
    DutyLine,
    Excuse,
    PlannedVisit,
    ReportedEvent,
    Visit,
    VisitPlan,
    VisitRecord,
)
from pv.patients.admin import PatientsAdmin


class RecordInline(RowsInline):
    model = VisitRecord
    verbose_name_plural = VisitRecord._meta.verbose_name_plural
    shown = ("at", "kind", "seen_on", "alive", "malignancy", "disease_status", "by")
    related = ("by",)


class AttemptInline(RowsInline):
    model = ContactAttempt
    verbose_name_plural = ContactAttempt._meta.verbose_name_plural
    shown = ("on", "channel", "result", "note", "by")
    related = ("by",)


class ExcuseInline(RowsInline):
    model = Excuse
    verbose_name_plural = Excuse._meta.verbose_name_plural
    shown = ("at", "state", "reason", "by")
    related = ("by",)


@admin.register(Visit)
class VisitAdmin(PatientsAdmin):
    list_display = ("patient", "code", "line", "state", "earliest_on", "due_on", "closes_on", "seen_on")
    list_filter = ("state", "line", "in_person")
    list_select_related = ("patient",)
    search_fields = ("patient__code",)
    date_hierarchy = "due_on"
    shown = (
        "patient",
        "duty_line",
        "line",
        "code",
        "sequence",
        "in_person",
        "earliest_on",
        "due_on",
        "closes_on",
        "state",
        "seen_on",
        "version",
        "created_at",
    )
    inlines = (RecordInline, AttemptInline, ExcuseInline)


class EventInline(RowsInline):
    model = ReportedEvent
    verbose_name_plural = ReportedEvent._meta.verbose_name_plural
    shown = ("kind", "verbatim", "onset_on", "onset_precision", "grade", "seriousness", "outcome", "reporter_causality")


@admin.register(VisitRecord)
class VisitRecordAdmin(PatientsAdmin):
    list_display = ("patient", "visit", "kind", "seen_on", "alive", "malignancy", "by", "at")
    list_filter = ("kind", "malignancy", "alive", "source", "way")
    list_select_related = ("patient", "visit__patient", "by")
    search_fields = ("patient__code", "diagnosis")
    date_hierarchy = "seen_on"
    shown = (
        *("patient", "visit", "corrects", "kind", "way", "source", "seen_on", "seen_precision", "alive"),
        *("reachable_at", "known_to_site_on", "known_to_delegate_on", "known_to_holder_on"),
        *("malignancy", "diagnosis", "lineage", "onset_on", "onset_precision", "biopsy", "biopsy_on", "diagnosed_by"),
        *("died_on", "died_precision", "death_cause", "death_suspected", "death_autopsy"),
        *("disease_status", "ecog", "new_therapy", "new_therapy_on", "leukocytes", "neutrophils", "haemoglobin"),
        *("platelets", "b_cells", "igg", "transgene_copies", "missed_reason"),
        *("reporter_name", "reporter_profession", "reporter_institution", "reporter_phone", "reporter_consents"),
        *("note", "by", "at"),
    )
    inlines = (EventInline,)


@admin.register(ContactAttempt)
class ContactAttemptAdmin(PatientsAdmin):
    list_display = ("patient", "visit", "on", "channel", "result", "by")
    list_filter = ("channel", "result")
    list_select_related = ("patient", "visit__patient", "by")
    search_fields = ("patient__code",)
    date_hierarchy = "on"
    shown = ("patient", "visit", "on", "channel", "result", "note", "by", "at")


@admin.register(Excuse)
class ExcuseAdmin(PatientsAdmin):
    centre_path = "visit__patient__centre_id"
    list_display = ("visit", "state", "reason", "by", "at")
    list_filter = ("state",)
    list_select_related = ("visit__patient", "by")
    search_fields = ("visit__patient__code",)
    date_hierarchy = "at"
    shown = ("visit", "state", "reason", "signature", "by", "at")


@admin.register(DutyLine)
class DutyLineAdmin(PatientsAdmin):
    list_display = ("patient", "line", "plan", "starts_on", "ends_on", "joined_on", "owner")
    list_filter = ("line",)
    list_select_related = ("patient", "plan", "owner")
    search_fields = ("patient__code",)
    shown = (
        "patient",
        "line",
        "treatment",
        "plan",
        "rule",
        "starts_on",
        "ends_on",
        "joined_on",
        "owner",
        "version",
        "created_at",
    )


class PlannedVisitInline(RowsInline):
    model = PlannedVisit
    verbose_name_plural = PlannedVisit._meta.verbose_name_plural
    shown = (
        "line",
        "position",
        "code",
        "months",
        "early_days",
        "grace_days",
        "late_days",
        "in_person",
        "repeat_months",
    )


@admin.register(VisitPlan)
class VisitPlanAdmin(TenantAdmin):
    read_verb = "rule.read"
    public_too = True
    list_display = ("code", "version", "name", "vector_classes", "protocol_years", "status")
    list_filter = ("status",)
    search_fields = ("code", "name_en", "name_zh")
    shown = (
        "code",
        "version",
        "name_en",
        "name_zh",
        "vector_classes",
        "protocol_years",
        "protocol_rule",
        "lifelong_rule",
        "status",
        "source",
        "created_at",
    )
    inlines = (PlannedVisitInline,)

    @admin.display(description=_("name"))
    def name(self, obj: VisitPlan) -> str:
        return in_readers_language(obj, "name")
