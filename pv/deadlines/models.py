"""Rule, Ladder with its rungs and steps, Deadline, and the Alarm that exists while a clock runs."""

from datetime import datetime
from typing import Any, ClassVar, Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pv.accounts.models import TenantModel, TenantQuerySet, User


class Rule(TenantModel):
    """One rule of law, guideline or default, versioned, with its source and how sure we are of it.

    Shared rules stand in organisation 0; a holder's override is a row of its own with the same code.
    """

    class Status(models.TextChoices):
        BINDING = "binding", _("binding")
        GUIDELINE = "guideline", _("guideline applied in inspection")
        GUIDANCE = "guidance", _("guidance")
        DRAFT = "draft", _("draft")
        DEFAULT = "default", _("our default")

    class Certainty(models.TextChoices):
        READ = "read", _("source read")
        RECALLED = "recalled", _("recalled, to be confirmed")

    class Unit(models.TextChoices):
        HOURS = "hours", _("hours")
        DAYS = "days", _("days")
        MONTHS = "months", _("months")
        YEARS = "years", _("years")
        NONE = "none", _("no length of its own")

    class DayType(models.TextChoices):
        CALENDAR = "calendar", _("calendar days")
        WORKING = "working", _("working days")

    code = models.CharField(_("rule"), max_length=40)
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True)
    jurisdiction = models.CharField(_("jurisdiction"), max_length=8)
    duty_kind = models.CharField(_("kind of duty"), max_length=40)
    trigger_en = models.CharField(_("applies to, English"), max_length=300)
    trigger_zh = models.CharField(_("applies to, Chinese"), max_length=300)
    clock_start = models.CharField(_("clock starts at (field)"), max_length=60)
    clock_start_en = models.CharField(_("clock starts at, English"), max_length=200)
    clock_start_zh = models.CharField(_("clock starts at, Chinese"), max_length=200)
    amount = models.IntegerField(_("length"), null=True, blank=True)
    unit = models.CharField(_("unit"), max_length=8, choices=Unit.choices)
    day_type = models.CharField(_("days counted"), max_length=8, choices=DayType.choices)
    fixed_date = models.CharField(_("fixed date (MM-DD)"), max_length=5, blank=True)
    calendar = models.CharField(_("calendar"), max_length=8, default="CN")
    repeats = models.BooleanField(_("repeats"), default=False)
    inclusive = models.BooleanField(_("start day counts"), default=False)
    restart_on_follow_up = models.BooleanField(_("new information starts it again"), default=False)
    recipient_en = models.CharField(_("recipient, English"), max_length=200, blank=True)
    recipient_zh = models.CharField(_("recipient, Chinese"), max_length=200, blank=True)
    channel = models.CharField(_("channel"), max_length=120, blank=True)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices)
    certainty = models.CharField(_("certainty"), max_length=8, choices=Certainty.choices)
    source = models.TextField(_("source"))
    note_en = models.TextField(_("note, English"), blank=True)
    note_zh = models.TextField(_("note, Chinese"), blank=True)
    confirmed_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("confirmed by")
    )
    confirmed_on = models.DateField(_("confirmed on"), null=True, blank=True)

    class Meta:
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        ordering = ["code", "-version"]
        constraints = [
            models.UniqueConstraint("organisation", "code", "version", name="rule_version_stated_once"),
            models.CheckConstraint(
                name="rule_confirmed_by_and_on_together",
                condition=Q(confirmed_by=None, confirmed_on=None)
                | Q(confirmed_by__isnull=False, confirmed_on__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} v{self.version}"

    @property
    def basis(self) -> str:
        """Basis of a date computed from this rule: binding is legal, a default internal, all else advice."""
        return {self.Status.BINDING: Basis.LEGAL, self.Status.DEFAULT: Basis.INTERNAL}.get(
            self.Status(self.status), Basis.ADVICE
        )


class Basis(models.TextChoices):
    """What stands behind a date. Only a legal one can be overdue."""

    LEGAL = "legal", _("legal")
    CONTRACTUAL = "contractual", _("contractual")
    INTERNAL = "internal", _("internal")
    ADVICE = "advice", _("advice")


class Ladder(TenantModel):
    """The steps of a deadline's warnings. A new version is a new row; open deadlines keep theirs until re-based."""

    code = models.CharField(_("code"), max_length=40)
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    name_en = models.CharField(_("name, English"), max_length=120)
    name_zh = models.CharField(_("name, Chinese"), max_length=120)
    kinds = ArrayField(
        models.CharField(max_length=40), verbose_name=_("for deadlines of kind"), default=list, blank=True
    )
    source = models.TextField(_("source"))

    class Meta:
        verbose_name = _("ladder")
        verbose_name_plural = _("ladders")
        ordering = ["code", "-version"]
        constraints = [models.UniqueConstraint("organisation", "code", "version", name="ladder_version_stated_once")]

    def __str__(self) -> str:
        return f"{self.code} v{self.version}"


class Rung(TenantModel):
    """One instant of a ladder, counted from the due date; the last may repeat for ever."""

    class Unit(models.TextChoices):
        MONTHS = "months", _("months")
        DAYS = "days", _("days")
        WORKING_DAYS = "working_days", _("working days")
        HOURS = "hours", _("hours")

    class Side(models.TextChoices):
        BEFORE = "before", _("before")
        AFTER = "after", _("after")

    class Tone(models.TextChoices):
        INFO = "info", _("reminder")
        WARNING = "warning", _("warning")
        URGENT = "urgent", _("urgent")

    ladder = models.ForeignKey(Ladder, models.PROTECT, db_constraint=False, db_index=False, related_name="rungs")
    no = models.PositiveSmallIntegerField(_("number"))
    amount = models.PositiveIntegerField(_("how many"))
    unit = models.CharField(_("unit"), max_length=12, choices=Unit.choices)
    side = models.CharField(_("before or after"), max_length=6, choices=Side.choices)
    at_hour = models.PositiveSmallIntegerField(_("hour of the day"), default=9)
    repeat_days = models.PositiveSmallIntegerField(_("repeats every … days"), null=True, blank=True)
    tone = models.CharField(_("tone"), max_length=8, choices=Tone.choices, default=Tone.INFO)

    class Meta:
        verbose_name = _("level of a ladder")
        verbose_name_plural = _("levels of ladders")
        ordering = ["no"]
        constraints = [
            models.UniqueConstraint("organisation", "ladder", "no", name="rung_number_once_in_a_ladder"),
            models.CheckConstraint(name="rung_number_from_one", condition=Q(no__gte=1)),
            models.CheckConstraint(name="rung_hour_of_day", condition=Q(at_hour__lte=23)),
            models.CheckConstraint(name="rung_lies_within_ten_years", condition=Q(amount__lte=3660)),
            models.CheckConstraint(
                name="rung_repeats_after_at_least_a_day", condition=Q(repeat_days=None) | Q(repeat_days__gte=1)
            ),
            models.CheckConstraint(
                name="rung_working_days_are_before", condition=~Q(unit="working_days", side="after")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.no}: {self.amount} {self.get_unit_display()} {self.get_side_display()}"


class Step(TenantModel):
    """Who is told at a rung, and who next while nobody answers. Audience and channels are notices' words."""

    rung = models.ForeignKey(Rung, models.PROTECT, db_constraint=False, db_index=False, related_name="steps")
    nth = models.PositiveSmallIntegerField(_("step"))
    delay_minutes = models.PositiveIntegerField(_("minutes after the level's instant"), default=0)
    audience = ArrayField(models.CharField(max_length=24), verbose_name=_("who is told"))
    channels = ArrayField(models.CharField(max_length=12), verbose_name=_("by which channels"))

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["nth"]
        constraints = [
            models.UniqueConstraint("organisation", "rung", "nth", name="step_number_once_in_a_rung"),
            models.CheckConstraint(name="step_number_from_one", condition=Q(nth__gte=1)),
            models.CheckConstraint(name="step_tells_somebody", condition=Q(audience__len__gte=1)),
            models.CheckConstraint(name="step_tells_by_some_channel", condition=Q(channels__len__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.nth}: +{self.delay_minutes} min"


class DeadlineQuerySet(TenantQuerySet):
    """The one place where late and overdue are said."""

    def open(self) -> Self:
        return self.filter(closed_at=None)

    def late(self, at: datetime) -> Self:
        """Open, and its instant has come."""
        return self.filter(closed_at=None, due_at__lte=at)

    def overdue(self, at: datetime) -> Self:
        """Late with a legal basis: only these count in compliance figures."""
        return self.late(at).filter(basis=Basis.LEGAL)


class Deadline(TenantModel):
    """A promise with a date. What it is about stands in its room; kind and args say how to word it."""

    class Outcome(models.TextChoices):
        MET = "met", _("met")
        CANCELLED = "cancelled", _("cancelled")
        SUPERSEDED = "superseded", _("superseded")

    kind = models.CharField(_("kind"), max_length=40)
    args = models.JSONField(_("words"), default=dict)
    subject = models.UUIDField(_("subject"))
    product_id = models.UUIDField(_("product"), null=True, blank=True)
    centre_id = models.UUIDField(_("centre"), null=True, blank=True)
    patient_id = models.UUIDField(_("patient"), null=True, blank=True)
    assignee = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("owner"))
    basis = models.CharField(_("basis"), max_length=12, choices=Basis.choices)
    unconfirmed = models.BooleanField(_("rule recalled, to be confirmed"), default=False)
    rule = models.ForeignKey(
        Rule, models.PROTECT, db_constraint=False, db_index=False, null=True, blank=True, verbose_name=_("rule")
    )
    working = models.CharField(_("working"), max_length=200, blank=True)
    ladder = models.ForeignKey(Ladder, models.PROTECT, db_constraint=False, db_index=False, verbose_name=_("ladder"))
    round = models.PositiveIntegerField(_("round"), default=1)
    zone = models.CharField(_("zone"), max_length=40, default="Asia/Shanghai")
    calendar = models.CharField(_("calendar"), max_length=8, default="CN")
    original_due_on = models.DateField(_("originally due"))
    due_on = models.DateField(_("due"))
    due_at = models.DateTimeField(_("late from"))
    forecast_on = models.DateField(_("forecast"), null=True, blank=True)
    met_at = models.DateTimeField(_("met at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices, blank=True)

    objects: ClassVar[models.Manager[Any]] = DeadlineQuerySet.as_manager()

    class Meta:
        verbose_name = _("deadline")
        verbose_name_plural = _("deadlines")
        ordering = ["due_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "kind", "subject", "rule"],
                name="one_open_deadline_for_each_kind_subject_and_rule",
                condition=Q(closed_at=None),
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="deadline_closed_at_and_outcome_together",
                condition=Q(closed_at=None, outcome="") | (Q(closed_at__isnull=False) & ~Q(outcome="")),
            ),
            models.CheckConstraint(
                name="deadline_met_at_says_when_it_was_met",
                condition=Q(met_at=None) & ~Q(outcome="met") | Q(met_at__isnull=False, outcome="met"),
            ),
            models.CheckConstraint(name="deadline_basis_is_known", condition=Q(basis__in=Basis.values)),
        ]
        indexes = [
            models.Index(
                fields=["organisation", "due_at", "id"], name="deadline_open_by_due", condition=Q(closed_at=None)
            ),
            models.Index(fields=["due_at", "id"], name="deadline_open_everywhere", condition=Q(closed_at=None)),
            models.Index(fields=["organisation", "subject"], name="deadline_of_a_subject"),
            models.Index(
                fields=["organisation", "assignee", "due_at"], name="deadline_of_an_owner", condition=Q(closed_at=None)
            ),
            models.Index(
                fields=["organisation", "product_id", "due_at"],
                name="deadline_of_a_product",
                condition=Q(closed_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.due_on}"

    def is_late(self, at: datetime) -> bool:
        return self.closed_at is None and self.due_at <= at

    def is_overdue(self, at: datetime) -> bool:
        return self.is_late(at) and self.basis == Basis.LEGAL


class Alarm(models.Model):
    """The hot half of an open deadline: where on its ladder it stands and when to look at it next."""

    deadline = models.OneToOneField(
        Deadline, models.PROTECT, primary_key=True, db_constraint=False, related_name="alarm"
    )
    organisation_id = models.UUIDField()
    due_on = models.DateField()
    due_at = models.DateTimeField()
    zone = models.CharField(max_length=40)
    calendar = models.CharField(max_length=8)
    ladder_id = models.UUIDField()
    round = models.PositiveIntegerField(default=1)
    rung = models.PositiveIntegerField(default=0)
    nth = models.PositiveSmallIntegerField(default=0)
    told_at = models.DateTimeField(null=True)
    answered = models.BooleanField(default=False)
    hurry = models.BooleanField(default=False)
    urgent = models.BooleanField(default=False)
    next_alert_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    parked_until = models.DateTimeField(null=True)
    error = models.TextField(blank=True, default="")

    class Meta:
        verbose_name = _("alarm")
        verbose_name_plural = _("alarms")
        indexes = [
            models.Index(
                fields=["urgent", "next_alert_at"], name="alarm_next", condition=Q(next_alert_at__isnull=False)
            )
        ]

    def __str__(self) -> str:
        return f"{self.deadline_id} rung {self.rung}"
