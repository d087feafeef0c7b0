"""What a patient consents to, what was learnt of life and death, and who looks after whom."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pv.accounts.models import Party, Signature, TenantModel, User
from pv.core.partial_columns import date_and_precision, precision_column
from pv.patients.models.patients import Patient
from pv.terminology.clinical import YesNo


class Consent(TenantModel):
    """Consent to one scope, from and until when. Withdrawal of one scope leaves the others (practice 23)."""

    class Scope(models.TextChoices):
        CONTACT = "contact", _("being contacted")
        STUDY_DATA = "study_data", _("study data")
        NEW_SAMPLES = "new_samples", _("new samples")
        STORED_SAMPLES = "stored_samples", _("stored samples")
        GENETIC_TESTING = "genetic_testing", _("genetic testing")
        SHARING = "sharing", _("sharing with other parties")
        EXPORT = "export", _("leaving the country")

    patient = models.ForeignKey(
        Patient, models.PROTECT, db_constraint=False, db_index=False, related_name="consents", verbose_name=_("patient")
    )
    scope = models.CharField(_("scope"), max_length=16, choices=Scope.choices)
    given_on = models.DateField(_("given on"))
    withdrawn_on = models.DateField(_("withdrawn on"), null=True, blank=True)
    document = models.CharField(_("form and version"), max_length=200, blank=True)
    withdrawal_document = models.CharField(_("evidence of the withdrawal"), max_length=200, blank=True)

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        ordering = ["scope", "-given_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "patient", "scope"],
                name="consent_stands_once_for_each_scope",
                condition=Q(withdrawn_on=None),
            ),
            models.CheckConstraint(
                name="consent_withdrawn_after_it_was_given",
                condition=Q(withdrawn_on=None) | Q(withdrawn_on__gte=models.F("given_on")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.patient} · {self.get_scope_display()}"


class VitalStatus(TenantModel):
    """Ledger: what was learnt about life and death, when, and from whom."""

    class Status(models.TextChoices):
        ALIVE = "alive", _("alive")
        LOST = "lost", _("lost to follow-up")
        FOUND = "found", _("found again")
        REPORTED_DEAD = "reported_dead", _("reported dead, unverified")
        DIED = "died", _("death verified")
        ALIVE_AFTER_ALL = "alive_after_all", _("alive after all")

    patient = models.ForeignKey(
        Patient, models.PROTECT, db_constraint=False, db_index=False, related_name="vital", verbose_name=_("patient")
    )
    status = models.CharField(_("status"), max_length=16, choices=Status.choices)
    on = models.DateField(_("on"), null=True, blank=True)
    on_precision = precision_column()
    learned_on = models.DateField(_("learnt on"))
    source = models.CharField(_("from whom"), max_length=200)
    cause = models.CharField(_("cause of death"), max_length=300, blank=True)
    suspected_reaction = models.CharField(
        _("reaction to the product suspected"), max_length=7, choices=YesNo.choices, blank=True
    )
    autopsy = models.CharField(_("autopsy"), max_length=7, choices=YesNo.choices, blank=True)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
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
    at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("vital status")
        verbose_name_plural = _("vital status")
        ordering = ["at", "id"]
        constraints = [
            date_and_precision("on", precision="on_precision", name="vital_status_date_and_precision_together"),
            models.CheckConstraint(
                name="vital_status_back_to_life_is_signed",
                condition=~Q(status="alive_after_all") | Q(signature__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.patient} · {self.get_status_display()}"


class Transfer(TenantModel):
    """Ledger: who looks after the patient from when on. Moving province ends nothing (practice 20)."""

    patient = models.ForeignKey(
        Patient,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="transfers",
        verbose_name=_("patient"),
    )
    from_centre = models.ForeignKey(
        Party,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("from"),
    )
    to_centre = models.ForeignKey(
        Party,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("to"),
    )
    to_text = models.CharField(_("to (free text)"), max_length=200, blank=True)
    on = models.DateField(_("on"))
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("by"))
    at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("transfer")
        verbose_name_plural = _("transfers")
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(
                name="transfer_leads_somewhere", condition=Q(to_centre__isnull=False) | ~Q(to_text="")
            )
        ]

    def __str__(self) -> str:
        return f"{self.patient} · {self.on}"
