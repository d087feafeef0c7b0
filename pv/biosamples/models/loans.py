"""Pathology loans."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from pv.accounts.models import Party, TenantModel
from pv.biosamples.models.plans import SamplingRequest
from pv.patients.models import Patient


class Loan(TenantModel):
    """Blocks or slides borrowed from a pathology department, often against a deposit and for weeks (practice 31)."""

    class Kind(models.TextChoices):
        BLOCK = "block", _("block")
        STAINED = "stained", _("stained slides")
        UNSTAINED = "unstained", _("unstained sections")
        SCROLL = "scroll", _("scrolls")

    patient = models.ForeignKey(
        Patient, models.PROTECT, db_constraint=False, db_index=False, related_name="loans", verbose_name=_("patient")
    )
    request = models.ForeignKey(
        SamplingRequest,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="loans",
        verbose_name=pgettext_lazy("samples", "request"),
    )
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    pieces = models.PositiveSmallIntegerField(_("pieces"), default=1)
    pathology_number = models.CharField(_("pathology number"), max_length=60, blank=True)
    lender = models.ForeignKey(
        Party, models.PROTECT, db_constraint=False, db_index=False, related_name="+", verbose_name=_("lender")
    )
    borrower = models.CharField(_("borrowed by"), max_length=120)
    deposit = models.DecimalField(_("deposit (CNY)"), max_digits=10, decimal_places=2, null=True, blank=True)
    lent_on = models.DateField(_("lent on"))
    return_by = models.DateField(_("to be returned by"))
    returned_on = models.DateField(pgettext_lazy("loan", "returned on"), null=True, blank=True)
    note = models.CharField(_("note"), max_length=300, blank=True)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        verbose_name = _("pathology loan")
        verbose_name_plural = _("pathology loans")
        ordering = ["return_by", "id"]
        constraints = [
            models.CheckConstraint(
                name="loan_returns_after_it_was_lent", condition=Q(return_by__gte=models.F("lent_on"))
            ),
            models.CheckConstraint(
                name="loan_returned_after_it_was_lent",
                condition=Q(returned_on=None) | Q(returned_on__gte=models.F("lent_on")),
            ),
            models.CheckConstraint(name="loan_has_pieces", condition=Q(pieces__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.patient} · {self.get_kind_display()}"
