"""The ground's entry in Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CoreConfig(AppConfig):
    name = "pv.core"
    label = "core"
    verbose_name = _("Calendars")
    default_auto_field = "django.db.models.BigAutoField"
