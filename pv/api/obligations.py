"""Obligations with their moves, and milestones."""

from datetime import date
from typing import Any, cast
from uuid import UUID

from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from pv.accounts.models import User
from pv.api.base import Filters, Resource, Shown, YesNoFilter, person
from pv.api.creating import creates, record
from pv.core import clock
from pv.obligations import services
from pv.obligations.models import Milestone, Obligation, ObligationChange
from pv.obligations.rules import RUNNING, Dates, Progress, State, progress, slippage_days


def today_of(context: Any) -> date:
    """The legal day, asked once for each answer."""
    if "today" not in context:
        context["today"] = clock.today()
    today: date = context["today"]
    return today


class ObligationShown(Shown):
    """An obligation. `progress` and `slippage_days` are derived from its dates, never stored."""

    owner_name = serializers.CharField(source="owner.name")
    rule_code = serializers.CharField(source="rule.code", default=None, allow_null=True)
    progress = serializers.SerializerMethodField()
    slippage_days = serializers.SerializerMethodField()

    class Meta:
        model = Obligation
        fields = (
            "id",
            "organisation",
            "code",
            "authorisation",
            "study",
            "kind",
            "title_en",
            "title_zh",
            "sentence",
            "sentence_language",
            "sentence_hash",
            "document",
            "page",
            "state",
            "progress",
            "owner",
            "owner_name",
            "due_source",
            "rule",
            "rule_code",
            "working",
            "basis",
            "original_due_on",
            "due_on",
            "forecast_on",
            "slippage_days",
            "submitted_on",
            "decided_on",
            "version",
            "created_at",
        )

    def get_progress(self, row: Obligation) -> Progress:
        return progress(State(row.state), _dates(row), today_of(self.context))

    def get_slippage_days(self, row: Obligation) -> int:
        return slippage_days(_dates(row))


def _dates(row: Obligation) -> Dates:
    return Dates(row.original_due_on, row.due_on, row.forecast_on)


class ObligationFilter(Filters):
    organisation = filters.UUIDFilter(field_name="organisation_id")
    authorisation = filters.UUIDFilter(field_name="authorisation_id")
    study = filters.UUIDFilter(field_name="study_id")
    owner = filters.UUIDFilter(field_name="owner_id")
    due_from = filters.DateFilter(field_name="due_on", lookup_expr="gte")
    due_to = filters.DateFilter(field_name="due_on", lookup_expr="lte")
    late = YesNoFilter(method="only_late", label="running and past its due day, or not")

    class Meta:
        model = Obligation
        fields = ("code", "state", "kind", "basis")

    def only_late(self, rows: Any, name: str, value: bool) -> Any:
        late = {"due_on__lt": clock.today(), "state__in": list(RUNNING)}
        return rows.filter(**late) if value else rows.exclude(**late)


class ChangeShown(Shown):
    """One entry of an obligation's ledger."""

    class Meta:
        model = ObligationChange
        fields = ("id", "what", "old", "new", "at", "by", "reason", "evidence")


class NewPromise(serializers.Serializer[Any]):
    """What is promised, in the authority's own sentence, and by when.

    Either `due_on`, with `due_source` saying whether the certificate states it or it was agreed; or `rule` and
    `counted_from`, from which it is computed.
    """

    code = serializers.CharField(max_length=40)
    kind = serializers.ChoiceField(choices=Obligation.Kind.choices)
    title_en = serializers.CharField(max_length=200)
    title_zh = serializers.CharField(max_length=200)
    sentence = serializers.CharField(max_length=5000)
    sentence_language = serializers.ChoiceField(choices=["zh-hans", "en"], default="zh-hans")
    document = serializers.CharField(max_length=200)
    page = serializers.CharField(max_length=20, required=False, allow_blank=True)
    study = serializers.UUIDField(required=False, allow_null=True)
    owner = serializers.UUIDField()
    due_on = serializers.DateField(required=False, allow_null=True)
    due_source = serializers.ChoiceField(choices=Obligation.DueSource.choices, required=False)
    rule = serializers.CharField(max_length=40, required=False, allow_blank=True)
    counted_from = serializers.DateField(required=False, allow_null=True)
    forecast_on = serializers.DateField(required=False, allow_null=True)


def promise_of(given: dict[str, Any]) -> services.Promise:
    """What was sent, as the service takes it."""
    sent = dict(given)
    sent["titles"] = (sent.pop("title_en"), sent.pop("title_zh"))
    sent["owner"] = person(sent["owner"], "owner")
    sent["study_id"] = sent.pop("study", None)
    return cast("services.Promise", sent)


class NewObligation(NewPromise):
    """A promise, and the authorisation it belongs to."""

    authorisation = serializers.UUIDField()


class Reasoned(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=500)


