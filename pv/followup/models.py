"""Plans, the two duty lines, visits with their three dates, and the ledgers of what was learnt, tried and decided."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from pv.accounts.models import Signature, TenantModel, User
from pv.core.partial_columns import date_and_precision, precision_column
from pv.deadlines.models import Rule
from pv.patients.models import Patient, Treatment
from pv.terminology.clinical import Biopsy, Causality, EventKind, Lineage, Malignancy, Outcome, Serious, Source, YesNo


class Line(models.TextChoices):
    """The two duties of follow-up: they are counted apart (practice 19)."""

    PROTOCOL = "protocol", _("protocol follow-up")
    LIFELONG = "lifelong", _("lifelong monitoring")


class VisitPlan(TenantModel):
    """When patients of a class of product are seen. Shared plans stand in organisation 0."""

    class Status(models.TextChoices):
        GUIDANCE = "guidance", _("guidance")
        DEFAULT = "default", _("our default")
        PROTOCOL = "protocol", _("stated in a protocol")

    code = models.CharField(_("code"), max_length=40)
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    name_en = models.CharField(_("name, English"), max_length=120)
    name_zh = models.CharField(_("name, Chinese"), max_length=120)
    vector_classes = ArrayField(
        models.CharField(max_length=20), verbose_name=_("for classes of product"), default=list, blank=True
    )
    protocol_years = models.PositiveSmallIntegerField(_("years of protocol follow-up"))
    protocol_rule = models.CharField(_("rule of the years"), max_length=40, blank=True)
    lifelong_rule = models.CharField(_("rule of lifelong monitoring"), max_length=40, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.DEFAULT)
    source = models.TextField(_("source"))

    class Meta:
        verbose_name = _("visit plan")
        verbose_name_plural = _("visit plans")
        ordering = ["code", "-version"]
        constraints = [
            models.UniqueConstraint("organisation", "code", "version", name="visit_plan_version_stated_once"),
            models.CheckConstraint(name="visit_plan_has_years", condition=Q(protocol_years__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.code} v{self.version}"


class PlannedVisit(TenantModel):
    """One visit of a plan, counted from the infusion. The last of the lifelong line repeats for ever."""

    plan = models.ForeignKey(
        VisitPlan, models.PROTECT, db_constraint=False, db_index=False, related_name="visits", verbose_name=_("plan")
    )
    line = models.CharField(_("duty line"), max_length=8, choices=Line.choices)
    position = models.PositiveSmallIntegerField(_("order"))
    code = models.CharField(_("visit"), max_length=8)
    months = models.PositiveSmallIntegerField(_("months after the infusion"))
    early_days = models.PositiveSmallIntegerField(_("days before that it counts"))
    grace_days = models.PositiveSmallIntegerField(_("days after until it is due"), default=0)
    late_days = models.PositiveSmallIntegerField(_("days after until the window closes"))
    in_person = models.BooleanField(_("in person"), default=True)
    repeat_months = models.PositiveSmallIntegerField(_("repeats every … months"), null=True, blank=True)

    class Meta:
        verbose_name = _("planned visit")
        verbose_name_plural = _("planned visits")
        ordering = ["line", "position"]
        constraints = [
            models.UniqueConstraint("organisation", "plan", "line", "position", name="planned_visit_position_once"),
            models.UniqueConstraint("organisation", "plan", "line", "code", name="planned_visit_code_once"),
            models.CheckConstraint(
                name="planned_visit_is_due_in_its_window", condition=Q(grace_days__lte=F("late_days"))
            ),
        ]

    def __str__(self) -> str:
        return self.code


class DutyLine(TenantModel):
    """One of the two duties of one patient: the plan it follows, what it counts from, and how long."""

    patient = models.ForeignKey(
        Patient,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="duty_lines",
        verbose_name=_("patient"),
    )
    line = models.CharField(_("duty line"), max_length=8, choices=Line.choices)
    treatment = models.ForeignKey(
        Treatment, models.PROTECT, db_constraint=False, db_index=False, related_name="+", verbose_name=_("treatment")
    )
    plan = models.ForeignKey(
        VisitPlan, models.PROTECT, db_constraint=False, db_index=False, related_name="+", verbose_name=_("plan")
    )
    rule = models.ForeignKey(
        Rule,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("rule"),
    )
    starts_on = models.DateField(_("counts from"))
    ends_on = models.DateField(_("until"), null=True, blank=True)
    joined_on = models.DateField(_("in our care since"))
    owner = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("looked after by")
    )
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        verbose_name = _("duty line")
        verbose_name_plural = _("duty lines")
        constraints = [
            models.UniqueConstraint("organisation", "patient", "line", name="each_duty_line_once_a_patient"),
            models.CheckConstraint(
                name="lifelong_monitoring_never_ends", condition=~Q(line="lifelong") | Q(ends_on=None)
            ),
            models.CheckConstraint(
                name="protocol_follow_up_has_its_years", condition=~Q(line="protocol") | Q(ends_on__gt=F("starts_on"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.patient} · {self.get_line_display()}"


class Visit(TenantModel):
    """One visit of one line with its three dates: earliest useful, due, closing. Open and late are derived."""

    class State(models.TextChoices):
        PLANNED = "planned", _("planned")
        DONE = "done", _("done")
        MINIMAL = "minimal", _("met, minimal")
        MISSED = "missed", _("missed")
        RECOVERED = "recovered", _("recovered")
        UNAVAILABLE = "unavailable", _("unavailable")
        NOT_APPLICABLE = "not_applicable", _("not applicable")

    patient = models.ForeignKey(
        Patient, models.PROTECT, db_constraint=False, db_index=False, related_name="visits", verbose_name=_("patient")
    )
    duty_line = models.ForeignKey(
        DutyLine,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="visits",
        verbose_name=_("duty line"),
    )
    line = models.CharField(_("line"), max_length=8, choices=Line.choices)
    sequence = models.PositiveSmallIntegerField(_("order"))
    code = models.CharField(_("visit"), max_length=8)
    in_person = models.BooleanField(_("in person"), default=True)
    earliest_on = models.DateField(_("useful from"))
    due_on = models.DateField(_("due"))
    closes_on = models.DateField(_("window closes"))
    state = models.CharField(_("state"), max_length=14, choices=State.choices, default=State.PLANNED)
    seen_on = models.DateField(_("seen on"), null=True, blank=True)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        verbose_name = _("visit")
        verbose_name_plural = _("visits")
        ordering = ["due_on", "id"]
        constraints = [
            models.UniqueConstraint("organisation", "duty_line", "sequence", name="visit_once_in_its_place"),
            models.UniqueConstraint("organisation", "patient", "line", "code", name="visit_code_once_a_line"),
            models.CheckConstraint(
                name="visit_dates_in_order",
                condition=Q(earliest_on__lte=F("due_on"), due_on__lte=F("closes_on")),
            ),
            models.CheckConstraint(
                name="visit_done_says_when",
                condition=~Q(state__in=["done", "minimal", "recovered"]) | Q(seen_on__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "due_on", "id"], name="visit_planned", condition=Q(state="planned")),
            models.Index(fields=["organisation", "patient", "due_on"], name="visit_of_a_patient"),
        ]

    def __str__(self) -> str:
        return f"{self.patient} · {self.code}"


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
    outcome = models.CharField(_("outcome"), max_length=14, choices=Outcome.choices, default=Outcome.UNKNOWN)
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


class ContactAttempt(TenantModel):
    """Ledger: somebody tried to reach the patient. Several on one day count once (lesson 20)."""

    class Channel(models.TextChoices):
        PHONE = "phone", _("phone")
        MESSAGE = "message", _("message")
        LETTER = "letter", _("letter")
        HOSPITAL = "hospital", _("treating hospital")
        REGISTRY = "registry", _("registry")
        DEATH_REGISTER = "death_register", _("death register")

    class Result(models.TextChoices):
        REACHED = "reached", _("reached")
        NO_ANSWER = "no_answer", _("no answer")
        WRONG_NUMBER = "wrong_number", _("wrong number or address")
        REFUSED = "refused", _("does not want to")
        NOT_KNOWN = "not_known", _("nothing known there")

    patient = models.ForeignKey(
        Patient, models.PROTECT, db_constraint=False, db_index=False, related_name="attempts", verbose_name=_("patient")
    )
    visit = models.ForeignKey(
        Visit,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="attempts",
        verbose_name=_("visit"),
    )
    on = models.DateField(_("on"))
    channel = models.CharField(_("channel"), max_length=14, choices=Channel.choices)
    result = models.CharField(_("result"), max_length=12, choices=Result.choices)
    note = models.CharField(_("note"), max_length=300, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("attempt to reach a patient")
        verbose_name_plural = _("attempts to reach patients")
        ordering = ["on", "at"]

    def __str__(self) -> str:
        return f"{self.patient} · {self.on}"


class Excuse(TenantModel):
    """Ledger: the signed decision that a visit's data are unavailable, or that the visit does not apply."""

    visit = models.ForeignKey(
        Visit, models.PROTECT, db_constraint=False, db_index=False, related_name="excuses", verbose_name=_("visit")
    )
    state = models.CharField(
        _("decided"),
        max_length=14,
        choices=[("unavailable", _("unavailable")), ("not_applicable", _("not applicable"))],
    )
    reason = models.CharField(_("reason"), max_length=500)
    signature = models.ForeignKey(
        Signature, models.PROTECT, db_constraint=False, db_index=False, related_name="+", verbose_name=_("signature")
    )
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("decision about a visit")
        verbose_name_plural = _("decisions about visits")
        ordering = ["at"]

    def __str__(self) -> str:
        return f"{self.visit} · {self.get_state_display()}"
