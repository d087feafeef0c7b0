"""Visits of the two duty lines, what was recorded at them, and the one way in: POST visits/{id}/record/."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from pv.accounts.policy import check_can
from pv.api.authentication import access_for
from pv.api.base import Filters, Shown
from pv.api.fields import PartialDateField
from pv.api.idempotency import once
from pv.api.patients import PatientResource
from pv.api.preconditions import check_if_match
from pv.core.errors import NotFound
from pv.core.ids import uuid7
from pv.followup import services
from pv.followup.models import ContactAttempt, Line, ReportedEvent, Visit, VisitRecord
from pv.followup.services import NewDeath, NewEvent, NewRecord
from pv.patients.models import Patient
from pv.patients.scope import restrict
from pv.safety.models import InboxItem
from pv.terminology.clinical import Biopsy, Causality, EventKind, Lineage, Malignancy, Outcome, Serious, Source, YesNo


class VisitShown(Shown):
    """One visit of one line with its three dates: earliest useful, due, closing."""

    patient_code = serializers.CharField(source="patient.code")

    class Meta:
        model = Visit
        fields = (
            "id",
            "organisation",
            "patient",
            "patient_code",
            "duty_line",
            "line",
            "code",
            "sequence",
            "in_person",
            "earliest_on",
            "due_on",
            "closes_on",
            "state",
            "seen_on",
            "version",
            "created_at",
        )


class VisitFilter(Filters):
    organisation = filters.UUIDFilter(field_name="organisation_id")
    patient = filters.UUIDFilter(field_name="patient_id")
    centre = filters.UUIDFilter(field_name="patient__centre_id")
    line = filters.ChoiceFilter(choices=Line.choices)
    due_from = filters.DateFilter(field_name="due_on", lookup_expr="gte")
    due_to = filters.DateFilter(field_name="due_on", lookup_expr="lte")
    closes_to = filters.DateFilter(field_name="closes_on", lookup_expr="lte")

    class Meta:
        model = Visit
        fields = ("state", "code")


class EventShown(Shown):
    class Meta:
        model = ReportedEvent
        fields = (
            "id",
            "kind",
            "verbatim",
            "onset_on",
            "onset_precision",
            "grade",
            "seriousness",
            "hospital_from",
            "hospital_to",
            "treatment_given",
            "dechallenge",
            "outcome",
            "reporter_causality",
        )


RECORD_FIELDS = (
    *("id", "organisation", "patient", "visit", "corrects", "submission", "kind", "way", "source"),
    *("seen_on", "seen_precision", "alive", "reachable_at"),
    *("known_to_site_on", "known_to_delegate_on", "known_to_holder_on"),
    *("malignancy", "diagnosis", "lineage", "onset_on", "onset_precision", "biopsy", "biopsy_on", "diagnosed_by"),
    *("died_on", "died_precision", "death_cause", "death_suspected", "death_autopsy"),
    *("disease_status", "ecog", "new_therapy", "new_therapy_on"),
    *("leukocytes", "neutrophils", "haemoglobin", "platelets", "b_cells", "igg", "transgene_copies"),
    *("missed_reason", "reporter_name", "reporter_profession", "reporter_institution", "reporter_phone"),
    *("reporter_consents", "note", "events", "by", "at"),
)


class RecordShown(Shown):
    """What was learnt at a visit or contact; never changed, corrected by a new one that names it."""

    events = EventShown(many=True)

    class Meta:
        model = VisitRecord
        fields = RECORD_FIELDS


class RecordFilter(Filters):
    organisation = filters.UUIDFilter(field_name="organisation_id")
    patient = filters.UUIDFilter(field_name="patient_id")
    visit = filters.UUIDFilter(field_name="visit_id")
    submission = filters.UUIDFilter(field_name="submission")
    seen_from = filters.DateFilter(field_name="seen_on", lookup_expr="gte")
    seen_to = filters.DateFilter(field_name="seen_on", lookup_expr="lte")

    class Meta:
        model = VisitRecord
        fields = ("kind", "malignancy", "alive", "source")


def _text(most: int) -> serializers.CharField:
    return serializers.CharField(max_length=most, required=False, allow_blank=True)


def _one_of(choices: Any) -> serializers.ChoiceField:
    return serializers.ChoiceField(choices=choices.choices, required=False, allow_blank=True)


def _amount(digits: int, places: int) -> serializers.DecimalField:
    return serializers.DecimalField(digits, places, required=False, allow_null=True)


class EventForm(serializers.Serializer[Any]):
    """One adverse event, in the reporter's words and judgement."""

    kind = serializers.ChoiceField(choices=EventKind.choices)
    verbatim = serializers.CharField(max_length=300)
    onset_on = PartialDateField(source="onset", required=False, allow_null=True)
    grade = serializers.IntegerField(min_value=1, max_value=5, required=False, allow_null=True)
    seriousness = serializers.ListField(child=serializers.ChoiceField(choices=Serious.choices), required=False)
    hospital_from = serializers.DateField(required=False, allow_null=True)
    hospital_to = serializers.DateField(required=False, allow_null=True)
    treatment_given = _text(300)
    dechallenge = _text(120)
    outcome = serializers.ChoiceField(choices=Outcome.choices, required=False)
    reporter_causality = serializers.ChoiceField(choices=Causality.choices, required=False)


