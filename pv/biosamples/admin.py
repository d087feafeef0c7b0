"""Specimens with their chain of custody, requests, instructions, loans, plans. Read-only: services move everything."""

from typing import Any, ClassVar

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from pv.accounts.admin_base import RowsInline, TenantAdmin, in_readers_language
from pv.biosamples.models import (
    CustodyEvent,
    Instruction,
    Loan,
    PlanItem,
    SamplingPlan,
    SamplingRequest,
    Specimen,
)
from pv.patients.admin import PatientsAdmin


class CustodyInline(RowsInline):
    model = CustodyEvent
    verbose_name_plural = CustodyEvent._meta.verbose_name_plural
    shown = (
        "no", "at", "what", "state_after", "from_holder", "to_holder", "place", "change", "quantity_after", "celsius",
        "minutes", "document", "note", "by",
    )  # fmt: skip
    related = ("from_holder", "to_holder", "by")


class AliquotInline(RowsInline):
    model = Specimen
    fk_name = "parent"
    verbose_name_plural = _("aliquots")
    shown = ("code", "state", "quantity", "unit", "place", "on_hold")


class SamplesAdmin(PatientsAdmin):
    """Rows about somebody's samples."""

    read_verb = "specimen.read"


@admin.register(Specimen)
class SpecimenAdmin(SamplesAdmin):
    list_display = (
        "code", "patient", "timing", "material", "state", "holder", "place", "amount", "thaws", "compromised",
        "on_hold",
    )  # fmt: skip
    list_filter = ("state", "timing", "material", "on_hold", "compromised", "temperature", "route")
    list_select_related = ("patient", "holder")
    search_fields = ("code", "patient__code", "place")
    shown = (
        "code", "patient", "timing", "material", "description", "collected_on", "collected_precision", "amount",
        "temperature", "state", "holder", "place", "thaws", "compromised", "on_hold", "hold_cause", "route",
        "route_evidence", "request", "parent", "treatment", "visit", "events", "version", "created_at",
    )  # fmt: skip
    inlines = (CustodyInline, AliquotInline)

    @admin.display(description=_("quantity"), ordering="quantity")
    def amount(self, obj: Specimen) -> str:
        return "" if obj.quantity is None else f"{obj.quantity.normalize():f} {obj.unit}"


@admin.register(CustodyEvent)
class CustodyEventAdmin(SamplesAdmin):
    centre_path: ClassVar[str] = "specimen__patient__centre_id"
    list_display = ("specimen", "no", "at", "what", "state_after", "to_holder", "place", "by")
    list_filter = ("what",)
    list_select_related = ("specimen", "to_holder", "by")
    search_fields = ("specimen__code", "document")
    date_hierarchy = "at"
    ordering = ("-recorded_at", "-no")
    shown = (
        "specimen", "no", "at", "what", "state_after", "from_holder", "to_holder", "place", "change",
        "quantity_after", "thaws_after", "compromised_after", "celsius", "minutes", "document", "note", "cause", "by",
        "recorded_at",
    )  # fmt: skip


class OfRequestInline(RowsInline):
    model = Specimen
    fk_name = "request"
    verbose_name_plural = Specimen._meta.verbose_name_plural
    shown = ("code", "state", "holder", "place", "quantity", "unit", "on_hold", "compromised")
    related = ("holder",)


class LoanInline(RowsInline):
    model = Loan
    verbose_name_plural = Loan._meta.verbose_name_plural
    shown = ("kind", "pieces", "lender", "borrower", "lent_on", "return_by", "returned_on")
    related = ("lender",)


@admin.register(SamplingRequest)
class SamplingRequestAdmin(SamplesAdmin):
    list_display = ("specimen_wanted", "patient", "timing", "material", "state", "due_on", "reason")
    list_filter = ("state", "timing", "material")
    list_select_related = ("patient", "item")
    search_fields = ("patient__code",)
    date_hierarchy = "due_on"
    shown = (
        "specimen_wanted", "patient", "timing", "material", "state", "due_on", "rule", "working", "ended_at",
        "reason", "touched", "cause", "plan", "version", "created_at",
    )  # fmt: skip
    inlines = (OfRequestInline, LoanInline)

    @admin.display(description=_("specimen"), ordering="material")
    def specimen_wanted(self, obj: SamplingRequest) -> str:
        return in_readers_language(obj.item, "what")


@admin.register(Instruction)
class InstructionAdmin(SamplesAdmin):
    list_display = ("number", "patient", "lineage", "day_zero", "due_at", "given_at", "given_by", "ended_at")
    list_filter = ("lineage",)
    list_select_related = ("patient", "given_by")
    search_fields = ("number", "patient__code")
    date_hierarchy = "day_zero"
    shown = (
        "number", "cause", "patient", "lineage", "plan", "day_zero", "due_at", "rule", "working", "given_at",
        "given_by", "ended_at", "reason", "version", "created_at",
    )  # fmt: skip


@admin.register(Loan)
class LoanAdmin(SamplesAdmin):
    list_display = ("patient", "kind", "pieces", "pathology_number", "lender", "lent_on", "return_by", "returned_on")
    list_filter = ("kind",)
    list_select_related = ("patient", "lender")
    search_fields = ("patient__code", "pathology_number")
    date_hierarchy = "return_by"
    shown = (
        "patient", "request", "kind", "pieces", "pathology_number", "lender", "borrower", "deposit", "lent_on",
        "return_by", "returned_on", "note", "version", "created_at",
    )  # fmt: skip


class ItemInline(RowsInline):
    model = PlanItem
    verbose_name_plural = PlanItem._meta.verbose_name_plural
    shown = (
        "position", "timing", "offset_months", "material", "wanted", "quantity", "handling", "temperature",
        "process_within_hours", "collect_rule", "required",
    )  # fmt: skip

    @admin.display(description=_("specimen"))
    def wanted(self, obj: PlanItem) -> str:
        return in_readers_language(obj, "what")

    @admin.display(description=_("quantity"))
    def quantity(self, obj: PlanItem) -> str:
        return in_readers_language(obj, "quantity")

    @admin.display(description=_("handling"))
    def handling(self, obj: PlanItem) -> str:
        return in_readers_language(obj, "handling")


@admin.register(SamplingPlan)
class SamplingPlanAdmin(TenantAdmin):
    read_verb = "specimen.read"
    public_too = True
    list_display = ("name", "code", "version", "for_lineages", "status")
    list_filter = ("status",)
    search_fields = ("code", "name_en", "name_zh")
    shown = ("code", "version", "name_en", "name_zh", "for_lineages", "status", "source", "created_at")
    inlines = (ItemInline,)

    @admin.display(description=_("name"))
    def name(self, obj: SamplingPlan) -> str:
        return in_readers_language(obj, "name")

    @admin.display(description=_("for lineages"))
    def for_lineages(self, obj: SamplingPlan) -> str:
        labels: Any = dict(Instruction._meta.get_field("lineage").flatchoices)
        return ", ".join(str(labels.get(one, one)) for one in obj.lineages)
