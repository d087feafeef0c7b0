"""Plans: when patients of a class of product are seen."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from pv.accounts.models import TenantModel


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