class RecordForm(serializers.Serializer[Any]):
    """What was learnt. submission: made once by the sender; sent again, the first answer is repeated."""

    submission = serializers.UUIDField(required=False)
    kind = serializers.ChoiceField(choices=VisitRecord.Kind.choices)
    way = serializers.ChoiceField(choices=VisitRecord.Way.choices, required=False)
    source = serializers.ChoiceField(choices=Source.choices, required=False)  # type: ignore[assignment]  # an input
    corrects = serializers.UUIDField(source="corrects_id", required=False, allow_null=True)
    seen_on = PartialDateField(source="seen", required=False, allow_null=True)
    alive = serializers.ChoiceField(choices=YesNo.choices, required=False)
    reachable_at = _text(200)
    known_to_site_on = serializers.DateField(required=False, allow_null=True)
    known_to_delegate_on = serializers.DateField(required=False, allow_null=True)
    known_to_holder_on = serializers.DateField(required=False, allow_null=True)
    malignancy = serializers.ChoiceField(choices=Malignancy.choices, required=False)
    diagnosis = _text(300)
    lineage = _one_of(Lineage)
    onset_on = PartialDateField(source="onset", required=False, allow_null=True)
    biopsy = _one_of(Biopsy)
    biopsy_on = serializers.DateField(required=False, allow_null=True)
    diagnosed_by = _text(200)
    died_on = PartialDateField(required=False, allow_null=True)
    death_cause = _text(300)
    death_suspected = _one_of(YesNo)
    death_autopsy = _one_of(YesNo)
    disease_status = _one_of(VisitRecord.Disease)
    ecog = serializers.IntegerField(min_value=0, max_value=5, required=False, allow_null=True)
    new_therapy = _text(200)
    new_therapy_on = serializers.DateField(required=False, allow_null=True)
    leukocytes = _amount(7, 2)
    neutrophils = _amount(7, 2)
    haemoglobin = _amount(6, 1)
    platelets = _amount(7, 1)
    b_cells = _amount(8, 1)
    igg = _amount(6, 2)
    transgene_copies = _amount(12, 1)
    missed_reason = _text(300)
    reporter_name = _text(120)
    reporter_profession = _text(60)
    reporter_institution = _text(200)
    reporter_phone = _text(40)
    reporter_consents = _one_of(YesNo)
    note = serializers.CharField(max_length=10_000, required=False, allow_blank=True)
    events = EventForm(many=True, required=False)


DEATH = {"died_on": "died", "death_cause": "cause", "death_suspected": "suspected", "death_autopsy": "autopsy"}


def new_record(given: dict[str, Any], **where: Any) -> NewRecord:
    """What a form said, as the service takes it."""
    plain = dict(given)
    about = {name: plain.pop(field) for field, name in DEATH.items() if field in plain}
    death = NewDeath(**about) if any(about.values()) else None
    events = tuple(
        NewEvent(**one | {"seriousness": tuple(one.get("seriousness", ()))}) for one in plain.pop("events", [])
    )
    return NewRecord(submission=plain.pop("submission", None) or uuid7(), death=death, events=events, **plain, **where)


