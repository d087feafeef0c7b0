"""Obligation, Milestone, and the ledger of what was done to them."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pv.accounts.models import TenantModel, User
from pv.core.days import FIRST_PLAUSIBLE, LAST_PLAUSIBLE
from pv.deadlines.models import Basis, Rule
from pv.products.models import Authorisation, Study


def _plausible(*columns: str) -> Q:
    """Whichever of these dates are given, people can mean them."""
    bounds = (FIRST_PLAUSIBLE, LAST_PLAUSIBLE)
    return Q(**{f"{column}__range": bounds for column in columns})


class Obligation(TenantModel):
    """One thing a holder must deliver, in the authority's own sentence, by a date."""

    class Kind(models.TextChoices):
        CONFIRMATORY_TRIAL = "confirmatory_trial", _("confirmatory trial")
        FOLLOW_UP_STUDY = "follow_up_study", _("long-term follow-up study")
        REAL_WORLD_STUDY = "real_world_study", _("real-world study")
        PERIODIC_REPORT = "periodic_report", _("periodic report")
        RISK_MANAGEMENT = "risk_management", _("risk management measure")
        OTHER = "other", _("other obligation")

    class State(models.TextChoices):
        OPEN = "open", _("open")
        SUBMITTED = "submitted", _("submitted")
        FULFILLED = "fulfilled", _("fulfilled")
        FAILED = "failed", _("failed")
        RETURNED = "returned", _("returned")
        WAIVED = "waived", _("waived")

    class DueSource(models.TextChoices):
        CERTIFICATE = "certificate", _("stated in the certificate")
        RULE = "rule", _("computed from a rule")
        AGREED = "agreed", _("agreed internally")

    code = models.CharField(_("number"), max_length=40)
    authorisation = models.ForeignKey(
        Authorisation,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="obligations",
        verbose_name=_("authorisation"),
    )
    study = models.ForeignKey(
        Study,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="obligations",
        verbose_name=_("study"),
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    title_en = models.CharField(_("title"), max_length=200)
    title_zh = models.CharField(_("title, Chinese"), max_length=200)
    sentence = models.TextField(_("the authority's own sentence"))
    sentence_language = models.CharField(_("its language"), max_length=8, default="zh-hans")
    document = models.CharField(_("document"), max_length=200)
    page = models.CharField(_("page"), max_length=20, blank=True)
    sentence_hash = models.CharField(_("fingerprint of the sentence"), max_length=64, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.OPEN)
    owner = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("owner"))
    due_source = models.CharField(_("where the date comes from"), max_length=12, choices=DueSource.choices)
    rule = models.ForeignKey(
        Rule, models.PROTECT, db_constraint=False, db_index=False, null=True, blank=True, verbose_name=_("rule")
    )
    working = models.CharField(_("working"), max_length=200, blank=True)
    basis = models.CharField(_("basis"), max_length=12, choices=Basis.choices)
    original_due_on = models.DateField(_("originally due"))
    due_on = models.DateField(_("due"))
    forecast_on = models.DateField(_("forecast"), null=True, blank=True)
    submitted_on = models.DateField(_("accepted by the authority on"), null=True, blank=True)
    decided_on = models.DateField(_("decided on"), null=True, blank=True)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        verbose_name = _("obligation")
        verbose_name_plural = _("obligations")
        ordering = ["due_on", "id"]
        constraints = [
            models.UniqueConstraint("organisation", "code", name="obligation_numbered_once_in_an_organisation"),
            models.CheckConstraint(
                name="obligation_submitted_says_when",
                condition=~Q(state__in=["submitted", "fulfilled"]) | Q(submitted_on__isnull=False),
            ),
            models.CheckConstraint(
                name="obligation_fulfilled_says_when", condition=~Q(state="fulfilled") | Q(decided_on__isnull=False)
            ),
            models.CheckConstraint(
                name="obligation_from_a_rule_names_it", condition=~Q(due_source="rule") | Q(rule__isnull=False)
            ),
            models.CheckConstraint(
                name="obligation_dates_are_plausible",
                condition=_plausible("original_due_on", "due_on", "forecast_on", "submitted_on", "decided_on"),
            ),
        ]
        indexes = [models.Index(fields=["organisation", "due_on", "id"], name="obligation_by_due")]

    def __str__(self) -> str:
        return self.code


class Milestone(TenantModel):
    """A step of a study on the way to an obligation: planned, forecast and reached are kept apart."""

    class Kind(models.TextChoices):
        FIRST_CONSENT = "first_consent", _("first consent")
        HALF_ENROLLED = "half_enrolled", _("half of the patients enrolled")
        LAST_PATIENT_IN = "last_patient_in", _("last patient enrolled")
        STUDY_COMPLETE = "study_complete", _("study complete")
        REPORT_FILED = "report_filed", _("report filed")

    study = models.ForeignKey(
        Study, models.PROTECT, db_constraint=False, db_index=False, related_name="milestones", verbose_name=_("study")
    )
    kind = models.CharField(_("kind"), max_length=20, choices=Kind.choices)
    planned_on = models.DateField(_("planned"))
    due_on = models.DateField(_("now planned"))
    forecast_on = models.DateField(_("forecast"), null=True, blank=True)
    reached_on = models.DateField(_("reached"), null=True, blank=True)
    owner = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("owner"))
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        verbose_name = _("milestone")
        verbose_name_plural = _("milestones")
        ordering = ["due_on", "id"]
        constraints = [
            models.UniqueConstraint("organisation", "study", "kind", name="milestone_once_in_a_study"),
            models.CheckConstraint(
                name="milestone_dates_are_plausible",
                condition=_plausible("planned_on", "due_on", "forecast_on", "reached_on"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.study} · {self.get_kind_display()}"


class ObligationChange(TenantModel):
    """Ledger: a move of state or of a date, who did it, when, on what evidence and why. Pages read these."""

    class What(models.TextChoices):
        OPENED = "opened", _("opened")
        STATE = "state", _("state moved")
        DUE = "due", _("due date moved")
        FORECAST = "forecast", _("forecast changed")
        OWNER = "owner", _("owner changed")

    obligation = models.ForeignKey(
        Obligation,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="changes",
        verbose_name=_("obligation"),
    )
    what = models.CharField(_("what"), max_length=10, choices=What.choices)
    old = models.CharField(_("before"), max_length=60, blank=True)
    new = models.CharField(_("after"), max_length=60, blank=True)
    at = models.DateTimeField(_("at"))
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+", verbose_name=_("by"))
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    evidence = models.CharField(_("evidence"), max_length=300, blank=True)

    class Meta:
        verbose_name = _("change of an obligation")
        verbose_name_plural = _("changes of obligations")
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"{self.obligation_id} {self.what}"
