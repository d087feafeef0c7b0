"""The trail's entry in Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AuditConfig(AppConfig):
    name = "pv.audit"
    label = "audit"
    verbose_name = _("History")
