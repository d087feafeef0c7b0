"""Patients under their codes, and their treatments. Names and numbers are in the vault, which has no door here."""

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from pv.api.authentication import access_for
from pv.api.base import Filters, Resource, Shown
from pv.api.fields import PartialDateField
from pv.api.idempotency import once
from pv.core.errors import NotAllowed, NotFound
from pv.patients import services
from pv.patients.models import Consent, Patient, Treatment, TreatmentLot
from pv.patients.scope import restrict
from pv.terminology.clinical import YesNo


class PatientResource(Resource):
    """Rows about patients; whoever is bound to a centre sees that centre's."""

    verb = "patient.read"
    centre_path = "patient__centre_id"

    def get_queryset(self) -> QuerySet[Any]:
        rows = super().get_queryset()
        if getattr(self, "swagger_fake_view", False):
            return rows
        return restrict(rows, self.caller, self.visible(), self.centre_path)

    def add(self, form: type[serializers.Serializer[Any]], service: Any) -> Response:
        """Validate, call one service for the organisation worked for, show what was made."""

        def do() -> Response:
            given = form(data=self.request.data)
            given.is_valid(raise_exception=True)
            organisation = access_for(self.request).organisation
            if organisation is None:
                raise NotAllowed(_("This organisation is not yours."))
            made = service(self.caller, organisation, **given.validated_data)
            return self.shown(self.get_queryset().get(pk=made.pk), status=201)

        return once(self.request, do)


class PatientShown(Shown):
    class Meta:
        model = Patient
        fields = (
            "id",
            "organisation",
            "code",
            "sex",
            "birth_year",
            "centre",
            "centre_text",
            "in_care_since",
            "state",
            "died_on",
            "died_precision",
            "version",
            "created_at",
        )


class PatientFilter(Filters):
    organisation = filters.UUIDFilter(field_name="organisation_id")
    centre = filters.UUIDFilter(field_name="centre_id")
    product = filters.UUIDFilter(field_name="treatments__product_id", distinct=True)

    class Meta:
        model = Patient
        fields = ("code", "state")


class NewPatient(serializers.Serializer[Any]):
    """A patient under a code. in_care_since: for patients loaded later, whose visits from that day on are owed."""

    code = serializers.CharField(max_length=40)
    sex = serializers.ChoiceField(choices=Patient.Sex.choices, required=False)
    birth_year = serializers.IntegerField(min_value=1900, max_value=2100, required=False, allow_null=True)
    centre = serializers.UUIDField(source="centre_id", required=False, allow_null=True)
    centre_text = serializers.CharField(max_length=200, required=False, allow_blank=True)
    in_care_since = serializers.DateField(required=False, allow_null=True)


class Death(serializers.Serializer[Any]):
    """What is known of a death; died_on may be partial."""

    learned_on = serializers.DateField()
    source = serializers.CharField(max_length=200)  # type: ignore[assignment]  # an input of this name
    died_on = PartialDateField(source="died", required=False, allow_null=True)
    cause = serializers.CharField(max_length=300, required=False, allow_blank=True)
    suspected = serializers.ChoiceField(choices=YesNo.choices, required=False, allow_blank=True)
    autopsy = serializers.ChoiceField(choices=YesNo.choices, required=False, allow_blank=True)


class VerifiedDeath(Death):
    """A document proves it, and when."""

    died_on = PartialDateField(source="died")


class Loss(serializers.Serializer[Any]):
    """Nobody could be reached, and what was tried."""

    learned_on = serializers.DateField()
    reason = serializers.CharField(max_length=500)


class Return(serializers.Serializer[Any]):
    """In touch again."""

    learned_on = serializers.DateField()
    source = serializers.CharField(max_length=200)  # type: ignore[assignment]  # an input of this name


class TransferForm(serializers.Serializer[Any]):
    """To a contracted centre, or to any hospital in words."""

    on = serializers.DateField()
    to_centre = serializers.UUIDField(source="to_centre_id", required=False, allow_null=True)
    to_text = serializers.CharField(max_length=200, required=False, allow_blank=True)
    reason = serializers.CharField(max_length=500, required=False, allow_blank=True)