class NewDue(Reasoned):
    """Another due date, why, and the document that allows it."""

    due_on = serializers.DateField()
    evidence = serializers.CharField(max_length=services.MOST_EVIDENCE)
    due_source = serializers.ChoiceField(choices=Obligation.DueSource.choices, required=False)


class NewForecast(serializers.Serializer[Any]):
    """When it will probably be done; null takes the forecast back."""

    forecast_on = serializers.DateField(allow_null=True)
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True)


class NewOwner(serializers.Serializer[Any]):
    """Who owns it from now on."""

    owner = serializers.UUIDField()
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True)


class Submission(serializers.Serializer[Any]):
    """When the authority accepted the submission, and the acceptance notice."""

    submitted_on = serializers.DateField()
    evidence = serializers.CharField(max_length=services.MOST_EVIDENCE)


class Fulfilment(serializers.Serializer[Any]):
    """When the authority decided, and its document."""

    decided_on = serializers.DateField()
    evidence = serializers.CharField(max_length=services.MOST_EVIDENCE)


class Failure(Reasoned):
    """When it was clear, and why."""

    decided_on = serializers.DateField()
    evidence = serializers.CharField(max_length=services.MOST_EVIDENCE, required=False, allow_blank=True)


class Returned(Reasoned):
    """Why the authority sent it back, and its document."""

    evidence = serializers.CharField(max_length=services.MOST_EVIDENCE)


class Waiver(Reasoned):
    """When the authority waived it, why, and its document."""

    decided_on = serializers.DateField()
    evidence = serializers.CharField(max_length=services.MOST_EVIDENCE)


class Reopening(Reasoned):
    """Why it is taken up again; a failed one needs a dated document of the authority."""

    document = serializers.CharField(max_length=services.MOST_EVIDENCE, required=False, allow_blank=True)
    document_on = serializers.DateField(required=False, allow_null=True)


class Obligations(Resource):
    """What holders must deliver, by when, and what became of it."""

    queryset = Obligation.objects.select_related("owner", "rule")
    serializer_class = ObligationShown
    filterset_class = ObligationFilter
    verb = "obligation.read"

    @creates(NewObligation, ObligationShown)
    def create(self, request: Request) -> Response:
        """Open an obligation and its clock."""
        return record(self, NewObligation, _open, verb="obligation.write")

    @extend_schema(responses=ChangeShown(many=True), filters=False)
    @action(detail=True, pagination_class=None, filterset_class=None)
    def changes(self, request: Request, pk: str = "") -> Response:
        """Every move and every changed date, the latest first."""
        row = self.row()
        changes = ObligationChange.objects.for_organisations([row.organisation_id]).filter(obligation=row)
        return Response(ChangeShown(changes.order_by("-at", "-id"), many=True).data)

    @extend_schema(request=NewDue, responses=ObligationShown)
    @action(detail=True, methods=["post"])
    def due(self, request: Request, pk: str = "") -> Response:
        """Move the due date; what was first promised stays."""
        return self.act(NewDue, _calling(services.change_due), verb="obligation.correct_date")

    @extend_schema(request=NewForecast, responses=ObligationShown)
    @action(detail=True, methods=["post"])
    def forecast(self, request: Request, pk: str = "") -> Response:
        """Say when it will probably be done. No clock moves."""
        return self.act(NewForecast, _calling(services.change_forecast), verb="obligation.write")

    @extend_schema(request=NewOwner, responses=ObligationShown)
    @action(detail=True, methods=["post"])
    def owner(self, request: Request, pk: str = "") -> Response:
        """Give it to somebody else."""
        return self.act(NewOwner, _reassign, verb="obligation.write")

    @extend_schema(request=Submission, responses=ObligationShown)
    @action(detail=True, methods=["post"])
    def submit(self, request: Request, pk: str = "") -> Response:
        """Record the authority's acceptance: that meets the promise."""
        return self.act(Submission, _calling(services.submit), verb="obligation.write")

    @extend_schema(request=Fulfilment, responses=ObligationShown)
    @action(detail=True, methods=["post"])
    def fulfil(self, request: Request, pk: str = "") -> Response:
        """Record the authority's decision that it is fulfilled."""
        return self.act(Fulfilment, _calling(services.fulfil), verb="obligation.write")

    @extend_schema(request=Failure, responses=ObligationShown)
    @action(detail=True, methods=["post"])
    def fail(self, request: Request, pk: str = "") -> Response:
        """Record that it was not kept."""
        return self.act(Failure, _calling(services.fail), verb="obligation.write")

    @extend_schema(request=Returned, responses=ObligationShown)
    @action(detail=True, methods=["post"], url_path="return")
    def send_back(self, request: Request, pk: str = "") -> Response:
        """Record that the authority sent the submission back: the clock runs again."""
        return self.act(Returned, _calling(services.return_), verb="obligation.write")

    @extend_schema(request=Waiver, responses=ObligationShown)
    @action(detail=True, methods=["post"])
    def waive(self, request: Request, pk: str = "") -> Response:
        """Record that the authority no longer asks for it."""
        return self.act(Waiver, _calling(services.waive), verb="obligation.write")

    @extend_schema(request=Reopening, responses=ObligationShown)
    @action(detail=True, methods=["post"])
    def reopen(self, request: Request, pk: str = "") -> Response:
        """Take it up again."""
        return self.act(Reopening, _calling(services.reopen), verb="obligation.write")


