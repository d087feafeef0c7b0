"""The room's entry in Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DeadlinesConfig(AppConfig):
    name = "pv.deadlines"
    label = "deadlines"
    verbose_name = _("Deadlines")
