"""Infusions, from order to infusion or return, and the bags given."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from pv.accounts.models import Party, TenantModel
from pv.patients.models.patients import Patient
from pv.products.models import Lot, Product, Study


class Treatment(TenantModel):
    """One infusion of a product, from order to infusion or return. A re-infusion is a treatment of its own."""

    class Programme(models.TextChoices):
        COMMERCIAL = "commercial", _("commercial")
        CONFIRMATORY = "confirmatory", _("confirmatory trial")
        FOLLOW_UP = "follow_up", _("follow-up study")
        NAMED_PATIENT = "named_patient", _("named patient")

    class Label(models.TextChoices):
        ON = "on", _("on label")
        OFF = "off", _("off label")
        UNKNOWN = "unknown", _("not known")

    patient = models.ForeignKey(
        Patient,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="treatments",
        verbose_name=_("patient"),
    )
    no = models.PositiveSmallIntegerField(_("number"), default=1)
    product = models.ForeignKey(
        Product, models.PROTECT, db_constraint=False, db_index=False, related_name="+", verbose_name=_("product")
    )
    study = models.ForeignKey(
        Study,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("study"),
    )
    centre = models.ForeignKey(
        Party,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("treated at"),
    )
    programme = models.CharField(_("programme"), max_length=14, choices=Programme.choices, default=Programme.COMMERCIAL)
    indication = models.CharField(_("indication"), max_length=300)
    label_use = models.CharField(_("use"), max_length=8, choices=Label.choices, default=Label.UNKNOWN)
    region = models.CharField(_("province"), max_length=60, blank=True)
    ordered_on = models.DateField(_("ordered on"), null=True, blank=True)
    apheresis_on = models.DateField(_("apheresis on"), null=True, blank=True)
    released_on = models.DateField(_("released on"), null=True, blank=True)
    released_out_of_specification = models.BooleanField(_("released out of specification"), default=False)
    infused_on = models.DateField(_("infused on"), null=True, blank=True)
    returned_on = models.DateField(pgettext_lazy("product", "returned on"), null=True, blank=True)
    lymphodepletion = models.CharField(_("lymphodepletion"), max_length=200, blank=True)
    dose = models.DecimalField(_("dose"), max_digits=14, decimal_places=3, null=True, blank=True)
    dose_unit = models.CharField(_("unit of the dose"), max_length=40, blank=True)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        verbose_name = _("treatment")
        verbose_name_plural = _("treatments")
        ordering = ["patient", "no"]
        constraints = [
            models.UniqueConstraint("organisation", "patient", "no", name="treatment_number_once_a_patient"),
            models.CheckConstraint(
                name="treatment_is_infused_or_returned",
                condition=Q(infused_on=None) | Q(returned_on=None),
            ),
            models.CheckConstraint(
                name="treatment_infused_after_apheresis",
                condition=Q(infused_on=None) | Q(apheresis_on=None) | Q(infused_on__gte=models.F("apheresis_on")),
            ),
            models.CheckConstraint(
                name="treatment_dose_and_unit_together",
                condition=Q(dose=None, dose_unit="") | (Q(dose__gt=0) & ~Q(dose_unit="")),
            ),
        ]
        indexes = [models.Index(fields=["organisation", "product", "infused_on"], name="treatment_of_a_product")]

    def __str__(self) -> str:
        return f"{self.patient} · {self.product} · {self.infused_on or '–'}"


class TreatmentLot(TenantModel):
    """Bags of one lot given in one treatment; there may be several bags and lots."""

    treatment = models.ForeignKey(
        Treatment, models.PROTECT, db_constraint=False, db_index=False, related_name="lots", verbose_name=_("treatment")
    )
    lot = models.ForeignKey(
        Lot, models.PROTECT, db_constraint=False, db_index=False, related_name="treatments", verbose_name=_("lot")
    )
    bags = models.PositiveSmallIntegerField(_("bags"), default=1)

    class Meta:
        verbose_name = _("lot of a treatment")
        verbose_name_plural = _("lots of treatments")
        constraints = [
            models.UniqueConstraint("organisation", "treatment", "lot", name="lot_once_in_a_treatment"),
            models.CheckConstraint(name="treatment_lot_has_bags", condition=Q(bags__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.lot}"
