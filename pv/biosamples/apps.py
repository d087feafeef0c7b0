"""The room's entry in Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BiosamplesConfig(AppConfig):
    name = "pv.biosamples"
    label = "biosamples"
    verbose_name = _("Samples")
