"""The vault of direct identifiers."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from pv.accounts.models import TenantModel
from pv.patients.models.patients import Patient


class Identity(TenantModel):
    """The vault: direct identifiers, each encrypted for this row and column (pv.patients.vault), with blind indexes.

    Nothing here is ever in clear in the database, its history or its dumps.
    """

    patient = models.ForeignKey(
        Patient,
        models.PROTECT,
        db_constraint=False,
        db_index=False,
        related_name="identities",
        verbose_name=_("patient"),
    )
    name = models.TextField(_("name, encrypted"), blank=True)
    birth_date = models.TextField(_("date of birth, encrypted"), blank=True)
    phone = models.TextField(_("phone, encrypted"), blank=True)
    hospital_number = models.TextField(_("hospital number, encrypted"), blank=True)
    name_index = models.CharField(_("blind index of the name"), max_length=64, blank=True)
    phone_index = models.CharField(_("blind index of the phone"), max_length=64, blank=True)
    hospital_number_index = models.CharField(_("blind index of the hospital number"), max_length=64, blank=True)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)

    class Meta:
        verbose_name = _("identity")
        verbose_name_plural = _("identities")
        constraints = [
            models.UniqueConstraint("organisation", "patient", name="one_identity_a_patient"),
            *(
                models.CheckConstraint(
                    name=f"identity_{column}_is_encrypted",
                    condition=Q(**{column: ""}) | Q(**{f"{column}__startswith": "v1:"}),
                )
                for column in ("name", "birth_date", "phone", "hospital_number")
            ),
        ]
        indexes = [
            models.Index(fields=["organisation", "name_index"], name="identity_by_name"),
            models.Index(fields=["organisation", "phone_index"], name="identity_by_phone"),
            models.Index(fields=["organisation", "hospital_number_index"], name="identity_by_hospital_no"),
        ]

    def __str__(self) -> str:
        return str(self.patient_id)
