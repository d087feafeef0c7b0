"""Specimens with their chain of custody, and what is asked for."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from pv.api.base import Filters, Resource, Shown
from pv.biosamples import services
from pv.biosamples.models import CustodyEvent, SamplingRequest, Specimen, Temperature
from pv.patients.scope import restrict
from pv.terminology.clinical import Material, Timing


class OfPatients(Resource):
    """Rows about patients: whoever is bound to a centre sees that centre's."""

    verb = "specimen.read"

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return rows
        return restrict(rows, self.caller, self.visible())


class SpecimenShown(Shown):
    """One tube, block or set of slides, as it stands now."""

    patient_code = serializers.CharField(source="patient.code")
    holder_name = serializers.CharField(source="holder.name", default=None, allow_null=True)

    class Meta:
        model = Specimen
        fields = (
            "id",
            "organisation",
            "code",
            "patient",
            "patient_code",
            "treatment",
            "visit",
            "request",
            "parent",
            "timing",
            "material",
            "description",
            "collected_on",
            "collected_precision",
            "quantity",
            "unit",
            "temperature",
            "route",
            "route_evidence",
            "state",
            "holder",
            "holder_name",
            "place",
            "thaws",
            "compromised",
            "on_hold",
            "hold_cause",
            "events",
            "version",
            "created_at",
        )


class CustodyShown(Shown):
    """One entry of the chain of custody."""

    class Meta:
        model = CustodyEvent
        fields = (
            "no",
            "what",
            "at",
            "state_after",
            "from_holder",
            "to_holder",
            "place",
            "change",
            "quantity_after",
            "thaws_after",
            "compromised_after",
            "celsius",
            "minutes",
            "document",
            "note",
            "cause",
            "by",
            "recorded_at",
        )


class SpecimenFilter(Filters):
    organisation = filters.UUIDFilter(field_name="organisation_id")
    patient = filters.UUIDFilter(field_name="patient_id")
    request = filters.UUIDFilter(field_name="request_id")
    parent = filters.UUIDFilter(field_name="parent_id")
    holder = filters.UUIDFilter(field_name="holder_id")

    class Meta:
        model = Specimen
        fields = ("code", "state", "timing", "material", "on_hold", "compromised")


class Move(serializers.Serializer[Any]):
    """What was done, when, and where it stands afterwards; `change` is what was used up, below zero."""

    what = serializers.ChoiceField(choices=services.MOVABLE)
    at = serializers.DateTimeField(required=False)
    holder = serializers.UUIDField(required=False, allow_null=True)
    place = serializers.CharField(max_length=120, required=False, allow_blank=True)
    change = serializers.DecimalField(max_digits=14, decimal_places=3, required=False)
    celsius = serializers.DecimalField(max_digits=5, decimal_places=1, required=False, allow_null=True)
    document = serializers.CharField(max_length=200, required=False, allow_blank=True)
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)


class Excursion(serializers.Serializer[Any]):
    """For how many minutes it was how warm."""

    celsius = serializers.DecimalField(max_digits=5, decimal_places=1)
    minutes = serializers.IntegerField(min_value=1, max_value=1_000_000)
    at = serializers.DateTimeField(required=False)
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)


class Hold(serializers.Serializer[Any]):
    """Because of which cause (an inbox item) it must not be destroyed."""

    cause = serializers.UUIDField()
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)


class Release(serializers.Serializer[Any]):
    """Which cause's hold ends, the latest if none is named, and why."""

    cause = serializers.UUIDField(required=False)
    reason = serializers.CharField(max_length=300)


class PartOf(serializers.Serializer[Any]):
    """One aliquot, in the parent's unit."""

    code = serializers.CharField(max_length=40)
    quantity = serializers.DecimalField(max_digits=14, decimal_places=3, min_value=Decimal("0.001"))
    place = serializers.CharField(max_length=120, required=False, allow_blank=True)


class Division(serializers.Serializer[Any]):
    """Into which parts it was divided."""

    parts = serializers.ListField(child=PartOf(), allow_empty=False, max_length=96)
    at = serializers.DateTimeField(required=False)
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)


class Specimens(OfPatients):
    """What there is of patients, before and after their treatment."""

    queryset = Specimen.objects.select_related("patient", "holder")
    serializer_class = SpecimenShown
    filterset_class = SpecimenFilter

    @extend_schema(responses=CustodyShown(many=True), filters=False)
    @action(detail=True, pagination_class=None, filterset_class=None)
    def custody(self, request: Request, pk: str = "") -> Response:
        """Its whole chain of custody, from the first entry."""
        row = self.row()
        entries = CustodyEvent.objects.for_organisations([row.organisation_id]).filter(specimen=row)
        return Response(CustodyShown(entries.order_by("no"), many=True).data)

    @extend_schema(request=Move, responses=SpecimenShown)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str = "") -> Response:
        """Record what was done with it. Disposal is refused on hold, and a foreign party without its route."""
        return self.act(Move, _move, verb=self.verb)

    @extend_schema(request=Excursion, responses=SpecimenShown)
    @action(detail=True, methods=["post"])
    def excursion(self, request: Request, pk: str = "") -> Response:
        """It was too warm: it is kept, and marked as compromised."""
        return self.act(Excursion, _on_specimen(services.excursion), verb="specimen.write")

    @extend_schema(request=Hold, responses=SpecimenShown)
    @action(detail=True, methods=["post"])
    def hold(self, request: Request, pk: str = "") -> Response:
        """Forbid that it is destroyed."""
        return self.act(Hold, _on_specimen(services.hold), verb="specimen.hold")

    @extend_schema(request=Release, responses=SpecimenShown)
    @action(detail=True, methods=["post"])
    def release(self, request: Request, pk: str = "") -> Response:
        """End the hold of one cause; another cause's goes on."""
        return self.act(Release, _on_specimen(services.release_hold), verb="specimen.hold")

    @extend_schema(request=Division, responses=SpecimenShown)
    @action(detail=True, methods=["post"])
    def divide(self, request: Request, pk: str = "") -> Response:
        """Divide it into aliquots; they are found by `parent`."""
        return self.act(Division, _divide, verb="specimen.write")


