"""Cases with their versions and judgements, and the shortest way to report a new malignancy."""

from typing import Any

from django.db.models import Prefetch
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from pv.accounts.models import User
from pv.api.base import Filters, Shown
from pv.api.inbox import InboxShown, IntakeResource, Told
from pv.safety import services
from pv.safety.models import Assessment, Case, CaseVersion, Reaction
from pv.terminology.clinical import Causality, Lineage, YesNo


class CaseShown(Shown):
    """A case. `number` is empty for the moment between the commit and its numbering; the inbox number names it then."""

    patient_code = serializers.CharField(source="patient.code", default=None, allow_null=True)

    class Meta:
        model = Case
        fields = (
            "id",
            "organisation",
            "number",
            "state",
            "patient",
            "patient_code",
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


class CaseFilter(Filters):
    organisation = filters.UUIDFilter(field_name="organisation_id")
    patient = filters.UUIDFilter(field_name="patient_id")
    product = filters.UUIDFilter(field_name="product_id")
    day_zero_from = filters.DateFilter(field_name="day_zero", lookup_expr="gte")
    day_zero_to = filters.DateFilter(field_name="day_zero", lookup_expr="lte")

    class Meta:
        model = Case
        fields = ("number", "state", "malignancy", "serious", "year")


class ReactionShown(Shown):
    class Meta:
        model = Reaction
        fields = (
            "id",
            "verbatim",
            "term_code",
            "term_release",
            "lineage",
            "onset_on",
            "onset_precision",
            "seriousness",
            "outcome",
            "reporter_causality",
        )


class AssessmentShown(Shown):
    """One signed judgement of one version."""

    class Meta:
        model = Assessment
        fields = ("id", "causality", "expected", "reasoning", "signature", "by", "at")


class VersionShown(Shown):
    """A case as it stood; none ever changes."""

    content = serializers.DictField(child=serializers.CharField())
    reactions = ReactionShown(many=True)
    assessments = AssessmentShown(many=True)

    class Meta:
        model = CaseVersion
        fields = (
            "id",
            "no",
            "day_zero",
            "significant",
            "why",
            "content",
            "narrative",
            "content_hash",
            "reactions",
            "assessments",
            "by",
            "at",
        )


class MalignancyReport(Told):
    """A new malignancy, confirmed or suspected, and the day the holder learnt of it."""

    diagnosis = serializers.CharField(max_length=300)
    lineage = serializers.ChoiceField(choices=Lineage.choices)
    status = serializers.ChoiceField(choices=["confirmed", "suspected"])
    aware_on = serializers.DateField()


class MalignancyReported(serializers.Serializer[Any]):
    """The inbox item; and the case, where the malignancy is confirmed."""

    item = InboxShown()
    case = CaseShown(allow_null=True)


class Judgement(serializers.Serializer[Any]):
    """A judgement of the case as it stands, signed."""

    causality = serializers.ChoiceField(choices=Causality.choices)
    expected = serializers.ChoiceField(choices=YesNo.choices)
    reasoning = serializers.CharField(max_length=5000)
    password = serializers.CharField(trim_whitespace=False, write_only=True)


class Sent(serializers.Serializer[Any]):
    """When it went to the authority, and what proves it."""

    reported_on = serializers.DateField()
    evidence = serializers.CharField(max_length=300)


class News(serializers.Serializer[Any]):
    """What is new, since when, and whether it is significant."""

    changes = serializers.DictField(child=serializers.CharField(allow_blank=True, max_length=1000), required=False)
    narrative = serializers.CharField(max_length=20_000, required=False, allow_null=True)
    significant = serializers.BooleanField()
    why = serializers.CharField(max_length=300)
    learned_on = serializers.DateField()


class Closing(serializers.Serializer[Any]):
    """Why nothing more is expected."""

    reason = serializers.CharField(max_length=500)


class Cases(IntakeResource):
    """Cases of one's organisations."""

    queryset = Case.objects.select_related("patient")
    serializer_class = CaseShown
    filterset_class = CaseFilter
    verb = "case.read"

    @extend_schema(
        request=MalignancyReport, responses={201: MalignancyReported, 200: MalignancyReported}, filters=False
    )
    @action(detail=False, methods=["post"], url_path="report-malignancy", pagination_class=None, filterset_class=None)
    def report_malignancy(self, request: Request) -> Response:
        """Report a new malignancy: one transaction saves it, starts its clocks, asks for samples and rings."""
        return self.take_in(MalignancyReport, _report, _reported)

    @extend_schema(responses=VersionShown(many=True), filters=False)
    @action(detail=True, pagination_class=None, filterset_class=None)
    def history(self, request: Request, pk: str = "") -> Response:
        """Every version with its reactions and judgements, the first one first."""
        case = self.row()
        versions = CaseVersion.objects.for_organisations([case.organisation_id]).filter(case=case).order_by("no")
        whole = versions.prefetch_related(
            Prefetch("reactions", Reaction.objects.order_by("id")),
            Prefetch("assessments", Assessment.objects.order_by("at", "id")),
        )
        return Response(VersionShown(whole, many=True).data)

    @extend_schema(request=Judgement, responses=CaseShown)
    @action(detail=True, methods=["post"])
    def assess(self, request: Request, pk: str = "") -> Response:
        """Judge it; whoever took a report of it in does not."""
        return self.act(Judgement, _calling(services.assess), verb="case.assess")

    @extend_schema(request=Sent, responses=CaseShown)
    @action(detail=True, methods=["post"])
    def report(self, request: Request, pk: str = "") -> Response:
        """Record that it went to the authority: its reporting clocks are met."""
        return self.act(Sent, _calling(services.record_report), verb="case.report")

    @extend_schema(request=Sent, responses=CaseShown)
    @action(detail=True, methods=["post"])
    def investigation(self, request: Request, pk: str = "") -> Response:
        """Record that the report on the investigation of a death was filed."""
        return self.act(Sent, _calling(services.record_investigation), verb="case.report")

    @extend_schema(request=News, responses=CaseShown)
    @action(detail=True, methods=["post"])
    def news(self, request: Request, pk: str = "") -> Response:
        """Add a version."""
        return self.act(News, _news, verb="case.triage")

    @extend_schema(request=Closing, responses=CaseShown)
    @action(detail=True, methods=["post"])
    def close(self, request: Request, pk: str = "") -> Response:
        """Close it; news open it again."""
        return self.act(Closing, _calling(services.close_case), verb="case.report")


def _report(**given: Any) -> services.Reported:
    return services.report_malignancy(**{"onset": None} | given)


def _reported(report: services.Reported, context: Any) -> dict[str, Any]:
    case = CaseShown(report.case, context=context).data if report.case else None
    return {"item": InboxShown(report.item, context=context).data, "case": case}


def _calling(service: Any) -> Any:
    """The resource has locked the row and compared its version: the service need not again."""

    def call(row: Case, by: User, **given: Any) -> None:
        service(by=by, case_id=row.pk, **given)

    return call


def _news(row: Case, by: User, **given: Any) -> None:
    services.add_version(by=by, case_id=row.pk, **{"changes": {}} | given)
