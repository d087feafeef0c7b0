"""The room's entry in Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class BiosamplesConfig(AppConfig):
    name = "pv.biosamples"
    label = "biosamples"
    verbose_name = _("Samples")

    def ready(self) -> None:
        """Make the room's kinds of deadline known, and what check_deadlines should find open."""
        from pv.biosamples import clocks
        from pv.deadlines import expectations, kinds

        for kind in clocks.KINDS:
            kinds.register(kind)
        for kind, query, repair in clocks.EXPECTATIONS:
            expectations.register(kind.code, query=query, repair=repair)