def _open(by: User, organisation: UUID, given: dict[str, Any]) -> Obligation:
    authorisation = given.pop("authorisation")
    return services.open_obligation(
        by=by, organisation=organisation, authorisation_id=authorisation, **promise_of(given)
    )


def _calling(service: Any) -> Any:
    """The resource has locked the row and compared its version: the service need not again."""

    def call(row: Any, by: Any, **given: Any) -> None:
        service(row.pk, by=by, **given)

    return call


def _reassign(row: Obligation, by: Any, *, owner: Any, reason: str = "") -> None:
    services.reassign(row.pk, by=by, owner=person(owner, "owner"), reason=reason)


class MilestoneShown(Shown):
    """A step of a study; the plan, the present plan, the forecast and the day it was reached are kept apart."""

    study_protocol = serializers.CharField(source="study.protocol")
    owner_name = serializers.CharField(source="owner.name")

    class Meta:
        model = Milestone
        fields = (
            "id",
            "organisation",
            "study",
            "study_protocol",
            "kind",
            "planned_on",
            "due_on",
            "forecast_on",
            "reached_on",
            "owner",
            "owner_name",
            "version",
            "created_at",
        )


class MilestoneFilter(Filters):
    organisation = filters.UUIDFilter(field_name="organisation_id")
    study = filters.UUIDFilter(field_name="study_id")
    owner = filters.UUIDFilter(field_name="owner_id")
    due_from = filters.DateFilter(field_name="due_on", lookup_expr="gte")
    due_to = filters.DateFilter(field_name="due_on", lookup_expr="lte")
    reached = YesNoFilter(field_name="reached_on", lookup_expr="isnull", exclude=True, label="reached, or not")

    class Meta:
        model = Milestone
        fields = ("kind",)


class NewMilestone(serializers.Serializer[Any]):
    """A step of a study, the day it is planned for, and who sees to it."""

    study = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Milestone.Kind.choices)
    planned_on = serializers.DateField()
    forecast_on = serializers.DateField(required=False, allow_null=True)
    owner = serializers.UUIDField()


def _plan(by: User, organisation: UUID, given: dict[str, Any]) -> Milestone:
    study, owner = given.pop("study"), person(given.pop("owner"), "owner")
    return services.plan_milestone(by=by, organisation=organisation, study_id=study, owner=owner, **given)


class NewPlan(Reasoned):
    """Planned for another day, and why."""

    due_on = serializers.DateField()


class MilestoneForecast(serializers.Serializer[Any]):
    """When it will probably be reached; null takes the forecast back."""

    forecast_on = serializers.DateField(allow_null=True)


class Reached(serializers.Serializer[Any]):
    """The day it was reached."""

    reached_on = serializers.DateField()


class Milestones(Resource):
    """Steps of studies."""

    queryset = Milestone.objects.select_related("owner", "study")
    serializer_class = MilestoneShown
    filterset_class = MilestoneFilter
    verb = "obligation.read"

    @creates(NewMilestone, MilestoneShown)
    def create(self, request: Request) -> Response:
        """Plan a step of a study and start its clock."""
        return record(self, NewMilestone, _plan, verb="obligation.write")

    @extend_schema(request=NewPlan, responses=MilestoneShown)
    @action(detail=True, methods=["post"])
    def move(self, request: Request, pk: str = "") -> Response:
        """Plan it for another day; the first plan stays."""
        return self.act(NewPlan, _calling(services.move_milestone), verb="obligation.write")

    @extend_schema(request=MilestoneForecast, responses=MilestoneShown)
    @action(detail=True, methods=["post"])
    def forecast(self, request: Request, pk: str = "") -> Response:
        """Say when it will probably be reached."""
        return self.act(MilestoneForecast, _calling(services.forecast_milestone), verb="obligation.write")

    @extend_schema(request=Reached, responses=MilestoneShown)
    @action(detail=True, methods=["post"])
    def reach(self, request: Request, pk: str = "") -> Response:
        """It was reached: that meets its clock."""
        return self.act(Reached, _calling(services.reach_milestone), verb="obligation.write")
