"""Products, authorisations, studies and the pipeline's figures: one's own, and the public register's."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _

from pv.accounts.admin_base import RowsInline, TenantAdmin
from pv.products.models import Alias, Authorisation, Lot, PipelineFigure, Product, Study, StudyProduct, VectorBatch


class AliasInline(RowsInline):
    model = Alias
    shown = ("language", "name", "kind", "valid_from", "valid_to", "note_en")


@admin.register(Product)
class ProductAdmin(TenantAdmin):
    read_verb = "product.read"
    public_too = True
    list_display = ("label", "product_class", "target", "vector", "integrating")
    list_filter = ("integrating",)
    search_fields = ("key", "inn", "generic_zh", "brand_en", "brand_zh")
    shown = (
        "key",
        "inn",
        "generic_zh",
        "brand_en",
        "brand_zh",
        "product_class",
        "product_class_zh",
        "target",
        "vector",
        "vector_zh",
        "integrating",
        "public_entry",
        "created_at",
    )
    inlines = (AliasInline,)


@admin.register(Alias)
class AliasAdmin(TenantAdmin):
    read_verb = "product.read"
    public_too = True
    list_display = ("name", "language", "product", "kind", "valid_from", "valid_to")
    list_filter = ("language", "kind")
    list_select_related = ("product",)
    search_fields = ("name",)
    shown = ("product", "language", "name", "kind", "valid_from", "valid_to", "note_en")


@admin.register(Authorisation)
class AuthorisationAdmin(TenantAdmin):
    read_verb = "product.read"
    public_too = True
    list_display = ("product", "indication", "kind", "kind_certainty", "status", "approved_on", "holder")
    list_filter = ("kind", "kind_certainty", "status")
    list_select_related = ("product",)
    search_fields = ("key", "holder_en", "holder_zh", "indication_en", "indication_zh", "certificate_number")
    date_hierarchy = "approved_on"

    @admin.display(description=_("indication"))
    def indication(self, obj: Authorisation) -> str:
        return obj.indication

    @admin.display(description=_("holder"))
    def holder(self, obj: Authorisation) -> str:
        return obj.holder

    shown = (
        "key",
        "product",
        "public_entry",
        "holder_en",
        "holder_zh",
        "indication_en",
        "indication_zh",
        "kind",
        "kind_certainty",
        "kind_note_en",
        "kind_note_zh",
        "status",
        "approved_on",
        "approved_precision",
        "certificate_number",
        "study_complete_on",
        "application_by",
        "expires_on",
        "pivotal_trials",
        "confirmatory_trials",
        "confirmatory_status_en",
        "confirmatory_status_zh",
        "counted_mid_2025",
        "sources",
        "version",
        "created_at",
    )


class StudyProductInline(RowsInline):
    model = StudyProduct
    shown = ("product",)
    related = ("product",)


@admin.register(Study)
class StudyAdmin(TenantAdmin):
    read_verb = "product.read"
    list_display = ("protocol", "title", "kind", "planned_patients", "enrolled_patients")
    list_filter = ("kind",)
    search_fields = ("protocol", "title_en", "title_zh")
    shown = (
        "protocol",
        "kind",
        "title_en",
        "title_zh",
        "registry_numbers",
        "planned_patients",
        "enrolled_patients",
        "version",
        "created_at",
    )
    inlines = (StudyProductInline,)

    @admin.display(description=_("title"))
    def title(self, obj: Study) -> str:
        return obj.title


class LotInline(RowsInline):
    model = Lot
    shown = ("code", "manufactured_on", "expires_on", "out_of_specification", "vector_copy_number")


@admin.register(VectorBatch)
class VectorBatchAdmin(TenantAdmin):
    read_verb = "product.read"
    list_display = ("code", "product", "site", "manufactured_on", "process_version", "out_of_specification")
    list_filter = ("out_of_specification", "process_version")
    list_select_related = ("product",)
    search_fields = ("code", "plasmid", "site")
    date_hierarchy = "manufactured_on"
    shown = (
        "code",
        "product",
        "plasmid",
        "key_reagents",
        "site",
        "manufactured_on",
        "process_version",
        "out_of_specification",
        "note",
        "created_at",
    )
    inlines = (LotInline,)


@admin.register(Lot)
class LotAdmin(TenantAdmin):
    read_verb = "product.read"
    list_display = ("code", "product", "vector_batch", "manufactured_on", "expires_on", "out_of_specification")
    list_filter = ("out_of_specification",)
    list_select_related = ("product", "vector_batch")
    search_fields = ("code", "vector_batch__code", "apheresis_centre")
    date_hierarchy = "manufactured_on"
    shown = (
        "code",
        "product",
        "vector_batch",
        "manufactured_on",
        "expires_on",
        "process_version",
        "apheresis_centre",
        "out_of_specification",
        "vector_copy_number",
        "note",
        "created_at",
    )


@admin.register(PipelineFigure)
class PipelineFigureAdmin(TenantAdmin):
    read_verb = "product.read"
    public_too = True
    list_display = ("record", "therapy", "stage", "count", "unit", "as_of")
    list_filter = ("unit", "as_of")
    search_fields = ("record", "record_zh", "therapy", "therapy_zh")
    shown = (
        "record",
        "record_zh",
        "therapy",
        "therapy_zh",
        "stage",
        "stage_zh",
        "count",
        "unit",
        "as_of",
        "note_en",
        "note_zh",
        "source",
    )
