"""Cases, their versions with reactions, signed judgements, and the counter of their numbers."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from pv.accounts.models import Signature, TenantModel, User
from pv.core.ids import uuid7
from pv.core.partial_columns import date_and_precision, precision_column
from pv.patients.models import Patient
from pv.products.models import Product
from pv.terminology.clinical import Causality, Lineage, Outcome, Serious, YesNo


class Case(TenantModel):
    """One patient's suspected reactions, from the first report to the last version (ICSR, 个例安全性报告)."""

    class State(models.TextChoices):
        RECEIVED = "received", _("received")
        TRIAGED = "triaged", _("triaged")
        ASSESSMENT = "assessment", _("in assessment")
        READY = "ready", _("ready")
        REPORTED = "reported", _("reported")
        CLOSED = "closed", _("closed")
        NULLIFIED = "nullified", _("nullified")
        DUPLICATE = "duplicate", _("duplicate")

    year = models.PositiveSmallIntegerField(_("year"))
    serial = models.PositiveIntegerField(_("serial number"), null=True, blank=True)
    number = models.CharField(_("case number"), max_length=24, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.RECEIVED)
    patient = models.ForeignKey(
        Patient,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="cases",
        verbose_name=_("patient"),
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
    day_zero = models.DateField(_("day 0"))
    serious = models.BooleanField(_("serious"))
    malignancy = models.BooleanField(_("new malignancy"), default=False)
    external_number = models.CharField(_("number elsewhere"), max_length=60, blank=True)
    reported_on = models.DateField(_("last reported on"), null=True, blank=True)
    reported_version = models.PositiveIntegerField(_("version last reported"), default=0)
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
    versions = models.PositiveIntegerField(_("versions"), default=0)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        verbose_name = pgettext_lazy("safety report", "case")
        verbose_name_plural = pgettext_lazy("safety report", "cases")
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "year", "serial"],
                name="case_serial_once_a_year",
                condition=Q(serial__isnull=False),
            ),
            models.CheckConstraint(
                name="case_serial_and_number_together",
                condition=Q(serial=None, number="") | (Q(serial__isnull=False) & ~Q(number="")),
            ),
            models.CheckConstraint(
                name="case_of_a_new_malignancy_is_always_serious", condition=Q(malignancy=False) | Q(serious=True)
            ),
            models.CheckConstraint(
                name="case_reported_says_when", condition=~Q(state="reported") | Q(reported_on__isnull=False)
            ),
            models.CheckConstraint(
                name="case_reported_version_says_when",
                condition=Q(reported_version=0) | Q(reported_on__isnull=False),
            ),
            models.CheckConstraint(
                name="case_reported_version_is_one_of_its_own",
                condition=Q(reported_version__lte=models.F("versions")),
            ),
            models.CheckConstraint(
                name="case_that_is_a_duplicate_names_the_other",
                condition=~Q(state="duplicate") | Q(duplicate_of__isnull=False),
            ),
            models.CheckConstraint(name="case_is_no_duplicate_of_itself", condition=~Q(duplicate_of=models.F("id"))),
        ]
        indexes = [
            models.Index(fields=["organisation", "-created_at"], name="case_latest"),
            models.Index(fields=["organisation", "patient"], name="case_of_a_patient"),
            models.Index(fields=["organisation", "created_at"], name="case_unnumbered", condition=Q(serial=None)),
        ]

    def __str__(self) -> str:
        return self.number or str(_("(number follows)"))


class CaseVersion(TenantModel):
    """Ledger: a case as it stood. A correction, news or a submission makes a new one; none ever changes."""

    case = models.ForeignKey(
        Case, models.PROTECT, db_constraint=False, db_index=False, related_name="history", verbose_name=_("case")
    )
    no = models.PositiveSmallIntegerField(_("number"))
    day_zero = models.DateField(_("day 0 of this version"))
    significant = models.BooleanField(_("significant new information"), default=True)
    why = models.CharField(_("why"), max_length=300, blank=True)
    content = models.JSONField(_("content"))
    narrative = models.TextField(_("narrative"), blank=True)
    content_hash = models.CharField(_("fingerprint"), max_length=64)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("version of a case")
        verbose_name_plural = _("versions of cases")
        ordering = ["no"]
        constraints = [models.UniqueConstraint("organisation", "case", "no", name="case_version_once")]

    def __str__(self) -> str:
        return f"{self.case} v{self.no}"


class Reaction(TenantModel):
    """Ledger: one reaction of one version, with the causality of reporter and holder for each product."""

    case_version = models.ForeignKey(
        CaseVersion,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="reactions",
        verbose_name=_("version"),
    )
    verbatim = models.CharField(_("in the reporter's words"), max_length=300)
    term_code = models.CharField(_("dictionary code"), max_length=20, blank=True)
    term_release = models.CharField(_("dictionary release"), max_length=20, blank=True)
    lineage = models.CharField(_("lineage"), max_length=8, choices=Lineage.choices, blank=True)
    onset_on = models.DateField(_("onset"), null=True, blank=True)
    onset_precision = precision_column()
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

    class Meta:
        verbose_name = _("reaction")
        verbose_name_plural = _("reactions")
        constraints = [
            date_and_precision("onset_on", precision="onset_precision", name="reaction_onset_and_precision_together")
        ]

    def __str__(self) -> str:
        return self.verbatim


class Assessment(TenantModel):
    """Ledger: one person's signed judgement of one version. Several stand side by side; none replaces another."""

    case_version = models.ForeignKey(
        CaseVersion,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="assessments",
        verbose_name=_("version"),
    )
    causality = models.CharField(_("holder's causality"), max_length=12, choices=Causality.choices)
    expected = models.CharField(_("expected by the label"), max_length=7, choices=YesNo.choices)
    reasoning = models.TextField(_("reasoning"))
    signature = models.ForeignKey(
        Signature, models.PROTECT, db_constraint=False, db_index=False, related_name="+", verbose_name=_("signature")
    )
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("assessment")
        verbose_name_plural = _("assessments")
        ordering = ["at"]

    def __str__(self) -> str:
        return f"{self.case_version} · {self.get_causality_display()}"


class Counter(models.Model):
    """The last number given, for each organisation, series and year: case numbers run without gaps (practice 26)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation_id = models.UUIDField()
    series = models.CharField(max_length=8)
    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["organisation_id", "series", "year"], name="counter_once_a_series_and_year")
        ]

    def __str__(self) -> str:
        return f"{self.series} {self.year}: {self.last}"
