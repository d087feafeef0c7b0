"""The room's entry in Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TerminologyConfig(AppConfig):
    name = "pv.terminology"
    label = "terminology"
    verbose_name = _("Terminology")
