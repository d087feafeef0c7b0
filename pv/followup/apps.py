"""The room's entry in Django."""

from django.apps import AppConfig
from django.core import checks
from django.utils.translation import gettext_lazy as _


class FollowupConfig(AppConfig):
    name = "pv.followup"
    label = "followup"
    verbose_name = _("Follow-up")

    def ready(self) -> None:
        """Make the kinds of visit known, act on what changes about patients, refuse to start where nobody escalates."""
        from pv.deadlines import expectations, kinds
        from pv.followup import clocks, ports
        from pv.followup.services.changes import follow
        from pv.patients import ports as patients

        kinds.register(clocks.PROTOCOL)
        kinds.register(clocks.LIFELONG)
        expectations.register(clocks.PROTOCOL.code, query=clocks.expected_protocol, repair=clocks.repair)
        expectations.register(clocks.LIFELONG.code, query=clocks.expected_lifelong, repair=clocks.repair)
        patients.on_change(follow)
        checks.register(ports.check)
