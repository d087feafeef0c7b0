"""Patients under their codes, what was given to them, consents, life and death. Read-only: services move everything.

The vault has no place here: identifiers are read one patient at a time, for a purpose, through the portal.
"""

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from pv.accounts.admin_base import RowsInline, TenantAdmin
from pv.patients.models import Consent, MedicalHistory, Patient, Transfer, Treatment, TreatmentLot, VitalStatus
from pv.patients.scope import restrict


class PatientsAdmin(TenantAdmin):
    """Rows about patients: whoever is bound to a centre sees that centre's."""

    read_verb = "patient.read"
    centre_path: ClassVar[str] = "patient__centre_id"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request)
        return restrict(rows, request.user, self.readable(request), self.centre_path)  # type: ignore[arg-type]


class TreatmentInline(RowsInline):
    model = Treatment
    verbose_name_plural = Treatment._meta.verbose_name_plural
    shown = ("no", "product", "indication", "programme", "apheresis_on", "released_on", "infused_on", "returned_on")
    related = ("product",)


class ConsentInline(RowsInline):
    model = Consent
    verbose_name_plural = Consent._meta.verbose_name_plural
    shown = ("scope", "given_on", "document", "withdrawn_on", "withdrawal_document")


class VitalStatusInline(RowsInline):
    model = VitalStatus
    verbose_name_plural = VitalStatus._meta.verbose_name_plural
    shown = ("at", "status", "on", "on_precision", "learned_on", "source", "cause", "by", "reason")
    related = ("by",)


class TransferInline(RowsInline):
    model = Transfer
    verbose_name_plural = Transfer._meta.verbose_name_plural
    shown = ("on", "from_centre", "to_centre", "to_text", "reason", "by")
    related = ("from_centre", "to_centre", "by")


@admin.register(Patient)
class PatientAdmin(PatientsAdmin):
    centre_path = "centre_id"
    list_display = ("code", "state", "sex", "birth_year", "centre", "centre_text", "died_on")
    list_filter = ("state", "sex")
    list_select_related = ("centre",)
    search_fields = ("code", "centre_text")
    shown = (
        "code",
        "state",
        "sex",
        "birth_year",
        "centre",
        "centre_text",
        "in_care_since",
        "died_on",
        "died_precision",
        "version",
        "created_at",
    )
    inlines = (TreatmentInline, ConsentInline, VitalStatusInline, TransferInline)


class TreatmentLotInline(RowsInline):
    model = TreatmentLot
    verbose_name_plural = TreatmentLot._meta.verbose_name_plural
    shown = ("lot", "bags")
    related = ("lot",)


@admin.register(Treatment)
class TreatmentAdmin(PatientsAdmin):
    list_display = ("patient", "no", "product", "indication", "programme", "infused_on", "centre")
    list_filter = ("programme", "label_use", "released_out_of_specification")
    list_select_related = ("patient", "product", "centre")
    search_fields = ("patient__code", "indication", "lots__lot__code")
    date_hierarchy = "infused_on"
    shown = (
        "patient",
        "no",
        "product",
        "study",
        "centre",
        "programme",
        "indication",
        "label_use",
        "region",
        "ordered_on",
        "apheresis_on",
        "released_on",
        "released_out_of_specification",
        "infused_on",
        "returned_on",
        "lymphodepletion",
        "dose",
        "dose_unit",
        "version",
        "created_at",
    )
    inlines = (TreatmentLotInline,)


@admin.register(MedicalHistory)
class MedicalHistoryAdmin(PatientsAdmin):
    list_display = ("patient", "transplant", "radiotherapy", "clonal_haematopoiesis", "hbv", "hiv", "htlv")
    list_filter = ("transplant", "clonal_haematopoiesis")
    list_select_related = ("patient",)
    search_fields = ("patient__code",)
    shown = (
        "patient",
        "height_cm",
        "weight_kg",
        "nationality",
        "ethnic_group",
        "allergies",
        "smoking",
        "alcohol",
        "liver_history",
        "kidney_history",
        "family_tumours",
        "earlier_tumours",
        "prior_lines",
        "radiotherapy",
        "transplant",
        "hbv",
        "hcv",
        "ebv",
        "hiv",
        "htlv",
        "clonal_haematopoiesis",
        "clonal_note",
        "version",
        "created_at",
    )


@admin.register(Consent)
class ConsentAdmin(PatientsAdmin):
    list_display = ("patient", "scope", "given_on", "withdrawn_on", "document")
    list_filter = ("scope",)
    list_select_related = ("patient",)
    search_fields = ("patient__code", "document")
    date_hierarchy = "given_on"
    shown = ("patient", "scope", "given_on", "document", "withdrawn_on", "withdrawal_document", "created_at")


@admin.register(VitalStatus)
class VitalStatusAdmin(PatientsAdmin):
    list_display = ("patient", "status", "on", "learned_on", "source", "by", "at")
    list_filter = ("status",)
    list_select_related = ("patient", "by")
    search_fields = ("patient__code",)
    date_hierarchy = "learned_on"
    shown = (
        "patient",
        "status",
        "on",
        "on_precision",
        "learned_on",
        "source",
        "cause",
        "suspected_reaction",
        "autopsy",
        "reason",
        "by",
        "signature",
        "at",
    )


@admin.register(Transfer)
class TransferAdmin(PatientsAdmin):
    list_display = ("patient", "on", "from_centre", "to_centre", "to_text", "by")
    list_select_related = ("patient", "from_centre", "to_centre", "by")
    search_fields = ("patient__code", "to_text")
    date_hierarchy = "on"
    shown = ("patient", "on", "from_centre", "to_centre", "to_text", "reason", "by", "at")
