"""Deadlines with what rings next, taking them, and one's own notices."""

from datetime import date, datetime
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from pv.api.authentication import access_for
from pv.api.base import Filters, Nothing, Resource, Shown, YesNoFilter
from pv.core import clock, days
from pv.deadlines import services as deadlines
from pv.deadlines.kinds import path_of, title_of
from pv.deadlines.models import Alarm, Basis, Deadline, Rung
from pv.notices import services as notices
from pv.notices.models import Delivery
from pv.patients.scope import readable_clocks


def now_of(context: Any) -> datetime:
    """The instant by which lateness is judged, asked once for each answer."""
    if "now" not in context:
        context["now"] = clock.now()
    now: datetime = context["now"]
    return now


def _alarm(row: Deadline) -> Alarm | None:
    return getattr(row, "alarm", None)


class DeadlineShown(Shown):
    """A promise with a date. `is_late`: open and past its instant; `is_overdue`: late with a legal basis."""

    title = serializers.SerializerMethodField(help_text="in the language asked for")
    path = serializers.SerializerMethodField(help_text="its page, below the site's address")
    rule_code = serializers.CharField(source="rule.code", default=None, allow_null=True)
    ladder_code = serializers.CharField(source="ladder.code")
    is_late = serializers.SerializerMethodField()
    is_overdue = serializers.SerializerMethodField()
    last_working_day = serializers.SerializerMethodField(help_text="the last working day on or before it, if known")
    rung = serializers.SerializerMethodField(help_text="the step of the ladder it stands at; null once closed")
    is_taken = serializers.SerializerMethodField(help_text="somebody has taken the step it stands at")
    next_alert_at = serializers.DateTimeField(source="alarm.next_alert_at", default=None, allow_null=True)

    class Meta:
        model = Deadline
        fields = (
            "id",
            "organisation",
            "kind",
            "title",
            "path",
            "subject",
            "product_id",
            "centre_id",
            "patient_id",
            "assignee",
            "basis",
            "unconfirmed",
            "rule",
            "rule_code",
            "working",
            "ladder",
            "ladder_code",
            "round",
            "zone",
            "calendar",
            "original_due_on",
            "due_on",
            "due_at",
            "last_working_day",
            "forecast_on",
            "is_late",
            "is_overdue",
            "rung",
            "is_taken",
            "next_alert_at",
            "met_at",
            "closed_at",
            "outcome",
            "created_at",
        )

    def get_title(self, row: Deadline) -> str:
        return title_of(row)

    def get_path(self, row: Deadline) -> str:
        return path_of(row)

    def get_is_late(self, row: Deadline) -> bool:
        return row.is_late(now_of(self.context))

    def get_is_overdue(self, row: Deadline) -> bool:
        return row.is_overdue(now_of(self.context))

    def get_last_working_day(self, row: Deadline) -> date | None:
        context: Any = self.context
        calendars = context.setdefault("calendars", {})
        if row.calendar not in calendars:
            calendars[row.calendar] = deadlines.calendar(row.calendar)
        try:
            return days.last_working_day_on_or_before(row.due_on, calendars[row.calendar])
        except days.CalendarUnknown:
            return None

    def get_rung(self, row: Deadline) -> int | None:
        alarm = _alarm(row)
        return alarm.rung if alarm else None

    def get_is_taken(self, row: Deadline) -> bool:
        alarm = _alarm(row)
        return alarm is not None and alarm.answered


class DeadlineFilter(Filters):
    organisation = filters.UUIDFilter(field_name="organisation_id")
    subject = filters.UUIDFilter()
    assignee = filters.UUIDFilter(field_name="assignee_id")
    product = filters.UUIDFilter(field_name="product_id")
    open = YesNoFilter(field_name="closed_at", lookup_expr="isnull", label="still running, or closed")
    late = YesNoFilter(method="only_late", label="open and past its instant, or not")
    overdue = YesNoFilter(method="only_overdue", label="late with a legal basis, or not")
    taken = YesNoFilter(method="only_taken", label="somebody has taken the step it stands at, or nobody")
    due_from = filters.DateFilter(field_name="due_on", lookup_expr="gte")
    due_to = filters.DateFilter(field_name="due_on", lookup_expr="lte")

    class Meta:
        model = Deadline
        fields = ("kind", "basis", "outcome")

    def only_late(self, rows: Any, name: str, value: bool) -> Any:
        return rows.late(clock.now()) if value else rows.exclude(closed_at=None, due_at__lte=clock.now())

    def only_overdue(self, rows: Any, name: str, value: bool) -> Any:
        if value:
            return rows.overdue(clock.now())
        return rows.exclude(closed_at=None, due_at__lte=clock.now(), basis=Basis.LEGAL)

    def only_taken(self, rows: Any, name: str, value: bool) -> Any:
        taken = Exists(Alarm.objects.filter(deadline_id=OuterRef("pk"), answered=True))
        return rows.filter(taken) if value else rows.filter(~taken)


