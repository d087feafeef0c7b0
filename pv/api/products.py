"""Products, authorisations and studies; those of the public register as well."""

from typing import Any

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from pv.accounts.models import PUBLIC_ORGANISATION
from pv.api.base import Filters, Resource, Shown, YesNoFilter
from pv.products import services
from pv.products.models import Authorisation, Product, Study


class PublicFilter(Filters):
    """Rows of the public register, or of holders only."""

    public = YesNoFilter(method="only_public", label="rows of the public register only, or none of them")
    organisation = filters.UUIDFilter(field_name="organisation_id")

    def only_public(self, rows: Any, name: str, value: bool) -> Any:
        return (
            rows.filter(organisation_id=PUBLIC_ORGANISATION)
            if value
            else rows.exclude(organisation_id=PUBLIC_ORGANISATION)
        )


class ProductShown(Shown):
    class Meta:
        model = Product
        fields = (
            "id",
            "organisation",
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


class ProductFilter(PublicFilter):
    class Meta:
        model = Product
        fields = ("key", "integrating", "target")


class Products(Resource):
    """Products of one's organisations and of the public register."""

    queryset = Product.objects.all()
    serializer_class = ProductShown
    filterset_class = ProductFilter
    verb = "product.read"
    public_too = True


class AuthorisationShown(Shown):
    class Meta:
        model = Authorisation
        fields = (
            "id",
            "organisation",
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


class AuthorisationFilter(PublicFilter):
    product = filters.UUIDFilter(field_name="product_id")
    approved_from = filters.DateFilter(field_name="approved_on", lookup_expr="gte")
    approved_to = filters.DateFilter(field_name="approved_on", lookup_expr="lte")

    class Meta:
        model = Authorisation
        fields = ("key", "kind", "status", "kind_certainty")


class KindCorrection(serializers.Serializer[Any]):
    """What kind of approval it is after all, and how that is known."""

    kind = serializers.ChoiceField(choices=Authorisation.Kind.choices)
    kind_certainty = serializers.ChoiceField(choices=Authorisation.Certainty.choices)
    reason = serializers.CharField(max_length=500)


class Authorisations(Resource):
    """Approvals of one's organisations and of the public register."""

    queryset = Authorisation.objects.all()
    serializer_class = AuthorisationShown
    filterset_class = AuthorisationFilter
    verb = "product.read"
    public_too = True

    @extend_schema(request=KindCorrection, responses=AuthorisationShown)
    @action(detail=True, methods=["post"], url_path="kind")
    def correct_kind(self, request: Request, pk: str = "") -> Response:
        """Correct the kind of approval; nothing else is touched."""
        return self.act(
            KindCorrection,
            lambda row, by, **given: services.correct_kind(row.pk, by=by, **given),
            verb="product.write",
        )


class StudyShown(Shown):
    class Meta:
        model = Study
        fields = (
            "id",
            "organisation",
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


class StudyFilter(Filters):
    organisation = filters.UUIDFilter(field_name="organisation_id")
    product = filters.UUIDFilter(field_name="products__product_id", distinct=True)

    class Meta:
        model = Study
        fields = ("protocol", "kind")


class Enrolment(serializers.Serializer[Any]):
    """How many patients by now; it may be more than planned."""

    enrolled_patients = serializers.IntegerField(min_value=0, max_value=services.MOST_PATIENTS)
    planned_patients = serializers.IntegerField(min_value=0, max_value=services.MOST_PATIENTS, required=False)


class Studies(Resource):
    """Studies of one's organisations."""

    queryset = Study.objects.all()
    serializer_class = StudyShown
    filterset_class = StudyFilter
    verb = "product.read"

    @extend_schema(request=Enrolment, responses=StudyShown)
    @action(detail=True, methods=["post"])
    def enrolment(self, request: Request, pk: str = "") -> Response:
        """Say how many patients are enrolled."""
        return self.act(
            Enrolment, lambda row, by, **given: services.update_enrolment(row.pk, by=by, **given), verb="study.write"
        )