class OpenedShown(serializers.Serializer[Any]):
    """An inbox item that the record opened, and its case where there is one."""

    item = serializers.UUIDField()
    number = serializers.CharField()
    kind = serializers.CharField()
    case = serializers.UUIDField(allow_null=True)


class RecordedShown(serializers.Serializer[Any]):
    """What became of a record: the visits it met, and what it opened in safety."""

    record = RecordShown()
    visits_met = VisitShown(many=True)
    opened = OpenedShown(many=True)


def answered(records: list[services.Recorded]) -> Response:
    """The one record that came in. Saved before, it is answered alike, with another status."""
    [recorded] = records
    row = recorded.record
    items = InboxItem.objects.for_organisations([row.organisation_id]).filter(record=row).order_by("created_at", "id")
    opened = [{"item": item.pk, "number": item.number, "kind": item.kind, "case": item.case_id} for item in items]
    said = RecordedShown({"record": row, "visits_met": recorded.visits_met, "opened": opened}).data
    return Response(said, status=200 if recorded.again else 201)


class Attempt(serializers.Serializer[Any]):
    """That somebody tried to reach the patient."""

    on = serializers.DateField()
    channel = serializers.ChoiceField(choices=ContactAttempt.Channel.choices)
    result = serializers.ChoiceField(choices=ContactAttempt.Result.choices)
    note = _text(300)


class Visits(PatientResource):
    """Visits of the patients of one's organisations."""

    queryset = Visit.objects.select_related("patient")
    serializer_class = VisitShown
    filterset_class = VisitFilter

    @extend_schema(request=RecordForm, responses={201: RecordedShown, 200: RecordedShown})
    @action(detail=True, methods=["post"])
    def record(self, request: Request, pk: str = "") -> Response:
        """Record what was learnt; a malignancy is escalated in the same moment."""

        def do() -> Response:
            visit = self.row()  # not locked here: the service takes the patient first, as everybody does
            check_can(access_for(request), "visit.record", visit.organisation_id)
            check_if_match(request, self.shown(visit)["ETag"])
            given = RecordForm(data=request.data)
            given.is_valid(raise_exception=True)
            version = visit.version if "If-Match" in request.headers else None
            new = new_record(given.validated_data, visit_id=visit.pk, version=version)
            return answered(services.record_visits([new], by=self.caller))

        return once(request, do)

    @extend_schema(request=Attempt, responses=VisitShown)
    @action(detail=True, methods=["post"])
    def attempt(self, request: Request, pk: str = "") -> Response:
        """Write down that somebody tried."""

        def do() -> Response:
            visit = self.row()
            check_can(access_for(request), "visit.record", visit.organisation_id)
            check_if_match(request, self.shown(visit)["ETag"])
            given = Attempt(data=request.data)
            given.is_valid(raise_exception=True)
            services.log_attempt(by=self.caller, patient_id=visit.patient_id, visit_id=visit.pk, **given.validated_data)
            return self.shown(self.row())

        return once(request, do)


class ContactForm(RecordForm):
    """The same for a patient, without a visit: windows decide which visits it meets."""

    patient = serializers.UUIDField()


class VisitRecords(PatientResource):
    """What was learnt at visits and contacts."""

    queryset = VisitRecord.objects.prefetch_related("events")
    serializer_class = RecordShown
    filterset_class = RecordFilter

    @extend_schema(request=ContactForm, responses={201: RecordedShown, 200: RecordedShown})
    def create(self, request: Request) -> Response:
        """Record what was learnt of a patient, beside the plan or without knowing the visit: its window is found."""

        def do() -> Response:
            given = ContactForm(data=request.data)
            given.is_valid(raise_exception=True)
            about = dict(given.validated_data)
            patient = self._patient(about.pop("patient"))
            check_can(access_for(request), "visit.record", patient.organisation_id)
            return answered(services.record_visits([new_record(about, patient_id=patient.pk)], by=self.caller))

        return once(request, do)

    def _patient(self, pk: UUID) -> Patient:
        seen = restrict(Patient.objects.all(), self.caller, self.visible(), "centre_id")
        found: Patient | None = seen.filter(pk=pk).first()
        if found is None:
            raise NotFound(_("There is no such record."), field="patient")
        return found
