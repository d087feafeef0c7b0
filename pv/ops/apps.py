"""The door's entry in Django."""

from django.apps import AppConfig


class OpsConfig(AppConfig):
    name = "pv.ops"
    label = "ops"

    def ready(self) -> None:
        """Connect what watches over every process."""
        import pv.ops.checks  # noqa: F401 - importing registers them
        from pv.ops import startup, tracing

        startup.connect()
        tracing.connect()
