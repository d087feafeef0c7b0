"""The ledger of what was learnt at visits and contacts."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from pv.accounts.models import TenantModel, User
from pv.core.partial_columns import date_and_precision, precision_column
from pv.followup.models.visits import Visit
from pv.patients.models import Patient
from pv.terminology.clinical import Biopsy, Causality, EventKind, Lineage, Malignancy, Outcome, Serious, Source, YesNo


class VisitRecord(TenantModel):
    """Ledger: what was learnt at a visit or contact. A correction is a new record that names the one it corrects."""

    class Kind(models.TextChoices):
        FULL = "full", _("full visit")
        MINIMAL = "minimal", _("minimum contact")
        MISSED = "missed", _("missed visit")

    class Way(models.TextChoices):
        IN_PERSON = "in_person", _("in person")
        PHONE = "phone", _("phone")
        MESSAGE = "message", _("message")
        HOSPITAL_RECORD = "hospital_record", _("hospital record")
        REGISTRY = "registry", _("registry")

    class Disease(models.TextChoices):
        COMPLETE = "complete_response", _("complete response")
        PARTIAL = "partial_response", _("partial response")
        STABLE = "stable", _("stable disease")
        PROGRESSION = "progression", _("relapse or progression")
        UNKNOWN = "unknown", _("not known")

    patient = models.ForeignKey(
        Patient, models.PROTECT, db_constraint=False, db_index=False, related_name="records", verbose_name=_("patient")
    )
    visit = models.ForeignKey(
        Visit,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="records",
        verbose_name=_("visit"),
    )
    corrects = models.ForeignKey(
        "self",
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="corrections",
        verbose_name=_("corrects"),
    )
    submission = models.UUIDField(_("submission"))
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    way = models.CharField(_("how"), max_length=16, choices=Way.choices, default=Way.IN_PERSON)
    source = models.CharField(_("source"), max_length=16, choices=Source.choices, default=Source.VISIT)
    seen_on = models.DateField(_("seen on"), null=True, blank=True)
    seen_precision = precision_column()
    alive = models.CharField(_("alive"), max_length=7, choices=YesNo.choices, default=YesNo.UNKNOWN)
    reachable_at = models.CharField(_("where the patient is looked after now"), max_length=200, blank=True)
    # --- when it became known, and to whom: day 0 is the earliest of delegate's and holder's
    known_to_site_on = models.DateField(_("known to the site on"), null=True, blank=True)
    known_to_delegate_on = models.DateField(_("known to the delegate on"), null=True, blank=True)
    known_to_holder_on = models.DateField(_("known to the holder on"))
    # --- new malignancy
    malignancy = models.CharField(
        _("new malignancy (second primary; not relapse, progression, transformation or metastasis)"),
        max_length=9,
        choices=Malignancy.choices,
        default=Malignancy.NOT_ASKED,
    )
    diagnosis = models.CharField(_("diagnosis, in the reporter's words"), max_length=300, blank=True)
    lineage = models.CharField(_("lineage"), max_length=8, choices=Lineage.choices, blank=True)
    onset_on = models.DateField(_("onset"), null=True, blank=True)
    onset_precision = precision_column()
    biopsy = models.CharField(_("biopsy"), max_length=12, choices=Biopsy.choices, blank=True)
    biopsy_on = models.DateField(_("biopsy on"), null=True, blank=True)
    diagnosed_by = models.CharField(_("how it was diagnosed"), max_length=200, blank=True)
    # --- death
    died_on = models.DateField(_("died on"), null=True, blank=True)
    died_precision = precision_column()
    death_cause = models.CharField(_("cause of death"), max_length=300, blank=True)
    death_suspected = models.CharField(
        _("reaction to the product suspected"), max_length=7, choices=YesNo.choices, blank=True
    )
    death_autopsy = models.CharField(_("autopsy"), max_length=7, choices=YesNo.choices, blank=True)
    # --- the full visit
    disease_status = models.CharField(_("treated disease"), max_length=18, choices=Disease.choices, blank=True)
    ecog = models.PositiveSmallIntegerField(_("ECOG"), null=True, blank=True)
    new_therapy = models.CharField(_("new anti-cancer therapy"), max_length=200, blank=True)
    new_therapy_on = models.DateField(_("since"), null=True, blank=True)
    leukocytes = models.DecimalField(_("leukocytes (10⁹/l)"), max_digits=7, decimal_places=2, null=True, blank=True)
    neutrophils = models.DecimalField(_("neutrophils (10⁹/l)"), max_digits=7, decimal_places=2, null=True, blank=True)
    haemoglobin = models.DecimalField(_("haemoglobin (g/l)"), max_digits=6, decimal_places=1, null=True, blank=True)
    platelets = models.DecimalField(_("platelets (10⁹/l)"), max_digits=7, decimal_places=1, null=True, blank=True)
    b_cells = models.DecimalField(_("B cells (per µl)"), max_digits=8, decimal_places=1, null=True, blank=True)
    igg = models.DecimalField(_("IgG (g/l)"), max_digits=6, decimal_places=2, null=True, blank=True)
    transgene_copies = models.DecimalField(
        _("transgene copies (per µg DNA)"), max_digits=12, decimal_places=1, null=True, blank=True
    )
    # --- the missed visit
    missed_reason = models.CharField(_("why it was missed"), max_length=300, blank=True)
    # --- who told us
    reporter_name = models.CharField(_("told by"), max_length=120, blank=True)
    reporter_profession = models.CharField(_("profession"), max_length=60, blank=True)
    reporter_institution = models.CharField(_("institution"), max_length=200, blank=True)
    reporter_phone = models.CharField(_("phone"), max_length=40, blank=True)
    reporter_consents = models.CharField(_("may be contacted"), max_length=7, choices=YesNo.choices, blank=True)
    note = models.TextField(_("note"), blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("recorded by"))
    at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("visit record")
        verbose_name_plural = _("visit records")
        ordering = ["at", "id"]
        constraints = [
            models.UniqueConstraint("organisation", "submission", name="visit_record_saved_once_a_submission"),
            date_and_precision("seen_on", precision="seen_precision", name="visit_record_seen_and_precision_together"),
            date_and_precision(
                "onset_on", precision="onset_precision", name="visit_record_onset_and_precision_together"
            ),
            date_and_precision("died_on", precision="died_precision", name="visit_record_death_and_precision_together"),
            models.CheckConstraint(
                name="visit_record_seen_unless_missed", condition=Q(kind="missed") | Q(seen_on__isnull=False)
            ),
            models.CheckConstraint(
                name="visit_record_missed_says_why", condition=~Q(kind="missed") | ~Q(missed_reason="")
            ),
            models.CheckConstraint(
                name="visit_record_malignancy_is_named",
                condition=~Q(malignancy__in=["confirmed", "suspected"]) | (~Q(diagnosis="") & ~Q(lineage="")),
            ),
            models.CheckConstraint(name="visit_record_ecog_from_0_to_5", condition=Q(ecog=None) | Q(ecog__lte=5)),
        ]
        indexes = [
            models.Index(fields=["organisation", "patient", "seen_on"], name="visit_record_of_a_patient"),
        ]

    def __str__(self) -> str:
        return f"{self.patient} · {self.get_kind_display()} · {self.seen_on or '–'}"


class ReportedEvent(TenantModel):
    """Ledger: one adverse event told at a visit, in the reporter's words and judgement. Each opens an inbox item."""

    record = models.ForeignKey(
        VisitRecord,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="events",
        verbose_name=_("record"),
    )
    kind = models.CharField(_("kind"), max_length=15, choices=EventKind.choices)
    verbatim = models.CharField(_("event, in the reporter's words"), max_length=300)
    onset_on = models.DateField(_("onset"), null=True, blank=True)
    onset_precision = precision_column()
    grade = models.PositiveSmallIntegerField(_("grade"), null=True, blank=True)
    seriousness = ArrayField(
        models.CharField(max_length=16, choices=Serious.choices),
        verbose_name=_("serious because"),
        default=list,
        blank=True,
    )
    hospital_from = models.DateField(_("in hospital from"), null=True, blank=True)
    hospital_to = models.DateField(_("until"), null=True, blank=True)
    treatment_given = models.CharField(_("treated with"), max_length=300, blank=True)
    dechallenge = models.CharField(_("dechallenge"), max_length=120, blank=True)
    outcome = models.CharField(
        pgettext_lazy("reaction", "outcome"), max_length=14, choices=Outcome.choices, default=Outcome.UNKNOWN
    )
    reporter_causality = models.CharField(
        _("reporter's causality"), max_length=12, choices=Causality.choices, default=Causality.PENDING
    )

    class Meta:
        verbose_name = _("reported event")
        verbose_name_plural = _("reported events")
        constraints = [
            date_and_precision(
                "onset_on", precision="onset_precision", name="reported_event_onset_and_precision_together"
            ),
            models.CheckConstraint(
                name="reported_event_grade_from_1_to_5", condition=Q(grade=None) | Q(grade__range=(1, 5))
            ),
        ]

    def __str__(self) -> str:
        return self.verbatim
