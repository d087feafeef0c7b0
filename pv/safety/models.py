"""InboxItem, Case with its versions and reactions, Assessment, MalignancyProcess, Question; and the ledger of moves."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pv.accounts.models import Signature, TenantModel, User
from pv.core.ids import uuid7
from pv.core.partial_columns import date_and_precision, precision_column
from pv.followup.models import VisitRecord
from pv.patients.models import Patient, Treatment
from pv.products.models import Product
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
    outcome = models.CharField(_("outcome"), max_length=14, choices=Outcome.choices, default=Outcome.UNKNOWN)
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
        "Case",
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
                fields=["organisation", "submission", "reported_event"],
                name="inbox_item_once_a_submission",
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
    reported_on = models.DateField(_("reported on"), null=True, blank=True)
    versions = models.PositiveIntegerField(_("versions"), default=0)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
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
    outcome = models.CharField(_("outcome"), max_length=14, choices=Outcome.choices, default=Outcome.UNKNOWN)
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


class MalignancyProcess(TenantModel):
    """The standard process of one suspected or confirmed new malignancy. How far it is is derived, not stored."""

    item = models.ForeignKey(
        InboxItem,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="processes",
        verbose_name=_("inbox item"),
    )
    case = models.ForeignKey(
        Case,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="processes",
        verbose_name=_("case"),
    )
    patient = models.ForeignKey(
        Patient,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="malignancies",
        verbose_name=_("patient"),
    )
    status = models.CharField(_("status"), max_length=9, choices=Malignancy.choices)
    lineage = models.CharField(_("lineage"), max_length=8, choices=Lineage.choices)
    opened_at = models.DateTimeField(_("opened at"))
    advice_sent_at = models.DateTimeField(_("sampling advice sent at"), null=True, blank=True)
    concluded_at = models.DateTimeField(_("concluded at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    close_reason = models.CharField(_("why it was closed"), max_length=500, blank=True)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        verbose_name = _("malignancy process")
        verbose_name_plural = _("malignancy processes")
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint("organisation", "item", name="one_process_an_inbox_item"),
            models.CheckConstraint(name="process_closed_says_why", condition=Q(closed_at=None) | ~Q(close_reason="")),
            models.CheckConstraint(
                name="process_of_a_confirmed_malignancy_has_its_case",
                condition=~Q(status="confirmed") | Q(case__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.item} · {self.get_lineage_display()}"


class Question(TenantModel):
    """Something is missing beside a report that was saved all the same: a task on somebody's list (practice 1)."""

    class What(models.TextChoices):
        NO_PLAN = "no_plan", _("no sampling plan answers")
        NO_RULE = "no_rule", _("no rule of the reporting time answers")
        NO_PATIENT = "no_patient", _("the patient is not matched yet")
        NO_PRODUCT = "no_product", _("the product is not known yet")
        PARTIAL_DATE = "partial_date", _("a date is known in part only")
        DUPLICATE = "duplicate", _("may be reported already")
        NO_RETAIN = "no_retain", _("no sample from before the treatment is known")
        OTHER = "other", _("other question")

    item = models.ForeignKey(
        InboxItem,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="questions",
        verbose_name=_("inbox item"),
    )
    what = models.CharField(_("what"), max_length=14, choices=What.choices)
    detail = models.CharField(_("detail"), max_length=300, blank=True)
    for_role = models.CharField(_("for"), max_length=24)
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)
    answered_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("answered by")
    )
    answer = models.CharField(_("answer"), max_length=500, blank=True)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        verbose_name = _("question")
        verbose_name_plural = _("questions")
        ordering = ["created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "item", "what"], name="question_open_once", condition=Q(answered_at=None)
            ),
            models.CheckConstraint(
                name="question_answered_says_by_whom_and_what",
                condition=Q(answered_at=None, answered_by=None, answer="")
                | (Q(answered_at__isnull=False, answered_by__isnull=False) & ~Q(answer="")),
            ),
        ]

    def __str__(self) -> str:
        return self.get_what_display()


class SafetyMove(TenantModel):
    """Ledger: a move of an inbox item, case or process: who, when, why. Pages read these."""

    subject = models.UUIDField(_("subject"))
    what = models.CharField(_("what"), max_length=24)
    old = models.CharField(_("before"), max_length=60, blank=True)
    new = models.CharField(_("after"), max_length=60, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
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
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("move of safety")
        verbose_name_plural = _("moves of safety")
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["organisation", "subject", "at"], name="safety_moves_of_a_subject")]

    def __str__(self) -> str:
        return f"{self.what}: {self.old} → {self.new}"


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