def _on_specimen(service: Any) -> Any:
    """The resource has locked the row and compared its version: the service need not again."""

    def call(row: Specimen, by: Any, **given: Any) -> None:
        service(by=by, specimen_id=row.pk, **given)

    return call


def _move(row: Specimen, by: Any, *, holder: UUID | None = None, **given: Any) -> None:
    """Who may is the service's question: QA disposes and does nothing else."""
    services.move(by=by, specimen_id=row.pk, holder_id=holder, **given)


def _divide(row: Specimen, by: Any, *, parts: list[dict[str, Any]], **given: Any) -> None:
    services.aliquot(by=by, specimen_id=row.pk, parts=[services.Part(**part) for part in parts], **given)


class RequestShown(Shown):
    """That one item of a plan is wanted of one patient, because of one cause."""

    patient_code = serializers.CharField(source="patient.code", default=None, allow_null=True)
    what_en = serializers.CharField(source="item.what_en")
    what_zh = serializers.CharField(source="item.what_zh")
    is_required = serializers.BooleanField(source="item.required")
    rule_code = serializers.CharField(source="rule.code", default=None, allow_null=True)

    class Meta:
        model = SamplingRequest
        fields = (
            "id",
            "organisation",
            "cause",
            "patient",
            "patient_code",
            "plan",
            "item",
            "what_en",
            "what_zh",
            "is_required",
            "timing",
            "material",
            "due_on",
            "rule_code",
            "working",
            "state",
            "ended_at",
            "reason",
            "touched",
            "version",
            "created_at",
        )


class RequestFilter(Filters):
    organisation = filters.UUIDFilter(field_name="organisation_id")
    patient = filters.UUIDFilter(field_name="patient_id")
    cause = filters.UUIDFilter()
    due_from = filters.DateFilter(field_name="due_on", lookup_expr="gte")
    due_to = filters.DateFilter(field_name="due_on", lookup_expr="lte")

    class Meta:
        model = SamplingRequest
        fields = ("state", "timing", "material")


class Collection(serializers.Serializer[Any]):
    """The specimen that was taken; what the request says already need not be said again."""

    code = serializers.CharField(max_length=40)
    at = serializers.DateTimeField(required=False)
    timing = serializers.ChoiceField(choices=Timing.choices, required=False)
    material = serializers.ChoiceField(choices=Material.choices, required=False)
    temperature = serializers.ChoiceField(choices=Temperature.choices, required=False)
    quantity = serializers.DecimalField(max_digits=14, decimal_places=3, required=False, allow_null=True)
    unit = serializers.CharField(max_length=20, required=False, allow_blank=True)
    holder = serializers.UUIDField(required=False, allow_null=True)
    place = serializers.CharField(max_length=120, required=False, allow_blank=True)
    visit = serializers.UUIDField(required=False, allow_null=True)
    kept_at_site = serializers.BooleanField(required=False)
    route = serializers.ChoiceField(choices=Specimen.Route.choices, required=False)
    route_evidence = serializers.CharField(max_length=200, required=False, allow_blank=True)
    description = serializers.CharField(max_length=200, required=False, allow_blank=True)
    document = serializers.CharField(max_length=200, required=False, allow_blank=True)
    note = serializers.CharField(max_length=300, required=False, allow_blank=True)


class AtSite(serializers.Serializer[Any]):
    """What was done at the site instead, and when."""

    reason = serializers.CharField(max_length=500)
    at = serializers.DateTimeField(required=False)


class NotToBeHad(serializers.Serializer[Any]):
    """Why it cannot be had."""

    reason = serializers.CharField(max_length=500)


class SamplingRequests(OfPatients):
    """What is asked for because of malignancies. One of a patient not matched yet is shown to the holder's staff."""

    queryset = SamplingRequest.objects.select_related("patient", "item", "rule")
    serializer_class = RequestShown
    filterset_class = RequestFilter

    @extend_schema(request=Collection, responses=RequestShown)
    @action(detail=True, methods=["post"])
    def collect(self, request: Request, pk: str = "") -> Response:
        """Record the specimen that was taken for it: that meets it."""
        return self.act(Collection, _collect, verb="specimen.write")

    @extend_schema(request=AtSite, responses=RequestShown)
    @action(detail=True, methods=["post"], url_path="meet-at-site")
    def meet_at_site(self, request: Request, pk: str = "") -> Response:
        """The site has stained or tested it itself: that meets it as well."""
        return self.act(AtSite, _on_request(services.meet_at_site), verb="specimen.write")

    @extend_schema(request=NotToBeHad, responses=RequestShown)
    @action(detail=True, methods=["post"], url_path="not-available")
    def not_available(self, request: Request, pk: str = "") -> Response:
        """It cannot be had: its clock is cancelled."""
        return self.act(NotToBeHad, _on_request(services.not_available), verb="specimen.write")


def _on_request(service: Any) -> Any:
    def call(row: SamplingRequest, by: Any, **given: Any) -> None:
        service(by=by, request_id=row.pk, **given)

    return call


def _collect(
    row: SamplingRequest, by: Any, *, holder: UUID | None = None, visit: UUID | None = None, **given: Any
) -> None:
    services.collect(by=by, request_id=row.pk, holder_id=holder, visit_id=visit, **given)
