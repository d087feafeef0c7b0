"""The room's entry in Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ObligationsConfig(AppConfig):
    name = "pv.obligations"
    label = "obligations"
    verbose_name = _("Obligations")

    def ready(self) -> None:
        """Make the room's kinds of deadline known, and what check_deadlines should find open."""
        from pv.deadlines import expectations, kinds
        from pv.obligations import clocks

        kinds.register(clocks.OBLIGATION)
        kinds.register(clocks.MILESTONE)
        expectations.register(
            clocks.OBLIGATION.code, query=clocks.expected_obligations, repair=clocks.repair_obligation
        )
        expectations.register(clocks.MILESTONE.code, query=clocks.expected_milestones, repair=clocks.repair_milestone)
