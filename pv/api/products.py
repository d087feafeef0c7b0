"""Products, authorisations and studies; those of the public register as well."""

from typing import Any
from uuid import UUID

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from pv.accounts.models import PUBLIC_ORGANISATION, User
from pv.api.base import Filters, Resource, Shown, YesNoFilter
from pv.api.creating import creates, record
from pv.api.obligations import NewPromise, promise_of
from pv.core.days import check_plausible
from pv.obligations.services import record_conditional_authorisation
from pv.products import services
from pv.products.models import Authorisation, Precision, Product, Study


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


class NewProduct(serializers.Serializer[Any]):
    """A product of one's own: at least one name; it may be linked to its entry in the public register."""

    key = serializers.CharField(max_length=60)
    inn = serializers.CharField(max_length=200, required=False, allow_blank=True)
    generic_zh = serializers.CharField(max_length=200, required=False, allow_blank=True)
    brand_en = serializers.CharField(max_length=200, required=False, allow_blank=True)
    brand_zh = serializers.CharField(max_length=200, required=False, allow_blank=True)
    product_class = serializers.CharField(max_length=120)
    product_class_zh = serializers.CharField(max_length=120)
    target = serializers.CharField(max_length=120, required=False, allow_blank=True)
    vector = serializers.CharField(max_length=200, required=False, allow_blank=True)
    vector_zh = serializers.CharField(max_length=200, required=False, allow_blank=True)
    integrating = serializers.ChoiceField(choices=Product.Integrating.choices, required=False)
    public_entry = serializers.UUIDField(required=False, allow_null=True)


def _record_product(by: User, organisation: UUID, given: dict[str, Any]) -> Product:
    entry = given.pop("public_entry", None)
    return services.record_product(by=by, organisation=organisation, public_entry_id=entry, **given)


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

    @creates(NewProduct, ProductShown)
    def create(self, request: Request) -> Response:
        """Record a product of one's own."""
        return record(self, NewProduct, _record_product, verb="product.write")


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


class NewAuthorisation(serializers.Serializer[Any]):
    """One product approved for one indication. A conditional approval carries what it was made conditional on."""

    key = serializers.CharField(max_length=80)
    product = serializers.UUIDField()
    public_entry = serializers.UUIDField(required=False, allow_null=True)
    holder_en = serializers.CharField(max_length=300)
    holder_zh = serializers.CharField(max_length=300, required=False, allow_blank=True)
    indication_en = serializers.CharField(max_length=2000)
    indication_zh = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    kind = serializers.ChoiceField(choices=Authorisation.Kind.choices)
    kind_certainty = serializers.ChoiceField(choices=Authorisation.Certainty.choices, required=False)
    kind_note_en = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    kind_note_zh = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    status = serializers.ChoiceField(choices=Authorisation.Status.choices, required=False)
    approved_on = serializers.DateField(required=False, allow_null=True)
    approved_precision = serializers.ChoiceField(choices=Precision.choices, required=False)
    certificate_number = serializers.CharField(max_length=80, required=False, allow_blank=True)
    study_complete_on = serializers.DateField(required=False, allow_null=True)
    application_by = serializers.DateField(required=False, allow_null=True)
    expires_on = serializers.DateField(required=False, allow_null=True)
    pivotal_trials = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    confirmatory_trials = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    sources = serializers.ListField(child=serializers.CharField(max_length=2000), max_length=50, required=False)
    promises = NewPromise(many=True, required=False, max_length=50)  # type: ignore[call-arg]  # the list's own

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        for field in ("approved_on", "study_complete_on", "application_by", "expires_on"):
            if (day := attrs.get(field)) is not None:
                check_plausible(day, field)
        return attrs


def _record_authorisation(by: User, organisation: UUID, given: dict[str, Any]) -> Authorisation:
    promises = [promise_of(one) for one in given.pop("promises", [])]
    facts: Any = given | {"product_id": given["product"], "public_entry_id": given.get("public_entry")}
    del facts["product"]
    facts.pop("public_entry", None)
    if promises or facts["kind"] == Authorisation.Kind.CONDITIONAL:
        return record_conditional_authorisation(by=by, organisation=organisation, promises=promises, **facts)[0]
    return services.record_authorisation(by=by, organisation=organisation, **facts)


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

    @creates(NewAuthorisation, AuthorisationShown)
    def create(self, request: Request) -> Response:
        """Record an approval; a conditional one together with its confirmatory obligations, or not at all."""
        return record(self, NewAuthorisation, _record_authorisation, verb="product.write")

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


class NewStudy(serializers.Serializer[Any]):
    """A study, and the products it is about."""

    protocol = serializers.CharField(max_length=60)
    kind = serializers.ChoiceField(choices=Study.Kind.choices)
    title_en = serializers.CharField(max_length=300)
    title_zh = serializers.CharField(max_length=300)
    products = serializers.ListField(child=serializers.UUIDField(), max_length=50, required=False)
    registry_numbers = serializers.ListField(child=serializers.CharField(max_length=40), max_length=20, required=False)
    planned_patients = serializers.IntegerField(
        min_value=0, max_value=services.MOST_PATIENTS, required=False, allow_null=True
    )
    enrolled_patients = serializers.IntegerField(
        min_value=0, max_value=services.MOST_PATIENTS, required=False, allow_null=True
    )


def _record_study(by: User, organisation: UUID, given: dict[str, Any]) -> Study:
    return services.record_study(by=by, organisation=organisation, **given)


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

    @creates(NewStudy, StudyShown)
    def create(self, request: Request) -> Response:
        """Record a study of one's own."""
        return record(self, NewStudy, _record_study, verb="study.write")

    @extend_schema(request=Enrolment, responses=StudyShown)
    @action(detail=True, methods=["post"])
    def enrolment(self, request: Request, pk: str = "") -> Response:
        """Say how many patients are enrolled."""
        return self.act(
            Enrolment, lambda row, by, **given: services.update_enrolment(row.pk, by=by, **given), verb="study.write"
        )
