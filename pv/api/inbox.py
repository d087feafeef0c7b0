"""Arriving reports: listed, taken, triaged, confirmed, stood down; and quick intake, which saves whatever is known."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db.models import Prefetch
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from pv.accounts.models import User
from pv.api.authentication import access_for
from pv.api.base import Filters, Nothing, Resource, Shown
from pv.api.fields import PartialDateField
from pv.api.idempotency import once
from pv.core.errors import DomainError, NotAllowed, NotFound
from pv.core.ids import uuid7
from pv.patients.scope import visible_to
from pv.safety import services
from pv.safety.models import InboxItem, Question
from pv.terminology.clinical import Biopsy, Causality, Lineage, Malignancy, Outcome, Serious, Source, YesNo


class QuestionShown(Shown):
    """Something that is missing beside a report; null where nobody has answered yet."""

    class Meta:
        model = Question
        fields = ("id", "what", "detail", "for_role", "answer", "answered_by", "answered_at")


class InboxShown(Shown):
    """One arriving report. Its clocks stand under deadlines, by subject."""

    patient_code = serializers.CharField(source="patient.code", default=None, allow_null=True)
    case_number = serializers.CharField(source="case.number", default=None, allow_null=True)
    first_receiver_name = serializers.CharField(source="first_receiver.name")
    questions = QuestionShown(many=True)

    class Meta:
        model = InboxItem
        fields = (
            "id",
            "organisation",
            "number",
            "kind",
            "state",
            "source",
            "record",
            "patient",
            "patient_code",
            "patient_text",
            "treatment",
            "product",
            "product_text",
            "malignancy",
            "diagnosis",
            "lineage",
            "narrative",
            "onset_on",
            "onset_precision",
            "biopsy",
            "biopsy_on",
            "treatment_planned_on",
            "serious",
            "seriousness",
            "outcome",
            "reporter_causality",
            "died_on",
            "died_precision",
            "death_cause",
            "death_suspected",
            "reporter_name",
            "reporter_profession",
            "reporter_institution",
            "reporter_phone",
            "reporter_consents",
            "known_to_site_on",
            "known_to_delegate_on",
            "known_to_holder_on",
            "day_zero",
            "received_at",
            "first_receiver",
            "first_receiver_name",
            "submission",
            "case",
            "case_number",
            "duplicate_of",
            "triaged_by",
            "triaged_at",
            "triage_reason",
            "questions",
            "version",
            "created_at",
        )


class InboxFilter(Filters):
    organisation = filters.UUIDFilter(field_name="organisation_id")
    patient = filters.UUIDFilter(field_name="patient_id")
    case = filters.UUIDFilter(field_name="case_id")
    received_from = filters.IsoDateTimeFilter(field_name="received_at", lookup_expr="gte")

    class Meta:
        model = InboxItem
        fields = ("kind", "state", "malignancy", "lineage", "source", "number")


class Told(serializers.Serializer[Any]):
    """What any report may say besides what it must. `submission`: sent again, it is answered again, not saved twice."""

    submission = serializers.UUIDField(required=False)
    patient = serializers.UUIDField(required=False, allow_null=True)
    patient_text = serializers.CharField(max_length=300, required=False, allow_blank=True)
    product = serializers.UUIDField(source="product_id", required=False, allow_null=True)
    product_text = serializers.CharField(max_length=200, required=False, allow_blank=True)
    source = serializers.ChoiceField(choices=Source.choices, required=False)  # type: ignore[assignment]  # an input
    narrative = serializers.CharField(max_length=20_000, required=False, allow_blank=True)
    onset_on = PartialDateField(source="onset", required=False, allow_null=True)
    biopsy = serializers.ChoiceField(choices=Biopsy.choices, required=False, allow_blank=True)
    biopsy_on = serializers.DateField(required=False, allow_null=True)
    treatment_planned_on = serializers.DateField(required=False, allow_null=True)
    seriousness = serializers.ListField(child=serializers.ChoiceField(choices=Serious.choices), required=False)
    outcome = serializers.ChoiceField(choices=Outcome.choices, required=False)
    reporter_causality = serializers.ChoiceField(choices=Causality.choices, required=False)
    known_to_site_on = serializers.DateField(required=False, allow_null=True)
    known_to_delegate_on = serializers.DateField(required=False, allow_null=True)
    reporter_name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    reporter_profession = serializers.CharField(max_length=60, required=False, allow_blank=True)
    reporter_institution = serializers.CharField(max_length=200, required=False, allow_blank=True)
    reporter_phone = serializers.CharField(max_length=40, required=False, allow_blank=True)
    reporter_consents = serializers.ChoiceField(choices=YesNo.choices, required=False, allow_blank=True)


class QuickIntake(Told):
    """A telephone call: what happened is all that must be known."""

    what = serializers.CharField(max_length=5000)
    malignancy = serializers.ChoiceField(choices=Malignancy.choices, required=False)
    lineage = serializers.ChoiceField(choices=Lineage.choices, required=False)
    aware_on = serializers.DateField(required=False, allow_null=True)
    serious = serializers.BooleanField(required=False)
    died_on = PartialDateField(source="died", required=False, allow_null=True)
    death_suspected = serializers.ChoiceField(choices=YesNo.choices, required=False, allow_blank=True)
    death_cause = serializers.CharField(max_length=300, required=False, allow_blank=True)


class Triage(serializers.Serializer[Any]):
    """What a report is. `password` signs what is not to be reported, and the end of any new malignancy."""

    outcome = serializers.ChoiceField(
        choices=["case", "follow_up", "duplicate", "not_valid", "not_reportable"],
    )
    case = serializers.UUIDField(source="case_id", required=False, allow_null=True)
    duplicate_of = serializers.UUIDField(source="duplicate_of_id", required=False, allow_null=True)
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True)
    significant = serializers.BooleanField(required=False)
    password = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False, write_only=True)


class StandDown(serializers.Serializer[Any]):
    """Why the suspicion was none, signed."""

    reason = serializers.CharField(max_length=500)
    password = serializers.CharField(trim_whitespace=False, write_only=True)


class Confirmation(serializers.Serializer[Any]):
    """What pathology found."""

    diagnosis = serializers.CharField(max_length=300)
    lineage = serializers.ChoiceField(choices=Lineage.choices)
    onset_on = PartialDateField(source="onset", required=False, allow_null=True)


class Match(serializers.Serializer[Any]):
    """Which patient the report is about."""

    patient = serializers.UUIDField()


# Inputs that services know by another name.
SENT_AS = {"onset": "onset_on", "died": "died_on", "case_id": "case", "duplicate_of_id": "duplicate_of"}


@contextmanager
def named_as_sent() -> Iterator[None]:
    """A refusal names the input as the caller wrote it."""
    try:
        yield
    except DomainError as error:
        error.field = SENT_AS.get(error.field or "", error.field)
        raise


INTAKE = ("quick_intake", "report_malignancy")


class IntakeResource(Resource):
    """Whoever may take reports in may post one, also where they may not read the others."""

    def visible(self) -> list[UUID]:
        if getattr(self, "action", "") in INTAKE:
            return access_for(self.request).anywhere("intake.write")
        return super().visible()

    def take_in(self, form: type[serializers.Serializer[Any]], service: Any, answer: Any) -> Response:
        """Validate, call the service once for the organisation worked for; 200 where it was saved before."""

        def do() -> Response:
            given = form(data=self.request.data)
            given.is_valid(raise_exception=True)
            organisation = access_for(self.request).organisation
            if organisation is None:
                raise NotAllowed(_("This organisation is not yours."))
            said = dict(given.validated_data)
            patient = _patient(self.caller, organisation, said.pop("patient", None))
            said.setdefault("submission", uuid7())
            with named_as_sent():
                report = service(by=self.caller, organisation=organisation, patient_id=patient, **said)
            return Response(answer(report, self.get_serializer_context()), status=200 if report.again else 201)

        return once(self.request, do)


def _patient(by: User, organisation: UUID, pk: UUID | None) -> UUID | None:
    """A patient among those this person may see."""
    if pk is not None and not visible_to(by, [organisation]).filter(pk=pk).exists():
        raise NotFound(_("There is no such record."), field="patient")
    return pk


class Inbox(IntakeResource):
    """Arriving reports of one's organisations."""

    queryset = InboxItem.objects.select_related("patient", "case", "first_receiver").prefetch_related(
        Prefetch("questions", Question.objects.order_by("created_at", "id"))
    )
    serializer_class = InboxShown
    filterset_class = InboxFilter
    verb = "case.read"

    @extend_schema(request=QuickIntake, responses={201: InboxShown, 200: InboxShown}, filters=False)
    @action(detail=False, methods=["post"], url_path="quick-intake", pagination_class=None, filterset_class=None)
    def quick_intake(self, request: Request) -> Response:
        """Write a call down: it is saved, rings where it must, and asks for what is missing."""
        return self.take_in(
            QuickIntake, services.quick_intake, lambda report, context: InboxShown(report.item, context=context).data
        )

    @extend_schema(request=Nothing, responses=InboxShown)
    @action(detail=True, methods=["post"])
    def take(self, request: Request, pk: str = "") -> Response:
        """ "I take it": the alarm stops, the triage clock is the caller's from now on."""
        return self.act(Nothing, _calling(services.take, via="api"), verb="notice.take")

    @extend_schema(request=Triage, responses=InboxShown)
    @action(detail=True, methods=["post"])
    def triage(self, request: Request, pk: str = "") -> Response:
        """Say what the report is."""
        return self.act(Triage, _calling(services.triage), verb="case.triage")

    @extend_schema(request=StandDown, responses=InboxShown)
    @action(detail=True, methods=["post"], url_path="stand-down")
    def stand_down(self, request: Request, pk: str = "") -> Response:
        """The suspicion was none; signed."""
        return self.act(StandDown, _calling(services.stand_down), verb="case.stand_down")

    @extend_schema(request=Confirmation, responses=InboxShown)
    @action(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: str = "") -> Response:
        """Pathology confirms: the suspicion becomes a case from the day 0 that was kept."""
        return self.act(Confirmation, _calling(services.confirm_suspicion), verb="case.triage")

    @extend_schema(request=Match, responses=InboxShown)
    @action(detail=True, methods=["post"])
    def match(self, request: Request, pk: str = "") -> Response:
        """Say which patient it is about."""

        def matched(row: InboxItem, by: User, *, patient: UUID) -> None:
            found = _patient(by, row.organisation_id, patient)
            if found:
                services.match_patient(by=by, item_id=row.pk, patient_id=found)

        return self.act(Match, matched, verb="intake.write")


def _calling(service: Any, **more: Any) -> Any:
    """The resource has locked the row and compared its version: the service need not again."""

    def call(row: Any, by: User, **given: Any) -> None:
        with named_as_sent():
            service(by=by, item_id=row.pk, **more, **given)

    return call
