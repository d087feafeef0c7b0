"""What is wanted: SamplingPlan with its items, the Instruction to the site, and the requests that follow."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pv.accounts.models import TenantModel, User
from pv.deadlines.models import Rule
from pv.patients.models import Patient
from pv.terminology.clinical import Lineage, Material, Timing


class Temperature(models.TextChoices):
    """How cold a specimen is kept. All of these are our defaults: no regulation was found (regulation.md 7)."""

    VAPOUR = "vapour", _("vapour of liquid nitrogen, ≤ -150 °C")
    FREEZER = "freezer", _("freezer, -80 °C")
    FRIDGE = "fridge", _("2 to 8 °C")
    ROOM = "room", _("room temperature")


class SamplingPlan(TenantModel):
    """What is wanted when a malignancy appears, by lineage. Shared plans stand in organisation 0."""

    class Status(models.TextChoices):
        GUIDANCE = "guidance", _("guidance")
        DEFAULT = "default", _("our default")
        PROTOCOL = "protocol", _("stated in a protocol")

    code = models.CharField(_("code"), max_length=40)
    version = models.PositiveSmallIntegerField(_("version"), default=1)
    name_en = models.CharField(_("name, English"), max_length=160)
    name_zh = models.CharField(_("name, Chinese"), max_length=160)
    lineages = ArrayField(models.CharField(max_length=8, choices=Lineage.choices), verbose_name=_("for lineages"))
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.DEFAULT)
    source = models.TextField(_("source"))

    class Meta:
        verbose_name = _("sampling plan")
        verbose_name_plural = _("sampling plans")
        ordering = ["code", "-version"]
        constraints = [
            models.UniqueConstraint("organisation", "code", "version", name="sampling_plan_version_stated_once")
        ]

    def __str__(self) -> str:
        return f"{self.code} v{self.version}"


class PlanItem(TenantModel):
    """One specimen of a plan: when, what, how much, into which container, how cold, within which time."""

    plan = models.ForeignKey(
        SamplingPlan, models.PROTECT, db_constraint=False, db_index=False, related_name="items", verbose_name=_("plan")
    )
    position = models.PositiveSmallIntegerField(_("order"))
    timing = models.CharField(_("when"), max_length=16, choices=Timing.choices)
    offset_months = models.PositiveSmallIntegerField(_("months after the event"), default=0)
    material = models.CharField(_("material"), max_length=12, choices=Material.choices)
    what_en = models.CharField(_("specimen, English"), max_length=160)
    what_zh = models.CharField(_("specimen, Chinese"), max_length=160)
    quantity_en = models.CharField(_("quantity, English"), max_length=160)
    quantity_zh = models.CharField(_("quantity, Chinese"), max_length=160)
    handling_en = models.CharField(_("handling, English"), max_length=300)
    handling_zh = models.CharField(_("handling, Chinese"), max_length=300)
    temperature = models.CharField(_("temperature"), max_length=8, choices=Temperature.choices)
    process_within_hours = models.PositiveSmallIntegerField(_("process within (h)"), null=True, blank=True)
    collect_rule = models.CharField(_("rule of the time"), max_length=40, blank=True)
    required = models.BooleanField(_("required"), default=True)

    class Meta:
        verbose_name = _("item of a sampling plan")
        verbose_name_plural = _("items of sampling plans")
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint("organisation", "plan", "position", name="plan_item_position_once"),
            models.CheckConstraint(
                name="plan_item_has_a_rule_or_months", condition=~Q(collect_rule="") | Q(offset_months__gte=1)
            ),
        ]

    def __str__(self) -> str:
        return self.what_en


class Instruction(TenantModel):
    """That a site needs written word, and the kit, of what to secure because of one cause: day 0, by when, since when.

    Advice by telephone is given at once; the clock is for the written instruction and the kit only (practice 25).
    """

    cause = models.UUIDField(_("cause"))
    number = models.CharField(_("number of the report"), max_length=40, blank=True)
    patient = models.ForeignKey(
        Patient,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("patient"),
    )
    lineage = models.CharField(_("lineage"), max_length=8, choices=Lineage.choices)
    plan = models.ForeignKey(
        SamplingPlan, models.PROTECT, db_constraint=False, db_index=False, related_name="+", verbose_name=_("plan")
    )
    rule = models.ForeignKey(
        Rule, models.PROTECT, db_constraint=False, db_index=False, related_name="+", verbose_name=_("rule")
    )
    working = models.CharField(_("working"), max_length=200, blank=True)
    day_zero = models.DateField(_("day 0"))
    due_at = models.DateTimeField(_("due"))
    given_at = models.DateTimeField(_("given at"), null=True, blank=True)
    given_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("given by")
    )
    ended_at = models.DateTimeField(_("stood down at"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        verbose_name = _("sampling instruction")
        verbose_name_plural = _("sampling instructions")
        ordering = ["-day_zero", "-id"]
        constraints = [
            models.UniqueConstraint("organisation", "cause", name="one_sampling_instruction_a_cause"),
            models.CheckConstraint(
                name="sampling_instruction_given_at_and_by_together",
                condition=Q(given_at=None, given_by=None) | Q(given_at__isnull=False, given_by__isnull=False),
            ),
            models.CheckConstraint(
                name="sampling_instruction_stood_down_says_why", condition=Q(ended_at=None) | ~Q(reason="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number or self.cause} · {self.get_lineage_display()}"


class SamplingRequest(TenantModel):
    """That one item of a plan is wanted of one patient, because of one cause (an inbox item's id)."""

    class State(models.TextChoices):
        OPEN = "open", _("open")
        MET = "met", _("met")
        AT_SITE = "at_site", _("met at the site")
        NOT_AVAILABLE = "not_available", _("not available")
        CANCELLED = "cancelled", _("cancelled")

    cause = models.UUIDField(_("cause"))
    patient = models.ForeignKey(
        Patient,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="sampling_requests",
        verbose_name=_("patient"),
    )
    plan = models.ForeignKey(
        SamplingPlan, models.PROTECT, db_constraint=False, db_index=False, related_name="+", verbose_name=_("plan")
    )
    item = models.ForeignKey(
        PlanItem, models.PROTECT, db_constraint=False, db_index=False, related_name="+", verbose_name=_("item")
    )
    timing = models.CharField(_("when"), max_length=16, choices=Timing.choices)
    material = models.CharField(_("material"), max_length=12, choices=Material.choices)
    due_on = models.DateField(_("due"))
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
    working = models.CharField(_("working"), max_length=200, blank=True)
    state = models.CharField(_("state"), max_length=14, choices=State.choices, default=State.OPEN)
    ended_at = models.DateTimeField(_("met or ended at"), null=True, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    touched = models.BooleanField(_("somebody has acted on it"), default=False)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        verbose_name = _("sampling request")
        verbose_name_plural = _("sampling requests")
        ordering = ["due_on", "id"]
        constraints = [
            models.UniqueConstraint("organisation", "cause", "item", name="each_item_asked_for_once_a_cause"),
            models.CheckConstraint(
                name="sampling_request_ended_says_when",
                condition=Q(state="open", ended_at=None) | (~Q(state="open") & Q(ended_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="sampling_request_ended_otherwise_says_why",
                condition=~Q(state__in=["cancelled", "not_available", "at_site"]) | ~Q(reason=""),
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "patient"], name="sampling_request_of_a_patient"),
            models.Index(
                fields=["organisation", "due_on", "id"], name="sampling_request_open", condition=Q(state="open")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_timing_display()} · {self.get_material_display()}"
