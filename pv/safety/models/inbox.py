"""The inbox: every arriving report, before it is a case."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from pv.accounts.models import TenantModel, User
from pv.core.partial_columns import date_and_precision, precision_column
from pv.followup.models import VisitRecord
from pv.patients.models import Patient, Treatment
from pv.products.models import Product
from pv.safety.models.cases import Case
from pv.terminology.clinical import Biopsy, Causality, Lineage, Malignancy, Outcome, Serious, Source, YesNo


class InboxItem(TenantModel):
    """One arriving report, before it is a case (lesson 33). It saves without a matched patient (practice 25)."""

    class Kind(models.TextChoices):
        MALIGNANCY = "malignancy", _("new malignancy")
        RELAPSE = "relapse", _("relapse, not biopsied")
        ADVERSE_EVENT = "adverse_event", _("adverse event")
        DEATH = "death", _("death")
        PREGNANCY = "pregnancy", _("pregnancy")

    class State(models.TextChoices):
        NEW = "new", _("new")
        CASE = "case", _("became a case")
        FOLLOW_UP = "follow_up", _("follow-up to a case")
        DUPLICATE = "duplicate", _("duplicate")
        NOT_VALID = "not_valid", _("not valid")
        NOT_REPORTABLE = "not_reportable", _("not reportable")
        STOOD_DOWN = "stood_down", _("suspicion stood down")

    number = models.CharField(_("inbox number"), max_length=20)
    kind = models.CharField(_("kind"), max_length=14, choices=Kind.choices)
    state = models.CharField(_("state"), max_length=14, choices=State.choices, default=State.NEW)
    source = models.CharField(_("source"), max_length=16, choices=Source.choices)
    record = models.ForeignKey(
        VisitRecord,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="inbox_items",
        verbose_name=_("visit record"),
    )
    reported_event = models.UUIDField(_("event of the record"), null=True, blank=True)
    patient = models.ForeignKey(
        Patient,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="inbox_items",
        verbose_name=_("patient"),
    )
    treatment = models.ForeignKey(
        Treatment,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("treatment"),
    )
    product = models.ForeignKey(
        Product,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("product"),
    )
    product_text = models.CharField(_("product as told"), max_length=200, blank=True)
    patient_text = models.CharField(_("patient as far as known"), max_length=300, blank=True)
    # --- what happened
    malignancy = models.CharField(
        _("new malignancy"), max_length=9, choices=Malignancy.choices, default=Malignancy.NOT_ASKED
    )
    diagnosis = models.CharField(_("what happened, in the reporter's words"), max_length=300)
    lineage = models.CharField(_("lineage"), max_length=8, choices=Lineage.choices, blank=True)
    narrative = models.TextField(_("original record"), blank=True)
    onset_on = models.DateField(_("onset"), null=True, blank=True)
    onset_precision = precision_column()
    biopsy = models.CharField(_("biopsy"), max_length=12, choices=Biopsy.choices, blank=True)
    biopsy_on = models.DateField(_("biopsy on"), null=True, blank=True)
    treatment_planned_on = models.DateField(_("anti-tumour treatment planned on"), null=True, blank=True)
    serious = models.BooleanField(_("serious"), default=False)
    seriousness = ArrayField(
        models.CharField(max_length=16, choices=Serious.choices),
        verbose_name=_("serious because"),
        default=list,
        blank=True,
    )
    outcome = models.CharField(
        pgettext_lazy("reaction", "outcome"), max_length=14, choices=Outcome.choices, default=Outcome.UNKNOWN
    )
    reporter_causality = models.CharField(
        _("reporter's causality"), max_length=12, choices=Causality.choices, default=Causality.PENDING
    )
    died_on = models.DateField(_("died on"), null=True, blank=True)
    died_precision = precision_column()
    death_cause = models.CharField(_("cause of death"), max_length=300, blank=True)
    death_suspected = models.CharField(
        _("reaction to the product suspected"), max_length=7, choices=YesNo.choices, blank=True
    )
    # --- who told whom, and when it was known
    reporter_name = models.CharField(_("caller"), max_length=120, blank=True)
    reporter_profession = models.CharField(_("profession"), max_length=60, blank=True)
    reporter_institution = models.CharField(_("hospital"), max_length=200, blank=True)
    reporter_phone = models.CharField(_("call-back number"), max_length=40, blank=True)
    reporter_consents = models.CharField(_("may be contacted"), max_length=7, choices=YesNo.choices, blank=True)
    known_to_site_on = models.DateField(_("known to the site on"), null=True, blank=True)
    known_to_delegate_on = models.DateField(_("known to the delegate on"), null=True, blank=True)
    known_to_holder_on = models.DateField(_("known to the holder on"))
    day_zero = models.DateField(_("day 0"))
    received_at = models.DateTimeField(_("received at"))
    first_receiver = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("first receiver"))
    submission = models.UUIDField(_("submission"))
    # --- triage
    case = models.ForeignKey(
        Case,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="items",
        verbose_name=_("case"),
    )
    duplicate_of = models.ForeignKey(
        "self",
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="duplicates",
        verbose_name=_("duplicate of"),
    )
    triaged_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("triaged by")
    )
    triaged_at = models.DateTimeField(_("triaged at"), null=True, blank=True)
    triage_reason = models.CharField(_("reason"), max_length=500, blank=True)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        verbose_name = _("inbox item")
        verbose_name_plural = _("inbox")
        ordering = ["-received_at"]
        constraints = [
            models.UniqueConstraint("organisation", "number", name="inbox_number_once_in_an_organisation"),
            models.UniqueConstraint(
                fields=["organisation", "submission", "kind", "reported_event"],
                name="inbox_item_once_a_submission_and_kind",
                nulls_distinct=False,
            ),
            date_and_precision("onset_on", precision="onset_precision", name="inbox_onset_and_precision_together"),
            date_and_precision("died_on", precision="died_precision", name="inbox_death_and_precision_together"),
            models.CheckConstraint(
                name="inbox_a_new_malignancy_is_always_serious",
                condition=~Q(kind="malignancy") | Q(serious=True),
            ),
            models.CheckConstraint(
                name="inbox_triaged_says_by_whom_and_when",
                condition=Q(state="new", triaged_by=None, triaged_at=None)
                | (~Q(state="new") & Q(triaged_by__isnull=False, triaged_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="inbox_case_is_named", condition=~Q(state__in=["case", "follow_up"]) | Q(case__isnull=False)
            ),
            models.CheckConstraint(
                name="inbox_ended_without_case_says_why",
                condition=~Q(state__in=["not_valid", "not_reportable", "stood_down", "duplicate"])
                | ~Q(triage_reason=""),
            ),
            models.CheckConstraint(
                name="inbox_day_zero_is_not_after_the_holder_knew",
                condition=Q(day_zero__lte=models.F("known_to_holder_on")),
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "-received_at"], name="inbox_latest"),
            models.Index(fields=["organisation", "received_at"], name="inbox_new", condition=Q(state="new")),
            models.Index(fields=["organisation", "patient"], name="inbox_of_a_patient"),
            models.Index(fields=["organisation", "record"], name="inbox_of_a_record"),
        ]

    def __str__(self) -> str:
        return self.number
