"""The room's entry in Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SafetyConfig(AppConfig):
    name = "pv.safety"
    label = "safety"
    verbose_name = _("Safety")