class ConsentForm(serializers.Serializer[Any]):
    """Consent to one scope."""

    scope = serializers.ChoiceField(choices=Consent.Scope.choices)
    given_on = serializers.DateField()
    document = serializers.CharField(max_length=200, required=False, allow_blank=True)


class Withdrawal(serializers.Serializer[Any]):
    """Consent to one scope taken back."""

    scope = serializers.ChoiceField(choices=Consent.Scope.choices)
    withdrawn_on = serializers.DateField()
    document = serializers.CharField(max_length=200, required=False, allow_blank=True)


class Patients(PatientResource):
    """Patients of one's organisations."""

    queryset = Patient.objects.all()
    serializer_class = PatientShown
    filterset_class = PatientFilter
    centre_path = "centre_id"

    @extend_schema(request=NewPatient, responses={201: PatientShown})
    def create(self, request: Request) -> Response:
        """Take a patient into care."""
        return self.add(
            NewPatient,
            lambda by, organisation, **given: services.register_patient(by=by, organisation=organisation, **given),
        )

    @extend_schema(request=Death, responses=PatientShown)
    @action(detail=True, methods=["post"])
    def death(self, request: Request, pk: str = "") -> Response:
        """Record that a death was reported: visits pause at once."""
        return self.act(Death, _of_patient(services.report_death), verb="intake.write")

    @extend_schema(request=VerifiedDeath, responses=PatientShown)
    @action(detail=True, methods=["post"], url_path="verify-death")
    def verify_death(self, request: Request, pk: str = "") -> Response:
        """Record that a document proves the death."""
        return self.act(VerifiedDeath, _of_patient(services.verify_death), verb="vital.verify")

    @extend_schema(request=Loss, responses=PatientShown)
    @action(detail=True, methods=["post"])
    def lost(self, request: Request, pk: str = "") -> Response:
        """Record that nobody could be reached; the patient is still asked for year by year."""
        return self.act(Loss, _of_patient(services.mark_lost), verb="patient.write")

    @extend_schema(request=Return, responses=PatientShown)
    @action(detail=True, methods=["post"])
    def found(self, request: Request, pk: str = "") -> Response:
        """Record that a patient who was lost is in touch again."""
        return self.act(Return, _of_patient(services.found_again), verb="patient.write")

    @extend_schema(request=TransferForm, responses=PatientShown)
    @action(detail=True, methods=["post"])
    def transfer(self, request: Request, pk: str = "") -> Response:
        """Hand the patient over; open visits move the same day."""
        return self.act(TransferForm, _of_patient(services.transfer), verb="patient.write")

    @extend_schema(request=ConsentForm, responses=PatientShown)
    @action(detail=True, methods=["post"])
    def consent(self, request: Request, pk: str = "") -> Response:
        """Record consent to one scope."""
        return self.act(ConsentForm, _of_patient(services.give_consent), verb="patient.write")

    @extend_schema(request=Withdrawal, responses=PatientShown)
    @action(detail=True, methods=["post"], url_path="withdraw-consent")
    def withdraw_consent(self, request: Request, pk: str = "") -> Response:
        """Record that consent to one scope is taken back."""
        return self.act(Withdrawal, _of_patient(services.withdraw_consent), verb="patient.write")


def _of_patient(service: Any) -> Any:
    """The resource has locked the row and compared its version: the service need not again."""

    def call(row: Patient, by: Any, **given: Any) -> None:
        service(by=by, patient_id=row.pk, **given)

    return call


class BagsShown(serializers.ModelSerializer[Any]):
    """Bags of one lot."""

    code = serializers.CharField(source="lot.code", read_only=True)

    class Meta:
        model = TreatmentLot
        fields = ("lot", "code", "bags")
        read_only_fields = fields


class TreatmentShown(Shown):
    """One infusion of a product, from the order on."""

    lots = BagsShown(many=True)

    class Meta:
        model = Treatment
        fields = (
            "id",
            "organisation",
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
            "lots",
            "version",
            "created_at",
        )


