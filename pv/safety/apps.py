"""The room's entry in Django."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SafetyConfig(AppConfig):
    name = "pv.safety"
    label = "safety"
    verbose_name = _("Safety")

    def ready(self) -> None:
        """Answer follow-up's port; make kinds of deadline, their expectations, and the chore of numbers known."""
        from pv.deadlines import expectations, kinds
        from pv.followup import ports
        from pv.notices import chores
        from pv.safety import clocks, expected, numbering
        from pv.safety.services import handle_trigger

        ports.on_trigger(handle_trigger)
        for kind in (clocks.ICSR, clocks.DEATH_INVESTIGATION, clocks.ACKNOWLEDGE, clocks.TRIAGE):
            kinds.register(kind)
        looking, reporting = expected.repair_looking, expected.repair_reporting
        expectations.register(clocks.ICSR.code, expected.expected_icsr, reporting)
        expectations.register(clocks.DEATH_INVESTIGATION.code, expected.expected_investigations, reporting)
        expectations.register(clocks.ACKNOWLEDGE.code, expected.expected_alarms, looking)
        expectations.register(clocks.TRIAGE.code, expected.expected_triages, looking)
        chores.register("case_numbers", numbering.give_missing_numbers)
