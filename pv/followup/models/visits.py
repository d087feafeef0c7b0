"""The two duty lines of a patient, and their visits with three dates each."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from pv.accounts.models import TenantModel, User
from pv.deadlines.models import Rule
from pv.followup.models.plans import Line, VisitPlan
from pv.patients.models import Patient, Treatment


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
        PLANNED = "planned", pgettext_lazy("visit", "planned")
        DONE = "done", _("done")
        MINIMAL = "minimal", _("met, minimal")
        MISSED = "missed", _("missed")
        RECOVERED = "recovered", pgettext_lazy("visit", "recovered")
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