class TreatmentFilter(Filters):
    organisation = filters.UUIDFilter(field_name="organisation_id")
    patient = filters.UUIDFilter(field_name="patient_id")
    product = filters.UUIDFilter(field_name="product_id")
    study = filters.UUIDFilter(field_name="study_id")
    vector_batch = filters.UUIDFilter(field_name="lots__lot__vector_batch_id", distinct=True)
    lot = filters.UUIDFilter(field_name="lots__lot_id", distinct=True)
    infused_from = filters.DateFilter(field_name="infused_on", lookup_expr="gte")
    infused_to = filters.DateFilter(field_name="infused_on", lookup_expr="lte")

    class Meta:
        model = Treatment
        fields = ("programme",)


class Bags(serializers.Serializer[Any]):
    """So many bags of one lot."""

    lot = serializers.UUIDField()
    bags = serializers.IntegerField(min_value=1, max_value=1000, required=False, default=1)


class Given(serializers.Serializer[Any]):
    """What was given."""

    dose = serializers.DecimalField(max_digits=14, decimal_places=3, min_value=0, required=False, allow_null=True)
    dose_unit = serializers.CharField(max_length=40, required=False, allow_blank=True)
    lymphodepletion = serializers.CharField(max_length=200, required=False, allow_blank=True)
    lots = Bags(many=True, required=False)


class NewTreatment(Given):
    """A treatment at whatever stage it is: ordered only, or given long ago."""

    patient = serializers.UUIDField(source="patient_id")
    product = serializers.UUIDField(source="product_id")
    study = serializers.UUIDField(source="study_id", required=False, allow_null=True)
    centre = serializers.UUIDField(source="centre_id", required=False, allow_null=True)
    indication = serializers.CharField(max_length=300)
    programme = serializers.ChoiceField(choices=Treatment.Programme.choices, required=False)
    label_use = serializers.ChoiceField(choices=Treatment.Label.choices, required=False)
    region = serializers.CharField(max_length=60, required=False, allow_blank=True)
    ordered_on = serializers.DateField(required=False, allow_null=True)
    apheresis_on = serializers.DateField(required=False, allow_null=True)
    released_on = serializers.DateField(required=False, allow_null=True)
    released_out_of_specification = serializers.BooleanField(required=False)
    infused_on = serializers.DateField(required=False, allow_null=True)
    returned_on = serializers.DateField(required=False, allow_null=True)


class Infusion(Given):
    """The day the product was given."""

    infused_on = serializers.DateField()


class Treatments(PatientResource):
    """Treatments of the patients of one's organisations."""

    queryset = Treatment.objects.prefetch_related("lots__lot")
    serializer_class = TreatmentShown
    filterset_class = TreatmentFilter

    @extend_schema(request=NewTreatment, responses={201: TreatmentShown})
    def create(self, request: Request) -> Response:
        """Record a treatment; where it was given, follow-up begins."""
        return self.add(NewTreatment, self._record)

    def _record(self, by: Any, organisation: Any, *, patient_id: Any, **given: Any) -> Treatment:
        seen = restrict(Patient.objects.all(), by, self.visible(), "centre_id")
        named = seen.filter(pk=patient_id).first()
        if named is None:
            raise NotFound(_("There is no such record."), field="patient")
        return services.record_treatment(by=by, patient_id=named.pk, **_with_lots(given))

    @extend_schema(request=Infusion, responses=TreatmentShown)
    @action(detail=True, methods=["post"])
    def infuse(self, request: Request, pk: str = "") -> Response:
        """The product was given: follow-up begins."""
        return self.act(
            Infusion,
            lambda row, by, **given: services.infuse(by=by, treatment_id=row.pk, **_with_lots(given)),
            verb="patient.write",
        )


def _with_lots(given: dict[str, Any]) -> dict[str, Any]:
    return given | {"lots": [(one["lot"], one["bags"]) for one in given.pop("lots", [])]}
