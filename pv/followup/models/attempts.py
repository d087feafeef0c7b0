"""The ledgers of what was tried, and of what was decided about a visit."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from pv.accounts.models import Signature, TenantModel, User
from pv.followup.models.visits import Visit
from pv.patients.models import Patient


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