class Taking(serializers.Serializer[Any]):
    """ "I take it", with a word to the others if one likes."""

    note = serializers.CharField(max_length=300, required=False, allow_blank=True)


class Deadlines(Resource):
    """Everything that can be late, of all rooms, the earliest first."""

    queryset = Deadline.objects.select_related("rule", "ladder", "alarm")
    serializer_class = DeadlineShown
    filterset_class = DeadlineFilter
    verb = "deadline.read"
    ordering = ("due_at", "id")

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return rows
        return readable_clocks(rows, self.caller, access_for(self.request))

    @extend_schema(request=Taking, responses=DeadlineShown)
    @action(detail=True, methods=["post"])
    def take(self, request: Request, pk: str = "") -> Response:
        """Answer the step it stands at: nobody further is told of it. Later steps still ring."""

        def take(row: Deadline, by: Any, *, note: str = "") -> None:
            notices.acknowledge(deadline_id=row.pk, by=by, via="api", note=note)

        return self.act(Taking, take, verb="notice.take")


class NoticeShown(Shown):
    """What one was told in the app."""

    deadline = serializers.UUIDField(source="notice.deadline_id")
    title = serializers.SerializerMethodField(help_text="in the language asked for")
    path = serializers.SerializerMethodField(help_text="its page, below the site's address")
    round = serializers.IntegerField(source="notice.round")
    rung = serializers.IntegerField(source="notice.rung")
    nth = serializers.IntegerField(source="notice.nth")
    tone = serializers.ChoiceField(source="notice.tone", choices=Rung.Tone.choices)
    due_at = serializers.DateTimeField(source="notice.due_at")
    rang_for = serializers.DateTimeField(source="notice.rang_for", help_text="the instant it rang for")
    fired_at = serializers.DateTimeField(source="notice.fired_at", help_text="when it was told")
    skipped = serializers.ListField(source="notice.skipped", child=serializers.IntegerField())

    class Meta:
        model = Delivery
        fields = (
            "id",
            "organisation",
            "deadline",
            "title",
            "path",
            "round",
            "rung",
            "nth",
            "tone",
            "urgent",
            "why",
            "due_at",
            "rang_for",
            "fired_at",
            "skipped",
            "seen_at",
            "created_at",
        )

    def get_title(self, row: Delivery) -> str:
        return title_of(row.notice.deadline)

    def get_path(self, row: Delivery) -> str:
        return path_of(row.notice.deadline)


class NoticeFilter(Filters):
    organisation = filters.UUIDFilter(field_name="organisation_id")
    deadline = filters.UUIDFilter(field_name="notice__deadline_id")
    seen = YesNoFilter(field_name="seen_at", lookup_expr="isnull", exclude=True, label="seen, or not")

    class Meta:
        model = Delivery
        fields = ("urgent",)


class Notices(Resource):
    """One's own notices, the newest first. Seeing answers nothing; take the deadline for that."""

    queryset = Delivery.objects.all()
    serializer_class = NoticeShown
    filterset_class = NoticeFilter
    verb = "notice.read"
    ordering = ("-created_at", "-id")

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return Delivery.objects.none()
        return notices.my_notices(self.caller, self.visible())

    @extend_schema(request=Nothing, responses=NoticeShown)
    @action(detail=True, methods=["post"])
    def seen(self, request: Request, pk: str = "") -> Response:
        """Note that it was seen."""

        def see(row: Delivery, by: Any) -> None:
            notices.mark_seen([row.pk], by=by)

        return self.act(Nothing, see, verb="notice.read")
