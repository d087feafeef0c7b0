"""The room's entry in Django."""

from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _


class PatientsConfig(AppConfig):
    name = "pv.patients"
    label = "patients"
    verbose_name = _("Patients")

    def ready(self) -> None:
        """Refuse to start where nothing would follow from an infusion or a death."""
        from pv.patients import ports

        checks.register(ports.check)
