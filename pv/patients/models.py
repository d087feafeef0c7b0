"""Patient, MedicalHistory, Treatment with its bags, Consent, VitalStatus, Transfer, and the vault of identifiers."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pv.accounts.models import Party, Signature, TenantModel, User
from pv.core.partial_columns import date_and_precision, precision_column
from pv.products.models import Lot, Product, Study
from pv.terminology.clinical import YesNo


class Patient(TenantModel):
    """One treated person under a code. Cancellation of the authorisation ends nothing here."""

    class Sex(models.TextChoices):
        FEMALE = "female", _("female")
        MALE = "male", _("male")
        UNKNOWN = "unknown", _("not known")

    class State(models.TextChoices):
        ACTIVE = "active", _("in follow-up")
        LOST = "lost", _("lost to follow-up")
        REPORTED_DEAD = "reported_dead", _("reported dead, unverified")
        DIED = "died", _("died")

    code = models.CharField(_("patient code"), max_length=40)
    sex = models.CharField(_("sex"), max_length=8, choices=Sex.choices, default=Sex.UNKNOWN)
    birth_year = models.PositiveSmallIntegerField(_("year of birth"), null=True, blank=True)
    centre = models.ForeignKey(
        Party,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("centre"),
    )
    centre_text = models.CharField(_("looked after by (free text)"), max_length=200, blank=True)
    # Given for patients loaded later: visits from that day on are owed. Else nothing from before the recording is.
    in_care_since = models.DateField(_("in our care since"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=14, choices=State.choices, default=State.ACTIVE)
    died_on = models.DateField(_("died on"), null=True, blank=True)
    died_precision = precision_column()
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        verbose_name = _("patient")
        verbose_name_plural = _("patients")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint("organisation", "code", name="patient_code_once_in_an_organisation"),
            models.CheckConstraint(
                name="patient_state_is_known", condition=Q(state__in=["active", "lost", "reported_dead", "died"])
            ),
            models.CheckConstraint(
                name="patient_birth_year_is_plausible", condition=Q(birth_year=None) | Q(birth_year__range=(1900, 2100))
            ),
            date_and_precision("died_on", precision="died_precision", name="patient_death_date_and_precision_together"),
            models.CheckConstraint(
                name="patient_date_of_death_belongs_to_the_dead",
                condition=Q(died_on=None) | Q(state__in=["reported_dead", "died"]),
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "centre", "code"], name="patient_of_a_centre"),
            models.Index(fields=["organisation", "state", "code"], name="patient_by_state"),
        ]

    def __str__(self) -> str:
        return self.code


class MedicalHistory(TenantModel):
    """What was known of a patient before the infusion: what reports ask for later (practice 24)."""

    class Virus(models.TextChoices):
        NEGATIVE = "negative", _("negative")
        POSITIVE = "positive", _("positive")
        PAST = "past", _("past infection")
        UNKNOWN = "unknown", _("not known")

    patient = models.ForeignKey(
        Patient,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="histories",
        verbose_name=_("patient"),
    )
    height_cm = models.DecimalField(_("height (cm)"), max_digits=5, decimal_places=1, null=True, blank=True)
    weight_kg = models.DecimalField(_("weight (kg)"), max_digits=5, decimal_places=1, null=True, blank=True)
    nationality = models.CharField(_("nationality"), max_length=60, blank=True)
    ethnic_group = models.CharField(_("ethnic group"), max_length=60, blank=True)
    allergies = models.TextField(_("allergies and earlier reactions"), blank=True)
    smoking = models.CharField(_("smoking"), max_length=120, blank=True)
    alcohol = models.CharField(_("alcohol"), max_length=120, blank=True)
    liver_history = models.CharField(_("liver disease"), max_length=200, blank=True)
    kidney_history = models.CharField(_("kidney disease"), max_length=200, blank=True)
    family_tumours = models.CharField(_("tumours in the family"), max_length=200, blank=True)
    earlier_tumours = models.TextField(_("tumours before the infusion, besides the treated one"), blank=True)
    prior_lines = models.TextField(_("earlier lines of therapy, by agent"), blank=True)
    radiotherapy = models.CharField(_("radiotherapy"), max_length=7, choices=YesNo.choices, default=YesNo.UNKNOWN)
    transplant = models.CharField(_("stem cell transplant"), max_length=7, choices=YesNo.choices, default=YesNo.UNKNOWN)
    hbv = models.CharField(_("HBV"), max_length=8, choices=Virus.choices, default=Virus.UNKNOWN)
    hcv = models.CharField(_("HCV"), max_length=8, choices=Virus.choices, default=Virus.UNKNOWN)
    ebv = models.CharField(_("EBV"), max_length=8, choices=Virus.choices, default=Virus.UNKNOWN)
    hiv = models.CharField(_("HIV"), max_length=8, choices=Virus.choices, default=Virus.UNKNOWN)
    htlv = models.CharField(_("HTLV-1"), max_length=8, choices=Virus.choices, default=Virus.UNKNOWN)
    clonal_haematopoiesis = models.CharField(
        _("clonal haematopoiesis"), max_length=7, choices=YesNo.choices, default=YesNo.UNKNOWN
    )
    clonal_note = models.CharField(_("genes and allele fractions"), max_length=200, blank=True)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        verbose_name = _("medical history")
        verbose_name_plural = _("medical histories")
        constraints = [models.UniqueConstraint("organisation", "patient", name="one_medical_history_a_patient")]

    def __str__(self) -> str:
        return str(self.patient)


class Treatment(TenantModel):
    """One infusion of a product, from order to infusion or return. A re-infusion is a treatment of its own."""

    class Programme(models.TextChoices):
        COMMERCIAL = "commercial", _("commercial")
        CONFIRMATORY = "confirmatory", _("confirmatory trial")
        FOLLOW_UP = "follow_up", _("follow-up study")
        NAMED_PATIENT = "named_patient", _("named patient")

    class Label(models.TextChoices):
        ON = "on", _("on label")
        OFF = "off", _("off label")
        UNKNOWN = "unknown", _("not known")

    patient = models.ForeignKey(
        Patient,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="treatments",
        verbose_name=_("patient"),
    )
    no = models.PositiveSmallIntegerField(_("number"), default=1)
    product = models.ForeignKey(
        Product, models.PROTECT, db_constraint=False, db_index=False, related_name="+", verbose_name=_("product")
    )
    study = models.ForeignKey(
        Study,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("study"),
    )
    centre = models.ForeignKey(
        Party,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("treated at"),
    )
    programme = models.CharField(_("programme"), max_length=14, choices=Programme.choices, default=Programme.COMMERCIAL)
    indication = models.CharField(_("indication"), max_length=300)
    label_use = models.CharField(_("use"), max_length=8, choices=Label.choices, default=Label.UNKNOWN)
    region = models.CharField(_("province"), max_length=60, blank=True)
    ordered_on = models.DateField(_("ordered on"), null=True, blank=True)
    apheresis_on = models.DateField(_("apheresis on"), null=True, blank=True)
    released_on = models.DateField(_("released on"), null=True, blank=True)
    released_out_of_specification = models.BooleanField(_("released out of specification"), default=False)
    infused_on = models.DateField(_("infused on"), null=True, blank=True)
    returned_on = models.DateField(_("returned on"), null=True, blank=True)
    lymphodepletion = models.CharField(_("lymphodepletion"), max_length=200, blank=True)
    dose = models.DecimalField(_("dose"), max_digits=14, decimal_places=3, null=True, blank=True)
    dose_unit = models.CharField(_("unit of the dose"), max_length=40, blank=True)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        verbose_name = _("treatment")
        verbose_name_plural = _("treatments")
        ordering = ["patient", "no"]
        constraints = [
            models.UniqueConstraint("organisation", "patient", "no", name="treatment_number_once_a_patient"),
            models.CheckConstraint(
                name="treatment_is_infused_or_returned",
                condition=Q(infused_on=None) | Q(returned_on=None),
            ),
            models.CheckConstraint(
                name="treatment_infused_after_apheresis",
                condition=Q(infused_on=None) | Q(apheresis_on=None) | Q(infused_on__gte=models.F("apheresis_on")),
            ),
            models.CheckConstraint(
                name="treatment_dose_and_unit_together",
                condition=Q(dose=None, dose_unit="") | (Q(dose__gt=0) & ~Q(dose_unit="")),
            ),
        ]
        indexes = [models.Index(fields=["organisation", "product", "infused_on"], name="treatment_of_a_product")]

    def __str__(self) -> str:
        return f"{self.patient} · {self.product} · {self.infused_on or '–'}"


class TreatmentLot(TenantModel):
    """Bags of one lot given in one treatment; there may be several bags and lots."""

    treatment = models.ForeignKey(
        Treatment, models.PROTECT, db_constraint=False, db_index=False, related_name="lots", verbose_name=_("treatment")
    )
    lot = models.ForeignKey(
        Lot, models.PROTECT, db_constraint=False, db_index=False, related_name="treatments", verbose_name=_("lot")
    )
    bags = models.PositiveSmallIntegerField(_("bags"), default=1)

    class Meta:
        verbose_name = _("lot of a treatment")
        verbose_name_plural = _("lots of treatments")
        constraints = [
            models.UniqueConstraint("organisation", "treatment", "lot", name="lot_once_in_a_treatment"),
            models.CheckConstraint(name="treatment_lot_has_bags", condition=Q(bags__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.lot}"


class Consent(TenantModel):
    """Consent to one scope, from and until when. Withdrawal of one scope leaves the others (practice 23)."""

    class Scope(models.TextChoices):
        CONTACT = "contact", _("being contacted")
        STUDY_DATA = "study_data", _("study data")
        NEW_SAMPLES = "new_samples", _("new samples")
        STORED_SAMPLES = "stored_samples", _("stored samples")
        GENETIC_TESTING = "genetic_testing", _("genetic testing")
        SHARING = "sharing", _("sharing with other parties")
        EXPORT = "export", _("leaving the country")

    patient = models.ForeignKey(
        Patient, models.PROTECT, db_constraint=False, db_index=False, related_name="consents", verbose_name=_("patient")
    )
    scope = models.CharField(_("scope"), max_length=16, choices=Scope.choices)
    given_on = models.DateField(_("given on"))
    withdrawn_on = models.DateField(_("withdrawn on"), null=True, blank=True)
    document = models.CharField(_("form and version"), max_length=200, blank=True)
    withdrawal_document = models.CharField(_("evidence of the withdrawal"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ["scope", "-given_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "patient", "scope"],
                name="consent_stands_once_for_each_scope",
                condition=Q(withdrawn_on=None),
            ),
            models.CheckConstraint(
                name="consent_withdrawn_after_it_was_given",
                condition=Q(withdrawn_on=None) | Q(withdrawn_on__gte=models.F("given_on")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.patient} · {self.get_scope_display()}"


class VitalStatus(TenantModel):
    """Ledger: what was learnt about life and death, when, and from whom."""

    class Status(models.TextChoices):
        ALIVE = "alive", _("alive")
        LOST = "lost", _("lost to follow-up")
        FOUND = "found", _("found again")
        REPORTED_DEAD = "reported_dead", _("reported dead, unverified")
        DIED = "died", _("death verified")
        ALIVE_AFTER_ALL = "alive_after_all", _("alive after all")

    patient = models.ForeignKey(
        Patient, models.PROTECT, db_constraint=False, db_index=False, related_name="vital", verbose_name=_("patient")
    )
    status = models.CharField(_("status"), max_length=16, choices=Status.choices)
    on = models.DateField(_("on"), null=True, blank=True)
    on_precision = precision_column()
    learned_on = models.DateField(_("learnt on"))
    source = models.CharField(_("from whom"), max_length=200)
    cause = models.CharField(_("cause of death"), max_length=300, blank=True)
    suspected_reaction = models.CharField(
        _("reaction to the product suspected"), max_length=7, choices=YesNo.choices, blank=True
    )
    autopsy = models.CharField(_("autopsy"), max_length=7, choices=YesNo.choices, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    signature = models.ForeignKey(
        Signature,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("signature"),
    )
    at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("vital status")
        verbose_name_plural = _("vital status")
        ordering = ["at", "id"]
        constraints = [
            date_and_precision("on", precision="on_precision", name="vital_status_date_and_precision_together"),
            models.CheckConstraint(
                name="vital_status_back_to_life_is_signed",
                condition=~Q(status="alive_after_all") | Q(signature__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.patient} · {self.get_status_display()}"


class Transfer(TenantModel):
    """Ledger: who looks after the patient from when on. Moving province ends nothing (practice 20)."""

    patient = models.ForeignKey(
        Patient,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="transfers",
        verbose_name=_("patient"),
    )
    from_centre = models.ForeignKey(
        Party,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("from"),
    )
    to_centre = models.ForeignKey(
        Party,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("to"),
    )
    to_text = models.CharField(_("to (free text)"), max_length=200, blank=True)
    on = models.DateField(_("on"))
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(
                name="transfer_leads_somewhere", condition=Q(to_centre__isnull=False) | ~Q(to_text="")
            )
        ]

    def __str__(self) -> str:
        return f"{self.patient} · {self.on}"


class Identity(TenantModel):
    """The vault: direct identifiers, each encrypted for this row and column (pv.patients.vault), with blind indexes.

    Nothing here is ever in clear in the database, its history or its dumps.
    """

    patient = models.ForeignKey(
        Patient,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="identities",
        verbose_name=_("patient"),
    )
    name = models.TextField(_("name, encrypted"), blank=True)
    birth_date = models.TextField(_("date of birth, encrypted"), blank=True)
    phone = models.TextField(_("phone, encrypted"), blank=True)
    hospital_number = models.TextField(_("hospital number, encrypted"), blank=True)
    name_index = models.CharField(_("blind index of the name"), max_length=64, blank=True)
    phone_index = models.CharField(_("blind index of the phone"), max_length=64, blank=True)
    hospital_number_index = models.CharField(_("blind index of the hospital number"), max_length=64, blank=True)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")
        constraints = [
            models.UniqueConstraint("organisation", "patient", name="one_identity_a_patient"),
            *(
                models.CheckConstraint(
                    name=f"identity_{column}_is_encrypted",
                    condition=Q(**{column: ""}) | Q(**{f"{column}__startswith": "v1:"}),
                )
                for column in ("name", "birth_date", "phone", "hospital_number")
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "name_index"], name="identity_by_name"),
            models.Index(fields=["organisation", "phone_index"], name="identity_by_phone"),
            models.Index(fields=["organisation", "hospital_number_index"], name="identity_by_hospital_no"),
        ]

    def __str__(self) -> str:
        return str(self.patient_id)
