"""One treated person under a code, and what was known before the infusion."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pv.accounts.models import Party, TenantModel
from pv.core.partial_columns import date_and_precision, precision_column
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
