"""Cases, versions, judgements, processes, questions and moves: read-only, changed by services alone."""

from django.contrib import admin

from pv.accounts.admin_base import RowsInline, TenantAdmin
from pv.safety.models import Assessment, Case, CaseVersion, MalignancyProcess, Question, Reaction, SafetyMove


class VersionInline(RowsInline):
    model = CaseVersion
    verbose_name_plural = CaseVersion._meta.verbose_name_plural
    shown = ("no", "day_zero", "significant", "why", "by", "at", "content_hash")
    related = ("by",)


@admin.register(Case)
class CaseAdmin(TenantAdmin):
    read_verb = "case.read"
    list_display = ("number", "state", "patient", "product", "malignancy", "serious", "day_zero", "reported_on")
    list_filter = ("state", "malignancy", "serious", "year")
    list_select_related = ("patient", "product")
    search_fields = ("number", "external_number", "patient__code")
    date_hierarchy = "day_zero"
    shown = (
        "number",
        "state",
        "patient",
        "product",
        "day_zero",
        "serious",
        "malignancy",
        "external_number",
        "reported_on",
        "reported_version",
        "duplicate_of",
        "versions",
        "version",
        "created_at",
    )
    inlines = (VersionInline,)


class ReactionInline(RowsInline):
    model = Reaction
    verbose_name_plural = Reaction._meta.verbose_name_plural
    shown = ("verbatim", "lineage", "onset_on", "onset_precision", "seriousness", "outcome", "reporter_causality")


class AssessmentInline(RowsInline):
    model = Assessment
    verbose_name_plural = Assessment._meta.verbose_name_plural
    shown = ("causality", "expected", "reasoning", "by", "at", "signature")
    related = ("by", "signature")


@admin.register(CaseVersion)
class CaseVersionAdmin(TenantAdmin):
    read_verb = "case.read"
    list_display = ("case", "no", "day_zero", "significant", "why", "by", "at")
    list_filter = ("significant",)
    list_select_related = ("case", "by")
    search_fields = ("case__number", "content_hash")
    shown = ("case", "no", "day_zero", "significant", "why", "content", "narrative", "content_hash", "by", "at")
    inlines = (ReactionInline, AssessmentInline)


@admin.register(Assessment)
class AssessmentAdmin(TenantAdmin):
    read_verb = "case.read"
    list_display = ("case_version", "causality", "expected", "by", "at")
    list_filter = ("causality", "expected")
    list_select_related = ("case_version__case", "by")
    search_fields = ("case_version__case__number",)
    shown = ("case_version", "causality", "expected", "reasoning", "signature", "by", "at")


@admin.register(MalignancyProcess)
class MalignancyProcessAdmin(TenantAdmin):
    read_verb = "case.read"
    list_display = ("item", "case", "patient", "status", "lineage", "opened_at", "closed_at")
    list_filter = ("status", "lineage")
    list_select_related = ("item", "case", "patient")
    search_fields = ("item__number", "case__number", "patient__code")
    shown = (
        "item",
        "case",
        "patient",
        "status",
        "lineage",
        "opened_at",
        "advice_sent_at",
        "concluded_at",
        "closed_at",
        "close_reason",
        "version",
    )


@admin.register(Question)
class QuestionAdmin(TenantAdmin):
    read_verb = "case.read"
    list_display = ("item", "what", "detail", "for_role", "answered_by", "answered_at")
    list_filter = ("what", "for_role", ("answered_at", admin.EmptyFieldListFilter))
    list_select_related = ("item", "answered_by")
    search_fields = ("item__number", "detail")
    shown = ("item", "what", "detail", "for_role", "answered_at", "answered_by", "answer", "created_at")


@admin.register(SafetyMove)
class SafetyMoveAdmin(TenantAdmin):
    read_verb = "case.read"
    list_display = ("subject", "what", "old", "new", "reason", "by", "at")
    list_filter = ("what",)
    list_select_related = ("by",)
    search_fields = ("=subject",)
    shown = ("subject", "what", "old", "new", "reason", "signature", "by", "at")
