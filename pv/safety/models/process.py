"""The standard process of a new malignancy, open questions, and the ledger of moves."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from pv.accounts.models import Signature, TenantModel, User
from pv.patients.models import Patient
from pv.safety.models.cases import Case
from pv.safety.models.inbox import InboxItem
from pv.terminology.clinical import Lineage, Malignancy


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
    answer = models.CharField(pgettext_lazy("question", "answer"), max_length=500, blank=True)
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

    class What(models.TextChoices):
        OPENED = "opened", _("received")
        TAKEN = "taken", _("taken over")
        TRIAGED = "triaged", _("triaged")
        MOVED = "moved", _("state changed")
        MATCHED = "matched", _("matched to a patient")
        CONFIRMED = "confirmed", _("suspicion confirmed")
        VERSION = "version", _("new version")
        REPORTED = "reported", _("reported to the authority")
        INVESTIGATED = "death_investigation", _("investigation of the death reported")
        DAY_ZERO = "day_zero", _("day 0 corrected")
        CASE_TAKEN_OVER = "case_taken_over", _("case taken over from a later report")
        CLOSED = "closed", _("process closed")

    subject = models.UUIDField(_("subject"))
    what = models.CharField(_("what"), max_length=24, choices=What.choices)
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
        verbose_name = _("change of state")
        verbose_name_plural = _("changes of state")
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["organisation", "subject", "at"], name="safety_moves_of_a_subject")]

    def __str__(self) -> str:
        return f"{self.what}: {self.old} → {self.new}"
