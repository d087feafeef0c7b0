"""One tick by hand."""

from typing import Any

from django.core.management.base import BaseCommand

from pv.notices import services
from pv.notices.driving import send_waiting


class Command(BaseCommand):
    help = "Rings what has come and sends what waits, once."

    def handle(self, *args: Any, **options: Any) -> None:
        fired = services.tick(driver="command")
        sent = send_waiting(driver="command", seconds=300)
        self.stdout.write(f"alarms={fired.looked_at} notices={fired.notices} deliveries={fired.deliveries} sent={sent}")
